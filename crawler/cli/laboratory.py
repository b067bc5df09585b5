"""Starts lab devices in a process of their own and attaches them to an adb server of this run.

What is inspected afterwards knows nothing of it: the devices are serials like any other, the way to the world is an upstream
proxy like any other.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

__all__ = ["LabFailed", "Laboratory", "catalogue_csv", "lab_apps", "laboratory"]

_READY_SECONDS = 90
_ADB_SECONDS = 20
_SCANNED_PORTS = range(5555, 5586)
"""adb looks for emulators there by itself; nothing of ours may listen on them."""


class LabFailed(RuntimeError):
    """The lab did not come up. The message says what it said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Laboratory:
    """A running lab, as an inspector sees it."""

    serials: tuple[str, ...]
    upstream: str
    upstream_ca: Path
    answer_keys: tuple[Path, ...]
    adb_port: int
    directory: Path


def lab_apps(named: Path | None) -> Path:
    """The folder of lab apps: the one named, else the catalogue that comes along."""
    import lab

    return named.resolve() if named is not None else Path(lab.__file__).parent / "apps"


@contextmanager
def laboratory(apps: Path, devices: int, directory: Path, *, profile: str = "aosp13") -> Iterator[Laboratory]:
    """Run a lab for the duration of the block. Raises LabFailed.

    Sets ANDROID_ADB_SERVER_PORT for this process and its children: no other adb server is touched.
    """
    directory.mkdir(parents=True, exist_ok=True)
    port = _free_port()
    os.environ["ANDROID_ADB_SERVER_PORT"] = str(port)
    os.environ["ADB_MDNS_OPENSCREEN"] = "0"
    with (directory / "lab.log").open("ab") as log:
        # A session of its own: at Ctrl-C the devices have to last until they have been brought back.
        process = subprocess.Popen(
            [sys.executable, "-m", "lab", "start", "--apps", str(apps), "--devices", str(devices),
             "--directory", str(directory), "--profile", profile],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True,
        )  # fmt: skip
        try:
            told = _ready(process, directory / "lab.log")
            found = Laboratory(
                serials=tuple(told["serials"]),
                upstream=str(told["sink_proxy"]),
                upstream_ca=Path(str(told["sink_ca"])),
                answer_keys=tuple(Path(path) for path in told["answer_key"]),
                adb_port=port,
                directory=directory,
            )
            _attach(found.serials)
            yield found
        finally:
            _adb("kill-server", check=False)
            _end(process)


def catalogue_csv(apps: Path, path: Path) -> Path:
    """The lab's apps as a catalogue that `batch run` takes. Raises LabFailed naming every faulty folder."""
    import csv

    from lab.definition import DefinitionError, load_catalogue

    try:
        definitions = load_catalogue(apps)
    except DefinitionError as error:
        raise LabFailed(f"the lab apps in {apps} cannot be used:\n{error}") from error
    if not definitions:
        raise LabFailed(f"there is no lab app in {apps}; docs/lab.md says how to write one")
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["package", "label"])
        writer.writerows((definition.package, definition.label) for definition in definitions)
    return path


def _free_port() -> int:
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        if port not in _SCANNED_PORTS:
            return port


def _ready(process: subprocess.Popen[str], log: Path) -> dict[str, list[str] | str]:
    """The lab's first line. A lab that ends or stays silent is an error with the end of its log."""
    silence = threading.Timer(_READY_SECONDS, process.kill)
    silence.start()
    try:
        line = process.stdout.readline() if process.stdout is not None else ""
    finally:
        silence.cancel()
    try:
        told = json.loads(line)
    except json.JSONDecodeError as error:
        process.kill()
        tail = log.read_text(encoding="utf-8", errors="replace")[-1500:]
        raise LabFailed(f"the lab did not start: {line.strip()} {tail}") from error
    if "error" in told:
        raise LabFailed(str(told["error"]))
    return dict(told)


def _attach(serials: tuple[str, ...]) -> None:
    for serial in serials:
        said = _adb("connect", serial)
        if "connected to" not in said:
            raise LabFailed(f"adb does not reach the lab device {serial}: {said.strip()}")


def _adb(*words: str, check: bool = True) -> str:
    import adbutils

    try:
        ended = subprocess.run(
            [adbutils.adb_path(), *words], capture_output=True, text=True, timeout=_ADB_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        if check:
            raise LabFailed(f"adb {words[0]} did not answer within {_ADB_SECONDS} s") from error
        return ""
    return ended.stdout + ended.stderr


def _end(process: subprocess.Popen[str]) -> None:
    """Closing the lab's standard input ends it; it is waited for, then insisted."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        process.wait(timeout=15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
