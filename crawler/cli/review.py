"""`review`: what was found and what people say about it, and signing what one says."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import typer
from rich.table import Table
from rich.text import Text

from crawler.cli.output import Exit, fail, home_directory, print_json, printable, say, show, show_table
from crawler.cli.verification import home_trust
from crawler.report.casework.judged import SHOWN_DIGITS
from crawler.report.casework.review import (
    FindingState,
    Review,
    ReviewedFinding,
    decision_data,
    matching,
    objection,
    open_review,
)
from crawler.report.casework.settings import SETTINGS_FILE, CaseworkSettings, load_settings
from crawler.report.text import listed_faults
from evidence.clock import SystemClock
from evidence.deciding import DecisionRefused, Signer, append_decision
from evidence.decisions import FINDING_ACCEPTED, FINDING_DISMISSED, RERUN_ASKED, Decision, Person
from evidence.errors import KeyUnusable
from evidence.keys import load_key
from evidence.verify import verify_for

__all__ = ["ACTIONS", "as_sealed", "casework_settings", "plain_decision", "review_command", "shown_day", "signer_from"]

ACTIONS = {"accept": FINDING_ACCEPTED, "dismiss": FINDING_DISMISSED, "rerun": RERUN_ASKED}
_STYLES = {
    FindingState.ACCEPTED: "bold red",
    FindingState.NEEDS_SECOND_PERSON: "yellow",
    FindingState.OPEN: "bold",
    FindingState.RERUN_ASKED: "cyan",
}
_OWN_KEY = "Sign with your own Ed25519 key, which nobody else may read (chmod 600 FILE); restore it from your backup."
_NO_KEY = "Make one: openssl genpkey -algorithm ed25519 -out FILE; chmod 600 FILE. It is yours alone."


def review_command(
    case: Path,
    action: str | None,
    finding: str | None,
    name: str,
    key: Path | None,
    reason: str,
    everything: bool,
    as_json: bool,
) -> None:
    """List the findings of a case with their states, or sign a decision about one.

    Raises EvidenceError: 65 for what cannot be decided, 75 while another decides, 77 for a key that cannot be used.
    """
    settings = casework_settings()
    as_sealed(case, as_json)
    review = open_review(case, settings)
    if action is None:
        _list(case, review, settings, everything, as_json)
        return
    if action not in ACTIONS or finding is None:
        raise typer.BadParameter("say: review CASE accept|dismiss|rerun FINDING --as NAME --key FILE --reason WHY")
    at = _named(review, finding)
    signer = signer_from(name, key, settings)
    person = Person(name=signer.name, public_key=signer.key.public)

    def allow(now: ReviewedFinding) -> None:
        if trouble := objection(ACTIONS[action], now, person):
            raise DecisionRefused(f"{_short(at)}: {trouble}")

    def still_so(*_: object) -> None:
        # Somebody else may have decided since the review was read; now the lane is ours alone.
        allow(next(now for now in open_review(case, settings).findings if now.finding.id == at.finding.id))

    allow(at)
    made = append_decision(case, ACTIONS[action], decision_data(at.finding, reason.strip()), signer, allow=still_so)
    after = next(now for now in open_review(case, settings).findings if now.finding.id == at.finding.id)
    _tell_decided(case, made, after, as_json)


def _tell_decided(case: Path, made: Decision, after: ReviewedFinding, as_json: bool) -> None:
    if as_json:
        print_json({"case": str(case), "decision": plain_decision(made), "finding": _plain(after)})
        return
    show(f"{_short(after)} is now: {after.state.value.replace('_', ' ')}", _STYLES.get(after.state, "green"))


def casework_settings() -> CaseworkSettings:
    """The store's settings. Raises SettingsFaulty."""
    return load_settings(home_directory() / SETTINGS_FILE)


def as_sealed(case: Path, as_json: bool) -> None:
    """Nobody decides on, or reads, what is not as it was sealed and signed."""
    faults = verify_for(case, home_trust()).faults
    if faults:
        told = listed_faults(faults, case)
        raise fail(f"{case} is not as it was sealed{told}", faults[0].mend, code=Exit.INPUT, as_json=as_json)


