"""`bench screens`, `bench traffic`, `bench proxy` and `read`: what the rooms below measure and read, made reachable."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from crawler.cli.output import Exit, fail, print_json, show

__all__ = ["proxy_command", "read_command", "screens_command", "traffic_command"]

_MOST_BYTES = 64 * 1024 * 1024


def screens_command(data: Path, engines: list[str], how: Mapping[str, Any], as_json: bool) -> None:
    """Reads every labelled screen of a folder, with one engine or with several side by side."""
    from screenshots.bench import bench_beside, bench_screens

    if len(engines) > 1:
        _measure(lambda: bench_beside(data, engines, **how), as_json)
    else:
        _measure(lambda: bench_screens(data, engine=engines[0], **how), as_json)


def traffic_command(har: Path, truth: Path, device: Path, as_json: bool) -> None:
    """Searches every request of a HAR file."""
    from traffic.bench import bench_traffic

    _measure(lambda: bench_traffic(har, truth, device), as_json)


def proxy_command(as_json: bool) -> None:
    """Sends requests through the capture and through mitmproxy."""
    from traffic.bench_proxy import bench_proxy

    _measure(bench_proxy, as_json)


def read_command(image: Path, hierarchy: Path | None, annotated: Path | None, second_look: bool) -> None:
    """Reads one screen from files, with what presses a person on a prompt; a screen that cannot be read is an answer too."""
    from evidence.files import write_whole
    from screenshots.annotate import annotate
    from screenshots.bench import reading_to_json
    from screenshots.pixels import ImageUnreadable
    from screenshots.reading import read_screen
    from screenshots.tricks import observe_tricks, tricks_as_data

    shot = _contents(image, "Name a picture that can be read: PNG or JPEG.")
    named = _contents(hierarchy, "Name the hierarchy of the same screen: uiautomator XML.") if hierarchy else None
    tree = named.decode("utf-8", "replace") if named is not None else None
    reading = read_screen(shot, tree, second_look=second_look)
    print_json({**reading_to_json(reading), "tricks": tricks_as_data(observe_tricks(reading, shot, tree))})
    if annotated is None:
        return
    try:
        write_whole(annotated, [annotate(shot, reading)])
    except ImageUnreadable as error:
        raise fail(f"nothing can be drawn: {error.detail}", "Name a PNG or JPEG image.", code=Exit.INPUT) from error
    except OSError as error:
        raise fail(f"{error}", "Name a file that can be written.", code=Exit.INPUT) from error


def _contents(file: Path, mend: str) -> bytes:
    """A file from the command line, within bounds: pipes and devices have no end."""
    try:
        if not file.is_file():
            raise fail(f"{file} is no file", mend, code=Exit.INPUT)
        if file.stat().st_size > _MOST_BYTES:
            raise fail(f"{file} has more than {_MOST_BYTES} bytes", mend, code=Exit.INPUT)
        return file.read_bytes()
    except OSError as error:
        raise fail(f"{error}", mend, code=Exit.INPUT) from error


def _measure(work: Callable[[], Mapping[str, object]], as_json: bool) -> None:
    try:
        result = work()
    except (OSError, ValueError, KeyError) as error:
        raise fail(f"the data cannot be used: {error}", code=Exit.INPUT, as_json=as_json) from error
    if as_json:
        print_json(result)
        return
    for name, value in result.items():
        show(f"{name}: {json.dumps(value, ensure_ascii=False)[:300]}")
