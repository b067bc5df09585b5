"""A device that exists on paper: screens, and which tap leads where. For the session without adb, pixels or a proxy."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from crawler.device.model import Acted, DeviceInfo, Foreground, Observation, Recovery
from crawler.session.lane_tail import LaneTail
from crawler.session.pace import load_pace
from crawler.session.stage import Stage
from evidence.blobs import BlobStore
from evidence.clock import Instant, SystemClock
from evidence.lanes import LaneReading, LaneWriter, read_lane
from tests.screenshots import trees

__all__ = ["PACKAGE", "Paper", "Played", "RushingClock", "Shown", "consent", "page", "permission", "play"]

PACKAGE = trees.APP
PERMISSIONS = "com.android.permissioncontroller"
_FACTOR = 15


class RushingClock:
    """A clock on which a real second lasts fifteen."""

    def __init__(self) -> None:
        self._began = time.monotonic_ns()
        self._wall = time.time_ns()

    def now(self) -> Instant:
        passed = (time.monotonic_ns() - self._began) * _FACTOR
        return Instant(mono_ns=self._began + passed, wall_ns=self._wall + passed)

    def monotonic_ns(self) -> int:
        return self.now().mono_ns


@dataclass(frozen=True)
class Shown:
    """One screen: its hierarchy, and where each label leads. A label that is not named leads nowhere."""

    tree: str
    leads: Mapping[str, str] = field(default_factory=dict)
    boxes: Mapping[str, tuple[int, int, int, int]] = field(default_factory=dict)
    package: str = PACKAGE
    running: bool = True


def consent(
    leads: Mapping[str, str] | None = None,
    *,
    refuse: str = "不同意",
    accept: str = "同意",
    title: str = "用户协议和隐私政策",
) -> Shown:
    """The dialog of trees.card: refuse on the left, accept on the right."""
    tree = trees.hierarchy(trees.window(trees.over(trees.feed(), trees.card(refuse, accept, title=title))))
    boxes = {"refuse": (100, 1040, 350, 1130), "accept": (370, 1040, 620, 1130)}
    return Shown(tree, leads=leads or {}, boxes=boxes)


def page(*labels: str, leads: Mapping[str, str] | None = None) -> Shown:
    """An ordinary page with buttons."""
    names = labels or ("首页", "我的")
    boxes = {name: (40, 200 + 160 * row, 680, 320 + 160 * row) for row, name in enumerate(names)}
    tree = trees.hierarchy(trees.window("".join(trees.button(name, box) for name, box in boxes.items())))
    return Shown(tree, leads=leads or {}, boxes=boxes)


def permission(leads: Mapping[str, str] | None = None) -> Shown:
    """The system's own question, over the app."""
    names = {"allow": "使用时允许", "once": "仅限这一次", "deny": "不允许"}
    ids = {
        "allow": "permission_allow_foreground_only_button",
        "once": "permission_allow_one_time_button",
        "deny": "permission_deny_button",
    }
    boxes = {name: (90, 800 + 110 * at, 630, 890 + 110 * at) for at, name in enumerate(names)}
    question = trees.label("要允许“小鱼阅读”获取此设备的位置信息吗？", (90, 640, 630, 760), package=PERMISSIONS)
    buttons = [
        trees.button(names[name], box, package=PERMISSIONS, resource_id=f"{PERMISSIONS}:id/{ids[name]}")
        for name, box in boxes.items()
    ]
    card = trees.node((50, 560, 670, 1200), question, *buttons, package=PERMISSIONS)
    return Shown(trees.hierarchy(card, trees.window(trees.feed())), leads=leads or {}, boxes=boxes, package=PERMISSIONS)


