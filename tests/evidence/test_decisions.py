"""Decisions: written once, signed by their person, every fault named, not counted when something speaks against them."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evidence.clock import FrozenClock
from evidence.deciding import DecisionRefused, DecisionsBusy, DecisionsDamaged, Signer, append_decision
from evidence.decisions import (
    CASE_MOVED,
    DECISIONS_FILE,
    FINDING_ACCEPTED,
    FINDING_DISMISSED,
    RERUN_ASKED,
    DecisionsReading,
    decisions_in,
    read_decisions,
)
from evidence.errors import StorageFull
from evidence.files import digest_file
from evidence.keyring import KeyEntry, KeyRegister
from evidence.keys import SigningKey
from evidence.seal import seal_derived
from evidence.verify import Trust, verify, verify_for
from tests.crawler.disks import small_disk
from tests.evidence.cases import KEY, build_case, build_sealed
from tests.evidence.stranger import is_as_sealed

ANNA = Signer(name="Anna 安娜", key=SigningKey(Ed25519PrivateKey.from_private_bytes(b"a" * 32)))
BO = Signer(name="Bo", key=SigningKey(Ed25519PrivateKey.from_private_bytes(b"b" * 32)))
FINDING = "ab" * 32


def decide(case: Path, kind: str = FINDING_DISMISSED, who: Signer = ANNA, reason: str = "an innocent ping") -> None:
    data = {"to": "reviewed", "reason": reason} if kind == CASE_MOVED else {"finding": FINDING, "reason": reason}
    append_decision(case, kind, data, who, clock=FrozenClock())


@pytest.fixture
def case(tmp_path: Path) -> Path:
    return build_sealed(tmp_path / "case", steps=1)


@pytest.fixture
def lane(case: Path) -> Path:
    """Three decisions of two people."""
    decide(case, FINDING_ACCEPTED, ANNA, "")
    decide(case, RERUN_ASKED, BO)
    decide(case, CASE_MOVED, ANNA)
    return case / DECISIONS_FILE


def whats(reading: DecisionsReading) -> list[str]:
    return [str(fault) for fault in reading.faults]


def test_what_was_decided_is_read_as_it_was_written(case: Path, lane: Path) -> None:
    seal_digest, findings_digest = (digest_file(case / name)[0] for name in ("record/seal.json", "findings.json"))
    reading = read_decisions(lane, record_seal=seal_digest)
    assert reading.sound
    assert [decision.kind for decision in reading.decisions] == [FINDING_ACCEPTED, RERUN_ASKED, CASE_MOVED]
    assert [decision.person.name for decision in reading.decisions] == [ANNA.name, BO.name, ANNA.name]
    first, second, last = reading.decisions
    assert first.person.fingerprint == ANNA.key.fingerprint
    assert first.anchor.record_seal == seal_digest
    assert first.anchor.findings == findings_digest
    assert second.prev == first.digest
    assert (reading.head.count, reading.head.digest) == (3, last.digest)
    assert (second.reason, second.finding, last.finding) == ("an innocent ping", FINDING, "")


def test_no_file_holds_no_decisions(case: Path) -> None:
    assert read_decisions(case / DECISIONS_FILE) == DecisionsReading()


def test_decisions_leave_the_case_as_it_was_sealed(case: Path, lane: Path) -> None:
    answer = verify(case)
    assert answer.faults == ()
    told = " ".join(note.what for note in answer.notes)
    assert "3 decisions" in told
    assert BO.key.fingerprint in told
    seal_derived(case, KEY)
    assert verify(case).ok


def test_verifying_names_decisions_made_on_an_earlier_judgement(case: Path, lane: Path) -> None:
    (case / "findings.json").write_text('{"findings": ["other"]}')
    seal_derived(case, KEY)
    answer = verify(case)
    assert answer.ok
    assert any("3 decisions were made on an earlier judgement" in note.what for note in answer.notes)


def test_a_key_that_is_not_trusted_is_a_fault_once_some_are(case: Path, lane: Path) -> None:
    assert [fault.place for fault in verify(case, [KEY.fingerprint]).faults] == [
        f"{DECISIONS_FILE}:{n}" for n in (1, 2, 3)
    ]
    assert verify(case, [KEY.fingerprint, ANNA.key.fingerprint, BO.key.public]).ok


# ------------------------------------------------------------------ refusals


@pytest.mark.parametrize(
    ("kind", "data", "expected"),
    [
        (FINDING_DISMISSED, {"finding": FINDING, "reason": "  "}, "gives no reason"),
        (FINDING_ACCEPTED, {"finding": "M1-01", "reason": ""}, "names no finding"),
        (CASE_MOVED, {"reason": "x"}, "where the case moved to"),
        ("FindingForgotten", {"reason": "x"}, "not known"),
        (RERUN_ASKED, {"finding": FINDING, "reason": "x" * 4001}, "at most 4000"),
    ],
)
def test_what_cannot_be_written(case: Path, kind: str, data: dict[str, str], expected: str) -> None:
    with pytest.raises(DecisionRefused, match=expected):
        append_decision(case, kind, data, ANNA)
    assert not (case / DECISIONS_FILE).exists()


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 201, "\u202eeve"])
def test_a_decision_needs_a_name_that_people_can_read(case: Path, name: str) -> None:
    with pytest.raises(DecisionRefused, match="name"):
        decide(case, who=Signer(name=name, key=ANNA.key))


def test_nothing_is_decided_before_there_is_something_to_decide_on(tmp_path: Path) -> None:
    case = build_case(tmp_path / "case", steps=1)
    with pytest.raises(DecisionRefused, match=r"seal\.json"):
        decide(case)


def test_what_is_refused_at_the_last_moment_is_not_written(case: Path, lane: Path) -> None:
    before = lane.read_bytes()

    def never(reading: DecisionsReading, _: object) -> None:
        assert len(reading.decisions) == 3
        raise DecisionRefused("no")

    with pytest.raises(DecisionRefused):
        append_decision(case, RERUN_ASKED, {"finding": FINDING, "reason": "x"}, ANNA, allow=never)
    assert lane.read_bytes() == before


def test_while_one_decides_another_is_asked_to_wait(case: Path) -> None:
    def meanwhile(_: object, __: object) -> None:
        with pytest.raises(DecisionsBusy):
            decide(case)

    append_decision(case, RERUN_ASKED, {"finding": FINDING, "reason": "x"}, ANNA, allow=meanwhile)
    assert read_decisions(case / DECISIONS_FILE).head.count == 1


def _decide_often(case: str, name: str) -> None:
    signer = Signer(name=name, key=ANNA.key)
    done = 0
    while done < 10:
        try:
            decide(Path(case), who=signer)
            done += 1
        except DecisionsBusy:
            continue


def test_two_people_at_once_lose_nothing(case: Path) -> None:
    context = multiprocessing.get_context("spawn")
    people = [context.Process(target=_decide_often, args=(str(case), name)) for name in ("Anna", "Bo")]
    for person in people:
        person.start()
    for person in people:
        person.join(60)
        assert person.exitcode == 0
    reading = read_decisions(case / DECISIONS_FILE)
    assert reading.sound
    assert sorted(decision.person.name for decision in reading.decisions) == ["Anna"] * 10 + ["Bo"] * 10


def test_nothing_is_added_to_decisions_that_were_changed(case: Path, lane: Path) -> None:
    lane.write_bytes(lane.read_bytes().replace(b"innocent", b"harmful!"))
    before = lane.read_bytes()
    with pytest.raises(DecisionsDamaged, match="signature"):
        decide(case)
    assert lane.read_bytes() == before


def test_what_is_no_file_is_never_written_to(case: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("")
    (case / DECISIONS_FILE).symlink_to(elsewhere)
    with pytest.raises(Exception, match=r"cannot (use|write)"):
        decide(case)
    assert elsewhere.read_text() == ""
    assert any("symbolic link" in fault.what for fault in verify(case).faults)


# ------------------------------------------------------------------ torn tails


def test_a_torn_tail_is_no_decision_and_is_named_by_the_next_one(case: Path, lane: Path) -> None:
    whole = lane.read_bytes()
    torn = whole.splitlines()[0][:50]
    lane.write_bytes(whole + torn)
    reading = read_decisions(lane)
    assert reading.sound
    assert reading.torn_tail == torn
    assert any("torn" in note.what for note in verify(case).notes)
    decide(case)
    reading = read_decisions(lane)
    assert reading.sound
    assert reading.torn_tail == b""
    cut = reading.decisions[-1].torn
    assert cut is not None
    assert cut.size == 50
    assert lane.read_bytes().startswith(whole)
    assert [decision.torn for decision in reading.decisions[:-1]] == [None] * 3


CHILD = """
import os, sys
from pathlib import Path
from tests.evidence.test_decisions import decide
print("begin", flush=True)
while True:
    decide(Path(sys.argv[1]))
