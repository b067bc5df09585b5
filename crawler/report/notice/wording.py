"""The wording of letters, from data: texts with fields, in the order of their kind."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import chain
from typing import Any

from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

__all__ = ["KINDS", "LANGUAGES", "SectionText", "Wording", "load_wording", "rendered"]

KINDS = ("rectification", "reminder", "takedown", "closing", "circular", "reply-form")
LANGUAGES = ("zh", "en")
_LONGEST_LIST = 2
"""Numbers in a row that are still told one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionText:
    """A section with its fields not filled in yet."""

    id: str
    heading: str
    """With its number."""
    paragraphs: tuple[str, ...]
    points: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """All words of one language."""

    language: str
    data: Mapping[str, Any]

    @property
    def blank(self) -> str:
        """What stands where nothing is known."""
        return str(self.data["blank"])

    @property
    def labels(self) -> Mapping[str, str]:
        """Headings of tables and fields."""
        labels: Mapping[str, str] = self.data["labels"]
        return labels

    def word(self, group: str, name: str) -> str:
        """A word of a group; the name itself where the group has none."""
        return str(self.data[group].get(name, name))

    def say(self, name: str, /, **values: object) -> str:
        """A sentence of [statements] with its values. A value is never looked into for fields."""
        return str(self.data["statements"][name]).format(**values)

    def numbers(self, numbers: Iterable[str]) -> str:
        """Numbers of evidence one after another; three and more that follow each other as a range: 2-1 to 2-5."""
        runs: list[list[str]] = []
        for number in numbers:
            if runs and _next(runs[-1][-1]) == number:
                runs[-1].append(number)
            else:
                runs.append([number])
        told = (
            [self.say("evidence_range", first=run[0], last=run[-1])] if len(run) > _LONGEST_LIST else run
            for run in runs
        )
        return self.say("evidence_join").join(chain.from_iterable(told))

    def title(self, kind: str) -> str:
        """The title of a kind of letter, its fields not filled in yet."""
        return str(self.data["kinds"][kind]["title"])

    def sections(self, kind: str, *, draft: bool) -> tuple[SectionText, ...]:
        """The sections of a kind of letter in order, headings numbered."""
        numbers, appendices = iter(self.data["numbers"]), iter(self.data["appendix_numbers"])
        names = self.data["kinds"][kind]["sections"]
        if sum(bool(self._text(kind, name).get("heading")) for name in names) == 1:
            numbers = iter([""])
        found = []
        for name in names:
            text = self._text(kind, name)
            heading = text.get("heading", "")
            if heading and name in self.data["appendices"]:
                heading = self.data["appendix"].replace("{{ number }}", next(appendices)) + heading
            elif heading:
                heading = next(numbers) + heading
            paragraphs = text.get("draft_paragraphs" if draft and "draft_paragraphs" in text else "paragraphs", ())
            found.append(
                SectionText(
                    id=name, heading=heading, paragraphs=tuple(paragraphs), points=tuple(text.get("points", ()))
                )
            )
        return tuple(found)

    def _text(self, kind: str, name: str) -> Mapping[str, Any]:
        of_kind: Mapping[str, Any] = self.data["kinds"][kind].get("text", {})
        text: Mapping[str, Any] = of_kind.get(name, self.data["text"].get(name))
        return text


def _next(number: str) -> str:
    """The evidence number that follows: 2-4 after 2-3."""
    problem, _, place = number.partition("-")
    return f"{problem}-{int(place) + 1}"


@cache
def load_wording(language: str) -> Wording:
    """The words of a language, "zh" or "en"."""
    text = resources.files("crawler.report.notice").joinpath(f"data/{language}.toml").read_text(encoding="utf-8")
    return Wording(language=language, data=tomllib.loads(text))


def rendered(text: str, values: Mapping[str, object]) -> str:
    """A text of the wording with its fields filled in: plain text, not escaped yet."""
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
    return environment.from_string(text).render(**values)
