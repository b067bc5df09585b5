"""What a lab app is: `app.toml` beside a web bundle, read into frozen values.

A faulty folder is refused with all its faults at once, each with the place and the mend, so that writing an app
takes one correction and not ten.
"""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab.reading import Fault, TableReader

__all__ = [
    "CATEGORIES",
    "TRUSTS",
    "Activity",
    "AppDefinition",
    "Companion",
    "DefinitionError",
    "Fault",
    "Sdk",
    "Truth",
    "load_app",
    "load_catalogue",
]

# fmt: off
CATEGORIES = (
    "地图导航", "网络约车", "即时通信", "网络社区", "网络支付", "网上购物", "餐饮外卖", "邮件快件寄递",
    "交通票务", "婚恋相亲", "求职招聘", "网络借贷", "房屋租售", "二手车交易", "问诊挂号", "旅游服务",
    "酒店服务", "网络游戏", "学习教育", "本地生活", "女性健康", "用车服务", "投资理财", "手机银行",
    "邮箱云盘", "远程会议", "网络直播", "在线影音", "短视频", "新闻资讯", "运动健身", "浏览器",
    "输入法", "安全管理", "电子图书", "拍摄美化", "应用商店", "实用工具", "演出票务",
)
# fmt: on
"""The 39 common app types of the necessary-information provisions, without the closing 类."""

TRUSTS = ("system", "user", "pinned")
PACKAGE_PATTERN = r"[a-zA-Z][\w]*(\.[a-zA-Z][\w]*)+"
HOST_PATTERN = r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:\d{1,5})?"
MANIFEST_NAME = "app.toml"


