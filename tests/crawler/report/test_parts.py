"""The parts of the report: excerpts, pictures, the axis, the strip, the tracks, and the words on their way into a page."""

from __future__ import annotations

import io
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment
from markupsafe import Markup
from PIL import Image

from crawler.batch import store
from crawler.judge.model import Verdict
from crawler.judge.phases import Phase
from crawler.judge.readings import Transmission
from crawler.judge.sockets import Owner
from crawler.report import words
from crawler.report.axis import Axis, axis_of, shown_time
from crawler.report.excerpt import Piece, request_excerpt
from crawler.report.pictures import picture_uri
from crawler.report.strip import FRAME_WIDTH, spread
from crawler.report.text import short, visible
from crawler.report.tracks import tracks_of
from tests.crawler.judge.building import SECOND, hit, session, transmission
from tests.crawler.report.hostile import HOSTILE

# ------------------------------------------------------------------ excerpts


def sent(body: bytes, *spans: tuple[int, int], where: str = "body") -> Transmission:
    hits = [replace(hit(), where=where, stored_offset=start, stored_length=length) for start, length in spans]  # type: ignore[arg-type]
    made = transmission(1, *hits)
    return replace(made, request=replace(made.request, body=body, body_length=len(body)))


def marked(pieces: tuple[Piece, ...]) -> list[str]:
    return [piece.text for piece in pieces if piece.marked]


def test_every_match_is_marked_where_it_stands() -> None:
    shown = request_excerpt(sent(b"a=1&id=9f3c1b7ad2e4568c&mac=8c:85:90&z=2", (7, 16), (28, 8)))
    assert marked(shown.body) == ["9f3c1b7ad2e4568c", "8c:85:90"]
    assert "".join(piece.text for piece in shown.body) == "a=1&id=9f3c1b7ad2e4568c&mac=8c:85:90&z=2"


def test_matches_in_the_url_and_the_headers_are_marked() -> None:
    made = sent(b"")
    url = replace(made.request, path="/v1?id=9f3c", headers=(("X-Id", "86123"), ("Accept", "*/*")))
    at_url = replace(hit(), where="url", stored_offset=len("https://api.qingteng.test/v1?id="), stored_length=4)
    at_header = replace(hit(), where="header", stored_offset=len("X-Id: "), stored_length=5)
    shown = request_excerpt(replace(made, request=url, detection=replace(made.detection, hits=(at_url, at_header))))
    assert marked(shown.line) == ["9f3c"]
    assert marked(shown.headers) == ["86123"]
    assert "".join(piece.text for piece in shown.headers) == "X-Id: 86123\nAccept: */*"


def test_overlapping_matches_are_one_mark() -> None:
    assert marked(request_excerpt(sent(b"0123456789", (2, 4), (4, 4), (8, 1))).body) == ["234567 8".replace(" ", "")]


def test_a_long_body_is_shown_around_its_matches_and_says_what_is_left_out() -> None:
    body = b"x" * 50_000 + b"VALUE" + b"y" * 50_000
    text = "".join(piece.text for piece in request_excerpt(sent(body, (50_000, 5))).body)
    assert "VALUE" in text
    assert "49800 B" in text
    assert len(text) < 600


def test_a_long_match_keeps_its_beginning_and_its_end() -> None:
    pieces = request_excerpt(sent(b"A" * 5000 + b"Z" * 60, (0, 5060))).body
    assert marked(pieces) == ["A" * 540, "Z" * 60]


@given(st.binary(max_size=600), st.lists(st.tuples(st.integers(0, 900), st.integers(0, 900)), max_size=5))
def test_any_body_and_any_spans_give_bounded_visible_text(body: bytes, spans: list[tuple[int, int]]) -> None:
    for piece in request_excerpt(sent(body, *spans)).body:
        assert piece.text
        assert all(character.isprintable() or character in "\n\t" for character in piece.text)


# ------------------------------------------------------------------ words


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_invisible_gets_into_a_page(text: str) -> None:
    made = Environment(autoescape=True, finalize=visible).from_string('<p title="{{ t }}">{{ t }}</p>').render(t=text)
    inside = made.removeprefix('<p title="').removesuffix("</p>")
    assert inside.count('"') == 1
    assert inside.count("<") == 0
    assert len(made) < 10_000


def test_what_is_markup_of_ours_or_no_text_stays() -> None:
    ours = Markup("<b>{}").format("x" * 9000)
    assert visible(ours) is ours
    assert visible(7) == 7
    assert visible("a\u202eb\x00c\nd") == "a�b�c\nd"
    assert short("x" * 12, 10) == "x" * 10 + "… (12)"


