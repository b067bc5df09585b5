"""What the words on a button say, whatever they are: negation first, and doubt rather than a guess.

A closed list of labels misses every wording nobody thought of. So a label is cut into known words, and the order of
their categories decides: a negated agreement is a refusal, a negated departure is staying, an agreement with unknown
words around it is not clear.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from screenshots.handling import without_idioms
from screenshots.lexicon import Lexicon, comparable, has_han, has_kana, lexicons_for
from screenshots.segments import PUNCTUATION, cut_label

__all__ = ["Meaning", "label_meaning", "without_countdown"]

_LONGEST_HAN = 18
_LONGEST_LATIN = 44
_MOST_WORDS = 8
_COUNTDOWN = re.compile(
    r"[\s(\[|:,]*\d{1,2}\s*[)\]]?$|[\s(\[|:,]*\d{1,3}\s*(s|sec|秒|秒后)\s*[)\]]?$|^[(\[]?\d{1,2}\s*(s|秒)?[)\]]?[\s|]*(?=\D)"
)
"""Two digits at most without a unit: "同意 312" is a poll, not a countdown."""
_TWO_CLAUSES = re.compile(r"([^,.!;]+)[,.!;]\s*([^,.!;]+)")
"""不用了，再见: read as one, the negation would turn the farewell into staying."""
_SECONDS = re.compile(r"\s*\(\d{1,2}\s*(s|秒)\)$")
"""A countdown beyond doubt, also behind an age."""
_AMOUNT = re.compile(r"\s*([¥￥$€£]\s?\d+([.,]\d+)*|\d+([.,]\d+)*\s?(€|元|円|usd|eur))")
_EDGES = re.compile(r"^[\s□○◯口〇●◉☐☑✓✔>›<‹«»·•*\-|\"'\[(【「『]+|[\s>›〉→»·•*✓✔!.,。~\-|\"'\])】」』]+$")
_SENTENCE = re.compile(r"[。;:?!]\S|[?!]\s\S|[《〈]|[?？]$|\.\s\S")
_SPOKEN = re.compile(r"^(you|they|he|she|du|ihr|tu|vous|ils|elle|puedes|ellos)\s|^(若|如果|如(您|你)|倘若|一旦)")
"""Somebody is told something, or a condition is made: a message, not a label."""
_ACTS = ("pay", "destroy", "login", "update", "install", "rate", "receive", "send", "retry", "age", "mode", "wait")
_COOKIES = re.compile(r"\s*cookies?\s*")
"""A loan word in every language: it says what is answered, not how."""
_TWO_ANSWERS = re.compile(
    r"\b(reject|decline|refuse|deny|ablehnen|refuser|rechazar)( all)?\s+(i )?(accept|agree|allow|akzeptieren|accepter|aceptar)\b"
)
"""Two buttons that OCR read as one line: a tap in its middle would say either."""
_LEFT_AS_IT_IS = re.compile(
    r"^leave\b.*\b(on|off|in|out|as is|as it is|alone|enabled|disabled|ticked|unticked|checked|granted|running|open|shared)$"
)
"""Nobody leaves the app by it, and only what it is about tells whether it is yes or no."""
_MIXED = re.compile(r"[\u4e00-\u9fff].*[A-Za-z]|[A-Za-z].*[\u4e00-\u9fff]")
_BOTH_SCRIPTS = re.compile(r"[A-Za-z]{4}")
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+")
_NOT_HAN = re.compile("[^\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+")
_AFTER_NEGATION = frozenset(
    {
        "agree",
        "authorise",
        "proceed",
        "confirm",
        "know",
        "basic",
        "browse",
        "view",
        "adjust",
        "chosen",
        "purpose",
        "necessary",
        "document",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What a label says on its own. The screen around it may still decide otherwise."""

    name: str
    """accept refuse exit stay browse basic_mode later acknowledge confirm proceed settings deny allow allow_once
    allow_foreground login update install rate pay destroy receive send retry age mode wait skip cancel close link
    scroll_first undo (taking consent back), or `other`."""
    clear: bool
    """Every word of the label is known and none contradicts another."""
    leaves: bool = False
    """A refusal that says it also leaves the app."""


