"""The rest of the internet: one loopback server that is every host, as a proxy or directly, with or without TLS."""

from __future__ import annotations

import asyncio
import mimetypes
import ssl
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from lab.net.certificates import Authority
from lab.net.messages import BadMessage, Headers, Request, Server
from lab.net.streams import PlainStream, Resumed, Stream, TlsStream
from lab.net.websocket import accept_key

__all__ = ["Sink", "served_pages"]

_MOST_CONNECTIONS = 512
_IDLE_SECONDS = 120.0
_TLS_RECORD = 0x16
_PIXEL = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c000000000100010000020144003b")
_SERVER_FOLDER = "server"
"""`<app>/server/<host>/...` holds what the app's own hosts serve"""
_OPEN: Headers = (
    (b"Access-Control-Allow-Origin", b"*"),
    (b"Access-Control-Allow-Headers", b"*"),
    (b"Access-Control-Allow-Methods", b"GET, POST, PUT, PATCH, DELETE, OPTIONS, HEAD"),
    (b"Cache-Control", b"no-store"),
)


class Sink:
    """`start` gives it a port and writes its certificate; `pages` are folders served for single hosts."""

    def __init__(self, directory: Path, pages: Mapping[str, Path] | None = None) -> None:
        self._directory = directory
        self._pages = dict(pages or {})
        self._authority = Authority("Lab Public Root")
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()
        self.port = 0
        self.requests = 0
        """answered so far"""

    @property
    def ca_path(self) -> Path:
        return self._directory / "sink-ca.pem"

    @property
    def url(self) -> str:
        """As an upstream proxy."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)
        self.ca_path.write_bytes(self._authority.pem)
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in list(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None or len(self._open) >= _MOST_CONNECTIONS:
            writer.close()
            return
        self._open.add(task)
        stream = PlainStream(reader, writer)
        try:
            await self._begin(stream, "")
        except (OSError, ssl.SSLError, TimeoutError, *BadMessage):
            return  # a client that breaks off concerns nobody but itself
        except asyncio.CancelledError:
            return  # closed
        finally:
            self._open.discard(task)
            await stream.close()

    async def _begin(self, arriving: Stream, host: str) -> None:
        """TLS or HTTP, told by the first byte."""
        async with asyncio.timeout(_IDLE_SECONDS):
            first = await arriving.read()
        if not first:
            return
        stream = Resumed(arriving, first)
        if first[0] != _TLS_RECORD:
            await self._serve(stream, "http", host)
            return
        context = self._authority.server_context(host) if host else self._authority.named_context()
        secured = TlsStream(stream, context, server_side=True)
        await secured.handshake()
        await self._serve(secured, "https", host)

    async def _serve(self, stream: Stream, scheme: str, host: str) -> None:
        server = Server(stream)
        while True:
            async with asyncio.timeout(_IDLE_SECONDS):
                request = await server.next_request()
            if request is None:
                return
            if request.method == "CONNECT":
                await server.start(200, ())
                await self._begin(Resumed(stream, server.rest), request.target.rpartition(":")[0].strip("[]"))
                return
            self.requests += 1
            if request.upgrades:
                await _websocket(server, request)
                return
            status, headers, body = self._answer(request, scheme, host)
            await server.answer(status, (*headers, *_OPEN), b"" if request.method == "HEAD" else body)

    def _answer(self, request: Request, scheme: str, tunnel_host: str) -> tuple[int, Headers, bytes]:
        parts = urlsplit(request.target)
        host = (parts.hostname or tunnel_host or request.header(b"host").decode("latin-1").partition(":")[0]).lower()
        if request.method == "OPTIONS":
            return 204, (), b""
        page = self._page(host, parts.path)
        if page is not None:
            kind = mimetypes.guess_type(page.name)[0] or "application/octet-stream"
            return 200, ((b"Content-Type", _with_charset(kind)),), page.read_bytes()
        return _plain_answer(request, scheme, host, parts.path)

    def _page(self, host: str, path: str) -> Path | None:
        folder = self._pages.get(host)
        if folder is None:
            return None
        target = (folder / unquote(path).lstrip("/")).resolve()
        if target.is_dir():
            target = target / "index.html"
        return target if target.is_relative_to(folder.resolve()) and target.is_file() else None


def served_pages(folders: list[Path]) -> dict[str, Path]:
    """host -> folder, from the `server/` folders of apps."""
    found: dict[str, Path] = {}
    for folder in folders:
        root = folder / _SERVER_FOLDER
        if root.is_dir():
            found.update({each.name.lower(): each for each in sorted(root.iterdir()) if each.is_dir()})
    return found


def _with_charset(kind: str) -> bytes:
    text = kind.startswith("text/") or kind in {"application/javascript", "application/json"}
    return f"{kind}; charset=utf-8".encode() if text else kind.encode()


def _plain_answer(request: Request, scheme: str, host: str, path: str) -> tuple[int, Headers, bytes]:
    """Something of the kind that was asked for."""
    kind = (mimetypes.guess_type(path)[0] or "") if "." in path.rpartition("/")[2] else ""
    accept = request.header(b"accept")
    if kind.startswith("image/") or accept.startswith(b"image/"):
        return 200, ((b"Content-Type", b"image/gif"),), _PIXEL
    if kind.endswith("javascript"):
        return 200, ((b"Content-Type", b"text/javascript; charset=utf-8"),), b"/* nothing */\n"
    if kind == "text/css":
        return 200, ((b"Content-Type", b"text/css; charset=utf-8"),), b""
    if accept.startswith(b"text/html"):
        text = (
            '<!doctype html><meta charset="utf-8"><title>lab</title>'
            f'<body style="font:16px sans-serif;padding:24px"><h1>{_escape(host)}</h1><p>{_escape(path)}</p></body>'
        )
        return 200, ((b"Content-Type", b"text/html; charset=utf-8"),), text.encode()
    return 200, ((b"Content-Type", b"application/json; charset=utf-8"),), b'{"code":0,"message":"ok","data":{}}'


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


async def _websocket(server: Server, request: Request) -> None:
    """Accepts, and listens until the other side has said all it wanted."""
    key = accept_key(request.header(b"sec-websocket-key"))
    headers = ((b"Upgrade", b"websocket"), (b"Connection", b"Upgrade"), (b"Sec-WebSocket-Accept", key))
    await server.start(101, headers)
    while await server.stream.read():
        continue
