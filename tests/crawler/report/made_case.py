"""A whole case on disk without a device: drawn screens, real hierarchies, requests with values wrapped in encodings.

Written with the product's own writers, so that judging and reporting it is what happens after an inspection.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import quote

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image, ImageDraw, ImageFont

from evidence.blobs import BlobStore
from evidence.canonical import Json
from evidence.clock import FrozenClock
from evidence.keys import SigningKey
from evidence.lanes import LaneWriter
from evidence.record import blobs_directory, session_directory, write_case
from evidence.seal import seal
from tests.screenshots import trees

__all__ = ["ANDROID_ID", "IMEI", "KEY", "LABEL", "PACKAGE", "Film", "build_case", "picture"]

KEY = SigningKey(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
PACKAGE = trees.APP
LABEL = "小鱼阅读"
UID = 10123
ANDROID_ID = "9f3c1b7ad2e4568c"
IMEI = "861234056789017"
_FONT = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")
_WALL = 1_764_000_000_000_000_000


def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.truetype(str(_FONT), size) if _FONT.is_file() else ImageFont.load_default()


def picture(*, card: str = "", title: str = "推荐", tint: tuple[int, int, int] = (250, 250, 252)) -> bytes:
    """A phone's screen: a page of headlines, and a dialog over it when `card` is given."""
    image = Image.new("RGB", (720, 1600), tint)
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 0, 720, 120), fill=(36, 99, 168))
    pen.text((40, 40), title, font=font(40), fill="white")
    for row in range(7):
        top = 160 + row * 190
        pen.rounded_rectangle((30, top, 690, top + 160), radius=14, fill="white", outline=(222, 226, 232))
        pen.rectangle((50, top + 25, 160, top + 135), fill=((row * 35) % 255, 140, 200 - row * 15))
        pen.text((190, top + 30), f"{title} · 第{row + 1}条", font=font(30), fill=(30, 35, 48))
    if card:
        image = Image.blend(image, Image.new("RGB", image.size), 0.5)
        pen = ImageDraw.Draw(image)
        pen.rounded_rectangle((60, 400, 660, 1160), radius=24, fill="white")
        pen.text((110, 430), card, font=font(34), fill="black")
        for row in range(6):
            pen.text((110, 520 + 62 * row), "请阅读《用户协议》和《隐私政策》", font=font(28), fill=(80, 86, 98))
        pen.text((160, 1060), "不同意", font=font(32), fill=(120, 126, 138))
        pen.rounded_rectangle((370, 1040, 620, 1130), radius=40, fill=(36, 99, 168))
        pen.text((450, 1060), "同意", font=font(32), fill="white")
    target = io.BytesIO()
    image.save(target, "PNG")
    return target.getvalue()


@dataclass(slots=True)
class Film:
    """One session being written."""

    ui: LaneWriter
    device: LaneWriter
    traffic: LaneWriter
    clock: FrozenClock
    blobs: BlobStore
    screens: int = 0
    steps: int = 0
    flows: int = 0

    def wait(self, seconds: float) -> None:
        self.clock.advance(seconds)

    def look(self, shot: bytes | None, tree: str, *, package: str = PACKAGE, running: bool = True) -> int:
        number = self.screens
        self.screens += 1
        now = self.clock.monotonic_ns()
        self.ui.append(
            "ScreenSeen",
            {
                "screen": number,
                "shot": self._blob(shot) if shot is not None else None,
                "shot_failure": None if shot is not None else "a window forbids pictures of itself",
                "hierarchy": self._blob(tree.encode()),
                "hierarchy_failure": None,
                "foreground": {"package": package, "activity": ".Main", "task_package": PACKAGE},
                "app_running": running,
                "secure": False,
                "width": 720,
                "height": 1600,
                "started": now,
                "finished": now,
                "same_as": None,
            },
        )
        return number

    def step(
        self, action: str, purpose: str, *, text: str = "", bears: bool = False, after: Callable[[], int] | None = None
    ) -> None:
        """An action with its outcome; `after` looks at the screen that came of it."""
        step = self.steps
        self.steps += 1
        target: Json = {"text": text, "role": "", "resource_id": "", "box": [370, 1040, 620, 1130]} if text else None
        self.ui.append(
            "StepIntended",
            {
                "step": step,
                "action": action,
                "purpose": purpose,
                "bears_on_consent": bears,
                "target": target,
                "screen": self.screens - 1 if self.screens else None,
            },
        )
        started = self.clock.monotonic_ns()
        self.wait(0.2)
        done: dict[str, Json] = {"step": step, "ok": True, "x": 495, "y": 1085, "error": None}
        self.ui.append("ActionDone", {**done, "started": started, "finished": self.clock.monotonic_ns()})
        self.wait(0.3)
        screen = after() if after is not None else None
        self.ui.append("Settled", {"step": step, "reason": "stable", "screen": screen})

    def send(self, host: str, path: str, body: bytes = b"", *, headers: Mapping[str, str] | None = None) -> None:
        """A request of the app: its socket on the device, its connection, its head and its body."""
        self.flows += 1
        flow, port = f"f{self.flows}", 40_000 + self.flows
        rows: list[Json] = [
            {"uid": UID, "local_port": port, "remote": "127.0.0.1", "remote_port": 8080, "state": "ESTABLISHED"}
        ]
        now = self.clock.now()
        self.device.append("SocketsSeen", {"started": now.mono_ns - 50_000_000, "finished": now.mono_ns, "rows": rows})
        self.traffic.append("ClientConnected", {"connection": f"c{self.flows}", "peer_port": port})
        sent: list[Json] = [
            [name, value] for name, value in {"Host": host, "User-Agent": "okhttp/4.12", **(headers or {})}.items()
        ]
        self.traffic.append(
            "RequestStarted",
            {
                "flow": flow,
                "connection": f"c{self.flows}",
                "method": "POST" if body else "GET",
                "scheme": "https",
                "host": host,
                "port": 443,
                "path": path,
                "http_version": "HTTP/1.1",
                "headers": sent,
                "started_mono": now.mono_ns,
                "started_wall": now.wall_ns,
            },
        )
        self.traffic.append(
            "RequestSent",
            {
                "flow": flow,
                "body": self._blob(body) if body else None,
                "body_length": len(body),
                "body_sha256": hashlib.sha256(body).hexdigest(),
                "kept": len(body),
            },
        )
        self.wait(0.4)
        closed = self.clock.monotonic_ns()
        self.device.append("SocketsSeen", {"started": closed, "finished": closed, "rows": []})

    def _blob(self, content: bytes) -> dict[str, Json]:
        return {"blob": self.blobs.put(content), "size": len(content)}


