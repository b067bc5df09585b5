"""Scores of a labelled set: what was right, what was missed, what was confused with what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from screenshots.values import CONSENT_KINDS, Box, Control, ScreenReading

__all__ = [
    "Labelled",
    "LabelledControl",
    "Scored",
    "card_overlap",
    "consent_scores",
    "contrast_errors",
    "control_at",
    "kind_scores",
    "role_scores",
]

LABEL_KINDS: Mapping[str, tuple[str, ...]] = {
    "privacy_agreement": CONSENT_KINDS,
    "cmp": CONSENT_KINDS,
    "notice": CONSENT_KINDS,
    "retention": CONSENT_KINDS,
    "login": ("login", "login_with_agreement"),
    "login_with_agreement": ("login_with_agreement",),
    "permission": ("permission", "permission_rationale"),
    "permission_rationale": ("permission_rationale",),
    "rate": ("rating",),
    "update": ("update",),
    "age_gate": ("age_gate",),
    "teen_mode": ("teenager_mode",),
    "oauth": ("oauth",),
    "splash_ad": ("splash_ad",),
    "popup_ad": ("ad_popup",),
    "notify_prompt": ("notification_prompt",),
    "purchase": ("purchase",),
    "crash": ("crash",),
    "anr": ("anr",),
    "install": ("install_confirmation",),
    "captcha": ("captcha",),
}
"""What a label of the data sets is called here. Labels not listed are screens of no kind that is scored."""

LABEL_ROLES: Mapping[str, tuple[str, ...]] = {
    "accept": ("accept",),
    "refuse": ("refuse",),
    "settings": ("settings", "basic_mode"),
    "ack": ("acknowledge",),
    "save": ("acknowledge", "settings", "other"),
    "basic_mode": ("basic_mode",),
    "allow": ("allow", "allow_foreground"),
    "allow_once": ("allow_once",),
    "deny": ("deny",),
    "later": ("later",),
    "skip": ("skip",),
    "close": ("close",),
}
_CONSENT_ROLES = ("accept", "refuse", "settings", "ack", "basic_mode", "save")
_PERMISSION_ROLES = ("allow", "allow_once", "deny")


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledControl:
    role: str
    text: str
    box: Box | None
    contrast: float | None = None
    """WCAG contrast of its words where they stand on one colour; None when nobody knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """One screen and the truth about it."""

    name: str
    kind: str
    language: str
    consent: bool
    controls: tuple[LabelledControl, ...]
    card: Box | None
    ticked: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    truth: Labelled
    reading: ScreenReading
    nanoseconds: int
    contrasts: tuple[tuple[float, float | None], ...] = ()
    """True and measured contrast of answers that were found; None for one that could not be measured."""

    @property
    def said_consent(self) -> bool:
        return self.reading.dialog is not None and self.reading.dialog.asks_consent

    @property
    def kind(self) -> str:
        return self.reading.kinds[0] if self.reading.kinds else "unreadable"


def consent_scores(scored: Sequence[Scored]) -> dict[str, object]:
    """Yes or no, by language, and how many of each consent kind were found."""
    languages = sorted({one.truth.language for one in scored})
    kinds = sorted({one.truth.kind for one in scored if one.truth.consent})
    return {
        **_yes_no(scored),
        "recall_by_kind": {
            kind: _yes_no([one for one in scored if one.truth.consent and one.truth.kind == kind])["recall"]
            for kind in kinds
        },
        "by_language": {
            language: _yes_no([one for one in scored if one.truth.language == language]) for language in languages
        },
    }


def _yes_no(scored: Sequence[Scored]) -> dict[str, object]:
    hit = sum(one.said_consent and one.truth.consent for one in scored)
    said = sum(one.said_consent for one in scored)
    positives = sum(one.truth.consent for one in scored)
    others = len(scored) - positives
    return {
        "screens": len(scored),
        "positives": positives,
        "recall": _ratio(hit, positives),
        "precision": _ratio(hit, said),
        "false_alarms": said - hit,
        "false_alarm_rate": _ratio(said - hit, others),
        "missed": [one.truth.name for one in scored if one.truth.consent and not one.said_consent],
        "alarmed": [one.truth.name for one in scored if one.said_consent and not one.truth.consent],
    }


def role_scores(scored: Sequence[Scored]) -> dict[str, object]:
    """Controls of consent and permission dialogs: found with the right role, and the one unforgivable confusion."""
    languages = sorted({one.truth.language for one in scored})
    return {
        **_roles(scored),
        "by_language": {
            language: _without_lists(_roles([one for one in scored if one.truth.language == language]))
            for language in languages
        },
    }


