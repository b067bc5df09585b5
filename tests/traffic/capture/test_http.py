"""HTTP/1.1 as apps send it, odd as it may be: nothing is lost and nothing is changed on its way."""

from __future__ import annotations

import gzip
import hashlib
import socket
from collections.abc import Callable

import pytest

from tests.traffic.capture.clients import TIMEOUT, ask, client_context, tls_tunnel, tunnel
from tests.traffic.capture.conftest import Captured, Site
from tests.traffic.capture.origin import Origin


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def receive_until(client: socket.socket, end: bytes) -> bytes:
    received = b""
    while not received.endswith(end):
        piece = client.recv(65536)
        assert piece, received
        received += piece
    return received


def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def test_a_request_over_tls_is_recorded_with_its_answer(capture: Captured, tls_origin: Origin, site: Site) -> None:
    body = b'{"android_id":"9f3c1b7ad2e4568c"}'
    reply = ask(
        capture.port,
        "localhost",
        tls_origin.port,
        "/v1/log?a=%E5%BC%A0",
        authority=site.authority,
        method="POST",
        body=body,
    )
    assert (reply.status, reply.body) == (200, b"answer")
    (request,) = capture.end()
    assert (request.method, request.scheme, request.host, request.path) == (
        "POST",
        "https",
        "localhost",
        "/v1/log?a=%E5%BC%A0",
    )
    assert request.port == tls_origin.port
    assert (request.body, request.body_length, request.body_sha256) == (body, len(body), digest(body))
    assert ("Host", f"localhost:{tls_origin.port}") in request.headers
    assert request.complete
    assert request.connected_mono is not None
    assert request.finished_mono is not None
    assert request.connected_mono <= request.started.mono_ns <= request.finished_mono
    assert request.response is not None
    assert (request.response.status, request.response.body) == (200, b"answer")
    assert request.response.server_address == "127.0.0.1"
    assert tls_origin.seen[0].body_sha256 == digest(body)


def test_facts_come_in_the_order_of_events(own_capture: Captured, tls_origin: Origin, site: Site) -> None:
    ask(own_capture.port, "localhost", tls_origin.port, authority=site.authority)
    own_capture.wait("ClientDisconnected")
    own_capture.end()
    assert [entry.kind for entry in own_capture.entries()] == [
        "CaptureStarted",
        "ClientConnected",
        "TunnelAsked",
        "TlsEstablished",
        "RequestStarted",
        "RequestSent",
        "ResponseReceived",
        "ClientDisconnected",
        "LaneClosed",
    ]
    assert own_capture.entries("ClientDisconnected")[0].data["requests"] == 1
    assert own_capture.entries("TlsEstablished")[0].data["sni"] == "localhost"


