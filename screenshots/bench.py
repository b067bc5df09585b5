"""Measures the reader on labelled screens, alone or beside others, and prints a reading for a person.

`bench screens` and `read` of the command line call this. Screens without a file beside their label are left out and counted.
"""

from __future__ import annotations

import dataclasses
import json
import multiprocessing
import resource
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

from evidence.clock import SystemClock
from screenshots.baseline import LANGUAGES, read_published
from screenshots.engines import OcrEngine, RapidOcr, TesseractOcr, quick_engine, second_reader
from screenshots.labelled import LabelledScreen, checkbox_file, labelled_screens, whole_box
from screenshots.marks import find_mark, mark_state
from screenshots.pixels import ImageUnreadable, decode_image
from screenshots.prominence import measure_control
from screenshots.reading import read_screen
from screenshots.scoring import (
    Scored,
    card_overlap,
    consent_scores,
    contrast_errors,
    control_at,
    kind_scores,
    role_scores,
)
from screenshots.values import Control, ScreenReading

__all__ = ["ENGINES", "bench_beside", "bench_screens", "read_files", "reading_to_json"]

ENGINES = ("default", "rapidocr", "rapidocr-small", "tesseract", "both", "none")
"""`default` is what the product uses; `both` reads with RapidOCR and asks Tesseract for the deciding words."""

_LONGEST_RUN_SECONDS = 12 * 3600


def bench_screens(
    data: Path,
    *,
    engine: str = "default",
    use_hierarchy: bool = True,
    use_pixels: bool = True,
    second_look: bool = False,
    every: int = 1,
    baseline: bool = False,
) -> dict[str, Any]:
    """Read every labelled screen under `data` (or every n-th) and score the readings. Result is plain JSON data.

    `baseline` also applies the published rules of the nearest earlier work to the same texts, on the languages they know.
    """
    engines = engines_named(engine)
    scored: list[Scored] = []
    left_out = 0
    for screen in islice(labelled_screens(data), 0, None, every):
        shot = screen.image.read_bytes() if use_pixels and screen.image.is_file() else None
        xml = screen.hierarchy.read_text("utf-8") if use_hierarchy and screen.hierarchy.is_file() else None
        if shot is None and xml is None:
            left_out += 1
            continue
        scored.append(_scored(screen, shot, xml, engines, second_look=second_look or engine == "both"))
    return {
        "data": data.name,
        "engine": engine,
        "hierarchy": use_hierarchy,
        "pixels": use_pixels,
        "second_look": second_look or engine == "both",
        "screens": len(scored),
        "left_out": left_out,
        **_scores(scored),
        "unreadable": [one.truth.name for one in scored if not one.reading.readable],
        "checkboxes": _checkboxes(data, every),
        "milliseconds": _latencies(scored),
        "peak_megabytes": _peak_megabytes(),
        **({"baseline": _beside_published(scored)} if baseline else {}),
    }


def bench_beside(data: Path, engines: Sequence[str], **how: Any) -> dict[str, Any]:
    """The same screens with several engines, each in a process of its own: memory and warm-up are not shared.

    The first engine's result, and under `beside` the decisive figures of all. `how` is passed to `bench_screens`.
    """
    for engine in engines:
        if engine not in ENGINES:
            raise ValueError(f"no engine named {engine!r}; there are {', '.join(ENGINES)}")
    runs = {engine: _in_own_process(data, engine, how) for engine in dict.fromkeys(engines)}
    first = next(iter(runs.values()))
    return {**first, "beside": {engine: _decisive(run) for engine, run in runs.items()}}


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
        raise ValueError(f"no engine named {name!r}; there are {', '.join(ENGINES)}")
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


