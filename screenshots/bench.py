"""Measures the reader on labelled screens, and prints a reading for a person: what `bench screens` and `read` call.

A folder of data holds any of: `real/labels.json`, `synthetic/all.json`, `checkboxes/all.json`, or one of those files
itself. Screens without a file beside their label are left out and counted.
"""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from evidence.clock import SystemClock
from screenshots.engines import OcrEngine, RapidOcr, TesseractOcr, quick_engine, second_reader
from screenshots.marks import find_mark, mark_state
from screenshots.pixels import decode_image
from screenshots.reading import read_screen
from screenshots.scoring import (
    Labelled,
    LabelledControl,
    Scored,
    card_overlap,
    consent_scores,
    kind_scores,
    role_scores,
)
from screenshots.values import Box, ScreenReading

__all__ = ["ENGINES", "bench_screens", "read_files", "reading_to_json"]

ENGINES = ("default", "rapidocr", "rapidocr-small", "tesseract", "none")
_LABEL_FILES = ("labels.json", "all.json")


def bench_screens(
    data: Path,
    *,
    engine: str = "default",
    use_hierarchy: bool = True,
    use_pixels: bool = True,
    second_look: bool = False,
    every: int = 1,
) -> dict[str, Any]:
    """Read every labelled screen under `data` (or every n-th) and score the readings. Result is plain JSON data."""
    engines, clock = engines_named(engine), SystemClock()
    scored: list[Scored] = []
    left_out = 0
    for truth, image, hierarchy in islice(_labelled(data), 0, None, every):
        shot = image.read_bytes() if use_pixels and image.is_file() else None
        xml = hierarchy.read_text("utf-8") if use_hierarchy and hierarchy.is_file() else None
        if shot is None and xml is None:
            left_out += 1
            continue
        start = clock.monotonic_ns()
        reading = read_screen(shot, xml, ocr=engines, second_look=second_look)
        scored.append(Scored(truth=truth, reading=reading, nanoseconds=clock.monotonic_ns() - start))
    return {
        "data": data.name,
        "engine": engine,
        "hierarchy": use_hierarchy,
        "second_look": second_look,
        "screens": len(scored),
        "left_out": left_out,
        "consent": consent_scores(scored),
        "roles": role_scores(scored),
        "kinds": kind_scores(scored),
        "cards": card_overlap(scored),
        "unreadable": [one.truth.name for one in scored if not one.reading.readable],
        "buttons_read": _buttons_read(scored),
        "boxes": _boxes_on_screens(scored),
        "checkboxes": _checkboxes(data, every),
        "milliseconds": _latencies(scored),
    }


def engines_named(name: str) -> tuple[OcrEngine, ...] | None:
    """Engines for a run; None is what the product uses."""
    if name == "default":
        return None
    known: dict[str, tuple[OcrEngine, ...]] = {
        "rapidocr": (quick_engine(),),
        "rapidocr-small": (RapidOcr("small", longest_side=960),),
        "tesseract": (TesseractOcr(),),
        "both": (quick_engine(), second_reader()),
        "none": (),
    }
    if name not in known:
        raise ValueError(f"no engine named {name!r}; there are {', '.join(('default', *known))}")
    return known[name]


def read_files(
    image: Path | None, hierarchy: Path | None, *, package: str | None = None, second_look: bool = False
) -> ScreenReading:
    """Read a screen from files."""
    return read_screen(
        image.read_bytes() if image is not None else None,
        hierarchy.read_text("utf-8", errors="replace") if hierarchy is not None else None,
        package=package,
        second_look=second_look,
    )


def reading_to_json(reading: ScreenReading) -> dict[str, Any]:
    """The reading as plain JSON data, every field under its own name."""
    plain: dict[str, Any] = dataclasses.asdict(reading)
    return plain


def _labelled(data: Path) -> Iterator[tuple[Labelled, Path, Path]]:
    for file in _label_files(data):
        if file.parent.name == "checkboxes":
            continue
        for entry in json.loads(file.read_text("utf-8")):
            name = str(entry.get("file") or f"{entry['name']}.png")
            image = file.parent / name
            yield _truth(entry), image, image.with_suffix(".xml")


