"""Windows, dialogs, touches and pictures, as a person with the phone in hand meets them."""

import asyncio
import contextlib
import io
import time
from collections.abc import Iterator

import pytest
from PIL import Image

from lab.screen.page import PageFailed
from tests.lab.handset import Handset, handset, needs_chromium, write_app

SHOP, BANK = "com.lanting.shop", "com.yunbei.bank"
HTML = """<!doctype html><meta charset="utf-8"><style>body{margin:0}#long{height:4000px;background:linear-gradient(#fff,#08c)}
@keyframes turn{to{transform:rotate(360deg)}}</style>
<h1 id="title">首页</h1><button id="go" onclick="this.textContent='已点击'">点我</button>
<input id="name"><button id="hang" onclick="const end=Date.now()+9000;while(Date.now()<end);">卡死</button>
<div id="long"></div><script>window.backs = 0;
if (location.search) window.onAndroidBack = () => { backs += 1; return backs < 2; };
document.addEventListener("visibilitychange", () => { window.seen = (window.seen || "") + document.visibilityState + " "; });
</script>"""
TABLES = """
[[activities]]
name = ".DetailActivity"
page = "index.html?detail"
"""
PERMISSIONS = (
    'permissions = ["android.permission.CAMERA", "android.permission.READ_CONTACTS", '
    '"android.permission.ACCESS_FINE_LOCATION"]'
)
CAMERA, CONTACTS, LOCATION = (
    f"android.permission.{name}" for name in ("CAMERA", "READ_CONTACTS", "ACCESS_FINE_LOCATION")
)
CONTROLLER = "com.android.permissioncontroller"

pytestmark = [pytest.mark.lab, needs_chromium]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Handset]:
    directory = tmp_path_factory.mktemp("screen")
    apps = (
        write_app(directory, SHOP, HTML, more=PERMISSIONS, tables=TABLES),
        write_app(directory, BANK, HTML, label="云贝银行", more="secure = true"),
    )
    with handset(directory, *apps) as found:
        yield found


@pytest.fixture
def device(running: Handset) -> Iterator[Handset]:
    yield running
    for package in (SHOP, BANK):
        running.run(running.system.clear(package))
    running.run(running.system.activities.go_home())


def picture(device: Handset, fmt: str = "png") -> bytes:
    return device.run(device.screen.screenshot(fmt))


def test_the_home_screen_shows_icons_that_start_apps(device: Handset) -> None:
    assert device.screen.focus.package == "com.android.launcher3"
    device.tap(description="澜庭商城")
    device.eventually(lambda: device.screen.focus.package == SHOP)
    assert device.screen.focus.activity == f"{SHOP}.MainActivity"
    assert device.eventually(lambda: device.nodes(text="首页"))


def test_a_tap_is_an_ordinary_click(device: Handset) -> None:
    device.start(SHOP)
    device.tap(text="点我")
    assert device.eventually(lambda: device.nodes(text="已点击"))


def test_typing_goes_into_the_focused_field(device: Handset) -> None:
    device.start(SHOP)
    device.tap(resource_id=f"{SHOP}:id/name")
    device.run(device.screen.text("张三 abc"))
    assert device.node(resource_id=f"{SHOP}:id/name").get("text") == "张三 abc"
    device.run(device.screen.key("delete"))
    assert device.page("document.getElementById('name').value") == "张三 ab"
    device.run(device.screen.clear_text())
    assert device.page("document.getElementById('name').value") == ""


def test_a_swipe_scrolls_and_stands_still_at_once(device: Handset) -> None:
    device.start(SHOP)
    device.run(device.screen.swipe(360, 1200, 360, 600, 200))
    moved = device.eventually(lambda: device.page("scrollY") >= 290 and device.page("scrollY"))
    assert moved < 310
    device.run(asyncio.sleep(0.3))
    assert device.page("scrollY") == moved


def test_back_asks_the_page_first_and_finishes_the_activity_else(device: Handset) -> None:
    device.start(SHOP)
    device.run(device.system.activities.start(SHOP, ".DetailActivity"))
    assert device.screen.focus.activity == f"{SHOP}.DetailActivity"
    device.run(device.screen.key("back"))
    assert device.page("backs") == 1
    device.run(device.screen.key("back"))
    assert device.screen.focus.activity == f"{SHOP}.MainActivity"
    device.run(device.screen.key("back"))
    assert device.screen.focus.package == "com.android.launcher3"