class DefinitionError(Exception):
    """One or more app folders cannot be used; `faults` names every reason."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(f"{fault.place}: {fault.what} ({fault.mend})" for fault in self.faults))


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """A screen of the app. `name` starts with a dot when it lives in the app's own package."""

    name: str
    page: str
    main: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sdk:
    """A third party named by the app; its code is in the bundle, its hosts are not the first party's."""

    name: str
    hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Companion:
    """Another package (or `android`, the system) that sends something when this app starts or resumes."""

    package: str
    label: str
    when: str
    after_ms: int
    repeat_ms: int
    url: str
    sends: tuple[str, ...]
    form: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What an honest inspector must find in this app; empty for the innocent."""

    findings: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppDefinition:
    """One installable app. `folder` holds its `web/` bundle."""

    folder: Path
    package: str
    label: str
    version_name: str
    version_code: int
    category: str
    target_sdk: int = 33
    permissions: tuple[str, ...] = ()
    opaque: bool = False
    secure: bool = False
    hosts: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    """Web domains whose addresses the app opens, as its manifest claims them."""
    activities: tuple[Activity, ...] = ()
    sdks: tuple[Sdk, ...] = ()
    trust: str = "system"
    companions: tuple[Companion, ...] = ()
    truth: Truth = field(default_factory=Truth)

    @property
    def main_activity(self) -> Activity:
        """The launcher activity."""
        return next(activity for activity in self.activities if activity.main)

    def activity(self, name: str) -> Activity | None:
        """The activity called `.Name`, `Name` or `com.package.Name`, if declared."""
        wanted = full_activity_name(self.package, name)
        return next((a for a in self.activities if full_activity_name(self.package, a.name) == wanted), None)


def full_activity_name(package: str, name: str) -> str:
    """`.Main` or `Main` -> `package.Main`; a qualified class name stays."""
    if name.startswith("."):
        return package + name
    return name if "." in name else f"{package}.{name}"


def load_app(folder: Path) -> AppDefinition:
    """Read one app folder. Raises DefinitionError with every fault."""
    faults: list[Fault] = []
    definition = _read(folder, faults)
    if definition is None or faults:
        raise DefinitionError(faults)
    return definition


def load_catalogue(apps: Path) -> tuple[AppDefinition, ...]:
    """Read every folder of `apps` that holds an app.toml. Raises DefinitionError with the faults of all of them."""
    if not apps.is_dir():
        raise DefinitionError([Fault(str(apps), "is not a directory", "name a folder of app folders")])
    faults: list[Fault] = []
    found: dict[str, AppDefinition] = {}
    for folder in sorted(path for path in apps.iterdir() if path.is_dir() and not path.name.startswith((".", "_"))):
        if not (folder / MANIFEST_NAME).is_file():
            faults.append(Fault(str(folder), f"has no {MANIFEST_NAME}", "add one, or start the folder's name with _"))
            continue
        definition = _read(folder, faults)
        if definition is None:
            continue
        if definition.package in found:
            other = found[definition.package].folder.name
            place = f"{folder}/{MANIFEST_NAME}: package"
            faults.append(Fault(place, f"is also used by {other}", "packages are unique"))
        found[definition.package] = definition
    if faults:
        raise DefinitionError(faults)
    return tuple(found.values())


def _read(folder: Path, faults: list[Fault]) -> AppDefinition | None:
    path = folder / MANIFEST_NAME
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        faults.append(Fault(str(path), f"cannot be read: {error}", "an app folder holds a UTF-8 app.toml"))
        return None
    except tomllib.TOMLDecodeError as error:
        faults.append(Fault(str(path), f"is not TOML: {error}", "mend the syntax at that line"))
        return None
    before = len(faults)
    definition = _definition(folder, TableReader(str(path), table, faults))
    return definition if len(faults) == before else None


def _definition(folder: Path, reader: TableReader) -> AppDefinition:
    definition = AppDefinition(
        folder=folder,
        package=reader.text("package", pattern=PACKAGE_PATTERN, example="com.lanting.shop"),
        label=reader.text("label", example="澜庭商城"),
        version_name=reader.text("version_name", example="5.2.1"),
        version_code=reader.integer("version_code", minimum=1, maximum=2**31 - 1),
        category=reader.choice("category", CATEGORIES, strip="类"),
        target_sdk=reader.integer("target_sdk", default=33, minimum=1, maximum=99),
        permissions=reader.texts("permissions", pattern=r"[\w.]+"),
        opaque=reader.flag("opaque"),
        secure=reader.flag("secure"),
        hosts=reader.texts("hosts", pattern=HOST_PATTERN),
        links=reader.texts("links", pattern=HOST_PATTERN),
        activities=tuple(_activity(each, folder) for each in reader.tables("activities", required=True)),
        sdks=tuple(_sdk(each) for each in reader.tables("sdks")),
        trust=_trust(reader.table("network")),
        companions=tuple(_companion(each) for each in reader.tables("companions")),
        truth=_truth(reader.table("truth")),
    )
    reader.close()
    _check_activities(definition, reader)
    return definition


def _activity(reader: TableReader, folder: Path) -> Activity:
    page = reader.text("page", example="index.html")
    bundle = (folder / "web").resolve()
    target = (bundle / page.partition("?")[0].partition("#")[0]).resolve()
    if page and not (target.is_file() and target.is_relative_to(bundle)):
        reader.fault("page", f"{page!r} is not a file below {folder.name}/web", "name a page of the bundle")
    activity = Activity(
        name=reader.text("name", pattern=r"\.?[\w.$]+", example=".MainActivity"), page=page, main=reader.flag("main")
    )
    reader.close()
    return activity


def _sdk(reader: TableReader) -> Sdk:
    sdk = Sdk(name=reader.text("name", example="某统计 SDK"), hosts=reader.texts("hosts", pattern=HOST_PATTERN))
    reader.close()
    return sdk


def _trust(reader: TableReader) -> str:
    trust = reader.choice("trust", TRUSTS, default="system")
    reader.close()
    return trust


def _companion(reader: TableReader) -> Companion:
    companion = Companion(
        package=reader.text("package", pattern=rf"android|{PACKAGE_PATTERN}", example="com.neighbour.news"),
        label=reader.text("label", default=""),
        when=reader.choice("when", ("app_started", "app_resumed"), default="app_started"),
        after_ms=reader.integer("after_ms", default=0, minimum=0, maximum=3_600_000),
        repeat_ms=reader.integer("repeat_ms", default=0, minimum=0, maximum=3_600_000),
        url=reader.text("url", pattern=r"https?://\S+", example="https://report.neighbour.test/v1"),
        sends=reader.texts("sends", pattern=r"[a-z0-9_]+"),
        form=reader.text("form", default="json"),
    )
    reader.close()
    return companion


def _truth(reader: TableReader) -> Truth:
    truth = Truth(
        findings=reader.texts("findings", pattern=r"[A-Z]+\d*-[A-Z]?\d{2}"), note=reader.text("note", default="")
    )
    reader.close()
    return truth


def _check_activities(definition: AppDefinition, reader: TableReader) -> None:
    mains = [activity for activity in definition.activities if activity.main]
    if definition.activities and len(mains) != 1:
        reader.fault("activities", f"{len(mains)} are marked main", "mark exactly one with main = true")
    names: set[Any] = set()
    for activity in definition.activities:
        name = full_activity_name(definition.package, activity.name)
        if name in names:
            reader.fault("activities", f"{activity.name} is declared twice", "give every activity its own name")
        names.add(name)
