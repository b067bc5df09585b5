"""Which kind a layer is: the system's own dialogs by their owner, the others by words and what their buttons do."""

from __future__ import annotations

import re
from dataclasses import dataclass

from screenshots.candidates import Candidate, Pair
from screenshots.consent import THRESHOLD, consent_score, may_ask
from screenshots.elements import Layer, comparable_text, height
from screenshots.evidence import Wording, matches, read_wording
from screenshots.facts import Facts, gather_facts
from screenshots.handling import leaning
from screenshots.sdks import kind_by_ids
from screenshots.weighing import Weighed, weigh
from screenshots.windows import SYSTEM_DIALOGS

__all__ = ["Verdict", "judge_layer", "rule"]


_MOST_TEXTS, _FEWEST_TEXTS = 24, 5
"""A dialog says less; what says more is a page that happens to use the same words."""
_FEWEST_CHOICES = 2
_FEWEST_ON_A_SPLASH, _LONGEST_WAY_OUT, _EDGE_SHARE = 8, 24, 6
_COUNTS_DOWN = re.compile(
    r"^\d{1,2}\s*([|丨]|s\b|秒)\s*\S|\S\s*[|丨]\s*\d{1,2}\s*(s|秒)?$|\S\s+\d{1,2}\s*(s|sec)$|\S\s*\d{1,2}\s*秒$"
)
"""A label with its seconds: "6|Zur App", "Skip|5", "Jump to app 3s"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a layer was judged to be, with what the judgement rests on."""

    kind: str
    score: int
    """Per mille of the consent scale; comparable between screens, nothing more."""
    candidates: tuple[Candidate, ...]
    pair: Pair | None
    wording: Wording
    by_wording: bool = False
    """The rules did not say so; the wording model did."""


def judge_layer(layer: Layer, *, package: str | None) -> Verdict:
    facts = gather_facts(layer)
    system = _system_kind(facts, package) or _vendor_kind(facts)
    ruled, score = rule(facts)
    weighed = Weighed(kind=system, by_wording=False) if system else weigh(facts, ruled, score)
    return Verdict(
        kind=weighed.kind,
        score=int(score * 1000),
        candidates=facts.candidates,
        pair=facts.pair,
        wording=facts.wording,
        by_wording=weighed.by_wording,
    )


def rule(facts: Facts) -> tuple[str, float]:
    """The kind by the rules alone, and how much the layer looks like a request for consent."""
    score = consent_score(facts)
    return _decide(facts, score), score


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


def _vendor_kind(facts: Facts) -> str | None:
    """A permission's answers, or the view ids of a vendor's dialog: nothing else needs to be weighed."""
    if _is_permission(facts):
        return "permission" if facts.layer.source == "ocr" or not facts.layer.package else "permission_rationale"
    vendor = kind_by_ids(element.resource_id for element in facts.layer.elements if element.resource_id)
    return vendor if facts.candidates else None


def _decide(facts: Facts, score: float) -> str:
    wording = facts.wording
    for kind, applies in _STRONGER:
        if applies(facts):
            return kind
    if score >= THRESHOLD and may_ask(facts) and not _pleads(facts):
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
    if alone and _goes_on_by_agreeing(facts):
        return "privacy_agreement"
    if alone and not facts.has("accept", "refuse", "exit", "basic_mode", "browse") and facts.pair is None:
        chosen = facts.checks >= _FEWEST_CHOICES and not facts.wording["agreement_line"]
        return "cookie_consent" if chosen or (facts.has("settings") and _is_cookie(facts)) else "notice_only"
    return "cookie_consent" if _is_cookie(facts) else "privacy_agreement"


def _goes_on_by_agreeing(facts: Facts) -> bool:
    """One button that goes on: an agreement box stands above it, or the text says that tapping it is agreeing."""
    if not facts.has("proceed") or not facts.wording["agreement_line"]:
        return False
    labels = [one.element.plain for one in facts.candidates if one.name == "proceed"]
    said = comparable_text([one for one in facts.layer.texts if one.plain not in labels])
    return bool(facts.checks) or (bool(facts.wording["ask"]) and any(one in said for one in labels if len(one) > 1))


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


def _pleads(facts: Facts) -> bool:
    """A card that speaks for something else, and names neither a document nor anything that is done with data."""
    wording = facts.wording
    if wording["topic_strong"] or facts.documents or wording["consent_needed"]:
        return False
    if _is_rationale(facts):
        return not wording["processing"]
    return facts.handled <= 1 and any(applies(facts) for applies in (_is_notification_prompt, _is_rating, _is_update))


