"""The ways to write a known value as text. Coordinates have a file of their own."""

from __future__ import annotations

import re
import string
import struct
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from traffic.spelling.common import stands_alone
from traffic.spelling.pattern import Boundary, Need, Spelling

if TYPE_CHECKING:
    from traffic.known import KnownValue

__all__ = ["hex_digits", "national_number", "spellings"]

_HEX = frozenset(string.hexdigits)
_LEAST_DECIMAL = 12
_UUID_KINDS = frozenset({"aaid", "gaid", "oaid", "vaid"})


def hex_digits(value: str) -> str:
    """The value without separators, in lower case; empty where it holds anything else than hexadecimal digits."""
    bare = re.sub(r"[-:._ ]", "", value)
    return bare.lower() if bare and set(bare) <= _HEX else ""


def national_number(value: str) -> str:
    """Digits of a phone number without the country code of China."""
    digits = re.sub(r"\D", "", value)
    if value.strip().startswith("00"):
        digits = digits[2:]
    return digits[2:] if len(digits) == 13 and digits.startswith("86") else digits


def spellings(known: KnownValue) -> tuple[Spelling, ...]:
    """Every way in which the value is looked for, the usual one first, none twice."""
    found: dict[str, Spelling] = {}
    for spelling in _WRITERS.get(known.kind, _free_text)(known):
        if len(spelling.text.encode()) >= 6 or spelling.need is Need.KEY_WORD:
            found.setdefault(spelling.text.lower(), spelling)
    return tuple(found.values())


def _imei(known: KnownValue) -> Iterator[Spelling]:
    digits = re.sub(r"\D", "", known.value)
    yield Spelling(text=digits, boundary=Boundary.DIGITS)
    if len(digits) < 14:
        return
    yield Spelling(
        text=digits[:14],
        code="14-digits",
        words="without its check digit",
        words_zh="前14位",
        boundary=Boundary.IMEI_BODY,
    )
    groups = (digits[:2], digits[2:8], digits[8:14], digits[14:])
    yield from _joined([part for part in groups if part], "- ")
    yield from _joined([part for part in (digits[:6], digits[6:8], digits[8:14], digits[14:]) if part], "- ")
    yield from _exponent(digits)
    yield from _other_base(digits)


def _digits(known: KnownValue) -> Iterator[Spelling]:
    digits = re.sub(r"\D", "", known.value)
    yield Spelling(text=digits or known.value, boundary=Boundary.DIGITS)
    if known.kind == "imsi" and len(digits) == 15:
        yield from _joined([digits[:3], digits[3:5], digits[5:]], "- ")
        yield from _exponent(digits)
        yield from _other_base(digits)
    if known.kind == "iccid":
        yield from _joined([digits[start : start + 4] for start in range(0, len(digits), 4)], " ")


def _exponent(digits: str) -> Iterator[Spelling]:
    """As Java prints a double that holds an integer."""
    mantissa = digits[1:].rstrip("0") or "0"
    yield Spelling(
        text=f"{digits[0]}.{mantissa}E{len(digits) - 1}",
        code="exponent",
        words="as a floating point number",
        words_zh="浮点数写法",
        main=False,
        boundary=Boundary.DIGITS,
    )


def _other_base(digits: str) -> Iterator[Spelling]:
    """As Java's Long.toHexString and JavaScript's toString(36) write a number."""
    hexadecimal = f"{int(digits):x}"
    for text in (hexadecimal, f"0x{hexadecimal}"):
        yield Spelling(
            text=text,
            code="hex-number",
            words="as a hexadecimal number",
            words_zh="十六进制数",
            main=False,
            boundary=Boundary.WORD,
        )
    yield Spelling(
        text=_base36(int(digits)),
        code="base-36",
        words="as a number in base 36",
        words_zh="三十六进制数",
        main=False,
        boundary=Boundary.WORD,
    )


def _base36(number: int) -> str:
    written = ""
    while number:
        number, digit = divmod(number, 36)
        written = (string.digits + string.ascii_lowercase)[digit] + written
    return written


def _joined(parts: list[str], separators: str) -> Iterator[Spelling]:
    for separator in separators:
        yield Spelling(
            text=separator.join(parts),
            code=f"grouped-{'dash' if separator == '-' else 'space'}",
            words=f"in groups with {'dashes' if separator == '-' else 'spaces'}",
            words_zh="分组书写",
            main=False,
            boundary=Boundary.DIGITS,
        )


