"""What the wording model makes of a layer: how likely each kind is, judged by words alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from screenshots.candidates import Candidate, is_link
from screenshots.elements import Layer, comparable_text
from screenshots.facts import Facts
from screenshots.ngrams import BESIDE, label_ngrams, screen_ngrams
from screenshots.traits import answer_traits, layer_traits
from screenshots.values import CONSENT_KINDS
from screenshots.wording_model import WordingModel, load_model

__all__ = ["KIND_NAMES", "Impression", "answer_features", "impression_of", "layer_features", "question_of", "roles_of"]

_FEWEST_KNOWN = 12
"""Of fewer n-grams that were ever seen nothing can be told."""
_FEWEST_OF_A_LABEL, _MOST_BESIDE = 2, 8
KIND_NAMES: Mapping[str, str] = {
    "cmp": "cookie_consent",
    "notice": "notice_only",
    "teen_mode": "teenager_mode",
    "popup_ad": "ad_popup",
    "rate": "rating",
    "notify_prompt": "notification_prompt",
    "install": "install_confirmation",
    "confirm": "other",
    "account": "other",
    "article": "plain",
    "chat": "plain",
    "onboarding": "plain",
}
"""What a kind of the corpus is called by the reader."""
_ROLES: Mapping[str, str] = {"ack": "acknowledge", "save": "settings", "link": "other"}
"""What a role of the corpus is called by the reader; a button that only opens a document answers nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Impression:
    """Kinds and how likely they are; empty when the words are too few or too strange."""

    kinds: Mapping[str, float]

    @property
    def consent(self) -> float:
        """How likely some kind of consent is asked for."""
        return sum(self.kinds.get(kind, 0.0) for kind in CONSENT_KINDS)

    @property
    def likeliest(self) -> str:
        return max(self.kinds, key=lambda kind: self.kinds[kind], default="plain")

    @property
    def likeliest_consent(self) -> str:
        return max(CONSENT_KINDS, key=lambda kind: self.kinds.get(kind, 0.0))

    def of(self, kind: str) -> float:
        return self.kinds.get(kind, 0.0)


def layer_features(facts: Facts, ruled: str, score: float) -> frozenset[str]:
    """What the model is given of a layer: its words, and what the rules noticed and made of it."""
    answers = {id(one.element) for one in facts.candidates if not is_link(one.element)}
    texts = (one.plain for one in facts.layer.texts if id(one) not in answers)
    labels = (one.element.plain for one in facts.candidates if id(one.element) in answers and one.element.text)
    return screen_ngrams(texts, labels) | layer_traits(facts, ruled, score)


def answer_features(answers: Sequence[Candidate], kind: str, question: str) -> tuple[frozenset[str], ...]:
    """What the model is given of each answer on a screen of a kind: its words, those of the others, and its question."""
    labels = [label_ngrams(one.element.plain) for one in answers[:_MOST_BESIDE]]
    return tuple(
        label_ngrams(one.element.plain)
        | {
            f"{BESIDE}{each}"
            for beside, label in zip(answers, labels, strict=False)
            if beside is not one
            for each in label
        }
        | answer_traits(one, [other for other in answers if other is not one], kind, question)
        for one in answers
    )


def question_of(layer: Layer, answers: Sequence[Candidate]) -> str:
    """What a layer says besides its answers, comparable."""
    said = {id(one.element) for one in answers}
    return comparable_text([one for one in layer.texts if id(one) not in said])


def impression_of(facts: Facts, ruled: str, score: float) -> Impression:
    """`ruled`: what the rules made of a layer; `score`: how much it looks like a request for consent to them."""
    model = _model("kinds")
    if model is None:
        return Impression(kinds={})
    features = layer_features(facts, ruled, score)
    if model.known(features) < _FEWEST_KNOWN:
        return Impression(kinds={})
    return Impression(kinds=_renamed(model.probabilities(features), KIND_NAMES))


def roles_of(answers: Sequence[Candidate], kind: str, question: str) -> tuple[Mapping[str, float], ...]:
    """How likely each role is for each of the answers to a request for consent; empty where its words are too strange."""
    model = _model("roles")
    if model is None:
        return tuple({} for _ in answers)
    return tuple(
        _renamed(model.probabilities(features), _ROLES)
        if model.known(one for one in features if not one.startswith(BESIDE)) >= _FEWEST_OF_A_LABEL
        else {}
        for features in answer_features(answers, kind, question)
    )


def _renamed(likely: Mapping[str, float], names: Mapping[str, str]) -> dict[str, float]:
    """As the reader calls them; what the reader does not tell apart counts together."""
    found: dict[str, float] = {}
    for name, value in likely.items():
        found[names.get(name, name)] = found.get(names.get(name, name), 0.0) + value
    return found


@lru_cache(maxsize=4)
def _model(name: str) -> WordingModel | None:
    """None where the package came without its data: then the rules judge alone."""
    try:
        return load_model(name)
    except OSError:
        return None