def _is_second_layer(facts: Facts) -> bool:
    """The page of purposes and partners behind a cookie dialog's settings: choices, and a button that keeps them."""
    if facts.inputs:
        return False
    choices = facts.has("settings") or facts.checks >= 2
    keeps = facts.has("send", "accept", "confirm", "acknowledge")
    many = facts.topics >= 4 and bool(facts.wording["topic_weak"] >= 3) and _is_cookie(facts)
    return (choices and keeps and many) or _keeps_or_takes_all(facts)


def _keeps_or_takes_all(facts: Facts) -> bool:
    """A card on data whose buttons keep what was chosen, or say yes to everything."""
    kept = facts.has("settings", "send") and facts.has("accept", "allow")
    spoken = facts.topics >= 1 and facts.topics + facts.wording["topic_weak"] >= 2
    below = sum(one.below_body for one in facts.candidates)
    return facts.card and kept and spoken and (facts.duo_or_pair or below >= 2) and not facts.wording["social"]


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
    stated = facts.card or facts.wording["agreement_line"] or facts.wording.links or facts.short
    return facts.has("pay") and not facts.has("refuse") and bool(facts.wording.kind("purchase")) and bool(stated)


def _is_oauth(facts: Facts) -> bool:
    spoken = facts.wording["topic_strong"] >= 2 or facts.handled >= 2
    if facts.wording.links and (spoken or facts.documents) and not facts.has("login"):
        return False
    return (
        bool(facts.wording.kind("oauth"))
        and (facts.has("login", "accept", "allow", "cancel", "refuse") or len(facts.candidates) >= 2)
        and not facts.inputs
    )


def _is_teenager(facts: Facts) -> bool:
    return bool(facts.wording.kind("teenager_mode")) and facts.card and not facts.has("accept") and facts.topics < 2


def _is_age(facts: Facts) -> bool:
    if not facts.wording.kind("age_gate") or facts.has("accept"):
        return False
    asks = (facts.card or facts.short) and (facts.pair is not None or facts.duo is not None)
    return facts.has("age") or (asks and not facts.topics and not facts.documents)


def _is_login(facts: Facts) -> bool:
    wording = facts.wording
    marks = wording.kind("login") + 2 * facts.has("login") + 2 * bool(facts.inputs)
    marks += bool(facts.checks and (wording["agreement_line"] or wording.links))
    answered = facts.pair is not None and facts.has("accept") and facts.has("refuse")
    starts = any(one.name == "login" and one.meaning.clear and _starts_login(one) for one in facts.candidates)
    begins = starts or (facts.has("proceed", "confirm") and wording.kind("login") >= 2) or _is_form(facts)
    alone = wording.kind("login") <= 1 and not (facts.inputs or facts.checks or wording["agreement_line"])
    sells = bool(wording["commerce"]) or not facts.card
    return marks >= 3 and begins and not answered and not (alone and sells)


def _starts_login(candidate: Candidate) -> bool:
    """A label that ends in logging in, or is drawn as a button: "devices you logged in on" is neither."""
    return candidate.button_like or not matches("login_past", candidate.element.plain)


def _is_form(facts: Facts) -> bool:
    """A page whose heading is about an account and which names several credentials."""
    heading = facts.layer.texts[:2]
    return facts.wording.kind("login") >= 3 and any(read_wording(one.plain).kind("login") for one in heading)


def _is_login_with_agreement(facts: Facts) -> bool:
    return _is_login(facts) and bool(facts.wording["agreement_line"] or facts.wording.links)


def _is_update(facts: Facts) -> bool:
    if not facts.wording.kind("update"):
        return False
    first = facts.layer.texts[:1]
    announced = facts.card and not facts.candidates and any(read_wording(one.plain).kind("update") for one in first)
    return announced or (facts.has("update", "install") and (facts.card or facts.has("later")))


def _is_rating(facts: Facts) -> bool:
    return (
        bool(facts.wording.kind("rating"))
        and len(facts.layer.texts) <= _MOST_TEXTS
        and (facts.card or facts.has("rate"))
        and (facts.has("rate", "later", "refuse", "confirm"))
    )