def _phone(known: KnownValue) -> Iterator[Spelling]:
    number = national_number(known.value)
    yield Spelling(text=number, boundary=Boundary.DIGITS)
    if len(number) != 11:
        if known.value.strip() != number:
            yield Spelling(text=known.value.strip(), code="as-given", boundary=Boundary.DIGITS)
        return
    country = partial(Spelling, words="with the country code", words_zh="带国家码", boundary=Boundary.DIGITS)
    for prefix, code in (("+86", "plus-86"), ("86", "86"), ("0086", "0086")):
        yield country(text=prefix + number, code=code)
    groups = [number[:3], number[3:7], number[7:]]
    yield from _joined(groups, "- ")
    for separator in "- ":
        for prefix in ("+86", "86"):
            grouped = separator.join([prefix, *groups])
            yield country(text=grouped, code="86-grouped", main=False)
            spaced = f"{prefix}{separator}{number}"
            yield country(text=spaced, code="86-spaced", main=False)
    yield from _exponent(number)


def _mac(known: KnownValue) -> Iterator[Spelling]:
    bare = hex_digits(known.value)
    if len(bare) != 12:
        yield from _free_text(known)
        return
    pairs = [bare[start : start + 2] for start in range(0, 12, 2)]
    yield Spelling(text=":".join(pairs))
    yield Spelling(text="-".join(pairs), code="dashes", words="with dashes", words_zh="以横线分隔")
    yield Spelling(text=bare, code="no-separators", words="without separators", words_zh="无分隔符")
    for separator, code in ((".", "dots"), ("_", "underscores"), (" ", "spaces")):
        yield Spelling(text=separator.join(pairs), code=code, words=f"with {code}", words_zh="其他分隔符", main=False)
    quads = ".".join(bare[start : start + 4] for start in (0, 4, 8))
    yield Spelling(text=quads, code="quads", words="in three groups", words_zh="三段写法", main=False)
    decimal = str(int(bare, 16))
    if len(decimal) >= _LEAST_DECIMAL:
        yield _decimal(decimal)
    short = ":".join(pair.lstrip("0") or "0" for pair in pairs)
    yield Spelling(
        text=short,
        code="no-zeros",
        words="without leading zeros",
        words_zh="省略前导零",
        main=False,
        boundary=Boundary.WORD,
    )


def _uuid(known: KnownValue) -> Iterator[Spelling]:
    bare = hex_digits(known.value)
    if len(bare) != 32:
        # Some vendors' OAID is no UUID but a longer hexadecimal string.
        yield from _free_text(known)
        if bare and bare != known.value.lower():
            yield Spelling(text=bare, code="no-separators", words="without separators", words_zh="无分隔符")
        return
    dashed = f"{bare[:8]}-{bare[8:12]}-{bare[12:16]}-{bare[16:20]}-{bare[20:]}"
    yield Spelling(text=dashed)
    yield Spelling(text=bare, code="no-dashes", words="without dashes", words_zh="无横线")
    yield Spelling(
        text=dashed.replace("-", "_"), code="underscores", words="with underscores", words_zh="下划线分隔", main=False
    )
    for half in (int(bare[:16], 16), int(bare[16:], 16)):
        for number in {half, half - (1 << 64) if half >> 63 else half}:
            if len(str(number)) >= _LEAST_DECIMAL:
                # Java's getMostSignificantBits and getLeastSignificantBits.
                yield _decimal(str(number), "decimal-half", "(half of it as a decimal number)", "(一半，十进制)")


def _android_id(known: KnownValue) -> Iterator[Spelling]:
    bare = hex_digits(known.value)
    yield Spelling(text=known.value.strip())
    if len(bare) != 16:
        return
    stripped = bare.lstrip("0")
    if stripped != bare and len(stripped) >= 12:
        yield Spelling(
            text=stripped,
            code="no-zeros",
            words="without leading zeros",
            words_zh="省略前导零",
            boundary=Boundary.WORD,
        )
    number = int(bare, 16)
    signed = number - (1 << 64) if number >> 63 else number
    for decimal in {str(number), str(signed)}:
        yield _decimal(decimal)


def _decimal(
    text: str, code: str = "decimal", words: str = "as a decimal number", words_zh: str = "十进制"
) -> Spelling:
    return Spelling(text=text, code=code, words=words, words_zh=words_zh, main=False, boundary=Boundary.DIGITS)


