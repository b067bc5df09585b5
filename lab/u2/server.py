"""The HTTP server inside u2.jar: `/ping`, `/jsonrpc/0`, kept-alive connections."""

import asyncio
import base64
import json
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from lab.adb.streams import Stream
from lab.faults import Faults
from lab.u2.automator import Automator
from lab.u2.procedures import RpcError

__all__ = ["Server"]

LARGEST_HEAD = 16 * 1024
LARGEST_BODY = 8 * 1024 * 1024
DEAD_STREAM_ERRORS = (ConnectionError, EOFError)


@dataclass(frozen=True, slots=True)
class Request:
    """One parsed request."""

    method: str
    path: str
    body: bytes
    keep: bool


class Server:
    """Alive from construction to `stop`, which cuts every connection as a killed process does."""

    def __init__(self, automator: Automator, faults: Faults) -> None:
        self._automator = automator
        self._faults = faults
        self._streams: set[Stream] = set()
        self.stopped = asyncio.Event()

    def stop(self) -> None:
        """The process ends."""
        self.stopped.set()
        for stream in list(self._streams):
            stream.close()

    async def serve(self, stream: Stream) -> None:
        """One connection."""
        self._streams.add(stream)
        buffer = bytearray()
        try:
            while not self.stopped.is_set() and (request := await _read(stream, buffer)) is not None:
                await stream.write(await self._answer(request))
                if not request.keep:
                    break
            await stream.flushed()
        finally:
            self._streams.discard(stream)

    async def _answer(self, request: Request) -> bytes:
        path, _, _ = request.path.partition("?")
        if self._faults.u2_hangs:
            await asyncio.Event().wait()
        if path == "/ping":
            return _response(b"pong", "text/html", keep=request.keep)
        if path == "/jsonrpc/0" and request.method == "POST":
            return _response(await self._call(request.body), "application/json", keep=request.keep)
        if path == "/stop":
            asyncio.get_running_loop().call_later(0.05, self.stop)
            return _response(b"Finished!", "text/html", keep=False)
        if path == "/screenshot/0":
            encoded = await self._automator.call("takeScreenshot", [1, 80])
            return _response(base64.b64decode(encoded or ""), "image/jpeg", keep=request.keep)
        return _response(b"Not Found!!!", "text/plain", keep=request.keep, status="404 Not Found")

    async def _call(self, body: bytes) -> bytes:
        try:
            call = json.loads(body)
            number, method, parameters = call.get("id"), str(call["method"]), call.get("params")
        except (ValueError, KeyError, AttributeError, TypeError):
            return _line({"jsonrpc": "2.0", "id": None, "error": {"code": -32700, "message": "Parse error"}})
        try:
            if self._faults.u2_broken:
                raise RpcError("java.lang.IllegalStateException", "UiAutomation not connected!")
            outcome: dict[str, Any] = {"result": await self._automator.call(method, parameters)}
        except RpcError as error:
            outcome = {"error": {"code": error.code, "message": error.exception, "data": error.details}}
        return _line({"jsonrpc": "2.0", "id": number, **outcome})


def _line(document: dict[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")


def _response(body: bytes, kind: str, *, keep: bool, status: str = "200 OK") -> bytes:
    connection = "keep-alive" if keep else "close"
    head = (
        f"HTTP/1.1 {status} \r\nContent-Type: {kind}\r\nDate: Mon, 1 Jan 2024 00:00:00 GMT\r\n"
        f"Connection: {connection}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _read(stream: Stream, buffer: bytearray) -> Request | None:
    """The next request; None at the end of the connection or for nonsense."""
    with suppress(*DEAD_STREAM_ERRORS):
        while (end := buffer.find(b"\r\n\r\n")) < 0:
            piece = await stream.read()
            if not piece or len(buffer) > LARGEST_HEAD:
                return None
            buffer += piece
        lines = bytes(buffer[:end]).decode("latin-1").split("\r\n")
        del buffer[: end + 4]
        headers = {
            name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])
        }
        length = headers.get("content-length", "0")
        words = lines[0].split(" ")
        if len(words) != 3 or not length.isdecimal() or int(length) > LARGEST_BODY:
            return None
        while len(buffer) < int(length):
            piece = await stream.read()
            if not piece:
                return None
            buffer += piece
        body = bytes(buffer[: int(length)])
        del buffer[: int(length)]
        keep = headers.get("connection", "keep-alive").lower() != "close" and words[2] != "HTTP/1.0"
        return Request(words[0], words[1], body, keep)
    return None
