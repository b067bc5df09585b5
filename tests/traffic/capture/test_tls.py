"""Who trusts the capture and who does not: each way in which an app refuses is told apart."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.traffic.capture.clients import ask, client_context, tls_tunnel, tunnel
from tests.traffic.capture.conftest import Captured, Site
from tests.traffic.capture.origin import Origin, UpstreamProxy
from traffic.process import PROBE_HOST
from traffic.refusals import TlsRefusal, read_tls_refusals

VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]
HOST = "api.example.test"


def refusals(capture: Captured) -> tuple[TlsRefusal, ...]:
    capture.end()
    return read_tls_refusals(capture.entries())


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.name)
def test_a_client_that_does_not_trust_the_authority(capture: Captured, version: ssl.TLSVersion) -> None:
    with pytest.raises(ssl.SSLError):
        tls_tunnel(capture.port, HOST, 443, client_context(None, tls=version))
    capture.wait("ClientDisconnected")
    (refusal,) = refusals(capture)
    assert (refusal.host, refusal.kind, refusal.count) == (HOST, "refused", 1)
    assert "unknown ca" in refusal.reason


def test_a_client_that_breaks_off_in_the_handshake(capture: Captured) -> None:
    client = tunnel(capture.port, HOST, 443)
    engine = client_context(None).wrap_bio(ssl.MemoryBIO(), outgoing := ssl.MemoryBIO(), server_hostname=HOST)
    with contextlib.suppress(ssl.SSLWantReadError):
        engine.do_handshake()
    client.sendall(outgoing.read())
    assert client.recv(1)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
    capture.wait("ClientDisconnected")
    (refusal,) = refusals(capture)
    assert (refusal.host, refusal.kind, refusal.count) == (HOST, "refused", 1)


def pin(capture: Captured, site: Site, version: ssl.TLSVersion | None = None, *, times: int, host: str = HOST) -> None:
    """What OkHttp's CertificatePinner does: complete the handshake, look at the certificate, close."""
    for _ in range(times):
        client = tls_tunnel(capture.port, host, 443, client_context(site.authority, tls=version))
        assert client.getpeercert()
        client.close()
    capture.wait("ClientDisconnected", times)


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.name)
def test_a_client_that_checks_a_pin_after_the_handshake(capture: Captured, site: Site, version: ssl.TLSVersion) -> None:
    pin(capture, site, version, times=2)
    (refusal,) = refusals(capture)
    assert (refusal.host, refusal.kind, refusal.count) == (HOST, "closed_after_handshake", 2)
    assert capture.entries("TlsRefused") == []
    assert len(capture.entries("TlsEstablished")) == 2
    assert [entry.data["requests"] for entry in capture.entries("ClientDisconnected")] == [0, 0]


def test_one_connection_without_a_request_proves_nothing(capture: Captured, site: Site) -> None:
    pin(capture, site, times=1)
    assert refusals(capture) == ()


def test_connections_opened_ahead_are_no_refusal_where_another_succeeds(
    capture: Captured, site: Site, tls_origin: Origin
) -> None:
    pin(capture, site, times=3, host="localhost")
    ask(capture.port, "localhost", tls_origin.port, authority=site.authority)
    capture.wait("ClientDisconnected", 4)
    assert refusals(capture) == ()


def test_connections_held_open_are_no_refusal(capture: Captured, site: Site) -> None:
    clients = [tls_tunnel(capture.port, HOST, 443, client_context(site.authority)) for _ in range(2)]
    time.sleep(1.2)
    for client in clients:
        client.close()
    capture.wait("ClientDisconnected", 2)
    assert refusals(capture) == ()


def read_all(engine: ssl.SSLObject) -> None:
    while True:
        engine.read(65536)


def test_an_alert_after_the_handshake_is_a_refusal(capture: Captured, site: Site) -> None:
    """Some clients complete the handshake, then send the alert. A damaged record makes OpenSSL do so."""
    client = tunnel(capture.port, HOST, 443)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    engine = client_context(site.authority).wrap_bio(incoming, outgoing, server_hostname=HOST)
    while True:
        try:
            engine.do_handshake()
            break
        except ssl.SSLWantReadError:
            client.sendall(outgoing.read())
            incoming.write(client.recv(65536))
    client.sendall(outgoing.read())
    capture.wait("TlsEstablished")
    incoming.write(b"\x17\x03\x03\x00\x20" + b"\x00" * 32)
    with pytest.raises(ssl.SSLError):
        read_all(engine)
    client.sendall(outgoing.read())
    client.close()
    capture.wait("TlsAlertReceived")
    (refusal,) = refusals(capture)
    assert (refusal.host, refusal.kind, refusal.count) == (HOST, "refused", 1)
    assert "alert" in refusal.reason