def test_every_phase_verdict_and_state_has_a_word() -> None:
    assert set(words.PHASES) == set(words.PHASES_EN) == {phase.value for phase in Phase}
    assert set(words.VERDICTS) == {verdict.value for verdict in Verdict}
    assert set(words.OWNERS) == {owner.value for owner in Owner}
    assert set(words.STATES) > store.ENDED


# ------------------------------------------------------------------ axis, strip, tracks


@given(st.lists(st.integers(0, 1000), max_size=12).map(sorted))
def test_frames_stand_side_by_side_within_the_axis(places: list[int]) -> None:
    lefts = spread(places)
    assert len(lefts) == len(places)
    assert all(0 <= left <= 1000 - FRAME_WIDTH for left in lefts)
    assert all(following - left > FRAME_WIDTH for left, following in pairwise(lefts))


@pytest.mark.parametrize("seconds", [1, 9, 35, 61, 500, 10_000, 10**9, 2**33])
def test_an_axis_of_any_length_has_a_dozen_ticks_at_most(seconds: int) -> None:
    axis = Axis(start_ns=0, opened_ns=300_000_000, end_ns=300_000_000 + seconds * SECOND)
    ticks = axis.ticks()
    assert 1 <= len(ticks) <= 13
    assert [place for place, _ in ticks] == sorted({place for place, _ in ticks})


def test_times_are_counted_from_the_opening_of_the_app() -> None:
    axis = Axis(start_ns=0, opened_ns=5 * SECOND, end_ns=10 * SECOND)
    assert axis.second(7 * SECOND + 150_000_000) == "2.1 s"
    assert axis.second(4 * SECOND) == "−1.0 s"
    assert (axis.place(-1), axis.place(5 * SECOND), axis.place(2**70)) == (0, 500, 1000)


def test_moments_are_shown_in_utc() -> None:
    assert shown_time(1_764_000_000_123_456_789) == "2025-11-24 16:00:00.123 UTC"
    assert shown_time(None) == ""
    assert shown_time(2**70) == ""
    assert shown_time(-(2**70)) == ""


def test_marks_of_one_moment_stand_below_one_another_and_none_that_accuses_is_left_out() -> None:
    many = [transmission(1 + number / 100_000) for number in range(400)]
    accused = transmission(1.5, hit())
    made = session(transmissions=[*many, accused])
    anchors: dict[tuple[str, int | None], str] = {(made.session, accused.request.started.mono_ns): "finding-1"}
    traffic = tracks_of(made, axis_of(made), anchors)[1]
    assert traffic.left_out == 101
    assert [event.target for event in traffic.events if event.style == "accused"] == ["finding-1"]
    assert len({event.top for event in traffic.events}) == 4
    assert traffic.height > max(event.top for event in traffic.events)


# ------------------------------------------------------------------ pictures


def png(size: tuple[int, int], form: str = "PNG") -> bytes:
    target = io.BytesIO()
    Image.new("RGB", size, (10, 20, 30)).save(target, form)
    return target.getvalue()


@pytest.mark.parametrize("size", [(720, 1600), (1, 1), (3, 20_000), (5000, 3), (100, 100)])
def test_pictures_of_any_shape_stay_small(size: tuple[int, int]) -> None:
    uri = picture_uri(png(size), 150, mark=(0, 0, 700, 1500), dots=[(5, 5), (-3, 9), (10**9, 0)])
    assert uri is not None
    assert uri.startswith("data:image/webp;base64,")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no picture",
        b"\x89PNG\r\n\x1a\n",
        png((50, 50))[:60],
        png((50, 50)).replace(b"IDAT", b"IDAX"),
        png((50, 50), "BMP"),
        png((7000, 7000)),
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    ],
)
def test_what_is_no_picture_or_too_large_is_none(content: bytes) -> None:
    assert picture_uri(content, 150) is None


@given(st.binary(max_size=80), st.integers(8, 120))
def test_a_damaged_picture_never_raises(junk: bytes, at: int) -> None:
    content = png((20, 20))
    picture_uri(content[:at] + junk + content[at + len(junk) :], 10)


@given(st.lists(st.integers(-(2**40), 2**40), max_size=5))
def test_any_box_may_be_marked(box: list[int]) -> None:
    assert picture_uri(png((40, 40)), 20, mark=box) is not None
