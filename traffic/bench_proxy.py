"""What the capture costs: CPU time and latency of a request through it, beside mitmdump, bare mitmproxy and no proxy.

All of them run in the same minutes on the same machine and take turns, so that only the ratios need to be believed.
"""

import argparse
import contextlib
import json
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from evidence.clock import Clock, Deadline, SystemClock
from traffic.process import CaptureProcess, ca_certificate

__all__ = ["bench_proxy"]

_BODY = b"b" * 1024
_READY_SECONDS = 30
_MITMDUMP = "import sys; from mitmproxy.tools.main import mitmdump; mitmdump(sys.argv[1:])"
_BARE = """
import asyncio, sys
from mitmproxy.addons import core, next_layer, proxyserver, tlsconfig
from mitmproxy.master import Master
from mitmproxy.options import Options
async def run():
    master = Master(Options(), with_termlog=False)
    master.addons.add(core.Core(), proxyserver.Proxyserver(), next_layer.NextLayer(), tlsconfig.TlsConfig())
    master.options.update(mode=[sys.argv[1]], confdir=sys.argv[2], ssl_verify_upstream_trusted_ca=sys.argv[3])
    await master.run()
asyncio.run(run())
"""


@dataclass(slots=True)
class _Contender:
    """One way from the client to the server."""

    name: str
    port: int | None
    """None: no proxy."""
    process: psutil.Process | None
    cpu_ms: list[float] = field(default_factory=list)
    latency_us: list[int] = field(default_factory=list)
    """The median of each round."""
    connection_cpu_ms: list[float] = field(default_factory=list)
    connection_us: list[int] = field(default_factory=list)


def bench_proxy(*, requests: int = 300, connections: int = 20, rounds: int = 4) -> dict[str, object]:
    """Send requests of 1 KB over HTTPS on kept connections, and open new ones, in turns.

    Returns figures by contender, and the ratios that matter: CPU against mitmdump, latency against bare mitmproxy.
    """
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        certificate, server_file = _certificate(directory)
        server_port = stack.enter_context(_server(server_file))
        trust = directory / "authority.pem"
        trust.write_bytes(ca_certificate(directory / "conf") + certificate.read_bytes())
        context = ssl.create_default_context(cafile=str(trust))
        contenders = _contenders(stack, directory, certificate)
        clock = SystemClock()
        for number in range(rounds):
            for contender in contenders[number % len(contenders) :] + contenders[: number % len(contenders)]:
                _run_requests(contender, server_port, context, requests, clock)
                _run_connections(contender, server_port, context, connections, clock)
        return _summary(contenders)


def _contenders(stack: ExitStack, directory: Path, certificate: Path) -> list[_Contender]:
    session = directory / "session"
    session.mkdir()
    capture = stack.enter_context(
        CaptureProcess(session, directory / "blobs", directory / "conf", upstream_ca=certificate)
    )
    confdir, trusted = str(directory / "conf"), f"ssl_verify_upstream_trusted_ca={certificate}"
    mitmdump = ["--listen-host", "127.0.0.1", "--set", f"confdir={confdir}", "--set", trusted, "--listen-port"]
    dump_port, bare_port = _free_port(), _free_port()
    dump = stack.enter_context(_proxy([_MITMDUMP, *mitmdump, str(dump_port)], dump_port))
    bare = stack.enter_context(_proxy([_BARE, f"regular@127.0.0.1:{bare_port}", confdir, str(certificate)], bare_port))
    return [
        _Contender("direct", None, None),
        _Contender("capture", capture.port, psutil.Process(capture.pid)),
        _Contender("mitmdump", dump_port, psutil.Process(dump)),
        _Contender("bare", bare_port, psutil.Process(bare)),
    ]


def _summary(contenders: list[_Contender]) -> dict[str, object]:
    figures = {contender.name: _figures(contender) for contender in contenders}
    return {
        **figures,
        "ratios": {
            "cpu_to_mitmdump": _ratio(figures, "capture", "mitmdump", "cpu_ms_per_request"),
            "connection_cpu_to_mitmdump": _ratio(figures, "capture", "mitmdump", "cpu_ms_per_connection"),
            "latency_to_bare": _ratio(figures, "capture", "bare", "added_latency_p50_ms"),
        },
    }


def _figures(contender: _Contender) -> dict[str, float]:
    figures = {
        # The least of all rounds, here as for the CPU: whatever else runs on the machine only ever adds to it.
        "latency_p50_ms": round(min(contender.latency_us) / 1000, 3),
        "connection_p50_ms": round(statistics.median(contender.connection_us) / 1000, 3),
    }
    if contender.process is not None:
        figures["cpu_ms_per_request"] = round(min(contender.cpu_ms), 3)
        figures["cpu_ms_per_connection"] = round(min(contender.connection_cpu_ms), 3)
        figures["peak_mb"] = round(contender.process.memory_info().rss / 1e6, 1)
    return figures


def _ratio(figures: Mapping[str, Mapping[str, float]], one: str, other: str, name: str) -> float:
    def value(contender: str) -> float:
        if name == "added_latency_p50_ms":
            return figures[contender]["latency_p50_ms"] - figures["direct"]["latency_p50_ms"]
        return figures[contender][name]

    return round(value(one) / value(other), 3)


