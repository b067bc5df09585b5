"""Keys of an XOR that common words give away."""

from __future__ import annotations

import base64
import json
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import traffic
from tests.traffic.detect.made import DEVICE, KNOWN, multipart, request, xor
from traffic.decode.cribs import LAGS, CribSearch, common_cribs
from traffic.detect import Detector

DETECTOR = Detector(KNOWN)
REPORT = json.dumps({"event": "app_start", "properties": {"v": "2.1"}, "timestamp": 1795533604}).encode()


@settings(max_examples=100, deadline=None)
@given(st.binary(min_size=1, max_size=4).filter(any), st.integers(0, 40))
def test_a_key_is_found_wherever_the_word_stands(key: bytes, before: int) -> None:
    data = xor(b"\x81" * before + b'"properties"' + b"\x92" * 9, key)
    found = [crib.key for crib in common_cribs().keys(data)]
    assert any(xor(data, one) == xor(data, key) for one in found)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_what_is_not_covered_has_no_key(data: bytes) -> None:
    assert not any(set(crib.key) == {0} for crib in common_cribs().keys(data + REPORT))
    assert list(CribSearch([]).keys(data)) == []


@pytest.mark.parametrize("length", [length for length in LAGS if length <= 4])
def test_a_value_in_base64_in_a_covered_report_is_found(length: int) -> None:
    inner = base64.b64encode(json.dumps({"event": "login", "imei": DEVICE["imei"]}).encode()).decode()
    body = xor(json.dumps({"payload": inner}).encode(), bytes(range(0x91, 0x91 + length)))
    assert [hit.kind for hit in DETECTOR.search(request(body)).hits] == ["imei"]


def test_a_covered_multipart_body_with_bytes_in_it_is_found() -> None:
    body = xor(multipart(bytes(range(256)) + DEVICE["imei"].encode()), b"\x5b\xc4")
    assert "imei" in {hit.kind for hit in DETECTOR.search(request(body)).hits}


def test_ordinary_reports_are_not_taken_for_covered_ones() -> None:
    for body in (REPORT, b"<r><e>1</e></r>", b"[object Object]", "名称=张三丰的手机 与 李四的手机".encode() * 3):
        assert not any("xor" in step.code for hit in DETECTOR.search(request(body)).hits for step in hit.steps)


def test_each_word_has_its_reason_once() -> None:
    table = tomllib.loads((Path(traffic.__file__).parent / "data" / "cribs.toml").read_text(encoding="utf-8"))
    words = [entry["text"] for entry in table["crib"]]
    assert len(words) == len(set(words))
    assert all(entry["reason"] for entry in table["crib"])
