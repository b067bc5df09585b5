"""Adapters name fields and never more than that; the table is right, and as sure as it says."""

from __future__ import annotations

import base64
import gzip
import json
from collections import defaultdict
from pathlib import Path

import pytest

from tests.traffic.detect.made import DEVICE, KNOWN, request
from traffic.adapter_table import load_adapters
from traffic.adapters import adapters_table, field_of, name_fields
from traffic.attribution import attribute
from traffic.bench import known_values, read_har
from traffic.detect import Detector
from traffic.leaves import read_leaves

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "traffic"
needs_captures = pytest.mark.skipif(
    not (SHARED / "corpus.har").is_file(), reason="the captures of real SDK requests are not on this machine"
)
INTERNATIONAL = frozenset(
    {"adjust", "admob", "amplitude", "applovin", "appsflyer", "branch", "braze", "bugsnag", "clevertap", "countly"}
    | {"crashlytics", "facebook", "firebase", "google_analytics", "ironsource", "mixpanel", "onesignal", "segment"}
    | {"sentry", "singular", "statsig", "unity_ads"}
)


def named(host: str, body: bytes = b"", path: str = "/") -> dict[str, str]:
    sent = request(body, host=host, path=path)
    return {field.field: field.data for field in name_fields(sent, read_leaves(sent))}


def test_the_table_is_wide_enough() -> None:
    sdks = {adapter.sdk for adapter in adapters_table().adapters}
    assert len(sdks & INTERNATIONAL) >= 10
    assert len(sdks - INTERNATIONAL) >= 30


@pytest.mark.parametrize(
    "adapter", [item for item in adapters_table().adapters if item.hosts], ids=lambda item: item.id
)
def test_an_adapters_hosts_are_its_sdks(adapter) -> None:  # type: ignore[no-untyped-def]
    for host in adapter.hosts:
        found = attribute(f"x.{host}", "com.lanting.shop")
        assert found.kind in ("sdk", "shared_cloud", "unknown")
        if found.kind == "sdk":
            assert _family(found.sdk_id) == _family(adapter.sdk) or host.startswith(("hicloud", "dbankcloud")), host


def _family(sdk: str | None) -> str:
    """SDKs of one vendor share hosts."""
    return (sdk or "").split("_")[0].replace("alicloud", "umeng").replace("alibaba", "umeng")


def test_a_value_nobody_knew_gets_its_name() -> None:
    body = b"data_list=" + base64.b64encode(
        gzip.compress(
            json.dumps([{"distinct_id": "a8c1e0f2b3d4", "time": 1, "properties": {"$device_id": "77aa88bb"}}]).encode()
        )
    )
    fields = named("honey.datasink.sensorsdata.cn", body, "/sa?project=default")
    assert fields == {"distinct_id": "vendor_device_id", "properties.$device_id": "android_id"}


def test_an_sdk_on_the_apps_own_host_is_known_by_its_names() -> None:
    event = {"distinct_id": "a8c1e0f2b3d4", "lib": {"$lib": "Android"}, "properties": {"$lib_version": "6.7.10"}}
    body = b"data=" + base64.b64encode(json.dumps(event).encode())
    assert named("track.lanting.test", body) == {"distinct_id": "vendor_device_id"}
    del event["lib"]
    assert named("track.lanting.test", b"data=" + base64.b64encode(json.dumps(event).encode())) == {}


@pytest.mark.parametrize(
    ("host", "path", "body"),
    [
        ("api2.amplitude.com.evil.test", "/2/httpapi", b'{"events":[{"device_id":"abcdef012345"}]}'),
        ("notamplitude.com", "/2/httpapi", b'{"events":[{"device_id":"abcdef012345"}]}'),
        ("api2.amplitude.com", "/2/httpapi?events.device_id=abcdef012345", b""),
        (
            "api2.amplitude.com",
            "/2/httpapi",
            b'{"events":[{"device_id":""},{"device_id":"0000-0000"},{"device_id":"unknown"}]}',
        ),
        ("api2.amplitude.com", "/2/httpapi", b'{"events":[{"my_device_id":"abcdef012345"}]}'),
        ("umini.shujupie.com", "/other", b'{"h":{"itr":{"ud":"abcdef012345"}}}'),
    ],
    ids=["host below another", "host with a beginning", "wrong place", "empty", "another name", "another path"],
)
def test_what_is_not_the_sdks_gets_no_name(host: str, path: str, body: bytes) -> None:
    assert named(host, body, path) == {}


