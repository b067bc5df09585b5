"""Whole worlds: `python -m lab start` in a process of its own, with real screens."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import adbutils
import psutil
import pytest
import uiautomator2

from lab.world import World, WorldFailed
from tests.lab.bench import AdbServer, write_app
from tests.lab.handset import needs_chromium

pytestmark = [pytest.mark.lab, needs_chromium]
PAGE = """<!doctype html><meta charset="utf-8"><body><h1>示例应用</h1>
<button onclick="send()">同意并继续</button><script>
async function send() {
  android.truth.consent("accepted");
  await fetch("http://api.example.test/report", {method: "POST", body: "id=" + await android.androidId()});
  document.body.append("已发送");
}
</script></body>"""


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("catalogue")
    folder = write_app(root / "example")
    (folder / "web" / "index.html").write_text(PAGE, encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def world(catalogue: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World(catalogue, devices=2, directory=tmp_path_factory.mktemp("world"), seed=40) as running:
        yield running


def connected(server: AdbServer, serial: str) -> adbutils.AdbDevice:
    """Connected, also when adb still holds what is left of a cut connection."""
    deadline = time.monotonic() + 15
    while server.run("-s", serial, "get-state").stdout != b"device\n" and time.monotonic() < deadline:
        server.run("disconnect", serial)
        server.run("connect", serial)
    return adbutils.AdbClient(host="127.0.0.1", port=server.port).device(serial)


def test_a_button_on_a_real_screen_sends_through_the_proxy_of_the_host(world: World, private_adb: AdbServer) -> None:
    serial = world.serials[0]
    phone = uiautomator2.connect(connected(private_adb, serial))
    proxy_port = world.sink_proxy.rpartition(":")[2]
    port = private_adb.run("-s", serial, "reverse", "tcp:0", f"tcp:{proxy_port}").stdout.decode().strip()
    phone.shell(f"settings put global http_proxy 127.0.0.1:{port}")
    phone.app_start("com.example.app", wait=True)
    assert phone(text="同意并继续").wait(timeout=10)
    phone(text="同意并继续").click()
    assert phone(textContains="已发送").wait(timeout=10)
    events = [json.loads(line) for line in world.answer_keys[0].read_text(encoding="utf-8").splitlines()]
    sent = next(event for event in events if event["event"] == "sent" and event["host"] == "api.example.test")
    assert (sent["package"], sent["consent"], sent["through_proxy"]) == ("com.example.app", "accepted", True)
    assert [found["kind"] for found in sent["identifiers"]] == ["android_id"]
    rows = phone.shell("cat /proc/net/tcp /proc/net/tcp6").output
    assert f":{int(port):04X} " in rows
    assert phone.screenshot().getextrema() != ((255, 255), (255, 255), (255, 255))


def test_devices_of_a_world_are_different_people(world: World, private_adb: AdbServer) -> None:
    serials = [connected(private_adb, serial).shell("getprop ro.serialno").strip() for serial in world.serials]
    assert len(set(serials)) == 2
    assert len(set(world.answer_keys)) == 2


def test_orders_reach_the_device_they_name(world: World, private_adb: AdbServer) -> None:
    device = connected(private_adb, world.serials[1])
    assert world.order(world.serials[1], "shell", command="echo $((6*7)); exit 3") == {"output": "42\n", "code": 3}
    world.order(world.serials[1], "storage", full=True)
    assert "No space left" in device.shell("echo x > /data/local/tmp/x")
    world.order(world.serials[1], "storage", full=False)
    world.order(world.serials[1], "set_clock", offset_ms=3_600_000)
    ahead = int(device.shell("date +%s")) - time.time()
    assert 3595 < ahead < 3605
    world.order(world.serials[1], "fault", hierarchy="<broken")
    assert world.order(world.serials[1], "kill_u2") is False
    world.order(world.serials[1], "fault")


def test_a_pulled_cable_stays_pulled_until_plugged(world: World, private_adb: AdbServer) -> None:
    serial = world.serials[1]
    connected(private_adb, serial)
    world.order(serial, "unplug")
    private_adb.run("disconnect", serial)
    assert b"connected to" not in private_adb.run("connect", serial).stdout
    world.order(serial, "plug")
    assert connected(private_adb, serial).shell("echo back") == "back"


def test_a_crashed_app_shows_the_systems_dialog(world: World, private_adb: AdbServer) -> None:
    serial = world.serials[1]
    phone = uiautomator2.connect(connected(private_adb, serial))
    phone.app_start("com.example.app", wait=True)
    world.order(serial, "crash", package="com.example.app")
    assert phone(resourceId="android:id/aerr_close").wait(timeout=10)
    assert "FATAL EXCEPTION" in phone.shell("logcat -b crash -d").output
    phone(resourceId="android:id/aerr_close").click()
    world.order(serial, "reboot")
    assert connected(private_adb, serial).shell("uptime").strip().split(",")[0].endswith("0:00")


def test_wrong_orders_are_refused_with_what_is_known(world: World) -> None:
    with pytest.raises(WorldFailed, match=r"unknown order 'dance'; known: crash, drop, fault"):
        world.order(world.serials[0], "dance")
    with pytest.raises(WorldFailed, match="no device 'elsewhere'"):
        world.order("elsewhere", "drop")
    with pytest.raises(WorldFailed, match="unknown fault 'speed'"):
        world.order(world.serials[0], "fault", speed=1)


@pytest.mark.parametrize("ending", ["stdin", "SIGTERM", "SIGINT", "SIGKILL"])
def test_no_process_is_left_behind(catalogue: Path, tmp_path: Path, ending: str) -> None:
    command = [sys.executable, "-m", "lab", "start", "--apps", str(catalogue), "--directory", str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert "serials" in json.loads(process.stdout.readline())
        family = psutil.Process(process.pid).children(recursive=True)
        assert family
        if ending == "stdin":
            process.stdin.close()
        else:
            os.kill(process.pid, getattr(signal, ending))
        code = process.wait(15)
    _, alive = psutil.wait_procs(family, timeout=10)
    assert alive == []
    assert code == (-9 if ending == "SIGKILL" else 0)


def test_a_faulty_catalogue_is_told_and_nothing_starts(tmp_path: Path) -> None:
    (tmp_path / "apps" / "bad").mkdir(parents=True)
    (tmp_path / "apps" / "bad" / "app.toml").write_text("package = 1")
    command = [sys.executable, "-m", "lab", "start", "--apps", str(tmp_path / "apps"), "--directory", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2
    assert "bad/app.toml: package: is not a text" in done.stderr
    assert done.stdout == ""
    with pytest.raises(WorldFailed, match="exit code 2"):
        World(tmp_path / "apps", directory=tmp_path)


def test_an_app_folder_is_packed_and_a_catalogue_checked(catalogue: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "lab"]
    subprocess.run([*command, "pack", str(catalogue / "example"), str(tmp_path / "a.apk")], timeout=30, check=True)
    assert (tmp_path / "a.apk").read_bytes().startswith(b"PK")
    done = subprocess.run([*command, "check", str(catalogue)], capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout == "1 apps, no fault\n"
