"""Rules and the wording model together: the rules lead, the model speaks where they know no word for what they see.

The model may add a request for consent only where the structure of one is there, and take one away only where the rules
were hardly sure. What it added is marked, so that nobody is accused on its word alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from screenshots.consent import could_ask
from screenshots.elements import area
from screenshots.facts import Facts
from screenshots.impression import Impression, impression_of
from screenshots.values import CONSENT_KINDS

__all__ = ["Weighed", "weigh"]

_SURE, _SURE_HINTED, _SURE_UNTOLD, _SURE_AMONG_PEOPLE = 0.8, 0.85, 0.92, 0.99
"""How likely consent has to be on a card that names a subject which needs it, on one that only hints at one, on one about none
of these, and on a card that speaks of friends or family and names no document."""
_SURE_PAGE, _SURE_PAGE_UNPAIRED = 0.985, 0.99
"""The same for a page that is nothing but its question, and for one whose answers are not seen to stand together."""
_NOTICE, _NOTICE_HINTED, _NOTICE_UNTOLD = 0.75, 0.85, 0.97
"""The same for a notice, which asks nothing."""
_SURE_OTHERWISE, _SURE_AGAINST, _SURE_AGAINST_DEEDS = 0.9, 0.95, 0.98
"""And against another kind that the rules saw, soft or not, or a purchase or another app's account. A card that asks and has but
one answer needs as much as the second: most are told, not asked."""
_SURE_ELSEWHERE = 0.97
"""And on a page that only tells something and names no subject."""
_HARDLY, _HARDLY_UNTOLD, _HARDLY_OTHERWISE = 0.6, 0.8, 0.1
"""How unlikely consent has to be for a request that the rules saw to be none; for one that says nothing of data; for a second
ask, and for one that says nothing of an account, offers a way past it, and is likely a log-in to the model."""
_SURE_KIND, _SURE_OF_A_PAGE, _SURE_OF_A_SPLASH, _SURELY_NOT = 0.55, 0.95, 0.8, 0.95
"""A page says so much that some kind is always likely; a picture of few words is a page by nature."""
_SURE_OF_COOKIES, _SURE_OF_OTHER_DATA = 0.5, 0.9
"""How likely cookies and advertising have to be where the rules saw an agreement, and the reverse: the rules know few words for
the first, and know them well."""
_ASKED_ALIKE = frozenset({"privacy_agreement", "cookie_consent"})
"""Either is a request for consent, so that one said for the other accuses nobody of anything else."""
_UNNAMED = frozenset({"other", "plain"})
_SOFT = frozenset({"ad_popup", "rating", "notification_prompt", "permission_rationale", "update"})
"""Kinds that rules find by words which a request for consent uses as well."""
_NAMED = frozenset(
    {
        *("permission_rationale", "age_gate", "teenager_mode", "oauth", "ad_popup", "update", "rating"),
        *("notification_prompt", "purchase", "crash", "anr", "install_confirmation", "captcha", "login"),
        *("login_with_agreement", "splash_ad", "permission"),
    }
)
_LOGGING_IN = ("login", "login_with_agreement")
_LOGINS = frozenset({"login", "login_with_agreement", "oauth"})
_MOST_TEXTS, _MOST_OF_A_PERMISSION, _MOST_ON_A_SPLASH, _WAYS_ON_A_SPLASH = 24, 8, 8, 2
_WHOLE = 0.85
"""Of the screen: what covers so much of it is a page, with or without a bar above."""
_SWITCHES = 2
"""A notice has something to tap when it was read; a page of switches has none."""
_CREDENTIALS = 2
"""Words of a log-in form; pixels do not show which of them stand in a field."""
_NEVER = 2.0
"""More than any likelihood."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    kind: str
    by_wording: bool
    """The rules did not say so; the model did."""


def weigh(facts: Facts, ruled: str, score: float) -> Weighed:
    """`ruled`: what the rules made of a layer; `score`: how much it looks like a request for consent to them."""
    if ruled in CONSENT_KINDS and _has_nothing_to_tap(facts):
        return Weighed(kind="plain", by_wording=False)
    if not facts.candidates and ruled != "plain":
        return Weighed(kind=ruled, by_wording=False)
    impression = impression_of(facts, ruled, score)
    if not impression.kinds:
        return Weighed(kind=ruled, by_wording=False)
    kind = _weighed(facts, ruled, impression)
    return Weighed(kind=kind, by_wording=kind != ruled and {kind, ruled} != _ASKED_ALIKE)


def _weighed(facts: Facts, ruled: str, impression: Impression) -> str:
    if ruled in CONSENT_KINDS:
        if _asks_before_login(facts, impression):
            return _asked(ruled, impression)
        otherwise = ruled == "retention" or _is_odd_login(facts, impression)
        told = (
            facts.wording["topic_collect"]
            or facts.handled
            or facts.wording["topic_strong"] > 1
            or ruled == "notice_only"
        )
        if impression.consent < (_HARDLY_OTHERWISE if otherwise else _HARDLY if told else _HARDLY_UNTOLD):
            return _other_kind(facts, "other", impression)
        return _asked(ruled, impression)
    if impression.consent >= _needed(facts, ruled, impression.likeliest_consent) and could_ask(facts):
        return impression.likeliest_consent
    return _other_kind(facts, ruled, impression)