def wrapped(**values: str) -> bytes:
    """A form field that holds base64 of gzip of JSON, as SDKs send it."""
    inner = json.dumps({"app": "reader", "device": values}, ensure_ascii=False).encode()
    return b"v=3&data=" + quote(base64.b64encode(gzip.compress(inner, mtime=0)).decode()).encode() + b"&ts=1764000000"


def tree(kind: str, *, words: str = "") -> str:
    if kind == "consent":
        return trees.hierarchy(trees.window(trees.over(trees.feed(), trees.card(title=words or "用户协议和隐私政策"))))
    rows = [
        trees.node(
            (30, 160 + row * 190, 690, 320 + row * 190),
            trees.label(f"{words or '推荐'} · 第{row + 1}条", (190, 190 + row * 190, 680, 240 + row * 190)),
            clickable=True,
        )
        for row in range(7)
    ]
    return trees.hierarchy(trees.window(trees.node((0, 120, 720, 1600), *rows, scrollable=True)))


def permission_tree() -> str:
    package = "com.android.permissioncontroller"
    names = ("使用时允许", "仅限这一次", "不允许")
    ids = ("permission_allow_foreground_only_button", "permission_allow_one_time_button", "permission_deny_button")
    buttons = [
        trees.button(
            name, (90, 800 + 110 * at, 630, 890 + 110 * at), package=package, resource_id=f"{package}:id/{id_}"
        )
        for at, (name, id_) in enumerate(zip(names, ids, strict=True))
    ]
    question = trees.label(f"要允许“{LABEL}”获取此设备的位置信息吗？", (90, 640, 630, 760), package=package)
    card = trees.node((50, 560, 670, 1200), question, *buttons, package=package)
    return trees.hierarchy(card, trees.window(trees.feed()))


# ------------------------------------------------------------------ the scenarios


def cold_start(film: Film) -> None:
    film.step("launch", "open")
    film.look(picture(title="启动中", tint=(36, 99, 168)), tree("plain", words="正在打开"))
    film.wait(0.8)
    film.send("api.xiaoyu-reader.test", "/v1/start", wrapped(android_id=ANDROID_ID, model="Pixel"))
    film.look(picture(card="用户协议和隐私政策"), tree("consent"))
    film.wait(1.5)
    digest = hashlib.md5(IMEI.encode(), usedforsecurity=False).hexdigest()
    film.send("log.umsns.com", f"/collect?imei={digest}&net=wifi", headers={"X-Note": "同意前"})
    film.send("cdn.xiaoyu-reader.test", "/config.json")
    for _ in range(6):
        film.wait(5)
        film.look(picture(card="用户协议和隐私政策"), tree("consent"))
    film.ui.append("QuietWaited", {"seconds": 30, "why": "nothing touched after the prompt was there"})


def refuse(film: Film) -> None:
    film.step("launch", "open")
    film.wait(1)
    film.look(picture(card="用户协议和隐私政策"), tree("consent"))
    film.wait(1)

    def asked_again() -> int:
        return film.look(picture(card="确定不同意吗？"), tree("consent", words="温馨提示：您需要同意才能继续使用"))

    film.step("tap", "refuse", text="不同意", bears=True, after=asked_again)
    film.step("tap", "refuse_again", text="不同意", bears=True, after=asked_again)
    film.step(
        "tap", "refuse_again", text="不同意", bears=True, after=lambda: film.look(picture(title="浏览"), tree("plain"))
    )
    film.wait(2)
    film.look(picture(title="浏览"), tree("plain"))
    film.wait(1)
    film.send("api.xiaoyu-reader.test", f"/v1/visit?id={ANDROID_ID}")
    film.wait(4)
    film.look(picture(title="浏览"), tree("plain"))


