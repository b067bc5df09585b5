"""The other way in: SOCKS5, where the proxy is told an address and no name."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable

from tests.traffic.capture.clients import TIMEOUT, client_context
from tests.traffic.capture.conftest import Captured, Site
from tests.traffic.capture.origin import Origin


def socks_tunnel(proxy_port: int, address: str, port: int) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", proxy_port), timeout=TIMEOUT)
    client.sendall(b"\x05\x01\x00")
    assert client.recv(2) == b"\x05\x00"
    client.sendall(b"\x05\x01\x00\x01" + socket.inet_aton(address) + struct.pack(">H", port))
    assert client.recv(10)[:2] == b"\x05\x00"
    return client


def test_the_name_comes_from_tls_or_the_host_header(
    start: Callable[..., Captured], site: Site, origin: Origin, tls_origin: Origin
) -> None:
    capture = start(mode="socks5")
    context = client_context(site.authority)
    with context.wrap_socket(
        socks_tunnel(capture.port, "127.0.0.1", tls_origin.port), server_hostname="api.example.test"
    ) as client:
        client.sendall(b"GET /tls HTTP/1.1\r\nHost: front.example.test\r\n\r\n")
        assert client.recv(65536).startswith(b"HTTP/1.1 200")
    with socks_tunnel(capture.port, "127.0.0.1", origin.port) as client:
        client.sendall(b"GET /clear HTTP/1.1\r\nHost: plain.example.test\r\n\r\n")
        assert client.recv(65536).startswith(b"HTTP/1.1 200")
    first, second = capture.end()
    assert (first.host, first.scheme, first.path) == ("api.example.test", "https", "/tls")
    assert ("Host", "front.example.test") in first.headers
    assert (second.host, second.scheme, second.path) == ("plain.example.test", "http", "/clear")
    assert second.response is not None
    assert second.response.server_address == "127.0.0.1"
