"""As much of RFC 6455 as the lab needs: the handshake's answer, and the messages a client sends."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable

__all__ = ["Frames", "accept_key"]

_MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_LARGEST_MESSAGE = 4 * 1024 * 1024
_TEXT_OR_BINARY = (0, 1, 2)


def accept_key(key: bytes) -> bytes:
    return base64.b64encode(hashlib.sha1(key + _MAGIC, usedforsecurity=False).digest())


class Frames:
    """Fed with the bytes a client sends; calls back with each whole message. Too long a message is cut."""

    def __init__(self, on_message: Callable[[bytes], None]) -> None:
        self._on_message = on_message
        self._buffer = bytearray()
        self._message = bytearray()

    def feed(self, data: bytes) -> None:
        self._buffer += data
        while (frame := self._frame()) is not None:
            final, operation, payload = frame
            if operation not in _TEXT_OR_BINARY:
                continue
            self._message += payload[: _LARGEST_MESSAGE - len(self._message)]
            if final:
                self._on_message(bytes(self._message))
                self._message.clear()

    def _frame(self) -> tuple[bool, int, bytes] | None:
        if len(self._buffer) < 2:
            return None
        first, second = self._buffer[0], self._buffer[1]
        length, start = second & 0x7F, 2
        if length >= 126:
            width = 2 if length == 126 else 8
            if len(self._buffer) < 2 + width:
                return None
            length, start = int.from_bytes(self._buffer[2 : 2 + width], "big"), 2 + width
        masked = bool(second & 0x80)
        end = start + (4 if masked else 0) + length
        if len(self._buffer) < end:
            return None
        mask = bytes(self._buffer[start : start + 4]) if masked else b"\0\0\0\0"
        body = self._buffer[end - length : end]
        payload = bytes(octet ^ mask[index % 4] for index, octet in enumerate(body))
        del self._buffer[:end]
        return bool(first & 0x80), first & 0x0F, payload
