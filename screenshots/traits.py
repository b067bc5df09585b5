"""What the rules noticed in a layer, put in words for the wording model: the same in every language.

A trait starts with `#`. Traits speak of subjects, answers and the rules' own verdict; where things stand is left to the rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations

from screenshots.candidates import Candidate
from screenshots.evidence import Wording, matches
from screenshots.facts import Facts
from screenshots.handling import leaning, named_in_sentences
from screenshots.ngrams import echo

__all__ = ["answer_traits", "layer_traits"]

_GROUPS = (
    *("topic_strong", "topic_collect", "topic_weak", "place", "processing", "ask", "refuse_leaves", "consent_needed"),
    *("tick_first", "agreement_line", "retention_ask", "retention_label", "retention_weak", "invites", "article"),
    *("commerce", "social", "account"),
)
_TITLES = ("topic_strong", "topic_weak", "notice_title", "retention_ask", "account", "social", "article")
_TELLING = (
    *("#ruled", "#documents", "#agreement_line", "#topic_", "#processing", "#ask", "#commerce", "#social", "#account"),
    *("#article", "#refuse_leaves", "#consent_needed", "#tick_first", "#retention_ask", "#handled", "#data done"),
    *("#kind", "#inputs", "#checks", "#announces", "#says", "#leans"),
)
_MORE = (" 2", " 3")
"""That a thing is spoken of more than once says little more beside another."""
_LONGEST, _OPENING = 2400, 400
_MOST_COUNTED, _MOST_NAMED = 3, 8
_ECHOES = (0, 0.33, 0.66)
_LEVELS = (-4, -2, 0, 2, 3, 4, 5, 6, 8, 10)


def layer_traits(facts: Facts, ruled: str, score: float) -> frozenset[str]:
    """Of a layer, with what the rules made of it, alone and two at a time."""
    alone = frozenset(_layer_traits(facts, ruled, score))
    return alone | frozenset(_together(alone))


def _together(alone: Iterable[str]) -> Iterator[str]:
    """An agreement beside "log in" is another thing than one beside "begin"."""
    telling = sorted(one for one in alone if one.startswith(_TELLING) and not one.endswith(_MORE))
    yield from (f"{one}&{other}" for one, other in combinations(telling, 2))


def _layer_traits(facts: Facts, ruled: str, score: float) -> Iterator[str]:
    yield f"#ruled {ruled}"
    yield from (f"#score {level}" for level in _LEVELS if score >= level)
    yield from _counted(facts.wording)
    yield from _at_least("#handled", facts.handled)
    plain = facts.layer.plain[:_LONGEST]
    for name, count in zip(("#data", "#data done", "#data party"), named_in_sentences(plain), strict=True):
        yield from _at_least(name, count)
    title = next((one.plain for one in facts.layer.texts), "")
    yield from (f"#title {group}" for group in _TITLES if matches(group, title))
    if matches("announces", plain[:_OPENING]):
        yield "#announces"
    yield from _at_least("#documents", facts.documents)
    answers = [one for one in facts.candidates if one.element.text]
    for one in answers[:_MOST_NAMED]:
        yield f"#says {one.name}" if one.meaning.clear else f"#may say {one.name}"
        yield f"#leans {leaning(one.element.text)}"
    if facts.inputs:
        yield "#inputs"
    if facts.checks:
        yield "#checks"


def _counted(wording: Wording) -> Iterator[str]:
    for group in _GROUPS:
        yield from _at_least(f"#{group}", wording[group])
    for kind, count in wording.kinds.items():
        yield from _at_least(f"#kind {kind}", count)


def _at_least(name: str, count: int) -> Iterator[str]:
    yield from (f"{name} {at}" for at in range(1, min(count, _MOST_COUNTED) + 1))


def answer_traits(answer: Candidate, beside: Iterable[Candidate], kind: str, question: str) -> frozenset[str]:
    """Of one answer: what its words say to the rules, in which kind of dialog, whether they take up the question's, and what
    the answers beside it say.
    """
    known = f"#{_saying(answer)}"
    echoed = sum(echo(answer.element.plain, question) > share for share in _ECHOES)
    own = {known, f"#leans {leaning(answer.element.text)}", f"#in {kind}", f"{known} in {kind}", f"#echoes {echoed}"}
    return frozenset(own | {f"#beside {_saying(one)}" for one in beside})


def _saying(answer: Candidate) -> str:
    return f"{'says' if answer.meaning.clear else 'may say'} {answer.name}"
