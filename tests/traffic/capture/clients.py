"""The app's side: real sockets, real TLS, HTTP/1.1, HTTP/2 and WebSocket through the proxy."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import h2.config
import h2.connection
import h2.events

TIMEOUT = 20


def tunnel(proxy_port: int, host: str, port: int) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", proxy_port), timeout=TIMEOUT)
    client.sendall(f"CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
    head = b""
    while b"\r\n\r\n" not in head:
        piece = client.recv(1)  # not a byte too many: what follows belongs to the tunnel
        if not piece:
            raise ConnectionError(f"the proxy closed the connection after {head!r}")
        head += piece
    if b" 200 " not in head.split(b"\r\n")[0]:
        raise ConnectionError(head.decode())
    return client


def client_context(authority: Path | None, *, tls: ssl.TLSVersion | None = None, alpn: str = "") -> ssl.SSLContext:
    """A client that trusts one authority; without one, a client that trusts nobody."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if authority is not None:
        context.load_verify_locations(authority)
    if tls is not None:
        context.minimum_version = context.maximum_version = tls
    if alpn:
        context.set_alpn_protocols([alpn])
    return context


def tls_tunnel(proxy_port: int, host: str, port: int, context: ssl.SSLContext) -> ssl.SSLSocket:
    client = tunnel(proxy_port, host, port)
    try:
        return context.wrap_socket(client, server_hostname=host)
    except BaseException:
        client.close()
        raise


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes


def ask(
    proxy_port: int,
    url_host: str,
    port: int,
    path: str = "/",
    *,
    authority: Path | None = None,
    method: str = "GET",
    body: bytes | Iterable[bytes] | None = None,
    headers: dict[str, str] | None = None,
    chunked: bool = False,
) -> Reply:
    """One request of HTTP/1.1: through a TLS tunnel when an authority is given, else in the clear."""
    connection: http.client.HTTPConnection
    if authority is not None:
        connection = http.client.HTTPConnection(url_host, port, timeout=TIMEOUT)
        connection.sock = tls_tunnel(proxy_port, url_host, port, client_context(authority))
        target = path
    else:
        connection = http.client.HTTPConnection("127.0.0.1", proxy_port, timeout=TIMEOUT)
        target = f"http://{url_host}:{port}{path}"
    with contextlib.closing(connection):
        connection.request(
            method, target, body=body, headers={"Host": f"{url_host}:{port}", **(headers or {})}, encode_chunked=chunked
        )
        response = connection.getresponse()
        return Reply(response.status, dict(response.headers.items()), response.read())


class Http2Client:
    """A minimal client of HTTP/2 on a connected socket."""

    def __init__(self, connected: socket.socket, authority: str, scheme: str):
        self.socket = connected
        self._names = [(":authority", authority), (":scheme", scheme)]
        self.connection = h2.connection.H2Connection(
            h2.config.H2Configuration(client_side=True, header_encoding="utf-8")
        )
        self.connection.initiate_connection()
        self.flush()

    def flush(self) -> None:
        self.socket.sendall(self.connection.data_to_send())

    def start(
        self, path: str, *, method: str = "GET", headers: Iterable[tuple[str, str]] = (), end: bool = True
    ) -> int:
        stream = self.connection.get_next_available_stream_id()
        self.connection.send_headers(
            stream, [(":method", method), *self._names, (":path", path), *headers], end_stream=end
        )
        self.flush()
        return stream

    def send(self, stream: int, data: bytes, *, end: bool = False) -> None:
        self.connection.send_data(stream, data, end_stream=end)
        self.flush()

    def receive(self, *streams: int) -> dict[int, Reply]:
        """Wait until all these streams have ended."""
        replies = {stream: Reply(0, {}, b"") for stream in streams}
        open_streams = set(streams)
        while open_streams:
            data = self.socket.recv(65536)
            if not data:
                raise ConnectionError("closed by the proxy")
            for event in self.connection.receive_data(data):
                match event:
                    case h2.events.ResponseReceived():
                        head = dict(event.headers)
                        replies[event.stream_id].status = int(head.pop(":status"))
                        replies[event.stream_id].headers = head
                    case h2.events.DataReceived():
                        replies[event.stream_id].body += event.data
                        self.connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                    case h2.events.TrailersReceived():
                        replies[event.stream_id].headers |= dict(event.headers)
                    case h2.events.StreamEnded() | h2.events.StreamReset():
                        open_streams.discard(event.stream_id)
            self.flush()
        return replies
