"""What counts as a whole picture, and what as a black one."""

from __future__ import annotations

import io
import random
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from crawler.device.picture import check_png, mostly_black


def png(color: tuple[int, int, int] = (200, 30, 30), size: tuple[int, int] = (72, 160), noisy: bool = False) -> bytes:
    image = Image.new("RGB", size, color)
    if noisy:
        image.putdata([tuple(random.Random(n).randbytes(3)) for n in range(size[0] * size[1])])
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


def test_a_whole_picture() -> None:
    picture = check_png(png())
    assert (picture.width, picture.height, picture.fault) == (72, 160, None)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "no picture"),
        (b"Failed to take screenshot. Status: -22\n", "Status: -22"),
        (png()[:-1], "cut off"),
        (png()[:60], "cut off"),
        (png()[:40] + b"\x00\x01" + png()[42:], "damaged"),
    ],
)
def test_what_is_no_whole_picture(content: bytes, fault: str) -> None:
    assert fault in (check_png(content).fault or "")


def test_a_picture_that_claims_to_be_enormous() -> None:
    head = b"IHDR" + (60_000).to_bytes(4, "big") * 2 + bytes([8, 2, 0, 0, 0])
    chunk = (13).to_bytes(4, "big") + head + zlib.crc32(head).to_bytes(4, "big")
    assert "60000 x 60000" in (check_png(png()[:8] + chunk + png()[33:]).fault or "")


@given(st.binary(max_size=200).map(lambda tail: png()[:8] + tail))
def test_nothing_raises_on_junk(content: bytes) -> None:
    assert check_png(content).fault
    assert not mostly_black(content)


def test_black_with_a_status_bar_above_is_black() -> None:
    image = Image.new("RGB", (72, 160), (0, 0, 0))
    image.paste((250, 250, 250), (0, 0, 72, 12))
    stream = io.BytesIO()
    image.save(stream, "PNG")
    assert mostly_black(stream.getvalue())


def test_a_dark_page_is_not_black() -> None:
    assert not mostly_black(png((18, 18, 18)))
    assert not mostly_black(png(noisy=True))