def test_no_server_is_asked_before_the_app_has_sent_a_request(
    start: Callable[..., Captured], site: Site, tls_origin: Origin
) -> None:
    """The certificate shown to the app is made without a look at the server's."""
    proxy = UpstreamProxy(tls_origin.port)
    capture = start(upstream=f"http://127.0.0.1:{proxy.port}")
    with tls_tunnel(capture.port, HOST, 443, client_context(site.authority)) as client:
        assert ("DNS", HOST) in client.getpeercert()["subjectAltName"]  # type: ignore[index,operator]
        assert proxy.listener.connections == 0
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.recv(65536).startswith(b"HTTP/1.1 200")
    assert proxy.asked == [f"CONNECT {HOST}:443 HTTP/1.1"]
    proxy.close()
    (request,) = capture.end()
    assert request.url == f"https://{HOST}/"
    assert request.response is not None
    assert request.response.server_address is None


def test_an_upstream_proxy_that_wants_a_password(
    start: Callable[..., Captured], site: Site, tls_origin: Origin
) -> None:
    proxy = UpstreamProxy(tls_origin.port, credentials="inspector:secret")
    capture = start(upstream=f"http://inspector:secret@127.0.0.1:{proxy.port}")
    assert ask(capture.port, HOST, 443, authority=site.authority).status == 200
    proxy.close()
    capture.end()
    assert "secret" not in (capture.directory / "traffic.jsonl").read_text()
    assert capture.entries("CaptureStarted")[0].data["upstream"] == f"http://127.0.0.1:{proxy.port}"


def test_a_server_that_is_not_to_be_trusted_gets_nothing(
    start: Callable[..., Captured], site: Site, tls_origin: Origin
) -> None:
    capture = start(upstream_ca=None)
    reply = ask(capture.port, "localhost", tls_origin.port, authority=site.authority, method="POST", body=b"secret")
    assert reply.status == 502
    (request,) = capture.end()
    assert request.body == b"secret"
    assert "certificate" in (request.error or "").lower()
    assert tls_origin.seen == []


@pytest.mark.parametrize("trusting", [True, False])
def test_the_probe_is_answered_by_the_capture_itself(capture: Captured, site: Site, *, trusting: bool) -> None:
    if trusting:
        reply = ask(capture.port, PROBE_HOST, 443, "/token-1", authority=site.authority)
        assert (reply.status, reply.body) == (200, b"token-1")
    else:
        with pytest.raises(ssl.SSLError):
            tls_tunnel(capture.port, PROBE_HOST, 443, client_context(None))
    capture.wait("ClientDisconnected")
    assert refusals(capture) == ()
    assert capture.requests() == ()
    assert [entry.data["token"] for entry in capture.entries("ProbeAnswered")] == (["token-1"] if trusting else [])


def test_the_probe_in_the_clear(capture: Captured) -> None:
    assert ask(capture.port, PROBE_HOST, 80, "/token-2").body == b"token-2"


def test_an_address_instead_of_a_name(capture: Captured, tls_origin: Origin, site: Site) -> None:
    assert ask(capture.port, "127.0.0.1", tls_origin.port, authority=site.authority).status == 200
    (request,) = capture.end()
    assert request.host == "127.0.0.1"
    assert capture.entries("TlsEstablished")[0].data["host"] == "127.0.0.1"


def test_the_authority_is_made_once(site: Site, tmp_path: Path) -> None:
    from traffic.process import ca_certificate, ca_subject_hash_old

    first = ca_certificate(tmp_path / "new")
    assert ca_certificate(tmp_path / "new") == first
    assert len(ca_subject_hash_old(first)) == 8
    other = ca_certificate(tmp_path / "other")
    assert ca_subject_hash_old(other) != ca_subject_hash_old(first)
    key_file = tmp_path / "new" / "mitmproxy-ca.pem"
    assert key_file.stat().st_mode & 0o077 == 0
    assert b"PRIVATE" not in first
