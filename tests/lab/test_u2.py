"""The real, unpatched uiautomator2 client against a lab device whose screen draws nothing."""

import http.client
import threading
import time
from collections.abc import Iterator

import adbutils
import pytest
import uiautomator2
from lxml import etree

from lab.faults import Faults
from lab.u2.selectors import MASKS, find, object_info
from tests.lab.bench import AdbServer, Bench

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def phone(bench: Bench) -> uiautomator2.Device:
    return uiautomator2.connect(bench.adbutils)


@pytest.fixture(autouse=True)
def well(bench: Bench) -> Iterator[None]:
    """No fault outlives its test."""
    yield
    good = Faults()
    for name in Faults.__slots__:
        setattr(bench.device.faults, name, getattr(good, name))


def test_the_server_starts_from_the_pushed_jar(bench: Bench, phone: uiautomator2.Device) -> None:
    assert phone.info["currentPackageName"] == "com.android.launcher3"
    assert (phone.info["displayWidth"], phone.info["sdkInt"]) == (720, 33)
    assert phone.device_info["model"] == "LT-A13"
    assert "app_process" in bench.shell("ps -A -o NAME")
    assert bench.device.system.files.exists("/data/local/tmp/u2.jar")


def test_the_hierarchy_and_the_picture_come(phone: uiautomator2.Device) -> None:
    root = etree.fromstring(phone.dump_hierarchy().encode())
    assert root.tag == "hierarchy"
    assert len(root.findall(".//node")) == 3
    assert phone.screenshot().size == (720, 1600)
    assert phone.window_size() == (720, 1600)


def test_elements_are_found_described_and_clicked(bench: Bench, phone: uiautomator2.Device) -> None:
    button = phone(text="同意并继续", clickable=True)
    assert button.exists
    assert button.info["bounds"] == {"left": 100, "top": 800, "right": 300, "bottom": 900}
    assert not phone(text="不同意").exists
    bench.surface.calls.clear()
    button.click()
    assert bench.surface.calls == [("tap", 200.0, 850.0, 100)]
    assert phone.xpath("//*[@text='同意并继续']").exists
    assert (
        phone(className="android.widget.FrameLayout").child(className="android.widget.Button").get_text()
        == "同意并继续"
    )
    assert phone(className="android.widget.Button").sibling(className="android.widget.EditText").count == 1


def test_a_missing_element_is_said_to_be_missing(phone: uiautomator2.Device) -> None:
    with pytest.raises(uiautomator2.exceptions.UiObjectNotFoundError):
        phone(text="nothing").click(timeout=0.2)
    assert phone(text="nothing").wait_gone(timeout=0.2)


def test_text_is_typed_replaced_and_cleared(bench: Bench, phone: uiautomator2.Device) -> None:
    field = phone(className="android.widget.EditText")
    field.set_text("王小明")
    assert bench.surface.typed == "王小明"
    field.set_text("other")
    assert field.get_text() == "other"
    field.clear_text()
    assert bench.surface.typed == ""
    phone.send_keys("😀 text")
    assert bench.surface.typed == "😀 text"
    bench.surface.typed = ""


def test_the_clipboard_is_the_devices(bench: Bench, phone: uiautomator2.Device) -> None:
    phone.clipboard = "planted"
    assert phone.clipboard == "planted"
    assert bench.device.system.identity.clipboard == "planted"


def test_gestures_and_keys_arrive(bench: Bench, phone: uiautomator2.Device) -> None:
    bench.surface.calls.clear()
    phone.swipe(100, 900, 100, 300, steps=10)
    phone.press("back")
    phone.press(66)
    phone.press("recent")
    phone.touch.down(5, 6).up(5, 6)
    phone.long_click(7, 8, 0.2)
    assert bench.surface.calls == [
        ("swipe", 100.0, 900.0, 100.0, 300.0, 50),
        ("key", "back"),
        ("key", "enter"),
        ("recents",),
        ("touch", "down", 5.0, 6.0),
        ("touch", "up", 5.0, 6.0),
        ("tap", 7.0, 8.0, 200),
    ]


def test_apps_are_started_watched_and_stopped(bench: Bench, phone: uiautomator2.Device) -> None:
    phone.app_start("com.example.app", wait=True)
    assert phone.app_current()["package"] == "com.example.app"
    assert "com.example.app" in phone.app_list_running()
    assert phone.app_info("com.example.app") == {"versionName": "1.2.3", "versionCode": 123}
    assert phone.info["currentPackageName"] == "com.example.app"
    phone.press("home")
    assert phone.info["currentPackageName"] == "com.android.launcher3"
    phone.app_start("com.example.app", ".MainActivity")
    phone.app_stop("com.example.app")
    assert "com.example.app" not in phone.app_list_running()
    phone.app_clear("com.example.app")
    assert ("clear", "com.example.app") in bench.surface.calls
    with pytest.raises(uiautomator2.exceptions.AppNotFoundError):
        phone.app_info("com.nobody")


def test_the_shell_through_the_client_gives_exit_codes(phone: uiautomator2.Device) -> None:
    done = phone.shell("echo out; (exit 3)")
    assert (done.output, done.exit_code) == ("out\n", 3)


def test_a_killed_server_is_healed_by_the_next_call(bench: Bench, phone: uiautomator2.Device) -> None:
    assert phone.info["sdkInt"] == 33

    async def kill() -> bool:
        return bench.device.u2.kill()

    assert bench.run(kill)
    started = time.monotonic()
    assert phone.info["sdkInt"] == 33
    assert time.monotonic() - started < 5
    bench.shell("pkill -f 'com[.]wetest[.]uia2[.]Main'")
    deadline = time.monotonic() + 5
    while bench.device.u2.alive and time.monotonic() < deadline:
        time.sleep(0.02)
    assert "同意并继续" in phone.dump_hierarchy()


