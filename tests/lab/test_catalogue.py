"""The apps of the catalogue: sound folders, self-contained bundles, and an answer that fits what the app really does."""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import fields
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from lab.bridge.privileges import PRIVILEGES
from lab.definition import Activity, AppDefinition, Companion, Sdk, Truth, full_activity_name, load_catalogue
from tests.lab.handset import Handset, centre, handset, needs_chromium

PROJECT = Path(__file__).resolve().parents[2]
APPS = PROJECT / "lab" / "apps"
GUIDE = (PROJECT / "docs" / "lab.md").read_text(encoding="utf-8")
RULES = {"M1-01", "M1-05", "M1-06", "M1-07", "M1-09", "M1-10", "M1-11", "M1-12"}
LARGEST_BUNDLE = 60 * 1024
CATALOGUE = load_catalogue(APPS)
EVERY_APP = pytest.mark.parametrize("app", CATALOGUE, ids=lambda app: app.folder.name)


class References(HTMLParser):
    """The files a page loads, the pages and overlays it opens, and what it declares."""

    def __init__(self) -> None:
        super().__init__()
        self.files: list[str] = []
        self.opened: list[str] = []
        self.identifiers: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attributes}
        self.identifiers += [values["id"]] if "id" in values else []
        self.files += [values[name] for name in ("src", "href") if name in values and tag in ("script", "link", "img")]
        self.opened += [values[name] for name in ("data-open", "data-show", "data-hide") if values.get(name)]


def sources(app: AppDefinition) -> dict[str, str]:
    found = sorted(path for path in (app.folder / "web").rglob("*") if path.suffix in {".html", ".js", ".css"})
    return {str(path.relative_to(app.folder / "web")): path.read_text(encoding="utf-8") for path in found}


def references(text: str) -> References:
    parser = References()
    parser.feed(text)
    return parser


def declared_hosts(app: AppDefinition) -> set[str]:
    return {*app.hosts, *(host for sdk in app.sdks for host in sdk.hosts)}


def test_there_are_guilty_and_innocent_apps_enough() -> None:
    assert len(CATALOGUE) >= 16
    assert {rule for app in CATALOGUE for rule in app.truth.findings} == RULES
    assert sum(not app.truth.findings for app in CATALOGUE) >= 10
    assert len({app.category for app in CATALOGUE}) == len(CATALOGUE)


@EVERY_APP
def test_an_app_says_what_an_honest_inspector_must_find_and_why(app: AppDefinition) -> None:
    assert set(app.truth.findings) <= RULES
    assert len(app.truth.note) > 60


@EVERY_APP
def test_a_bundle_is_small_and_needs_nothing_from_outside(app: AppDefinition) -> None:
    assert sum(path.stat().st_size for path in (app.folder / "web").rglob("*") if path.is_file()) < LARGEST_BUNDLE
    for name, text in sources(app).items():
        here = (app.folder / "web" / name).parent
        for file in references(text).files if name.endswith(".html") else ():
            assert (here / file).is_file(), f"{name} loads {file}"
        assert not re.search(r"url\(\s*['\"]?https?:|@import|<iframe", text), name


@EVERY_APP
def test_whatever_a_page_opens_is_there(app: AppDefinition) -> None:
    activities = {full_activity_name(app.package, activity.name) for activity in app.activities}
    for name, text in sources(app).items():
        for activity in re.findall(r"openActivity\(['\"]([^'\"]+)['\"]\)", text):
            assert full_activity_name(app.package, activity) in activities, f"{name} opens {activity}"
        if name.endswith(".html"):
            page = references(text)
            assert len(page.identifiers) == len(set(page.identifiers)), f"{name} uses an id twice"
            literal = [each for each in page.opened if "$" not in each]
            assert set(literal) <= set(page.identifiers), f"{name} opens {set(literal) - set(page.identifiers)}"


@EVERY_APP
def test_hosts_and_permissions_are_declared(app: AppDefinition) -> None:
    scripts = "\n".join(sources(app).values())
    hosts = set(re.findall(r"https?://([a-z0-9.-]+)", scripts)) - {"www.w3.org"}
    assert hosts <= declared_hosts(app)
    assert all(host.endswith(".test") for host in app.hosts)
    asked = set(re.findall(r"android\.permission\.[A-Z_]+", scripts))
    assert asked <= set(app.permissions)


