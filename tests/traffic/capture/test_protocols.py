"""HTTP/2, HTTP/2 in the clear, gRPC and WebSocket pass unharmed and are recorded."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

import pytest
import wsproto
from wsproto.events import AcceptConnection, BytesMessage, CloseConnection, Message, Request, TextMessage
from wsproto.extensions import PerMessageDeflate

from tests.traffic.capture.clients import Http2Client, client_context, tls_tunnel, tunnel
from tests.traffic.capture.conftest import WAIT_SECONDS, Captured, Site
from tests.traffic.capture.origin import Http2Origin, Origin


@pytest.fixture
def http2(capture: Captured, http2_origin: Http2Origin, site: Site) -> Http2Client:
    connected = tls_tunnel(capture.port, "localhost", http2_origin.port, client_context(site.authority, alpn="h2"))
    assert connected.selected_alpn_protocol() == "h2"
    return Http2Client(connected, f"localhost:{http2_origin.port}", "https")


def test_http2_streams_side_by_side(capture: Captured, http2: Http2Client, http2_origin: Http2Origin) -> None:
    first = http2.start("/first?q=1", method="POST", end=False)
    second = http2.start("/second", method="POST", headers=[("x-name", "value")], end=False)
    http2.send(first, b"one ")
    http2.send(second, b"two", end=True)
    http2.send(first, b"half", end=True)
    replies = http2.receive(first, second)
    assert (replies[first].body, replies[second].body) == (b"one half", b"two")
    requests = {request.path: request for request in capture.end()}
    assert requests["/first?q=1"].body == b"one half"
    assert requests["/second"].body == b"two"
    assert ("x-name", "value") in requests["/second"].headers
    assert {request.http_version for request in requests.values()} == {"HTTP/2.0"}
    assert {request.authority for request in requests.values()} == {f"localhost:{http2_origin.port}"}
    assert len({request.connection for request in requests.values()}) == 1


def test_a_body_of_http2_without_a_length_is_whole(capture: Captured, http2: Http2Client) -> None:
    stream = http2.start("/upload", method="POST", end=False)
    for _ in range(4):
        http2.send(stream, b"x" * 15_000)
    http2.send(stream, b"", end=True)
    http2.receive(stream)
    (request,) = capture.end()
    assert (request.body_length, request.body) == (60_000, b"x" * 60_000)


def test_grpc_answers_before_the_request_ends(capture: Captured, http2: Http2Client, http2_origin: Http2Origin) -> None:
    """Both sides of a call may talk at once; a proxy that waits for the end of the request would block it for ever."""
    headers = [("content-type", "application/grpc"), ("te", "trailers")]
    stream = http2.start("/service/Call", method="POST", headers=headers, end=False)
    http2.send(stream, b"\x00\x00\x00\x00\x04imei")
    (started,) = capture.wait("RequestStarted")
    assert started.data["path"] == "/service/Call"
    end = time.monotonic() + WAIT_SECONDS
    while not http2_origin.streams and time.monotonic() < end:
        time.sleep(0.005)
    assert http2_origin.streams == 1  # the server has the call while the client is still talking
    http2.send(stream, b"", end=True)
    reply = http2.receive(stream)[stream]
    assert reply.headers["grpc-status"] == "0"
    (request,) = capture.end()
    assert request.body == b"\x00\x00\x00\x00\x04imei"


def test_trailers_of_a_request_are_kept(capture: Captured, http2: Http2Client) -> None:
    stream = http2.start("/trailers", method="POST", end=False)
    http2.send(stream, b"body")
    http2.connection.send_headers(stream, [("x-checksum", "861234567890123")], end_stream=True)
    http2.flush()
    http2.receive(stream)
    (request,) = capture.end()
    assert request.headers[-1] == ("x-checksum", "861234567890123")


def test_http2_in_the_clear(capture: Captured) -> None:
    server = Http2Origin()
    client = Http2Client(tunnel(capture.port, "127.0.0.1", server.port), "localhost", "http")
    stream = client.start("/h2c", method="POST", end=False)
    client.send(stream, b"in the clear", end=True)
    assert client.receive(stream)[stream].body == b"in the clear"
    assert server.seen[0].path == "/h2c"
    server.close()
    (request,) = capture.end()
    assert (request.scheme, request.http_version, request.body) == ("http", "HTTP/2.0", b"in the clear")


def test_an_http2_client_of_an_http1_server(capture: Captured, tls_origin: Origin, site: Site) -> None:
    connected = tls_tunnel(capture.port, "localhost", tls_origin.port, client_context(site.authority, alpn="h2"))
    client = Http2Client(connected, "localhost", "https")
    stream = client.start("/old", method="POST", end=False)
    client.send(stream, b"body", end=True)
    reply = client.receive(stream)[stream]
    assert (reply.status, reply.body) == (200, b"answer")
    assert capture.end()[0].body == b"body"


class WebSocketClient:
    def __init__(self, connected: socket.socket, *, deflate: bool):
        self.socket = connected
        self.connection = wsproto.WSConnection(wsproto.ConnectionType.CLIENT)
        extensions = [PerMessageDeflate()] if deflate else []
        self.send(Request(host="localhost", target="/upgrade?v=1", extensions=extensions))  # type: ignore[arg-type]
        assert isinstance(self.receive(), AcceptConnection)

    def send(self, event: wsproto.events.Event) -> None:
        self.socket.sendall(self.connection.send(event))

    def receive(self) -> wsproto.events.Event:
        while True:
            for event in self.connection.events():
                return event
            data = self.socket.recv(65536)
            assert data
            self.connection.receive_data(data)


@pytest.mark.parametrize("deflate", [False, True], ids=["plain", "deflate"])
def test_websocket_messages_are_recorded_one_by_one(
    capture: Captured, tls_origin: Origin, site: Site, *, deflate: bool
) -> None:
    connected = tls_tunnel(capture.port, "localhost", tls_origin.port, client_context(site.authority))
    client = WebSocketClient(connected, deflate=deflate)
    client.send(TextMessage(data='{"oaid":"abc"}'))
    answer = client.receive()
    assert isinstance(answer, TextMessage)
    assert answer.data == '{"OAID":"ABC"}'
    client.send(BytesMessage(data=b"\x00\x01"))
    assert isinstance(client.receive(), BytesMessage)
    client.send(CloseConnection(code=1000))
    assert isinstance(client.receive(), CloseConnection)
    connected.close()
    capture.wait("ClientDisconnected")
    opening, *messages = capture.end()
    assert (opening.channel, opening.path, opening.method) == ("http", "/upgrade?v=1", "GET")
    assert opening.response is not None
    assert opening.response.status == 101
    assert [(m.channel, m.message, m.body) for m in messages] == [
        ("websocket", 0, b'{"oaid":"abc"}'),
        ("websocket", 2, b"\x00\x01"),
    ]
    assert messages[0].url == f"wss://localhost:{tls_origin.port}/upgrade?v=1"
    assert len(capture.entries("WebSocketMessage")) == 4
    assert capture.entries("FlowFailed") == []


def test_a_long_websocket_message_in_pieces(capture: Captured, tls_origin: Origin, site: Site) -> None:
    connected = tls_tunnel(capture.port, "localhost", tls_origin.port, client_context(site.authority))
    client = WebSocketClient(connected, deflate=False)
    for last in (False, False, True):
        client.send(Message(data=b"p" * 40_000, message_finished=last))
    capture.wait("WebSocketMessage", from_client=True)
    connected.close()
    capture.wait("ClientDisconnected")
    requests: tuple = capture.end()
    assert requests[1].body == b"p" * 120_000


def test_a_change_to_an_unknown_protocol_is_raw_traffic(start: Callable[..., Captured]) -> None:
    from tests.traffic.capture.origin import Listener

    def switch(client: socket.socket) -> None:
        client.recv(65536)
        client.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: own\r\nConnection: Upgrade\r\n\r\n")
        while data := client.recv(65536):
            client.sendall(data)

    capture, listener = start(), Listener(switch)
    with tunnel(capture.port, "127.0.0.1", listener.port) as client:
        client.sendall(b"GET /own HTTP/1.1\r\nHost: x\r\nUpgrade: own\r\nConnection: Upgrade\r\n\r\n")
        assert b"101" in client.recv(65536)
        client.sendall(b"private protocol")
        assert client.recv(65536) == b"private protocol"
    listener.close()
    capture.wait("RawTraffic", state="closed")
    requests = capture.end()
    assert [request.channel for request in requests] == ["http", "raw"]
    assert requests[0].body == b""
    assert requests[1].body == b"private protocol"
