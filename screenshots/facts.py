"""Everything the rules look at when they judge a layer, gathered once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from screenshots.candidates import Candidate, Duo, Pair, best_pair, find_candidates, find_duo
from screenshots.elements import Element, Layer, comparable_text
from screenshots.evidence import Wording, read_wording

__all__ = ["Facts", "gather_facts"]

_LONGEST_BODY = 6000


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

    @property
    def card(self) -> bool:
        return self.layer.floating or self.layer.over_content

    def has(self, *names: str) -> bool:
        return not self.names.isdisjoint(names)


def gather_facts(layer: Layer) -> Facts:
    candidates = find_candidates(layer)
    body = [element for element in layer.texts if not _is_candidate(element, candidates)]
    whole = read_wording(layer.plain[:_LONGEST_BODY])
    return Facts(
        layer=layer,
        candidates=candidates,
        pair=best_pair(candidates, layer),
        duo=find_duo(candidates, layer),
        wording=replace(read_wording(comparable_text(body)[:_LONGEST_BODY]), kinds=whole.kinds),
        names=frozenset(one.name for one in candidates if one.meaning.clear),
        inputs=sum(element.kind == "input" for element in layer.elements),
        checks=sum(element.kind == "check" for element in layer.elements),
    )


def _is_candidate(element: Element, candidates: Sequence[Candidate]) -> bool:
    return any(candidate.element is element for candidate in candidates)
