"""The whole device side of a session on a lab device with a real screen and real traffic, through the real capture."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import adbutils
import pytest

from crawler.device.driver import DeviceDriver, connect
from crawler.device.identity import read_app_identity
from crawler.device.instruments import Instruments
from crawler.device.picture import check_png
from crawler.device.preparation import Preparation
from crawler.device.settle import wait_for
from crawler.device.trust import check_trust
from evidence.blobs import BlobStore
from evidence.clock import SystemClock
from evidence.lanes import Entry, LaneWriter, read_lane
from lab.world import World
from tests.crawler.device.conftest import APP, write_app
from traffic.authority import ca_certificate, ca_subject_hash_old
from traffic.process import CaptureProcess

pytestmark = pytest.mark.lab

SENDER = "com.example.sender"
PAGE = """<!doctype html><meta charset="utf-8"><title>x</title><body style="background:#fff">
<h1>欢迎使用</h1><button onclick="document.body.append('点到了')">同意并继续</button>
<script>
const send = async () => fetch("https://api.example.test/report", {method: "POST", body: await android.androidId()});
send(); setInterval(send, 400);
</script></body>"""


@pytest.fixture(scope="module")
def world(adb_server: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    root = tmp_path_factory.mktemp("world")
    manifest = APP.replace("com.example.plain", SENDER).replace(
        "[[activities]]", 'hosts = ["api.example.test"]\n\n[[activities]]'
    )
    folder = write_app(root / "apps" / "sender", manifest)
    (folder / "web" / "index.html").write_text(PAGE, encoding="utf-8")
    with World(root / "apps", directory=root / "lab") as world:
        yield world
        adbutils.AdbClient(host="127.0.0.1", port=adb_server).disconnect(world.serials[0])


@pytest.fixture
def driver(world: World) -> Iterator[DeviceDriver]:
    driver = connect(world.serials[0])
    yield driver
    driver.close()


def eventually(condition: Callable[[], object], seconds: float = 15) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.05)


def test_a_session_on_a_device(world: World, driver: DeviceDriver, tmp_path: Path) -> None:
    clock = SystemClock()
    blobs = BlobStore(tmp_path / "blobs")
    certificate = ca_certificate(tmp_path / "authority")
    traffic_lane = tmp_path / "traffic.jsonl"

    def seen(token: str, seconds: float) -> bool:
        return bool(wait_for(lambda: token.encode() in traffic_lane.read_bytes(), clock=clock, seconds=seconds))

    def facts(lane: str, kind: str) -> list[Entry]:
        return [entry for entry in read_lane(tmp_path / f"{lane}.jsonl").entries if entry.kind == kind]

    with (
        CaptureProcess(
            tmp_path, tmp_path / "blobs", tmp_path / "authority", upstream=world.sink_proxy, upstream_ca=world.sink_ca
        ) as capture,
        LaneWriter(tmp_path / "device.jsonl", "device", clock) as lane,
        Preparation(driver, tmp_path / "state") as preparation,
    ):
        preparation.record_to(lane.append)
        preparation.install_authority(certificate, f"{ca_subject_hash_old(certificate)}.0")
        preparation.set_proxy(capture.port)
        home = driver.foreground()
        assert check_trust(driver, lane.append, seen, store=preparation.store)
        assert driver.foreground() == home
        uid = driver.package_info(SENDER).uid
        with Instruments(driver, lane, blobs, clock, SENDER, uid):
            driver.launch(SENDER)
            eventually(lambda: len(facts("traffic", "RequestSent")) >= 3)
            look = driver.observe(SENDER)
            eventually(
                lambda: any(row["uid"] == uid for entry in facts("device", "SocketsSeen") for row in entry.data["rows"])
            )  # type: ignore[index, union-attr]
        read_app_identity(driver, SENDER, lane.append)
        driver.stop(SENDER)
        preparation.record_to(None)
    assert look.foreground is not None
    assert look.foreground.package == SENDER
    assert "欢迎使用" in (look.hierarchy or "")
    assert check_png(look.shot or b"").fault is None
    (android_id,) = [entry.data["value"] for entry in facts("device", "IdentifierRead")]
    body = facts("traffic", "RequestSent")[-1].data["body"]
    assert blobs.get(body["blob"]).decode() == android_id  # type: ignore[index, call-overload]
    assert driver.shell("settings get global http_proxy").output.strip() == "null"


def test_a_tap_reaches_the_page(driver: DeviceDriver) -> None:
    driver.launch(SENDER)
    eventually(lambda: "同意并继续" in (driver.observe().hierarchy or ""))
    hierarchy = driver.observe().hierarchy or ""
    line = next(part for part in hierarchy.split("<node ") if 'text="同意并继续"' in part)
    left, top, right, bottom = (
        int(n) for n in line.split('bounds="[')[1].split('"')[0].replace("][", ",").rstrip("]").split(",")
    )
    driver.tap((left + right) // 2, (top + bottom) // 2)
    eventually(lambda: "点到了" in (driver.observe().hierarchy or ""))
    driver.press("home")
    eventually(lambda: (now := driver.foreground()) is not None and now.package != SENDER)
    driver.stop(SENDER)


def test_a_look_costs_at_most_half_more_than_the_device(driver: DeviceDriver) -> None:
    driver.launch(SENDER)
    eventually(lambda: "欢迎使用" in (driver.observe().hierarchy or ""))
    looks = [driver.observe(SENDER) for _ in range(10)]
    shares = sorted((look.finished_mono - look.started_mono) / look.device_ns for look in looks)
    driver.stop(SENDER)
    assert shares[len(shares) // 2] < 1.5