def _is_notification_prompt(facts: Facts) -> bool:
    turns_on = facts.has("proceed", "allow", "accept", "confirm", "settings") or facts.duo is not None
    return bool(facts.wording.kind("notification_prompt")) and facts.card and turns_on and not facts.wording["account"]


def _is_rationale(facts: Facts) -> bool:
    return (
        bool(facts.wording.kind("permission_rationale"))
        and facts.card
        and not facts.wording["social"]
        and (facts.pair is not None or facts.duo is not None or facts.has("settings"))
    )


def _is_splash(facts: Facts) -> bool:
    """A page of few words that calls itself an advertisement, or counts down, and has a way out of it."""
    out = facts.has("skip") or any(
        one.name == "close" and read_wording(one.element.plain).kind("splash_ad") for one in facts.candidates
    )
    called = bool(facts.wording.kind("splash_ad"))
    return (out and called and len(facts.layer.texts) <= 14) or _is_bare_splash(facts)


def _is_bare_splash(facts: Facts) -> bool:
    """A picture with hardly a word, from which a short label at its edge leads away: it counts down, or says no to the ad."""
    texts = facts.layer.texts
    if facts.card or facts.inputs or facts.handled or facts.duo_or_pair or len(texts) > _FEWEST_ON_A_SPLASH:
        return False
    _, top, _, bottom = facts.layer.screen
    edge = (bottom - top) // _EDGE_SHARE
    short = [one for one in texts if len(one.plain) <= _LONGEST_WAY_OUT]
    ways_out = [one for one in short if one.box[3] <= top + edge or one.box[1] >= bottom - edge]
    if any(_COUNTS_DOWN.search(one.plain) for one in ways_out):
        return True
    calls = [one for one in texts if read_wording(one.plain).kind("splash_ad")]
    return any(one in calls and leaning(one.plain) < 0 for one in ways_out) and len(calls) > 1


def _is_ad_popup(facts: Facts) -> bool:
    away = facts.has("receive", "close", "refuse", "later", "cancel", "exit")
    promises = bool(facts.wording.kind("ad_popup")) and len(facts.layer.texts) <= _MOST_TEXTS
    away = away or (facts.buttons == 1 and len(facts.layer.texts) <= _FEWEST_TEXTS)
    drawn = any(one.element.style == "filled" for one in facts.candidates)
    bare = not facts.card and drawn and len(facts.layer.texts) <= 8 and not facts.has("skip", "pay")
    return promises and ((facts.card and away and bool(facts.candidates)) or bare)


def _is_captcha(facts: Facts) -> bool:
    small = facts.card or len(facts.layer.texts) <= 12
    return bool(facts.wording.kind("captcha")) and small and not facts.inputs and not facts.has("accept")


def _is_crash(facts: Facts) -> bool:
    ends = facts.has("close", "confirm", "retry", "exit", "settings", "cancel", "acknowledge")
    return bool(facts.wording.kind("crash")) and facts.card and ends


def _is_anr(facts: Facts) -> bool:
    return bool(facts.wording.kind("anr")) and facts.has("wait", "close")


def _is_install(facts: Facts) -> bool:
    return bool(facts.wording.kind("install_confirmation")) and facts.card and facts.has("install", "cancel")


def _is_system_install(facts: Facts) -> bool:
    """The system's question whether to install, whose warning speaks of agreeing and of personal data."""
    if not facts.card or facts.documents or facts.wording.kind("update") or not facts.has("cancel", "refuse", "deny"):
        return False
    return bool(read_wording(comparable_text(facts.layer.texts[:3])).kind("install_confirmation"))


def _is_policy_text(facts: Facts) -> bool:
    return facts.wording["topic_strong"] >= 3 and facts.wording.characters >= 400 and not facts.card


_STRONGER = (
    ("anr", _is_anr),
    ("teenager_mode", _is_teenager),
    ("age_gate", _is_age),
    ("install_confirmation", _is_system_install),
    ("purchase", _is_purchase),
    ("oauth", _is_oauth),
    ("login_with_agreement", _is_login_with_agreement),
)
_OTHERS = (
    ("captcha", _is_captcha),
    ("login", _is_login),
    ("update", _is_update),
    ("rating", _is_rating),
    ("crash", _is_crash),
    ("install_confirmation", _is_install),
    ("notification_prompt", _is_notification_prompt),
    ("permission_rationale", _is_rationale),
    ("ad_popup", _is_ad_popup),
    ("splash_ad", _is_splash),
    ("policy_text", _is_policy_text),
)
