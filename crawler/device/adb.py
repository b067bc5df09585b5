"""One device, as the adb server reaches it: commands, streams, files, reversed ports. A deadline on everything."""

import re
import socket
from contextlib import suppress
from pathlib import PurePosixPath
from typing import IO

import adbutils

from crawler.device.adb_server import adb_client, shorten, wrapped
from crawler.device.errors import CommandFailed, DeviceLost, DeviceTimeout, DeviceUnusable
from crawler.device.model import ShellResult
from evidence.clock import Clock, Deadline, SystemClock

__all__ = ["AdbTransport", "ShellStream"]

MAX_OUTPUT = 16 * 1024 * 1024
"""Bytes of output read from one command; a device that writes more is cut off there."""
_ASK_SECONDS = 5
_CONNECT_SECONDS = 10
_STDIN, _STDOUT, _STDERR, _EXIT = range(4)
_PACKET_HEAD = 5
_MAX_PACKET = 16 * 1024 * 1024


class AdbTransport:
    """One device, as the adb server reaches it. Safe to use from several threads: each call is a stream of its own."""

    def __init__(self, serial: str, *, clock: Clock | None = None):
        self.serial = serial
        self.clock: Clock = clock or SystemClock()
        self._features: frozenset[str] | None = None

    def device(self) -> adbutils.AdbDevice:
        """For uiautomator2's own client."""
        return adb_client().device(self.serial)

    def state(self) -> str:
        """adb's word for it: "device" when usable. Raises DeviceLost when it is not attached."""
        with wrapped(self.serial, "get-state"):
            return self._ask("get-state")

    def open_service(self, service: str, seconds: float) -> socket.socket:
        """A stream to a service of the device. The caller closes it; its timeout is `seconds`.

        Raises CommandFailed when the device refuses the service, for instance a port where nobody listens.
        """
        with wrapped(self.serial, service):
            connection = adb_client().make_connection(timeout=seconds)
            stream: socket.socket = connection.conn
            try:
                # Nagle and delayed acknowledgement cost 40 ms a call, for a header and a body sent apart.
                stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connection.send_command(f"host:transport:{self.serial}")
                connection.check_okay()
                connection.send_command(service)
                connection.check_okay()
            except BaseException:
                stream.close()
                raise
            return stream

    def shell(self, command: str, seconds: float, *, max_output: int = MAX_OUTPUT) -> ShellResult:
        """Run a command line to its end."""
        deadline = Deadline(self.clock, seconds)
        stream = self.stream(command, seconds)
        output = bytearray()
        try:
            while True:
                piece = stream.read(deadline.remaining())
                if piece is None:
                    raise DeviceTimeout(f"{self.serial} did not finish {shorten(command)!r} within {seconds:g} s")
                if not piece:
                    break
                output += piece
                if len(output) > max_output:
                    return ShellResult(output=_text(bytes(output[:max_output])), exit_code=-1, truncated=True)
        finally:
            stream.close()
        if stream.exit_code is None:
            raise DeviceLost(f"device {self.serial} hung up during {shorten(command)!r}")
        return ShellResult(output=_text(bytes(output)), exit_code=stream.exit_code)

    def stream(self, command: str, seconds: float = _CONNECT_SECONDS) -> "ShellStream":
        """Start a command whose output is read as it comes. `seconds` is for starting it."""
        if "shell_v2" not in self.features():
            raise DeviceUnusable(
                f"device {self.serial} does not tell how its commands end (adb feature shell_v2)",
                mend="Use a device with Android 7 or newer.",
            )
        return ShellStream(self.serial, self.open_service(f"shell,v2,raw:{command}", seconds))

    def execute(self, command: str, seconds: float, *, max_output: int, send: IO[bytes] | None = None) -> bytes:
        """Run a command with binary output, optionally feeding it. What it wrote to standard error is mixed in."""
        deadline = Deadline(self.clock, seconds)
        stream = self.open_service(f"exec:{command}", seconds)
        output = bytearray()
        with wrapped(self.serial, command), stream:
            # A command may refuse its input before having read it all: what it says then is worth reading.
            with suppress(BrokenPipeError, ConnectionResetError):
                while send is not None and (piece := send.read(1 << 16)):
                    stream.settimeout(max(deadline.remaining(), 0.001))
                    stream.sendall(piece)
            while len(output) <= max_output:
                stream.settimeout(max(deadline.remaining(), 0.001))
                piece = stream.recv(1 << 16)
                if not piece:
                    return bytes(output)
                output += piece
        raise CommandFailed(f"{shorten(command)!r} wrote more than {max_output} bytes")

    def push(self, content: bytes, path: str, mode: int, seconds: float) -> None:
        """Write a file on the device (sync protocol, version 1: every device has it)."""
        target = str(PurePosixPath(path))
        stream = self.open_service("sync:", seconds)
        with wrapped(self.serial, f"push {target}"), stream:
            name = f"{target},{0o100000 | mode}".encode()
            stream.sendall(b"SEND" + len(name).to_bytes(4, "little") + name)
            for start in range(0, len(content), 1 << 16):
                piece = content[start : start + (1 << 16)]
                stream.sendall(b"DATA" + len(piece).to_bytes(4, "little") + piece)
            seconds_since_epoch = self.clock.now().wall_ns // 1_000_000_000
            stream.sendall(b"DONE" + (seconds_since_epoch & 0xFFFFFFFF).to_bytes(4, "little"))
            answer = _exactly(stream, 8)
            if answer[:4] == b"OKAY":
                return
            words = _exactly(stream, min(int.from_bytes(answer[4:], "little"), 4096)).decode("utf-8", "replace")
        raise CommandFailed(f"the device does not take {target}: {words}")

    def reverse(self, host_port: int) -> int:
        """Let the device reach a port of the host. Returns the device's port, chosen by the device."""
        with (
            wrapped(self.serial, "reverse"),
            self.open_service(f"reverse:forward:tcp:0;tcp:{host_port}", _CONNECT_SECONDS) as stream,
        ):
            _expect_okay(stream)
            return int(_exactly(stream, int(_exactly(stream, 4), 16)))

    def remove_reverse(self, device_port: int) -> bool:
        """False when it was not there (any more)."""
        try:
            with (
                wrapped(self.serial, "reverse"),
                self.open_service(f"reverse:killforward:tcp:{device_port}", _CONNECT_SECONDS) as stream,
            ):
                _expect_okay(stream)
        except CommandFailed:
            return False
        return True

    def reverses(self) -> tuple[tuple[int, int], ...]:
        """Reversed ports in force: (port on the device, port on the host)."""
        with (
            wrapped(self.serial, "reverse"),
            self.open_service("reverse:list-forward", _CONNECT_SECONDS) as stream,
        ):
            text = _exactly(stream, int(_exactly(stream, 4), 16)).decode("utf-8", "replace")
        pairs = re.findall(r"^\S+ tcp:(\d{1,5}) tcp:(\d{1,5})\s*$", text, re.MULTILINE)
        return tuple((int(device), int(host)) for device, host in pairs)

    def features(self) -> frozenset[str]:
        if self._features is None:
            with wrapped(self.serial, "features"):
                self._features = frozenset(self._ask("features").split(","))
        return self._features

    def _ask(self, service: str) -> str:
        connection = adb_client().make_connection(timeout=_ASK_SECONDS)
        with connection.conn:
            connection.send_command(f"host-serial:{self.serial}:{service}")
            connection.check_okay()
            return str(connection.read_string_block())


