from __future__ import annotations

import json
from enum import IntEnum
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from evidence.canonical import MAX_DEPTH, MAX_INTEGER, MIN_INTEGER, Json, from_line, to_line, write_line
from evidence.errors import FactRefused, NotCanonical

# Lone surrogates included: text of apps holds them.
TEXTS = st.text(st.characters(exclude_categories=[]), max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(MIN_INTEGER, MAX_INTEGER) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


@given(VALUES)
@example({"\ud83d\ude00": 1, "\uffff": 2})
@example("\ud800")
@example({"a": "\udfff\ud800"})
def test_what_is_written_reads_back_and_writes_the_same_bytes(value: Any) -> None:
    try:
        line = to_line(value)
    except FactRefused:
        # Two keys that only differ in how a surrogate pair is spelled.
        assert "\\ud" in json.dumps(value).lower()
        return
    assert b"\n" not in line
    again = from_line(line)
    assert to_line(again) == line
    assert json.loads(line) == again


@given(VALUES)
def test_text_without_surrogates_survives_exactly(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return
    assert from_line(to_line(value)) == value


def test_the_form_is_sorted_dense_and_utf8() -> None:
    assert to_line({"b": [1, None, True], "a": "隐私\n\u2028"}) == '{"a":"隐私\\n\u2028","b":[1,null,true]}'.encode()


def test_integers_of_other_kinds_become_plain_ones() -> None:
    class Colour(IntEnum):
        RED = 7

    assert to_line([Colour.RED, True]) == b"[7,true]"


@pytest.mark.parametrize("value", [1.0, float("nan"), b"bytes", {1: 2}, {"a": {2.5}}, object()])
def test_foreign_types_are_a_programming_error(value: Any) -> None:
    with pytest.raises(TypeError):
        to_line(value)


@pytest.mark.parametrize(
    "value",
    [MAX_INTEGER + 1, MIN_INTEGER - 1, 10**5000, nested(MAX_DEPTH + 1)],
    ids=["large", "small", "endless", "deep"],
)
def test_what_is_too_large_or_too_deep_is_refused(value: Any) -> None:
    with pytest.raises(FactRefused) as caught:
        to_line(value)
    assert caught.value.mend


def test_the_bounds_themselves_fit() -> None:
    for value in (MAX_INTEGER, MIN_INTEGER, nested(MAX_DEPTH), -(10**18), 10**19):
        assert from_line(to_line(value)) == value


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b'{"a": 1}',
        b'{"b":1,"a":2}',
        b'{"a":1,"a":1}',
        b'{"a":1,"a":2}',
        b"1.5",
        b"1e3",
        b"-0",
        b"NaN",
        b"[Infinity]",
        b" 1",
        b"1\n",
        b'"\\u0041"',
        b'"\\/"',
        b'"\xed\xa0\x80"',
        b'"\\uD800"',
        b"\xef\xbb\xbf1",
        b"\xff",
        b'"\x00"',
        b"18446744073709551616",
        b"-9223372036854775809",
        b"[" * 65 + b"]" * 65,
        b"[" * 1_000_000,
        b"9" * 10_000,
        b"1 2",
    ],
    ids=lambda line: ascii(line[:16]),
)
def test_any_other_spelling_is_not_canonical(line: bytes) -> None:
    with pytest.raises(NotCanonical):
        from_line(line)


@given(VALUES, st.data())
def test_no_single_changed_byte_is_read_as_the_same_value(value: Any, data: st.DataObject) -> None:
    try:
        line = to_line(value)
    except FactRefused:
        return
    position = data.draw(st.integers(0, len(line) - 1))
    changed = bytearray(line)
    changed[position] ^= 1 << data.draw(st.integers(0, 7))
    try:
        other = from_line(bytes(changed))
    except NotCanonical:
        return
    assert to_line(other) == bytes(changed) != line


def test_two_keys_that_are_one_text_are_refused() -> None:
    with pytest.raises(FactRefused, match="same text"):
        to_line({"\ud83d\ude00": 1, "\U0001f600": 2})


@given(VALUES)
@example("\ud83d\ude00")
def test_the_value_that_was_written_is_the_one_that_is_read(value: Any) -> None:
    try:
        line, written = write_line(value)
    except FactRefused:
        return
    assert line == to_line(value)
    assert written == from_line(line)


def test_the_value_that_was_written_is_nobodys_but_the_writers() -> None:
    inner: list[Json] = [1, ("a", "b")]
    line, written = write_line({"list": inner, "lone": "\ud800"})
    inner.append(2)
    assert written == from_line(line) == {"list": [1, ["a", "b"]], "lone": "\ud800"}