def _label_files(data: Path) -> list[Path]:
    if data.is_file():
        return [data]
    places = [data, *sorted(path for path in data.iterdir() if path.is_dir())]
    return [place / name for place in places for name in _LABEL_FILES if (place / name).is_file()]


def _truth(entry: Mapping[str, Any]) -> Labelled:
    controls = tuple(
        LabelledControl(role=str(one["role"]), text=str(one.get("text", "")), box=_box(one.get("box")))
        for one in entry.get("controls", ())
    )
    return Labelled(
        name=str(entry.get("name") or entry.get("id")),
        kind=str(entry["kind"]),
        language=str(entry.get("lang", "zh")),
        consent=bool(entry["consent"]),
        controls=controls,
        card=_box(entry.get("card")),
        ticked=_ticked(entry),
    )


def _ticked(entry: Mapping[str, Any]) -> bool | None:
    if entry.get("checkbox") in ("on", "off"):
        return bool(entry["checkbox"] == "on")
    states = [one.get("checked") for one in entry.get("controls", ()) if one.get("role") == "checkbox"]
    return str(states[0]) in ("1", "True") if len(states) == 1 and states[0] is not None else None


def _box(value: Sequence[float] | None) -> Box | None:
    if value is None:
        return None
    left, top, right, bottom = (round(edge) for edge in value)
    return left, top, right, bottom


def _buttons_read(scored: Sequence[Scored]) -> dict[str, Any]:
    """Labels of consent screens that were read exactly, spaces and case aside."""
    labels = read = 0
    for one in scored:
        if not one.truth.consent:
            continue
        texts = {_squeezed(text.text) for text in one.reading.texts}
        for label in one.truth.controls:
            if label.role in ("accept", "refuse", "settings", "ack") and label.text:
                labels += 1
                read += _squeezed(label.text) in texts
    return {"labels": labels, "exact": round(read / labels, 4) if labels else None}


def _squeezed(text: str) -> str:
    return "".join(character for character in text.lower() if character.isalnum())


def _boxes_on_screens(scored: Sequence[Scored]) -> dict[str, Any]:
    """Agreement boxes on whole screens, found and read."""
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    for one in scored:
        if one.truth.ticked is None:
            continue
        boxes = one.reading.dialog.checkboxes if one.reading.dialog is not None else ()
        state = boxes[0].state if boxes else "not found"
        outcome = "right" if state == ("ticked" if one.truth.ticked else "unticked") else state
        counts[outcome if outcome in ("right", "unknown", "not found") else "wrong"] += 1
        if outcome in ("ticked", "unticked"):
            wrong.append(one.truth.name)
    return {**counts, "wrong_on": wrong}


def _checkboxes(data: Path, every: int) -> dict[str, Any] | None:
    """Single boxes beside a line: found from the line's box, then read."""
    file = data / "checkboxes" / "all.json" if data.is_dir() and data.name != "checkboxes" else data / "all.json"
    if file.parent.name != "checkboxes" or not file.is_file():
        return None
    counts: Counter[str] = Counter()
    for entry in json.loads(file.read_text("utf-8"))[::every]:
        image = decode_image((file.parent / f"{entry['id']:03d}.png").read_bytes())
        line = _box(entry["text"])
        mark = find_mark(image, line) if line is not None else None
        state = mark_state(image, mark) if mark is not None else "not found"
        right = state == ("ticked" if entry["on"] else "unticked")
        counts["right" if right else "wrong" if state in ("ticked", "unticked") else state] += 1
    return dict(counts)


def _latencies(scored: Sequence[Scored]) -> dict[str, float | None]:
    times = sorted(one.nanoseconds / 1e6 for one in scored)
    if not times:
        return {"median": None, "p90": None, "longest": None}
    return {
        "median": round(times[len(times) // 2], 1),
        "p90": round(times[int(0.9 * (len(times) - 1))], 1),
        "longest": round(times[-1], 1),
    }
