"""Rules and the wording model together: the rules lead, the model speaks where they know no word for what they see.

The model may add a request for consent only where the structure of one is there, and take one away only where the rules
were hardly sure. What it added is marked, so that nobody is accused on its word alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from screenshots.consent import THRESHOLD, could_ask
from screenshots.facts import Facts
from screenshots.impression import Impression, impression_of
from screenshots.values import CONSENT_KINDS

__all__ = ["Weighed", "weigh"]

_SURE, _SURE_HINTED, _SURE_PAGE, _SURE_NOTICE, _SURE_UNTOLD, _SURE_UNSAID = 0.7, 0.8, 0.95, 0.9, 0.95, 0.98
"""How likely consent has to be on a card that names a subject which needs it, on one that only hints at one, on a page that is
nothing but its question, for a notice that asks nothing, on a card about none of these or about other people, and for a page or
a notice about none of these."""
_SURE_OTHERWISE, _SURE_OF_NOTHING = 0.9, 0.99
"""And against another kind that the rules saw, and for a notice that hints at nothing the rules know."""
_HARDLY, _HARDLY_A_LOGIN, _BARELY_OVER = 0.08, 0.03, 2.0
"""How unlikely consent has to be for a request that the rules saw to be none, and how far over their threshold they may be."""
_SURE_KIND, _SURE_OF_A_PAGE, _SURELY_NOT = 0.55, 0.88, 0.95
"""A page says so much that some kind is always likely."""
_TAKES_NOTE = ("acknowledge", "confirm", "close", "proceed")
_UNNAMED = frozenset({"other", "plain"})
_SOFT = frozenset({"ad_popup", "rating", "notification_prompt", "permission_rationale", "update"})
"""Kinds that rules find by words which a request for consent uses as well."""
_NAMED = frozenset(
    {
        *("permission_rationale", "age_gate", "teenager_mode", "oauth", "ad_popup", "update", "rating"),
        *("notification_prompt", "purchase", "crash", "anr", "install_confirmation", "captcha", "login"),
        *("login_with_agreement", "splash_ad"),
    }
)
_LOGINS = frozenset({"login", "login_with_agreement", "oauth"})
_MOST_TEXTS = 24
_NEVER = 2.0
"""More than any likelihood."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    kind: str
    by_wording: bool
    """The rules did not say so; the model did."""


def weigh(facts: Facts, ruled: str, score: float) -> Weighed:
    """`ruled`: what the rules made of a layer; `score`: how much it looks like a request for consent to them."""
    if not facts.candidates and ruled != "plain":
        return Weighed(kind=ruled, by_wording=False)
    impression = impression_of(facts, ruled, score)
    if not impression.kinds:
        return Weighed(kind=ruled, by_wording=False)
    kind = _weighed(facts, ruled, score, impression)
    return Weighed(kind=kind, by_wording=kind != ruled)


def _weighed(facts: Facts, ruled: str, score: float, impression: Impression) -> str:
    if ruled in CONSENT_KINDS:
        limit = _HARDLY_A_LOGIN if impression.likeliest.startswith("login") else _HARDLY
        doubted = impression.consent < limit and score < THRESHOLD + _BARELY_OVER
        return _other_kind(facts, "other", impression) if doubted else ruled
    if impression.consent >= _needed(facts, ruled, impression.likeliest_consent) and could_ask(facts):
        return impression.likeliest_consent
    return _other_kind(facts, ruled, impression)


def _needed(facts: Facts, ruled: str, kind: str) -> float:
    """How likely consent has to be for the model to be believed."""
    told, hinted = bool(facts.topics or facts.documents), bool(facts.wording["topic_weak"])
    among_people = bool(facts.wording["social"])
    if ruled in _SOFT:
        acts = facts.has("update", "install", "rate")
        return _SURE_OTHERWISE if told and facts.card and not acts else _NEVER
    if ruled not in _UNNAMED or (among_people and not facts.documents):
        return _NEVER
    if not facts.card:
        asked = told or (facts.duo_or_pair and kind != "notice_only")
        return _NEVER if among_people or not asked else _SURE_PAGE if told else _SURE_UNSAID
    if kind == "notice_only":
        unsaid = _SURE_UNSAID if hinted else _SURE_OF_NOTHING
        return _SURE_NOTICE if told else unsaid if facts.has(*_TAKES_NOTE) else _NEVER
    if among_people or not (told or hinted):
        return _SURE_UNTOLD
    return _SURE if told else _SURE_HINTED


def _other_kind(facts: Facts, ruled: str, impression: Impression) -> str:
    likeliest = impression.likeliest
    small = facts.card or len(facts.layer.texts) <= _MOST_TEXTS
    if not (small and likeliest in _NAMED and facts.candidates) or (facts.card and likeliest == "login"):
        return ruled
    named = _SURE_KIND if facts.card else _SURE_OF_A_PAGE
    sure = named if ruled in _UNNAMED else _SURELY_NOT if ruled in _SOFT or ruled in _LOGINS else _NEVER
    return likeliest if impression.of(likeliest) >= sure else ruled
