"""Label files of screen sets, read into the form that is scored.

A folder holds any of `real/labels.json`, `synthetic/all.json`, `checkboxes/all.json`, or one of those files itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from screenshots.pixels import contrast_ratio
from screenshots.scoring import Labelled, LabelledControl
from screenshots.values import Box

__all__ = ["LabelledScreen", "checkbox_file", "labelled_screens", "whole_box"]

_LABEL_FILES = ("labels.json", "all.json")
_COLOUR = re.compile(r"rgb\((\d+), (\d+), (\d+)\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledScreen:
    """A label and the files it speaks of; either of them may be missing."""

    truth: Labelled
    image: Path
    hierarchy: Path


def labelled_screens(data: Path) -> Iterator[LabelledScreen]:
    """Every labelled screen under `data`, in the order of the label files. Raises OSError, ValueError, KeyError."""
    for file in _label_files(data):
        if file.parent.name == "checkboxes":
            continue
        for entry in json.loads(file.read_text("utf-8")):
            image = file.parent / str(entry.get("file") or f"{entry['name']}.png")
            yield LabelledScreen(truth=_truth(entry), image=image, hierarchy=image.with_suffix(".xml"))


def checkbox_file(data: Path) -> Path | None:
    """The label file of single agreement boxes, when the folder has one."""
    file = data / "checkboxes" / "all.json" if data.is_dir() and data.name != "checkboxes" else data / "all.json"
    return file if file.parent.name == "checkboxes" and file.is_file() else None


def whole_box(value: Sequence[float] | None) -> Box | None:
    """A box in whole pixels."""
    if value is None:
        return None
    left, top, right, bottom = (round(edge) for edge in value)
    return left, top, right, bottom


def _label_files(data: Path) -> list[Path]:
    if data.is_file():
        return [data]
    places = [data, *sorted(path for path in data.iterdir() if path.is_dir())]
    return [place / name for place in places for name in _LABEL_FILES if (place / name).is_file()]


def _truth(entry: Mapping[str, Any]) -> Labelled:
    controls = tuple(
        LabelledControl(
            role=str(one["role"]),
            text=str(one.get("text", "")),
            box=whole_box(one.get("box")),
            contrast=_contrast(one),
        )
        for one in entry.get("controls", ())
    )
    return Labelled(
        name=str(entry.get("name") or entry.get("id")),
        kind=str(entry["kind"]),
        language=str(entry.get("lang", "zh")),
        consent=bool(entry["consent"]),
        controls=controls,
        card=whole_box(entry.get("card")),
        ticked=_ticked(entry),
    )


def _contrast(control: Mapping[str, Any]) -> float | None:
    """As the label says, or from two opaque colours."""
    if "contrast" in control:
        return float(control["contrast"]) if control["contrast"] is not None else None
    ink, paper = (_COLOUR.fullmatch(str(control.get(name, ""))) for name in ("color", "bg"))
    if ink is None or paper is None:
        return None
    blue_first = [np.array([int(found[3]), int(found[2]), int(found[1])], np.uint8) for found in (ink, paper)]
    return contrast_ratio(blue_first[0], blue_first[1])


def _ticked(entry: Mapping[str, Any]) -> bool | None:
    if entry.get("checkbox") in ("on", "off"):
        return bool(entry["checkbox"] == "on")
    states = [one.get("checked") for one in entry.get("controls", ()) if one.get("role") == "checkbox"]
    return str(states[0]) in ("1", "True") if len(states) == 1 and states[0] is not None else None
