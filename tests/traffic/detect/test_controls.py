"""What must never be found: other devices' values, parts of other numbers, placeholders, common words."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import string
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.traffic.detect.made import DEVICE, ENCODERS, KNOWN, request
from traffic.bench import another
from traffic.detect import Detector
from traffic.known import DATA_TYPES, KnownValue
from traffic.spelling.common import is_placeholder, stands_alone

DETECTOR = Detector(KNOWN)


def known(kind: str, value: str) -> KnownValue:
    return KnownValue(kind=kind, value=value, source="test")


def hits(body: bytes, *values: KnownValue) -> list[str]:
    detector = Detector(values) if values else DETECTOR
    return [hit.kind for hit in detector.search(request(body)).hits]


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 1 << 40), st.sampled_from(sorted(ENCODERS)))
def test_values_of_another_device_are_never_found(seed: int, encoding: str) -> None:
    chance = random.Random(seed)
    theirs = {value.kind: another(value, chance).value for value in KNOWN}
    if any(theirs[kind] == DEVICE[kind] for kind in theirs):
        return
    text = json.dumps({**theirs, "hash": hashlib.sha256(theirs["imei"].encode()).hexdigest()}, ensure_ascii=False)
    assert hits(text.encode()) == []
    assert hits(ENCODERS[encoding](text.encode(), chance)) == []


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=4000))
def test_random_bytes_hold_nothing(data: bytes) -> None:
    assert hits(data) == []
    assert hits(base64.b64encode(data)) == []
    assert hits(data.hex().encode()) == []


def test_megabytes_of_noise_hold_nothing() -> None:
    chance = random.Random(1)
    for alphabet in (
        "0123456789",
        "0123456789abcdef",
        string.ascii_letters + string.digits + "+/",
        "0123456789.,",
        string.printable,
    ):
        text = "".join(chance.choices(alphabet, k=1 << 20)).encode()
        assert hits(text) == [], alphabet
    assert hits(chance.randbytes(4 << 20)) == []


@pytest.mark.parametrize("kind", ["imei", "imsi", "phone", "contact_phone", "iccid"])
def test_a_part_of_a_longer_number_is_not_it(kind: str) -> None:
    number = DEVICE[kind]
    for text in (f"1{number}", f"{number}7", f"99{number}00", f"{number[:-1]}", f"{number[1:]}"):
        if kind == "imei" and text in (number[:-1], f"{number}7"):
            continue  # the same device, without its check digit or with its software version
        assert hits(json.dumps({"n": text}).encode()) == [], text


CARRIERS: dict[str, Callable[[bytes], bytes]] = {
    "base64": base64.b64encode,
    "base64-url": base64.urlsafe_b64encode,
    "base64 torn off": lambda text: b"zz9x" + base64.b64encode(text),
    "reversed base64": lambda text: base64.b64encode(text)[::-1],
    "hexadecimal": lambda text: text.hex().encode(),
    "UTF-16LE": lambda text: text.decode().encode("utf-16-le"),
    "UTF-16BE": lambda text: text.decode().encode("utf-16-be"),
    "UTF-16 in base64": lambda text: base64.b64encode(text.decode().encode("utf-16-le")),
    "backwards": lambda text: text[::-1],
}


@pytest.mark.parametrize("carrier", sorted(CARRIERS))
@pytest.mark.parametrize("shift", range(3))
def test_a_part_of_something_longer_is_not_it_in_an_encoding_either(carrier: str, shift: int) -> None:
    write, lead = CARRIERS[carrier], "." * shift
    for kind in ("phone", "imsi", "iccid", "contact_phone"):
        assert hits(write(f"{lead}no=1{DEVICE[kind]}7".encode())) == [], kind
        assert hits(write(f'{lead}{{"n":99{DEVICE[kind]}123}}'.encode())) == [], kind
    for text in (
        "org.saffron.quokka.diary2;",
        "com.org.saffron.quokka.diary",
        "1192.168.77.203",
        "192.168.77.2031",
        '{"lat":130.274085,"lng":1120.155070}',
    ):
        assert hits(write((lead + text).encode())) == [], text


@pytest.mark.parametrize("carrier", sorted(CARRIERS))
@pytest.mark.parametrize("shift", range(3))
def test_the_value_itself_is_found_in_the_same_encodings(carrier: str, shift: int) -> None:
    write, lead = CARRIERS[carrier], "." * shift
    for kind in ("phone", "imsi", "iccid", "contact_phone", "package_list", "ip_address", "latitude"):
        assert kind in hits(write(f'{lead}{{"n":"{DEVICE[kind]}"}}'.encode())), kind


def test_a_time_in_milliseconds_is_no_phone_number() -> None:
    phone = known("phone", "17912876503")
    assert hits(b'{"t":1791287650312}', phone) == []
    assert hits(b'{"t":17912876503}', phone) == ["phone"]


@pytest.mark.parametrize(
    "text",
    ["130.274085", "30.2740", "-30.274085", "30.2841", "30.27409", "1.30.274085", "30.27408512"],
)  # fmt: skip
def test_another_latitude_is_not_ours(text: str) -> None:
    expected = ["latitude"] if text in ("30.27409", "30.27408512") else []
    assert hits(f'{{"lat":{text},"lng":0}}'.encode()) == expected


def test_coarse_coordinates_count_only_together() -> None:
    assert hits(b'{"lat":30.274,"x":1}') == []
    assert sorted(hits(b'{"lat":30.274,"lng":120.155}')) == ["latitude", "longitude"]
    assert hits(b'{"lat":30.274,' + b'"pad":"' + b"x" * 400 + b'","lng":120.155}') == []


def test_the_neighbouring_point_is_not_ours() -> None:
    assert hits(b'{"lat":30.276085,"lng":120.157070}') == []


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("mac", "02:00:00:00:00:00"),
        ("mac", "00:00:00:00:00:00"),
        ("imei", "000000000000000"),
        ("oaid", "00000000-0000-0000-0000-000000000000"),
        ("gaid", "00000000-0000-0000-0000-000000000000"),
        ("serial", "unknown"),
        ("android_id", "9774d56d682e549c"),
        ("ssid", "<unknown ssid>"),
        ("latitude", "0.0"),
        ("latitude", "nonsense"),
        ("phone", ""),
    ],
)
def test_a_placeholder_is_not_looked_for(kind: str, value: str) -> None:
    placeholder = known(kind, value)
    assert is_placeholder(placeholder)
    detector = Detector([placeholder])
    assert detector.ignored == (placeholder,)
    assert detector.search(request(json.dumps({"v": value}).encode())).hits == ()


def test_a_model_is_no_identifier() -> None:
    model = known("model", "Pixel 7")
    assert hits(b'{"title":"Buy a Pixel 7 today"}', model) == []
    found = Detector([model]).search(request(b'{"model":"Pixel 7"}')).hits
    assert [(hit.kind, hit.standalone) for hit in found] == [("model", False)]


@pytest.mark.parametrize(
    ("kind", "value", "alone"),
    [
        ("ssid", "HoneyNet-7Q2x", True),
        ("ssid", "ChinaNet-5G", False),
        ("ssid", "TP-LINK_5G", False),
        ("ssid", "wifi", False),
        ("device_name", "Pixel 7", False),
        ("device_name", "Redmi Note 12 Pro", False),
        ("device_name", "SM-G9910 v2", False),
        ("device_name", "红米Note 12", False),
        ("device_name", "我的华为手机", False),
        ("device_name", "sdk_gphone64_x86_64", False),
        ("device_name", "Wanda's Galaxy", True),
        ("device_name", "张三的Redmi手机", True),
        ("contact_name", "欧阳星野", True),
        ("contact_name", "张伟", False),
        ("contact_name", "Li Na.", False),
        ("ip_address", "192.168.1.100", False),
        ("ip_address", "10.0.2.15", False),
        ("ip_address", "192.168.77.203", True),
        ("package_list", "com.tencent.mm", False),
        ("package_list", "com.google.android.gms", False),
        ("package_list", "org.saffron.quokka.diary", True),
        ("clipboard", "hello world", False),
        ("clipboard", "取件码 83kq2", True),
    ],
)  # fmt: skip
def test_common_values_do_not_stand_alone(kind: str, value: str, alone: bool) -> None:
    assert stands_alone(known(kind, value)) is alone
    found = Detector([known(kind, value)]).search(request(json.dumps({kind: value}, ensure_ascii=False).encode())).hits
    assert [hit.standalone for hit in found] == [alone]


def test_a_package_is_not_found_in_a_longer_name() -> None:
    package = known("package_list", "org.saffron.quokka")
    assert hits(b'{"p":"org.saffron.quokka.diary"}', package) == []
    assert hits(b'{"p":"org.saffron.quokkas"}', package) == []
    assert hits(b'["org.saffron.quokka"]', package) == ["package_list"]


def test_an_address_is_not_found_in_a_longer_one() -> None:
    address = known("ip_address", "192.168.77.20")
    assert hits(b'{"ip":"192.168.77.203"}', address) == []
    assert hits(b'{"ip":"1192.168.77.20"}', address) == []
    assert hits(b'{"ip":"192.168.77.20:8080"}', address) == ["ip_address"]


def test_the_same_values_twice_are_one() -> None:
    twice = [known("imei", DEVICE["imei"]), KnownValue(kind="imei", value=DEVICE["imei"], source="another way")]
    assert len(Detector(twice).search(request(DEVICE["imei"].encode())).hits) == 1


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown kind of data 'colour'"):
        known("colour", "red")


def test_every_kind_can_be_looked_for() -> None:
    device = {**DEVICE, "imei2": "861734050926491"}
    values = [known(kind, device.get(kind, f"Unusual value 7Q2x of {kind}")) for kind in DATA_TYPES if kind != "model"]
    body = json.dumps({value.kind: value.value for value in values}, ensure_ascii=False).encode()
    assert {hit.kind for hit in Detector(values).search(request(body)).hits} >= {value.kind for value in values}