def test_the_copies_of_the_page_script_are_the_same() -> None:
    assert len({path.read_bytes() for path in APPS.glob("*/web/pages.js")}) == 1


# --- the guide


def example(folder: Path) -> Path:
    """The minimal app that the guide shows, written out."""
    files = re.findall(r"`my_app/([\w./]+)`\n\n```\w+\n(.*?)```", GUIDE, re.DOTALL)
    assert [name for name, _ in files] == ["app.toml", "web/index.html"]
    for name, text in files:
        path = folder / "my_app" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def test_the_guide_names_every_key() -> None:
    derived = {"folder", "activities", "sdks", "companions", "truth"}
    keys = {each.name for kind in (AppDefinition, Activity, Sdk, Companion, Truth) for each in fields(kind)} - derived
    table = GUIDE.partition("## app.toml")[2].partition("\n## ")[0]
    assert {key for key in keys if f"`{key}`" not in table} == set()
    assert all(
        f"`{name}`" in table for name in ("[[activities]]", "[[sdks]]", "[[companions]]", "[network]", "[truth]")
    )


def test_the_guide_names_every_call() -> None:
    script = (PROJECT / "lab" / "bridge" / "bridge.py").read_text(encoding="utf-8")
    calls = set(re.findall(r'"(\w+)": self\._\w+,', script)) | set(PRIVILEGES)
    assert len(calls) > 20
    assert {call for call in calls if not re.search(rf"`(truth\.)?{call}\(", GUIDE)} == set()


def test_the_guide_lists_the_catalogue() -> None:
    for app in CATALOGUE:
        findings = ", ".join(app.truth.findings) or "none"
        assert re.search(rf"\| `{app.folder.name}` {app.label} \|.*\| {findings} \|", GUIDE), app.folder.name


# --- on the device

ACCEPT = ("btn_agree", "btn_ok", "btn_enter", "btn_know", "btn_login")
REFUSE = ("btn_disagree", "btn_refuse", "btn_cancel", "btn_exit", "btn_later", "btn_browse", "tv_later")
REFUSE_AGAIN = ("btn_first_refuse", "btn_exit")
PIXEL_BUTTONS = {"com.luming.wendao": {"accept": (249, 540), "refuse": (110, 540)}}
PERMISSION_FIRST = {app.package for app in CATALOGUE if "M1-07" in app.truth.findings}
MOVING_ON = {app.package for app in CATALOGUE if "android.finish()" in sources(app).get("story.js", "")}
DENY = "com.android.permissioncontroller:id/permission_deny_button"
ON_DEVICE = [pytest.mark.lab, needs_chromium]


def mark(function: Any) -> Any:
    for each in ON_DEVICE:
        function = each(function)
    return function


class Person:
    """Somebody who opens the apps, waits, and taps what is asked."""

    def __init__(self, device: Handset) -> None:
        self.device = device

    def wait(self, seconds: float) -> None:
        self.device.run(asyncio.sleep(seconds))

    def open_all(self, seconds: float) -> None:
        for app in CATALOGUE:
            self.device.start(app.package)
        self.wait(seconds)

    def press(self, app: AppDefinition, *names: str) -> str:
        shown = {node.get("resource-id", ""): node for node in self.device.tree().iter("node")}
        for name in names:
            node = shown.get(name if ":" in name else f"{app.package}:id/{name}")
            if node is not None:
                self.device.run(self.device.screen.tap(*centre(node)))
                return name
        return ""

    def answer(self, app: AppDefinition, choice: str) -> None:
        self.device.start(app.package)
        while app.package in PERMISSION_FIRST and self.press(app, DENY):
            self.wait(0.2)
        if app.package in PIXEL_BUTTONS:
            x, y = PIXEL_BUTTONS[app.package][choice]
            self.device.run(self.device.screen.tap(x * 2, y * 2))
        elif app.opaque:
            self._press_unseen("btn_agree" if choice == "accept" else "btn_disagree")
        elif self.press(app, *(ACCEPT if choice == "accept" else REFUSE)) and choice == "refuse":
            self.wait(0.3)
            while self.press(app, *REFUSE_AGAIN):
                self.wait(0.3)
        # An activity that is opened by the answer would come over the app that is opened next.
        self.wait(0.8 if app.package in MOVING_ON else 0.1)

    def _press_unseen(self, name: str) -> None:
        box = self.device.page(f"(({{x, y}}) => [x, y])(document.getElementById('{name}').getBoundingClientRect())")
        self.device.run(self.device.screen.tap((box[0] + 30) * 2, (box[1] + 20) * 2))

    def events(self, app: AppDefinition) -> list[dict[str, Any]]:
        kinds = ("sent", "consent", "permission_asked")
        found = [event for kind in kinds for event in self.device.events(kind, package=app.package)]
        return sorted(found, key=lambda event: int(event["t_mono_ns"]))


