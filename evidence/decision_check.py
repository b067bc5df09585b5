"""What `verify` says about the decisions of a case: their faults, and what a reader should know besides."""

from collections.abc import Iterator
from pathlib import Path

from evidence.decisions import DECISIONS_FILE, DecisionsReading, Person, read_decisions
from evidence.errors import Fault
from evidence.faults import FaultList
from evidence.files import digest_file
from evidence.trust import Trust, signer_faults

__all__ = ["check_decisions"]


def check_decisions(case_dir: Path, record_seal: str | None, trust: Trust, notes: FaultList) -> tuple[Fault, ...]:
    """Every fault of the case's decisions. `record_seal` is None when the record has no readable seal."""
    reading = read_decisions(case_dir / DECISIONS_FILE, record_seal=record_seal, trusted=trust.keys)
    if reading.head.count:
        what = f"{reading.head.count} decisions; the last has the digest {reading.head.digest}"
        notes.add(DECISIONS_FILE, what, "Compare with the digest that was written down with the last notice or export.")
    if reading.torn_tail:
        what = f"ends in a torn entry of {len(reading.torn_tail)} bytes: its writer was killed"
        notes.add(DECISIONS_FILE, what, "It is no decision; make it again if it was meant.")
    for person in () if trust.keys else _strangers(reading, trust):
        what = f"decided by {person.name} with a key that nobody vouched for here: {person.fingerprint}"
        notes.add(DECISIONS_FILE, what, "Compare the fingerprint with the one this person tells you, then trust it.")
    if earlier := _on_other_findings(case_dir, reading):
        what = f"{earlier} decisions were made on an earlier judgement than the one that is here"
        notes.add(DECISIONS_FILE, what, "See with `appwitness review CASE` which of them still count.")
    return (*reading.faults, *_revoked(reading, trust, notes))


def _strangers(reading: DecisionsReading, trust: Trust) -> tuple[Person, ...]:
    people = dict.fromkeys(decision.person for decision in reading.decisions)
    return tuple(person for person in people if not trust.knows(person.public_key))


def _revoked(reading: DecisionsReading, trust: Trust, notes: FaultList) -> Iterator[Fault]:
    """Decisions signed with a key after it was revoked; what a register says of the others is noted."""
    register = Trust(register=trust.register)
    for decision in reading.decisions:
        key = decision.person.public_key
        if trust.register is not None and trust.register.of(key) is not None:
            place = f"{DECISIONS_FILE}:{decision.seq + 1}"
            yield from signer_faults(key, place, register, notes, signed_wall_ns=decision.wall_ns, stamped_wall_ns=None)


def _on_other_findings(case_dir: Path, reading: DecisionsReading) -> int:
    try:
        now = digest_file(case_dir / "findings.json")[0]
    except OSError:
        now = ""
    return sum(decision.anchor.findings != now for decision in reading.decisions)