class ShellStream:
    """A running command. Closing the stream hangs up on the command, which ends it."""

    def __init__(self, serial: str, stream: socket.socket):
        self._serial = serial
        self._stream = stream
        self._buffer = bytearray()
        self._closed = False
        self.exit_code: int | None = None
        """Known once read() has returned b"" for a command that ended by itself."""

    def write(self, content: bytes) -> None:
        """To its standard input. Raises DeviceLost."""
        try:
            self._stream.settimeout(_CONNECT_SECONDS)
            self._stream.sendall(bytes([_STDIN]) + len(content).to_bytes(4, "little") + content)
        except OSError as error:
            raise DeviceLost(f"device {self._serial} is gone: {error}") from error

    def read(self, timeout_seconds: float) -> bytes | None:
        """The next piece. b"" at the end; None when nothing came in time. Raises DeviceLost."""
        while self.exit_code is None and not self._closed:
            piece = self._take()
            if piece:
                return piece
            if self.exit_code is not None:
                break
            try:
                self._stream.settimeout(max(timeout_seconds, 0.001))
                received = self._stream.recv(1 << 16)
            except TimeoutError:
                return None
            except OSError as error:
                if self._closed:
                    break
                raise DeviceLost(f"device {self._serial} is gone: {error}") from error
            if not received:
                break
            self._buffer += received
        return b""

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        # Shut down before closing: a reader in another thread wakes up with an end instead of a foreign descriptor.
        with suppress(OSError):
            self._stream.shutdown(socket.SHUT_RDWR)
        self._stream.close()

    def _take(self) -> bytes:
        """Output in the buffer, as far as whole packets of the shell protocol are there."""
        output = bytearray()
        while len(self._buffer) >= _PACKET_HEAD:
            kind, size = self._buffer[0], int.from_bytes(self._buffer[1:_PACKET_HEAD], "little")
            if size > _MAX_PACKET:
                raise DeviceLost(f"device {self._serial} speaks no shell protocol")
            if len(self._buffer) < _PACKET_HEAD + size:
                break
            content = bytes(self._buffer[_PACKET_HEAD : _PACKET_HEAD + size])
            del self._buffer[: _PACKET_HEAD + size]
            if kind in (_STDOUT, _STDERR):
                output += content
            elif kind == _EXIT:
                self.exit_code = content[0] if content else 0
                break
        return bytes(output)


def _text(output: bytes) -> str:
    return output.decode("utf-8", "replace")


def _exactly(stream: socket.socket, count: int) -> bytes:
    content = bytearray()
    while len(content) < count:
        piece = stream.recv(count - len(content))
        if not piece:
            raise EOFError(f"the stream ended after {len(content)} of {count} bytes")
        content += piece
    return bytes(content)


def _expect_okay(stream: socket.socket) -> None:
    answer = _exactly(stream, 4)
    if answer != b"OKAY":
        words = _exactly(stream, int(_exactly(stream, 4), 16)).decode("utf-8", "replace")
        raise CommandFailed(f"the device refuses: {words}")