def _roles(scored: Sequence[Scored]) -> dict[str, object]:
    counts: Counter[str] = Counter()
    swaps: list[str] = []
    wrong: list[str] = []
    for one in scored:
        wanted = _scored_labels(one.truth)
        said = list(one.reading.dialog.controls) if one.reading.dialog is not None else []
        for label in wanted:
            found = control_at(label.box, said)
            role = found.role if found is not None else None
            correct = role in LABEL_ROLES[label.role]
            counts["right" if correct else "missed"] += 1
            counts["extra"] += not correct and role in ("accept", "refuse")
            if {label.role, role} == {"accept", "refuse"}:
                swaps.append(f"{one.truth.name}: {label.text} is {label.role}, read as {role}")
            elif not correct:
                wrong.append(f"{one.truth.name}: {label.text} is {label.role}, read as {role}")
        if wanted:
            extra = [control for control in said if control.role in ("accept", "refuse") and not _known(control, one)]
            counts["extra"] += len(extra)
            wrong.extend(f"{one.truth.name}: {control.text} is nothing, read as {control.role}" for control in extra)
    right, missed, extra_count = counts["right"], counts["missed"], counts["extra"]
    return {
        "controls": right + missed,
        "f1": _ratio(2 * right, 2 * right + missed + extra_count),
        "accept_refuse_swaps": len(swaps),
        "swaps": swaps,
        "wrong": wrong,
    }


def _scored_labels(truth: Labelled) -> list[LabelledControl]:
    scoring = _CONSENT_ROLES if truth.consent else _PERMISSION_ROLES if truth.kind == "permission" else ()
    return [control for control in truth.controls if control.role in scoring and control.box is not None]


def _without_lists(scores: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in scores.items() if not isinstance(value, list)}


def kind_scores(scored: Sequence[Scored]) -> dict[str, object]:
    """F1 per label kind, their mean without the consent kinds, and who was taken for whom."""
    labels = sorted({one.truth.kind for one in scored if one.truth.kind in LABEL_KINDS})
    per_kind = {label: _kind_f1(label, scored) for label in labels}
    others = [f1 for label, f1 in per_kind.items() if LABEL_KINDS[label] != CONSENT_KINDS]
    confusion: dict[str, dict[str, int]] = {}
    for one in scored:
        row = confusion.setdefault(one.truth.kind, {})
        row[one.kind] = row.get(one.kind, 0) + 1
    return {"per_kind": per_kind, "macro_f1_without_consent": _mean(others), "confusion": confusion}


def _kind_f1(label: str, scored: Sequence[Scored]) -> float:
    names = LABEL_KINDS[label]
    same = [other for other, kinds in LABEL_KINDS.items() if set(kinds) & set(names)]
    hit = sum(one.truth.kind == label and one.kind in names for one in scored)
    wanted = sum(one.truth.kind == label for one in scored)
    alarmed = sum(one.truth.kind not in same and one.kind in names for one in scored)
    return _ratio(2 * hit, hit + wanted + alarmed) or 0.0


def card_overlap(scored: Iterable[Scored]) -> dict[str, object]:
    """Of floating cards with a known box: how many were placed with an intersection over union of 0.8 or more."""
    values = [
        _iou(one.truth.card, one.reading.dialog.box if one.reading.dialog is not None else None)
        for one in scored
        if one.truth.card is not None and one.truth.consent
    ]
    return {"cards": len(values), "share_well_placed": _ratio(sum(value >= 0.8 for value in values), len(values))}


def contrast_errors(scored: Iterable[Scored]) -> dict[str, object]:
    """How far measured contrasts of answers are from the true ones, as a share of these."""
    pairs = [pair for one in scored for pair in one.contrasts]
    errors = sorted(abs(measured / true - 1) for true, measured in pairs if measured is not None)
    return {
        "controls": len(pairs),
        "not_measured": len(pairs) - len(errors),
        "median_error": round(errors[len(errors) // 2], 4) if errors else None,
        "p90_error": round(errors[int(0.9 * (len(errors) - 1))], 4) if errors else None,
        "share_within_5_percent": _ratio(sum(error <= 0.05 for error in errors), len(errors)),
    }


def _iou(one: Box, other: Box | None) -> float:
    if other is None:
        return 0.0
    shared = max(0, min(one[2], other[2]) - max(one[0], other[0])) * max(
        0, min(one[3], other[3]) - max(one[1], other[1])
    )
    total = _area(one) + _area(other) - shared
    return shared / total if total else 0.0


def _area(box: Box) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])


def control_at(box: Box | None, controls: Sequence[Control]) -> Control | None:
    """The smallest control that holds the middle of a labelled box."""
    if box is None:
        return None
    x, y = (box[0] + box[2]) // 2, (box[1] + box[3]) // 2
    around = [one for one in controls if one.box[0] <= x < one.box[2] and one.box[1] <= y < one.box[3]]
    return min(around, key=lambda one: _area(one.box), default=None)


def _known(control: Control, one: Scored) -> bool:
    """Whether any label, placed or not, speaks of this control."""
    for label in one.truth.controls:
        if label.box is None:
            if label.text.lower() == control.text.lower():
                return True
        elif control_at(label.box, [control]) is not None:
            return True
    return False


def _ratio(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _mean(values: Sequence[float]) -> float | None:
    return round(sum(values) / len(values), 4) if values else None
