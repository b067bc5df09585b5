"""Bodies larger than what is kept: they pass, they are measured whole, and memory stays flat."""

from __future__ import annotations

import hashlib
import http.client
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.traffic.capture.clients import TIMEOUT, client_context, tls_tunnel
from tests.traffic.capture.conftest import Captured, Site
from tests.traffic.capture.origin import Origin

MIB = 1024 * 1024
REQUEST_KEPT = 2 * MIB
RESPONSE_KEPT = MIB // 4
GROWTH = 100 * MIB


def resident(capture: Captured, name: str) -> int:
    status = Path(f"/proc/{capture.process.pid}/status").read_text()
    return int(status.split(f"{name}:")[1].split()[0]) * 1024


def pieces(size: int) -> Iterator[bytes]:
    piece = bytes(range(256)) * 256
    for offset in range(0, size, len(piece)):
        yield piece[: size - offset]


def digest(size: int) -> str:
    whole = hashlib.sha256()
    for piece in pieces(size):
        whole.update(piece)
    return whole.hexdigest()


def upload(capture: Captured, origin: Origin, site: Site, size: int, *, chunked: bool = False) -> int:
    connection = http.client.HTTPConnection("localhost", origin.port, timeout=TIMEOUT * 10)
    connection.sock = tls_tunnel(capture.port, "localhost", origin.port, client_context(site.authority))
    headers = {"Transfer-Encoding": "chunked"} if chunked else {"Content-Length": str(size)}
    connection.request("POST", "/upload", body=pieces(size), headers=headers, encode_chunked=chunked)
    status = connection.getresponse().status
    connection.close()
    return status


def check_upload(capture: Captured, origin: Origin, site: Site, size: int, *, chunked: bool = False) -> None:
    before = resident(capture, "VmRSS")
    assert upload(capture, origin, site, size, chunked=chunked) == 200
    growth = resident(capture, "VmHWM") - before
    assert growth < GROWTH
    (request,) = capture.end()
    assert (request.body_length, request.body_sha256) == (size, digest(size))
    assert len(request.body) == REQUEST_KEPT
    assert request.body == b"".join(pieces(REQUEST_KEPT))
    assert origin.seen[0].body_sha256 == request.body_sha256
    assert request.complete


@pytest.mark.parametrize("chunked", [False, True], ids=["announced", "chunked"])
def test_an_upload_of_60_mb(own_capture: Captured, tls_origin: Origin, site: Site, *, chunked: bool) -> None:
    check_upload(own_capture, tls_origin, site, 60 * 1000 * 1000, chunked=chunked)


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("chunked", [False, True], ids=["announced", "chunked"])
def test_an_upload_of_1_gb(own_capture: Captured, tls_origin: Origin, site: Site, *, chunked: bool) -> None:
    check_upload(own_capture, tls_origin, site, 1000 * 1000 * 1000, chunked=chunked)


def test_a_download_of_60_mb(own_capture: Captured, tls_origin: Origin, site: Site) -> None:
    size = 60 * 1000 * 1000
    before = resident(own_capture, "VmRSS")
    connection = http.client.HTTPConnection("localhost", tls_origin.port, timeout=TIMEOUT * 10)
    connection.sock = tls_tunnel(own_capture.port, "localhost", tls_origin.port, client_context(site.authority))
    connection.request("GET", f"/large?size={size}")
    response, received = connection.getresponse(), 0
    while piece := response.read(MIB):
        received += len(piece)
    assert received == size
    assert resident(own_capture, "VmHWM") - before < GROWTH
    (request,) = own_capture.end()
    assert request.response is not None
    assert request.response.body_length == size
    assert request.response.body == b"d" * RESPONSE_KEPT


def test_many_uploads_at_once_stay_within_the_same_bounds(
    start: Callable[..., Captured], tls_origin: Origin, site: Site
) -> None:
    capture = start()
    before = resident(capture, "VmRSS")
    statuses: list[int] = []
    threads = [
        threading.Thread(target=lambda: statuses.append(upload(capture, tls_origin, site, 4 * MIB))) for _ in range(10)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 10
    assert resident(capture, "VmHWM") - before < GROWTH
    requests = capture.end()
    assert {request.body_length for request in requests} == {4 * MIB}
    assert len(list((capture.blobs.root).rglob("*"))) > 0
    assert not list(capture.directory.glob("tmp*"))


def test_a_body_of_exactly_the_kept_size(capture: Captured, tls_origin: Origin, site: Site) -> None:
    assert upload(capture, tls_origin, site, REQUEST_KEPT) == 200
    (request,) = capture.end()
    assert len(request.body) == request.body_length == REQUEST_KEPT
