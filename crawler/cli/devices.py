"""`devices`, `doctor` and `device restore`."""

from __future__ import annotations

from dataclasses import asdict

import typer

from crawler.cli.output import CONSOLE, Exit, fail, home_directory, print_json, printable
from crawler.device.doctor import check_machine
from crawler.device.driver import connect, list_devices
from crawler.device.model import DeviceError
from crawler.device.preparation import restore

__all__ = ["doctor_command", "list_devices_command", "restore_command"]


def list_devices_command(as_json: bool) -> None:
    """Every attached device, usable or not."""
    try:
        found = list_devices()
    except DeviceError as error:
        raise fail(str(error), str(error.mend), code=error.exit_code, as_json=as_json) from error
    if as_json:
        print_json([asdict(device) for device in found])
        return
    if not found:
        CONSOLE.print("no device is attached", markup=False)
    for device in found:
        CONSOLE.print(f"{device.serial}\t{device.state}\t{printable(device.model or '')}", markup=False)


def doctor_command(device: str | None, as_json: bool) -> None:
    """What is missing on this machine and on its devices."""
    checks = check_machine(device)
    if as_json:
        print_json([asdict(check) for check in checks])
    for check in () if as_json else checks:
        CONSOLE.print(
            f"{'✓' if check.ok else '✗'} {check.name}: {printable(check.found)}",
            style="green" if check.ok else "bold red",
            markup=False,
        )
        if not check.ok:
            CONSOLE.print(f"    → {printable(check.mend)}", markup=False)
    if not all(check.ok for check in checks):
        raise typer.Exit(Exit.FAULTS)


def restore_command(device: str | None, as_json: bool) -> None:
    """Undo what an interrupted inspection left on a device."""
    try:
        driver = connect(device)
        try:
            undone = restore(driver, home_directory() / "devices")
        finally:
            driver.close()
    except DeviceError as error:
        raise fail(str(error), str(error.mend), code=error.exit_code, as_json=as_json) from error
    if as_json:
        print_json({"restored": list(undone)})
        return
    for line in undone or ("nothing was left changed",):
        CONSOLE.print(printable(line), markup=False)
