"""What may go wrong inside the capture: it never harms the app's traffic, and the record stays readable."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from evidence.blobs import BlobStore
from tests.traffic.capture.clients import ask, client_context, tls_tunnel
from tests.traffic.capture.conftest import WAIT_SECONDS, Captured, Site
from tests.traffic.capture.origin import Listener, Origin, server_context

FAULTY = """
import runpy
from traffic.capture.lean import prepare
prepare()
from traffic.capture import exchanges
def fail(*arguments): raise RuntimeError('a fault in the recorder')
exchanges.ExchangeRecorder.{method} = fail
runpy.run_module('traffic.capture', run_name='__main__')
"""


@pytest.mark.parametrize(
    "method", ["request_started", "request_bytes", "request_sent", "response_bytes", "response_received"]
)
def test_an_exception_in_the_recorder_never_reaches_the_app(
    start: Callable[..., Captured],
    python_running: Callable[[str, str], str],
    tls_origin: Origin,
    site: Site,
    method: str,
) -> None:
    capture = start(python=python_running("", FAULTY.format(method=method)))
    for _ in range(2):
        reply = ask(
            capture.port, "localhost", tls_origin.port, authority=site.authority, method="POST", body=b"the app's body"
        )
        assert (reply.status, reply.body) == (200, b"answer")
    capture.wait("ClientDisconnected", 2)
    assert capture.process.stop()
    assert [seen.body_length for seen in tls_origin.seen] == [14, 14]
    troubles = capture.entries("Trouble")
    assert {trouble.data["what"] for trouble in troubles} == {"RuntimeError: a fault in the recorder"}
    assert len(troubles) >= 2
    assert capture.entries("LaneClosed")[0].data["troubles"] == len(troubles)


def test_troubles_without_end_are_counted(
    start: Callable[..., Captured], python_running: Callable[[str, str], str], origin: Origin
) -> None:
    capture = start(python=python_running("", FAULTY.format(method="request_started")))
    for _ in range(130):
        ask(capture.port, "127.0.0.1", origin.port)
    assert capture.process.stop()
    assert len(capture.entries("Trouble")) == 100
    assert capture.entries("LaneClosed")[0].data["troubles"] == 130


def test_kill_in_the_middle_of_traffic_loses_no_finished_request(own_capture: Captured, origin: Origin) -> None:
    done: list[str] = []
    stopped = threading.Event()

    def work(worker: int) -> None:
        number = 0
        with contextlib.suppress(OSError):
            while not stopped.is_set():
                path = f"/{worker}/{number}"
                ask(own_capture.port, "127.0.0.1", origin.port, path, method="POST", body=path.encode())
                done.append(path)
                number += 1

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    end = time.monotonic() + WAIT_SECONDS
    while len(done) < 100 and time.monotonic() < end:
        time.sleep(0.01)
    assert own_capture.process.pid
    os.kill(own_capture.process.pid, signal.SIGKILL)
    stopped.set()
    for thread in threads:
        thread.join()
    reading = own_capture.reading()
    assert reading.faults == ()
    requests = {request.path: request for request in own_capture.requests()}
    assert len(done) >= 100
    for path in done:
        assert requests[path].complete
        assert requests[path].body == path.encode()
        assert requests[path].response is not None


def test_a_disk_that_is_full_ends_the_capture_with_a_clear_word(
    start: Callable[..., Captured], python_running: Callable[[str, str], str], origin: Origin
) -> None:
    # A limit on the size of a file: writing beyond it fails as on a full disk.
    script = (
        "import resource, runpy\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))\n"
        "runpy.run_module('traffic.capture', run_name='__main__')\n"
    )
    capture = start(python=python_running("", script))
    end = time.monotonic() + WAIT_SECONDS
    with contextlib.suppress(OSError):
        while capture.process.alive() and time.monotonic() < end:
            ask(capture.port, "127.0.0.1", origin.port, "/" + "p" * 5000)
    while capture.process.alive() and time.monotonic() < end:
        time.sleep(0.01)
    failure = capture.process.failure()
    assert failure is not None
    assert "cannot write" in str(failure)
    assert "Free some space" in failure.mend
    assert failure.exit_code == 74
    reading = capture.reading()
    assert reading.faults == ()
    assert len(reading.entries) > 10


def test_a_blob_that_is_gone_makes_a_request_incomplete(capture: Captured, origin: Origin) -> None:
    ask(capture.port, "127.0.0.1", origin.port, method="POST", body=b"gone")
    (request,) = capture.end()
    assert request.body_sha256
    BlobStore(capture.blobs.root).path(request.body_sha256).unlink()
    (request,) = capture.requests()
    assert not request.complete
    assert request.body == b""
    assert "missing" in (request.error or "")


def test_nonsense_from_a_client_is_answered_and_forgotten(own_capture: Captured, origin: Origin) -> None:
    for nonsense in (
        b"\x00" * 50,
        b"GET\r\n\r\n",
        b"\x16\x03\x01\xff\xff" + b"x" * 100,
        b"GET http://[::1 HTTP/1.1\r\n\r\n",
    ):
        with socket.create_connection(("127.0.0.1", own_capture.port), timeout=5) as client:
            client.sendall(nonsense)
            client.shutdown(socket.SHUT_WR)
            with contextlib.suppress(OSError):
                client.recv(65536)
    assert ask(own_capture.port, "127.0.0.1", origin.port).status == 200
    assert own_capture.process.stop()
    assert len(own_capture.requests()) == 1


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_memory_is_flat_over_100_000_requests(own_capture: Captured, site: Site) -> None:
    def serve(client: socket.socket) -> None:
        while receive_until(client, b"body"):
            client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nanswer")

    listener = Listener(serve, server_context(site.server_file))
    for _ in range(200):
        with tls_tunnel(own_capture.port, "localhost", listener.port, client_context(site.authority)) as client:
            for number in range(500):
                client.sendall(b"POST /%d HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody" % number)
                assert receive_until(client, b"answer")
    listener.close()
    status = Path(f"/proc/{own_capture.process.pid}/status").read_text()
    assert int(status.split("VmHWM:")[1].split()[0]) < 150 * 1024


def receive_until(client: socket.socket, end: bytes) -> bool:
    received = b""
    while not received.endswith(end):
        piece = client.recv(65536)
        if not piece:
            return False
        received += piece
    return True
