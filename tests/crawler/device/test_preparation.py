"""What is changed on a device is undone, also after the death of the program that changed it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from crawler.device.driver import DeviceDriver, connect
from crawler.device.errors import CommandFailed, DeviceBusy, PreparationFailed
from crawler.device.identity import read_app_identity, read_identity
from crawler.device.journal import Change, Journal
from crawler.device.persona import make_persona
from crawler.device.preparation import Preparation, restore
from crawler.device.trust import check_trust
from tests.crawler.device.conftest import Lab, running_lab

pytestmark = pytest.mark.lab

CERTIFICATE = b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
NAME = "c8750f0d.0"
STATE = (
    "settings get global http_proxy; settings get global stay_on_while_plugged_in; settings get system screen_off_timeout; "
    "settings list global | grep -i proxy; ls /system/etc/security/cacerts | grep c8750f0d; grep cacerts /proc/mounts; "
    "ls /data/misc/user/0/cacerts-added | grep c8750f0d; content query --uri content://com.android.contacts/data "
    "--projection raw_contact_id:data1; ls /data/local/tmp | grep appw"
)


class Facts:
    def __init__(self) -> None:
        self.all: list[tuple[str, dict[str, Any]]] = []

    def record(self, kind: str, data: Mapping[str, Any]) -> None:
        self.all.append((kind, dict(data)))

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [data for name, data in self.all if name == kind]


@pytest.fixture
def facts() -> Facts:
    return Facts()


@pytest.fixture
def state(driver: DeviceDriver) -> Iterator[str]:
    """The state of the device before; after the test it must be the same."""
    before = driver.shell(STATE).output
    yield before
    assert driver.shell(STATE).output == before
    assert driver.reverses() == ()
    assert "MOCK_LOCATION: allow" not in driver.shell("appops get com.android.shell android:mock_location").output


def test_everything_is_changed_and_brought_back(driver: DeviceDriver, state: str, facts: Facts, tmp_path: Path) -> None:
    persona = make_persona("everything")
    with Preparation(driver, tmp_path) as preparation:
        preparation.record_to(facts.record)
        assert preparation.install_authority(CERTIFICATE, NAME) == "system"
        assert preparation.store == "system"
        preparation.stay_awake()
        preparation.plant(persona)
        port = preparation.set_proxy(40_123)
        assert driver.reverses() == ((port, 40_123),)
        now = driver.shell(STATE).output
        assert f"127.0.0.1:{port}" in now
        assert NAME in now
        assert persona.contacts[0].phone in now
        assert driver.shell(f"cat /system/etc/security/cacerts/{NAME}").output == CERTIFICATE.decode()
    assert {fact["key"] for fact in facts.of("SettingChanged")} == {
        "system certificates",
        "stay_on_while_plugged_in",
        "screen_off_timeout",
        f"reverse tcp:{port}",
        "http_proxy",
    }
    planted = {(fact["name"], fact["value"]) for fact in facts.of("IdentifierPlanted")}
    assert ("contact_phone", persona.contacts[2].phone) in planted
    assert ("clipboard", persona.clipboard) in planted
    assert ("latitude", persona.latitude) in planted
    assert len(facts.of("SettingRestored")) == 10
    assert not list(tmp_path.glob("*.json"))


def test_the_proxy_moves_with_the_session_and_the_first_value_comes_back(
    driver: DeviceDriver, state: str, facts: Facts, tmp_path: Path
) -> None:
    with Preparation(driver, tmp_path) as preparation:
        preparation.set_proxy(40_001)
        preparation.record_to(facts.record)
        declared = list(facts.of("SettingChanged"))
        assert [fact["key"] for fact in declared if fact["namespace"] == "global"] == ["http_proxy"]
        port = preparation.set_proxy(40_002)
        assert driver.reverses() == ((port, 40_002),)
        preparation.set_proxy(40_002)
        assert [host for _, host in driver.reverses()] == [40_002]


def test_a_proxy_of_the_owner_comes_back(driver: DeviceDriver, tmp_path: Path) -> None:
    driver.shell("settings put global http_proxy proxy.example:3128")
    with Preparation(driver, tmp_path) as preparation:
        preparation.set_proxy(40_001)
    assert driver.shell("settings get global http_proxy").output.strip() == "proxy.example:3128"
    driver.shell("settings delete global http_proxy")


def test_the_certificate_that_is_there_already_is_left(driver: DeviceDriver, tmp_path: Path) -> None:
    driver.shell(f"mount -t tmpfs tmpfs /system/etc/security/cacerts; echo x > /system/etc/security/cacerts/{NAME}")
    with Preparation(driver, tmp_path) as preparation:
        assert preparation.install_authority(CERTIFICATE, NAME) == "system"
    assert driver.shell(f"cat /system/etc/security/cacerts/{NAME}").output.strip() == "x"
    driver.shell("umount /system/etc/security/cacerts")


@pytest.mark.parametrize("name", ["../../x.0", "c8750f0d", "C8750F0D.0", "a b.0", ""])
def test_a_name_that_is_no_certificate_of_a_store(driver: DeviceDriver, tmp_path: Path, name: str) -> None:
    with pytest.raises(CommandFailed, match="no name of a certificate"), Preparation(driver, tmp_path) as preparation:
        preparation.install_authority(CERTIFICATE, name)


CHANGE_AND_HANG = """
import signal, sys
from pathlib import Path
from crawler.device.driver import connect
from crawler.device.persona import make_persona
from crawler.device.preparation import Preparation
driver = connect(sys.argv[1])
with Preparation(driver, Path(sys.argv[2])) as preparation:
    preparation.install_authority(b"x", "c8750f0d.0")
    preparation.stay_awake()
    preparation.plant(make_persona("killed"))
    preparation.set_proxy(40777)
    print("changed", flush=True)
    signal.pause()