def signer_from(name: str, key: Path | None, settings: CaseworkSettings) -> Signer:
    """Who signs. Raises typer.BadParameter, KeyUnusable, and DecisionRefused for somebody who may not decide."""
    if not name.strip() or key is None:
        raise typer.BadParameter("a decision is signed: --as NAME --key FILE")
    if not key.exists():
        raise DecisionRefused(f"there is no key in {key}", mend=_NO_KEY)
    try:
        signer = Signer(name=name.strip(), key=load_key(key))
    except KeyUnusable as error:
        raise KeyUnusable(str(error), mend=_OWN_KEY) from error
    if settings.people:
        known = settings.known_keys.get(signer.key.fingerprint)
        mend = f"Enter the person in {home_directory() / SETTINGS_FILE}, or sign with the key of somebody who is in it."
        if known is None:
            raise DecisionRefused(f"this key is not of the people who may decide: {signer.key.fingerprint}", mend=mend)
        if known != signer.name:
            raise DecisionRefused(f"this key is {known}'s, not {signer.name}'s", mend="Sign as who you are.")
        end = settings.ends.get(signer.key.fingerprint)
        if end is not None and SystemClock().now().wall_ns >= end:
            raise DecisionRefused(f"{signer.name}'s time as one who decides has ended", mend=mend)
    return signer


def plain_decision(decision: Decision) -> dict[str, object]:
    """A decision as plain data."""
    return {
        "seq": decision.seq,
        "kind": decision.kind,
        "by": decision.person.name,
        "key": decision.person.fingerprint,
        "wall_ns": decision.wall_ns,
        "digest": decision.digest,
        "findings": decision.anchor.findings,
        "data": dict(decision.data),
    }


def shown_day(wall_ns: int) -> str:
    """A moment for people, UTC."""
    return datetime.fromtimestamp(min(wall_ns // 1_000_000_000, 253_402_300_799), UTC).strftime("%Y-%m-%d %H:%M UTC")


def _named(review: Review, name: str) -> ReviewedFinding:
    found = matching(review.findings, name)
    if len(found) == 1:
        return found[0]
    named = ", ".join(_short(at) for at in (found or review.findings)[:12])
    what = "no finding" if not found else f"{len(found)} findings"
    raise DecisionRefused(
        f"{what} of this case may be meant by '{name[:100]}'", mend=f"Name one of: {named or 'none'}."
    )


def _short(at: ReviewedFinding) -> str:
    return f"{at.finding.rule}-{at.finding.id[:SHOWN_DIGITS]}"


def _list(case: Path, review: Review, settings: CaseworkSettings, everything: bool, as_json: bool) -> None:
    shown = [at for at in review.findings if everything or at.finding.awaits_decision or at.decisions or at.earlier]
    if as_json:
        print_json(_document(case, review, settings, shown))
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("finding", "verdict", "state", "by", "what was seen"):
        table.add_column(heading)
    for at in shown:
        by = ", ".join(dict.fromkeys(decision.person.name for decision in at.decisions))
        state = Text(at.state.value.replace("_", " "), style=_STYLES.get(at.state, "dim"))
        table.add_row(
            Text(_short(at)),
            Text(at.finding.verdict.value),
            state,
            Text(printable(by)),
            Text(_line(at.finding.summary_en)),
        )
    show_table(table)
    for at in shown:
        _tell_earlier(_short(at), at.earlier)
    _tell_earlier("a finding that is no longer there", review.unplaced)
    show(f"{len(review.undecided)} await a decision; decisions so far: {review.reading.head.count}", "dim")
    if not review.keys_checked and review.reading.head.count:
        say(f"whoever signed was not checked: {SETTINGS_FILE} in AppWitness's home folder names nobody", "yellow")
    if review.reading.torn_tail:
        say(
            "the last entry was torn off while it was written; it is no decision, make it again if it was meant",
            "yellow",
        )


def _document(
    case: Path, review: Review, settings: CaseworkSettings, shown: Iterable[ReviewedFinding]
) -> dict[str, object]:
    head = review.reading.head
    return {
        "case": str(case),
        "findings": [_plain(at) for at in shown],
        "earlier": [plain_decision(decision) for decision in review.unplaced],
        "undecided": len(review.undecided),
        "second_person": sorted(settings.second_person),
        "keys_checked": review.keys_checked,
        "torn_bytes": len(review.reading.torn_tail),
        "head": {"count": head.count, "digest": head.digest},
    }


def _tell_earlier(what: str, decisions: Iterable[Decision]) -> None:
    for decision in decisions:
        said = f"{decision.kind} by {decision.person.name} on {shown_day(decision.wall_ns)}: {_line(decision.reason)}"
        show(f"  {what}: made on an earlier judgement, does not count: {said}", "yellow")


def _line(text: str) -> str:
    return printable(text if len(text) <= 160 else f"{text[:159]}…")


def _plain(at: ReviewedFinding) -> dict[str, object]:
    finding = at.finding
    return {
        "id": finding.id,
        "rule": finding.rule,
        "severity": finding.severity,
        "verdict": finding.verdict.value,
        "session": finding.session,
        "summary_zh": finding.summary_zh,
        "summary_en": finding.summary_en,
        "state": at.state.value,
        "accepted_by": [person.name for person in at.accepted_by],
        "decisions": [plain_decision(decision) for decision in at.decisions],
        "earlier": [plain_decision(decision) for decision in at.earlier],
    }
