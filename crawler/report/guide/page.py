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

_WORDS = {
    "zh": ("隐私自检结果", "以下为自动检测结果，未经人工复核。“未发现”不代表应用符合全部要求。"),
    "en": (
        "Result of the privacy self-check",
        "These are automated results that no person has reviewed. “Not observed” does not mean that the app complies.",
    ),
}
"""Heading, and what the results are not."""


def result_page(result: Checked, heads: Sequence[str], language: str) -> str:
    """A page that fetches nothing. `heads`: the words for seen, why, cause, mend, proof, untested, nothing found."""
    screens = {one.rule: example_screen(one.rule, language) for one in result.rules}
    pictures = {
        rule: "data:image/png;base64," + base64.b64encode(picture).decode("ascii") if picture else ""
        for rule, picture in screens.items()
    }
    source = resources.files("crawler.report.guide").joinpath("data/selfcheck.html.j2").read_text(encoding="utf-8")
    zh = language == "zh"
    told = {one.value: VERDICTS[one.value] if zh else one.value.replace("_", " ") for one in Verdict}
    heading, caution = _WORDS[language]
    return (
        sandbox()
        .from_string(source)
        .render(
            result=result,
            heading=heading,
            caution=caution,
            heads=heads,
            language=language,
            pictures=pictures,
            told=told,
            explained=[*ACCUSING, Verdict.LEAD],
        )
    )
