"""The report: everything from an app comes out as text, nothing is fetched, and the file is there whole or not at all."""

from __future__ import annotations

import base64
import html
import io
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image

from crawler.judge.judgement import Judgement, judge_case
from crawler.judge.model import Finding, Verdict
from crawler.report import page as page_module
from crawler.report.page import environment, write_report
from crawler.session.case import judge_again
from evidence.errors import StorageFull
from evidence.record import CaseRecord, read_case
from evidence.verify import verify
from tests.crawler.disks import small_disk
from tests.crawler.report.hostile import HOSTILE
from tests.crawler.report.made_case import ANDROID_ID, KEY, LABEL, Film, build_case, picture, tree, wrapped

CHROMIUM = Path("/usr/bin/chromium-headless-shell")


class Document(HTMLParser):
    """Elements and texts of a page, as a browser would find them."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attributes}))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def all(self, tag: str, *, css: str = "") -> list[dict[str, str]]:
        return [at for name, at in self.elements if name == tag and css in at.get("class", "")]

    @property
    def text(self) -> str:
        return "".join(self.texts)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = build_case(tmp_path_factory.mktemp("case") / "xiaoyu")
    judge_again(folder, KEY)
    return folder


@pytest.fixture(scope="module")
def source(case: Path) -> str:
    return (case / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def document(source: str) -> Document:
    return Document(source)


# ------------------------------------------------------------------ what it shows


def test_a_judged_case_is_as_sealed(case: Path) -> None:
    assert verify(case).faults == ()


def test_every_finding_leads_to_its_screens_and_its_request(document: Document, source: str) -> None:
    assert len(document.all("section", css="finding")) == 3
    assert len(document.all("figure")) == 6
    for words in ("发送前的画面", "发送后的画面", "the screen before", "the screen after"):
        assert document.text.count(words) >= 3
    marks = re.findall(r"<mark>(.*?)</mark>", source, re.S)
    assert ANDROID_ID in marks
    encoded = next(mark for mark in marks if mark.startswith("H4sI"))
    assert encoded.encode() in wrapped(android_id=ANDROID_ID, model="Pixel")
    for step in ("base64", "gzip", "json:device.android_id", "query:imei"):
        assert f"<b>{step}</b>" in source


def test_every_link_leads_somewhere(document: Document) -> None:
    targets = {at["id"] for _, at in document.elements if "id" in at}
    links = [at["href"] for at in document.all("a")]
    assert links
    assert {link.removeprefix("#") for link in links} <= targets
    accused = document.all("a", css="accused")
    assert sorted(at["href"] for at in accused) == ["#finding-1", "#finding-2", "#finding-3"]


def test_frames_of_a_strip_never_overlap(document: Document) -> None:
    strips: list[list[tuple[float, float]]] = []
    for tag, at in document.elements:
        if tag == "div" and "strip" in at.get("class", ""):
            strips.append([])
        if tag == "button" and at.get("class") == "frame":
            left, width = re.findall(r"([\d.]+)%", at["style"])
            strips[-1].append((float(left), float(width)))
    assert len(strips) == 3
    for strip in strips:
        assert strip[0][0] >= 0
        assert strip[-1][0] + strip[-1][1] <= 100
        for (left, width), (following, _) in pairwise(strip):
            assert left + width < following


def test_each_element_is_closed(source: str) -> None:
    void = {"meta", "img", "br", "line", "link"}
    counts: dict[str, int] = {}
    body = re.sub(r"<(script|style)>.*?</\1>", "", source, flags=re.S)
    for closing, tag in re.findall(r"<(/?)([a-z][a-z0-9]*)", body):
        counts[tag] = counts.get(tag, 0) + (-1 if closing else 1)
    assert {tag for tag, count in counts.items() if count and tag not in void} == set()


# ------------------------------------------------------------------ nothing leaves it, nothing enters it


def no_remote_resource(document: Document) -> None:
    for tag, at in document.elements:
        for name, value in at.items():
            assert not name.startswith("on"), (tag, name)
            if name in ("src", "href", "action", "data", "poster", "srcset", "xlink:href", "formaction"):
                assert value == "" or value.startswith(("#", "data:image/webp;base64,")), (tag, name, value[:80])
        assert tag not in ("link", "iframe", "object", "embed", "form", "base")
    policy = next(at["content"] for at in document.all("meta") if at.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none';")


def test_no_remote_resource(document: Document, source: str) -> None:
    no_remote_resource(document)
    assert not re.search(r"@import|url\((?!data:)", source)


def hostile_play(film: Film) -> None:
    film.step("launch", "open")
    film.look(picture(), tree("plain", words=HOSTILE[0]))
    for text in HOSTILE:
        film.wait(0.5)
        film.step("tap", "explore", text=text, after=lambda: film.look(picture(), tree("plain")))
        value = text.encode("utf-8", "replace").replace(b"\r", b"").replace(b"\n", b"")
        film.send(
            "api.xiaoyu-reader.test",
            f"/x?y={ANDROID_ID}&z={text.replace(' ', '')[:3000]}",
            b"id=" + ANDROID_ID.encode() + b"&x=" + value[:5000],
            headers={"X-Text": text[:2000]},
        )
    film.ui.append("Trouble", {"where": HOSTILE[0], "what": HOSTILE[1], "mend": ""})


def hostile_start(film: Film) -> None:
    """The same without a touch, so that what is sent accuses."""
    film.step("launch", "open")
    film.look(picture(card="x"), tree("consent", words=HOSTILE[2]))
    for text in HOSTILE[:6]:
        film.send("api.xiaoyu-reader.test", f"/x?y={ANDROID_ID}&z={text.replace(' ', '')}", headers={text[:60]: text})
    film.look(picture(card="y"), tree("consent"))


@pytest.fixture(scope="module")
def hostile_source(tmp_path_factory: pytest.TempPathFactory) -> str:
    label = "".join(HOSTILE)
    plays = {"S01-cold-start": hostile_start, "S08-explore": hostile_play}
    folder = build_case(tmp_path_factory.mktemp("hostile") / "case", label=label, plays=plays)
    judge_again(folder, KEY)
    return (folder / "report.html").read_text(encoding="utf-8")


def test_texts_of_an_app_come_out_as_text(hostile_source: str) -> None:
    page = Document(hostile_source)
    no_remote_resource(page)
    assert len(page.all("script")) == 1
    assert len(page.all("img")) == hostile_source.count("<img ")
    assert page.all("svg") == [at for at in page.all("svg") if "viewbox" in at]
    shown = html.unescape(hostile_source)
    assert "1337" not in shown.replace(ANDROID_ID, "")  # 7 * 191: no template syntax was carried out
    for text in (HOSTILE[0], HOSTILE[2], HOSTILE[5]):
        assert text.replace(" ", "") in shown or text in shown


def test_nothing_invisible_and_nothing_endless_comes_out(hostile_source: str) -> None:
    assert not re.search(
        "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029\ufeff]", hostile_source
    )
    assert max(len(run) for run in re.findall("长+", hostile_source)) <= 4000
    assert len(hostile_source) < 6_000_000


def test_a_browser_carries_nothing_out(hostile_source: str, tmp_path: Path) -> None:
    if not CHROMIUM.exists():
        pytest.skip("chromium-headless-shell is not installed")
    path = tmp_path / "report.html"
    path.write_text(hostile_source, encoding="utf-8")
    command = [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    shown = subprocess.run(
        [*command, f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", path.as_uri()],
        capture_output=True,
        timeout=60,
        check=True,
    )
    title = re.search(r"<title>(.*?)</title>", shown.stdout.decode("utf-8", "replace"), re.S)
    assert title is not None
    assert "AppWitness" in title.group(1)
    assert title.group(1) != "owned"


# ------------------------------------------------------------------ foreign and damaged records, sizes


@pytest.fixture(scope="module")
def judged(case: Path) -> tuple[Judgement, CaseRecord]:
    record = read_case(case)
    return judge_case(record), record


def test_a_record_that_says_little_is_reported_all_the_same(
    judged: tuple[Judgement, CaseRecord], tmp_path: Path
) -> None:
    judgement, record = judged
    for sessions in ((), tuple(replace(session, facts=(), spans=()) for session in judgement.sessions)):
        bare = replace(judgement, case={"package": 7, "label": None}, sessions=sessions)
        write_report(bare, record, tmp_path / "bare.html")
        assert "AppWitness" in (tmp_path / "bare.html").read_text(encoding="utf-8")


def test_times_that_no_calendar_knows_do_not_break_it(judged: tuple[Judgement, CaseRecord], tmp_path: Path) -> None:
    judgement, record = judged
    far = [
        replace(
            session, facts=tuple(replace(e, at=replace(e.at, mono_ns=2**62, wall_ns=2**62 * 3)) for e in session.facts)
        )
        for session in judgement.sessions
    ]
    write_report(replace(judgement, sessions=tuple(far)), record, tmp_path / "far.html")
    assert (tmp_path / "far.html").stat().st_size < 3_000_000


def test_many_findings_are_listed_not_all_told(judged: tuple[Judgement, CaseRecord], tmp_path: Path) -> None:
    judgement, record = judged
    one = next(finding for finding in judgement.findings if finding.verdict is Verdict.CONFIRMED)
    many = tuple(
        replace(one, at_mono_ns=(one.at_mono_ns or 0) + number, summary_en=f"{number} things") for number in range(500)
    )
    write_report(replace(judgement, findings=many), record, tmp_path / "many.html")
    page = Document((tmp_path / "many.html").read_text(encoding="utf-8"))
    assert len(page.all("section", css="finding")) == page_module._FULL_PER_RULE
    assert "Findings (500)" in page.text.replace("发现的问题", "")
    assert (tmp_path / "many.html").stat().st_size < 2_000_000


def test_what_repeats_itself_is_told_once_and_linked_from_every_place(
    judged: tuple[Judgement, CaseRecord], tmp_path: Path
) -> None:
    judgement, record = judged
    first = next(finding for finding in judgement.findings if finding.rule == "M1-05")
    later = next(finding for finding in judgement.findings if finding.rule == "M1-11")
    again = replace(first, session=later.session, at_mono_ns=later.at_mono_ns, citations=later.citations)
    write_report(replace(judgement, findings=(first, again)), record, tmp_path / "again.html")
    page = Document((tmp_path / "again.html").read_text(encoding="utf-8"))
    assert len(page.all("section", css="finding")) == 1
    assert [at["href"] for at in page.all("a", css="accused")] == ["#finding-1", "#finding-1"]
    assert [at["href"] for at in page.all("a") if at["href"] == f"#session-{later.session}"]
    assert all(citation.digest in page.text for citation in (*first.citations, *later.citations))


@pytest.mark.parametrize(
    "details",
    [
        {"box": [1, 2]},
        {"box": "x"},
        {"box": [900, 10, 5, 2]},
        {"box": [-(2**70), 0, 2**70, 2**70]},
        {"flow": ["f1"]},
        {"flow": "nobody"},
    ],
)
def test_odd_details_of_a_finding(
    judged: tuple[Judgement, CaseRecord], tmp_path: Path, details: dict[str, object]
) -> None:
    judgement, record = judged
    odd: tuple[Finding, ...] = tuple(replace(finding, details=details) for finding in judgement.findings)
    write_report(replace(judgement, findings=odd), record, tmp_path / "odd.html")
    assert len(Document((tmp_path / "odd.html").read_text(encoding="utf-8")).all("figure")) == 6


def test_pictures_that_are_none_leave_a_gap(case: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(case, copy)
    for path in (copy / "record" / "blobs").rglob("*"):
        if path.is_file() and path.read_bytes().startswith(b"\x89PNG"):
            path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 40)
    record = read_case(copy)
    write_report(judge_case(record), record, tmp_path / "gap.html")
    page = Document((tmp_path / "gap.html").read_text(encoding="utf-8"))
    assert page.all("img") == [{"alt": ""}]
    assert "no picture" in page.text


# ------------------------------------------------------------------ whole or not at all


def test_a_full_disk_leaves_the_earlier_report(judged: tuple[Judgement, CaseRecord], tmp_path: Path) -> None:
    judgement, record = judged
    with small_disk(tmp_path, "256k") as disk:
        path = disk.path / "report.html"
        path.write_text("the earlier one")
        with disk.filled(), pytest.raises(StorageFull):
            write_report(judgement, record, path)
        assert path.read_text() == "the earlier one"
        assert [file.name for file in disk.path.iterdir()] == ["report.html"]


def test_the_same_judgement_gives_the_same_report(
    judged: tuple[Judgement, CaseRecord], source: str, tmp_path: Path
) -> None:
    judgement, record = judged
    write_report(judgement, record, tmp_path / "again.html")
    assert (tmp_path / "again.html").read_text(encoding="utf-8") == source


def test_the_label_heads_the_page(document: Document) -> None:
    assert LABEL in document.text


def test_an_unknown_field_of_a_template_is_an_error() -> None:
    with pytest.raises(Exception, match="nothing"):
        environment().from_string("{{ nothing }}").render()


def test_pictures_are_small_webp(source: str) -> None:
    uris = re.findall(r"data:image/webp;base64,([A-Za-z0-9+/=]+)", source)
    for uri in set(uris):
        with Image.open(io.BytesIO(base64.b64decode(uri))) as image:
            assert image.format == "WEBP"
            assert image.width <= 330
