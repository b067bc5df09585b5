"""Traffic through a WireGuard tunnel: no proxy setting, addresses instead of names, DNS and other UDP seen."""

from __future__ import annotations

import json
import ssl
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import mitmproxy_rs.wireguard
import pytest

from tests.traffic.capture.clients import client_context
from tests.traffic.capture.conftest import Captured, Site
from tests.traffic.capture.origin import Origin
from tests.traffic.capture.wireguard import TunnelledStream, TunnelledTls, WireGuardClient
from traffic.record import read_tls_refusals

Tunnelled = tuple[Captured, WireGuardClient]


@pytest.fixture
def tunnelled(start: Callable[..., Captured], tmp_path: Path) -> Iterator[Tunnelled]:
    keys = {name: mitmproxy_rs.wireguard.genkey() for name in ("client_key", "server_key")}
    file = tmp_path / "wireguard.conf"
    file.write_text(json.dumps(keys), encoding="utf-8")
    capture = start(mode=f"wireguard:{file}")
    client = WireGuardClient(capture.port, **keys)
    yield capture, client
    client.close()


def test_a_request_in_the_clear(tunnelled: Tunnelled, origin: Origin) -> None:
    capture, client = tunnelled
    stream = TunnelledStream(client, "127.0.0.1", origin.port)
    body = b"x" * 5000
    head = b"POST /up HTTP/1.1\r\nHost: plain.example.test\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
    stream.sendall(head % len(body) + body)
    assert stream.recv().startswith(b"HTTP/1.1 200")
    capture.wait("ResponseReceived")
    (request,) = capture.end()
    assert (request.host, request.scheme, request.path, request.body) == ("plain.example.test", "http", "/up", body)
    assert request.response is not None


def test_a_request_over_tls(tunnelled: Tunnelled, tls_origin: Origin, site: Site) -> None:
    capture, client = tunnelled
    stream = TunnelledStream(client, "127.0.0.1", tls_origin.port)
    tls = TunnelledTls(stream, client_context(site.authority), "api.example.test")
    tls.sendall(b"GET /tls HTTP/1.1\r\nHost: api.example.test\r\n\r\n")
    assert tls.recv().startswith(b"HTTP/1.1 200")
    (request,) = capture.end()
    assert (request.host, request.scheme, request.path) == ("api.example.test", "https", "/tls")


def test_an_app_that_does_not_trust_the_authority(tunnelled: Tunnelled, tls_origin: Origin) -> None:
    capture, client = tunnelled
    stream = TunnelledStream(client, "127.0.0.1", tls_origin.port)
    with pytest.raises(ssl.SSLCertVerificationError):
        TunnelledTls(stream, client_context(None), "api.example.test")
    capture.wait("TlsRefused")
    (refusal,) = read_tls_refusals(capture.entries())
    assert (refusal.host, refusal.kind) == ("api.example.test", "refused")


def test_a_question_for_a_name_is_seen(tunnelled: Tunnelled) -> None:
    capture, client = tunnelled
    name = b"".join(bytes([len(part)]) + part for part in (b"localhost",)) + b"\0"
    answer = client.ask("10.0.0.53", 53, struct.pack(">HHHHHH", 7, 0x0100, 1, 0, 0, 0) + name + b"\0\1\0\1")
    assert answer[:2] == b"\0\7"
    (fact,) = capture.wait("DnsAnswered")
    assert "localhost" in json.dumps(fact.data)


def test_udp_that_is_no_dns_is_counted(tunnelled: Tunnelled) -> None:
    capture, client = tunnelled
    client.tell("127.0.0.1", 9, b"\xc3QUIC or whatever else goes by UDP")
    opened = capture.wait("RawTraffic")[0]
    assert opened.data["transport"] == "udp"


def test_a_connection_that_is_open_at_the_end_spoils_nothing(
    tunnelled: Tunnelled, tls_origin: Origin, site: Site
) -> None:
    capture, client = tunnelled
    streams = [TunnelledStream(client, "127.0.0.1", tls_origin.port) for _ in range(3)]
    for stream in streams:
        TunnelledTls(stream, client_context(site.authority), "api.example.test")
    assert capture.process.stop()
    assert capture.reading().entries[-1].kind == "LaneClosed"
