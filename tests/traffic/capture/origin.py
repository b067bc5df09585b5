"""Servers on loopback: HTTP/1.1 with every oddity that a path asks for, HTTP/2, and a proxy that tunnels to them."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import h2.config
import h2.connection
import h2.events
import wsproto
from wsproto.events import AcceptConnection, BytesMessage, CloseConnection, Message, Request, TextMessage


@dataclass
class Seen:
    """What a server was sent."""

    method: str
    path: str
    headers: dict[str, str]
    body_length: int
    body_sha256: str


@dataclass
class Listener:
    """Accepts connections until closed; each is served in a thread."""

    serve: Callable[[socket.socket], None]
    context: ssl.SSLContext | None = None
    connections: int = 0
    sockets: list[socket.socket] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            self.connections += 1
            self.sockets.append(client)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError, ssl.SSLError, ConnectionError):
            if self.context is not None:
                client = self.context.wrap_socket(client, server_side=True)
            self.serve(client)
        with contextlib.suppress(OSError):
            client.close()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        for client in self.sockets:
            with contextlib.suppress(OSError):
                client.close()


def server_context(server_file: Path, *, alpn: tuple[str, ...] = ("http/1.1",)) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server_file)
    context.set_alpn_protocols(list(alpn))
    return context


class Origin:
    """An HTTP/1.1 server, in the clear or with TLS, that remembers what it was sent."""

    def __init__(self, server_file: Path | None = None):
        self.seen: list[Seen] = []
        self.listener = Listener(self._serve, server_context(server_file) if server_file else None)
        self.port = self.listener.port

    def close(self) -> None:
        self.listener.close()

    def _serve(self, client: socket.socket) -> None:
        seen = self.seen

        class Handler(_Handler):
            pass

        Handler.seen = seen
        Handler(client, client.getpeername(), None)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    seen: list[Seen]

    def log_message(self, *_: object) -> None:
        pass

    def __getattr__(self, name: str) -> object:
        if name.startswith("do_"):
            return self._answer
        raise AttributeError(name)

    def _answer(self) -> None:
        digest, length = hashlib.sha256(), 0
        for piece in self._body():
            digest.update(piece)
            length += len(piece)
        self.seen.append(Seen(self.command, self.path, dict(self.headers.items()), length, digest.hexdigest()))
        parts = urlsplit(self.path)
        options = {key: values[0] for key, values in parse_qs(parts.query).items()}
        action = getattr(self, "_" + parts.path.strip("/").split("/")[0].replace("-", "_"), self._plain)
        action(options)

    def _body(self):  # type: ignore[no-untyped-def]
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            while size := int(self.rfile.readline().split(b";")[0], 16):
                yield self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return
        left = int(self.headers.get("Content-Length") or 0)
        while left and (piece := self.rfile.read(min(left, 65536))):
            left -= len(piece)
            yield piece

    def _send(self, body: bytes, **headers: str) -> None:
        self.send_response(200)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _plain(self, _: dict[str, str]) -> None:
        self._send(b"answer", Content_Type="text/plain")

    def _chunked(self, _: dict[str, str]) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for piece in (b"one", b"two", b"three"):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")

    def _lying(self, _: dict[str, str]) -> None:
        self._send(b'{"plain": "json"}', Content_Encoding="gzip", Content_Type="application/json")

    def _truncated(self, _: dict[str, str]) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b"only this")
        self.close_connection = True

    def _large(self, options: dict[str, str]) -> None:
        left = int(options["size"])
        self.send_response(200)
        self.send_header("Content-Length", str(left))
        self.end_headers()
        piece = b"d" * 65536
        while left:
            self.wfile.write(piece[:left])
            left -= min(left, len(piece))

    def _slow(self, options: dict[str, str]) -> None:
        time.sleep(float(options["seconds"]))
        self._plain(options)

    def _upgrade(self, _: dict[str, str]) -> None:
        """A WebSocket that answers every message with its own content, in upper case."""
        connection = wsproto.WSConnection(wsproto.ConnectionType.SERVER)
        head = f"GET {self.path} HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in self.headers.items()) + "\r\n"
        connection.receive_data(head.encode())
        self.close_connection = True
        while True:
            for event in connection.events():
                reply: wsproto.events.Event | None = None
                if isinstance(event, Request):
                    reply = AcceptConnection()
                elif isinstance(event, TextMessage):
                    reply = Message(data=event.data.upper(), message_finished=event.message_finished)
                elif isinstance(event, BytesMessage):
                    reply = Message(data=bytes(event.data), message_finished=event.message_finished)
                elif isinstance(event, CloseConnection):
                    self.connection.sendall(connection.send(event.response()))
                    return
                if reply is not None:
                    self.connection.sendall(connection.send(reply))
            data = self.connection.recv(65536)
            if not data:
                return
            connection.receive_data(data)


class Http2Origin:
    """An HTTP/2 server, with TLS or in the clear, that answers each stream with what it was sent."""

    def __init__(self, server_file: Path | None = None):
        self.seen: list[Seen] = []
        self.streams = 0
        context = server_context(server_file, alpn=("h2",)) if server_file else None
        self.listener = Listener(self._serve, context)
        self.port = self.listener.port

    def close(self) -> None:
        self.listener.close()

    def _serve(self, client: socket.socket) -> None:
        connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        connection.initiate_connection()
        client.sendall(connection.data_to_send())
        heads: dict[int, dict[str, str]] = {}
        bodies: dict[int, bytes] = {}
        while data := client.recv(65536):
            for event in connection.receive_data(data):
                match event:
                    case h2.events.RequestReceived():
                        heads[event.stream_id] = {_text(k): _text(v) for k, v in event.headers}
                        bodies[event.stream_id] = b""
                        self.streams += 1
                    case h2.events.DataReceived():
                        bodies[event.stream_id] += event.data
                        connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                    case h2.events.StreamEnded():
                        self._answer(connection, event.stream_id, heads[event.stream_id], bodies[event.stream_id])
            client.sendall(connection.data_to_send())

    def _answer(self, connection: h2.connection.H2Connection, stream: int, head: dict[str, str], body: bytes) -> None:
        digest = hashlib.sha256(body).hexdigest()
        self.seen.append(Seen(head[":method"], head[":path"], head, len(body), digest))
        connection.send_headers(stream, [(":status", "200"), ("content-type", "application/octet-stream")])
        connection.send_data(stream, body[:1000])
        connection.send_headers(stream, [("grpc-status", "0")], end_stream=True)


class UpstreamProxy:
    """A proxy that tunnels every CONNECT to one port of this machine, whatever host was asked for."""

    def __init__(self, target_port: int, *, credentials: str | None = None):
        self.asked: list[str] = []
        self._target_port = target_port
        self._credentials = credentials
        self.listener = Listener(self._serve)
        self.port = self.listener.port

    def close(self) -> None:
        self.listener.close()

    def _serve(self, client: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            piece = client.recv(65536)
            if not piece:
                return
            head += piece
        self.asked.append(head.split(b"\r\n", 1)[0].decode())
        wanted = b"Proxy-Authorization: Basic " + base64.b64encode((self._credentials or "").encode())
        if self._credentials and wanted not in head:
            client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            return
        server = socket.create_connection(("127.0.0.1", self._target_port))
        if head.startswith(b"CONNECT"):
            client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        else:
            server.sendall(head)
        threading.Thread(target=_pipe, args=(client, server), daemon=True).start()
        _pipe(server, client)


def _pipe(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
