"""Single readings of the device that become facts: its clock, its app ops, its permissions."""

import re
import shlex

from crawler.device.conversation import Answer, Conversation
from crawler.device.driver import DeviceDriver
from crawler.device.dumps import OpSample, parse_ops, parse_package
from crawler.device.errors import CommandFailed
from evidence.blobs import BlobStore
from evidence.canonical import Json
from evidence.lanes import LaneWriter

__all__ = ["OpsSampler", "sample_clock", "sample_permissions"]

_CLOCK_QUESTIONS = 6
_ANSWER_SECONDS = 5.0
_DUMP_SECONDS = 20.0
_MAX_OPS_FACT = 500
_SAME_ACCESS_NS = 1_500_000_000
"""Two dumps place one access this far apart at most: they round, and their own time is not exactly known."""


def sample_clock(driver: DeviceDriver, lane: LaneWriter) -> int:
    """Compare the device's clock with ours: of several questions, the one answered soonest. Returns device minus host."""
    with Conversation(driver, "date +%s%N") as conversation:
        answers = [conversation.ask(_ANSWER_SECONDS) for _ in range(_CLOCK_QUESTIONS)]
    best = min(answers, key=_round_trip)
    found = re.fullmatch(r"([0-9]{16,19})", best.text.strip())
    if found is None:
        raise CommandFailed(
            f"device {driver.serial} does not tell its time in nanoseconds: {best.text.strip()[:100]!r}"
        )
    device_ns = int(found[1])
    host_wall_ns = best.asked.wall_ns + _round_trip(best) // 2
    lane.append(
        "ClockSampled",
        {
            "device_wall_ns": device_ns,
            "host_wall_ns": host_wall_ns,
            "host_mono_ns": best.asked.mono_ns + _round_trip(best) // 2,
            "rtt_ns": _round_trip(best),
        },
    )
    return device_ns - host_wall_ns


def _round_trip(answer: Answer) -> int:
    return answer.answered.mono_ns - answer.asked.mono_ns


def sample_permissions(driver: DeviceDriver, lane: LaneWriter, package: str) -> None:
    """The package's runtime permissions as they stand now."""
    dump = parse_package(driver.shell(f"dumpsys package {shlex.quote(package)}", _DUMP_SECONDS).output, package)
    if dump is None:
        raise CommandFailed(f"device {driver.serial} does not describe {package}")
    rows: list[Json] = [{"name": p.name, "granted": p.granted, "flags": list(p.flags)} for p in dump.permissions]
    lane.append("PermissionsSampled", {"package": package, "permissions": rows})


class OpsSampler:
    """Reads the app ops of one package. The system keeps only each operation's latest access: look often."""

    def __init__(self, driver: DeviceDriver, lane: LaneWriter, blobs: BlobStore, package: str):
        self._driver = driver
        self._lane = lane
        self._blobs = blobs
        self._package = package
        self._known: dict[tuple[str, str], int] = {}
        """(operation, accessed or rejected) -> when, in our monotonic time."""

    def sample(self, *, always: bool) -> None:
        """Write a fact; unless `always`, only when an operation was used since the last one."""
        clock = self._driver.clock
        started = clock.monotonic_ns()
        text, ops = self._read()
        finished = clock.monotonic_ns()
        if not self._note(ops, finished) and not always:
            return
        raw = text.encode("utf-8", "replace")
        self._lane.append(
            "OpsSampled",
            {
                "package": self._package,
                "ops": [_op_fact(op) for op in ops[:_MAX_OPS_FACT]],
                "raw": {"blob": self._blobs.put(raw), "size": len(raw)},
                "started": started,
                "finished": finished,
            },
        )

    def _read(self) -> tuple[str, tuple[OpSample, ...]]:
        """The long dump tells in which state the app was; where it knows nothing of the package, the short one."""
        package = shlex.quote(self._package)
        text = self._driver.shell(f"dumpsys appops --package {package}", _DUMP_SECONDS).output
        ops = parse_ops(text, self._package)
        if not ops:
            text = self._driver.shell(f"cmd appops get {package}", _DUMP_SECONDS).output
            ops = parse_ops(text, self._package)
        return text, ops

    def _note(self, ops: tuple[OpSample, ...], now_ns: int) -> bool:
        """Remember when each operation was used; True when one was used anew."""
        fresh = False
        for op in ops:
            for what, ago in (("accessed", op.accessed_ago_ms), ("rejected", op.rejected_ago_ms)):
                if ago is None:
                    continue
                when = now_ns - ago * 1_000_000
                known = self._known.get((op.op, what))
                fresh = fresh or known is None or when > known + _SAME_ACCESS_NS
                self._known[op.op, what] = max(when, known or when)
        return fresh


def _op_fact(op: OpSample) -> dict[str, Json]:
    return {
        "op": op.op,
        "mode": op.mode,
        "accessed_ago_ms": op.accessed_ago_ms,
        "rejected_ago_ms": op.rejected_ago_ms,
        "state": op.state,
        "running": op.running,
    }