def test_known_values_are_found_whatever_an_adapter_says() -> None:
    body = json.dumps({"events": [{"device_id": "d41f00e2", "android_id": DEVICE["android_id"], "x": DEVICE["imei"]}]})
    sent = request(body.encode(), host="api2.amplitude.com", path="/2/httpapi")
    hits = Detector(KNOWN).search(sent).hits
    fields = name_fields(sent, read_leaves(sent))
    assert {hit.kind for hit in hits} == {"android_id", "imei"}
    told = {hit.kind: field_of(hit, fields) for hit in hits}
    assert told["imei"] is None
    found = told["android_id"]
    assert found is not None
    assert (found.field, found.data, found.sort) == ("events.android_id", "android_id", "identifier")
    assert {field.field for field in fields} == {"events.device_id", "events.android_id"}


def test_a_value_wrapped_once_more_is_in_its_field() -> None:
    inner = base64.b64encode(b"imei:" + DEVICE["imei"].encode()).decode()
    sent = request(json.dumps({"events": [{"device_id": inner}]}).encode(), host="api2.amplitude.com")
    hit = next(hit for hit in Detector(KNOWN).search(sent).hits if hit.kind == "imei")
    found = field_of(hit, name_fields(sent, read_leaves(sent)))
    assert found is not None
    assert found.field == "events.device_id"


def test_no_value_is_shown_in_full() -> None:
    sent = request(b"gps_adid=0d94c6b7-38fa-4e21-9c05-7ab1e2f3d468", host="app.adjust.com", path="/session")
    (field,) = name_fields(sent, read_leaves(sent))
    assert field.excerpt == "0d9******************************468"
    assert field.reason
    assert field.source


@needs_captures
def test_what_is_said_to_be_seen_was_seen() -> None:
    names = defaultdict(set)
    for name in ("corpus.har", "reporthar/android_first-run.har", "reporthar/android_second-run.har"):
        for flow in read_har(SHARED / name):
            names[flow.request.host] |= {leaf.name for leaf in read_leaves(flow.request)}
    for adapter in adapters_table().adapters:
        there = {
            name
            for host, found in names.items()
            if any(host == suffix or host.endswith("." + suffix) for suffix in adapter.hosts)
            for name in found
        }
        for fields in adapter.by_last_name.values():
            for field in fields:
                if field.sure == "seen":
                    assert any(name == field.name or name.endswith("." + field.name) for name in there), (
                        f"{adapter.id}: {field.name} is in no capture"
                    )


@needs_captures
def test_names_and_known_values_agree() -> None:
    """Where a capture has a planted value in a named field, the name does not say it is something else."""
    detector = Detector(known_values(json.loads((SHARED / "device.json").read_text(encoding="utf-8"))))
    loose = {"vendor_device_id", "user_id", "push_token", "install_id"}
    joined = 0
    for flow in read_har(SHARED / "corpus.har"):
        fields = name_fields(flow.request, read_leaves(flow.request))
        for hit in detector.search(flow.request).hits:
            field = field_of(hit, fields)
            if field is not None:
                joined += 1
                assert field.data == hit.kind or field.data in loose, (field, hit.kind)
    assert joined > 90


def test_faults_are_named_together() -> None:
    text = """
    [kind.imei]
    zh = "a"
    en = "b"
    sort = "identifier"
    [kind.other]
    zh = "a"
    en = "b"
    sort = "wrong"
    [[adapter]]
    id = "one"
    sdk = "nobody"
    hosts = ["No Host"]
    path = "("
    ways = ["nowhere form:x"]
    sure = "certain"
    reason = "x"
    source = "a capture of it"
    [adapter.fields]
    "a" = "nonsense"
    "b" = "imei"
    [adapter.guessed]
    "b" = "imei"
    [[adapter]]
    id = "one"
    """
    with pytest.raises(ValueError, match="sdk 'nobody'") as caught:
        load_adapters({"made.toml": text, "broken.toml": "[["})
    told = str(caught.value)
    for part in ("kind.imei", "kind.other", "'No Host'", "regular expression", "nowhere", "sure must", "reason must"):
        assert part in told
    for part in ("unknown kind 'nonsense'", "keep one", "lacks", "broken.toml"):
        assert part in told