def _has_nothing_to_tap(facts: Facts) -> bool:
    """Pixels alone: a page of words, none of which is drawn as a button or stands where an answer stands."""
    small = facts.card and area(facts.layer.box) < _WHOLE * area(facts.layer.screen)
    return facts.layer.source != "hierarchy" and not (small or facts.buttons or facts.duo_or_pair)


def _asks_before_login(facts: Facts, impression: Impression) -> bool:
    """It looks like logging in, but has nothing to log in with.

    A card that names documents and offers to agree, "agree and log in" among it; or a box to tick for documents, and nothing
    that speaks of an account.
    """
    if impression.likeliest not in _LOGGING_IN or not facts.documents or facts.inputs or facts.has("login"):
        return False
    words = facts.wording.kind("login")
    agrees = facts.card and facts.has("accept") and (words < _CREDENTIALS if facts.duo_or_pair else not words)
    return agrees or bool(facts.checks and not words)


def _is_odd_login(facts: Facts, impression: Impression) -> bool:
    """Agreeing by going on looks like logging in; where nothing else speaks of an account, the rules are believed."""
    account = facts.inputs or facts.has("login") or facts.wording.kind("login")
    past = facts.has("refuse", "exit", "browse", "basic_mode", "later", "skip", "cancel")
    return impression.likeliest in _LOGGING_IN and bool(past) and not account


def _asked(ruled: str, impression: Impression) -> str:
    """What consent is for: the rules know cookies and advertising partners by a few words only, and none in Han."""
    if ruled not in _ASKED_ALIKE:
        return ruled
    other = next(iter(_ASKED_ALIKE - {ruled}))
    sure = _SURE_OF_COOKIES if other == "cookie_consent" else _SURE_OF_OTHER_DATA
    return other if impression.of(other) >= sure else ruled


def _needed(facts: Facts, ruled: str, kind: str) -> float:
    """How likely consent has to be for the model to be believed."""
    told, hinted = bool(facts.topics or facts.documents), bool(facts.wording["topic_weak"])
    among_people = bool(facts.wording["social"])
    if kind == "notice_only" and facts.checks >= _SWITCHES:
        return _NEVER
    if ruled in _SOFT:
        acts = facts.has("update", "install", "rate")
        sure = _SURE_OTHERWISE if told else _SURE_AGAINST
        return sure if facts.card and not acts else _NEVER
    if ruled not in _UNNAMED:
        dear = ruled in ("oauth", "purchase")
        sure = _SURE_AGAINST_DEEDS if dear else _NEVER if ruled in _LOGINS else _SURE_AGAINST
        return sure if facts.card else _NEVER
    if _has_nothing_to_tap(facts):
        return _NEVER
    if not facts.card:
        only_tells = kind == "notice_only" and not told
        if among_people or facts.wording["article"]:
            return _NEVER
        if only_tells:
            return _SURE_ELSEWHERE
        return _SURE_PAGE if told or facts.duo_or_pair else _SURE_PAGE_UNPAIRED
    if among_people and not facts.documents:
        return _SURE_AMONG_PEOPLE
    if kind != "notice_only" and len(facts.candidates) == 1:
        return _SURE_AGAINST
    if kind == "notice_only":
        return _NOTICE if told else _NOTICE_HINTED if hinted else _NOTICE_UNTOLD
    return _SURE if told else _SURE_HINTED if hinted else _SURE_UNTOLD


def _other_kind(facts: Facts, ruled: str, impression: Impression) -> str:
    likeliest = impression.likeliest
    if likeliest == "splash_ad" and ruled == "plain":
        return likeliest if _may_be_splash(facts) and impression.of(likeliest) >= _SURE_OF_A_SPLASH else ruled
    small = facts.card or len(facts.layer.texts) <= _MOST_TEXTS
    if not (small and likeliest in _NAMED and facts.candidates) or (facts.card and likeliest == "login"):
        return ruled
    if likeliest == "permission" and not _may_be_permission(facts):
        return ruled
    named = _SURE_KIND if facts.card else _SURE_OF_A_PAGE
    sure = named if ruled in _UNNAMED else _SURELY_NOT if ruled in _SOFT or ruled in _LOGINS else _NEVER
    asks_name = _LOGGING_IN if likeliest in _LOGGING_IN and not facts.card else (likeliest,)
    return likeliest if sum(impression.of(kind) for kind in asks_name) >= sure else ruled


def _may_be_splash(facts: Facts) -> bool:
    """A picture of few words with a way out and a way to what it praises, no more."""
    few = len(facts.layer.texts) <= _MOST_ON_A_SPLASH and len(facts.candidates) <= _WAYS_ON_A_SPLASH
    return few and not (facts.card or facts.inputs)


def _may_be_permission(facts: Facts) -> bool:
    """The system asks in a line or two, on a card, and names no document."""
    return facts.card and not facts.documents and len(facts.layer.texts) <= _MOST_OF_A_PERMISSION
