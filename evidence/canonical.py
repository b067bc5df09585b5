"""Canonical JSON: one value, one sequence of bytes.

Digests and signatures are taken over these bytes, so equal values must never be spelled in two ways: keys sorted by
code point, no spaces, UTF-8, no floats, no repeated keys, bounded depth and integers.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from evidence.errors import FactRefused, NotCanonical

__all__ = ["MAX_DEPTH", "MAX_INTEGER", "MIN_INTEGER", "Json", "from_line", "to_line", "write_line"]

Json: TypeAlias = "bool | int | str | Sequence[Json] | Mapping[str, Json] | None"

MAX_DEPTH = 64
"""Containers inside containers, counting the outermost."""
MIN_INTEGER = -(2**63)
MAX_INTEGER = 2**64 - 1

_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
_DIGITS_AS_ZEROS = bytes(ord("0") if chr(sign).isdigit() and sign < 128 else sign for sign in range(256))
_LONG_INTEGERS = (b"0" * 20, b"-" + b"0" * 19)
"""What every integer beyond the bounds contains, its digits taken for zeros."""


def to_line(obj: Json) -> bytes:
    """The canonical bytes of a value, without a line end.

    TypeError for a float, a key that is no string or any foreign type; FactRefused for too deep or too large a value.
    """
    return write_line(obj)[0]


def write_line(obj: Json) -> tuple[bytes, Json]:
    """As `to_line`, with the value that the bytes stand for: a copy, whatever becomes of `obj` afterwards."""
    value = _checked(obj, 1)
    text = _dump(value)
    try:
        return text.encode("utf-8"), value
    except UnicodeEncodeError:
        line = _encode_surrogates(text)
        return line, _parse(line)


def from_line(line: bytes) -> Json:
    """The value of canonical bytes. NotCanonical for anything that `to_line` would not have written."""
    value: Json = _parse(line)
    if _is_plain(line) and _dump(value).encode("utf-8", "surrogatepass") == line:
        return value
    try:
        again = to_line(value)
    except (FactRefused, TypeError) as error:
        raise NotCanonical(str(error)) from error
    if again != line:
        raise NotCanonical("JSON, but not in canonical form")
    return value


def _is_plain(line: bytes) -> bool:
    """Whether the line is too small to break a bound, so that writing its value again is proof enough."""
    if line.count(b"{") + line.count(b"[") > MAX_DEPTH:
        return False
    zeros = line.translate(_DIGITS_AS_ZEROS)
    return not any(long in zeros for long in _LONG_INTEGERS)


def _checked(value: Any, depth: int) -> Any:
    """The same value in plain dicts and lists; whatever the record cannot hold is refused here."""
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, int):
        if not MIN_INTEGER <= value <= MAX_INTEGER:
            raise FactRefused("an integer beyond 64 bits")
        return int(value)
    if depth > MAX_DEPTH:
        raise FactRefused(f"nested deeper than {MAX_DEPTH}")
    if isinstance(value, Mapping):
        return {_key(key): _checked(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_checked(item, depth + 1) for item in value]
    raise TypeError(f"a record cannot hold {type(value).__name__}")


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise TypeError(f"a key must be a string, not {type(key).__name__}")
    return key


def _dump(value: Any) -> str:
    return _ENCODER.encode(value)


def _encode_surrogates(text: str) -> bytes:
    r"""Text of apps may hold lone surrogates, which UTF-8 cannot: they are written as `\udXXX`, pairs are joined."""
    joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    try:
        # Joining may change the order of keys, or make two keys one.
        again = _dump(json.loads(joined, object_pairs_hook=_without_repeats))
    except NotCanonical as error:
        raise FactRefused("two keys that are the same text") from error
    return again.encode("utf-8", "backslashreplace")


def _parse(line: bytes) -> Any:
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotCanonical(f"not UTF-8 at byte {error.start}") from None
    try:
        return json.loads(text, parse_float=_no_float, parse_constant=_no_float)
    except RecursionError:
        raise NotCanonical(f"nested deeper than {MAX_DEPTH}") from None
    except NotCanonical:
        raise
    except ValueError as error:
        # Includes integers with more digits than Python is willing to read.
        raise NotCanonical(f"not JSON: {error}") from None


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise NotCanonical("a key is repeated in one object")
    return value


def _no_float(text: str) -> Any:
    raise NotCanonical("a number that is no integer")
