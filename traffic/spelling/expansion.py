"""Puts spellings, encodings, digests, numbers and coordinates together into patterns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from traffic.known import DATA_TYPES
from traffic.spelling.coordinates import Place, coordinate_forms, coordinate_texts, place_texts, places
from traffic.spelling.digests import DigestForm, digests, digests_of_bytes
from traffic.spelling.encodings import encoded_texts
from traffic.spelling.numbers import binary_forms, raw_bytes
from traffic.spelling.pattern import Boundary, Form, Need, Pattern, Spelling
from traffic.spelling.texts import spellings

if TYPE_CHECKING:
    from traffic.known import KnownValue

__all__ = ["expand"]

_LEAST_BYTES = 4
_Drafts = Iterator[tuple[bytes, bool, Form]]


def expand(known: Sequence[KnownValue]) -> tuple[Pattern, ...]:
    """All patterns for the values, each byte string once. A form's `value` is the index into `known`."""
    found: dict[tuple[bytes, bool], dict[tuple[int, str], Form]] = {}
    for literal, caseless, form in _drafts(known):
        if len(literal) >= _LEAST_BYTES:
            found.setdefault((literal, caseless), {}).setdefault((form.value, form.code), form)
    return tuple(
        Pattern(literal=literal, caseless=caseless, forms=tuple(forms.values()))
        for (literal, caseless), forms in found.items()
    )


def _drafts(known: Sequence[KnownValue]) -> _Drafts:
    for index, value in enumerate(known):
        if value.kind in ("latitude", "longitude"):
            continue
        name, name_zh = f"the {DATA_TYPES[value.kind][1]}", DATA_TYPES[value.kind][0]
        for spelling in spellings(value):
            yield from _text_drafts(index, name, name_zh, spelling)
        for binary in binary_forms(value):
            made = Form(
                value=index,
                code=binary.code,
                words=binary.words.format(name),
                words_zh=binary.words_zh.format(name_zh),
                need=binary.need,
                boundary=binary.boundary,
            )
            yield binary.literal, False, made
        raw = raw_bytes(value)
        for digest in digests_of_bytes(raw) if raw else ():
            yield _digest_draft(index, name, name_zh, digest)
    for place in places(known):
        yield from _place_drafts(place)


def _text_drafts(index: int, name: str, name_zh: str, spelling: Spelling, notation: str = "") -> _Drafts:
    subject = f"{name} {spelling.words}".strip()
    subject_zh = name_zh + spelling.words_zh
    suffix = f":{spelling.code}" if spelling.code else ""
    for text in encoded_texts(spelling):
        yield (
            text.literal,
            text.caseless,
            Form(
                value=index,
                code=text.code + suffix,
                words=text.words.format(subject),
                words_zh=text.words_zh.format(subject_zh),
                boundary=spelling.boundary if text.keeps_edges else Boundary.FREE,
                need=spelling.need,
                standalone=spelling.standalone,
                inner=text.inner,
                carrier=text.carrier,
                notation=notation,
            ),
        )
    if spelling.main and spelling.need is Need.NOTHING:
        yield from _digest_drafts(index, subject, subject_zh, spelling, suffix)


def _digest_drafts(index: int, subject: str, subject_zh: str, spelling: Spelling, suffix: str) -> _Drafts:
    for digest in digests(spelling):
        yield _digest_draft(index, subject, subject_zh, digest, suffix, standalone=spelling.standalone)


def _digest_draft(
    index: int, subject: str, subject_zh: str, digest: DigestForm, suffix: str = "", *, standalone: bool = True
) -> tuple[bytes, bool, Form]:
    form = Form(
        value=index,
        code=digest.code + suffix,
        words=digest.words.format(subject),
        words_zh=digest.words_zh.format(subject_zh),
        standalone=standalone,
        inner=digest.inner,
    )
    return digest.literal, digest.caseless, form


def _place_drafts(place: Place) -> _Drafts:
    indices = {"latitude": place.latitude, "longitude": place.longitude}
    names = {axis: f"the {DATA_TYPES[axis][1]}" for axis in indices}
    for text in coordinate_texts(place):
        index = indices[text.axis]
        if index is not None:
            yield from _text_drafts(index, names[text.axis], DATA_TYPES[text.axis][0], text.spelling, text.notation)
    for form in coordinate_forms(place):
        index = indices[form.axis]
        if index is not None:
            made = Form(
                value=index,
                code=form.code,
                words=f"{names[form.axis]} {form.words}",
                words_zh=DATA_TYPES[form.axis][0] + form.words_zh,
                boundary=form.boundary,
                need=form.need,
                standalone=form.standalone,
                notation=form.notation,
            )
            yield form.literal, form.caseless, made
    yield from _pair_drafts(place)


def _pair_drafts(place: Place) -> _Drafts:
    for text in place_texts(place):
        spelling = Spelling(text=text, code="pair", words="(both coordinates in one text)", words_zh="(经纬度合写)")
        for axis, index in (("latitude", place.latitude), ("longitude", place.longitude)):
            if index is not None:
                subject = f"the {DATA_TYPES[axis][1]} {spelling.words}"
                yield from _digest_drafts(index, subject, DATA_TYPES[axis][0] + spelling.words_zh, spelling, ":pair")
