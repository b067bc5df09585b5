"""Unmodified SDKs send planted values through the real capture process; detection has to find every one of them.

For development only: `make test-sdks` installs the SDKs from npm. Everything they send is answered on loopback.
"""

from __future__ import annotations

import json
import os
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from evidence.blobs import BlobStore
from evidence.lanes import read_lane
from tests.traffic.capture.certificates import write_server_certificates
from tests.traffic.capture.conftest import until
from traffic.detect import Detector
from traffic.known import KnownValue
from traffic.process import CaptureProcess, ca_certificate
from traffic.record import CapturedRequest, read_requests

HERE = Path(__file__).resolve().parent
MODULES = HERE / "node_modules"
NODE = shutil.which("node")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium-headless-shell", "chromium", "google-chrome"))), None)
IN_BROWSER = ("mixpanel", "posthog", "sentry", "sensors", "bugsnag", "rollbar", "keen")
VALUES: dict[str, str | float] = {
    "imei": "863915047320184",
    "imsi": "460012983716540",
    "android_id": "b7d20f4c8e13a596",
    "oaid": "3e91c7d4-0b5a-4f28-9d63-8a7e1c2f5b40",
    "mac": "5e:c1:97:0a:d3:4f",
    "phone": "13582047196",
    "email": "mei.lin+decoy@example.org",
    "contact_name": "司马听雨",
    "clipboard": "取件码 WX-58kf3-QP",
    "ssid": "Heron-Loft-4c1",
    "package_list": "org.marigold.lantern.notes",
    "latitude": 31.845217,
    "longitude": 117.218904,
}
KNOWN = tuple(KnownValue(kind=kind, value=str(value), source="planted") for kind, value in VALUES.items())

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(NODE is None, reason="Node is not installed"),
    pytest.mark.skipif(not MODULES.exists(), reason="the SDKs are not installed: `make test-sdks` does it"),
]


class _Answers(BaseHTTPRequestHandler):
    """A page for each SDK of the browser, and an answer in JSON to everything else."""

    protocol_version = "HTTP/1.1"
    bundle = b""
    failures: list[str]

    def do_GET(self) -> None:
        if self.path.startswith("/page/"):
            self._answer(b'<script type="module" src="/bundle.js"></script>', "text/html")
        elif self.path == "/all":
            frames = "".join(f'<iframe src="/page/{name}"></iframe>' for name in IN_BROWSER)
            self._answer(frames.encode(), "text/html")
        elif self.path == "/bundle.js":
            self._answer(self.bundle, "text/javascript")
        elif self.path == "/values.json":
            self._answer(json.dumps(VALUES).encode(), "application/json")
        else:
            self._answer(b'{"status":1,"success":true}', "application/json")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path.startswith("/failed/"):
            self.failures.append(f"{self.path}: {body.decode()[:400]}")
        self._answer(b'{"status":1,"success":true}', "application/json")

    def do_PUT(self) -> None:
        self.do_POST()

    def _answer(self, content: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def server(certificate: Path | None = None, bundle: bytes = b"") -> Iterator[tuple[int, list[str]]]:
    """(port, what pages said of their failures)."""
    failures: list[str] = []
    handler = type("Answers", (_Answers,), {"bundle": bundle, "failures": failures})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as listener:
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            listener.socket = context.wrap_socket(listener.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=listener.serve_forever, daemon=True).start()
        yield listener.server_port, failures
        listener.shutdown()


class Capture:
    """A capture process, and what it recorded so far."""

    def __init__(self, stack: ExitStack, directory: Path) -> None:
        self.directory = directory
        authority, self.server_file = write_server_certificates(directory)
        session = directory / "session"
        session.mkdir()
        self.authority = directory / "authority.pem"
        self.authority.write_bytes(ca_certificate(directory / "conf"))
        self.process = stack.enter_context(
            CaptureProcess(session, directory / "blobs", directory / "conf", upstream_ca=authority)
        )

    def requests(self) -> tuple[CapturedRequest, ...]:
        entries = read_lane(self.directory / "session" / "traffic.jsonl").entries
        return read_requests(entries, BlobStore(self.directory / "blobs"))


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Capture]:
    with ExitStack() as stack:
        yield Capture(stack, tmp_path_factory.mktemp("sdks"))


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector(KNOWN)


def found_kinds(detector: Detector, requests: list[CapturedRequest]) -> set[str]:
    return {hit.kind for request in requests for hit in detector.search(request).hits if hit.standalone}


def names() -> list[str]:
    if NODE is None or not MODULES.exists():
        return ["none"]
    told = subprocess.run([NODE, str(HERE / "node.mjs"), "--names"], capture_output=True, check=False, timeout=30)
    return list(json.loads(told.stdout or b'["none"]'))


@pytest.mark.parametrize("sdk", names())
def test_all_values_that_an_sdk_in_node_sends_are_found(
    sdk: str, capture: Capture, detector: Detector, tmp_path: Path
) -> None:
    values = tmp_path / "values.json"
    values.write_text(json.dumps(VALUES), encoding="utf-8")
    with server(capture.server_file) as (port, _):
        environment = {
            **os.environ,
            "CAPTURE_PORT": str(capture.process.port),
            "SERVER_PORT": str(port),
            "SDK_NAME": sdk,
            "NODE_EXTRA_CA_CERTS": str(capture.authority),
        }
        command = [NODE or "", "--require", str(HERE / "tunnel.cjs"), str(HERE / "node.mjs"), sdk, str(values)]
        run = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, check=False, timeout=60)
        sent = [request for request in capture.requests() if request.host == f"{sdk}.example.test"]
    assert sent, run.stderr.decode()[-2000:]
    assert set(VALUES) - found_kinds(detector, sent) == set(), [request.body[:300] for request in sent]


def bundled(directory: Path) -> bytes:
    made = directory / "bundle.js"
    command = [str(MODULES / ".bin" / "esbuild"), str(HERE / "browser.mjs"), "--bundle", "--format=esm"]
    subprocess.run([*command, f"--outfile={made}"], check=True, capture_output=True, timeout=120)
    return made.read_bytes()


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
def test_all_values_that_sdks_in_a_browser_send_are_found(capture: Capture, detector: Detector, tmp_path: Path) -> None:
    with server(bundle=bundled(tmp_path)) as (port, failures):
        proxy = [f"--proxy-server=http://127.0.0.1:{capture.process.port}", "--proxy-bypass-list=<-loopback>"]
        quiet = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
        profile = [f"--user-data-dir={tmp_path / 'profile'}", "--remote-debugging-port=0"]
        chromium = subprocess.Popen(
            [CHROMIUM or "", *quiet, *proxy, *profile, f"http://localhost:{port}/all"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

        def lost() -> dict[str, set[str]]:
            sent = {name: [r for r in capture.requests() if f"/{name}/" in r.path] for name in IN_BROWSER}
            return {
                name: missing
                for name, requests in sent.items()
                if (missing := set(VALUES) - found_kinds(detector, requests))
            }

        try:
            for _ in range(4):
                if until(lambda: not lost()):
                    break
            assert lost() == {}, failures
        finally:
            chromium.terminate()
            chromium.wait(10)
