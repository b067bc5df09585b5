"""A bundle is whole or not there, explains itself, and verifies as a folder, as a .zip, and with the verifier inside it."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path

import pytest

from crawler.report.bundle.writing import BundleRefused, bundle_name, make_bundle
from crawler.report.casework.judged import read_judged
from evidence.clock import FrozenClock
from evidence.deciding import append_decision
from evidence.decisions import CASE_MOVED, FINDING_ACCEPTED
from evidence.errors import StorageFull, StorageRefused
from evidence.record import read_case
from evidence.verify import verify
from tests.crawler.report.bundle.small import WALL, build_small
from tests.crawler.report.casework.making import ANNA
from tests.crawler.report.hostile import HOSTILE
from tests.evidence.cases import KEY, files_of

CLOCK = FrozenClock(wall_ns=WALL + 3 * 10**12)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_small(tmp_path_factory.mktemp("made") / "case")


@pytest.mark.parametrize("packed", [False, True], ids=["folder", "zip"])
def test_a_bundle_holds_the_whole_case_and_verifies(case: Path, tmp_path: Path, packed: bool) -> None:
    target = tmp_path / "out"
    made = make_bundle(case, target, KEY, packed=packed, clock=CLOCK)
    answer = verify(target, [KEY.fingerprint])
    assert answer.ok
    assert answer.notes == ()
    assert answer.bundle
    assert answer.files == made.files
    if packed:
        with zipfile.ZipFile(target) as archive:
            assert archive.testzip() is None
            inside = {name: archive.read(name) for name in archive.namelist()}
    else:
        inside = files_of(target)
    assert {f"case/{path}": content for path, content in files_of(case).items()}.items() <= inside.items()
    assert {"README.txt", "viewer.html", "bundle.json", "bundle-seal.json"} < inside.keys()


def test_the_same_case_makes_the_same_bytes(case: Path, tmp_path: Path) -> None:
    for name in ("one.zip", "two.zip"):
        make_bundle(case, tmp_path / name, KEY, packed=True, clock=CLOCK)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_the_verifier_inside_checks_it_without_any_other_package_of_ours(case: Path, tmp_path: Path) -> None:
    make_bundle(case, tmp_path / "out", KEY, packed=False)
    done = subprocess.run(
        [sys.executable, "-B", "-m", "evidence.verify", "..", "--trust", KEY.fingerprint, "--json"],
        cwd=tmp_path / "out" / "verifier",
        env={**os.environ, "PYTHONPATH": "", "PYTHONSAFEPATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["bundle"] is True
    assert verify(tmp_path / "out").ok, "checking it must leave no trace in it"


def test_the_readme_and_the_list_say_what_was_inspected_and_what_could_not_be_seen(case: Path, tmp_path: Path) -> None:
    make_bundle(case, tmp_path / "out", KEY, packed=False)
    readme = (tmp_path / "out" / "README.txt").read_text(encoding="utf-8")
    for told in ("com.example.reader", "5.2.1", "ab" * 32, "udp_and_quic", "Pixel 6", "ca2d09c5", KEY.fingerprint):
        assert told in readme
    about = json.loads((tmp_path / "out" / "bundle.json").read_bytes())
    assert about["app"]["source"] is None, "what the record does not say is not made up"
    assert about["sessions"][0]["clocks"]["device_minus_host_most_ns"] == 10
    assert set(about["made_with"]["sources_sha256"]) == {"crawler", "evidence", "screenshots", "traffic"}


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]


def test_the_page_leads_to_files_of_the_bundle_and_nowhere_else(case: Path, tmp_path: Path) -> None:
    make_bundle(case, tmp_path / "out", KEY, packed=False)
    page = _Page()
    page.feed((tmp_path / "out" / "viewer.html").read_text(encoding="utf-8"))
    assert "script" not in page.tags
    assert len(page.links) > 10
    assert [link for link in page.links if not (tmp_path / "out" / link).is_file()] == []


def test_the_page_tells_rules_decisions_and_moves_in_words(tmp_path: Path) -> None:
    case = build_small(tmp_path / "case")
    (finding, *_) = read_judged(case).findings
    append_decision(case, FINDING_ACCEPTED, {"finding": finding.id, "reason": "看过证据"}, ANNA)
    append_decision(case, CASE_MOVED, {"to": "reviewed", "on": "2026-01-05", "reason": "全部看过"}, ANNA)
    make_bundle(case, tmp_path / "out", KEY, packed=False)
    text = (tmp_path / "out" / "viewer.html").read_text(encoding="utf-8")
    for told in (
        "征得用户同意前收集个人信息 / The app collects personal data before consent",
        "确认 / confirmed",
        "采纳 / accepted",
        f"M1-06-{finding.id[:12]}",
        "已复核 / reviewed (2026-01-05)",
        "看过证据",
        "完整 / complete",
        "检测记录 / the record",
    ):
        assert told in text, told
    for raw in ("FindingAccepted", "CaseMoved", ">not_observed<"):
        assert raw not in text, raw


@pytest.mark.parametrize("label", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_name_is_text_and_the_bundle_verifies(tmp_path: Path, label: str) -> None:
    case = build_small(tmp_path / "case", label=label, sessions=1)
    make_bundle(case, tmp_path / "out", KEY, packed=False)
    assert verify(tmp_path / "out").ok
    page = _Page()
    text = (tmp_path / "out" / "viewer.html").read_text(encoding="utf-8")
    page.feed(text)
    assert not {"script", "svg"} & page.tags
    for sign in ("\x1b", "\u202e", "\x00"):
        assert sign not in text
        assert sign not in (tmp_path / "out" / "README.txt").read_text(encoding="utf-8")


def test_a_damaged_case_is_not_bundled_and_every_fault_is_named(tmp_path: Path) -> None:
    case = build_small(tmp_path / "case")
    blob = next((case / "record" / "blobs").glob("*/*"))
    blob.write_bytes(b"x")
    (case / "report.html").write_text("changed")
    with pytest.raises(BundleRefused) as refused:
        make_bundle(case, tmp_path / "out", KEY, packed=False)
    assert {blob.name, "report.html"} <= {fault.place.rpartition("/")[2] for fault in refused.value.faults}
    assert [path.name for path in tmp_path.iterdir()] == ["case"]


@pytest.mark.parametrize("packed", [False, True])
def test_nothing_is_written_over(case: Path, tmp_path: Path, packed: bool) -> None:
    (tmp_path / "out").write_text("mine")
    with pytest.raises(StorageRefused):
        make_bundle(case, tmp_path / "out", KEY, packed=packed)
    assert (tmp_path / "out").read_text() == "mine"


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """A disk that takes no more than this of any file; Python ignores the signal that comes with it."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("packed", [False, True], ids=["folder", "zip"])
@pytest.mark.parametrize("room", [0, 100, 9_000, 30_000])
def test_a_disk_that_fills_up_leaves_nothing_behind(tmp_path: Path, packed: bool, room: int) -> None:
    case = build_small(tmp_path / "case", extra=os.urandom(50_000))
    with files_of_at_most(room), pytest.raises(StorageFull):
        make_bundle(case, tmp_path / "out", KEY, packed=packed)
    assert [path.name for path in tmp_path.iterdir()] == ["case"]
    make_bundle(case, tmp_path / "out", KEY, packed=packed)
    assert verify(tmp_path / "out").ok


def test_a_bundle_is_called_after_its_case_and_round(case: Path) -> None:
    assert bundle_name(case) == "case-round-1"
    assert read_case(case).info["round"] == 1