def _run_requests(
    contender: _Contender, server_port: int, context: ssl.SSLContext, requests: int, clock: Clock
) -> None:
    with _connect(contender, server_port, context) as client:
        _exchange(client)
        before = _cpu_ms(contender)
        spent = []
        for _ in range(requests):
            began = clock.monotonic_ns()
            _exchange(client)
            spent.append((clock.monotonic_ns() - began) // 1000)
        contender.latency_us.append(round(statistics.median(spent)))
        contender.cpu_ms.append((_cpu_ms(contender) - before) / requests)


def _run_connections(
    contender: _Contender, server_port: int, context: ssl.SSLContext, connections: int, clock: Clock
) -> None:
    before = _cpu_ms(contender)
    for _ in range(connections):
        began = clock.monotonic_ns()
        with _connect(contender, server_port, context) as client:
            _exchange(client)
        contender.connection_us.append((clock.monotonic_ns() - began) // 1000)
    contender.connection_cpu_ms.append((_cpu_ms(contender) - before) / connections)


def _cpu_ms(contender: _Contender) -> float:
    if contender.process is None:
        return 0
    try:
        # To the nanosecond; what psutil reads counts in hundredths of a second.
        spent = [
            path.read_text().split()[0] for path in Path(f"/proc/{contender.process.pid}/task").glob("*/schedstat")
        ]
        return sum(map(int, spent)) / 1e6
    except (OSError, IndexError, ValueError):
        times = contender.process.cpu_times()
        return (times.user + times.system) * 1000


def _connect(contender: _Contender, server_port: int, context: ssl.SSLContext) -> ssl.SSLSocket:
    client = socket.create_connection(("127.0.0.1", contender.port or server_port), timeout=_READY_SECONDS)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if contender.port is not None:
        client.sendall(f"CONNECT localhost:{server_port} HTTP/1.1\r\n\r\n".encode())
        _receive(client, b"\r\n\r\n")
    return context.wrap_socket(client, server_hostname="localhost")


def _exchange(client: socket.socket) -> None:
    client.sendall(b"POST /v1/log HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s" % (len(_BODY), _BODY))
    _receive(client, _BODY)


def _receive(client: socket.socket, end: bytes) -> None:
    received = b""
    while not received.endswith(end):
        piece = client.recv(65536)
        if not piece:
            raise ConnectionError("the connection was closed in the middle of an answer")
        received += piece


@contextmanager
def _proxy(command: list[str], port: int) -> Iterator[int]:
    """Run a Python one-liner that listens; gives its process id."""
    with _python(["-c", *command], stdout=subprocess.DEVNULL) as process:
        clock = SystemClock()
        deadline = Deadline(clock, _READY_SECONDS)
        while not _listens(port):
            if deadline.passed() or process.poll() is not None:
                raise TimeoutError(f"nothing listens on port {port}")
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.05)
        yield process.pid


@contextmanager
def _server(server_file: Path) -> Iterator[int]:
    with _python(["-m", "traffic.bench_proxy", "--serve", str(server_file)]) as process:
        if process.stdout is None:
            raise RuntimeError("the server has no output")
        yield int(process.stdout.readline())


@contextmanager
def _python(arguments: list[str], *, stdout: int = subprocess.PIPE) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-P", *arguments], stdout=stdout, stdin=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _serve(server_file: Path) -> None:
    """Answer 1 KB to every request of 1 KB, one connection after the other."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server_file)
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(_BODY), _BODY)
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        print(listener.getsockname()[1], flush=True)  # noqa: T201  told to the process that started this one
        while True:
            client, _ = listener.accept()
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with contextlib.suppress(OSError), context.wrap_socket(client, server_side=True) as connection:
                while True:
                    _receive(connection, _BODY)
                    connection.sendall(answer)


def _certificate(directory: Path) -> tuple[Path, Path]:
    """A certificate for localhost that vouches for itself, alone and with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    moment = datetime.fromtimestamp(SystemClock().now().wall_ns // 1_000_000_000, UTC)
    certificate = (
        x509.CertificateBuilder()
        .serial_number(x509.random_serial_number())
        .subject_name(name)
        .issuer_name(name)
        .not_valid_before(moment - timedelta(days=1))
        .not_valid_after(moment + timedelta(days=1))
        .public_key(key.public_key())
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
        .public_bytes(Encoding.PEM)
    )
    alone, with_key = directory / "server-certificate.pem", directory / "server.pem"
    alone.write_bytes(certificate)
    with_key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + certificate)
    return alone, with_key


def _main() -> None:
    parser = argparse.ArgumentParser(prog="python -m traffic.bench_proxy", description=__doc__)
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--requests", type=int, default=300)
    parser.add_argument("--connections", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=4)
    options = parser.parse_args()
    if options.serve:
        _serve(options.serve)
    figures = bench_proxy(requests=options.requests, connections=options.connections, rounds=options.rounds)
    print(json.dumps(figures, indent=2))  # noqa: T201  the result


if __name__ == "__main__":
    _main()
