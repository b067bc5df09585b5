"""What watches the device while a session runs: log, sockets, clock, app ops. Each writes into the device lane at once.

Their threads never hold up the session: trouble of theirs is written down as such, and they try again.
"""

import logging
from collections.abc import Callable
from threading import Event, Thread
from types import TracebackType
from typing import Self

from crawler.device.driver import DeviceDriver
from crawler.device.errors import DeviceError
from crawler.device.log_reader import LogReader
from crawler.device.samplers import OpsSampler, sample_clock, sample_permissions
from crawler.device.socket_poller import SocketPoller, proxy_port_of
from evidence.blobs import BlobStore
from evidence.clock import Clock, Deadline
from evidence.errors import EvidenceError
from evidence.lanes import LaneWriter

__all__ = ["Instruments"]

_LOG = logging.getLogger(__name__)
_CLOCK_SECONDS = 60.0
_OPS_SECONDS = 5.0
_STOP_SECONDS = 10.0


class Instruments:
    """Runs inside its `with` block. `uid`: of the inspected app; `proxy_port`: on the device, else read from it."""

    def __init__(
        self,
        driver: DeviceDriver,
        lane: LaneWriter,
        blobs: BlobStore,
        clock: Clock,
        package: str,
        uid: int | None,
        *,
        proxy_port: int | None = None,
    ):
        self._driver = driver
        self._lane = lane
        self._clock = clock
        self._package = package
        self._uid = uid
        self._proxy_port = proxy_port
        self._ops = OpsSampler(driver, lane, blobs, package)
        self._stopping = Event()
        self._threads: list[Thread] = []
        self._logs: LogReader | None = None
        self._failure: EvidenceError | None = None

    def __enter__(self) -> Self:
        """Everything is running, and has taken its first reading, when this returns."""
        offset_ns = sample_clock(self._driver, self._lane)
        sample_permissions(self._driver, self._lane, self._package)
        self._ops.sample(always=True)
        if self._proxy_port is None:
            self._proxy_port = proxy_port_of(self._driver.shell("settings get global http_proxy").output)
        self._logs = LogReader(self._driver, self._lane, self._clock.now().wall_ns + offset_ns)
        poller = SocketPoller(self._driver, self._lane, proxy_port=self._proxy_port, uid=self._uid)
        self._start("log reader", self._logs.run)
        self._start("socket poller", poller.run)
        self._start("sampler", self._sample_regularly)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Last readings; the error of the block, if any, goes on. A record that is full is raised, if nothing else is."""
        self._stopping.set()
        if self._logs is not None:
            self._logs.interrupt()
        deadline = Deadline(self._clock, _STOP_SECONDS)
        for thread in self._threads:
            thread.join(deadline.remaining())
        if error is None:
            self._attempt("permissions", lambda: sample_permissions(self._driver, self._lane, self._package))
            self._attempt("clock", lambda: sample_clock(self._driver, self._lane))
            if self._failure is not None:
                raise self._failure

    def sample_ops(self) -> None:
        """Write down the app ops now. Trouble with it is a fact."""
        self._attempt("app ops", lambda: self._ops.sample(always=True))

    def sample_permissions(self) -> None:
        """Write down the runtime permissions now. Trouble with it is a fact."""
        self._attempt("permissions", lambda: sample_permissions(self._driver, self._lane, self._package))

    def _start(self, name: str, work: Callable[[Event], None]) -> None:
        def run() -> None:
            try:
                work(self._stopping)
            except EvidenceError as error:
                # The record takes no more: the session will meet the same, and __exit__ tells it.
                self._failure = error
                _LOG.warning("the %s stopped: %s", name, error)

        thread = Thread(target=run, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _sample_regularly(self, stopping: Event) -> None:
        clock_due = Deadline(self._clock, _CLOCK_SECONDS)
        while not stopping.wait(_OPS_SECONDS):
            self._attempt("app ops", lambda: self._ops.sample(always=False))
            if clock_due.passed():
                self._attempt("clock", lambda: sample_clock(self._driver, self._lane))
                clock_due = Deadline(self._clock, _CLOCK_SECONDS)

    def _attempt(self, what: str, read: Callable[[], object]) -> None:
        try:
            read()
        except DeviceError as error:
            self._lane.append("Trouble", {"where": what, "what": str(error)[:2000], "mend": error.mend[:2000]})
