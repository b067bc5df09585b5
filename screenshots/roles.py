"""From what labels say to what controls do on this screen. In doubt: `other`, so that accept and refuse never swap."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from screenshots.candidates import Candidate, partner_of
from screenshots.elements import Layer
from screenshots.handling import leaning
from screenshots.impression import question_of, roles_of
from screenshots.kinds import Verdict
from screenshots.lexicon import has_han, has_kana
from screenshots.values import CONSENT_KINDS, Control

__all__ = ["assign_roles"]

_PERMISSION_IDS = (
    ("permission_allow_foreground_only_button", "allow_foreground"),
    ("permission_allow_one_time_button", "allow_once"),
    ("permission_allow_always_button", "allow"),
    ("permission_allow_all_button", "allow"),
    ("permission_allow_selected_button", "allow_foreground"),
    ("permission_allow_button_1", "allow"),
    ("permission_allow_button", "allow"),
    ("permission_deny_and_dont_ask_again_button", "deny"),
    ("permission_no_upgrade_and_dont_ask_again_button", "deny"),
    ("permission_no_upgrade_button", "deny"),
    ("permission_no_upgrade_one_time_button", "deny"),
    ("permission_deny_button", "deny"),
    ("permission_dont_allow_button", "deny"),
)
_SYSTEM_IDS = (
    ("aerr_wait", "later"),
    ("aerr_close", "close"),
    ("aerr_restart", "other"),
    ("aerr_app_info", "settings"),
)
_EVERYWHERE = {
    "accept": "accept",
    "refuse": "refuse",
    "exit": "exit",
    "basic_mode": "basic_mode",
    "browse": "basic_mode",
    "settings": "settings",
    "close": "close",
    "skip": "skip",
    "later": "later",
    "stay": "later",
    "acknowledge": "acknowledge",
    "confirm": "acknowledge",
    "allow": "allow",
    "allow_once": "allow_once",
    "allow_foreground": "allow_foreground",
    "deny": "deny",
    "cancel": "close",
    "send": "acknowledge",
}


_BESIDES = frozenset({"settings", "policy_link", "terms_link"})
_NO = frozenset({"refuse", "exit", "basic_mode"})
_YES = frozenset({"accept"})
_CONTRARY = {"accept": "refuse", "refuse": "accept"}
_AGAINST = {"accept": -1, "refuse": 1}
"""Which way a label must not lean to be taken for an answer."""
_LIKELY, _LIKELIER, _CONTRADICTS, _CLAIMED, _COUNTERPART, _KEEPS = 0.6, 0.85, 0.95, 0.3, 0.4, 0.55
_WORDY, _WORDY_HAN = 26, 13
_PAIR_ODDS, _FILLED, _LEAST = 4.0, 1.0, 0.02
"""Fifty to one tells two answers apart, for each was judged beside the other; that one is filled counts nearly three to one."""
_KNOWN = frozenset({"basic_mode", "settings", "acknowledge"})
_FEWEST_CHOICES, _ROWS = 2, 3
_KEEPING = frozenset({"confirm", "acknowledge", "send", "proceed"})
"""Under several switches "OK", "done" and "go on" keep what they say, and are neither yes nor no."""
_VAGUE = frozenset({"other", "close", "later", "skip"})


_Likely = Mapping[int, Mapping[str, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Role:
    name: str
    clear: bool


def assign_roles(layer: Layer, verdict: Verdict) -> tuple[Control, ...]:
    """The controls of a judged layer, in reading order."""
    if verdict.kind == "permission":
        roles = _permission_roles(verdict.candidates)
    elif verdict.kind in CONSENT_KINDS:
        roles = _consent_roles(layer, verdict)
    else:
        roles = {id(one): _plain_role(one, verdict.kind) for one in verdict.candidates}
    return tuple(_control(one, roles[id(one)]) for one in verdict.candidates)


def _control(candidate: Candidate, role: _Role) -> Control:
    element = candidate.element
    return Control(
        role=role.name,
        text=element.text,
        box=element.touch_box,
        point=element.point,
        clear=role.clear and role.name != "other",
        resource_id=element.resource_id or None,
        source=element.source,
    )


def _permission_roles(candidates: tuple[Candidate, ...]) -> dict[int, _Role]:
    """Beside a denial every other button of such a prompt allows something, in whatever words; but not clearly."""
    roles = {id(one): _permission_role(one) for one in candidates}
    if any(role.name == "deny" and role.clear for role in roles.values()):
        buttons = [one for one in candidates if one.element.text and (one.button_like or one.below_body)]
        unsaid = [one for one in buttons if roles[id(one)].name == "other"]
        roles |= {id(one): _Role(name="allow", clear=False) for one in unsaid}
    return roles


def _permission_role(candidate: Candidate) -> _Role:
    name = candidate.element.resource_id.rsplit("/", 1)[-1]
    for known, role in _PERMISSION_IDS:
        if name == known:
            return _Role(name=role, clear=True)
    said = candidate.name
    if said in ("refuse", "deny"):
        return _Role(name="deny", clear=candidate.meaning.clear)
    if said in ("allow", "allow_once", "allow_foreground"):
        return _Role(name=said, clear=candidate.meaning.clear)
    if said == "accept":
        return _Role(name="allow", clear=candidate.meaning.clear)
    return _Role(name="settings" if said == "settings" else "other", clear=said == "settings")


def _plain_role(candidate: Candidate, kind: str) -> _Role:
    name = candidate.element.resource_id.rsplit("/", 1)[-1]
    for known, role in _SYSTEM_IDS:
        if name == known:
            return _Role(name=role, clear=True)
    if candidate.name == "wait":
        return _Role(name="later", clear=True)
    role = _EVERYWHERE.get(candidate.name, "other")
    if role in ("accept", "refuse") and (kind == "plain" or not candidate.meaning.clear):
        return _Role(name="other", clear=False)
    return _Role(name=role, clear=candidate.meaning.clear)


def _consent_roles(layer: Layer, verdict: Verdict) -> dict[int, _Role]:
    """Each role among its neighbours: an exit refuses when nothing else does, an OK accepts when something refuses."""
    candidates = verdict.candidates
    said = {one.name for one in candidates if one.meaning.clear}
    refuses = "refuse" in said
    accepts = "accept" in said
    leaves = "exit" in said
    roles: dict[int, _Role] = {}
    for one in candidates:
        roles[id(one)] = _consent_role(one, verdict, refuses=refuses, accepts=accepts, leaves=leaves)
    if verdict.kind == "cookie_consent" and sum(one.kind == "check" for one in layer.elements) >= _FEWEST_CHOICES:
        roles |= {id(one): _Role(name="settings", clear=False) for one in candidates if one.name in _KEEPING}
    _infer_partners(layer, candidates, roles)
    _infer_from_doubt(layer, candidates, roles)
    _infer_from_leaning(layer, candidates, roles)
    likely = _likely_roles(layer, candidates, verdict.kind)
    _infer_from_wording(candidates, roles, likely)
    _infer_pair_from_wording(candidates, roles, likely)
    _doubt_from_wording(candidates, roles, likely)
    _leave_rows_open(candidates, roles)
    _doubt_second_yes(candidates, roles)
    _refuse_by_putting_off(roles)
    return roles


def _consent_role(one: Candidate, verdict: Verdict, *, refuses: bool, accepts: bool, leaves: bool) -> _Role:
    name, clear = one.name, one.meaning.clear
    if name in ("accept", "refuse"):
        return _Role(name=name if clear else "other", clear=clear)
    answered = refuses or leaves
    paired = verdict.pair is not None and one is verdict.pair.negative
    if name == "deny":
        return _Role(name="refuse", clear=clear)
    if name in ("proceed", "confirm", "acknowledge", "allow"):
        paired_up = verdict.pair is not None and one is verdict.pair.positive
        closes = any(other.name == "close" and other.element.text for other in verdict.candidates)
        asked = verdict.kind not in ("notice_only", "retention") and (answered or (clear and not closes))
        if not accepts and (paired_up or asked):
            return _Role(name="accept", clear=clear and (paired_up or answered))
        if name == "proceed" and closes and verdict.kind != "notice_only":
            return _Role(name="acknowledge", clear=False)
        return _Role(name="allow" if name == "allow" else "acknowledge", clear=clear and not accepts)
    if name == "exit":
        return _Role(name="exit" if refuses else "refuse", clear=clear)
    if name in ("later", "skip", "cancel") and not answered:
        return _Role(name="refuse" if paired or accepts else _EVERYWHERE[name], clear=clear)
    if name == "close" and verdict.kind == "notice_only" and len(one.element.text) > 1:
        return _Role(name="acknowledge", clear=clear)
    against = verdict.pair is not None and verdict.pair.positive.meaning.clear
    if name == "close" and not answered and paired and against and len(one.element.text) > 1:
        return _Role(name="refuse", clear=clear)
    return _Role(name=_EVERYWHERE.get(name, "other"), clear=clear)


def _infer_from_doubt(layer: Layer, candidates: tuple[Candidate, ...], roles: dict[int, _Role]) -> None:
    """A negation of something unknown ("不需要回忆") beside a button that negates nothing: likely the refusal."""
    if any(role.name in ("accept", "refuse", "exit") for role in roles.values()):
        return
    doubtful = [one for one in candidates if one.name == "refuse"]
    partner = partner_of(doubtful[0], candidates, layer) if len(doubtful) == 1 else None
    if partner is not None and partner.name in ("other", "accept", "proceed", "confirm", "acknowledge", "allow"):
        roles[id(doubtful[0])] = _Role(name="refuse", clear=False)
        roles[id(partner)] = _Role(name="accept", clear=False)


def _infer_from_leaning(layer: Layer, candidates: tuple[Candidate, ...], roles: dict[int, _Role]) -> None:
    """Of two alternatives one leans to no and the other does not, in whatever words; never clear."""
    answers = [
        one for one in candidates if one.button_like and one.element.text and roles[id(one)].name not in _BESIDES
    ]
    if len(answers) != 2 or partner_of(answers[0], answers, layer) is None:
        return
    leans = [leaning(one.element.text, kana_around=layer.is_japanese) for one in answers]
    if leans.count(-1) != 1:
        return
    no, yes = answers[leans.index(-1)], answers[1 - leans.index(-1)]
    if _is_open(roles[id(no)], _NO) and _is_open(roles[id(yes)], _YES):
        roles[id(no)] = roles[id(no)] if roles[id(no)].name in _NO else _Role(name="refuse", clear=False)
        roles[id(yes)] = roles[id(yes)] if roles[id(yes)].name in _YES else _Role(name="accept", clear=False)


def _likely_roles(layer: Layer, candidates: tuple[Candidate, ...], kind: str) -> _Likely:
    """By the id of each worded candidate, what the wording model makes of it."""
    worded = [one for one in candidates if one.element.text]
    told = roles_of(worded, kind, question_of(layer, worded))
    return {id(one): likely for one, likely in zip(worded, told, strict=True)}


def _infer_from_wording(candidates: tuple[Candidate, ...], roles: dict[int, _Role], said: _Likely) -> None:
    """What the wording model makes of answers the rules know no words for; never clear, and never yes for no.

    Where it contradicts clear words, nobody knows.
    """
    wordy = {id(one) for one in candidates if _is_wordy(one)}
    for one in candidates:
        likely, role = said.get(id(one), {}), roles[id(one)]
        name = max(likely, key=lambda known: likely[known], default="other")
        contrary = _CONTRARY.get(role.name, "")
        if role.name == "accept" and one.name != "accept" and likely.get("settings", 0.0) >= _KEEPS:
            roles[id(one)] = _Role(name="settings", clear=False)
        elif contrary and (role.clear or name == contrary):
            if role.clear and likely.get(contrary, 0.0) >= _CONTRADICTS:
                roles[id(one)] = _Role(name="other", clear=False)
        elif role.name != name and not (role.clear and (role.name in _KNOWN or name in _CONTRARY)):
            others = {at: other for at, other in said.items() if at != id(one)}
            short = {at: other for at, other in others.items() if at not in wordy}
            unopposed = name in _CONTRARY and not _stands_against(_CONTRARY[name], short, roles)
            if unopposed or (name in _VAGUE and one.positive):
                continue
            claimed = max((other.get(name, 0.0) for other in others.values()), default=0.0)
            if _may_be(name, role, likely, claimed, leaning(one.element.text)):
                roles[id(one)] = _Role(name=name, clear=False)


def _stands_against(contrary: str, others: Mapping[int, Mapping[str, float]], roles: Mapping[int, _Role]) -> bool:
    """Another answer is, or is likely, the contrary: without one nobody knows that this is an answer at all."""
    return any(
        roles[at].name == contrary or (not roles[at].clear and other.get(contrary, 0.0) >= _COUNTERPART)
        for at, other in others.items()
    )


def _may_be(name: str, role: _Role, likely: Mapping[str, float], claimed: float, lean: int) -> bool:
    """`claimed`: how likely another answer is the same; two that both look like the refusal cannot be told apart."""
    if name in _CONTRARY:
        return likely[name] >= _LIKELIER and claimed < _CLAIMED and lean != _AGAINST[name]
    return likely.get(name, 0.0) >= (_LIKELY if role.name == "other" else _LIKELIER)


def _infer_pair_from_wording(candidates: tuple[Candidate, ...], roles: dict[int, _Role], likely: _Likely) -> None:
    """Of two answers in unknown words: which is more likely yes and which no, by their words and by how they are drawn."""
    answers = [one for one in candidates if one.button_like and one.element.text and not _is_besides(roles[id(one)])]
    if len(answers) != 2 or any(not _is_unsaid(roles[id(one)]) or _is_wordy(one) for one in answers):
        return
    first, second = answers
    odds = _odds(first, likely) - _odds(second, likely)
    if abs(odds) >= _PAIR_ODDS:
        yes, no = (first, second) if odds > 0 else (second, first)
        if leaning(yes.element.text) < 0 or leaning(no.element.text) > 0:
            return
        roles[id(yes)], roles[id(no)] = _Role(name="accept", clear=False), _Role(name="refuse", clear=False)


def _doubt_from_wording(candidates: tuple[Candidate, ...], roles: dict[int, _Role], likely: _Likely) -> None:
    """Yes and no that were guessed, or one of which was, while their words rather say the reverse: nobody knows then."""
    yes, no = ([one for one in candidates if roles[id(one)].name == name] for name in ("accept", "refuse"))
    if len(yes) != 1 or len(no) != 1 or (roles[id(yes[0])].clear and roles[id(no[0])].clear):
        return
    answers = (yes[0], no[0])
    if all(likely.get(id(one)) for one in answers) and _odds(yes[0], likely) < _odds(no[0], likely):
        roles |= {id(one): _Role(name="other", clear=False) for one in answers}


def _doubt_second_yes(candidates: tuple[Candidate, ...], roles: dict[int, _Role]) -> None:
    """Two answers that both accept, one of them not clearly: that one may as well be the refusal."""
    yes = [one for one in candidates if roles[id(one)].name == "accept"]
    if len(yes) > 1:
        roles |= {id(one): _Role(name="other", clear=False) for one in yes if not roles[id(one)].clear}


def _refuse_by_putting_off(roles: dict[int, _Role]) -> None:
    """What only its words suggest to be "later" is what refuses beside an acceptance, where nothing else does."""
    names = {role.name for role in roles.values()}
    if "accept" in names and not names & _NO:
        off = {at for at, role in roles.items() if role.name == "later" and not role.clear}
        roles |= {at: _Role(name="refuse", clear=False) for at in off if len(off) == 1}


def _leave_rows_open(candidates: tuple[Candidate, ...], roles: dict[int, _Role]) -> None:
    """ "Yes" and "no" that stand there more than once each, or one of them three times, answer rows of purposes."""
    often = Counter(one.element.plain for one in candidates if roles[id(one)].name in _CONTRARY)
    if sum(count > 1 for count in often.values()) > 1 or max(often.values(), default=0) >= _ROWS:
        repeated = [one for one in candidates if often[one.element.plain] > 1]
        roles |= {id(one): _Role(name="settings", clear=False) for one in repeated}


def _is_besides(role: _Role) -> bool:
    return role.clear and role.name in _BESIDES


def _is_wordy(answer: Candidate) -> bool:
    """Rather the line beside a box than an answer."""
    text = answer.element.text
    return len(text) > (_WORDY_HAN if has_han(text) or has_kana(text) else _WORDY)


def _is_unsaid(role: _Role) -> bool:
    return role.name == "other" or (not role.clear and role.name in ("accept", "refuse"))


def _odds(answer: Candidate, likely: _Likely) -> float:
    """How much an answer is yes rather than no, as the logarithm of the odds; what is filled is mostly the wished answer."""
    told = likely.get(id(answer), {})
    yes, no = (max(told.get(name, 0.0), _LEAST) for name in ("accept", "refuse"))
    return math.log(yes / no) + (_FILLED if answer.element.style == "filled" else 0.0)


def _is_open(role: _Role, same: frozenset[str]) -> bool:
    """Its words do not say clearly that it is something else."""
    return role.name in same or role.name in _VAGUE or not role.clear


def _infer_partners(layer: Layer, candidates: tuple[Candidate, ...], roles: dict[int, _Role]) -> None:
    """Of two buttons that stand together, one clear answer tells what the other is, in whatever words; but not clearly."""
    for known, inferred in (("refuse", "accept"), ("accept", "refuse")):
        if any(role.name == inferred for role in roles.values()):
            continue
        for one in candidates:
            if roles[id(one)].name != known or not roles[id(one)].clear:
                continue
            partner = partner_of(one, candidates, layer)
            if partner is not None and partner.name in ("other", inferred):
                roles[id(partner)] = _Role(name=inferred, clear=False)
