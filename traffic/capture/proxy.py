"""Puts the capture together: lane, blobs, mitmproxy's master with four of its addons, and ours."""

# mypy: untyped-calls-exclude=mitmproxy

import asyncio
import errno
import gc
import hashlib
import logging
import platform
import signal
from collections.abc import Callable
from pathlib import Path

import certifi
from mitmproxy import version
from mitmproxy.addons.core import Core
from mitmproxy.addons.dns_resolver import DnsResolver
from mitmproxy.addons.next_layer import NextLayer
from mitmproxy.addons.proxyserver import Proxyserver
from mitmproxy.addons.tlsconfig import TlsConfig
from mitmproxy.addons.upstream_auth import UpstreamAuth
from mitmproxy.certs import DEFAULT_DHPARAM
from mitmproxy.connection import Client
from mitmproxy.master import Master
from mitmproxy.options import CONF_BASENAME, Options
from mitmproxy.proxy.server_hooks import ServerConnectionHookData

from evidence.blobs import BlobStore
from evidence.canonical import Json
from evidence.clock import SystemClock
from evidence.errors import StorageFailed, storage_failure
from evidence.files import write_whole
from evidence.lanes import LaneWriter
from traffic.authority import ca_certificate
from traffic.capture.addon import CaptureAddon, TroubleLog
from traffic.capture.exchanges import BodyLimits, ExchangeRecorder
from traffic.capture.raw import RawRecorder
from traffic.capture.settings import CaptureSettings
from traffic.capture.streams import observe_exchanges
from traffic.capture.thrift import QuickAddons, compare_quickly, join_writes, skip_type_checks
from traffic.modes import blind_spots

__all__ = ["Capture", "ListenFailed"]


class ListenFailed(Exception):
    """The port could not be opened."""

    exit_code = 69

    def __init__(self, message: str, mend: str):
        super().__init__(message)
        self.mend = mend


class Capture:
    """One capture. Must be made inside a running event loop; mitmproxy allows one in a process."""

    def __init__(self, settings: CaptureSettings):
        self._settings = settings
        self._failure: StorageFailed | None = None
        self._reason = "stopped"
        trusted = _prepare_confdir(settings)
        clock = SystemClock()
        self._lane_path = settings.directory / "traffic.jsonl"
        self._lane = LaneWriter(self._lane_path, "traffic", clock)
        # Waiting for the disk at every body would hold up the app; the lane's own regular sync bounds the loss.
        blobs = BlobStore(settings.blobs, durable=False)
        limits = BodyLimits(request=settings.request_keep, response=settings.response_keep)
        self._addon = CaptureAddon(
            self._lane,
            ExchangeRecorder(self._lane, blobs, clock, limits, settings.directory),
            RawRecorder(self._lane, blobs, settings.directory),
            settings.stream_above,
            self._storage_failed,
        )
        self._proxyserver = Proxyserver()
        self._master = self._make_master(trusted)

    async def run(self, announce: Callable[[int], None]) -> None:
        """Listen and record until stopped. `announce` is told the port.

        ListenFailed when the port cannot be opened, StorageFailed when the record could not be written any more.
        """
        stop_observing = observe_exchanges(self._addon, self._master.addons.trigger, self._settings.stream_above)
        try:
            await self._run(announce)
        except ListenFailed:
            # Nothing was recorded, and a lane is never continued: leave no file in the way of the next try.
            self._lane.close()
            self._lane_path.unlink()
            raise
        finally:
            stop_observing()
            self._close()
        if self._failure is not None:
            raise self._failure

    def stop(self, reason: str) -> None:
        """End the capture. May be called from any thread."""
        self._reason = reason
        self._master.shutdown()

    async def _run(self, announce: Callable[[int], None]) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop, signal.Signals(number).name)
        ready = _Ready()
        self._master.addons.add(ready)
        running = asyncio.create_task(self._master.run())
        await asyncio.wait([running, asyncio.create_task(ready.event.wait())], return_when=asyncio.FIRST_COMPLETED)
        if not running.done():
            port = self._port()
            self._record_start(port)
            logging.getLogger().addHandler(TroubleLog(self._addon))
            # What was made until here lives as long as the process: spare the collector from looking at it again.
            gc.collect()
            gc.freeze()
            announce(port)
        await running

    def _port(self) -> int:
        server = next(iter(self._proxyserver.servers))
        if server.last_exception is not None:
            raise _listen_failure(server.last_exception, self._settings)
        return int(server.listen_addrs[0][1])

    def _make_master(self, trusted: Path | None) -> Master:
        settings = self._settings
        skip_type_checks()
        compare_quickly()
        master = Master(Options(), with_termlog=False)
        master.addons = QuickAddons(master)
        addons = [
            self._addon,
            _JoinedWrites(self._proxyserver),
            Core(),
            self._proxyserver,
            NextLayer(),
            TlsConfig(),
            UpstreamAuth(),
        ]
        if settings.mode_name == "wireguard":
            addons.append(DnsResolver())
        master.addons.add(*addons)
        # Only now, when the addons have declared their options.
        master.options.update(
            mode=[settings.mode_spec],
            confdir=str(settings.confdir),
            # The app's TLS is answered before any server is asked: what it trusts must not depend on the server.
            connection_strategy="lazy",
            upstream_cert=False,
            # Odd requests are the app's own business; refusing them would change what is observed.
            validate_inbound_headers=False,
            ssl_verify_upstream_trusted_ca=str(trusted) if trusted else None,
            upstream_auth=settings.upstream.credentials if settings.upstream else None,
        )
        # mitmproxy logs several lines for each request; below this level they cost nearly nothing.
        logging.getLogger("mitmproxy").setLevel(logging.WARNING)
        return master

    def _record_start(self, port: int) -> None:
        settings = self._settings
        self._lane.append(
            "CaptureStarted",
            {
                "mode": settings.mode_name,
                "port": port,
                "mitmproxy": version.VERSION,
                "python": platform.python_version(),
                "upstream": settings.upstream.address if settings.upstream else None,
                "blind_spots": list(blind_spots(settings.mode_name)),
                "kept": {"request": settings.request_keep, "response": settings.response_keep},
            },
        )

    def _storage_failed(self, failure: StorageFailed) -> None:
        if self._failure is None:
            self._failure = failure
            self.stop("the record cannot be written")

    def _close(self) -> None:
        if self._lane.head.count == 0:
            return  # never listened
        try:
            self._addon.end()
            closing: dict[str, Json] = {
                "count": self._lane.head.count,
                "reason": self._reason,
                "troubles": self._addon.troubles,
            }
            self._lane.append("LaneClosed", closing)
            self._lane.close()
        except StorageFailed as failure:
            self._failure = self._failure or failure


