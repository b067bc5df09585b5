"""Which kind a layer is. Words open the gate, structure carries the score, and other kinds of dialog speak against.

A page that merely talks about privacy has no pair of answers; a dialog that asks has. The figures were set on labelled
screens; docs/screens.md says which and what they measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from screenshots.candidates import Candidate, Pair, best_pair, find_candidates, is_long
from screenshots.elements import Element, Layer, comparable_text, height, paragraph_lines
from screenshots.evidence import Wording, read_wording
from screenshots.windows import SYSTEM_DIALOGS

__all__ = ["Verdict", "judge_layer"]

_THRESHOLD = 4.5
_REFUSALS = frozenset({"refuse", "exit", "later", "skip", "cancel", "browse", "close", "basic_mode", "settings"})
_ACTS = frozenset({"pay", "destroy", "update", "install", "rate", "receive", "send", "retry", "mode"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a layer was judged to be, with what the judgement rests on."""

    kind: str
    score: int
    """Per mille of the consent scale; comparable between screens, nothing more."""
    candidates: tuple[Candidate, ...]
    pair: Pair | None
    wording: Wording


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    """Everything the rules look at, gathered once."""

    layer: Layer
    candidates: tuple[Candidate, ...]
    pair: Pair | None
    wording: Wording
    names: frozenset[str]
    inputs: int
    checks: int

    @property
    def card(self) -> bool:
        return self.layer.floating or self.layer.over_content

    def has(self, *names: str) -> bool:
        return not self.names.isdisjoint(names)


def judge_layer(layer: Layer, *, package: str | None) -> Verdict:
    candidates = find_candidates(layer)
    body = [element for element in layer.texts if not _is_sole_candidate(element, candidates)]
    pair = best_pair(candidates, layer)
    facts = _Facts(
        layer=layer,
        candidates=candidates,
        pair=pair,
        wording=read_wording(comparable_text(body)[:6000]),
        names=frozenset(one.name for one in candidates if one.meaning.clear),
        inputs=sum(element.kind == "input" for element in layer.elements),
        checks=sum(element.kind == "check" for element in layer.elements),
    )
    score = _consent_score(facts)
    kind = _system_kind(facts, package) or _decide(facts, score)
    return Verdict(kind=kind, score=int(score * 1000), candidates=candidates, pair=pair, wording=facts.wording)


def _is_sole_candidate(element: Element, candidates: Sequence[Candidate]) -> bool:
    return any(candidate.element is element for candidate in candidates)


def _system_kind(facts: _Facts, package: str | None) -> str | None:
    owner = facts.layer.package
    ids = " ".join(element.resource_id for element in facts.layer.elements)
    if "aerr_" in ids or owner == "android":
        if facts.wording.kind("anr") or "aerr_wait" in ids:
            return "anr"
        if facts.wording.kind("crash") or "aerr_" in ids:
            return "crash"
    if owner in SYSTEM_DIALOGS:
        if (
            "permission_" in ids
            or facts.wording.kind("permission")
            or facts.has("deny", "allow", "allow_once", "allow_foreground")
        ):
            return "permission"
        if facts.wording.kind("install_confirmation") or facts.has("install"):
            return "install_confirmation"
    return None


def _decide(facts: _Facts, score: float) -> str:
    wording = facts.wording
    if _is_permission(facts):
        return "permission" if facts.layer.source == "ocr" or not facts.layer.package else "permission_rationale"
    for kind, applies in _STRONGER:
        if applies(facts):
            return kind
    if score >= _THRESHOLD and _gate(facts):
        return _consent_kind(facts)
    if _is_bare_retention(facts):
        return "retention"
    for kind, applies in _OTHERS:
        if applies(facts):
            return kind
    if facts.card and wording.characters and 1 <= len(facts.candidates) <= 6 and len(facts.layer.texts) <= 30:
        return "other"
    return "plain"


def _gate(facts: _Facts) -> bool:
    wording = facts.wording
    accepts = facts.has("accept")
    return bool(
        wording["topic_strong"]
        or wording["ask"]
        or (wording["topic_weak"] >= 2 and accepts)
        or _refusal_leaves(facts)
        or (wording["topic_weak"] and accepts and facts.has("refuse") and facts.card)
    )


def _refusal_leaves(facts: _Facts) -> bool:
    return any(one.meaning.leaves for one in facts.candidates) or bool(facts.wording["refuse_leaves"])


