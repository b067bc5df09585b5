"""What people decided about a case, each entry signed by its person: a lane of its own, beside the record and its seals.

Reading only; `evidence.deciding` writes. The lane grows after the record was sealed and after findings were made, so no
seal of those can hold it: it holds itself, by its chain and its signatures, and names the record and the findings it is about.
"""

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from evidence.canonical import MAX_INTEGER, Json, from_line, to_line
from evidence.errors import Fault, NotCanonical
from evidence.faults import FaultList, escaped
from evidence.files import open_regular
from evidence.keys import fingerprint, signature_holds

__all__ = [
    "CASE_MOVED",
    "DECISIONS_FILE",
    "FINDING_ACCEPTED",
    "FINDING_DISMISSED",
    "FIRST_PREVIOUS",
    "KINDS",
    "LONGEST_NAME",
    "LONGEST_REASON",
    "MAX_FILE",
    "MAX_LINE",
    "RERUN_ASKED",
    "Anchor",
    "Decision",
    "DecisionsHead",
    "DecisionsReading",
    "Person",
    "Torn",
    "data_trouble",
    "decision_line",
    "decision_message",
    "decisions_in",
    "read_decisions",
]

DECISIONS_FILE = "decisions.jsonl"
"""In the case folder. No seal names it; `verify` checks it when it is there."""
FINDING_ACCEPTED = "FindingAccepted"
FINDING_DISMISSED = "FindingDismissed"
RERUN_ASKED = "RerunAsked"
CASE_MOVED = "CaseMoved"
KINDS = frozenset({FINDING_ACCEPTED, FINDING_DISMISSED, RERUN_ASKED, CASE_MOVED})
FIRST_PREVIOUS = hashlib.sha256(b"appwitness decisions v1").hexdigest()
"""What the first entry carries as `prev`."""
MAX_LINE = 256 * 1024
"""Bytes of the longest entry, without its line end."""
MAX_FILE = 64 * 1024 * 1024
LONGEST_NAME = 200
LONGEST_REASON = 4000