def test_a_fact_is_in_the_lane_while_the_answer_is_still_awaited(capture: Captured, origin: Origin) -> None:
    client = socket.create_connection(("127.0.0.1", capture.port), timeout=TIMEOUT)
    client.sendall(f"GET http://127.0.0.1:{origin.port}/slow?seconds=3 HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    capture.wait("RequestSent")
    assert capture.entries("ResponseReceived") == []
    client.close()


def test_two_requests_on_one_connection(capture: Captured, tls_origin: Origin, site: Site) -> None:
    with tls_tunnel(capture.port, "localhost", tls_origin.port, client_context(site.authority)) as client:
        for number in range(2):
            client.sendall(f"GET /{number} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            assert receive_until(client, b"answer").startswith(b"HTTP/1.1 200")
    capture.wait("ClientDisconnected", requests=2)
    first, second = capture.end()
    assert (first.path, second.path) == ("/0", "/1")
    assert first.connection == second.connection


def test_a_body_is_kept_for_any_method(capture: Captured, origin: Origin) -> None:
    methods = ["GET", "DELETE", "PUT", "PATCH", "OPTIONS", "REPORT"]
    for method in methods:
        ask(capture.port, "127.0.0.1", origin.port, "/any", method=method, body=b"\x00\xffbody")
    requests = capture.end()
    assert [request.method for request in requests] == methods
    assert {request.body for request in requests} == {b"\x00\xffbody"}
    assert {seen.body_length for seen in origin.seen} == {6}


def test_chunked_both_ways(capture: Captured, origin: Origin) -> None:
    pieces = [b"first,", b"second,", b"third"]
    reply = ask(
        capture.port,
        "127.0.0.1",
        origin.port,
        "/chunked",
        method="POST",
        body=iter(pieces),
        headers={"Transfer-Encoding": "chunked"},
        chunked=True,
    )
    assert reply.body == b"onetwothree"
    (request,) = capture.end()
    assert request.body == b"first,second,third"
    assert origin.seen[0].body_sha256 == digest(request.body)
    assert request.response is not None
    assert request.response.body == b"onetwothree"


def test_a_content_encoding_that_lies_changes_nothing(capture: Captured, origin: Origin) -> None:
    body = b'{"imei":"861234567890123"}'
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    reply = ask(capture.port, "127.0.0.1", origin.port, "/lying", method="POST", body=body, headers=headers)
    assert reply.body == b'{"plain": "json"}'
    (request,) = capture.end()
    assert request.body == body
    assert request.response is not None
    assert request.response.body == reply.body


def test_a_compressed_body_is_kept_as_it_was_sent(capture: Captured, origin: Origin) -> None:
    body = gzip.compress(b"x" * 5000)
    ask(capture.port, "127.0.0.1", origin.port, method="POST", body=body, headers={"Content-Encoding": "gzip"})
    (request,) = capture.end()
    assert request.body == body


def test_bytes_that_are_no_utf8_come_back_as_they_were_sent(capture: Captured, origin: Origin) -> None:
    name = "张蜜罐".encode("gbk")
    with tunnel(capture.port, "127.0.0.1", origin.port) as client:
        client.sendall(b"GET /\xff?n=%s HTTP/1.1\r\nHost: x\r\nX-Name: %s\r\n\r\n" % (name, name))
        assert client.recv(65536)
    (request,) = capture.end()
    assert request.text_encoding == "latin-1"
    assert request.path.encode("latin-1") == b"/\xff?n=" + name
    assert dict(request.headers)["X-Name"].encode("latin-1") == name


def test_utf8_in_a_header_stays_readable(capture: Captured, origin: Origin) -> None:
    with socket.create_connection(("127.0.0.1", capture.port), timeout=TIMEOUT) as client:
        head = f"GET http://127.0.0.1:{origin.port}/ HTTP/1.1\r\nHost: x\r\nX-Name: 张蜜罐\r\n\r\n"
        client.sendall(head.encode())
        client.recv(65536)
    (request,) = capture.end()
    assert (request.text_encoding, dict(request.headers)["X-Name"]) == ("utf-8", "张蜜罐")


def test_a_head_too_large_for_a_line_is_kept_whole_in_a_blob(capture: Captured, origin: Origin) -> None:
    path = "/p?q=" + "a" * 50_000
    value = "v" * 60_000
    # The server refuses so long a line; what the app sent is recorded nevertheless.
    ask(capture.port, "127.0.0.1", origin.port, path, headers={"X-Large": value})
    (request,) = capture.end()
    assert request.path == path
    assert dict(request.headers)["X-Large"] == value
    (fact,) = capture.entries("RequestStarted")
    assert len(str(fact.data)) < 4000


def test_an_upload_is_recorded_even_if_no_server_answers(capture: Captured) -> None:
    port = free_port()
    reply = ask(capture.port, "127.0.0.1", port, "/gone", method="POST", body=b"secret")
    assert reply.status == 502
    (request,) = capture.end()
    assert (request.body, request.complete, request.response) == (b"secret", True, None)
    assert request.error


@pytest.mark.parametrize("announced", [1000, 5_000_000], ids=["held back", "streamed"])
def test_an_upload_cut_off_keeps_what_had_left(capture: Captured, origin: Origin, announced: int) -> None:
    with socket.create_connection(("127.0.0.1", capture.port), timeout=TIMEOUT) as client:
        head = f"POST http://127.0.0.1:{origin.port}/ HTTP/1.1\r\nHost: x\r\nContent-Length: {announced}\r\n\r\n"
        client.sendall(head.encode() + b"half of it")
        capture.wait("RequestStarted")
    capture.wait("FlowFailed")
    (request,) = capture.end()
    assert (request.body, request.body_length) == (b"half of it", 10)
    assert not request.complete
    assert request.body_sha256 is None
    assert request.error


def test_an_answer_cut_off_keeps_what_had_come(capture: Captured, origin: Origin) -> None:
    with pytest.raises(Exception):  # noqa: B017, PT011  the app sees the same broken answer
        ask(capture.port, "127.0.0.1", origin.port, "/truncated")
    capture.wait("ClientDisconnected")
    (request,) = capture.end()
    assert request.complete
    assert request.response is not None
    assert not request.response.complete
    assert request.response.body == b"only this"


def test_head_and_no_content(capture: Captured, origin: Origin) -> None:
    assert ask(capture.port, "127.0.0.1", origin.port, method="HEAD").status == 200
    (request,) = capture.end()
    assert request.response is not None
    assert request.response.body_length == 0


def test_expect_continue(capture: Captured, origin: Origin) -> None:
    with socket.create_connection(("127.0.0.1", capture.port), timeout=TIMEOUT) as client:
        head = f"POST http://127.0.0.1:{origin.port}/ HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"
        client.sendall(head.encode())
        assert b"100" in client.recv(65536)
        client.sendall(b"body")
        assert b"200" in receive_until(client, b"answer")
    (request,) = capture.end()
    assert request.body == b"body"


def test_a_tunnel_that_carries_no_http_is_counted_and_its_beginning_kept(capture: Captured) -> None:
    from tests.traffic.capture.origin import Listener

    def echo(client: socket.socket) -> None:
        while data := client.recv(65536):
            client.sendall(data)

    listener = Listener(echo)
    with tunnel(capture.port, "127.0.0.1", listener.port) as client:
        client.sendall(b"\x10\x0bMQTT imei=861234567890123")
        assert client.recv(65536).endswith(b"0123")
    listener.close()
    capture.wait("RawTraffic", state="closed")
    (request,) = capture.end()
    assert (request.channel, request.method) == ("raw", "RAW")
    assert (request.host, request.port) == ("127.0.0.1", listener.port)
    assert request.body == b"\x10\x0bMQTT imei=861234567890123"
    (closed,) = [e for e in capture.entries("RawTraffic") if e.data["state"] == "closed"]
    assert closed.data["up"] == closed.data["down"] == len(request.body)


def test_what_is_unfinished_at_the_end_is_recorded_as_far_as_it_came(own_capture: Captured, origin: Origin) -> None:
    with socket.create_connection(("127.0.0.1", own_capture.port), timeout=TIMEOUT) as client:
        head = f"POST http://127.0.0.1:{origin.port}/ HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nbegun"
        client.sendall(head.encode())
        own_capture.wait("RequestStarted")
        (request,) = own_capture.end()
    assert (request.body, request.complete, request.error) == (b"begun", False, "capture ended")


def test_a_second_capture_shares_blobs_and_authority(start: Callable[..., Captured], origin: Origin) -> None:
    captures = [start("one"), start("two")]
    for capture in captures:
        ask(capture.port, "127.0.0.1", origin.port, method="POST", body=b"the same body")
    for capture in captures:
        (request,) = capture.end()
        assert request.body == b"the same body"
