"""The ways to write a latitude and a longitude: three datums, decimals rounded and cut, integers, doubles, geohash."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Literal

from traffic.spelling.numbers import varint
from traffic.spelling.pattern import Boundary, Need, Spelling
from traffic.spelling.places import bd09, gcj02, geohash

if TYPE_CHECKING:
    from traffic.known import KnownValue

__all__ = ["CoordinateForm", "CoordinateText", "Place", "coordinate_forms", "coordinate_texts", "place_texts", "places"]

Axis = Literal["latitude", "longitude"]
_DATUMS = {"wgs84": "WGS-84", "gcj02": "GCJ-02", "bd09": "BD-09"}
_MOST_DECIMALS = 6
_LEAST_DECIMALS = 2
_SURE_DECIMALS = 5
"""Fewer are met by chance (six hits in a thousand megabytes for three decimals): only a pair counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A latitude and a longitude that belong together; either may be missing."""

    latitude: int | None
    """Index of the known value."""
    longitude: int | None
    latitude_text: str
    longitude_text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CoordinateText:
    """A coordinate as text."""

    axis: Axis
    spelling: Spelling
    notation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CoordinateForm:
    """A coordinate, or both in one geohash, as bytes that need no further encoding."""

    axis: Axis
    literal: bytes
    caseless: bool
    code: str
    words: str
    words_zh: str
    notation: str
    boundary: Boundary = Boundary.FREE
    need: Need = Need.PARTNER
    standalone: bool = True


def places(known: Sequence[KnownValue]) -> Iterator[Place]:
    """Pairs by scope and order: the second latitude of a scope belongs to its second longitude."""
    for scope in dict.fromkeys(value.scope for value in known):
        north = [at for at, value in enumerate(known) if value.kind == "latitude" and value.scope == scope]
        east = [at for at, value in enumerate(known) if value.kind == "longitude" and value.scope == scope]
        for turn in range(max(len(north), len(east))):
            latitude = north[turn] if turn < len(north) else None
            longitude = east[turn] if turn < len(east) else None
            yield Place(
                latitude=latitude,
                longitude=longitude,
                latitude_text="" if latitude is None else known[latitude].value.strip(),
                longitude_text="" if longitude is None else known[longitude].value.strip(),
            )


def _points(place: Place) -> Iterator[tuple[str, Axis, Decimal]]:
    """Each coordinate of the place in each datum. Only a pair can be moved to another datum."""
    latitude, longitude = place.latitude_text, place.longitude_text
    if latitude:
        yield "wgs84", "latitude", Decimal(latitude)
    if longitude:
        yield "wgs84", "longitude", Decimal(longitude)
    if latitude and longitude and _in_range(float(latitude), float(longitude)):
        moved = gcj02(float(latitude), float(longitude))
        for datum, (north, east) in (("gcj02", moved), ("bd09", bd09(*moved))):
            yield datum, "latitude", Decimal(repr(north))
            yield datum, "longitude", Decimal(repr(east))


def _in_range(latitude: float, longitude: float) -> bool:
    return abs(latitude) <= 90 and abs(longitude) <= 180


def coordinate_texts(place: Place) -> Iterator[CoordinateText]:
    """Decimal text from three decimals on, and integers of a hundred-thousandth to a hundred-millionth."""
    for datum, axis, value in _points(place):
        given = -int(value.as_tuple().exponent)
        most = min(_MOST_DECIMALS, given) if datum == "wgs84" else _MOST_DECIMALS
        for decimals in range(3, most + 1):
            yield from _decimal_texts(datum, axis, value, decimals, main=decimals == most)
        single = struct.unpack("<f", struct.pack("<f", float(value)))[0]
        if most == _MOST_DECIMALS:
            yield from _decimal_texts(datum, axis, Decimal(single), most, main=False)
        for power in (5, 6, 7, 8):
            yield from _integer_texts(datum, axis, value, power)


def _decimal_texts(datum: str, axis: Axis, value: Decimal, decimals: int, *, main: bool) -> Iterator[CoordinateText]:
    step = Decimal(1).scaleb(-decimals)
    sure = decimals >= _SURE_DECIMALS
    roundings = (ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_DOWN)
    for text in dict.fromkeys(str(value.quantize(step, rounding)) for rounding in roundings):
        # A number that ends in zeros is printed without them.
        short = text.rstrip("0")
        left = len(short) - short.index(".") - 1
        if short != text and left >= _LEAST_DECIMALS:
            yield from _decimal_texts(datum, axis, Decimal(short), left, main=False)
        spelling = Spelling(
            text=text,
            code=f"{datum}-{decimals}",
            words=f"in {_DATUMS[datum]} with {decimals} decimals",
            words_zh=f"({_DATUMS[datum]}，{decimals}位小数)",
            main=main,
            boundary=Boundary.NUMBER_OPEN if decimals >= _MOST_DECIMALS else Boundary.NUMBER,
            need=Need.NOTHING if sure else Need.PARTNER,
        )
        yield CoordinateText(axis=axis, spelling=spelling, notation=f"{datum}-text")


def _integer_texts(datum: str, axis: Axis, value: Decimal, power: int) -> Iterator[CoordinateText]:
    for number in _scaled(value, power):
        spelling = Spelling(
            text=str(number),
            code=f"{datum}-e{power}",
            words=f"in {_DATUMS[datum]} times 10^{power} as an integer",
            words_zh=f"({_DATUMS[datum]}×10^{power}整数)",
            main=False,
            boundary=Boundary.DIGITS,
            need=Need.PARTNER,
        )
        yield CoordinateText(axis=axis, spelling=spelling, notation=f"{datum}-e{power}")


def _scaled(value: Decimal, power: int) -> tuple[int, ...]:
    scaled = value.scaleb(power)
    return tuple(dict.fromkeys((int(scaled.to_integral_value(ROUND_HALF_EVEN)), int(scaled))))


def place_texts(place: Place) -> Iterator[str]:
    """Both coordinates in one text, as apps digest them."""
    if place.latitude_text and place.longitude_text:
        for separator in (",", ", ", "_", "|"):
            yield f"{place.latitude_text}{separator}{place.longitude_text}"
            yield f"{place.longitude_text}{separator}{place.latitude_text}"


def coordinate_forms(place: Place) -> Iterator[CoordinateForm]:
    """Floating point numbers, binary integers and geohashes."""
    points = tuple(_points(place))
    for datum, axis, value in points:
        yield from _doubles(datum, axis, value)
        yield from _singles(datum, axis, value)
        for power in (6, 7):
            yield from _binary_integers(datum, axis, value, power)
    for (datum, _, north), (_, _, east) in zip(points[::2], points[1::2], strict=False):
        if _in_range(float(north), float(east)):
            yield from _geohashes(datum, float(north), float(east))


def _doubles(datum: str, axis: Axis, value: Decimal) -> Iterator[CoordinateForm]:
    number = float(value)
    exact = {number, round(number, 6), struct.unpack("<f", struct.pack("<f", number))[0]}
    near = set() if datum == "wgs84" else {number - 1e-11, number, number + 1e-11}
    literals = {(struct.pack(">d", one), "big") for one in exact} | {
        (struct.pack("<d", one), "little") for one in exact
    }
    # Two implementations of a datum differ in the last bits: six bytes fix a point to a thousandth of a millimetre.
    literals |= {(struct.pack(">d", one)[:6], "big") for one in near}
    literals |= {(struct.pack("<d", one)[2:], "little") for one in near}
    for literal, order in sorted(literals):
        yield CoordinateForm(
            axis=axis,
            literal=literal,
            caseless=False,
            code=f"{datum}-double-{order}",
            words=f"in {_DATUMS[datum]} as a {order}-endian double",
            words_zh=f"({_DATUMS[datum]}，双精度数)",
            notation=f"{datum}-binary",
            need=Need.NOTHING,
        )


def _singles(datum: str, axis: Axis, value: Decimal) -> Iterator[CoordinateForm]:
    for order, name in (("<", "little"), (">", "big")):
        yield CoordinateForm(
            axis=axis,
            literal=struct.pack(order + "f", float(value)),
            caseless=False,
            code=f"{datum}-float-{name}",
            words=f"in {_DATUMS[datum]} as a {name}-endian float",
            words_zh=f"({_DATUMS[datum]}，单精度数)",
            notation=f"{datum}-float",
        )


def _binary_integers(datum: str, axis: Axis, value: Decimal, power: int) -> Iterator[CoordinateForm]:
    for number in _scaled(value, power):
        zigzag = number << 1 if number >= 0 else (-number << 1) - 1
        literals = [
            (struct.pack("<i", number), "int32-little"),
            (struct.pack(">i", number), "int32-big"),
            (varint(zigzag), "varint-zigzag"),
            (varint(number & (1 << 64) - 1), "varint"),
        ]
        for literal, code in literals:
            yield CoordinateForm(
                axis=axis,
                literal=literal,
                caseless=False,
                code=f"{datum}-e{power}-{code}",
                words=f"in {_DATUMS[datum]} times 10^{power} as a binary integer",
                words_zh=f"({_DATUMS[datum]}×10^{power}，二进制整数)",
                notation=f"{datum}-e{power}-{code}",
            )


def _geohashes(datum: str, north: float, east: float) -> Iterator[CoordinateForm]:
    axes: tuple[Axis, Axis] = ("latitude", "longitude")
    for length in (7, 8):
        for axis in axes:
            yield CoordinateForm(
                axis=axis,
                literal=geohash(north, east, length).encode(),
                caseless=True,
                code=f"{datum}-geohash-{length}",
                words=f"in {_DATUMS[datum]} in a geohash of {length} characters{' or more' if length == 8 else ''}",
                words_zh=f"({_DATUMS[datum]}，geohash)",
                notation=f"{datum}-geohash",
                boundary=Boundary.WORD_OPEN if length == 8 else Boundary.WORD,
                need=Need.NOTHING,
                standalone=length == 8,
            )