def _consent_score(facts: _Facts) -> float:
    wording = facts.wording
    spoken = 0.9 * min(wording["topic_strong"], 4) + 0.35 * min(wording["topic_weak"], 3) + 0.8 * min(wording["ask"], 3)
    score = _positive_score(facts)
    if not _is_article(facts):
        score += spoken + 0.5 * min(len(wording.links), 2)
    if facts.has("refuse"):
        score += 1.2
    elif facts.has(*_REFUSALS):
        score += 0.4
    if _refusal_leaves(facts):
        score += 1.0
    if facts.pair is not None:
        score += 0.5 + 0.4 * facts.pair.strength
    if facts.card:
        score += 0.8
        buttons = sum(one.button_like for one in facts.candidates)
        if buttons == 1 and facts.has("acknowledge", "accept") and wording["topic_strong"]:
            score += 0.6
    return score - _doubts(facts)


def _positive_score(facts: _Facts) -> float:
    if facts.has("accept"):
        return 2.0
    if facts.pair is not None:
        return 1.2
    states = bool(facts.wording["agreement_line"] and facts.wording["ask"])
    if facts.has("acknowledge", "confirm", "proceed", "close") and (facts.card or facts.has("settings") or states):
        return 0.6
    unknown = sum(one.button_like and one.name == "other" for one in facts.candidates)
    return 0.4 if unknown == 1 and facts.has("refuse", "exit") else -3.0


def _doubts(facts: _Facts) -> float:
    """What speaks for another kind of screen."""
    wording = facts.wording
    answered = facts.pair is not None and facts.has("accept") and facts.has(*_REFUSALS)
    doubts = 0.0
    if facts.has("login") or facts.inputs or (wording.kind("login") >= 3 and not facts.has("accept")):
        doubts += 1.0 if answered and facts.card else 3.0 + 0.8 * min(wording.kind("login"), 3)
    if wording["social"]:
        doubts += 3.0 if wording["topic_strong"] < 2 else 1.0
    if wording["account"] and not facts.has("accept"):
        doubts += 2.5
    if facts.has(*_ACTS) and not facts.has("refuse"):
        doubts += 2.5
    if wording.kind("purchase") and wording["topic_strong"] < 3:
        doubts += 2.0
    if wording.kind("update") >= 2 and facts.has("update", "install"):
        doubts += 3.0
    if wording.kind("rules") and not wording["ask"]:
        doubts += 1.5
    if facts.has("skip") and not facts.has("accept"):
        doubts += 2.0
    if not facts.card and facts.pair is None:
        states = facts.has("accept") or (facts.has("proceed") and wording["agreement_line"])
        doubts += 1.0 if wording["ask"] and states else 2.5
    if not facts.card:
        doubts += 1.5 * (len(facts.layer.texts) > 45) + 2.0 * _text_follows(facts) + 1.5 * _is_article(facts)
    return doubts


def _is_article(facts: _Facts) -> bool:
    """A page of prose with a reporter's marks: what it says about privacy, it says about others."""
    if facts.card or not facts.wording["article"]:
        return False
    running = paragraph_lines(facts.layer.elements)
    prose = sum(len(one.text) for one in facts.layer.texts if len(one.text) >= 40 or id(one) in running)
    return prose >= 120


def _text_follows(facts: _Facts) -> bool:
    """Running text below the answers: a poll or a comment in an article, not a page that ends in its question."""
    if facts.pair is None:
        return False
    low = max(facts.pair.positive.element.touch_box[3], facts.pair.negative.element.touch_box[3])
    return (
        sum(len(element.text) for element in facts.layer.texts if element.box[1] >= low and is_long(element.text)) >= 30
    )


def _consent_kind(facts: _Facts) -> str:
    labels = comparable_text([one.element for one in facts.candidates])
    if _asks_again(facts, labels):
        return "retention"
    alone = sum(one.button_like and one.name != "settings" for one in facts.candidates) <= 1
    if alone and not facts.has("accept", "refuse", "exit", "basic_mode", "browse") and facts.pair is None:
        return "notice_only" if not facts.has("settings") else "cookie_consent" if _is_cookie(facts) else "notice_only"
    return "cookie_consent" if _is_cookie(facts) else "privacy_agreement"


def _is_cookie(facts: _Facts) -> bool:
    if "zh" in facts.wording.languages or "ja" in facts.wording.languages:
        return False
    text = facts.layer.plain
    marks = (
        "cookie",
        "partner",
        "vendor",
        "legitimate interest",
        "personali",
        "werbung",
        "werbe",
        "publicit",
        "partenaires",
        "socios",
    )
    return sum(mark in text for mark in marks) >= 2


def _asks_again(facts: _Facts, labels: str) -> bool:
    """The second ask after a refusal: short, about leaving or thinking again, rather than the agreement itself."""
    wording = facts.wording
    if height(facts.layer.box) > 0.6 * height(facts.layer.screen):
        return False
    if wording["retention_ask"] or (read_wording(labels)["retention_label"] and not wording["invites"]):
        return wording.characters <= 260
    return bool(wording["retention_weak"]) and not wording["invites"] and wording.characters <= 110


