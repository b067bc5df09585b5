"""What personal data a package has touched, as the app-ops service tells it.

Two forms, both read by parse_ops:

    cmd appops get PKG                 FINE_LOCATION: allow; time=+25s67ms ago; rejectTime=+2h ago (running)
    dumpsys appops --package PKG       Package PKG:
                                         READ_CONTACTS (allow):
                                           null=[
                                             Access: [fg-s] 2026-05-04 18:21:05.152 (-8m56s585ms) duration=+33ms

`time=+20166d..` is the epoch, hence never. Xiaomi writes its own operations as MIUIOP(10022).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from crawler.device.dumps.durations import parse_ago

__all__ = ["OpSample", "OpState", "parse_ops"]

OpState = Literal["top", "fg", "bg"]

_STATES: dict[str, OpState] = {
    "top": "top",
    "pers": "fg",
    "fgsvcl": "fg",
    "fgsvc": "fg",
    "fg": "fg",
    "bg": "bg",
    "cch": "bg",
}
_MAX_LINE = 1000
_MAX_OPS = 2000
_NAME = r"(?P<op>[A-Z][A-Z0-9_]{1,80}(?:\(\d{1,6}\))?|[a-z][\w.]*:[\w.:]{1,100})"
_FLAT = re.compile(
    r"^\s*(?:Uid mode: )?" + _NAME + r": (?:mode=)?(?P<mode>[a-z]{1,20}|\d)(?P<rest>;.*|\s*\(running\))?\s*$"
)
_HEAD = re.compile(r"^\s+" + _NAME + r" \((?P<mode>[a-z]{1,20})(?: / switch [^)]*)?\):(?P<rest>.*)$")
_PACKAGE = re.compile(r"^\s+Package (?P<package>[\w.]{1,255}):\s*$")
_UID = re.compile(r"^\s+Uid \w+:\s*$")
_EVENT = re.compile(r"^\s*(?P<what>Access|Reject): ?\[(?P<state>[a-z]{1,10})[^\]]*\] ?[^(]*\((?P<ago>[-+\w]{1,40})\)")
_PART = re.compile(r"\b(?P<key>time|rejectTime)=(?P<ago>\+?[\w]{1,40}) ago")
_RUNNING = re.compile(r"^\s*Running start at: ")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpSample:
    """One operation of one package, at the moment of the dump."""

    op: str
    mode: str
    accessed_ago_ms: int | None
    """None: never, or not told."""
    rejected_ago_ms: int | None
    state: OpState | None
    """In which state the app was at the last access; the short form of the dump does not tell."""
    running: bool
    """The access is going on."""


def parse_ops(text: str, package: str) -> tuple[OpSample, ...]:
    """The operations of one package, each once, ordered by name. What does not look like either form is skipped."""
    lines = [line[:_MAX_LINE] for line in text.splitlines()]
    # Only the short form may be read without regard to whom a line belongs: it is about one package.
    long_form = any(_PACKAGE.match(line) or _UID.match(line) or line.startswith("Current AppOps") for line in lines)
    samples = _from_dump(lines, package) if long_form else _from_get(lines)
    return tuple(samples[op] for op in sorted(samples))[:_MAX_OPS]


def _from_get(lines: Iterable[str]) -> dict[str, OpSample]:
    samples: dict[str, OpSample] = {}
    for line in lines:
        found = _FLAT.match(line)
        if found:
            _merge(samples, _with_parts(_blank(found["op"], found["mode"]), found["rest"] or ""))
    return samples


def _from_dump(lines: Iterable[str], package: str) -> dict[str, OpSample]:
    samples: dict[str, OpSample] = {}
    inside = False
    current: str | None = None
    for line in lines:
        owner = _PACKAGE.match(line)
        if owner or _UID.match(line):
            inside = owner is not None and owner["package"] == package
            current = None
            continue
        if not inside:
            continue
        head = _HEAD.match(line) or _FLAT.match(line)
        if head:
            current = head["op"]
            _merge(samples, _with_parts(_blank(current, head["mode"]), head["rest"] or ""))
        elif current is not None:
            samples[current] = _with_event(samples[current], line)
    return samples


def _blank(op: str, mode: str) -> OpSample:
    return OpSample(op=op, mode=mode, accessed_ago_ms=None, rejected_ago_ms=None, state=None, running=False)


def _merge(samples: dict[str, OpSample], new: OpSample) -> None:
    """An operation may be told twice, for the uid and for the package: times of either, mode of the later."""
    old = samples.get(new.op)
    if old is None:
        samples[new.op] = new
        return
    samples[new.op] = replace(
        new,
        accessed_ago_ms=_latest(old.accessed_ago_ms, new.accessed_ago_ms),
        rejected_ago_ms=_latest(old.rejected_ago_ms, new.rejected_ago_ms),
        state=new.state or old.state,
        running=new.running or old.running,
    )


def _with_parts(sample: OpSample, rest: str) -> OpSample:
    times = {found["key"]: parse_ago(found["ago"]) for found in _PART.finditer(rest)}
    return replace(
        sample,
        accessed_ago_ms=times.get("time"),
        rejected_ago_ms=times.get("rejectTime"),
        running="(running)" in rest,
    )


def _with_event(sample: OpSample, line: str) -> OpSample:
    """One line below an operation. Each state has a line of its own: the latest counts."""
    if _RUNNING.match(line):
        return replace(sample, running=True)
    found = _EVENT.match(line)
    ago = parse_ago(found["ago"]) if found else None
    if found is None or ago is None:
        return sample
    if found["what"] == "Reject":
        return replace(sample, rejected_ago_ms=_latest(sample.rejected_ago_ms, ago))
    if sample.accessed_ago_ms is None or ago < sample.accessed_ago_ms:
        return replace(sample, accessed_ago_ms=ago, state=_STATES.get(found["state"]))
    return sample


def _latest(one: int | None, other: int | None) -> int | None:
    known = [ago for ago in (one, other) if ago is not None]
    return min(known, default=None)
