"""Unplanted personal data gives leads: by format and checksum, never more than a lead."""

from __future__ import annotations

import base64
import gzip
import json
import random
import urllib.parse

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.traffic.detect.made import request
from traffic.discovery import Lead, discover, is_bank_card, is_identity_number, luhn_holds


def kinds(text: str) -> list[str]:
    return [lead.kind for lead in discover(request(text.encode()))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"mobile":"13987654321"}', ["phone"]),
        ('{"mobile":"+8613987654321"}', []),
        ('{"t":1398765432112}', []),
        ('{"mobile":"11111111111"}', []),
        ('{"id":"11010519491231002X"}', ["identity_number"]),
        ('{"id":"110105194912310021"}', []),
        ('{"id":"11010519491331002X"}', []),
        ('{"card":"6222021234567890127"}', []),
        ('{"card":"4111111111111111"}', []),
        ('{"card":"4539578763621486"}', ["bank_card"]),
        ('{"d":"490154203237518"}', []),
        ('{"d":"861734050926483"}', []),
        ('{"lat":31.23041,"lng":121.47370}', ["coordinates"]),
        ('{"lng":121.47370,"lat":31.23041}', ["coordinates"]),
        ('{"lat":31.2,"lng":121.4}', []),
        ('{"w":1.23456,"h":2.34567}', []),
        ("no digits at all", []),
    ],
)
def test_formats_and_checksums(text: str, expected: list[str]) -> None:
    assert kinds(text) == expected


def test_an_imei_with_its_check_digit_is_a_lead() -> None:
    body = "86173405092648"
    digit = next(str(last) for last in range(10) if luhn_holds(f"{body}{last}".encode()))
    assert kinds(f'{{"d":"{body}{digit}"}}') == ["imei"]


def test_leads_are_found_through_encodings_and_say_where() -> None:
    inner = json.dumps({"user": {"tel": "13987654321"}}).encode()
    body = b"data=" + urllib.parse.quote_plus(base64.b64encode(gzip.compress(inner))).encode()
    (lead,) = discover(request(body))
    assert lead.path[:2] == ("body", "form:data")
    assert lead.path[-2:] == ("gzip", "json:user.tel")
    assert "13987654321" not in lead.excerpt
    assert isinstance(lead, Lead)


def test_each_value_is_told_once_and_not_endlessly() -> None:
    assert kinds(json.dumps(["13987654321"] * 50)) == ["phone"]
    chance = random.Random(3)
    many = [f"139{chance.randrange(10**8):08d}" for _ in range(500)]
    assert len(discover(request(json.dumps(many).encode()))) == 64


def test_known_numbers() -> None:
    assert is_identity_number(b"11010519491231002X")
    assert is_identity_number(b"11010519491231002x")
    assert not is_identity_number(b"")
    assert is_bank_card(b"4539578763621486")
    assert luhn_holds(b"79927398713")


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.binary(max_size=300), st.text("0123456789.,:{}\"' -x", max_size=300).map(str.encode)))
def test_nothing_raises(data: bytes) -> None:
    assert len(discover(request(data))) <= 64
