"""Writes decisions: one signed entry at the end of the lane, under a lock, after everything before it was checked.

EvidenceError
├── DecisionRefused     this decision cannot be made on this case
└── DecisionsDamaged    the lane has faults, so nothing may rest on it or be added; `.faults` lists them
"""

import contextlib
import fcntl
import hashlib
import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from evidence.canonical import Json
from evidence.clock import Clock, SystemClock
from evidence.decisions import (
    DECISIONS_FILE,
    LONGEST_NAME,
    MAX_FILE,
    MAX_LINE,
    Anchor,
    Decision,
    DecisionsReading,
    Person,
    Torn,
    data_trouble,
    decision_line,
    decision_message,
    decisions_in,
)
from evidence.errors import EvidenceError, Fault, storage_failure
from evidence.files import digest_file, write_all
from evidence.keys import SigningKey
from evidence.record import RECORD, SEAL_FILE

__all__ = ["DecisionRefused", "DecisionsBusy", "DecisionsDamaged", "Signer", "anchor_of", "append_decision"]

FINDINGS_FILE = "findings.json"
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


class DecisionRefused(EvidenceError):
    """Nothing was written."""

    exit_code = 65
    default_mend = "Look at the case with `appwitness review CASE`."


class DecisionsBusy(EvidenceError):
    """Another process holds the lane."""

    exit_code = 75
    retryable = True
    default_mend = "Try again in a moment; nothing was written."


class DecisionsDamaged(EvidenceError):
    """Something is wrong with the decisions that are there."""

    exit_code = 65
    default_mend = "Mend every listed fault; an untouched copy of decisions.jsonl may be put back."

    def __init__(self, path: Path, faults: tuple[Fault, ...]):
        told = "".join(f"\n{fault}" for fault in faults)
        super().__init__(f"the decisions in {path} are not as they were signed{told}")
        self.faults = faults


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Who decides, and with which key."""

    name: str
    key: SigningKey


def anchor_of(case_dir: Path) -> Anchor:
    """What a decision made now is about. DecisionRefused when the case is not sealed, or not judged."""
    digests = []
    for place, mend in (
        (f"{RECORD}/{SEAL_FILE}", "Seal the case first, with `appwitness seal CASE`."),
        (FINDINGS_FILE, "Judge the case first, with `appwitness judge CASE`."),
    ):
        try:
            digests.append(digest_file(case_dir / place)[0])
        except OSError as error:
            raise DecisionRefused(
                f"{case_dir} has no {place} that can be read: {error.strerror or error}", mend=mend
            ) from error
    return Anchor(record_seal=digests[0], findings=digests[1])


def append_decision(
    case_dir: Path,
    kind: str,
    data: Mapping[str, Json],
    signer: Signer,
    *,
    clock: Clock | None = None,
    allow: Callable[[DecisionsReading, Anchor], None] = lambda _, __: None,
) -> Decision:
    """Sign a decision and put it at the end of the lane. Once this returns, it is on the disk.

    `allow` sees what was decided before, while nobody else can add anything, and raises to refuse. Raises DecisionRefused,
    DecisionsDamaged, StorageFailed; then nothing was added.
    """
    name = _name_for(kind, data, signer)
    path = case_dir / DECISIONS_FILE
    anchor = anchor_of(case_dir)
    with _Locked(path) as lane:
        before = decisions_in(lane.content(), anchor.record_seal)
        if before.faults:
            raise DecisionsDamaged(path, before.faults)
        allow(before, anchor)
        person = Person(name=name, public_key=signer.key.public)
        tail = before.torn_tail
        decision = Decision(
            seq=before.head.count,
            prev=before.head.digest,
            wall_ns=(clock or SystemClock()).now().wall_ns,
            kind=kind,
            person=person,
            anchor=anchor,
            torn=Torn(size=len(tail), digest=hashlib.sha256(tail).hexdigest()) if tail else None,
            data=data,
        )
        line = decision_line(decision, signer.key.sign(decision_message(decision)).hex())
        if len(line) > MAX_LINE:
            raise DecisionRefused(f"a decision of {len(line)} bytes; at most {MAX_LINE} fit", mend="Say it shorter.")
        lane.append(line + b"\n", cut=len(tail))
    return replace(decision, digest=hashlib.sha256(line).hexdigest())


def _name_for(kind: str, data: Mapping[str, Json], signer: Signer) -> str:
    """The name as it is written down. DecisionRefused for what no entry may hold."""
    name = signer.name.strip()
    if not name or not name.isprintable() or len(name) > LONGEST_NAME:
        raise DecisionRefused(
            f"a decision needs a name of 1 to {LONGEST_NAME} printable characters", mend="Use --as NAME."
        )
    if trouble := data_trouble(kind, data):
        raise DecisionRefused(f"this decision cannot be written: {trouble}", mend="Say why, with --reason.")
    return name


class _Locked:
    """The lane's file, which nobody else who asks for it this way can change meanwhile."""

    def __init__(self, path: Path):
        self._path = path

    def __enter__(self) -> "_Locked":
        try:
            self._handle = os.open(self._path, _FLAGS, 0o666)
        except OSError as error:
            raise storage_failure(self._path, error) from error
        try:
            self._take()
        except BaseException:
            os.close(self._handle)
            raise
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._handle)

    def _take(self) -> None:
        status = os.fstat(self._handle)
        if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_FILE:
            raise DecisionRefused(
                f"{self._path} is no file of decisions", mend="Move it away, and look who put it there."
            )
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DecisionsBusy(f"another process is writing to {self._path}") from error
        except OSError as error:
            raise storage_failure(self._path, error) from error

    def content(self) -> bytes:
        """Everything that is there."""
        try:
            with os.fdopen(os.dup(self._handle), "rb") as stream:
                stream.seek(0)
                return stream.read()
        except OSError as error:
            raise storage_failure(self._path, error) from error

    def append(self, line: bytes, *, cut: int) -> None:
        """Put a line in the place of a torn tail of `cut` bytes. What a full disk took half of is taken back."""
        whole = os.fstat(self._handle).st_size - cut
        try:
            if cut:
                os.ftruncate(self._handle, whole)
            write_all(self._handle, line)
            os.fsync(self._handle)
        except OSError as error:
            with contextlib.suppress(OSError):
                os.ftruncate(self._handle, whole)
            raise storage_failure(self._path, error) from error
