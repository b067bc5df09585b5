"""A capture starts quickly, says why when it cannot, and its death is noticed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from evidence.lanes import read_lane
from tests.traffic.capture.clients import ask
from tests.traffic.capture.conftest import ROOT, Captured, Site, until
from tests.traffic.capture.origin import Origin, UpstreamProxy
from traffic.authority import AuthorityUnusable, ca_certificate
from traffic.process import CaptureFailed, CaptureProcess

READY_WITHIN_SECONDS = 2
PEAK_BYTES = 150 * 1024 * 1024


def failure_of(start: Callable[..., Captured], **options: object) -> CaptureFailed:
    with pytest.raises(CaptureFailed) as caught:
        start(**options)
    assert caught.value.mend
    assert caught.value.exit_code
    return caught.value


def test_it_is_ready_quickly(start: Callable[..., Captured]) -> None:
    spent = psutil.Process(start().process.pid).cpu_times()  # whatever else the machine is busy with
    assert spent.user + spent.system < READY_WITHIN_SECONDS


def test_memory_after_a_few_hundred_requests(own_capture: Captured, origin: Origin) -> None:
    for number in range(300):
        ask(own_capture.port, "127.0.0.1", origin.port, f"/{number}", method="POST", body=b"b" * 1000)
    assert peak_bytes(own_capture) < PEAK_BYTES
    assert len(own_capture.end()) == 300


def peak_bytes(capture: Captured) -> int:
    status = Path(f"/proc/{capture.process.pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def test_a_port_that_is_taken(start: Callable[..., Captured], tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        failure = failure_of(start, listen_port=port)
    assert f"port {port} is taken" in str(failure)
    assert not (tmp_path / "session" / "traffic.jsonl").exists()


def test_a_fixed_port_that_is_free(start: Callable[..., Captured]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert start(listen_port=port).port == port


def test_an_address_of_another_machine(start: Callable[..., Captured]) -> None:
    assert "no address 192.0.2.1" in str(failure_of(start, listen_host="192.0.2.1"))


def test_a_folder_that_is_none(site: Site, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(CaptureFailed, match="cannot write") as caught:
        CaptureProcess(tmp_path / "file", tmp_path / "blobs", site.confdir).start()
    assert caught.value.exit_code == 73


def test_a_lane_that_was_begun_is_never_continued(own_capture: Captured, site: Site, tmp_path: Path) -> None:
    with pytest.raises(CaptureFailed, match="exists already"):
        CaptureProcess(own_capture.directory, tmp_path / "blobs", site.confdir).start()


def test_certificates_that_cannot_be_read(start: Callable[..., Captured], tmp_path: Path) -> None:
    assert "absent.pem" in str(failure_of(start, upstream_ca=tmp_path / "absent.pem"))


def test_an_upstream_that_is_no_proxy(start: Callable[..., Captured]) -> None:
    failure = failure_of(start, upstream="ftp://somewhere")
    assert "http://host:port" in str(failure)


def test_without_mitmproxy(start: Callable[..., Captured], python_running: Callable[[str, str], str]) -> None:
    script = (
        "import sys, runpy\nsys.modules['mitmproxy'] = None\nrunpy.run_module('traffic.capture', run_name='__main__')\n"
    )
    failure = failure_of(start, python=python_running("", script))
    assert "mitmproxy cannot be loaded" in str(failure)
    assert "make setup" in failure.mend


def test_a_python_that_is_none(start: Callable[..., Captured]) -> None:
    assert "cannot start" in str(failure_of(start, python="/nowhere/python"))


def test_a_deadline_that_passes(start: Callable[..., Captured], python_running: Callable[[str, str], str]) -> None:
    failure = failure_of(start, python=python_running("sleep 60", ""), deadline_seconds=0.3)
    assert "did not listen within 0.3 s" in str(failure)


def test_last_words_are_kept_within_bounds(
    start: Callable[..., Captured], python_running: Callable[[str, str], str]
) -> None:
    script = "import sys\nfor n in range(5000): print('x' * 3000, n, file=sys.stderr)\nsys.exit(3)\n"
    failure = failure_of(start, python=python_running("", script))
    assert "exit code 3" in str(failure)
    assert "4999" in str(failure)
    assert len(str(failure)) < 30_000


def test_death_is_noticed_at_once(own_capture: Captured) -> None:
    assert own_capture.process.alive()
    assert own_capture.process.failure() is None
    assert own_capture.process.pid
    os.kill(own_capture.process.pid, signal.SIGKILL)
    assert until(lambda: not own_capture.process.alive())
    failure = own_capture.process.failure()
    assert failure is not None
    assert "killed by signal 9" in str(failure)
    assert own_capture.process.stop() is False
    reading = own_capture.reading()
    assert reading.faults == ()
    assert [entry.kind for entry in reading.entries] == ["CaptureStarted"]


def test_stopping_twice_is_harmless(own_capture: Captured) -> None:
    assert own_capture.process.stop()
    assert own_capture.process.stop()
    assert not own_capture.process.alive()
    assert own_capture.process.failure() is None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(own_capture: Captured, number: signal.Signals) -> None:
    assert own_capture.process.pid
    os.kill(own_capture.process.pid, number)
    assert until(lambda: not own_capture.process.alive())
    last = own_capture.entries()[-1]
    assert (last.kind, last.data["reason"]) == ("LaneClosed", number.name)
    assert last.data["count"] == last.seq


def test_a_capture_that_does_not_listen_to_reason_is_killed(own_capture: Captured) -> None:
    assert own_capture.process.pid
    os.kill(own_capture.process.pid, signal.SIGSTOP)
    began = time.monotonic()
    assert own_capture.process.stop(0.5) is False
    assert time.monotonic() - began < 5
    assert not psutil.pid_exists(own_capture.process.pid)


def test_it_ends_when_the_process_that_started_it_is_killed(site: Site, tmp_path: Path) -> None:
    script = (
        "import sys, signal\nfrom pathlib import Path\nfrom traffic.process import CaptureProcess\n"
        "c = CaptureProcess(*map(Path, sys.argv[1:]))\nc.start()\nprint(c.pid, flush=True)\nsignal.pause()\n"
    )
    arguments = [str(tmp_path), str(tmp_path / "blobs"), str(site.confdir)]
    parent = subprocess.Popen([sys.executable, "-c", script, *arguments], stdout=subprocess.PIPE, cwd=ROOT)
    assert parent.stdout
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert until(lambda: not psutil.pid_exists(child))
    last = read_lane(tmp_path / "traffic.jsonl").entries[-1]
    assert (last.kind, last.data["reason"]) == ("LaneClosed", "end of input")


def test_blind_spots_are_facts(start: Callable[..., Captured]) -> None:
    proxy = UpstreamProxy(1)
    for mode, options in {
        "regular": {},
        "socks5": {"mode": "socks5"},
        "wireguard": {"mode": "wireguard"},
        "upstream": {"upstream": f"http://127.0.0.1:{proxy.port}"},
    }.items():
        capture = start(mode, **options)
        assert capture.port > 0
        capture.end()
        fact = capture.entries("CaptureStarted")[0].data
        assert fact["mode"] == mode
        assert "untrusted_certificates" in fact["blind_spots"]  # type: ignore[operator]
        assert ("dns_queries" in fact["blind_spots"]) == (mode != "wireguard")  # type: ignore[operator]
    proxy.close()


def test_an_authority_that_is_damaged_or_out_of_date(tmp_path: Path) -> None:
    from evidence.clock import FrozenClock

    (tmp_path / "mitmproxy-ca.pem").write_text("nonsense")
    with pytest.raises(AuthorityUnusable, match="no certificate"):
        ca_certificate(tmp_path)
    (tmp_path / "mitmproxy-ca.pem").unlink()
    ca_certificate(tmp_path, FrozenClock())
    with pytest.raises(AuthorityUnusable, match="expired"):
        ca_certificate(tmp_path, FrozenClock(wall_ns=2_500_000_000_000_000_000))