class Paper:
    """A DeviceDriver over a storyboard. `story["start"]` is where a launch leads."""

    serial = "paper"

    def __init__(self, story: Mapping[str, Shown]) -> None:
        self.story = story
        self.here = ""
        self.taps: list[tuple[str, str]] = []
        """(screen, label) of every tap; the label is "" when nothing was hit."""
        self.done: list[str] = []
        self.clock = SystemClock()
        self.before_tap: Callable[[], None] = lambda: None
        self.before_look: Callable[[], None] = lambda: None

    def info(self) -> DeviceInfo:
        return DeviceInfo(
            serial=self.serial, model="Paper", manufacturer="Nobody", android="13", sdk=33, build="x", rooted=False,
            width=720, height=1600, locale="zh-CN",
        )  # fmt: skip

    def observe(self, package: str | None = None) -> Observation:
        self.before_look()
        shown = self.story.get(self.here)
        now = self.clock.monotonic_ns()
        return Observation(
            shot=None,
            shot_failure="there is no picture on paper",
            hierarchy=shown.tree if shown else trees.hierarchy(),
            hierarchy_failure=None,
            foreground=Foreground(
                package=shown.package if shown else "launcher", activity=".Main", task_package=PACKAGE
            ),
            foreground_failure=None,
            secure=None,
            app_running=shown is not None and shown.running,
            width=720,
            height=1600,
            started_mono=now,
            finished_mono=now,
            device_ns=0,
        )

    def tap(self, x: int, y: int) -> Acted:
        self.before_tap()
        shown = self.story[self.here]
        hit = next(
            (
                name
                for name, (left, top, right, bottom) in shown.boxes.items()
                if left <= x < right and top <= y < bottom
            ),
            "",
        )
        self.taps.append((self.here, hit))
        self.here = shown.leads.get(hit, self.here)
        return self._acted("tap")

    def press(self, key: str) -> Acted:
        self.here = "start" if self.here != "start" else ""
        return self._acted(f"press {key}")

    def launch(self, package: str) -> Acted:
        self.here = "start"
        return self._acted(f"launch {package}")

    def stop(self, package: str) -> None:
        self.done.append(f"stop {package}")
        self.here = ""

    def clear(self, package: str) -> None:
        self.done.append(f"clear {package}")

    def take_recoveries(self) -> tuple[Recovery, ...]:
        return ()

    def close(self) -> None:
        pass

    def _acted(self, what: str) -> Acted:
        self.done.append(what)
        now = self.clock.monotonic_ns()
        return Acted(started_mono=now, finished_mono=now)


@dataclass(frozen=True)
class Played:
    """What came of a scenario."""

    said: str
    device: Paper
    lane: LaneReading

    def kinds(self) -> list[str]:
        return [entry.kind for entry in self.lane.entries]

    def purposes(self) -> list[str]:
        return [str(entry.data["purpose"]) for entry in self.lane.entries if entry.kind == "StepIntended"]


def play(
    scenario: Callable[[Stage], str],
    story: Mapping[str, Shown],
    folder: Path,
    *,
    device: Paper | None = None,
    alive: Callable[[], bool] = lambda: True,
    **pace: int,
) -> Played:
    """Play a scenario on paper and read its lane back."""
    paper = device or Paper(story)
    clock = RushingClock()
    short = {"prompt_watch_seconds": 4, "first_screen_seconds": 4, "after_refusal_seconds": 3, "quiet_seconds": 3}
    with (
        LaneWriter(folder / "ui.jsonl", "ui", clock) as ui,
        LaneWriter(folder / "device.jsonl", "device", clock) as lane,
    ):
        stage = Stage(
            driver=paper,  # type: ignore[arg-type]
            package=PACKAGE,
            pace=load_pace("quick", **{**short, **pace}),
            clock=clock,
            ui=ui,
            device=lane,
            blobs=BlobStore(folder / "blobs", durable=False),
            traffic=LaneTail(folder / "traffic.jsonl"),
            alive=alive,
        )
        said = scenario(stage)
    return Played(said=said, device=paper, lane=read_lane(folder / "ui.jsonl"))
