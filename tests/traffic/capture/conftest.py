"""A real capture process for each test, real servers on loopback."""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from evidence.blobs import BlobStore
from evidence.lanes import Entry, LaneReading, read_lane
from tests.traffic.capture.certificates import write_server_certificates
from tests.traffic.capture.origin import Http2Origin, Origin
from traffic.process import CaptureProcess, ca_certificate
from traffic.record import CapturedRequest, read_requests

ROOT = Path(__file__).resolve().parents[3]
WAIT_SECONDS = 10


@dataclass
class Site:
    """Where the certificates of all tests lie."""

    confdir: Path
    authority: Path
    """What a device trusts: the capture's certificate."""
    servers_authority: Path
    server_file: Path


@dataclass
class Captured:
    """A running capture and its record; of a capture that tests share, only what began after this was made."""

    process: CaptureProcess
    directory: Path
    blobs: BlobStore
    shared: bool = False
    since: int = 0

    @property
    def port(self) -> int:
        return self.process.port

    def reading(self) -> LaneReading:
        return read_lane(self.directory / "traffic.jsonl")

    def entries(self, kind: str = "") -> list[Entry]:
        return [entry for entry in self._own(self.reading().entries) if kind in ("", entry.kind)]

    def _own(self, entries: tuple[Entry, ...]) -> Iterator[Entry]:
        """Without what other tests' connections still have to say."""
        connections: set[object] = set()
        flows: set[object] = set()
        for entry in entries:
            connection, flow = entry.data.get("connection"), entry.data.get("flow")
            if entry.kind == "ClientConnected" and entry.seq >= self.since:
                connections.add(connection)
            if connection in connections:
                flows.add(flow)
            if (connection is None or connection in connections) and (flow is None or flow in flows):
                yield entry

    def wait(self, kind: str, count: int = 1, **data: object) -> list[Entry]:
        """The entries of a kind with this data, as soon as there are enough."""

        def found() -> list[Entry]:
            return [e for e in self.entries(kind) if all(e.data.get(key) == value for key, value in data.items())]

        if not until(lambda: len(found()) >= count):
            kinds = [entry.kind for entry in self.entries()]
            pytest.fail(f"fewer than {count} {kind} {data} within {WAIT_SECONDS} s; there are {kinds}")
        return found()

    def end(self) -> tuple[CapturedRequest, ...]:
        """Hold the lane against its promises, and read the requests. A capture of one's own is stopped first."""
        if self.shared:
            assert until(self._all_is_over), [entry.kind for entry in self.entries()]
        else:
            assert self.process.stop()
            assert self.reading().entries[-1].kind == "LaneClosed"
        check_lane(self.reading())
        return self.requests()

    def _all_is_over(self) -> bool:
        ends = {"RequestSent": 1, "ResponseReceived": 1, "FlowFailed": 2}
        open_ends: dict[object, int] = {}
        for entry in self.entries():
            flow = entry.data.get("flow")
            if entry.kind == "RequestStarted":
                open_ends[flow] = 2
            elif entry.kind in ends:
                open_ends[flow] -= ends[entry.kind]
        return all(count <= 0 for count in open_ends.values())

    def requests(self) -> tuple[CapturedRequest, ...]:
        return read_requests(self.entries(), self.blobs)


def check_lane(reading: LaneReading) -> None:
    assert reading.faults == ()
    assert reading.torn_tail == b""
    assert reading.entries[0].kind == "CaptureStarted"
    assert [entry.data for entry in reading.entries if entry.kind == "Trouble"] == []


def until(condition: Callable[[], bool]) -> bool:
    """Wait for a condition; whether it came true in time."""
    end = time.monotonic() + WAIT_SECONDS
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    directory = tmp_path_factory.mktemp("site")
    authority = directory / "capture-ca.pem"
    authority.write_bytes(ca_certificate(directory / "conf"))
    servers_authority, server_file = write_server_certificates(directory)
    return Site(directory / "conf", authority, servers_authority, server_file)


@pytest.fixture
def start(site: Site, tmp_path: Path) -> Iterator[Callable[..., Captured]]:
    """Start a capture; it is stopped after the test."""
    with ExitStack() as stack:

        def start_one(name: str = "session", **options: object) -> Captured:
            directory = tmp_path / name
            directory.mkdir()
            options.setdefault("upstream_ca", site.servers_authority)
            process = CaptureProcess(directory, tmp_path / "blobs", site.confdir, **options)  # type: ignore[arg-type]
            stack.enter_context(process)
            return Captured(process, directory, BlobStore(tmp_path / "blobs"))

        yield start_one


@pytest.fixture
def own_capture(start: Callable[..., Captured]) -> Captured:
    return start()


@pytest.fixture(scope="session")
def shared_capture(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Captured]:
    directory = tmp_path_factory.mktemp("shared")
    blobs = directory / "blobs"
    with CaptureProcess(directory, blobs, site.confdir, upstream_ca=site.servers_authority) as process:
        captured = Captured(process, directory, BlobStore(blobs), shared=True)
        yield captured
        assert process.stop()
    check_lane(captured.reading())


@pytest.fixture
def capture(shared_capture: Captured) -> Captured:
    """One capture for all tests that need not end it."""
    return replace(shared_capture, since=shared_capture.reading().head.count)


@pytest.fixture
def origin() -> Iterator[Origin]:
    server = Origin()
    yield server
    server.close()


@pytest.fixture
def tls_origin(site: Site) -> Iterator[Origin]:
    server = Origin(site.server_file)
    yield server
    server.close()


@pytest.fixture
def http2_origin(site: Site) -> Iterator[Http2Origin]:
    server = Http2Origin(site.server_file)
    yield server
    server.close()


@pytest.fixture
def python_running(tmp_path: Path) -> Callable[[str, str], str]:
    """A stand-in for the Python that runs a capture: shell words before it, a script around it."""

    def make(shell: str, script: str = "") -> str:
        program = tmp_path / "around.py"
        program.write_text(script or "import runpy\nrunpy.run_module('traffic.capture', run_name='__main__')\n")
        wrapper = tmp_path / "python"
        wrapper.write_text(
            f'#!/bin/sh\nshift 3\n{shell}\nexec {shlex.quote(sys.executable)} -P {shlex.quote(str(program))} "$@"\n'
        )
        wrapper.chmod(0o755)
        return str(wrapper)

    return make