def _is_bare_retention(facts: _Facts) -> bool:
    """ "Do you really want to leave?" without a word on privacy: only when it argues, and not about goods."""
    wording = facts.wording
    if not facts.card or not wording["retention_ask"] or wording["commerce"] or wording["account"] or wording["social"]:
        return False
    return facts.has("exit", "refuse") and facts.has("later", "stay", "accept")


def _is_permission(facts: _Facts) -> bool:
    answers = facts.has("allow", "allow_once", "allow_foreground") and facts.has("deny", "refuse")
    if facts.has("allow_once", "allow_foreground") and answers:
        return True
    return bool(facts.wording.kind("permission")) and answers and facts.wording["topic_strong"] <= 1


def _is_purchase(facts: _Facts) -> bool:
    return facts.has("pay") and not facts.has("refuse") and bool(facts.wording.kind("purchase"))


def _is_oauth(facts: _Facts) -> bool:
    return (
        bool(facts.wording.kind("oauth"))
        and facts.has("login", "accept", "allow", "cancel", "refuse")
        and not facts.inputs
    )


def _is_teenager(facts: _Facts) -> bool:
    return bool(facts.wording.kind("teenager_mode")) and facts.card and not facts.has("accept")


def _is_age(facts: _Facts) -> bool:
    return bool(facts.wording.kind("age_gate")) and facts.has("age") and not facts.has("accept")


def _is_login(facts: _Facts) -> bool:
    wording = facts.wording
    marks = wording.kind("login") + 2 * facts.has("login") + 2 * bool(facts.inputs)
    answered = facts.pair is not None and facts.has("accept") and facts.has("refuse")
    begins = facts.has("login") or (facts.has("proceed", "confirm") and wording.kind("login") >= 2)
    return marks >= 3 and begins and not answered


def _is_login_with_agreement(facts: _Facts) -> bool:
    return _is_login(facts) and bool(facts.wording["agreement_line"] or facts.wording.links)


def _is_update(facts: _Facts) -> bool:
    return bool(facts.wording.kind("update")) and facts.has("update", "install") and (facts.card or facts.has("later"))


def _is_rating(facts: _Facts) -> bool:
    return (
        bool(facts.wording.kind("rating"))
        and (facts.card or facts.has("rate"))
        and (facts.has("rate", "later", "refuse", "confirm"))
    )


def _is_notification_prompt(facts: _Facts) -> bool:
    return bool(facts.wording.kind("notification_prompt")) and facts.card and bool(facts.candidates)


def _is_rationale(facts: _Facts) -> bool:
    return (
        bool(facts.wording.kind("permission_rationale"))
        and facts.card
        and (facts.pair is not None or facts.has("settings"))
    )


def _is_splash(facts: _Facts) -> bool:
    return facts.has("skip") and bool(facts.wording.kind("splash_ad")) and len(facts.layer.texts) <= 14


def _is_ad_popup(facts: _Facts) -> bool:
    return facts.card and bool(facts.wording.kind("ad_popup")) and facts.has("receive", "close")


def _is_captcha(facts: _Facts) -> bool:
    return bool(facts.wording.kind("captcha")) and not facts.inputs and not facts.has("accept")


def _is_crash(facts: _Facts) -> bool:
    return bool(facts.wording.kind("crash")) and facts.card and facts.has("close", "confirm", "retry", "exit")


def _is_anr(facts: _Facts) -> bool:
    return bool(facts.wording.kind("anr")) and facts.has("wait", "close")


def _is_install(facts: _Facts) -> bool:
    return bool(facts.wording.kind("install_confirmation")) and facts.card and facts.has("install", "cancel")


def _is_policy_text(facts: _Facts) -> bool:
    return facts.wording["topic_strong"] >= 3 and facts.wording.characters >= 400 and not facts.card


_STRONGER = (
    ("anr", _is_anr),
    ("teenager_mode", _is_teenager),
    ("age_gate", _is_age),
    ("purchase", _is_purchase),
    ("oauth", _is_oauth),
    ("login_with_agreement", _is_login_with_agreement),
)
_OTHERS = (
    ("login", _is_login),
    ("update", _is_update),
    ("rating", _is_rating),
    ("crash", _is_crash),
    ("install_confirmation", _is_install),
    ("notification_prompt", _is_notification_prompt),
    ("permission_rationale", _is_rationale),
    ("ad_popup", _is_ad_popup),
    ("splash_ad", _is_splash),
    ("captcha", _is_captcha),
    ("policy_text", _is_policy_text),
)
