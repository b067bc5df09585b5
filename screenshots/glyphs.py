"""Letters that look alike, told apart by what stands around them; and letters that were lost at the head of a label."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from screenshots.elements import Element, height
from screenshots.lines import Image, commonest_colour
from screenshots.values import Box

__all__ = ["mended", "with_its_head"]

_SMALL_L = re.compile(
    r"(?<![\w'’])l(?=['’](?:d|m|ll|ve)\b"
    r"| (?:accept|acknowledge|agree|am|can|confirm|consent|decline|disagree|do|don['’]t|have|need|reject|understand|want"
    r"|will|would)\b)"
)
"""No English word is a small l; French has one, but only before an apostrophe and a whole word."""
_SMALL_I = re.compile(r"(?<!\w)i(?=[A-ZÁÉÍÓÚÑ])(?!(?:Phone|Pad|Pod|OS|Cloud|Tunes|Message|Mac))(?=.*!)")
_INK = 60
_DOUBTED = 900
_LONGEST_HEAD, _WORD_GAP = 2.2, 1.0
"""How far before the words a lost head may begin, and how wide the gap between the two may be, in heights of the line."""


def mended(text: str) -> str:
    """`I` where a small l cannot stand, and the Spanish mark before a word that begins with a capital after its i."""
    return _SMALL_I.sub("¡", _SMALL_L.sub("I", text))


def with_its_head(element: Element, image: Image, shape: Box) -> Element:
    """A label that begins with a small letter lost what stands before it in its button: its box is widened and doubted."""
    if not element.text[:1].islower() or not element.text[:1].isascii():
        return element
    left, top, right, bottom = element.box
    tall = height(element.box)
    first = max(shape[0] + tall // 4, left - int(_LONGEST_HEAD * tall))
    before, words = image[max(0, top) : bottom, max(0, first) : left], image[max(0, top) : bottom, max(0, left) : right]
    if before.shape[1] < tall // 4 or not words.size:
        return element
    ink = np.abs(before.astype(np.int16) - commonest_colour(words).astype(np.int16)).max(axis=2) > _INK
    columns = np.flatnonzero(ink.any(axis=0))
    if not len(columns) or before.shape[1] - int(columns[-1]) > _WORD_GAP * tall or columns[0] == 0:
        return element
    head = max(0, first) + int(columns[0]) - tall // 8
    return replace(element, box=(head, top, right, bottom), confidence=min(element.confidence, _DOUBTED))