_YES, _NO = frozenset({"accept", "allow"}), frozenset({"refuse", "deny"})
"""One clause says yes and the other no: "no, I accept after all" answers a question that the label does not hold."""
_NOTHING = Meaning(name="other", clear=False)
_AFFIRMED = Meaning(name="confirm", clear=False)


@lru_cache(maxsize=4096)
def label_meaning(text: str, *, kana_around: bool = False, exact: bool = True) -> Meaning:
    """Read a label. `kana_around`: the screen is Japanese, so Han-only labels are read as Japanese first.

    `exact=False`: the words may be misread, so an agreement to something unknown ("同意L本") is not clear.
    """
    label = _strip(_AMOUNT.sub("", comparable(text)))
    if not label or _TWO_ANSWERS.search(label) or _LEFT_AS_IT_IS.search(label):
        return _NOTHING
    if not _is_label(label) and not _is_listed(label, kana_around=kana_around):
        return _NOTHING
    farewell = _TWO_CLAUSES.fullmatch(label)
    if farewell is not None:
        first, second = (label_meaning(part, kana_around=kana_around, exact=exact) for part in farewell.groups())
        if (first.name, second.name) == ("refuse", "exit") and first.clear and second.clear:
            return Meaning(name="refuse", clear=True, leaves=True)
        if {first.name, second.name} & _YES and {first.name, second.name} & _NO:
            return _NOTHING
    han, kana = has_han(label), has_kana(label)
    if han and not kana:
        label = _COOKIES.sub("", label)
    if han and not kana and _BOTH_SCRIPTS.search(label):
        return _twice_said(label, exact=exact)
    candidates = _languages_of(label, kana_around=kana_around)
    if not candidates:
        return _NOTHING
    readings = [_read(label, lexicon, exact=exact) for lexicon in candidates]
    said = min(readings, key=lambda reading: reading[0])[1]
    return _AFFIRMED if said.name == "refuse" and _denies_to_affirm(label, candidates, exact=exact) else said


def without_countdown(label: str) -> str:
    """Without the seconds that a button counts down: "接受条款 (8s)" is no longer than "接受条款"."""
    return _COUNTDOWN.sub("", _SECONDS.sub("", label))


def _languages_of(label: str, *, kana_around: bool) -> tuple[Lexicon, ...]:
    han, kana = has_han(label), has_kana(label)
    return lexicons_for(han=han and not kana, kana=kana or (kana_around and han), latin=not han and not kana)


def _is_listed(label: str, *, kana_around: bool) -> bool:
    """Android's own words for lasting permissions are longer than labels of apps."""
    return any(label in lexicon.labels for lexicon in _languages_of(label, kana_around=kana_around))


def _denies_to_affirm(label: str, candidates: tuple[Lexicon, ...], *, exact: bool) -> bool:
    """Its only negation belongs to an idiom that says yes ("no objections", "不介意")."""
    rest, idioms = without_idioms(label, candidates)
    return idioms > 0 and all(_read(_strip(rest), one, exact=exact)[1].name != "refuse" for one in candidates)


def _twice_said(label: str, *, exact: bool) -> Meaning:
    """A label in two languages ("Decline 拒绝") means what both halves mean; else only what the Han half says, unclearly."""
    halves = [label_meaning(half, exact=exact) for half in (_NOT_HAN.sub(" ", label), _HAN.sub(" ", label))]
    if halves[0].name == halves[1].name and any(half.clear for half in halves):
        return Meaning(name=halves[0].name, clear=True, leaves=any(half.leaves for half in halves))
    lexicon = lexicons_for(han=True, kana=False, latin=False)[0]
    return _read(label, lexicon, exact=exact)[1]


def _strip(label: str) -> str:
    for _ in range(3):
        before = label
        label = _EDGES.sub("", label)
        if not re.search(r"岁|周岁|over|under|\bv?\d+\.\d", label):
            label = _COUNTDOWN.sub("", label)
        label = _SECONDS.sub("", label)
        if label == before:
            break
    return label or before.strip()


