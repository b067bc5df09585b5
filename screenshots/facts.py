"""Everything the rules look at when they judge a layer, gathered once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from screenshots.candidates import Candidate, Duo, Pair, best_pair, find_candidates, find_duo
from screenshots.elements import Element, Layer, comparable_text
from screenshots.evidence import Wording, matches, read_wording
from screenshots.handling import handled_sentences, leaning

__all__ = ["Facts", "gather_facts"]

_KEEPING = frozenset({"send", "confirm", "acknowledge", "proceed", "other"})
_LONGEST_BODY, _FEW_ANSWERS = 6000, 3
_FEW_TEXTS, _FEW_CHARACTERS = 8, 260


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """A layer's words and structure."""

    layer: Layer
    candidates: tuple[Candidate, ...]
    pair: Pair | None
    duo: Duo | None
    wording: Wording
    names: frozenset[str]
    """What the clear labels say."""
    inputs: int
    checks: int
    handled: int
    """Sentences in which something is done with data by, or for, somebody."""
    documents: int
    """Legal documents of the service that the text names: no laws, no contracts between people."""

    @property
    def topics(self) -> int:
        """How many of the subjects that need consent are spoken of."""
        return self.wording["topic_strong"] + max(self.wording["topic_collect"], self.handled)

    @property
    def card(self) -> bool:
        return self.layer.floating or self.layer.over_content

    @property
    def short(self) -> bool:
        """A page that says hardly more than a card would."""
        return len(self.layer.texts) <= _FEW_TEXTS and self.wording.characters <= _FEW_CHARACTERS

    @property
    def duo_or_pair(self) -> bool:
        """Two controls stand together as alternatives, or three of them."""
        return self.pair is not None or self.duo is not None or self.buttons >= 2

    @property
    def buttons(self) -> int:
        """Pixels alone: on a card, plain words below the text are buttons when nothing is drawn as one."""
        drawn = sum(one.button_like and bool(one.element.text) for one in self.candidates)
        if drawn or self.layer.source == "hierarchy" or not self.card:
            return drawn
        return sum(one.below_body and one.meaning.clear for one in self.candidates)

    def has(self, *names: str) -> bool:
        return not self.names.isdisjoint(names)


def gather_facts(layer: Layer) -> Facts:
    candidates = find_candidates(layer)
    body = [element for element in layer.texts if not _is_candidate(element, candidates)]
    plain = comparable_text(body)[:_LONGEST_BODY]
    whole, said = read_wording(layer.plain[:_LONGEST_BODY]), read_wording(plain)
    handled = handled_sentences(plain)
    if handled or said["topic_strong"]:
        answers = len(candidates) <= _FEW_ANSWERS and any(one.name == "later" for one in candidates)
        gives = handled and (layer.floating or layer.over_content or answers)
        candidates = tuple(_gives(candidate) if gives else candidate for candidate in candidates)
        candidates = tuple(_keeps(candidate) for candidate in candidates)
        if any(one.name == "refuse" or leaning(one.element.text) < 0 for one in candidates):
            candidates = tuple(_tailors(candidate) for candidate in candidates)
    return Facts(
        layer=layer,
        candidates=candidates,
        pair=best_pair(candidates, layer),
        duo=find_duo(candidates, layer),
        wording=replace(said, kinds=whole.kinds),
        names=frozenset(one.name for one in candidates if one.meaning.clear),
        inputs=sum(element.kind == "input" for element in layer.elements),
        checks=sum(element.kind == "check" for element in layer.elements),
        handled=handled,
        documents=sum(_is_document(title, agreed=bool(said["agreement_line"])) for title in said.links),
    )


def _is_document(title: str, *, agreed: bool) -> bool:
    """Any title in brackets, where the text says that it is to be read or agreed to; else one that names its kind."""
    if matches("other_title", title.strip('《》〈〉"')):
        return False
    return (agreed and title.startswith("《")) or matches("policy_link", title) or matches("terms_link", title)


def _keeps(candidate: Candidate) -> Candidate:
    """Where the text speaks of data, "save my choices" is an answer by choices, nothing sent, and neither yes nor no."""
    if candidate.name not in _KEEPING or not matches("keeps", candidate.element.plain):
        return candidate
    return replace(candidate, meaning=replace(candidate.meaning, name="settings"))


def _tailors(candidate: Candidate) -> Candidate:
    """Beside a refusal, "personalise ads" says yes to it; alone it leads to choices."""
    if candidate.name != "settings" or not matches("tailors", candidate.element.plain):
        return candidate
    return replace(candidate, meaning=replace(candidate.meaning, name="proceed"))


def _gives(candidate: Candidate) -> Candidate:
    """Where the text speaks of data, "send" and "share" give it away, and "don't send" keeps it: both are answers."""
    if not matches("gives", candidate.element.plain):
        return candidate
    name = {"send": "proceed", "later": "refuse"}.get(candidate.name)
    return replace(candidate, meaning=replace(candidate.meaning, name=name)) if name else candidate


def _is_candidate(element: Element, candidates: Sequence[Candidate]) -> bool:
    return any(candidate.element is element for candidate in candidates)