def test_a_hidden_window_knows_that_it_is_hidden(device: Handset) -> None:
    device.start(SHOP)
    window = device.screen.stage.top
    assert window is not None
    device.run(device.system.activities.go_home())
    device.start(SHOP)
    assert device.screen.stage.top is window
    assert device.eventually(lambda: device.page("window.seen") == "hidden visible ")


def test_the_gesture_bar_leads_home(device: Handset) -> None:
    device.start(SHOP)
    device.run(device.screen.swipe(360, 1590, 360, 800, 150))
    assert device.screen.focus.package == "com.android.launcher3"


def test_recents_lead_back(device: Handset) -> None:
    device.start(SHOP)
    device.run(device.system.activities.go_home())
    device.run(device.screen.recents())
    device.tap(description="澜庭商城")
    device.eventually(lambda: device.screen.focus.package == SHOP)


def test_pictures_have_the_size_of_the_display_and_repeat_byte_by_byte(device: Handset) -> None:
    device.start(SHOP)
    assert device.eventually(lambda: picture(device) == picture(device))
    first = picture(device)
    assert Image.open(io.BytesIO(first)).size == (720, 1600)
    jpeg = Image.open(io.BytesIO(picture(device, "jpeg")))
    assert (jpeg.format, jpeg.size) == ("JPEG", (720, 1600))


@pytest.mark.parametrize("further", ["", "location.href = 'index.html?detail'"])
def test_who_looks_while_a_page_comes_neither_waits_nor_takes_its_touch_away(device: Handset, further: str) -> None:
    async def look() -> float:
        longest, opening = 0.0, asyncio.ensure_future(device.system.activities.start(SHOP))
        until = time.monotonic() + 1.0
        while time.monotonic() < until or not opening.done():
            began = time.monotonic()
            await device.screen.screenshot("png")
            longest = max(longest, time.monotonic() - began)
            window = device.screen.stage.top
            if further and opening.done() and window is not None and not await window.page.evaluate("location.search"):
                further_on = f"new Promise((done) => {{ addEventListener('pagehide', done); {further} }})"
                with contextlib.suppress(PageFailed):  # its document went, as it should
                    await window.page.evaluate(further_on, wait=True)
        return longest

    for _ in range(4):
        assert device.run(look()) < 3.0  # a capture that a new document overtook was waited for four seconds
        device.tap(text="点我")
        assert device.eventually(lambda: device.nodes(text="已点击"))
        device.run(device.system.clear(SHOP))


def test_a_secure_window_is_black(device: Handset) -> None:
    device.start(BANK)
    assert device.screen.secure
    assert Image.open(io.BytesIO(picture(device))).getextrema() == ((0, 0), (0, 0), (0, 0))
    assert device.nodes(text="首页")


@pytest.mark.parametrize(
    ("permission", "button", "text", "result"),
    [
        (CAMERA, "permission_allow_foreground_only_button", "仅在使用该应用时允许", "granted"),
        (CAMERA, "permission_allow_one_time_button", "仅限这一次", "granted"),
        (CAMERA, "permission_deny_button", "不允许", "denied"),
        (CONTACTS, "permission_allow_button", "允许", "granted"),
        (LOCATION, "permission_deny_button", "不允许", "denied"),
    ],
)
def test_the_permission_dialog(device: Handset, permission: str, button: str, text: str, result: str) -> None:
    device.start(SHOP)
    asked = asyncio.run_coroutine_threadsafe(
        device.system.permissions.request(SHOP, permission), device.loop.event_loop
    )
    device.eventually(lambda: device.screen.focus.package == CONTROLLER)
    focus = device.screen.focus
    assert focus.activity == f"{CONTROLLER}.permission.ui.GrantPermissionsActivity"
    assert focus.task_package == SHOP
    assert "澜庭商城" in str(device.node(resource_id=f"{CONTROLLER}:id/permission_message").get("text"))
    assert not device.nodes(package=SHOP)
    node = device.node(resource_id=f"{CONTROLLER}:id/{button}")
    assert (node.get("text"), node.get("class")) == (text, "android.widget.Button")
    device.tap(resource_id=f"{CONTROLLER}:id/{button}")
    assert asked.result(5) == result
    assert device.screen.focus.package == SHOP


