"""Which kind a layer is: the system's own dialogs by their owner, the others by words and what their buttons do."""

from __future__ import annotations

from dataclasses import dataclass

from screenshots.candidates import Candidate, Pair
from screenshots.consent import THRESHOLD, consent_score, may_ask
from screenshots.elements import Layer, comparable_text, height
from screenshots.evidence import Wording, read_wording
from screenshots.facts import Facts, gather_facts
from screenshots.windows import SYSTEM_DIALOGS

__all__ = ["Verdict", "judge_layer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a layer was judged to be, with what the judgement rests on."""

    kind: str
    score: int
    """Per mille of the consent scale; comparable between screens, nothing more."""
    candidates: tuple[Candidate, ...]
    pair: Pair | None
    wording: Wording


def judge_layer(layer: Layer, *, package: str | None) -> Verdict:
    facts = gather_facts(layer)
    score = consent_score(facts)
    kind = _system_kind(facts, package) or _decide(facts, score)
    return Verdict(
        kind=kind, score=int(score * 1000), candidates=facts.candidates, pair=facts.pair, wording=facts.wording
    )


def _system_kind(facts: Facts, package: str | None) -> str | None:
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


def _decide(facts: Facts, score: float) -> str:
    wording = facts.wording
    if _is_permission(facts):
        return "permission" if facts.layer.source == "ocr" or not facts.layer.package else "permission_rationale"
    for kind, applies in _STRONGER:
        if applies(facts):
            return kind
    plea = _is_rationale(facts) and not wording["processing"] and not wording["ask"]
    if score >= THRESHOLD and may_ask(facts) and not plea:
        return _consent_kind(facts)
    if _is_second_layer(facts):
        return "cookie_consent"
    if _is_bare_retention(facts):
        return "retention"
    for kind, applies in _OTHERS:
        if applies(facts):
            return kind
    if facts.card and wording.characters and 1 <= len(facts.candidates) <= 6 and len(facts.layer.texts) <= 30:
        return "other"
    return "plain"


def _consent_kind(facts: Facts) -> str:
    labels = comparable_text([one.element for one in facts.candidates])
    if _asks_again(facts, labels):
        return "retention"
    alone = sum(one.button_like and one.name != "settings" for one in facts.candidates) <= 1
    if alone and not facts.has("accept", "refuse", "exit", "basic_mode", "browse") and facts.pair is None:
        return "notice_only" if not facts.has("settings") else "cookie_consent" if _is_cookie(facts) else "notice_only"
    return "cookie_consent" if _is_cookie(facts) else "privacy_agreement"


def _is_cookie(facts: Facts) -> bool:
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


def _is_second_layer(facts: Facts) -> bool:
    """The page of purposes and partners behind a cookie dialog's settings: choices, and a button that keeps them."""
    choices = facts.has("settings") or facts.checks >= 2
    keeps = facts.has("send", "accept", "confirm", "acknowledge")
    return choices and keeps and facts.topics >= 4 and bool(facts.wording["topic_weak"] >= 3) and _is_cookie(facts)


def _asks_again(facts: Facts, labels: str) -> bool:
    """The second ask after a refusal: short, about leaving or thinking again, rather than the agreement itself."""
    wording = facts.wording
    if height(facts.layer.box) > 0.6 * height(facts.layer.screen):
        return False
    if wording["retention_ask"] or (read_wording(labels)["retention_label"] and not wording["invites"]):
        return wording.characters <= 260
    return bool(wording["retention_weak"]) and not wording["invites"] and wording.characters <= 110


def _is_bare_retention(facts: Facts) -> bool:
    """ "Do you really want to leave?" without a word on privacy: only when it argues, and not about goods."""
    wording = facts.wording
    if not facts.card or not wording["retention_ask"] or wording["commerce"] or wording["account"] or wording["social"]:
        return False
    return facts.has("exit", "refuse") and facts.has("later", "stay", "accept")


def _is_permission(facts: Facts) -> bool:
    answers = facts.has("allow", "allow_once", "allow_foreground") and facts.has("deny", "refuse")
    if facts.has("allow_once", "allow_foreground") and answers:
        return True
    return bool(facts.wording.kind("permission")) and answers and not facts.wording["processing"]


def _is_purchase(facts: Facts) -> bool:
    stated = facts.card or facts.wording["agreement_line"] or facts.wording.links
    return facts.has("pay") and not facts.has("refuse") and bool(facts.wording.kind("purchase")) and bool(stated)


def _is_oauth(facts: Facts) -> bool:
    if facts.wording.links and facts.wording["topic_strong"] >= 2 and not facts.has("login"):
        return False
    return (
        bool(facts.wording.kind("oauth"))
        and facts.has("login", "accept", "allow", "cancel", "refuse")
        and not facts.inputs
    )


def _is_teenager(facts: Facts) -> bool:
    return bool(facts.wording.kind("teenager_mode")) and facts.card and not facts.has("accept")


def _is_age(facts: Facts) -> bool:
    return bool(facts.wording.kind("age_gate")) and facts.has("age") and not facts.has("accept")


def _is_login(facts: Facts) -> bool:
    wording = facts.wording
    marks = wording.kind("login") + 2 * facts.has("login") + 2 * bool(facts.inputs)
    marks += bool(facts.checks and (wording["agreement_line"] or wording.links))
    answered = facts.pair is not None and facts.has("accept") and facts.has("refuse")
    begins = facts.has("login") or (facts.has("proceed", "confirm") and wording.kind("login") >= 2)
    return marks >= 3 and begins and not answered


def _is_login_with_agreement(facts: Facts) -> bool:
    return _is_login(facts) and bool(facts.wording["agreement_line"] or facts.wording.links)


def _is_update(facts: Facts) -> bool:
    return bool(facts.wording.kind("update")) and facts.has("update", "install") and (facts.card or facts.has("later"))


def _is_rating(facts: Facts) -> bool:
    return (
        bool(facts.wording.kind("rating"))
        and (facts.card or facts.has("rate"))
        and (facts.has("rate", "later", "refuse", "confirm"))
    )


def _is_notification_prompt(facts: Facts) -> bool:
    return bool(facts.wording.kind("notification_prompt")) and facts.card and bool(facts.candidates)


def _is_rationale(facts: Facts) -> bool:
    return (
        bool(facts.wording.kind("permission_rationale"))
        and facts.card
        and (facts.pair is not None or facts.has("settings"))
    )


def _is_splash(facts: Facts) -> bool:
    return facts.has("skip") and bool(facts.wording.kind("splash_ad")) and len(facts.layer.texts) <= 14


def _is_ad_popup(facts: Facts) -> bool:
    return facts.card and bool(facts.wording.kind("ad_popup")) and facts.has("receive", "close")


def _is_captcha(facts: Facts) -> bool:
    return bool(facts.wording.kind("captcha")) and not facts.inputs and not facts.has("accept")


def _is_crash(facts: Facts) -> bool:
    return bool(facts.wording.kind("crash")) and facts.card and facts.has("close", "confirm", "retry", "exit")


def _is_anr(facts: Facts) -> bool:
    return bool(facts.wording.kind("anr")) and facts.has("wait", "close")


def _is_install(facts: Facts) -> bool:
    return bool(facts.wording.kind("install_confirmation")) and facts.card and facts.has("install", "cancel")


def _is_policy_text(facts: Facts) -> bool:
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
