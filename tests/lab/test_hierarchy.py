"""A page becomes the view tree that uiautomator would have written."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree

from lab.screen.hierarchy import WindowTree, assemble, empty_window
from tests.lab.handset import Handset, box, handset, needs_chromium, write_app

PACKAGE = "com.lanting.shop"
HTML = """<!doctype html><meta charset="utf-8">
<style>body{margin:0;font-size:16px} .row{height:40px} #clip{height:60px;overflow:hidden} #zero{width:0;height:0}
#float{position:fixed;right:0;bottom:80px;width:60px;height:60px} .scroll{height:50px;overflow-y:auto}</style>
<h2 id="title">你好😀&amp;"<b>世界</b>"\x07</h2>
<div class="row" id="gone" style="display:none">隐藏</div>
<p id="policy">请阅读<a href="p.html">《隐私政策》</a>和<a href="u.html">《用户协议》</a>后使用</p>
<label id="agree_row"><input type="checkbox" id="agree" checked>我已阅读并同意</label>
<div id="go">同意并继续</div>
<p><a href="#" id="later">暂不同意</a></p>
<div id="clip"><div id="tall" style="height:300px">高</div></div>
<div id="zero"><div id="float">客服</div></div>
<div class="scroll" id="list"><div style="height:400px" id="inside">很长</div></div>
<input id="phone" placeholder="请输入手机号"><input id="secret" type="password" value="abc">
<div id="canvas" data-opaque>像素 <button>看不见</button></div>
<div id="off" style="position:absolute;top:3000px">远处</div>
<span id="host"></span><iframe id="frame" srcdoc="<button id=inner>框内</button>" width="200" height="40"></iframe>
<button id="naked" style="width:40px;height:40px"></button>
<button id="dash-ed" disabled>置灰</button>
<div id="faint" style="opacity:0">看不见</div>
<div id="ghost" style="visibility:hidden">无<span style="visibility:visible;display:block" id="seen">有</span></div>
<script>
go.addEventListener("click", () => { window.clicked = true; });
host.attachShadow({mode: "closed"}).innerHTML = "<button>影子</button>";
</script>"""
ATTRIBUTES = [
    "index",
    "text",
    "resource-id",
    "class",
    "package",
    "content-desc",
    "checkable",
    "checked",
    "clickable",
    "enabled",
    "focusable",
    "focused",
    "scrollable",
    "long-clickable",
    "password",
    "selected",
    "visible-to-user",
    "bounds",
    "drawing-order",
    "hint",
    "display-id",
]

pytestmark = [pytest.mark.lab, needs_chromium]


@pytest.fixture(scope="module")
def device(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Handset]:
    directory = tmp_path_factory.mktemp("hierarchy")
    with handset(directory, write_app(directory, PACKAGE, HTML)) as found:
        found.start(PACKAGE)
        yield found


def test_attributes_stand_in_the_dumpers_order(device: Handset) -> None:
    text = device.run(device.screen.hierarchy())
    assert text.startswith(
        "<?xml version='1.0' encoding='UTF-8' standalone='yes' ?><hierarchy rotation=\"0\"><node index=\"0\""
    )
    for node in device.tree().iter("node"):
        assert [name for name in node.attrib if name != "NAF"] == ATTRIBUTES


def test_several_roots_with_the_status_bar_among_them(device: Handset) -> None:
    packages = [root.get("package") for root in device.tree()]
    assert sorted(packages) == ["com.android.systemui", "com.android.systemui", PACKAGE]
    root = next(root for root in device.tree() if root.get("package") == PACKAGE)
    assert root.get("class") == "android.widget.FrameLayout"
    assert box(root) == (0, 0, 720, 1600)
    assert root[0][0].get("resource-id") == "android:id/content"


def test_emoji_and_control_characters_are_lost(device: Handset) -> None:
    assert device.node(resource_id=f"{PACKAGE}:id/title").get("text") == '你好..&"世界".'


def test_hidden_children_leave_holes_in_the_indexes(device: Handset) -> None:
    assert not device.nodes(text="隐藏")
    parent = device.node(text='你好..&"世界".').getparent()
    assert parent is not None
    indexes = [int(node.get("index", "")) for node in parent]
    assert indexes == sorted(set(indexes))
    assert 1 not in indexes  # the hidden row


def test_links_inside_a_text_are_not_nodes(device: Handset) -> None:
    node = device.node(resource_id=f"{PACKAGE}:id/policy")
    assert node.get("text") == "请阅读《隐私政策》和《用户协议》后使用"
    assert node.get("class") == "android.widget.TextView"
    assert node.get("clickable") == "true"  # as a TextView with a movement method
    assert len(node) == 0


def test_a_link_that_stands_alone_is_its_own_view(device: Handset) -> None:
    node = device.node(resource_id=f"{PACKAGE}:id/later")
    assert (node.get("text"), node.get("clickable")) == ("暂不同意", "true")
    assert box(node)[2] < 360


def test_a_checkbox_and_its_text(device: Handset) -> None:
    checkbox = device.node(resource_id=f"{PACKAGE}:id/agree")
    assert checkbox.get("class") == "android.widget.CheckBox"
    assert (checkbox.get("checkable"), checkbox.get("checked")) == ("true", "true")
    assert device.nodes(text="我已阅读并同意", kind="android.widget.TextView")


def test_listeners_make_clickable(device: Handset) -> None:
    assert device.node(text="同意并继续").get("clickable") == "true"
    assert device.node(text="很长").get("clickable") == "false"


def test_bounds_are_clipped_by_the_parent_that_cuts(device: Handset) -> None:
    assert box(device.node(text="高"))[3] == box(device.node(resource_id=f"{PACKAGE}:id/clip"))[3]


def test_boxes_without_area_are_flattened(device: Handset) -> None:
    assert not device.nodes(resource_id=f"{PACKAGE}:id/zero")
    assert box(device.node(text="客服")) == (600, 1320, 720, 1440)


def test_scrollable_and_far_away(device: Handset) -> None:
    assert device.node(resource_id=f"{PACKAGE}:id/list").get("scrollable") == "true"
    assert not device.nodes(text="远处")


def test_text_fields(device: Handset) -> None:
    phone, secret = (device.node(resource_id=f"{PACKAGE}:id/{name}") for name in ("phone", "secret"))
    assert (phone.get("class"), phone.get("text"), phone.get("hint")) == (
        "android.widget.EditText",
        *["请输入手机号"] * 2,
    )
    assert (secret.get("text"), secret.get("password")) == ("•••", "true")


def test_opaque_views_have_nothing_inside(device: Handset) -> None:
    node = device.node(resource_id=f"{PACKAGE}:id/canvas")
    assert (node.get("class"), node.get("text"), len(node)) == ("android.view.View", "", 0)
    assert not device.nodes(text="看不见")


def test_shadow_roots_and_frames_are_walked(device: Handset) -> None:
    assert device.node(text="影子").get("class") == "android.widget.Button"
    inner = device.node(text="框内")
    assert inner.getparent().getparent().get("class") == "android.webkit.WebView"
    frame = box(device.node(resource_id=f"{PACKAGE}:id/frame"))
    assert frame[0] <= box(inner)[0]
    assert frame[1] <= box(inner)[1]


def test_a_nameless_button_is_marked(device: Handset) -> None:
    assert device.node(resource_id=f"{PACKAGE}:id/naked").get("NAF") == "true"
    assert device.node(text="同意并继续").get("NAF") is None


def test_names_and_states(device: Handset) -> None:
    node = device.node(resource_id=f"{PACKAGE}:id/dash_ed")
    assert (node.get("text"), node.get("enabled")) == ("置灰", "false")
    assert device.nodes(text="有")
    assert not device.nodes(text="无")


def test_the_same_screen_gives_the_same_dump(device: Handset) -> None:
    assert device.run(device.screen.hierarchy()) == device.run(device.screen.hierarchy())


def test_the_order_of_roots_depends_on_the_windows_alone() -> None:
    windows = [WindowTree(package=name, modal=False, xml=f'<node package="{name}" />') for name in ("a", "b", "c", "d")]
    orders = {assemble(windows, seed=seed) for seed in range(20)}
    assert len(orders) > 1
    assert assemble(windows) == assemble(reversed(windows))


def test_a_modal_window_hides_what_lies_below_it() -> None:
    app, dialog = (WindowTree(package=name, modal=True, xml=f'<node package="{name}" />') for name in ("app", "dialog"))
    bar = WindowTree(package="bar", modal=False, xml='<node package="bar" />')
    assert set(re.findall(r'package="(\w+)"', assemble([app, dialog, bar]))) == {"dialog", "bar"}


@pytest.mark.parametrize(("sdk", "last"), [(23, "bounds"), (24, "drawing-order"), (28, "hint"), (33, "display-id")])
def test_older_androids_write_fewer_attributes(sdk: int, last: str) -> None:
    node = etree.fromstring(empty_window("com.x", sdk, 720, 1600).xml)
    assert list(node.attrib)[-1] == last


def test_the_golden_dumps_have_the_same_form() -> None:
    golden = Path(__file__).resolve().parents[2].parent / "shared" / "golden" / "mobilebenchol_step_1.xml"
    if not golden.is_file():
        pytest.skip("the recorded dumps are not on this machine")
    recorded = next(etree.fromstring(golden.read_bytes()).iter("node"))
    old = [name for name in ATTRIBUTES if name not in ("visible-to-user", "drawing-order", "hint", "display-id")]
    assert list(recorded.attrib) == old
