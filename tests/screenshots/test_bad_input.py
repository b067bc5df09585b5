"""Whatever comes in, a reading comes out: bounded, with a reason, never an exception."""

import io
import random
import shutil
import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from screenshots.engines import EngineMissing, _languages_for, quick_engine
from screenshots.pixels import ImageUnreadable, decode_image, image_size
from screenshots.reading import read_screen
from tests.screenshots.pictures import consent, needs_font, png
from tests.screenshots.trees import card, feed, hierarchy, over


def png_of(width: int, height: int) -> bytes:
    """A PNG header that declares a size, with hardly any data behind it."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = b""
    for kind, data in ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 64)), (b"IEND", b"")):
        chunks += struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return b"\x89PNG\r\n\x1a\n" + chunks


def animated_png() -> bytes:
    frames = [Image.new("RGB", (200, 400), colour) for colour in ((250, 250, 250), (0, 0, 0))]
    written = io.BytesIO()
    frames[0].save(written, format="PNG", save_all=True, append_images=frames[1:], duration=40)
    return written.getvalue()


@pytest.mark.parametrize(
    ("shot", "reason"),
    [
        (None, "no_input"),
        (b"", "no_input"),
        (b"not an image", "bad_image"),
        (b"GIF89a" + b"\0" * 40, "bad_image"),
        (b"\x89PNG\r\n\x1a\n", "bad_image"),
        (png_of(60_000, 60_000), "too_large"),
        (png_of(10_000, 10_000), "too_large"),
        (png_of(3, 3), "bad_image"),
        (animated_png(), "blank"),
    ],
)
def test_shots_that_cannot_be_read(shot: bytes | None, reason: str) -> None:
    reading = read_screen(shot, None)
    assert (reading.readable, reading.unreadable_reason, reading.kinds) == (False, reason, ())


BOMB = '<!DOCTYPE h [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><hierarchy><node text="&b;"/></hierarchy>'
DEEP = "<hierarchy>" + "<node>" * 5000 + "</node>" * 5000 + "</hierarchy>"
LARGE = "<hierarchy>" + '<node text="同意"/>' * 2_800_000 + "</hierarchy>"


@pytest.mark.parametrize(
    "xml",
    ["junk", "<a/>", "<hierarchy>", "<hierarchy/>", "<!DOCTYPE x><hierarchy/>", BOMB, DEEP, LARGE],
    ids=["junk", "other root", "cut", "empty", "document type", "entities", "deep", "50 megabytes"],
)
def test_a_bad_hierarchy_alone_is_unreadable(xml: str) -> None:
    reading = read_screen(None, xml)
    assert (reading.readable, reading.unreadable_reason) == (False, "bad_hierarchy")
    assert any("hierarchy unreadable" in note for note in reading.notes)


def test_an_undeclared_entity_is_never_expanded() -> None:
    reading = read_screen(None, '<hierarchy><node text="&xxe;" bounds="[0,0][9,9]"/></hierarchy>')
    assert reading.unreadable_reason == "bad_hierarchy"


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "BMP"])
def test_what_the_bytes_are_counts_and_not_a_name(kind: str) -> None:
    written = io.BytesIO()
    Image.new("RGB", (300, 500), (250, 250, 250)).save(written, format=kind)
    assert read_screen(written.getvalue(), None).unreadable_reason == "blank"


@pytest.mark.parametrize(
    ("colour", "reason"), [((0, 0, 0), "secure"), ((255, 255, 255), "blank"), ((30, 90, 200), "blank")]
)
@pytest.mark.parametrize("second_look", [False, True])
def test_a_screen_of_one_colour_never_says_that_no_dialog_was_there(
    colour: tuple[int, int, int], reason: str, second_look: bool
) -> None:
    written = io.BytesIO()
    Image.new("RGB", (540, 1200), colour).save(written, format="PNG")
    reading = read_screen(written.getvalue(), None, second_look=second_look)
    assert (reading.readable, reading.unreadable_reason, reading.kinds) == (False, reason, ())
    assert not reading.looked_twice


def test_missing_language_data_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("screenshots.engines._installed_languages", lambda: frozenset({"osd"}))
    _languages_for.cache_clear()
    try:
        with pytest.raises(EngineMissing) as caught:
            _languages_for("han")
    finally:
        _languages_for.cache_clear()
    assert "apt-get install tesseract-ocr-chi-sim tesseract-ocr-eng" in caught.value.mend


def test_without_the_tiny_models_the_small_ones_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("screenshots.engines._tiny_models", lambda: None)
    quick_engine.cache_clear()
    try:
        assert quick_engine().name == "rapidocr-small"
    finally:
        quick_engine.cache_clear()


def test_a_good_hierarchy_survives_a_bad_shot() -> None:
    reading = read_screen(b"broken", hierarchy(over(feed(), card())), second_look=True)
    assert reading.readable
    assert reading.kinds[0] == "privacy_agreement"
    assert not reading.looked_twice


def test_a_cut_image_is_no_exception() -> None:
    written = io.BytesIO()
    Image.effect_noise((300, 500), 80).convert("RGB").save(written, format="PNG")
    for length in (60, 400, len(written.getvalue()) // 2):
        reading = read_screen(written.getvalue()[:length], None, ocr=())
        assert not reading.readable


@given(st.binary(max_size=300))
@settings(max_examples=80, deadline=None)
def test_any_bytes_are_an_image_or_a_reason(data: bytes) -> None:
    for refuse in (image_size, decode_image):
        with pytest.raises(ImageUnreadable):
            refuse(data)


@given(st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_spoilt_hierarchies_give_a_reading(seed: int) -> None:
    chance = random.Random(seed)
    xml = list(hierarchy(over(feed(), card())))
    for _ in range(chance.randrange(1, 12)):
        xml[chance.randrange(len(xml))] = chance.choice(["<", ">", '"', "&", "\x00", "同", "-", "9" * 12])
    reading = read_screen(None, "".join(xml))
    assert reading.readable or reading.unreadable_reason


@pytest.mark.parametrize("bounds", ["[-50,-50][4000,9000]", "[0,0][0,0]", "[700,1500][710,1600]", "[5,5][1,1]"])
def test_boxes_outside_the_screen(bounds: str) -> None:
    xml = hierarchy(over(feed(), card())).replace("[100,1040][350,1130]", bounds)
    assert read_screen(None, xml).readable


def test_many_nodes_take_bounded_time() -> None:
    rows = "".join(
        f'<node text="同意 隐私政策 {at}" class="android.widget.TextView" clickable="true" bounds="[0,{at}][700,{at + 40}]"/>'
        for at in range(4000)
    )
    reading = read_screen(None, f'<hierarchy><node bounds="[0,0][720,1600]">{rows}</node></hierarchy>')
    assert reading.readable
    assert reading.dialog is None or not reading.dialog.asks_consent


def breaks(*_: object) -> object:
    raise KeyError("no such model")


def test_engines_that_break_are_noted_not_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("screenshots.engines._rapid", breaks)
    monkeypatch.setattr("screenshots.engines._installed_languages", lambda: frozenset({"osd"}))
    _languages_for.cache_clear()
    written = io.BytesIO()
    Image.effect_noise((300, 500), 80).convert("RGB").save(written, format="PNG")
    try:
        reading = read_screen(written.getvalue(), None)
    finally:
        _languages_for.cache_clear()
    assert reading.unreadable_reason == "no_engine"
    assert any("KeyError" in note for note in reading.notes)
    assert any("apt-get install" in note for note in reading.notes)


@needs_font
@pytest.mark.skipif(shutil.which("tesseract") is None, reason="tesseract is not installed")
def test_the_other_reader_steps_in_and_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("screenshots.engines._rapid", breaks)
    reading = read_screen(png(consent()), None)
    assert reading.kinds[0] == "privacy_agreement"
    assert [name.split()[0] for name in reading.engines] == ["tesseract"]
    assert any("tesseract read this screen alone" in note for note in reading.notes)
    assert reading.dialog is not None
    assert not reading.dialog.certain
