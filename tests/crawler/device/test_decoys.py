"""Decoy apps stand on the device for as long as it is prepared; what the owner had stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from crawler.device.driver import DeviceDriver
from crawler.device.preparation import Preparation, restore
from lab.packages import build_apk
from tests.crawler.device.conftest import APP
from tests.crawler.device.test_preparation import Facts

pytestmark = pytest.mark.lab


def apk(folder: Path, name: str, package: str) -> None:
    source = folder / f"source-{package}"
    (source / "web").mkdir(parents=True)
    (source / "app.toml").write_text(APP.replace("com.example.plain", package), encoding="utf-8")
    (source / "web" / "index.html").write_text("<!doctype html><p>decoy</p>", encoding="utf-8")
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(build_apk(source))


def installed(driver: DeviceDriver) -> set[str]:
    return set(driver.shell("pm list packages -3").output.split())


def test_decoys_come_and_go(driver: DeviceDriver, tmp_path: Path) -> None:
    decoys, facts, before = tmp_path / "decoys", Facts(), installed(driver)
    apk(decoys, "com.decoy.one_31.apk", "com.decoy.one")
    apk(decoys, "com.decoy.two.apk", "com.decoy.two")
    with Preparation(driver, tmp_path / "state") as preparation:
        preparation.record_to(facts.record)
        assert [decoy.failure for decoy in preparation.plant_decoys(decoys)] == [None, None]
        assert installed(driver) == before | {"package:com.decoy.one", "package:com.decoy.two"}
    assert installed(driver) == before
    assert [fact["value"] for fact in facts.of("IdentifierPlanted")] == ["com.decoy.one", "com.decoy.two"]


def test_an_app_of_the_owner_is_no_decoy_to_uninstall(driver: DeviceDriver, tmp_path: Path) -> None:
    decoys, before = tmp_path / "decoys", installed(driver)
    apk(decoys, "com.example.plain.apk", "com.example.plain")
    with Preparation(driver, tmp_path / "state") as preparation:
        assert preparation.plant_decoys(decoys)[0].failure is None
    assert "package:com.example.plain" in installed(driver)
    assert installed(driver) == before


def test_a_file_that_cannot_be_a_decoy_is_told(driver: DeviceDriver, tmp_path: Path) -> None:
    decoys, facts, before = tmp_path / "decoys", Facts(), installed(driver)
    apk(decoys, "com.other.name.apk", "com.decoy.three")
    (decoys / "holiday photo.apk").write_bytes(b"no APK")
    (decoys / "com.broken.apk").write_bytes(b"no APK")
    with Preparation(driver, tmp_path / "state") as preparation:
        preparation.record_to(facts.record)
        preparation.plant_decoys(decoys)
    told = " ".join(str(fact["reason"]) for fact in facts.of("IdentifierUnknown"))
    assert "another name" in told
    assert "PACKAGE.apk" in told
    assert "com.broken.apk" in told
    assert restore(driver, tmp_path / "state") == ()
    driver.uninstall("com.decoy.three")
    assert installed(driver) == before


def test_no_folder_no_decoys(driver: DeviceDriver, tmp_path: Path) -> None:
    with Preparation(driver, tmp_path / "state") as preparation:
        assert preparation.plant_decoys(tmp_path / "nowhere") == ()
