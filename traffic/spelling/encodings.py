"""A spelling as bytes: character sets, base64 at its three alignments, hexadecimal, reversed."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from traffic.spelling.pattern import Spelling

__all__ = ["EncodedText", "base64_middle", "encoded_texts"]

_LEAST_BASE64 = 8
"""Fewer certain characters of base64 would occur by chance."""


@dataclass(frozen=True, slots=True)
class EncodedText:
    """One byte string that carries a spelling."""

    literal: bytes
    caseless: bool
    code: str
    words: str
    """With {} for what is encoded."""
    words_zh: str
    inner: bool = False
    keeps_edges: bool = True
    """Whether what stands beside the text can still be told from what stands beside these bytes."""
    carrier: str = ""
    """How to tell it (traffic.beside); empty where the signs beside are the signs themselves."""


def encoded_texts(spelling: Spelling) -> Iterator[EncodedText]:
    """Every byte string for the spelling. A spelling that is only printed is not looked for inside encodings."""
    text = spelling.text
    plain = text.encode()
    yield EncodedText(plain.lower(), True, "plain", "{}, as plain text", "{}明文")
    sets = list(_other_character_sets(text))
    for name, raw in sets:
        unicode = name.startswith("UTF-16")
        yield EncodedText(
            raw.lower(),
            True,
            name.lower(),
            f"{{}}, as text in {name}",
            f"{{}}明文({name}编码)",
            keeps_edges=unicode,
            carrier=name.lower() if unicode else "",
        )
    if not spelling.main:
        return
    yield EncodedText(plain.hex().encode(), True, "hex", "{}, in hexadecimal", "{}十六进制编码", True, carrier="hex")
    if len(plain) >= 8 and text.isascii():
        yield EncodedText(plain[::-1].lower(), True, "reversed", "{}, written backwards", "{}倒序", carrier="reversed")
    carried = dict.fromkeys((plain, plain.lower(), plain.upper()), "")
    carried |= {raw: " utf-16le" if name == "UTF-16LE" else "" for name, raw in sets if name != "UTF-16BE"}
    for raw, inner in sorted(carried.items()):
        yield from _base64_forms(raw, inner)


def _other_character_sets(text: str) -> Iterator[tuple[str, bytes]]:
    yield "UTF-16LE", text.encode("utf-16-le")
    yield "UTF-16BE", text.encode("utf-16-be")
    if not text.isascii():
        for name, codec in (("GBK", "gb18030"), ("Big5", "big5")):
            try:
                yield name, text.encode(codec)
            except UnicodeEncodeError:
                continue


def _base64_forms(raw: bytes, inner: str) -> Iterator[EncodedText]:
    for shift in range(3):
        certain = base64_middle(raw, shift)
        if len(certain) < _LEAST_BASE64:
            continue
        for written in {certain, certain.translate(_URL_SAFE)}:
            yield EncodedText(
                written, False, "base64", "{}, in base64", "{}的base64编码", True, carrier=f"base64-{shift}{inner}"
            )
            yield EncodedText(
                written[::-1],
                False,
                "reversed-base64",
                "{}, in base64 written backwards",
                "{}的倒序base64编码",
                True,
                carrier=f"reversed-base64-{shift}{inner}",
            )


_URL_SAFE = bytes.maketrans(b"+/", b"-_")


def base64_middle(raw: bytes, shift: int) -> bytes:
    """The characters that base64 is sure to hold where these bytes start `shift` bytes after a multiple of three."""
    encoded = base64.b64encode(b"\0" * shift + raw + b"\0" * (-(shift + len(raw)) % 3))
    first = (shift * 8 + 5) // 6
    last = (shift + len(raw)) * 8 // 6
    return encoded[first:last]
