"""`devices`, `doctor` and `device restore`."""

from __future__ import annotations

from dataclasses import asdict

import typer

from crawler.cli.output import Exit, home_directory, print_json, say, show
from crawler.device.doctor import check_machine
from crawler.device.driver import connect, list_devices
from crawler.device.preparation import restore

__all__ = ["doctor_command", "list_devices_command", "restore_command"]


def list_devices_command(as_json: bool) -> None:
    """Every attached device, usable or not. Raises DeviceError."""
    found = list_devices()
    if as_json:
        print_json([asdict(device) for device in found])
        return
    if not found:
        say("no device is attached")
    for device in found:
        show(f"{device.serial}  {device.state}  {device.model or ''}".rstrip())


def doctor_command(device: str | None, as_json: bool) -> None:
    """What is missing on this machine and on its devices; exit 1 when anything is. Raises DeviceError."""
    checks = check_machine(device)
    if as_json:
        print_json([asdict(check) for check in checks])
    for check in () if as_json else checks:
        show(f"{'✓' if check.ok else '✗'} {check.name}: {check.found}", "green" if check.ok else "bold red")
        if not check.ok:
            show(f"    → {check.mend}")
    if not all(check.ok for check in checks):
        raise typer.Exit(Exit.FAULTS)


def restore_command(device: str | None, as_json: bool) -> None:
    """Undo what an interrupted inspection left on a device. Raises DeviceError."""
    driver = connect(device)
    try:
        undone = restore(driver, home_directory() / "devices")
    finally:
        driver.close()
    if as_json:
        print_json({"restored": list(undone)})
        return
    for line in undone or ("nothing was left changed",):
        show(line)