class _JoinedWrites:
    """An addon that has each connection send with few system calls."""

    def __init__(self, proxyserver: Proxyserver):
        self._handlers = proxyserver.connections

    def client_connected(self, client: Client) -> None:
        if handler := self._handlers.get(client.id):
            join_writes(handler, client)

    def server_connected(self, data: ServerConnectionHookData) -> None:
        if handler := self._handlers.get(data.client.id):
            join_writes(handler, data.server)


class _Ready:
    """An addon that waits for mitmproxy to have tried to listen."""

    def __init__(self) -> None:
        self.event = asyncio.Event()

    def running(self) -> None:
        self.event.set()


def _prepare_confdir(settings: CaptureSettings) -> Path | None:
    """Make what several captures that start together would each try to make. Returns the certificates to trust."""
    ca_certificate(settings.confdir)
    try:
        settings.blobs.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise storage_failure(settings.blobs, error) from error
    parameters = settings.confdir / f"{CONF_BASENAME}-dhparam.pem"
    if not parameters.exists():
        write_whole(parameters, [DEFAULT_DHPARAM])
    if settings.upstream_ca is None:
        return None
    try:
        content = settings.upstream_ca.read_bytes() + b"\n" + Path(certifi.where()).read_bytes()
    except OSError as error:
        raise storage_failure(settings.upstream_ca, error) from error
    trusted = settings.confdir / f"trusted-{hashlib.sha256(content).hexdigest()[:16]}.pem"
    if not trusted.exists():
        write_whole(trusted, [content])
    return trusted


def _listen_failure(cause: Exception, settings: CaptureSettings) -> ListenFailed:
    place = f"{settings.listen_host}:{settings.listen_port}"
    number = cause.errno if isinstance(cause, OSError) else None
    if number == errno.EADDRINUSE:
        return ListenFailed(
            f"port {settings.listen_port} is taken",
            "End the program that listens there, or ask for port 0 (any free port).",
        )
    if number in (errno.EACCES, errno.EPERM):
        return ListenFailed(f"not allowed to listen at {place}", "Choose a port above 1023, or port 0 (any free port).")
    # Newer Pythons put the number into words when they have tried every address of a name.
    if number == errno.EADDRNOTAVAIL or "could not bind on any address" in str(cause):
        return ListenFailed(f"this machine has no address {settings.listen_host}", "Choose an address of this machine.")
    return ListenFailed(f"cannot listen at {place}: {cause}", "Choose another port or address.")