def look_at(film: Film, page: str) -> int:
    return film.look(picture(title=page), tree("plain", words=page))


def accept(film: Film) -> None:
    film.step("launch", "open")
    film.wait(1)
    film.look(picture(card="用户协议和隐私政策"), tree("consent"))
    film.step("tap", "accept", text="同意", bears=True, after=lambda: film.look(picture(title="推荐"), tree("plain")))
    film.wait(0.2)
    film.send("api.xiaoyu-reader.test", "/v1/login", wrapped(android_id=ANDROID_ID, imei=IMEI))
    for page in ("推荐", "热榜", "我的"):
        film.wait(3)
        film.step("tap", "explore", text=page, after=partial(look_at, film, page))
    film.step("tap", "explore", text="附近", after=lambda: film.look(picture(card="位置权限"), permission_tree()))
    film.step(
        "tap",
        "allow_permission",
        text="使用时允许",
        after=lambda: film.look(picture(title="附近"), tree("plain", words="附近")),
    )
    ops: list[Json] = [
        {
            "op": "FINE_LOCATION",
            "mode": "allow",
            "accessed_ago_ms": 700,
            "rejected_ago_ms": None,
            "state": "fg",
            "running": False,
        }
    ]
    now = film.clock.monotonic_ns()
    film.device.append("OpsSampled", {"package": PACKAGE, "ops": ops, "started": now, "finished": now})


PLAYS: Mapping[str, Callable[[Film], None]] = {
    "S01-cold-start": cold_start,
    "S03-refuse": refuse,
    "S08-explore": accept,
}


def build_case(case_dir: Path, *, label: str = LABEL, plays: Mapping[str, Callable[[Film], None]] = PLAYS) -> Path:
    """An unjudged, sealed case."""
    info: dict[str, Json] = {
        "case": case_dir.name,
        "package": PACKAGE,
        "label": label,
        "round": 1,
        "opened_wall": _WALL,
    }
    more: dict[str, Json] = {"version_name": "5.2.1", "version_code": 5210, "apk_sha256": "ab" * 32}
    write_case(case_dir, {**info, **more})
    for number, (name, play) in enumerate(plays.items()):
        _session(case_dir, name, label, play, number)
    seal(case_dir, KEY)
    return case_dir


def _session(case_dir: Path, name: str, label: str, play: Callable[[Film], None], number: int) -> None:
    folder = session_directory(case_dir, name)
    folder.mkdir()
    start = 1_000_000_000_000 * (number + 1)
    clock = FrozenClock(mono_ns=start, wall_ns=_WALL + start, step_ns=10_000)
    ui, device, traffic = (LaneWriter(folder / f"{lane}.jsonl", lane, clock) for lane in ("ui", "device", "traffic"))
    film = Film(
        ui=ui, device=device, traffic=traffic, clock=clock, blobs=BlobStore(blobs_directory(case_dir), durable=False)
    )
    about: dict[str, Json] = {
        "serial": "127.0.0.1:40001",
        "model": "Pixel 6",
        "manufacturer": "Google",
        "android": "13",
        "sdk": 33,
        "build": "x",
        "rooted": True,
        "width": 720,
        "height": 1600,
        "locale": "zh-CN",
    }
    opening: dict[str, Json] = {"session": name, "scenario": name[:3], "package": PACKAGE, "label": label}
    app: dict[str, Json] = {"version_name": "5.2.1", "version_code": 5210, "uid": UID}
    ui.append("SessionOpened", {**opening, "device": about, "settings": {"name": "quick"}, "app": app, "tools": {}})
    device.append("AppReset", {"how": "pm clear", "ok": True})
    device.append("TrustChecked", {"ok": True, "store": "system", "reason": ""})
    device.append("IdentifierRead", {"name": "android_id", "value": ANDROID_ID, "source": "settings", "scope": PACKAGE})
    device.append("IdentifierRead", {"name": "imei", "value": IMEI, "source": "telephony"})
    device.append("ProcessStarted", {"package": PACKAGE, "process": PACKAGE, "pid": 411, "uid": UID, "why": "activity"})
    clock.advance(1)
    play(film)
    clock.advance(1)
    for lane in (device, traffic):
        lane.append("LaneClosed", {"count": lane.head.count, "reason": "session ended"})
        ui.append("LaneHead", {"lane": lane.head.lane, "count": lane.head.count, "digest": lane.head.digest})
    counts: dict[str, Json] = {lane.head.lane: lane.head.count for lane in (ui, device, traffic)}
    ui.append("SessionClosed", {"outcome": "complete", "reason": "played", "counts": counts})
    for lane in (ui, device, traffic):
        lane.close()