def _scored(
    screen: LabelledScreen,
    shot: bytes | None,
    xml: str | None,
    engines: tuple[OcrEngine, ...] | None,
    *,
    second_look: bool,
) -> Scored:
    clock = SystemClock()
    start = clock.monotonic_ns()
    reading = read_screen(shot, xml, ocr=engines, second_look=second_look)
    taken = clock.monotonic_ns() - start
    contrasts = _contrasts(screen, shot, reading) if shot is not None else ()
    return Scored(truth=screen.truth, reading=reading, nanoseconds=taken, contrasts=contrasts)


def _contrasts(screen: LabelledScreen, shot: bytes, reading: ScreenReading) -> tuple[tuple[float, float | None], ...]:
    """Of answers whose true contrast is known and which the reading found."""
    known = [
        label for label in screen.truth.controls if label.contrast is not None and label.role in ("accept", "refuse")
    ]
    if reading.dialog is None or not known:
        return ()
    try:
        image = decode_image(shot)
    except ImageUnreadable:
        return ()
    pairs: list[tuple[float, float | None]] = []
    for label in known:
        control: Control | None = control_at(label.box, reading.dialog.controls)
        if control is None or label.contrast is None:
            continue
        measured = measure_control(image, control)
        pairs.append((label.contrast, measured.contrast / 1000 if measured is not None else None))
    return tuple(pairs)


def _scores(scored: Sequence[Scored]) -> dict[str, Any]:
    return {
        "consent": consent_scores(scored),
        "roles": role_scores(scored),
        "kinds": kind_scores(scored),
        "cards": card_overlap(scored),
        "contrast": contrast_errors(scored),
        "buttons_read": _buttons_read(scored),
        "boxes": _boxes_on_screens(scored),
        "certain": _certain(scored),
    }


def _beside_published(scored: Sequence[Scored]) -> dict[str, Any]:
    """Reader and published rules on the screens whose language the rules know, from the same texts."""
    known = [one for one in scored if one.truth.language in LANGUAGES]
    published = [dataclasses.replace(one, reading=read_published(one.reading.texts)) for one in known]
    return {
        "rules": "altpeter",
        "languages": list(LANGUAGES),
        "screens": len(known),
        "reader": {"consent": consent_scores(known), "roles": role_scores(known)},
        "published": {"consent": consent_scores(published), "roles": role_scores(published)},
    }


def _in_own_process(data: Path, engine: str, how: Mapping[str, Any]) -> dict[str, Any]:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=context) as pool:
        return pool.submit(bench_screens, data, engine=engine, **how).result(_LONGEST_RUN_SECONDS)


def _decisive(run: Mapping[str, Any]) -> dict[str, Any]:
    """What one compares engines by."""
    consent, roles = run["consent"], run["roles"]
    return {
        "screens": run["screens"],
        "consent": {name: consent[name] for name in ("recall", "precision", "false_alarm_rate")},
        "roles": {name: roles[name] for name in ("f1", "accept_refuse_swaps")},
        "kinds": {"macro_f1_without_consent": run["kinds"]["macro_f1_without_consent"]},
        "cards": run["cards"]["share_well_placed"],
        "buttons_read": run["buttons_read"]["exact"],
        "certain": run["certain"],
        "milliseconds": run["milliseconds"],
        "peak_megabytes": run["peak_megabytes"],
    }


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


def _certain(scored: Iterable[Scored]) -> dict[str, Any]:
    """Consent dialogs that were found, and how many of them the reader calls certain."""
    found = [one.reading.dialog for one in scored if one.truth.consent and one.said_consent]
    sure = sum(dialog is not None and dialog.certain for dialog in found)
    return {"found": len(found), "certain": sure}


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
    file = checkbox_file(data)
    if file is None:
        return None
    counts: Counter[str] = Counter()
    for entry in json.loads(file.read_text("utf-8"))[::every]:
        image = decode_image((file.parent / f"{entry['id']:03d}.png").read_bytes())
        line = whole_box(entry["text"])
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


def _peak_megabytes() -> int:
    """The most memory this process has held so far, whatever for. Processes it starts (Tesseract) are not in it.

    What Linux says of ended children is no help: a fork counts with all memory of its parent until it runs the program.
    """
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