@pytest.fixture(scope="module")
def device(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Handset]:
    with handset(tmp_path_factory.mktemp("catalogue"), *(app.folder for app in CATALOGUE)) as found:
        yield found


@pytest.fixture
def person(device: Handset) -> Person:
    for app in CATALOGUE:
        device.run(device.system.clear(app.package))
    device.key.path.write_bytes(b"")
    return Person(device)


def named(events: list[dict[str, Any]], states: set[str]) -> set[str]:
    """Hosts that identifiers went to while consent stood as given."""
    return {
        event["host"]
        for event in events
        if event["event"] == "sent" and event["consent"] in states and {each["kind"] for each in event["identifiers"]}
    }


@mark
def test_before_consent_the_key_shows_what_the_truth_says(person: Person) -> None:
    person.open_all(5.0)
    for app in CATALOGUE:
        events = person.events(app)
        hosts = named(events, {"none", "shown"})
        rules = set(app.truth.findings)
        assert bool(hosts & set(app.hosts)) == ("M1-05" in rules), app.package
        assert bool(hosts - set(app.hosts)) == ("M1-06" in rules), app.package
        prompted = any(event["event"] == "consent" and event["state"] == "shown" for event in events)
        assert prompted != ("M1-01" in rules), app.package
        asked = any(event["event"] == "permission_asked" for event in events)
        assert asked == ("M1-07" in rules), app.package


@mark
def test_after_a_refusal_the_key_shows_what_the_truth_says(person: Person) -> None:
    person.open_all(5.0)
    asking = [app for app in CATALOGUE if not {"M1-01", "M1-10"} & set(app.truth.findings)]
    for app in asking:
        person.answer(app, "refuse")
    person.wait(3.5)
    for app in asking:
        events = person.events(app)
        states = [event["state"] for event in events if event["event"] == "consent"]
        assert "refused" in states, app.package
        assert "accepted" not in states
        again = states[states.index("refused") :].count("shown")
        assert (again >= 2) == ("M1-12" in app.truth.findings), app.package
        hosts = named(events, {"refused", "refused_again"})
        assert bool(hosts) == ("M1-11" in app.truth.findings), app.package


@mark
def test_after_acceptance_apps_work_and_do_not_ask_again(person: Person) -> None:
    person.open_all(5.0)
    asking = [app for app in CATALOGUE if "M1-01" not in app.truth.findings]
    for app in asking:
        person.answer(app, "accept")
    person.wait(1.0)
    for app in asking:
        states = [event["state"] for event in person.events(app) if event["event"] == "consent"]
        assert states[-1] == "accepted", app.package
        person.device.stop(app.package)
    person.device.key.path.write_bytes(b"")
    person.open_all(5.0)
    for app in asking:
        assert not [event for event in person.events(app) if event["event"] == "consent"], app.package


@mark
def test_the_example_of_the_guide_is_as_guilty_as_it_says(tmp_path: Path) -> None:
    (app,) = load_catalogue(example(tmp_path))
    with handset(tmp_path / "device", app.folder) as device:
        device.start(app.package)
        sent = device.eventually(lambda: device.events("sent", package=app.package))
        assert sent[0]["consent"] == "shown"
        assert {each["kind"] for each in sent[0]["identifiers"]} == {"android_id"}
        device.tap(text="同意并继续")
        device.eventually(lambda: device.events("consent", package=app.package, state="accepted"))
