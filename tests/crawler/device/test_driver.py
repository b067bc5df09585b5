"""The driver against the real adb, the real uiautomator2 client and a lab device that can be told to misbehave."""

from __future__ import annotations

import hashlib
import time
import zipfile
from pathlib import Path
from typing import Any

import adbutils
import pytest

from crawler.device.driver import DeviceDriver, connect
from crawler.device.errors import (
    ActionUncertain,
    CommandFailed,
    DeviceBusy,
    DeviceLost,
    DeviceTimeout,
    InstallFailed,
    NotAnApk,
    PackageMissing,
    ServerDied,
    SeveralDevices,
)
from crawler.device.picture import check_png
from lab.packages import build_apk
from tests.crawler.device.conftest import APP, Lab, running_lab, write_app
from tests.crawler.device.lab_child import HIERARCHY

pytestmark = pytest.mark.lab

PLAIN = "com.example.plain"


@pytest.fixture
def other_apk(tmp_path: Path) -> Path:
    folder = write_app(tmp_path / "other", APP.replace(PLAIN, "com.example.other"))
    path = tmp_path / "other.apk"
    path.write_bytes(build_apk(folder))
    return path


def test_what_device_it_is(driver: DeviceDriver) -> None:
    info = driver.info()
    assert (info.android, info.sdk, info.width, info.height, info.locale) == ("13", 33, 720, 1600, "zh-CN")
    assert info.rooted
    assert info.model
    assert info.build


def test_commands_end_with_their_own_code(driver: DeviceDriver) -> None:
    result = driver.shell("echo 你好; echo trouble >&2; exit 7")
    assert (result.exit_code, result.ok) == (7, False)
    assert result.output.split() == ["你好", "trouble"]
    assert driver.root_shell("id -u").output.strip() == "0"


def test_a_command_that_does_not_end_is_left(driver: DeviceDriver) -> None:
    began = time.monotonic()
    with pytest.raises(DeviceTimeout, match="sleep"):
        driver.shell("sleep 20", 0.3)
    assert time.monotonic() - began < 2


def test_a_command_that_floods_is_cut_off(driver: Any) -> None:
    result = driver._transport.shell(
        "while true; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; done", 10, max_output=20_000
    )
    assert result.truncated
    assert len(result.output) == 20_000


def test_a_stream_is_read_as_it_comes_and_can_be_ended(driver: DeviceDriver) -> None:
    stream = driver.stream("echo one; read -r answer; echo $answer; sleep 20")
    assert stream.read(5) == b"one\n"
    assert stream.read(0.05) is None
    stream.write(b"two\n")
    assert stream.read(5) == b"two\n"
    stream.close()
    stream.close()
    assert stream.read(5) == b""


def test_files(driver: DeviceDriver) -> None:
    content = bytes(range(256)) * 2000
    driver.push(content, "/data/local/tmp/new/folder/file")
    result = driver.shell("wc -c < /data/local/tmp/new/folder/file; rm -r /data/local/tmp/new")
    assert result.output.strip() == str(len(content))
    with pytest.raises(CommandFailed):
        driver.push(b"x", "/data/local/tmp")


def test_reversed_ports(driver: DeviceDriver) -> None:
    one, two = driver.reverse(41_001), driver.reverse(41_002)
    assert {(one, 41_001), (two, 41_002)} <= set(driver.reverses())
    driver.remove_reverse(one)
    driver.remove_reverse(one)
    driver.remove_reverse(two)
    assert driver.reverses() == ()


def test_a_look(driver: DeviceDriver) -> None:
    driver.launch(PLAIN)
    seen = driver.observe(PLAIN)
    assert seen.shot is not None
    assert check_png(seen.shot).fault is None
    assert (seen.width, seen.height) == (720, 1600)
    assert seen.hierarchy == HIERARCHY
    assert seen.foreground is not None
    assert (seen.foreground.package, seen.foreground.task_package) == (PLAIN, PLAIN)
    assert seen.foreground.activity == "com.example.plain.MainActivity"
    assert (seen.secure, seen.app_running) == (False, True)
    assert (seen.shot_failure, seen.hierarchy_failure, seen.foreground_failure) == (None, None, None)
    assert seen.started_mono < seen.finished_mono
    driver.stop(PLAIN)
    assert driver.observe(PLAIN).app_running is False
    assert not driver.running(PLAIN)