_FIELDS = frozenset(
    {"seq", "prev", "wall", "kind", "name", "public_key", "record_seal", "findings", "torn", "data", "signature"}
)
_PREFIX = b"appwitness decision v1\n"
_HEX = re.compile(r"[0-9a-f]*")
_MEND = "Compare with an untouched copy of this file; nothing may rest on these decisions until it is mended."


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who decided: a name, as its owner writes it, and the key that signed. The key counts, the name is for people."""

    name: str
    public_key: str

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.public_key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """What a decision was made on."""

    record_seal: str
    """SHA-256 of record/seal.json."""
    findings: str
    """SHA-256 of findings.json as it was then. It may have been made anew since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Torn:
    """The beginning of an entry whose writer was killed, cut off before this entry was written. It never was a decision."""

    size: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One thing a person decided."""

    seq: int
    prev: str
    """Digest of the entry before."""
    wall_ns: int
    """By the clock of the person's machine, ns since 1970-01-01 UTC. Orders nothing."""
    kind: str
    person: Person
    anchor: Anchor
    torn: Torn | None
    data: Mapping[str, Json]
    digest: str = ""
    """SHA-256 of the whole line without its line end."""

    @property
    def reason(self) -> str:
        """Why, in the person's words; may be empty when a finding was accepted."""
        return str(self.data.get("reason", ""))

    @property
    def finding(self) -> str:
        """The finding it is about; "" for what is about the case."""
        return str(self.data.get("finding", ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionsHead:
    """The end of the lane: whoever wrote it down earlier can tell whether entries were cut off since."""

    count: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionsReading:
    """What the file holds."""

    decisions: tuple[Decision, ...] = ()
    """Those against which nothing speaks. Where there are faults, what is missing may have said the opposite."""
    faults: tuple[Fault, ...] = ()
    torn_tail: bytes = b""
    """Bytes after the last line end: the writer was killed, and nobody was told that the decision stands. No fault."""
    head: DecisionsHead = DecisionsHead(count=0, digest=FIRST_PREVIOUS)

    @property
    def sound(self) -> bool:
        """Nothing is wrong, so that something may rest on it."""
        return not self.faults


def decision_message(decision: Decision) -> bytes:
    """The bytes that the person signs."""
    return _PREFIX + to_line(_document(decision))


def decision_line(decision: Decision, signature: str) -> bytes:
    """The entry as it stands in the file, without its line end."""
    return to_line({**_document(decision), "signature": signature})


def read_decisions(
    path: Path,
    *,
    record_seal: str | None = None,
    known: Mapping[str, str] | None = None,
    until: Mapping[str, int] | None = None,
    trusted: Collection[str] = (),
    place: str = DECISIONS_FILE,
) -> DecisionsReading:
    """Read and check a file of decisions. Never raises on what it holds; a file that is not there holds none.

    `record_seal`: the digest of the case's record seal; decisions about another record are faults. `known`: names by
    fingerprint; with it, a key or name that is not in it is a fault. `until`: by fingerprint, the wall time from which on a
    person may no longer decide; what they decided before stays. `trusted`: fingerprints or public keys; with any
    given, others are faults.
    """
    named = frozenset(key.strip().lower() for key in trusted)
    check = _Check(place, record_seal, known, until or {}, named)
    try:
        with open_regular(path) as stream:
            content = stream.read(MAX_FILE + 1)
    except FileNotFoundError:
        return DecisionsReading()
    except OSError as error:
        check.fault(
            None, f"the decisions cannot be read: {error.strerror or error}", "Check the file and its permissions."
        )
        return check.reading(b"")
    if len(content) > MAX_FILE:
        check.fault(None, f"larger than {MAX_FILE} bytes")
        return check.reading(b"")
    return _checked(check, content)


def decisions_in(content: bytes, record_seal: str | None = None) -> DecisionsReading:
    """The same for bytes that were read already."""
    return _checked(_Check(DECISIONS_FILE, record_seal, None, {}, frozenset()), content)


def data_trouble(kind: str, data: Mapping[str, Json]) -> str:
    """What is wrong with the content of an entry of this kind; "" when nothing is."""
    if kind not in KINDS:
        return f"its kind is not known to this version of AppWitness: {escaped(kind)}"
    reason = data.get("reason")
    if not isinstance(reason, str) or len(reason) > LONGEST_REASON:
        return f"`reason` is no text of at most {LONGEST_REASON} characters"
    if not reason.strip() and kind != FINDING_ACCEPTED:
        return "it gives no reason"
    if kind == CASE_MOVED:
        to = data.get("to")
        return "" if isinstance(to, str) and to else "it does not say where the case moved to"
    found = data.get("finding")
    return "" if isinstance(found, str) and _is_hex(found, 64) else "it names no finding"


class _Check:
    """Follows the entries one by one and goes on after each fault."""

    def __init__(
        self,
        place: str,
        record_seal: str | None,
        known: Mapping[str, str] | None,
        until: Mapping[str, int],
        trusted: frozenset[str],
    ):
        self._place = place
        self._record_seal = record_seal
        self._known = known
        self._until = until
        self._trusted = trusted
        self._faults = FaultList(place)
        self._good: list[Decision] = []
        self._line = 0
        self._digest = FIRST_PREVIOUS

    def fault(self, line: int | None, what: str, mend: str = _MEND) -> None:
        self._faults.add(self._place if line is None else f"{self._place}:{line}", what, mend)

    def reading(self, torn_tail: bytes) -> DecisionsReading:
        return DecisionsReading(
            decisions=tuple(self._good),
            faults=self._faults.listed(),
            torn_tail=torn_tail,
            head=DecisionsHead(count=self._line, digest=self._digest),
        )

    def take(self, line: bytes) -> None:
        self._line += 1
        before, self._digest = self._digest, hashlib.sha256(line).hexdigest()
        try:
            decision, signature = _parsed(line, self._digest)
        except NotCanonical as error:
            self.fault(self._line, f"not a decision: {error}")
            return
        troubles = list(self._troubles(decision, signature, before))
        for what, mend in troubles:
            self.fault(self._line, what, mend)
        if not troubles:
            self._good.append(decision)

    def _troubles(self, decision: Decision, signature: str, before: str) -> Iterator[tuple[str, str]]:
        person = decision.person
        if not signature_holds(person.public_key, signature, decision_message(decision)):
            yield f"the signature of {person.name} is bad: the entry was changed after signing", _MEND
        if decision.seq != self._line - 1:
            yield f"entry {decision.seq} stands where entry {self._line - 1} belongs", _MEND
        elif decision.prev != before:
            yield "the chain is broken: this entry or the one before it was changed", _MEND
        if self._record_seal is not None and decision.anchor.record_seal != self._record_seal:
            yield "decided on another record than the one that is here", _MEND
        if trouble := data_trouble(decision.kind, decision.data):
            yield trouble, _MEND
        yield from self._stranger(person)
        end = self._until.get(person.fingerprint)
        if end is not None and decision.wall_ns >= end:
            mend = "Ask somebody who may decide to look again; this entry stays, and counts for nothing."
            yield f"decided by {person.name} after their time as one who decides had ended", mend

    def _stranger(self, person: Person) -> Iterator[tuple[str, str]]:
        if self._known is not None:
            name = self._known.get(person.fingerprint)
            if name is None:
                yield (
                    f"decided by {person.name} with a key that is not known here: {person.fingerprint}",
                    "Enter this person's fingerprint among the people who decide, if it is the one they tell you.",
                )
            elif name != person.name:
                yield f"decided as {person.name} with the key of {name}", "Ask both; a key belongs to one person."
        if self._trusted and self._trusted.isdisjoint({person.fingerprint, person.public_key}):
            yield (
                f"decided by {person.name} with a key that you do not trust: {person.fingerprint}",
                "Ask this person for their key's fingerprint, and trust it only if it is this one.",
            )


def _checked(check: _Check, content: bytes) -> DecisionsReading:
    *lines, tail = content.split(b"\n")
    for line in lines:
        check.take(line)
    return check.reading(tail)


def _document(decision: Decision) -> dict[str, Json]:
    """Everything that is signed."""
    torn = decision.torn
    return {
        "seq": decision.seq,
        "prev": decision.prev,
        "wall": decision.wall_ns,
        "kind": decision.kind,
        "name": decision.person.name,
        "public_key": decision.person.public_key,
        "record_seal": decision.anchor.record_seal,
        "findings": decision.anchor.findings,
        "torn": None if torn is None else {"size": torn.size, "sha256": torn.digest},
        "data": decision.data,
    }


def _parsed(line: bytes, digest: str) -> tuple[Decision, str]:
    """An entry and its signature. NotCanonical when it has not the form of one."""
    if len(line) > MAX_LINE:
        raise NotCanonical(f"longer than {MAX_LINE} bytes")
    value = from_line(line)
    if not isinstance(value, dict) or value.keys() != _FIELDS:
        raise NotCanonical("the fields are not those of a decision")
    data = value["data"]
    if not isinstance(data, dict):
        raise NotCanonical("`data` is no object")
    name = value["name"]
    if not isinstance(name, str) or not name.strip() or not name.isprintable() or len(name) > LONGEST_NAME:
        raise NotCanonical("`name` is no name")
    kind = value["kind"]
    if not isinstance(kind, str) or not kind:
        raise NotCanonical("`kind` is no text")
    decision = Decision(
        seq=_count(value, "seq"),
        prev=_hex(value, "prev", 64),
        wall_ns=_count(value, "wall"),
        kind=kind,
        person=Person(name=name, public_key=_hex(value, "public_key", 64)),
        anchor=Anchor(record_seal=_hex(value, "record_seal", 64), findings=_hex(value, "findings", 64)),
        torn=_torn(value["torn"]),
        data=data,
        digest=digest,
    )
    return decision, _hex(value, "signature", 128)


def _torn(value: Json) -> Torn | None:
    if value is None:
        return None
    if not isinstance(value, dict) or value.keys() != {"size", "sha256"}:
        raise NotCanonical("`torn` does not say what was cut off")
    return Torn(size=_count(value, "size"), digest=_hex(value, "sha256", 64))


def _count(value: Mapping[str, Json], name: str) -> int:
    number = value[name]
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= MAX_INTEGER:
        raise NotCanonical(f"`{name}` is no count")
    return number


def _hex(value: Mapping[str, Json], name: str, length: int) -> str:
    text = value[name]
    if not isinstance(text, str) or not _is_hex(text, length):
        raise NotCanonical(f"`{name}` is not {length} digits of lower case hex")
    return text


def _is_hex(text: str, length: int) -> bool:
    return len(text) == length and _HEX.fullmatch(text) is not None
