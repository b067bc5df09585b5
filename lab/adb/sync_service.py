"""`sync:`: stat, list, push and pull, in the first form and the second (64-bit) one."""

import errno
import stat
import struct

from lab.adb.streams import Stream
from lab.system.files import Files
from lab.system.nodes import Node

__all__ = ["serve_sync"]

REQUEST = struct.Struct("<4sI")
STAT_V2 = struct.Struct("<QQIIIIQqqq")
DATA_SIZE = 64 * 1024
LONGEST_PATH = 1024
LARGEST_FILE = 512 * 1024 * 1024


async def serve_sync(stream: Stream, files: Files, *, uid: int) -> None:
    """Answer requests until QUIT or the end of the stream."""
    while True:
        try:
            request, length = REQUEST.unpack(await stream.read_exactly(REQUEST.size))
        except EOFError:
            return
        if request == b"QUIT":
            return
        if length > LONGEST_PATH:
            await _fail(stream, "path too long")
            return
        path = (await stream.read_exactly(length)).decode("utf-8", "replace")
        if request == b"STAT":
            await stream.write(_stat_v1(files, path, uid))
        elif request in (b"STA2", b"LST2"):
            await stream.write(_stat_v2(files, path, uid, request))
        elif request in (b"LIST", b"LIS2"):
            await stream.write(_list(files, path, uid, second=request == b"LIS2"))
        elif request == b"SEND":
            await _receive(stream, files, path, uid)
        elif request == b"RECV":
            await _send(stream, files, path, uid)
        else:
            await _fail(stream, f"unknown command {request!r}")
            return


def _stat_v1(files: Files, path: str, uid: int) -> bytes:
    try:
        node = files.node(path, uid=uid, follow=False)
    except OSError:
        return struct.pack("<4sIII", b"STAT", 0, 0, 0)
    return struct.pack("<4sIII", b"STAT", node.mode, node.size & 0xFFFFFFFF, node.modified & 0xFFFFFFFF)


def _stat_v2(files: Files, path: str, uid: int, request: bytes) -> bytes:
    try:
        node = files.node(path, uid=uid, follow=request == b"STA2")
    except OSError as error:
        return REQUEST.pack(request, error.errno or errno.EIO) + bytes(STAT_V2.size)
    return REQUEST.pack(request, 0) + _fields(node)


def _fields(node: Node) -> bytes:
    size, when = _size(node), node.modified
    return STAT_V2.pack(1, id(node) & 0xFFFFFFFF, node.mode, 1, node.uid, node.gid, size, when, when, when)


def _size(node: Node) -> int:
    # A generated file (an APK built on demand) must say its size, or `adb pull` believes it is empty.
    return len(node.content()) if node.generate is not None and not node.is_directory else node.size


def _list(files: Files, path: str, uid: int, *, second: bool) -> bytes:
    try:
        entries = files.listing(path, uid=uid)
    except OSError:
        entries = {}
    answer = b""
    for name, node in entries.items():
        encoded = name.encode()
        if second:
            answer += REQUEST.pack(b"DNT2", 0) + _fields(node) + struct.pack("<I", len(encoded)) + encoded
        else:
            size = _size(node) & 0xFFFFFFFF
            answer += struct.pack("<4sIIII", b"DENT", node.mode, size, node.modified, len(encoded)) + encoded
    return answer + b"DONE" + bytes(STAT_V2.size + 8 if second else 16)


async def _receive(stream: Stream, files: Files, target: str, uid: int) -> None:
    path, _, mode = target.rpartition(",")
    content = bytearray()
    modified = 0
    while True:
        kind, length = REQUEST.unpack(await stream.read_exactly(REQUEST.size))
        if kind == b"DONE":
            modified = length
            break
        if kind != b"DATA" or length > DATA_SIZE or len(content) > LARGEST_FILE:
            await _fail(stream, "invalid data message")
            return
        content += await stream.read_exactly(length)
    try:
        files.make_directory(path.rpartition("/")[0] or "/", uid=uid, mode=0o771, parents=True)
        bits = int(mode) if mode.isdecimal() else 0o644
        if stat.S_ISLNK(bits):
            files.symbolic_link(content.rstrip(b"\0").decode("utf-8", "replace"), path, uid=uid)
        else:
            node = files.write(path, bytes(content), mode=bits & 0o777, uid=uid)
            node.modified = modified
    except OSError as error:
        await _fail(stream, _words(error))
        return
    await stream.write(REQUEST.pack(b"OKAY", 0))


async def _send(stream: Stream, files: Files, path: str, uid: int) -> None:
    try:
        content = files.read(path, uid=uid)
    except OSError as error:
        await _fail(stream, f"open failed: {error.strerror}")
        return
    for start in range(0, len(content), DATA_SIZE):
        piece = content[start : start + DATA_SIZE]
        await stream.write(REQUEST.pack(b"DATA", len(piece)) + piece)
    await stream.write(REQUEST.pack(b"DONE", 0))


async def _fail(stream: Stream, message: str) -> None:
    encoded = message.encode()
    await stream.write(REQUEST.pack(b"FAIL", len(encoded)) + encoded)


def _words(error: OSError) -> str:
    if error.errno == errno.ENOSPC:
        return f"write failed: {error.strerror}"
    if error.errno in (errno.ENOTDIR, errno.ENOENT):
        return f"secure_mkdirs failed: {error.strerror}"
    return f"couldn't create file: {error.strerror}"
