"""Each check tells what it found and, where something is missing, what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from crawler.device import doctor
from crawler.device.driver import DeviceDriver
from crawler.device.model import AttachedDevice
from tests.crawler.device.conftest import Lab


def test_python_versions() -> None:
    assert doctor.check_python((3, 11)).ok
    assert not doctor.check_python((3, 10)).ok
    assert not doctor.check_python((3, 14)).ok


def test_libraries() -> None:
    assert [check.ok for check in doctor.check_libraries({"json": "", "re": ""})] == [True]
    (missing,) = doctor.check_libraries({"json": "", "no_such_library": "does a thing"})
    assert not missing.ok
    assert "does a thing" in missing.found
    assert missing.mend


def test_tesseract_is_there_with_its_languages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "tesseract"
    program.write_text("#!/bin/sh\necho 'List of available languages (2):'\necho eng\necho osd\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert doctor.check_tesseract(("eng",)).ok
    lacking = doctor.check_tesseract(("chi_sim", "eng"))
    assert not lacking.ok
    assert "chi_sim" in lacking.found
    assert "tesseract-ocr-chi-sim" in lacking.mend
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    assert doctor.check_tesseract().found == "not installed"


def test_disk(tmp_path: Path) -> None:
    assert doctor.check_disk(tmp_path, least_bytes=1).ok
    assert not doctor.check_disk(tmp_path, least_bytes=2**62).ok
    assert not doctor.check_disk(tmp_path / "missing").ok


def test_adb(monkeypatch: pytest.MonkeyPatch) -> None:
    assert doctor.check_adb().ok
    monkeypatch.setenv("ADBUTILS_ADB_PATH", "/nowhere/adb")
    assert not doctor.check_adb().ok


def test_devices() -> None:
    (none,) = doctor.check_devices(())
    assert not none.ok
    assert none.mend
    rows = doctor.check_devices(
        (
            AttachedDevice(serial="a", state="device", model="LT_A13"),
            AttachedDevice(serial="b", state="unauthorized", model=None),
            AttachedDevice(serial="c", state="strange", model=None),
        )
    )
    assert [row.ok for row in rows] == [True, False, False]
    assert "accept its question" in rows[1].mend
    assert rows[2].mend


@pytest.mark.usefixtures("adb_server")
def test_the_whole_machine_without_a_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "list_attached", lambda: ())
    checks = {check.name: check for check in doctor.check_machine()}
    assert checks["adb server"].ok
    assert not checks["devices"].ok


@pytest.mark.usefixtures("adb_server")
def test_a_named_device_that_is_missing() -> None:
    checks = {check.name: check for check in doctor.check_machine("nobody")}
    assert "not attached" in checks["device nobody"].found


@pytest.mark.lab
def test_a_device(shared_lab: Lab, driver: DeviceDriver) -> None:
    checks = {check.name: check for check in doctor.check_device(driver)}
    assert checks["Android"].ok
    assert "LT-A13" in checks["Android"].found
    assert checks["root"].ok
    assert "GiB free" in checks["storage"].found
    machine = {check.name: check for check in doctor.check_machine(shared_lab.serial)}
    assert machine[f"device {shared_lab.serial}"].ok
    assert machine["Android"].ok