"""


def test_restore_after_a_kill(driver: DeviceDriver, state: str, tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", CHANGE_AND_HANG, driver.serial, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "changed\n"
    with pytest.raises(DeviceBusy):
        restore(driver, tmp_path)
    os.kill(child.pid, signal.SIGKILL)
    child.wait(10)
    child.stdout.close()
    assert driver.shell(STATE).output != state
    done = restore(driver, tmp_path)
    assert len(done) == 10
    assert "proxy removed" in done
    assert restore(driver, tmp_path) == ()


def test_the_next_preparation_undoes_what_a_killed_one_left(driver: DeviceDriver, state: str, tmp_path: Path) -> None:
    with Journal(tmp_path, driver.serial) as journal:
        journal.note(
            Change(kind="setting", detail={"namespace": "system", "key": "screen_off_timeout", "before": "60000"})
        )
    driver.shell("settings put system screen_off_timeout 5")
    with Preparation(driver, tmp_path) as preparation:
        assert driver.shell("settings get system screen_off_timeout").output.strip() == "60000"
        preparation.stay_awake()


def test_undoing_what_is_gone_already(driver: DeviceDriver, state: str, tmp_path: Path) -> None:
    """As after a reboot: the mount and the reversed port are gone, the contact was never written."""
    with Journal(tmp_path, driver.serial) as journal:
        journal.note(Change(kind="authority", detail={"name": NAME}))
        journal.note(Change(kind="reverse", detail={"host_port": "40999"}))
        journal.note(Change(kind="contact", detail={"name": "无人", "phone": "19990000000"}))
        journal.note(Change(kind="location", detail={"mode": "default"}))
    assert len(restore(driver, tmp_path)) == 4


def test_what_resists_is_told_and_stays_in_the_journal(driver: DeviceDriver, tmp_path: Path) -> None:
    unknown = Change(kind="from the future", detail={})
    with Journal(tmp_path, driver.serial) as journal:
        journal.note(unknown)
        journal.note(Change(kind="reverse", detail={"host_port": "40999"}))
    with pytest.raises(PreparationFailed, match="from the future"):
        restore(driver, tmp_path)
    with Journal(tmp_path, driver.serial) as journal:
        assert journal.changes == (unknown,)


def test_an_owner_with_the_same_number_keeps_his_contact(driver: DeviceDriver, tmp_path: Path) -> None:
    contact = make_persona("same").contacts[0]
    raw = "content://com.android.contacts/raw_contacts"
    driver.shell(f"content insert --uri {raw} --bind account_type:n: --bind account_name:n:")
    identifier = driver.shell(f"content query --uri {raw} --projection _id").output.split("_id=")[-1].strip()
    for kind, value in (("name", "别人"), ("phone_v2", contact.phone)):
        driver.shell(
            f"content insert --uri content://com.android.contacts/data --bind raw_contact_id:i:{identifier} "
            f"--bind mimetype:s:vnd.android.cursor.item/{kind} --bind data1:s:{value}"
        )
    with Preparation(driver, tmp_path) as preparation:
        preparation.plant(make_persona("same"))
    left = driver.shell("content query --uri content://com.android.contacts/data --projection data1").output
    assert "别人" in left
    assert contact.name not in left
    driver.shell(f"content delete --uri {raw} --where '_id={identifier}'")


def test_identifiers(driver: DeviceDriver, facts: Facts) -> None:
    driver.launch("com.example.plain")
    found = read_identity(driver, "com.example.plain", facts.record)
    read = {fact["name"]: fact["value"] for fact in facts.of("IdentifierRead")}
    assert {"serial", "imei", "imsi", "iccid", "phone", "oaid", "mac", "ssid", "bssid", "ip_address"} <= set(read)
    assert len(read["imei"]) == 15
    unknown = {fact["name"]: fact["reason"] for fact in facts.of("IdentifierUnknown")}
    assert all(unknown.values())
    assert len(found) == len(facts.all)


def test_an_app_has_an_android_id_of_its_own_once_it_asked(driver: DeviceDriver, facts: Facts) -> None:
    read_app_identity(driver, "com.example.never.asked", facts.record)
    assert facts.of("IdentifierUnknown") == [{"name": "android_id", "reason": "the device does not tell it"}]


def test_tls_without_root_is_not_observable(adb_server: int, apps: Path, facts: Facts, tmp_path: Path) -> None:
    with running_lab(apps, "retail") as lab:
        driver = connect(lab.serial)
        with Preparation(driver, tmp_path) as preparation:
            preparation.record_to(facts.record)
            assert preparation.install_authority(CERTIFICATE, NAME) == "none"
            assert not check_trust(driver, facts.record, lambda token, seconds: True, store=preparation.store)
            read_identity(driver, "com.example.plain", facts.record)
        (fact,) = facts.of("TrustChecked")
        assert (fact["ok"], fact["store"]) == (False, "none")
        assert fact["reason"].startswith("TLS not observable")
        unknown = {fact["name"] for fact in facts.of("IdentifierUnknown")}
        assert {"android_id", "gaid"} <= unknown
        driver.shell("true")
        driver.close()


@pytest.mark.parametrize(
    ("answers", "ok", "words"),
    [
        ({"https"}, True, "was read"),
        ({"http"}, False, "does not trust"),
        (set(), False, "neither over TLS nor in plain"),
    ],
)
def test_trust_is_found_out_by_a_request(
    driver: DeviceDriver, lab: Lab, facts: Facts, answers: set[str], ok: bool, words: str
) -> None:
    asked: list[str] = []

    def seen(token: str, seconds: float) -> bool:
        asked.append(token)
        assert len(token) == 32
        return ("https", "http")[len(asked) - 1] in answers

    before = driver.foreground()
    assert check_trust(driver, facts.record, seen, store="system", seconds=0.1) is ok
    assert words in facts.of("TrustChecked")[0]["reason"]
    after = driver.foreground()
    assert before is not None
    assert after is not None
    assert after.package == before.package


def test_android_14_reads_another_store(adb_server: int, apps: Path, tmp_path: Path) -> None:
    store = "/apex/com.android.conscrypt/cacerts"
    with running_lab(apps) as lab:
        lab.order(files={f"{store}/00000000.0": "an old one"})
        driver = connect(lab.serial)
        with Preparation(driver, tmp_path) as preparation:
            assert preparation.install_authority(CERTIFICATE, NAME) == "system"
            assert driver.shell(f"ls {store}").output.split() == ["00000000.0", NAME]
            zygote = driver.shell("pidof zygote64").output.strip()
            inside = driver.root_shell(f"nsenter --mount=/proc/{zygote}/ns/mnt -- cat {store}/{NAME}")
            assert inside.output == CERTIFICATE.decode()
        assert driver.shell(f"ls {store}").output.split() == ["00000000.0"]
        assert "cacerts" not in driver.shell("cat /proc/mounts").output
        driver.close()


def test_a_clipboard_that_cannot_be_reached_does_not_keep_the_proxy(
    driver: DeviceDriver, lab: Lab, tmp_path: Path
) -> None:
    driver.observe()
    with Journal(tmp_path, driver.serial) as journal:
        journal.note(Change(kind="setting", detail={"namespace": "global", "key": "http_proxy", "before": None}))
        journal.note(Change(kind="clipboard", detail={}))
    driver.shell("settings put global http_proxy 127.0.0.1:9")
    lab.order(faults={"u2_taken": True}, kill=True)
    with pytest.raises(PreparationFailed, match="automates"):
        restore(driver, tmp_path)
    assert driver.shell("settings get global http_proxy").output.strip() == "null"
    lab.order(faults={"u2_taken": False})
    assert restore(driver, tmp_path) == ("clipboard emptied",)