"""


def test_a_killed_writer_loses_at_most_what_nobody_was_told(case: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(case)], stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.readline()
    while read_decisions(case / DECISIONS_FILE).head.count < 5:
        assert child.poll() is None
    child.kill()
    child.wait(10)
    count = read_decisions(case / DECISIONS_FILE).head.count
    decide(case)
    reading = read_decisions(case / DECISIONS_FILE)
    assert reading.sound
    assert reading.head.count == count + 1
    assert verify(case).ok


# ------------------------------------------------------------------ tampering


def tampered() -> Iterator[tuple[str, str]]:
    yield "cut out of the middle", "chain is broken|stands where"
    yield "swapped", "stands where"
    yield "another reason", "signature"
    yield "another name", "signature"
    yield "signed by a stranger with the same name", "not known here"
    yield "not canonical", "canonical"
    yield "no line at all", "not a decision"


@pytest.mark.parametrize(("how", "expected"), list(tampered()))
def test_whatever_is_done_to_decisions_is_named(case: Path, lane: Path, how: str, expected: str) -> None:
    lines = lane.read_bytes().splitlines()
    if how == "cut out of the middle":
        del lines[1]
    elif how == "swapped":
        lines[0], lines[1] = lines[1], lines[0]
    elif how == "another reason":
        lines[1] = lines[1].replace(b"innocent", b"terrible")
    elif how == "another name":
        lines[1] = lines[1].replace(b'"Bo"', b'"Anna"')
    elif how == "not canonical":
        lines[1] = lines[1].replace(b'":', b'": ', 1)
    elif how == "no line at all":
        lines[1] = b"{}"
    else:
        lane.write_bytes(b"\n".join(lines[:1]) + b"\n")
        decide(case, who=Signer(name=BO.name, key=KEY))
        lines = lane.read_bytes().splitlines()
    lane.write_bytes(b"".join(line + b"\n" for line in lines))
    known = {ANNA.key.fingerprint: ANNA.name, BO.key.fingerprint: BO.name}
    reading = read_decisions(lane, known=known)
    assert not reading.sound
    assert any(word in " ".join(whats(reading)) for word in expected.split("|")), whats(reading)


def test_every_fault_is_listed_and_the_others_are_still_read(lane: Path) -> None:
    first, second, last = lane.read_bytes().splitlines()
    lane.write_bytes(b"\n".join([first, b"\xff", second.replace(b"innocent", b"terrible"), last]) + b"\n")
    reading = read_decisions(lane)
    assert [fault.place for fault in reading.faults] == [f"{DECISIONS_FILE}:2"] + [f"{DECISIONS_FILE}:3"] * 2 + [
        f"{DECISIONS_FILE}:4"
    ] * 1
    assert [decision.kind for decision in reading.decisions] == [FINDING_ACCEPTED]


def test_decisions_about_another_record_do_not_count_here(lane: Path, tmp_path: Path) -> None:
    other = build_sealed(tmp_path / "other", steps=2)
    (other / DECISIONS_FILE).write_bytes(lane.read_bytes())
    faults = verify(other).faults
    assert len(faults) == 3
    assert all("another record" in fault.what for fault in faults)
    with pytest.raises(DecisionsDamaged):
        decide(other)


def test_a_known_key_under_another_name_is_a_fault(lane: Path) -> None:
    reading = read_decisions(lane, known={ANNA.key.fingerprint: "Anna 安娜", BO.key.fingerprint: "Robert"})
    assert whats(reading) == [f"{DECISIONS_FILE}:2: decided as Bo with the key of Robert"]


@given(position=st.integers(min_value=0), bit=st.integers(min_value=0, max_value=7))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_changed_bit_goes_unnoticed(lane: Path, position: int, bit: int) -> None:
    content = bytearray(lane.read_bytes())
    content[position % len(content)] ^= 1 << bit
    reading = decisions_in(bytes(content))
    assert reading.faults or reading.torn_tail


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_reading_never_raises(content: bytes) -> None:
    reading = decisions_in(content)
    assert reading.decisions == ()
    assert bool(reading.faults) == (b"\n" in content)


@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_stranger_who_read_the_page_comes_to_the_same_answer(case: Path, lane: Path, data: st.DataObject) -> None:
    content = lane.read_bytes()
    place = data.draw(st.integers(0, len(content)))
    removed, added = data.draw(st.integers(0, 2)), data.draw(st.binary(max_size=2))
    lane.write_bytes(content[:place] + added + content[place + removed :])
    try:
        assert is_as_sealed(case) == verify(case).ok
    finally:
        lane.write_bytes(content)
    assert is_as_sealed(case)


# ------------------------------------------------------------------ keys that are no longer believed


def test_decisions_of_a_key_that_was_revoked_are_faults_from_then_on(case: Path, lane: Path) -> None:
    decided = FrozenClock().now().wall_ns
    entries = (
        KeyEntry(public_key=KEY.public),
        KeyEntry(public_key=ANNA.key.public),
        KeyEntry(public_key=BO.key.public),
    )
    register = KeyRegister(entries=entries)
    assert verify_for(case, Trust(register=register)).ok
    revoked = register.with_entry(replace(entries[2], revoked_wall_ns=decided, reason="stolen"))
    (fault,) = verify_for(case, Trust(register=revoked)).faults
    assert fault.place == f"{DECISIONS_FILE}:2"
    assert "revoked" in fault.what
    later = register.with_entry(replace(entries[2], revoked_wall_ns=decided + 1, reason="stolen"))
    assert verify_for(case, Trust(register=later)).ok


def test_who_left_decides_no_more_and_what_they_decided_stays(lane: Path) -> None:
    decided = FrozenClock().now().wall_ns
    assert read_decisions(lane, until={BO.key.fingerprint: decided + 1}).sound
    reading = read_decisions(lane, until={BO.key.fingerprint: decided})
    assert whats(reading) == [f"{DECISIONS_FILE}:2: decided by Bo after their time as one who decides had ended"]


def decide_often(case: Path) -> None:
    for _ in range(50):
        decide(case)


def test_a_full_disk_takes_no_half_decision(tmp_path: Path) -> None:
    with small_disk(tmp_path, "512k") as disk:
        case = build_sealed(disk.path / "case", steps=1)
        decide(case)
        before = (case / DECISIONS_FILE).read_bytes()
        with disk.filled(), pytest.raises(StorageFull):
            decide_often(case)  # what is left of the last block may take a few
        reading = read_decisions(case / DECISIONS_FILE)
        assert reading.sound
        assert reading.torn_tail == b""
        assert (case / DECISIONS_FILE).read_bytes().startswith(before)
        decide(case)
        assert verify(case).ok