def _is_label(label: str) -> bool:
    if _SENTENCE.search(label) or _SPOKEN.search(label):
        return False
    if has_han(label) or has_kana(label):
        return len(label) <= _LONGEST_HAN
    return len(label) <= _LONGEST_LATIN and len(label.split()) <= _MOST_WORDS


def _read(label: str, lexicon: Lexicon, *, exact: bool) -> tuple[int, Meaning]:
    """The share of the label this language does not know, in per mille, and what it says."""
    whole = lexicon.labels.get(label) or lexicon.labels.get(PUNCTUATION.sub(" ", label).strip())
    if whole is None and lexicon.script != "latin":
        whole = lexicon.labels.get(PUNCTUATION.sub("", label))
    if whole is not None:
        return -1, Meaning(name=whole, clear=True)
    categories, unknown = cut_label(label, lexicon)
    return unknown, _decide(
        categories, unknown, lexicon, exact=exact and label.isprintable() and not _MIXED.search(label)
    )


def _decide(categories: tuple[str, ...], unknown: int, lexicon: Lexicon, *, exact: bool) -> Meaning:
    said = [category for category in categories if category not in ("filler", "ignored")]
    known = [category for category in said if category != "?"]
    if not known:
        return Meaning(name="link", clear=True) if "document" in categories else _NOTHING
    if "undo" in known:
        return _undoing(set(known), unknown)
    if {"no", "confirm"} <= set(known) and "agree" not in known:
        return _NOTHING
    negated = _negated(said, lexicon)
    if negated is not None:
        return _refusal(negated, known, unknown, exact=exact)
    name = _affirmation(known)
    if set(known) == {"necessary"}:
        return Meaning(name=name, clear=False)
    return Meaning(name=name, clear=name != "other" and _is_clear(name, said, unknown, exact=exact))


def _undoing(known: set[str], unknown: int) -> Meaning:
    """Taking consent back is neither an acceptance nor a refusal of what is asked; taking a refusal back is unclear."""
    if known == {"undo"} and unknown <= 1:
        return Meaning(name="cancel", clear=True)
    if known <= {"undo", "agree", "authorise", "allow"}:
        return Meaning(name="undo", clear=True) if len(known) > 1 else Meaning(name="cancel", clear=False)
    return _NOTHING


def _is_clear(name: str, said: list[str], unknown: int, *, exact: bool) -> bool:
    """An object after its verb ("进入小鱼阅读") leaves the verb clear; unknown words elsewhere, or many, do not."""
    if unknown <= 1 or (name in _ACTS and unknown <= 600):
        return True
    if name in ("accept", "proceed", "exit") and said.count("?") == 1 and said[0] != "?":
        before = said[said.index("?") - 1]
        return unknown <= 700 and (before in ("proceed", "leave") or (exact and before in ("agree", "authorise")))
    known = name not in ("accept", "refuse", "allow", "allow_once", "allow_foreground", "deny")
    return (known or (exact and name not in ("accept", "refuse"))) and unknown <= 250


def _negated(said: list[str], lexicon: Lexicon) -> str | None:
    """What is negated: a category, `nothing` for a bare no, `unknown`, or None when the label holds no negation."""
    if "negation" in said:
        at = said.index("negation")
        if "agree" in said[:at] and "agree" in said[at:]:
            return "doubled"
        after = [category for category in said[at + 1 :] if category not in ("negation", "always", "only", "delay")]
        if said.count("negation") > 1 and lexicon.script == "han" and "negation" in said[at + 1 : at + 2]:
            return "doubled"
        if after and (after[0] != "?" or not lexicon.negation_follows):
            return after[0] if after[0] != "?" else "unknown"
        if lexicon.negation_follows:
            before = [category for category in said[:at] if category not in ("?", "no", "confirm")]
            return before[-1] if before else ("unknown" if after else "nothing")
        return "nothing"
    return "nothing" if "no" in said or "refusal" in said else None