def _meid(known: KnownValue) -> Iterator[Spelling]:
    bare = hex_digits(known.value)
    yield Spelling(text=known.value.strip(), boundary=Boundary.WORD)
    if len(bare) == 14:
        decimal = f"{int(bare[:8], 16):010d}{int(bare[8:], 16):08d}"
        yield Spelling(
            text=decimal, code="decimal", words="in its decimal form", words_zh="十进制", boundary=Boundary.DIGITS
        )


def _ip_address(known: KnownValue) -> Iterator[Spelling]:
    standalone = stands_alone(known)
    yield Spelling(text=known.value.strip(), boundary=Boundary.ADDRESS, standalone=standalone)
    parts = known.value.strip().split(".")
    if len(parts) != 4 or not all(part.isascii() and part.isdigit() and int(part) < 256 for part in parts):
        return
    packed = bytes(int(part) for part in parts)
    for order in ("<i", "<I", ">i", ">I"):
        yield Spelling(
            text=str(struct.unpack(order, packed)[0]),
            code="integer",
            words="as an integer",
            words_zh="整数写法",
            main=False,
            boundary=Boundary.DIGITS,
            standalone=standalone,
        )


def _package(known: KnownValue) -> Iterator[Spelling]:
    yield Spelling(text=known.value.strip(), boundary=Boundary.PACKAGE, standalone=stands_alone(known))


def _serial(known: KnownValue) -> Iterator[Spelling]:
    text = known.value.strip()
    yield Spelling(text=text, boundary=Boundary.FREE if len(text) >= 8 else Boundary.WORD)


def _named(known: KnownValue) -> Iterator[Spelling]:
    """Words that may be common. Where they are, only a key word before them gives them a meaning."""
    text, standalone = known.value.strip().strip('"'), stands_alone(known)
    boundary = Boundary.FREE if standalone else Boundary.WORD
    need = Need.NOTHING if standalone else Need.KEY_WORD
    yield Spelling(text=text, boundary=boundary, need=need, standalone=standalone)
    if known.kind == "ssid" and standalone:
        yield Spelling(text=f'"{text}"', code="quoted", words="in quotes as Android states it", words_zh="带引号")
    yield from _plus_for_space(text, boundary, need, standalone)


def _clipboard(known: KnownValue) -> Iterator[Spelling]:
    text, standalone = known.value.strip(), stands_alone(known)
    boundary = Boundary.FREE if standalone else Boundary.WORD
    yield Spelling(text=text, boundary=boundary, standalone=standalone)
    yield from _plus_for_space(text, boundary, Need.NOTHING, standalone)
    for word in text.split():
        marked = len(word) >= 10 and any(sign.isdigit() for sign in word) and any(sign.isalpha() for sign in word)
        if marked and word != text:
            yield Spelling(text=word, code="part", words="(a part of it)", words_zh="片段")


def _free_text(known: KnownValue) -> Iterator[Spelling]:
    text, standalone = known.value.strip(), stands_alone(known)
    boundary = Boundary.FREE if standalone else Boundary.WORD
    yield Spelling(text=text, boundary=boundary, standalone=standalone)
    yield from _plus_for_space(text, boundary, Need.NOTHING, standalone)


def _plus_for_space(text: str, boundary: Boundary, need: Need, standalone: bool) -> Iterator[Spelling]:
    if " " in text:
        yield Spelling(
            text=text.replace(" ", "+"),
            code="plus",
            words="with plus signs for spaces",
            words_zh="空格写作加号",
            main=False,
            boundary=boundary,
            need=need,
            standalone=standalone,
        )


_WRITERS: dict[str, Callable[[KnownValue], Iterator[Spelling]]] = {
    **dict.fromkeys(("imei", "imei2"), _imei),
    **dict.fromkeys(("imsi", "iccid"), _digits),
    **dict.fromkeys(("phone", "contact_phone"), _phone),
    **dict.fromkeys(("mac", "bssid", "bluetooth_mac"), _mac),
    **dict.fromkeys(_UUID_KINDS, _uuid),
    **dict.fromkeys(("ssid", "device_name", "model"), _named),
    "android_id": _android_id,
    "clipboard": _clipboard,
    "ip_address": _ip_address,
    "meid": _meid,
    "package_list": _package,
    "serial": _serial,
}
