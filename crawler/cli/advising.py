"""`guide` and `selfcheck`: what a developer is told before anybody writes a letter."""

from __future__ import annotations

import importlib.metadata
import sys
from collections.abc import Iterator
from pathlib import Path

import typer

from crawler.cli.inspection import InspectionWords, inspected
from crawler.cli.letters import chosen
from crawler.cli.output import Exit, print_json, printable, say, show
from crawler.judge.model import ACCUSING, Verdict
from crawler.report.guide.checked import Checked, CheckedRule, checked, sarif, untested
from crawler.report.guide.drawing import FORMATS, write_guide
from crawler.report.guide.page import result_page
from crawler.report.notice.wording import LANGUAGES

__all__ = ["guide_command", "selfcheck_command"]

_FORMS = ("text", "json", "sarif", "html")
_STYLES = {Verdict.CONFIRMED: "bold red", Verdict.SUSPECTED: "yellow", Verdict.LEAD: "cyan"}
_HEADS = {
    "zh": ("所见", "为何重要", "典型原因", "整改", "自证", "未能检测", "未发现。这不代表应用符合全部要求。"),
    "en": (
        "seen",
        "why it matters",
        "typical cause",
        "how to correct it",
        "how to prove it",
        "could not be tested",
        "Nothing was found. That does not mean that the app meets every requirement.",
    ),
}


def guide_command(language: str, form: str, out: Path, fonts: Path | None, as_json: bool) -> None:
    """Write the guide; exit 0, else the code of the error. Raises NoticeRefused, StorageFailed, typer.BadParameter."""
    write_guide(chosen(language, LANGUAGES, "--lang"), chosen(form, FORMATS, "--format"), out, fonts=fonts)
    if as_json:
        print_json({"out": str(out)})
    else:
        show(f"guide: {out}")


def selfcheck_command(words: InspectionWords, form: str, language: str) -> None:
    """Inspect an app and explain; exit 0 nothing found, 1 something found, 3 incomplete and nothing found.

    Raises DeviceError, EvidenceError, typer.BadParameter.
    """
    chosen(form, _FORMS, "--format")
    chosen(language, LANGUAGES, "--lang")
    done = inspected(words, as_json=form != "text")
    result = checked(done.judgement, str(done.directory), language)
    _tell(result, form, language)
    for outcome in done.outcomes:
        if not outcome.complete:
            say(f"incomplete: {outcome.name}: {outcome.reason}", "yellow")
    if result.found:
        raise typer.Exit(int(Exit.FAULTS))
    if not done.complete or len(untested(result)) == len(result.rules):
        raise typer.Exit(int(Exit.INCOMPLETE))


def _tell(result: Checked, form: str, language: str) -> None:
    if form == "json":
        print_json(_plain(result))
    elif form == "sarif":
        print_json(sarif(result, importlib.metadata.version("appwitness")))
    elif form == "html":
        sys.stdout.write(result_page(result, _HEADS[language], language))
        sys.stdout.flush()
    else:
        for line, style in _lines(result, language):
            show(line, style)


def _plain(result: Checked) -> dict[str, object]:
    return {
        "package": result.package,
        "case": result.case,
        "complete": result.complete,
        "found": [one.rule for one in result.found],
        "rules": [
            {
                "rule": one.rule,
                "title": one.title,
                "verdict": one.verdict.value,
                "seen": list(one.seen),
                "why": one.advice.why,
                "cause": one.advice.cause,
                "mend": one.advice.mend,
                "proof": one.advice.proof,
            }
            for one in result.rules
        ],
    }


def _lines(result: Checked, language: str) -> Iterator[tuple[str, str]]:
    heads = _HEADS[language]
    for one in result.rules:
        if one.verdict in ACCUSING or one.verdict is Verdict.LEAD:
            yield f"{one.rule} {one.title}  [{one.verdict.value}]", _STYLES[one.verdict]
            yield from ((f"  {line}", "") for line in _explained(one, heads))
            yield "", ""
    left_out = untested(result)
    if left_out:
        yield f"{heads[5]}:", "dim"
        yield from ((f"  {one.rule} {one.title}: {printable(' '.join(one.seen))}", "dim") for one in left_out)
    if not result.found:
        yield heads[6], "green"
    yield f"report: {result.case}/report.html", ""


def _explained(one: CheckedRule, heads: tuple[str, ...]) -> Iterator[str]:
    yield from (f"{heads[0]}: {printable(seen)}" for seen in one.seen)
    advice = one.advice
    for head, text in zip(heads[1:5], (advice.why, advice.cause, advice.mend, advice.proof), strict=True):
        yield f"{head}: {text}"
