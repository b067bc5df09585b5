"""`python -m lab start`: devices and a sink until SIGINT, SIGTERM or the end of standard input."""

import argparse
import asyncio
import json
import os
import signal
import stat
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lab.control import Control, ControlError
from lab.definition import DefinitionError, load_catalogue
from lab.device import LabDevice
from lab.net import Sink, served_pages
from lab.packages import build_apk
from lab.profile import Profile, load_profile

__all__ = ["main"]

USAGE_EXIT = 2
STANDARD_INPUT = 0


def main() -> int:
    """The exit code."""
    arguments = _arguments()
    try:
        if arguments.command == "pack":
            Path(arguments.apk).write_bytes(build_apk(arguments.folder))
            return 0
        if arguments.command == "check":
            return _check(arguments.apps)
        profile = load_profile(arguments.profile)
        return asyncio.run(_start(arguments, profile))
    except DefinitionError as error:
        sys.stderr.write(f"{error}\n")
        return USAGE_EXIT
    except OSError as error:
        sys.stderr.write(f"the lab cannot start: {error}\n")
        return 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m lab", description="virtual Android devices and their apps")
    commands = parser.add_subparsers(dest="command", required=True)
    start = commands.add_parser("start", help="start devices; prints one line of JSON when they are ready")
    start.add_argument("--apps", type=Path, default=Path(__file__).parent / "apps", help="folder of app folders")
    start.add_argument("--devices", type=int, default=1)
    start.add_argument("--directory", type=Path, required=True, help="for answer keys and the sink's certificate")
    start.add_argument("--profile", default="aosp13", help="name of a shipped profile, or a .toml file")
    start.add_argument("--seed", type=int, default=1, help="identities follow from it")
    pack = commands.add_parser("pack", help="pack an app folder into an .apk that `adb install` takes")
    pack.add_argument("folder", type=Path)
    pack.add_argument("apk", type=Path)
    check = commands.add_parser("check", help="read a catalogue and name every fault")
    check.add_argument("apps", type=Path)
    return parser.parse_args()


def _check(apps: Path) -> int:
    definitions = load_catalogue(apps)
    sys.stdout.write(f"{len(definitions)} apps, no fault\n")
    return 0


async def _start(arguments: argparse.Namespace, profile: Profile) -> int:
    directory = arguments.directory.resolve()
    directory.mkdir(parents=True, exist_ok=True)
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ending.set)
    folders = [definition.folder for definition in load_catalogue(arguments.apps)]
    sink = Sink(directory / "sink", served_pages(folders))
    await sink.start()
    devices: list[LabDevice] = []
    try:
        for index in range(arguments.devices):
            devices.append(LabDevice(profile, arguments.apps, directory / "answers", arguments.seed + index, sink=sink))
            await devices[-1].start()
        _say(_ready(devices, sink))
        _listen({device.serial: Control(device) for device in devices}, loop, ending)
        await ending.wait()
    finally:
        for device in devices:
            await device.close()
        await sink.close()
    return 0


def _ready(devices: list[LabDevice], sink: Sink) -> dict[str, Any]:
    return {
        "serials": [device.serial for device in devices],
        "sink_proxy": sink.url,
        "sink_ca": str(sink.ca_path),
        "answer_key": [str(device.key_path) for device in devices],
    }


def _listen(controls: dict[str, Control], loop: asyncio.AbstractEventLoop, ending: asyncio.Event) -> None:
    """Orders come as lines; the end of standard input ends the lab, unless nobody could ever write there."""
    mode = os.fstat(STANDARD_INPUT).st_mode
    if stat.S_ISCHR(mode) and not os.isatty(STANDARD_INPUT):
        return
    orders: asyncio.Queue[bytes | None] = asyncio.Queue()
    threading.Thread(
        target=_read_lines, args=(lambda line: loop.call_soon_threadsafe(orders.put_nowait, line),), daemon=True
    ).start()
    task = loop.create_task(_obey(controls, orders, ending))
    task.add_done_callback(lambda _: ending.set())


def _read_lines(put: Callable[[bytes | None], object]) -> None:
    """With os.read: a thread inside a buffered read would hold its lock when the interpreter ends."""
    rest = b""
    while True:
        try:
            piece = os.read(STANDARD_INPUT, 1 << 16)
        except OSError:
            piece = b""
        *lines, rest = (rest + piece).split(b"\n")
        try:
            for line in lines:
                put(line)
            if not piece:
                put(None)
                return
        except RuntimeError:
            return  # the loop has ended before us


async def _obey(controls: dict[str, Control], orders: "asyncio.Queue[bytes | None]", ending: asyncio.Event) -> None:
    while (line := await orders.get()) is not None:
        if not line.strip():
            continue
        try:
            order = json.loads(line)
            serial = order.get("serial") or next(iter(controls))
            if serial not in controls:
                raise ControlError(f"no device {serial!r}; there are {', '.join(controls)}")
            _say({"ok": True, "result": await controls[serial].apply(order)})
        except (ValueError, AttributeError, ControlError, OSError) as error:
            _say({"ok": False, "error": str(error)})


def _say(document: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(document, ensure_ascii=False) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
