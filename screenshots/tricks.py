"""What may press a person who is asked for consent, measured: figures for evidence, never a verdict.

Each observation says what it was read from and how far it can be relied on. What could not be measured is `unknown`, which is
not "absent": a screen without a screenshot says nothing about colours.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from screenshots.folds import hidden_answers
from screenshots.lexicon import comparable
from screenshots.lines import Image
from screenshots.pixels import ImageUnreadable, decode_image
from screenshots.prominence import Prominence, colours_apart, draws_weaker, measure_control, strongest_contrast
from screenshots.values import Box, Control, Dialog, ScreenReading

__all__ = ["TRICKS", "Figure", "Trick", "countdown_between", "observe_tricks", "tricks_as_data"]

TRICKS = (
    "ticked_by_default",
    "no_refusal",
    "weaker_refusal",
    "invisible_refusal",
    "hard_to_read",
    "below_the_fold",
    "countdown",
    "misleading_wording",
)

_REFUSING = ("refuse", "exit", "basic_mode", "later", "close", "skip", "settings")
_ANSWERS = ("accept", "refuse", "exit", "acknowledge", "basic_mode", "other")
_PALE = 3000
_INVISIBLE = 1200
"""Thousandths: what differs less from its ground than 1.2:1 has the colour of its ground; pale grey on white has 1.6."""
_TINY = 24
"""Thousandths of the screen's width: the ink of Chinese at 10 sp on a phone 360 dp wide is about 25."""
_DIGITS = re.compile(r"(?:^|\D)(\d{1,3})\s*(s|sec|秒)|[(（\[]\s*(\d{1,2})\s*[)）\]]\s*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A measured number. `unit` says what it counts; ratios are in thousandths, so that there are no fractions."""

    name: str
    value: int
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trick:
    """One thing looked for. Seen or not, it is an observation about one screen and accuses nobody."""

    name: str
    """One of `TRICKS`."""
    state: str
    """`seen`, `not_seen`, or `unknown` when it could not be measured."""
    detail: str = ""
    """What exactly, or why it is unknown, in one English sentence. May quote the app's words: untrusted text."""
    figures: tuple[Figure, ...] = ()
    boxes: tuple[Box, ...] = ()
    source: str = ""
    """`hierarchy`, `pixels`, `words` or `ocr`."""
    certainty: str = ""
    """`certain` (the system said so), `measured` (on pixels or by one reader), `possible` (inferred)."""


def observe_tricks(reading: ScreenReading, shot: bytes | None, hierarchy: str | None) -> tuple[Trick, ...]:
    """Everything of `TRICKS`, for a dialog that asks for consent; nothing for any other screen. Never raises on bad input."""
    dialog = reading.dialog
    if dialog is None or not dialog.asks_consent:
        return ()
    image = _decoded(shot)
    hidden = hidden_answers(hierarchy, dialog)
    return (
        _ticked(dialog),
        _no_refusal(reading, dialog, bool(hidden.text_goes_on or hidden.refusals)),
        _weaker(dialog, image),
        _invisible(dialog, image),
        _hard_to_read(dialog, image),
        _below_the_fold(dialog, hidden.refusals, hidden.text_goes_on, hidden.known),
        _countdown(dialog),
        _wording(dialog),
    )


def countdown_between(first: ScreenReading, second: ScreenReading) -> Trick | None:
    """A number on the same answer that fell between two looks at the same dialog; None when there is none."""
    if first.dialog is None or second.dialog is None or first.dialog.kind != second.dialog.kind:
        return None
    before = {
        _without_digits(control.text): control for control in first.dialog.controls if _seconds(control) is not None
    }
    for control in second.dialog.controls:
        earlier = before.get(_without_digits(control.text))
        then, now = (_seconds(earlier) if earlier is not None else None), _seconds(control)
        if then is not None and now is not None and now < then:
            figures = (Figure(name="first", value=then, unit="s"), Figure(name="second", value=now, unit="s"))
            return Trick(
                name="countdown",
                state="seen",
                detail=f"the number on {control.text[:40]!r} fell between two looks",
                figures=figures,
                boxes=(control.box,),
                source=control.source,
                certainty="certain",
            )
    return None


def _decoded(shot: bytes | None) -> Image | None:
    try:
        return decode_image(shot) if shot else None
    except ImageUnreadable:
        return None


def _ticked(dialog: Dialog) -> Trick:
    ticked = [box for box in dialog.checkboxes if box.state == "ticked"]
    if ticked:
        by_system = all(box.source == "hierarchy" for box in ticked)
        return Trick(
            name="ticked_by_default",
            state="seen",
            detail="a box is ticked; whether anybody ticked it, the screens before must say",
            figures=(Figure(name="ticked", value=len(ticked), unit="boxes"),),
            boxes=tuple(box.box for box in ticked),
            source="hierarchy" if by_system else "pixels",
            certainty="certain" if by_system else "measured",
        )
    unknown = any(box.state == "unknown" for box in dialog.checkboxes)
    return Trick(
        name="ticked_by_default",
        state="unknown" if unknown else "not_seen",
        detail="the state of a box could not be read" if unknown else "",
        source=dialog.source,
    )


def _is_doubtful(control: Control) -> bool:
    """Its role is not known, or was guessed: it may be the refusal."""
    return control.role == "other" or not control.clear


def _no_refusal(reading: ScreenReading, dialog: Dialog, more_hidden: bool) -> Trick:
    """A control of uncertain meaning may refuse, and so may something out of sight."""
    controls = (*dialog.controls, *dialog.links)
    if any(control.role in _REFUSING for control in controls):
        return Trick(name="no_refusal", state="not_seen", source=dialog.source)
    doubtful = [control for control in dialog.controls if _is_doubtful(control)]
    if doubtful or more_hidden or not dialog.controls:
        why = "a control's meaning is not certain" if doubtful else "more may stand out of sight"
        return Trick(name="no_refusal", state="unknown", detail=why, source=dialog.source)
    certain = dialog.source == "hierarchy" or (dialog.certain and reading.looked_twice)
    return Trick(
        name="no_refusal",
        state="seen",
        detail="no control of the dialog refuses",
        figures=(Figure(name="controls", value=len(dialog.controls), unit="controls"),),
        boxes=tuple(control.box for control in dialog.controls),
        source=dialog.source,
        certainty="certain" if certain else "measured",
    )


def _weaker(dialog: Dialog, image: Image | None) -> Trick:
    accepts, refuses = dialog.find("accept"), dialog.find("refuse") or dialog.find("exit")
    if not accepts or not refuses:
        return Trick(name="weaker_refusal", state="unknown", detail="there are not two answers to compare")
    if image is None:
        return Trick(name="weaker_refusal", state="unknown", detail="there is no screenshot to measure on")
    accept, refuse = measure_control(image, accepts[0]), measure_control(image, refuses[0])
    if accept is None or refuse is None:
        return Trick(name="weaker_refusal", state="unknown", detail="an answer could not be measured")
    return Trick(
        name="weaker_refusal",
        state="seen" if draws_weaker(accept, refuse) else "not_seen",
        detail=f"accept is drawn {accept.style}, refuse {refuse.style}",
        figures=(*_drawn("accept", accept), *_drawn("refuse", refuse), *_apart(accept, refuse, accepts[0], refuses[0])),
        boxes=(accepts[0].box, refuses[0].box),
        source="pixels",
        certainty="measured",
    )


def _invisible(dialog: Dialog, image: Image | None) -> Trick:
    """Every control that may refuse is named by the hierarchy and drawn in the colour of its ground; the acceptance is not."""
    controls = (*dialog.controls, *dialog.links)
    may_refuse = [one for one in controls if one.role in _REFUSING or (one.text and _is_doubtful(one))]
    affirmative = dialog.find("accept") or dialog.find("acknowledge")
    if not may_refuse or not affirmative:
        return Trick(name="invisible_refusal", state="unknown", detail="there are not two answers to compare")
    if image is None:
        return Trick(name="invisible_refusal", state="unknown", detail="there is no screenshot to measure on")
    drawn = [strongest_contrast(image, one.box) for one in may_refuse]
    accept = strongest_contrast(image, affirmative[0].box)
    measured = [value for value in drawn if value is not None]
    if accept is None or len(measured) < len(drawn) or accept < _PALE:
        return Trick(name="invisible_refusal", state="unknown", detail="an answer could not be measured")
    named = all(one.source == "hierarchy" for one in may_refuse)
    unseen = named and max(measured) < _INVISIBLE
    return Trick(
        name="invisible_refusal",
        state="seen" if unseen else "not_seen",
        detail=f"{may_refuse[0].text[:40]!r} has the colour of its ground" if unseen else "",
        figures=(
            Figure(name="refuse_strongest_contrast", value=max(measured), unit="1/1000 : 1"),
            Figure(name="accept_strongest_contrast", value=accept, unit="1/1000 : 1"),
        ),
        boxes=tuple(one.box for one in may_refuse),
        source="pixels",
        certainty="measured",
    )


def _drawn(who: str, drawn: Prominence) -> tuple[Figure, ...]:
    return (
        Figure(name=f"{who}_contrast", value=drawn.contrast, unit="1/1000 : 1"),
        Figure(name=f"{who}_area", value=drawn.area, unit="px²"),
        Figure(name=f"{who}_text_height", value=drawn.text_height, unit="px"),
        Figure(name=f"{who}_saturation", value=drawn.saturation, unit="1/1000"),
    )


def _apart(accept: Prominence, refuse: Prominence, one: Control, other: Control) -> tuple[Figure, ...]:
    return (
        Figure(name="colour_distance", value=colours_apart(accept, refuse), unit="Lab"),
        Figure(name="refuse_right_of_accept", value=other.point[0] - one.point[0], unit="px"),
        Figure(name="refuse_below_accept", value=other.point[1] - one.point[1], unit="px"),
    )


def _hard_to_read(dialog: Dialog, image: Image | None) -> Trick:
    """The answers and the links to documents: what a person must find and read."""
    if image is None:
        return Trick(name="hard_to_read", state="unknown", detail="there is no screenshot to measure on")
    wanted = [one for one in (*dialog.controls, *dialog.links) if one.role != "other" and one.source != "geometry"]
    measured = [(one, drawn) for one in wanted if (drawn := measure_control(image, one)) is not None]
    if not measured:
        return Trick(name="hard_to_read", state="unknown", detail="no words could be measured")
    pale = [(one, drawn) for one, drawn in measured if drawn.contrast < _PALE]
    tiny = [(one, drawn) for one, drawn in measured if 1000 * drawn.text_height < _TINY * image.shape[1]]
    found = tuple(dict.fromkeys(one.box for one, _ in (*pale, *tiny)))
    return Trick(
        name="hard_to_read",
        state="seen" if found else "not_seen",
        detail="; ".join(
            (*(f"{one.text[:20]!r} is pale" for one, _ in pale), *(f"{one.text[:20]!r} is tiny" for one, _ in tiny))
        ),
        figures=(
            Figure(name="lowest_contrast", value=min(drawn.contrast for _, drawn in measured), unit="1/1000 : 1"),
            Figure(name="smallest_text_height", value=min(drawn.text_height for _, drawn in measured), unit="px"),
            Figure(name="screen_width", value=image.shape[1], unit="px"),
        ),
        boxes=found,
        source="pixels",
        certainty="measured",
    )


def _below_the_fold(dialog: Dialog, refusals: Sequence[Box], goes_on: int | None, known: bool) -> Trick:
    """A refusal the hierarchy names and the screen does not show, or a text that goes on where the card ends."""
    if refusals:
        return Trick(
            name="below_the_fold",
            state="seen",
            detail="a refusal stands in the hierarchy and cannot be seen",
            figures=(Figure(name="hidden_refusals", value=len(refusals), unit="controls"),),
            boxes=tuple(refusals),
            source="hierarchy",
            certainty="certain",
        )
    if goes_on:
        return Trick(
            name="below_the_fold",
            state="seen",
            detail="the text scrolls and is cut at the end of what is visible; no answer is known to be hidden",
            figures=(Figure(name="visible_height", value=goes_on, unit="px"),),
            boxes=(dialog.box,),
            source="hierarchy",
            certainty="possible",
        )
    if known:
        return Trick(name="below_the_fold", state="not_seen", source="hierarchy")
    return Trick(name="below_the_fold", state="unknown", detail="the hierarchy does not say what can be scrolled")


def _countdown(dialog: Dialog) -> Trick:
    counting = [control for control in dialog.controls if control.role in _ANSWERS and _seconds(control) is not None]
    if not counting:
        return Trick(name="countdown", state="not_seen", source=dialog.source)
    return Trick(
        name="countdown",
        state="seen",
        detail=f"{counting[0].text[:40]!r} carries a number; one look cannot tell whether it falls",
        figures=tuple(Figure(name=one.role, value=_seconds(one) or 0, unit="s") for one in counting),
        boxes=tuple(control.box for control in counting),
        source=counting[0].source,
        certainty="possible",
    )


def _seconds(control: Control) -> int | None:
    found = _DIGITS.search(control.text)
    return int(found.group(1) or found.group(3)) if found is not None else None


def _without_digits(text: str) -> str:
    return re.sub(r"\d+", "", comparable(text))


def _wording(dialog: Dialog) -> Trick:
    found = [
        (control, entry)
        for control in dialog.controls
        for entry in _wordings()
        if entry.speaks_of(control) and entry.pattern.search(comparable(control.text))
    ]
    if not found:
        return Trick(name="misleading_wording", state="not_seen", source="words")
    return Trick(
        name="misleading_wording",
        state="seen",
        detail="; ".join(dict.fromkeys(f"{one.text[:40]!r}: {entry.reason}" for one, entry in found)),
        boxes=_once(control.box for control, _ in found),
        source="words",
        certainty="certain" if dialog.certain else "measured",
    )


def _once(boxes: Iterable[Box]) -> tuple[Box, ...]:
    return tuple(dict.fromkeys(boxes))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wording:
    """An entry of data/tricks.toml."""

    of: str
    pattern: re.Pattern[str]
    reason: str

    def speaks_of(self, control: Control) -> bool:
        refusing = control.role in ("refuse", "exit", "later", "basic_mode")
        accepting = control.role in ("accept", "acknowledge")
        return self.of == "any" or (self.of == "refuse" and refusing) or (self.of == "accept" and accepting)


@lru_cache(maxsize=1)
def _wordings() -> tuple[_Wording, ...]:
    source = (resources.files("screenshots") / "data" / "tricks.toml").read_text("utf-8")
    return tuple(
        _Wording(of=entry["of"], pattern=re.compile(entry["pattern"]), reason=entry["reason"])
        for entry in tomllib.loads(source)["wording"]
    )


def tricks_as_data(tricks: Sequence[Trick]) -> list[dict[str, object]]:
    """As plain JSON data with integers and strings only, those seen or unknown first."""
    order = {"seen": 0, "unknown": 1, "not_seen": 2}
    return [
        {
            "name": trick.name,
            "state": trick.state,
            "detail": trick.detail[:400],
            "figures": [{"name": one.name, "value": one.value, "unit": one.unit} for one in trick.figures],
            "boxes": [list(box) for box in trick.boxes[:12]],
            "source": trick.source,
            "certainty": trick.certainty,
        }
        for trick in sorted(tricks, key=lambda one: order[one.state])
    ]