def test_a_server_that_lost_uiautomation_says_so(bench: Bench, phone: uiautomator2.Device) -> None:
    bench.device.faults.u2_broken = True
    with pytest.raises(uiautomator2.exceptions.UiAutomationNotConnectedError):
        _ = phone.info


def test_a_second_owner_of_uiautomation_is_refused(bench: Bench, phone: uiautomator2.Device) -> None:
    assert phone.info
    output = bench.shell("CLASSPATH=/data/local/tmp/u2.jar app_process / com.wetest.uia2.Main -p 9009")
    assert "already registered" in output


def test_a_long_hierarchy_arrives_whole(bench: Bench, phone: uiautomator2.Device) -> None:
    bench.device.faults.hierarchy_padding = 6_000_000
    text = phone.dump_hierarchy()
    assert len(text) > 5_500_000
    assert text.endswith("</hierarchy>")


def test_whatever_text_was_ordered_is_the_hierarchy(bench: Bench, phone: uiautomator2.Device) -> None:
    bench.device.faults.hierarchy = "<hierarchy><node text='\x01\x00<&'"
    assert phone.dump_hierarchy() == "<hierarchy><node text='\x01\x00<&'"
    with pytest.raises(uiautomator2.exceptions.RPCUnknownError):
        bool(phone(text="x").exists)


def test_a_slow_dump_is_slow(bench: Bench, phone: uiautomator2.Device) -> None:
    bench.device.faults.dump_delay_ms = 300
    started = time.monotonic()
    phone.dump_hierarchy()
    assert time.monotonic() - started > 0.3


def test_a_picture_that_fails_is_null_and_screencap_fails_too(bench: Bench, phone: uiautomator2.Device) -> None:
    bench.device.faults.screenshot_fails = True
    assert phone.jsonrpc.takeScreenshot(1, 80) is None
    assert bench.adb("exec-out", "screencap -p").stdout.startswith(b"Failed to take screenshot")


def test_one_connection_carries_many_calls_quickly(bench: Bench, phone: uiautomator2.Device) -> None:
    assert phone.info
    port = int(bench.adb("forward", "tcp:0", "tcp:9008").stdout)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    body = '{"jsonrpc":"2.0","id":1,"method":"isScreenOn","params":[]}'
    started = time.monotonic()
    for _ in range(50):
        connection.request("POST", "/jsonrpc/0", body, {"Content-Type": "application/json"})
        assert b'"result": true' in connection.getresponse().read()
    assert time.monotonic() - started < 2, "about 1 ms a call when nothing else runs"
    connection.close()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("no json", -32700),
        ('{"id":1,"method":"nothing"}', -32601),
        ('{"id":1,"method":"_one","params":[{}]}', -32601),
        ('{"id":1,"method":"click","params":[]}', -32602),
        ('{"id":1,"method":"swipe","params":[1]}', -32602),
        ('{"id":1,"method":"objInfo","params":["object-999"]}', -32001),
    ],
)
def test_wrong_calls_are_answered_as_errors(bench: Bench, phone: uiautomator2.Device, body: str, code: int) -> None:
    assert phone.info
    port = int(bench.adb("forward", "tcp:0", "tcp:9008").stdout)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("POST", "/jsonrpc/0", body)
    assert f'"code": {code}' in connection.getresponse().read().decode()
    connection.close()


def test_several_callers_are_served_at_once(bench: Bench, phone: uiautomator2.Device, private_adb: AdbServer) -> None:
    assert phone.info
    client = adbutils.AdbClient(host="127.0.0.1", port=private_adb.port).device(bench.serial)
    phones = [uiautomator2.connect(client) for _ in range(3)]
    found: list[int] = []
    threads = [threading.Thread(target=lambda each=each: found.append(len(each.dump_hierarchy()))) for each in phones]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(found) == 3
    assert len(set(found)) == 1


# --- selectors alone

TREE = etree.fromstring(
    "<hierarchy><node index='0' class='F' clickable='false'>"
    "<node index='0' class='T' text='Ab' clickable='true' bounds='[0,0][10,10]'/>"
    "<node index='1' class='T' text='abc' clickable='false' content-desc='d' bounds='[0,10][10,20]'/>"
    "<node index='2' class='L'><node index='0' class='T' text='abcd' resource-id='p:id/x'/></node></node></hierarchy>"
)


@pytest.mark.parametrize(
    ("selector", "texts"),
    [
        ({"text": "abc"}, ["abc"]),
        ({"textContains": "AB"}, ["Ab", "abc", "abcd"]),
        ({"textStartsWith": "abc"}, ["abc", "abcd"]),
        ({"textMatches": "ab.*d"}, ["abcd"]),
        ({"className": "T", "clickable": True}, ["Ab"]),
        ({"className": "T", "instance": 1}, ["abc"]),
        ({"className": "T", "index": 0}, ["Ab", "abcd"]),
        ({"resourceId": "p:id/x"}, ["abcd"]),
        ({"description": "d"}, ["abc"]),
        ({"text": "none"}, []),
    ],
)
def test_a_selector_means_what_uiselector_means(selector: dict[str, object], texts: list[str]) -> None:
    mask = sum(MASKS[name] for name in selector)
    assert [node.get("text") for node in find(TREE, {**selector, "mask": mask})] == texts


def test_object_info_tells_what_the_client_reads() -> None:
    told = object_info(find(TREE, {"text": "abc", "mask": 1})[0])
    assert told["visibleBounds"] == {"left": 0, "top": 10, "right": 10, "bottom": 20}
    assert (told["text"], told["contentDescription"], told["clickable"], told["resourceName"]) == (
        "abc",
        "d",
        False,
        None,
    )
