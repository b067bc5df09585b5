"""`window.android` from the inside of a bundle: what it gives, refuses, notes and writes into the answer key."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.lab.handset import Handset, handset, needs_chromium, write_app

OLD, NEW = "com.moxi.reader", "com.lanting.shop"
HTML = """<!doctype html><meta charset="utf-8"><link rel="preconnect" href="https://early.lanting.test">
<h1>首页</h1><button id="agree">同意</button><iframe id="frame" src="https://ads.other.test/frame"></iframe>
<script>
window.attempt = async (call) => { try { return await call(); } catch (error) { return error.name; } };
agree.addEventListener("click", () => {
  android.truth.consent("accepted");
  fetch("https://api.lanting.test/after", {method: "POST", body: "x"});
});
</script>"""
PERMISSIONS = (
    'permissions = ["android.permission.READ_PHONE_STATE", "android.permission.ACCESS_WIFI_STATE", '
    '"android.permission.READ_CONTACTS", "android.permission.ACCESS_FINE_LOCATION", "android.permission.CAMERA"]'
)
TABLES = """
[[activities]]
name = ".DetailActivity"
page = "index.html"
"""
CONTROLLER = "com.android.permissioncontroller"

pytestmark = [pytest.mark.lab, needs_chromium]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Handset]:
    directory = tmp_path_factory.mktemp("bridge")
    apps = (
        write_app(directory, OLD, HTML, label="墨溪阅读", more=f"target_sdk = 22\n{PERMISSIONS}"),
        write_app(directory, NEW, HTML, more=PERMISSIONS, tables=TABLES),
    )
    with handset(directory, *apps) as found:
        yield found


@pytest.fixture
def device(running: Handset) -> Iterator[Handset]:
    yield running
    for package in (OLD, NEW):
        running.run(running.system.clear(package))
    running.run(running.system.activities.go_home())


def call(device: Handset, expression: str) -> object:
    return device.page(f"attempt(() => {expression})", wait=True)


def test_an_old_app_reads_the_device(device: Handset) -> None:
    device.start(OLD)
    identity = device.system.identity
    assert call(device, "android.imei()") == identity.imei
    assert call(device, "android.mac()") == identity.mac
    assert call(device, "android.oaid()") == identity.oaid
    assert call(device, "android.model()") == "LT-A13"
    installed = device.system.packages.get(OLD)
    assert installed is not None
    assert call(device, "android.androidId()") == identity.ssaid(OLD, uid=installed.uid, signer=installed.signer)
    assert NEW in call(device, "android.installedPackages()")  # type: ignore[operator]
    [operation] = device.system.appops.operations(OLD)
    assert operation.name == "READ_PHONE_STATE"
    assert set(operation.accessed) == {"top"}
    kinds = [each["identifier"] for each in device.events("read", package=OLD)]
    assert kinds == ["imei", "mac", "oaid", "model", "android_id", "package_list"]


def test_a_new_app_is_refused_and_the_refusal_is_noted(device: Handset) -> None:
    device.start(NEW)
    assert call(device, "android.imei()") == "SecurityException"
    assert call(device, "android.contacts()") == "SecurityException"
    assert call(device, "android.location()") == "SecurityException"
    assert call(device, "android.mac()") == "02:00:00:00:00:00"
    assert call(device, "android.ssid()") == "<unknown ssid>"
    assert call(device, "android.installedPackages()") == [NEW]
    operations = {each.name: each for each in device.system.appops.operations(NEW)}
    assert set(operations["READ_CONTACTS"].rejected) == {"top"}
    assert not operations["READ_CONTACTS"].accessed
    refused = device.events("read", package=NEW, identifier="contacts")
    assert refused[-1]["allowed"] is False


def test_a_permission_is_asked_answered_and_then_used(device: Handset) -> None:
    device.start(NEW)
    device.page(
        "window.answer = null; android.requestPermission('android.permission.READ_CONTACTS').then((r) => { answer = r; }); 0"
    )
    device.eventually(lambda: device.screen.focus.package == CONTROLLER)
    assert device.events("permission_asked", package=NEW)[-1]["dialog"] is True
    device.tap(resource_id=f"{CONTROLLER}:id/permission_allow_button")
    assert device.eventually(lambda: device.page("answer")) == "granted"
    contacts = call(device, "android.contacts()")
    assert isinstance(contacts, list)
    assert {each["name"] for each in contacts} == {each.name for each in device.system.identity.contacts}
    assert call(device, "android.checkPermission('android.permission.READ_CONTACTS')") is True
    assert call(device, "android.checkPermission('android.permission.CAMERA')") is False


def test_the_clipboard_is_for_the_app_in_front(device: Handset) -> None:
    device.start(NEW)
    device.system.identity.clipboard = "口令 8FJ3-KQ"
    window = device.screen.stage.top
    assert window is not None
    assert call(device, "android.clipboard()") == "口令 8FJ3-KQ"
    device.run(device.system.activities.go_home())
    assert device.run(window.page.evaluate("attempt(() => android.clipboard())", 5, wait=True)) == ""
    [operation] = [each for each in device.system.appops.operations(NEW) if each.name == "READ_CLIPBOARD"]
    assert set(operation.rejected) == {"bg"}


def test_small_services(device: Handset) -> None:
    device.start(NEW)
    assert call(device, "android.digest('md5', 'abc')") == "900150983cd24fb0d6963f7d28e17f72"
    assert call(device, "android.digest('crc', 'abc')") == "Error"
    assert str(call(device, "android.gzip('abc')")).startswith("H4sIA")
    assert call(device, "android.imei(1, 2)") == "SecurityException"
    assert call(device, "android.openActivity('.Nope')") == "Error"
    device.run(asyncio.sleep(0))
    assert call(device, "android.setSecure(true)") is None
    assert device.screen.secure


def test_consent_and_what_follows_it_at_once(device: Handset) -> None:
    device.start(NEW)
    device.tap(text="同意")
    [sent] = device.eventually(lambda: device.events("sent", path="/after"))
    [told] = device.events("consent", package=NEW)
    assert sent["consent"] == "accepted"
    assert told["t_mono_ns"] <= sent["t_mono_ns"]
    device.run(device.system.clear(NEW))
    assert device.key.consent_at(NEW, sent["t_mono_ns"] + 1) == "none"


def test_early_connections_send_nothing(device: Handset) -> None:
    device.start(NEW)
    device.eventually(lambda: " 01 " in device.network.tcp6())
    assert not device.events("sent", host="early.lanting.test")
    assert call(device, "android.connect('https://soon.lanting.test')") is None
    assert call(device, "android.connect('ftp://soon.lanting.test')") == "Error"
    assert not device.events("sent", host="soon.lanting.test")


def test_frames_of_others_have_no_bridge(device: Handset) -> None:
    device.start(NEW)
    expression = "document.getElementById('frame').contentWindow"
    device.eventually(lambda: device.page(f"{expression}.location.href") == "https://ads.other.test/frame")
    assert device.page(f"typeof {expression}.android") == "undefined"
    assert device.page("typeof android + typeof window.labBridge") == "objectundefined"


def test_an_activity_may_open_the_next_and_end_below_it(device: Handset) -> None:
    device.start(NEW)
    device.page("android.openActivity('.DetailActivity').then(() => android.finish()); 0")
    device.eventually(lambda: [each.activity for each in device.screen.stage.windows] == [f"{NEW}.DetailActivity"])
    assert device.screen.focus.activity == f"{NEW}.DetailActivity"
    device.run(device.screen.key("back"))
    assert device.screen.focus.package == "com.android.launcher3"


def test_exit_ends_the_process(device: Handset) -> None:
    device.start(NEW)
    device.page("setTimeout(() => android.exit(), 50); 0")
    device.eventually(lambda: device.screen.focus.package == "com.android.launcher3")
    assert device.system.applications.running(NEW) is None
    assert list(device.screen.stage.windows) == []


def test_the_browser_opens_an_address(device: Handset) -> None:
    device.start(NEW)
    assert call(device, "android.openBrowser('https://www.lanting.test/help')") is None
    assert device.screen.focus.package == "com.android.browser"
    sent = device.eventually(lambda: device.events("sent", host="www.lanting.test"))
    assert sent[0]["package"] == "com.android.browser"
    device.stop("com.android.browser")