def test_a_second_refusal_is_for_good(device: Handset) -> None:
    device.start(SHOP)
    for button in ("permission_deny_button", "permission_deny_and_dont_ask_again_button"):
        asked = asyncio.run_coroutine_threadsafe(
            device.system.permissions.request(SHOP, CAMERA), device.loop.event_loop
        )
        device.eventually(lambda name=button: device.nodes(resource_id=f"{CONTROLLER}:id/{name}"))
        device.tap(resource_id=f"{CONTROLLER}:id/{button}")
        assert asked.result(5) == "denied"
    assert device.run(device.system.permissions.request(SHOP, CAMERA)) == "denied"
    assert device.screen.focus.package == SHOP


def test_a_dialog_dims_the_app_and_goes_with_it(device: Handset) -> None:
    device.start(SHOP)
    before = Image.open(io.BytesIO(picture(device))).getpixel((10, 800))
    asyncio.run_coroutine_threadsafe(device.system.permissions.request(SHOP, CAMERA), device.loop.event_loop)
    device.eventually(lambda: device.screen.focus.package == CONTROLLER)
    during = Image.open(io.BytesIO(picture(device))).getpixel((10, 800))
    assert isinstance(before, tuple)
    assert isinstance(during, tuple)
    assert max(during) < max(before)
    device.stop(SHOP)
    assert device.screen.focus.package == "com.android.launcher3"


def test_an_app_that_hangs_gets_the_not_responding_dialog(device: Handset) -> None:
    device.start(SHOP)
    began = time.monotonic()
    device.tap(text="卡死")
    x, y = 360, 1400
    device.run(device.screen.tap(x, y))
    device.eventually(lambda: device.screen.focus.package == "android", 8)
    assert device.screen.focus.activity == f"Application Not Responding: {SHOP}"
    assert time.monotonic() - began < 8
    assert device.node(resource_id="android:id/alertTitle").get("text") == "澜庭商城没有响应"
    assert device.node(resource_id="android:id/aerr_wait").get("text") == "等待"
    device.tap(resource_id="android:id/aerr_close")
    device.eventually(lambda: device.screen.focus.package == "com.android.launcher3")


def test_a_crash_is_told(device: Handset) -> None:
    device.start(SHOP)
    crash = device.system.crash(SHOP, exception="java.lang.NullPointerException", message="x")
    asyncio.run_coroutine_threadsafe(crash, device.loop.event_loop)
    device.eventually(lambda: device.screen.focus.package == "android")
    assert device.node(resource_id="android:id/alertTitle").get("text") == "澜庭商城屡次停止运行"
    device.tap(resource_id="android:id/aerr_close")
    device.eventually(lambda: device.screen.focus.package == "com.android.launcher3")


def test_clearing_data_forgets_storage(device: Handset) -> None:
    device.start(SHOP)
    device.page("localStorage.agreed = '1'")
    device.stop(SHOP)
    device.start(SHOP)
    assert device.page("localStorage.agreed") == "1"
    device.run(device.system.clear(SHOP))
    device.start(SHOP)
    assert device.page("localStorage.agreed") is None


def test_settings_and_browser_are_there(device: Handset) -> None:
    device.run(device.system.activities.start("com.android.settings"))
    assert device.nodes(text="设置", package="com.android.settings")
    device.run(device.screen.key("back"))
    url = "https://www.lanting.test/privacy"
    device.run(device.system.activities.start("com.android.browser", data=url))
    assert device.node(resource_id="com.android.browser:id/url_bar").get("text") == "www.lanting.test/privacy"
    assert device.eventually(lambda: device.nodes(text="www.lanting.test"))
    device.run(device.system.force_stop("com.android.browser"))


def test_a_toast_passes(device: Handset) -> None:
    def below_the_clock() -> bytes:
        return Image.open(io.BytesIO(picture(device))).crop((0, 48, 720, 1600)).tobytes()

    device.start(SHOP)
    before = below_the_clock()
    device.run(device.screen.show_toast("再按一次退出"))
    assert below_the_clock() != before
    assert device.eventually(lambda: below_the_clock() == before)


def test_asking_a_screen_is_quick(device: Handset) -> None:
    device.start(SHOP)
    picture(device)
    spans = []
    for _ in range(5):
        began = time.perf_counter()
        device.run(device.screen.hierarchy())
        spans.append(time.perf_counter() - began)
    assert sorted(spans)[2] < 0.1