def _refusal(negated: str, known: list[str], unknown: int, *, exact: bool) -> Meaning:
    leaves = "leave" in known
    if negated in ("doubled", "refusal"):
        return _NOTHING
    if "stay" in known:
        return Meaning(name="stay", clear=unknown <= 1)
    if negated in ("leave", "close", "cancel", "back") and "refusal" not in known:
        return Meaning(name="stay", clear=unknown <= 1) if "agree" not in known else _NOTHING
    if negated == "allow":
        return Meaning(name="deny", clear=unknown <= 1)
    if "basic" in known and "agree" not in known:
        return Meaning(name="basic_mode", clear=unknown <= 250)
    if negated in ("update", "rate", "pay", "install", "login", "receive", "send", "mode"):
        return Meaning(name="later", clear=unknown <= 250)
    if negated in ("nothing", "leave") or negated in _AFTER_NEGATION or negated in ("no", "foreground", "once"):
        complete = negated == "agree" or (exact and "refusal" in known)
        clear = unknown <= 250 or leaves or (complete and unknown <= 500)
        return Meaning(name="refuse", clear=clear, leaves=leaves)
    if negated == "unknown" and not {"agree", "proceed", "confirm"} & set(known):
        return Meaning(name="refuse", clear=False, leaves=leaves)
    return _NOTHING


def _affirmation(known: list[str]) -> str:
    have = set(known)
    if "back" in have:
        have = (have - {"back"}) | (set() if have & {"agree", "authorise"} else {"cancel"})
    if "chosen" in have:
        return "settings"
    if "purpose" in have:
        have = (have - {"purpose"}) | (set() if have & {"agree", "authorise", "allow"} else {"adjust"})
    lasting = _lasting(have)
    if lasting is not None:
        return lasting
    agrees = bool(have & {"agree", "authorise"})
    if {"leave", "login"} <= have:
        return "exit"
    for act in _ACTS:
        if act == "update" and "document" in have:
            continue
        if act in have and not (act in ("login", "update", "install", "send", "age") and "agree" in have):
            return _act(act, have)
    if "basic" in have:
        return "basic_mode" if "agree" not in have else "other"
    if "only" in have or "necessary" in have:
        return _restricted(have)
    if "browse" in have:
        return "browse" if not agrees else "other"
    if "leave" in have:
        return "other" if agrees else "stay" if "cancel" in have else "exit"
    if "allow" in have and not agrees:
        return "allow_once" if "once" in have else "allow_foreground" if "foreground" in have else "allow"
    return _plain_affirmation(have, agrees=agrees)


def _lasting(have: set[str]) -> str | None:
    """How long a permission lasts says enough: "only while in use", "just this once"."""
    if not have or have - {"once", "foreground", "always", "only", "allow", "authorise"}:
        return None
    if "once" in have:
        return "allow_once"
    if "foreground" in have:
        return "allow_foreground"
    return "allow" if "always" in have and have & {"allow", "authorise"} else None


def _plain_affirmation(have: set[str], *, agrees: bool) -> str:
    if "adjust" in have:
        return "settings" if "close" not in have else "close"
    if agrees:
        return "other" if have & {"delay", "cancel"} else "accept"
    order = (
        ("delay", "later"),
        ("skip", "skip"),
        ("cancel", "cancel"),
        ("close", "close"),
        ("stay", "stay"),
    )
    for category, name in order:
        if category in have:
            return name
    if "document" in have:
        return "link"
    for category, name in (
        ("view", "settings"),
        ("know", "acknowledge"),
        ("confirm", "confirm"),
        ("proceed", "proceed"),
    ):
        if category in have:
            return name if not (category == "know" and "proceed" in have) else "proceed"
    return "other"


def _restricted(have: set[str]) -> str:
    if "necessary" in have:
        return "refuse"
    if "allow" in have:
        return "allow_once" if "once" in have else "allow_foreground"
    if "browse" in have:
        return "browse"
    return "other" if have & {"agree", "authorise"} else "settings" if have & {"adjust", "view"} else "other"


def _act(act: str, have: set[str]) -> str:
    if "delay" in have:
        return "later"
    if act == "mode" and "adjust" in have:
        return "settings"
    return act
