"""Where a request went: stated only where the data says so, uncertain with a reason everywhere else."""

from __future__ import annotations

import bisect
import ipaddress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.traffic.detect.made import request
from traffic.address_data import AddressData, Unusable
from traffic.recipients import load_networks, locate, locate_address
from traffic.record import CapturedRequest, CapturedResponse

HEADER = """# Location Database Export
#
# Generated: Thu, 25 Jun 2026 04:33:59 GMT
# Vendor:    Made Up
# License:   CC BY-SA 4.0
#
"""
RANGES = [
    ("1.0.0.0", "1.0.255.255", "CN"),
    ("8.8.8.0", "8.8.8.255", "US"),
    ("9.9.9.9", "9.9.9.9", "??"),
    ("103.4.0.0", "103.4.0.255", "HK"),
    ("103.5.0.0", "103.5.0.255", "MO"),
    ("103.6.0.0", "103.6.0.255", "TW"),
    ("104.0.0.0", "104.0.0.9", "A3"),
]


def write(folder: Path, ranges: list[tuple[str, str, str]], header: str = HEADER) -> Path:
    lines = [f"{int(ipaddress.IPv4Address(a))},{int(ipaddress.IPv4Address(b))},{code}\n" for a, b, code in ranges]
    (folder / "geoip").write_text(header + "".join(lines), encoding="utf-8")
    return folder


@pytest.fixture
def data(tmp_path: Path) -> AddressData:
    write(tmp_path, RANGES)
    six = HEADER + "2001:200::,2001:200:ffff:ffff:ffff:ffff:ffff:ffff,JP\n2408:8000::,2408:80ff::,CN\n"
    (tmp_path / "geoip6").write_text(six, encoding="utf-8")
    found = AddressData.open(tmp_path)
    assert isinstance(found, AddressData)
    return found


def answered(address: str | None, host: str = "api.lanting.test", **headers: str) -> CapturedRequest:
    response = CapturedResponse(
        status=200,
        headers=tuple((name.replace("_", "-"), value) for name, value in headers.items()),
        body=b"",
        body_length=0,
        server_host=host,
        server_port=443,
        server_address=address,
    )
    return replace(request(host=host), response=response)


@pytest.mark.parametrize(
    ("address", "verdict", "region", "name"),
    [
        ("1.0.0.1", "CN", "CN", "mainland China"),
        ("8.8.8.8", "not_CN", "US", "abroad (US)"),
        ("103.4.0.7", "not_CN", "HK", "Hong Kong, China"),
        ("103.5.0.7", "not_CN", "MO", "Macao, China"),
        ("103.6.0.7", "not_CN", "TW", "Taiwan, China"),
        ("2408:8000::7", "CN", "CN", "mainland China"),
        ("::ffff:1.0.0.1", "CN", "CN", "mainland China"),
        ("2001:200::1", "not_CN", "JP", "abroad (JP)"),
    ],
)
def test_a_known_address(data: AddressData, address: str, verdict: str, region: str, name: str) -> None:
    found = locate(answered(address), data)
    assert (found.verdict, found.region, found.name_en) == (verdict, region, name)
    assert found.source == "Made Up location database, 2026-06-25, CC BY-SA 4.0"
    assert found.name_zh


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("127.0.0.1", "private"),
        ("::1", "private"),
        ("10.0.2.2", "private"),
        ("192.168.1.7", "private"),
        ("198.18.0.1", "private"),
        ("224.0.0.1", "reserved"),
        ("9.9.9.9", "does not know"),
        ("104.0.0.1", "does not know"),
        ("7.7.7.7", "does not know"),
        ("223.5.5.5", "does not know"),
        ("2a00::1", "does not know"),
        ("no address", "is none"),
        (None, "proxy further on"),
    ],
)
def test_an_address_of_which_nothing_is_known(data: AddressData, address: str | None, reason: str) -> None:
    found = locate(answered(address), data)
    assert (found.verdict, found.region) == ("uncertain", None)
    assert reason in found.reason_en
    assert found.reason_zh


def test_without_an_answer_there_is_no_address(data: AddressData) -> None:
    found = locate(request(), data)
    assert found.verdict == "uncertain"
    assert "no answer" in found.reason_en


def test_an_address_in_the_url_is_the_address(data: AddressData) -> None:
    assert locate(request(host="8.8.8.8"), data).region == "US"


@pytest.mark.parametrize(
    ("host", "headers"),
    [
        ("api.lanting.test", {"CF_RAY": "8f"}),
        ("api.lanting.test", {"EagleId": "7a"}),
        ("d1.cloudfront.net", {}),
        ("d1.cloudfront.net.", {}),
    ],
)
def test_behind_a_delivery_network_nothing_is_certain(data: AddressData, host: str, headers: dict[str, str]) -> None:
    found = locate(answered("1.0.0.1", host, **headers), data)
    assert (found.verdict, found.region) == ("uncertain", "CN")
    assert "delivery network" in found.reason_en
    assert locate(answered("1.0.0.1", "notcloudfront.net"), data).verdict == "CN"


def test_without_data_everything_is_uncertain(tmp_path: Path) -> None:
    missing = AddressData.open(tmp_path)
    assert isinstance(missing, Unusable)
    assert locate(answered("8.8.8.8"), missing).verdict == "uncertain"
    assert locate(answered("8.8.8.8"), missing).reason_en == missing.en


@pytest.mark.parametrize("content", ["", "# nothing\n", HEADER.replace("Generated", "Made") + "1,2,CN\n"])
def test_a_file_without_a_date_is_not_used(tmp_path: Path, content: str) -> None:
    (tmp_path / "geoip").write_text(content, encoding="utf-8")
    assert isinstance(AddressData.open(tmp_path), Unusable)


@pytest.mark.parametrize("line", ["x,y,CN", "16777216", "16777216,16842751,CHINA", "\x00" * 5000, "," * 400])
def test_a_damaged_line_gives_no_answer(tmp_path: Path, line: str) -> None:
    (tmp_path / "geoip").write_text(HEADER + line + "\n", encoding="utf-8")
    found = AddressData.open(tmp_path)
    assert isinstance(found, AddressData)
    assert found.region(ipaddress.IPv4Address("1.0.0.1")) is None


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 2**32 - 1), min_size=2, max_size=60, unique=True), st.lists(st.integers(0, 2**32 - 1)))
def test_halving_finds_what_reading_finds(
    tmp_path_factory: pytest.TempPathFactory, edges: list[int], asked: list[int]
) -> None:
    edges.sort()
    pairs = list(zip(edges[::2], edges[1::2], strict=False))
    folder = tmp_path_factory.mktemp("data")
    (folder / "geoip").write_text(HEADER + "".join(f"{a},{b},CN\n" for a, b in pairs), encoding="utf-8")
    data = AddressData.open(folder)
    assert isinstance(data, AddressData)
    for number in (*asked, *edges):
        at = bisect.bisect_right([a for a, _ in pairs], number) - 1
        inside = at >= 0 and number <= pairs[at][1]
        assert data.region(ipaddress.IPv4Address(number)) == ("CN" if inside else None)


def test_faults_of_the_networks_are_named_together() -> None:
    text = """
    [[network]]
    id = "a"
    name = "A"
    headers = ["CF-Ray"]
    hosts = ["nodot"]
    reason = "because"
    [[network]]
    id = "b"
    """
    with pytest.raises(ValueError, match="small letters") as caught:
        load_networks(text)
    assert "no host name" in str(caught.value)
    assert "must have" in str(caught.value)
    assert locate_address("not", Unusable(zh="无", en="none")).verdict == "uncertain"