def test_a_look_costs_what_the_device_costs(driver: DeviceDriver, lab: Lab) -> None:
    """The three questions are asked at once: together they cost little more than the slowest."""
    lab.order(faults={"dump_delay_ms": 300, "screenshot_delay_ms": 250})
    driver.observe()
    seen = min((driver.observe() for _ in range(3)), key=lambda look: look.finished_mono - look.started_mono)
    cost = seen.finished_mono - seen.started_mono
    assert seen.device_ns >= 300_000_000
    assert cost <= 1.5 * seen.device_ns


def test_a_call_over_the_kept_connection_is_quick(driver: Any) -> None:
    driver.observe()
    costs = []
    for _ in range(20):
        began = time.monotonic()
        driver._server.read("isScreenOn", seconds=5)
        costs.append(time.monotonic() - began)
    assert sorted(costs)[len(costs) // 2] < 0.02


def test_a_connection_that_the_server_closed_is_renewed_in_silence(driver: Any) -> None:
    driver.observe()
    driver._server._connection.sock.shutdown(2)
    assert driver.observe().hierarchy == HIERARCHY
    driver._server._connection.sock.shutdown(2)
    driver.tap(10, 10)
    assert driver.take_recoveries() == ()


def test_inputs_arrive_once(driver: DeviceDriver, lab: Lab) -> None:
    driver.launch(PLAIN)
    lab.order()
    acted = driver.tap(100, 200)
    assert acted.started_mono < acted.finished_mono
    driver.press("back")
    driver.press("home")
    driver.swipe((10, 900), (10, 100), 200)
    done = [row[0] for row in lab.order()]
    assert done.count("tap") == 1
    assert done.count("swipe") == 1
    assert "home" in done


def test_text_goes_through_the_clipboard(driver: DeviceDriver) -> None:
    driver.type_text("你好, world")


def test_a_killed_server_is_healed_and_told(driver: DeviceDriver, lab: Lab) -> None:
    driver.observe()
    assert lab.order(kill=True) is True
    assert driver.observe().hierarchy == HIERARCHY
    (recovery,) = driver.take_recoveries()
    assert "started again" in recovery.what
    assert recovery.started_mono < recovery.finished_mono
    assert driver.take_recoveries() == ()


def test_a_tap_on_a_killed_server_arrives_once(driver: DeviceDriver, lab: Lab) -> None:
    driver.observe()
    lab.order()
    assert lab.order(kill=True) is True
    driver.tap(50, 60)
    assert [row[0] for row in lab.order()].count("tap") == 1
    assert len(driver.take_recoveries()) == 1


def test_a_tap_whose_answer_is_lost_is_not_repeated(driver: Any, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    driver.observe()
    ping = driver._server._ping

    def ping_and_hang() -> None:
        ping()
        lab.order(faults={"u2_hangs": True})

    monkeypatch.setattr(driver._server, "_ping", ping_and_hang)
    monkeypatch.setattr("crawler.device.uiautomator2_driver._INPUT_SECONDS", 0.5)
    with pytest.raises(ActionUncertain, match="click was sent"):
        driver.tap(1, 2)


def test_a_server_that_refuses_everything(driver: DeviceDriver, lab: Lab) -> None:
    lab.order(faults={"u2_broken": True})
    seen = driver.observe()
    assert seen.hierarchy is None
    assert "died again" in (seen.hierarchy_failure or "")
    assert seen.shot is not None
    with pytest.raises(ServerDied):
        driver.tap(1, 1)


def test_another_program_holds_the_automation(driver: DeviceDriver, lab: Lab) -> None:
    driver.observe()
    lab.order(faults={"u2_taken": True})
    lab.order(kill=True)
    with pytest.raises(DeviceBusy) as failure:
        driver.tap(1, 1)
    assert "Appium" in failure.value.mend


def test_a_server_that_hangs_does_not_hold_us(driver: Any, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crawler.device.looking._HIERARCHY_SECONDS", 0.5)
    driver.observe()
    lab.order(faults={"u2_hangs": True})
    seen = driver.observe()
    assert "did not answer" in (seen.hierarchy_failure or "")
    assert seen.shot is not None


def test_a_hierarchy_of_fifty_megabytes(driver: DeviceDriver, lab: Lab) -> None:
    lab.order(huge=50 * 1024 * 1024)
    seen = driver.observe()
    assert seen.hierarchy is None
    assert (seen.hierarchy_failure or "").startswith("too large")
    lab.order(faults={"hierarchy": None})
    assert driver.observe().hierarchy == HIERARCHY
    assert driver.take_recoveries() == ()


@pytest.mark.parametrize("text", ["<hierarchy>\x00\x01<<&", "no xml at all", "<hierarchy rotation='0' />", "😀 \x7f"])
def test_illegal_xml_is_handed_on_as_it_is(driver: DeviceDriver, lab: Lab, text: str) -> None:
    lab.order(faults={"hierarchy": text})
    seen = driver.observe()
    assert seen.hierarchy == text
    assert seen.hierarchy_failure is None


def test_half_a_character_becomes_text_that_can_be_stored(driver: DeviceDriver, lab: Lab) -> None:
    lab.order(faults={"hierarchy": "<a text='\ud83d' />"})
    seen = driver.observe()
    assert seen.hierarchy is not None
    seen.hierarchy.encode()


def test_no_hierarchy_at_all(driver: DeviceDriver, lab: Lab) -> None:
    lab.order(faults={"hierarchy": ""})
    assert "no window" in (driver.observe().hierarchy_failure or "")


def test_a_secure_window_gives_no_picture(driver: DeviceDriver, lab: Lab) -> None:
    driver.launch(PLAIN)
    lab.order(screen={"secure": True})
    seen = driver.observe(PLAIN)
    assert (seen.shot, seen.secure) == (None, True)
    assert "forbids" in (seen.shot_failure or "")
    assert seen.hierarchy == HIERARCHY


def test_a_black_page_is_a_picture(driver: DeviceDriver, lab: Lab) -> None:
    driver.launch(PLAIN)
    lab.order(screen={"color": [0, 0, 0]})
    seen = driver.observe(PLAIN)
    assert seen.shot is not None
    assert seen.secure is False


def test_a_picture_that_fails_is_never_made_up(driver: DeviceDriver, lab: Lab) -> None:
    driver.launch(PLAIN)
    lab.order(faults={"screenshot_fails": True})
    seen = driver.observe(PLAIN)
    assert seen.shot is None
    assert seen.shot_failure
    assert seen.secure is None
    assert (seen.width, seen.height) == (720, 1600)


def test_installing_describing_clearing_and_uninstalling(driver: DeviceDriver, other_apk: Path) -> None:
    driver.install(other_apk)
    info = driver.package_info("com.example.other")
    assert (info.version_name, info.version_code, info.target_sdk, info.system) == ("1.2.3", 123, 33, False)
    assert info.uid is not None
    assert info.apk_sha256 is not None
    assert info.apk_paths[0].endswith("/base.apk")
    assert "android.permission.CAMERA" in info.requested_permissions
    assert info.permissions
    assert not any(permission.granted for permission in info.permissions)
    driver.launch("com.example.other")
    assert driver.running("com.example.other")
    driver.clear("com.example.other")
    assert not driver.running("com.example.other")
    driver.uninstall("com.example.other")
    with pytest.raises(PackageMissing):
        driver.package_info("com.example.other")


def archive_of(folder: Path, name: str, **members: bytes) -> Path:
    path = folder / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    return path


@pytest.mark.parametrize("within", ["", "splits/"])
def test_an_app_in_parts_is_installed_whole(driver: DeviceDriver, other_apk: Path, tmp_path: Path, within: str) -> None:
    whole, split = other_apk.read_bytes(), b"PK\x03\x04" + b"\0" * 200_000
    standalone = {"standalones/standalone-mdpi.apk": whole} if within else {}
    members = {f"{within}config.zh.apk": split, f"{within}base.apk": whole, "manifest.json": b"{}", **standalone}
    driver.install(archive_of(tmp_path, "other.xapk", **members))
    info = driver.package_info("com.example.other")
    assert [path.rpartition("/")[2] for path in info.apk_paths] == ["base.apk", "split_0.apk"]
    assert info.apk_sha256 == hashlib.sha256(whole).hexdigest()
    driver.uninstall("com.example.other")


def test_a_part_that_is_refused_leaves_no_session_open(driver: DeviceDriver, other_apk: Path, tmp_path: Path) -> None:
    broken = archive_of(
        tmp_path, "other.apks", **{"base.apk": other_apk.read_bytes(), "a.apk": b"PK\x03\x04" + b"\7" * 9000}
    )
    content = broken.read_bytes()
    at = content.index(zipfile.ZipFile(broken).getinfo("a.apk").CRC.to_bytes(4, "little"))
    broken.write_bytes(content.replace(content[at : at + 4], b"\1\2\3\4"))
    with pytest.raises(NotAnApk, match="damaged"):
        driver.install(broken)
    with pytest.raises(PackageMissing):
        driver.package_info("com.example.other")


def test_the_installer_says_no(driver: DeviceDriver, lab: Lab, other_apk: Path) -> None:
    lab.order(faults={"refuse_install": "INSTALL_FAILED_USER_RESTRICTED"})
    with pytest.raises(InstallFailed) as failure:
        driver.install(other_apk)
    assert failure.value.reason == "INSTALL_FAILED_USER_RESTRICTED"
    assert "USB" in failure.value.mend


def test_an_archive_that_only_looks_like_an_apk(driver: DeviceDriver, other_apk: Path) -> None:
    content = other_apk.read_bytes()
    other_apk.write_bytes(content.replace(b"AndroidManifest.xml", b"AndroidManifest.xmk", 1))
    with pytest.raises(InstallFailed):
        driver.install(other_apk)


def test_the_domains_an_app_claims_are_its_own_links(driver: DeviceDriver) -> None:
    assert driver.package_info("com.example.plain").links == ("www.plain.example",)


@pytest.mark.parametrize("act", ["launch", "clear", "uninstall", "package_info"])
def test_a_package_that_is_not_there(driver: DeviceDriver, act: str) -> None:
    with pytest.raises(PackageMissing, match="not installed"):
        getattr(driver, act)("com.example.absent")


def test_a_device_that_goes_away_and_comes_back(adb_server: int, apps: Path) -> None:
    with running_lab(apps) as lab:
        driver = connect(lab.serial)
        driver.observe()
        adbutils.AdbClient(host="127.0.0.1", port=adb_server).disconnect(lab.serial)
        for act in (driver.observe, lambda: driver.tap(1, 1), lambda: driver.shell("true"), driver.foreground):
            with pytest.raises(DeviceLost):
                act()
        driver.close()
        again = connect(lab.serial)
        assert again.observe().hierarchy == HIERARCHY
        again.close()
        adbutils.AdbClient(host="127.0.0.1", port=adb_server).disconnect(lab.serial)


def test_a_device_that_dies_while_it_answers(adb_server: int, apps: Path) -> None:
    with running_lab(apps) as lab:
        driver = connect(lab.serial)
        driver.observe()
        stream = driver.stream("sleep 20")
        lab.end()
        with pytest.raises(DeviceLost):
            driver.observe()
        assert stream.read(5) == b""
        driver.close()
        adbutils.AdbClient(host="127.0.0.1", port=adb_server).disconnect(lab.serial)


def test_two_devices_and_none_named(shared_lab: Lab, adb_server: int, apps: Path) -> None:
    with running_lab(apps, "retail") as lab:
        driver = connect(lab.serial)
        assert not driver.info().rooted
        with pytest.raises(CommandFailed, match="not rooted"):
            driver.root_shell("id")
        with pytest.raises(SeveralDevices) as failure:
            connect()
        assert set(failure.value.attached) >= {lab.serial, shared_lab.serial}
        driver.close()
        adbutils.AdbClient(host="127.0.0.1", port=adb_server).disconnect(lab.serial)
