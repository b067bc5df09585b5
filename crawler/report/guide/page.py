"""The result of a self-check as one HTML page, with the example screens of what was found."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from importlib import resources

from crawler.judge.model import ACCUSING, Verdict
from crawler.report.guide.advice import example_screen
from crawler.report.guide.checked import Checked
from crawler.report.notice.template import sandbox
from crawler.report.words import VERDICTS

__all__ = ["result_page"]


def result_page(result: Checked, heads: Sequence[str], language: str) -> str:
    """A page that fetches nothing. `heads`: the words for seen, why, cause, mend, proof, untested, nothing found."""
    screens = {one.rule: example_screen(one.rule, language) for one in result.rules}
    pictures = {
        rule: "data:image/png;base64," + base64.b64encode(picture).decode("ascii") if picture else ""
        for rule, picture in screens.items()
    }
    source = resources.files("crawler.report.guide").joinpath("data/selfcheck.html.j2").read_text(encoding="utf-8")
    told = {verdict.value: VERDICTS[verdict.value] if language == "zh" else verdict.value for verdict in Verdict}
    return (
        sandbox()
        .from_string(source)
        .render(
            result=result,
            heads=heads,
            language=language,
            pictures=pictures,
            told=told,
            explained=[*ACCUSING, Verdict.LEAD],
        )
    )
