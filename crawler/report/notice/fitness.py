"""Whether a case and its decisions carry a letter."""

from __future__ import annotations

from collections.abc import Sequence

from crawler.judge.catalogue import load_rules
from crawler.judge.model import ACCUSING, Verdict
from crawler.report.notice.errors import NotFit
from crawler.report.notice.letter import SENDING, Judged, LetterRequest
from crawler.report.notice.plain import day_of
from crawler.report.notice.problems import Problems
from crawler.report.notice.standing import quotable
from crawler.report.notice.wording import Wording

__all__ = ["check_cases", "check_problems", "retest_results"]

_OVER = ("closed", "relisted")
_TOO_LATE_FOR = {"reminder": ("fixed_version", *_OVER), "takedown": _OVER}
"""Who submitted a version that nobody has retested is not overdue; a closed case is nobody's fault any more."""


def check_cases(request: LetterRequest, cases: Sequence[Judged], retest: Judged | None) -> None:
    if len(cases) != 1 and (request.kind != "circular" or not cases):
        raise NotFit(f"a {request.kind} letter is about one case, not {len(cases)}", "Name one case.")
    if retest is not None and retest.case.package != cases[0].case.package:
        raise NotFit("the retest is of another app than the case", "Name two cases of the same package.")
    for judged in cases:
        _check_day(request, judged)
        if judged.state in _TOO_LATE_FOR.get(request.kind, ()) and not request.draft:
            raise NotFit(
                f"{judged.case.directory} is '{judged.state}': a {request.kind} letter would say what is not so",
                "See `appwitness case show CASE`; move the case first if that is no longer right.",
            )
    if request.kind == "closing" and retest is None:
        raise NotFit("a closing letter needs the retest", "Name the case of the corrected version with --retest.")


def _check_day(request: LetterRequest, judged: Judged) -> None:
    """A letter is not older than what it quotes, nor than the decisions it rests on."""
    walls = [one.wall_ns for acceptances in judged.standing.accepted.values() for one in acceptances]
    walls += [finding.at_wall_ns for finding in judged.case.findings if quotable(finding) and finding.at_wall_ns]
    latest = max(filter(None, map(day_of, walls)), default=request.issued)
    if latest > request.issued:
        raise NotFit(
            f"a letter of {request.issued} cannot quote what was found or decided on {latest}", "Give a later --date."
        )


def check_problems(
    request: LetterRequest, cases: Sequence[Judged], letters: Sequence[Problems], retest: Judged | None
) -> None:
    """A letter to be sent quotes accepted findings, each with a clause to stand on."""
    if request.kind in SENDING:
        for judged, letter in zip(cases, letters, strict=True):
            if not letter.problems:
                _refuse_empty(judged, request.draft)
    if request.draft or request.kind not in SENDING:
        return
    bare = sorted({problem.rule for letter in letters for problem in letter.problems if not problem.basis})
    if bare:
        raise NotFit(
            f"no clause may be cited for {', '.join(bare)} on the day of the conduct",
            "Compare the rule's basis with the text and complete it (rules.toml, law.toml), or write a draft (--draft).",
        )
    if request.kind == "closing" and retest is not None:
        _check_closed(letters[0], retest)
    if request.kind in ("reminder", "takedown") and retest is not None:
        _check_not_mended(letters[0], retest)


def _refuse_empty(judged: Judged, draft: bool) -> None:
    case, standing = judged.case, judged.standing
    waiting = sum(
        1
        for index, finding in enumerate(case.findings)
        if quotable(finding) and index not in standing.accepted and index not in standing.dismissed
    )
    if waiting and not draft:
        raise NotFit(
            f"nobody has accepted a finding of {case.directory} yet; {waiting} wait for a decision",
            "Have them reviewed first, by two people where casework.toml says so; a draft for discussion is made with --draft.",
        )
    raise NotFit(f"{case.directory} holds no finding that a letter may quote", "Nothing is to be written.")


def _check_closed(letter: Problems, retest: Judged) -> None:
    still = sorted(
        {
            problem.rule
            for problem in letter.problems
            if _retest_state(retest, problem.rule) != Verdict.NOT_OBSERVED.value
        }
    )
    if still:
        told = ", ".join(f"{rule} ({_retest_state(retest, rule)})" for rule in still)
        raise NotFit(
            f"the retest does not close the matter: {told}",
            "Every noticed problem has to be not_observed in the retest; decide on what waits, or test again.",
        )


def _check_not_mended(letter: Problems, retest: Judged) -> None:
    """Nobody is told that they did not correct what the retest no longer observed."""
    states = {_retest_state(retest, problem.rule) for problem in letter.problems}
    if states == {Verdict.NOT_OBSERVED.value}:
        raise NotFit(
            "the retest no longer observed any of these problems",
            "Write the closing letter (--kind closing), or name the retest in which they are still found.",
        )


def _retest_state(retest: Judged, rule: str) -> str:
    """What the retest says of a rule: found, open, lead, not_testable or not_observed."""
    of_rule = [(index, finding) for index, finding in enumerate(retest.case.findings) if finding.rule == rule]
    against = [(index, finding) for index, finding in of_rule if quotable(finding)]
    if any(index in retest.standing.accepted for index, _ in against):
        return "found"
    if any(index not in retest.standing.dismissed for index, _ in against):
        return "open"
    left = {finding.verdict for _, finding in of_rule if not quotable(finding)}
    if Verdict.NOT_TESTABLE in left or not of_rule:
        return Verdict.NOT_TESTABLE.value
    return Verdict.LEAD.value if left & {Verdict.LEAD, *ACCUSING} else Verdict.NOT_OBSERVED.value


def retest_results(retest: Judged | None, words: Wording) -> dict[str, str]:
    """What a retest says of each rule, in the words of the letter; of all that nothing was retested when there is none."""
    if retest is None:
        return dict.fromkeys(load_rules(), words.word("retest_results", "not_retested"))
    rules = {finding.rule for finding in retest.case.findings} | set(load_rules())
    return {rule: words.word("retest_results", _retest_state(retest, rule)) for rule in rules}
