"""Looks for personal data that nobody planted, by format and checksum. Gives leads for a person, never findings."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evidence.clock import SystemClock
from traffic.decode import Batch, Budget, DecodeTree, Limits, Node, Where
from traffic.detect import request_roots
from traffic.excerpt import masked_excerpt
from traffic.telling import place_of

if TYPE_CHECKING:
    from evidence.clock import Clock
    from traffic.record import CapturedRequest

__all__ = ["Lead", "discover", "is_bank_card", "is_identity_number", "luhn_holds"]

_MOST_LEADS = 64
_LARGEST = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """Something that looks like personal data. Whose it is, and whether it is any, a person must say."""

    kind: str
    """ "phone", "identity_number", "bank_card", "imei" or "coordinates"."""
    name_zh: str
    name_en: str
    where: Where
    path: tuple[str, ...]
    offset: int
    """In the bytes that the last decoding of the path gave."""
    length: int
    excerpt: str


@dataclass(frozen=True, slots=True)
class _Shape:
    kind: str
    name_zh: str
    name_en: str
    pattern: re.Pattern[bytes]
    holds: Callable[[bytes], bool]


def luhn_holds(digits: bytes) -> bool:
    """Whether the last digit is the check digit of the others."""
    total = 0
    for position, byte in enumerate(reversed(digits)):
        digit = byte - 48
        if position % 2:
            digit = digit * 2 - (9 if digit > 4 else 0)
        total += digit
    return total % 10 == 0


_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_REGIONS = frozenset(range(11, 16)) | frozenset(range(21, 24)) | frozenset(range(31, 38)) | frozenset(range(41, 47))
_ALL_REGIONS = _REGIONS | frozenset(range(50, 55)) | frozenset(range(61, 66)) | {71, 81, 82, 83, 91}
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def is_identity_number(text: bytes) -> bool:
    """A number of GB 11643: region, a date of birth that exists, and the check character."""
    if len(text) != 18 or not text[:17].isdigit() or int(text[:2]) not in _ALL_REGIONS:
        return False
    month, day = int(text[10:12]), int(text[12:14])
    if not (1900 <= int(text[6:10]) <= 2035 and 1 <= month <= 12 and 1 <= day <= _DAYS[month - 1]):
        return False
    total = sum((byte - 48) * weight for byte, weight in zip(text[:17], _WEIGHTS, strict=True))
    return text[17:].upper() == b"10X98765432"[total % 11 : total % 11 + 1]


def is_bank_card(digits: bytes) -> bool:
    """UnionPay and the international networks, by length, issuer and check digit; not one repeated digit."""
    issuer = digits.startswith((b"62", b"4", b"51", b"52", b"53", b"54", b"55", b"34", b"37", b"35", b"60"))
    return issuer and len(set(digits)) >= 4 and luhn_holds(digits)


def _is_imei(digits: bytes) -> bool:
    # Type allocation codes begin with the two digits of the body that gave them out.
    return digits[:2] in (b"35", b"86", b"01", b"99", b"98") and len(set(digits)) >= 5 and luhn_holds(digits)


def _is_phone(digits: bytes) -> bool:
    return len(set(digits)) >= 4


def _is_place(text: bytes) -> bool:
    """Within the bounding box of China, with a precision of ten metres or better."""
    first, second = (float(part) for part in re.findall(rb"-?\d+\.\d+", text)[:2])
    return any(17 < north < 54 and 73 < east < 136 for north, east in ((first, second), (second, first)))


_SHAPES = (
    _Shape(
        "phone",
        "疑似手机号",
        "looks like a mobile phone number of China",
        re.compile(rb"(?<![0-9A-Za-z.])1[3-9][0-9]{9}(?![0-9A-Za-z]|\.[0-9])"),
        _is_phone,
    ),
    _Shape(
        "identity_number",
        "疑似身份证号",
        "looks like an identity card number of China",
        re.compile(rb"(?<![0-9A-Za-z])[1-9][0-9]{16}[0-9Xx](?![0-9A-Za-z])"),
        is_identity_number,
    ),
    _Shape(
        "bank_card",
        "疑似银行卡号",
        "looks like a bank card number",
        re.compile(rb"(?<![0-9A-Za-z.])[3-6][0-9]{15,18}(?![0-9A-Za-z])"),
        is_bank_card,
    ),
    _Shape(
        "imei",
        "疑似IMEI",
        "looks like an IMEI",
        re.compile(rb"(?<![0-9A-Za-z.])[0-9]{15}(?![0-9A-Za-z])"),
        _is_imei,
    ),
    _Shape(
        "coordinates",
        "疑似经纬度",
        "looks like a pair of coordinates",
        re.compile(rb"(?<![0-9.])-?[0-9]{1,3}\.[0-9]{4,16}(?![0-9])[^0-9]{1,40}?-?[0-9]{1,3}\.[0-9]{4,16}(?![0-9])"),
        _is_place,
    ),
)


def discover(request: CapturedRequest, *, limits: Limits | None = None, clock: Clock | None = None) -> tuple[Lead, ...]:
    """Each text once. Never raises because of what an app sent; bounded as the detector is."""
    budget = Budget(limits or Limits(), clock or SystemClock())
    found: dict[tuple[str, bytes], Lead] = {}
    for visit in DecodeTree(request_roots(request), budget):
        nodes = [visit] if isinstance(visit, Node) else _promising(visit)
        for node in nodes:
            for kind, text, lead in _leads(node):
                found.setdefault((kind, text), lead)
                if len(found) >= _MOST_LEADS:
                    return tuple(found.values())
    return tuple(found.values())


def _promising(batch: Batch) -> list[Node]:
    """Pieces that hold enough digits to be worth a look."""
    digits = re.compile(rb"[0-9]{11}|\.[0-9]{4}")
    return [batch.node(index) for index in range(len(batch.starts)) if digits.search(batch.piece(index))]


def _leads(node: Node) -> Iterator[tuple[str, bytes, Lead]]:
    if not node.is_text:
        return
    data = node.data[:_LARGEST]
    for shape in _SHAPES:
        for match in shape.pattern.finditer(data):
            text = match.group()
            if not shape.holds(text):
                continue
            path = place_of(node, match.start(), match.end() - match.start())
            excerpt = masked_excerpt(node.data, match.start(), match.end())
            yield (
                shape.kind,
                text,
                Lead(
                    kind=shape.kind,
                    name_zh=shape.name_zh,
                    name_en=shape.name_en,
                    where=node.where,
                    path=path,
                    offset=match.start(),
                    length=match.end() - match.start(),
                    excerpt=excerpt,
                ),
            )
