"""Whether two readers that share no model agree on the words that decide: the answers, and what they answer to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from screenshots.elements import Element, Layer
from screenshots.evidence import matches
from screenshots.labels import label_meaning
from screenshots.lexicon import comparable, squash
from screenshots.sight import Sight
from screenshots.values import Box, Control

__all__ = ["Agreement", "compare_readers"]

_DECIDING = ("accept", "refuse", "basic_mode", "acknowledge", "exit")
_MOST_TOPIC_LINES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """What came out of asking a second reader."""

    controls: tuple[Control, ...]
    """As given, but a control on which the readers contradict each other has no clear role any more."""
    agreed_by: tuple[str, ...]
    certain: bool


def compare_readers(layer: Layer, controls: tuple[Control, ...], sight: Sight, *, first: str) -> Agreement:
    """Ask the second reader for the deciding words of a layer that OCR read."""
    deciding = [control for control in controls if control.role in _DECIDING and control.source != "hierarchy"]
    topics = _topic_lines(layer)
    texts_by_box = {element.touch_box: element.box for element in layer.texts}
    boxes: tuple[Box, ...] = (
        *(texts_by_box.get(control.box, control.box) for control in deciding),
        *(element.box for element in topics),
    )
    second = sight.second
    heard = sight.read_boxes(second, boxes, hint=layer.plain[:200])
    if heard is None or second is None:
        return Agreement(controls=controls, agreed_by=(first,), certain=False)
    answers, spoken = heard[: len(deciding)], heard[len(deciding) :]
    verdicts = {id(control): _agrees(control.text, text) for control, text in zip(deciding, answers, strict=True)}
    on_topic = not topics or any(matches("topic_strong", comparable(text)) for text in spoken)
    checked = tuple(_doubted(control) if verdicts.get(id(control)) is False else control for control in controls)
    certain = on_topic and bool(deciding) and all(verdict is True for verdict in verdicts.values())
    return Agreement(controls=checked, agreed_by=(first, second.name) if certain else (first,), certain=certain)


def _topic_lines(layer: Layer) -> Sequence[Element]:
    """The lines that say what the dialog is about, for as far as a single line says it."""
    return [element for element in layer.texts if matches("topic_strong", element.plain)][:_MOST_TOPIC_LINES]


def _agrees(first: str, second: str) -> bool | None:
    """True for the same words or the same clear meaning, False for a contrary meaning, None when it cannot be told."""
    one, other = comparable(first), comparable(second)
    if one == other or (squash(first) and squash(first) == squash(second)):
        return True
    meant, heard = label_meaning(first), label_meaning(second)
    if not heard.clear:
        return None
    if meant.name == heard.name:
        return True
    contrary = {meant.name, heard.name} in ({"accept", "refuse"}, {"accept", "exit"}, {"proceed", "refuse"})
    return False if contrary else None


def _doubted(control: Control) -> Control:
    return replace(control, role="other", clear=False)
