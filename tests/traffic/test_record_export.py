"""HAR and flow files made of requests lose no byte."""

from __future__ import annotations

import base64
import io
import json
from dataclasses import replace
from pathlib import Path

from evidence.clock import Instant
from traffic.export import har, write_flow_file, write_har
from traffic.record import CapturedRequest, CapturedResponse

REQUEST = CapturedRequest(
    channel="http",
    flow="f0",
    message=None,
    connection="c0",
    method="GET",
    scheme="https",
    host="api.example.test",
    port=443,
    authority="",
    path="/v1?name=%E5%BC%A0&name=2",
    http_version="HTTP/1.1",
    headers=(("Host", "api.example.test"), ("Cookie", "a=1; b=2"), ("X-Name", "张蜜罐")),
    text_encoding="utf-8",
    body="姓名=张蜜罐".encode() + b"\xff\x00",
    body_length=18,
    body_sha256="00" * 32,
    started=Instant(mono_ns=1_000_000, wall_ns=1_700_000_000_123_456_789),
    finished_mono=3_000_000,
    connected_mono=0,
    entries=(),
    complete=True,
    response=CapturedResponse(
        status=200,
        http_version="HTTP/1.1",
        headers=(("Content-Type", "application/json"), ("Set-Cookie", "s=1; Path=/")),
        text_encoding="utf-8",
        body=b"\x1f\x8b\x08rest",
        body_length=300,
        received=Instant(mono_ns=9_000_000, wall_ns=1_700_000_000_131_456_789),
        complete=True,
        server_host="api.example.test",
        server_port=443,
        server_address="203.0.113.5",
    ),
    error=None,
)


def test_har_keeps_the_body_of_any_method_byte_for_byte(tmp_path: Path) -> None:
    write_har([REQUEST], tmp_path / "case.har")
    log = json.loads((tmp_path / "case.har").read_text("utf-8"))["log"]
    assert log["version"] == "1.2"
    (entry,) = log["entries"]
    assert base64.b64decode(entry["request"]["_requestBodyBase64"]) == REQUEST.body
    assert entry["request"]["postData"]["text"].startswith("姓名=张蜜罐")
    assert entry["request"]["bodySize"] == 18
    assert entry["request"]["queryString"] == [{"name": "name", "value": "张"}, {"name": "name", "value": "2"}]
    assert entry["request"]["cookies"] == [{"name": "a", "value": "1"}, {"name": "b", "value": "2"}]
    assert {"name": "X-Name", "value": "张蜜罐"} in entry["request"]["headers"]
    content = entry["response"]["content"]
    assert content["encoding"] == "base64"
    assert base64.b64decode(content["text"]) == b"\x1f\x8b\x08rest"
    assert content["comment"] == "the first 7 bytes were kept"
    assert entry["serverIPAddress"] == "203.0.113.5"
    assert entry["startedDateTime"].startswith("2023-11-14T22:13:20.123456")
    assert entry["timings"] == {"send": 2.0, "wait": 6.0, "receive": 0}
    assert entry["time"] == 8.0


def test_har_of_what_is_incomplete_or_no_http() -> None:
    incomplete = replace(REQUEST, flow="f1", response=None, finished_mono=None, complete=False, error="cut off")
    message = replace(REQUEST, channel="websocket", message=0, method="WEBSOCKET", scheme="wss", body=b"hello")
    raw = replace(REQUEST, channel="raw", flow="r0", method="RAW", body=b"mqtt", headers=())
    log = har([REQUEST, message, incomplete, raw])["log"]
    assert isinstance(log, dict)
    first, second = log["entries"]
    assert first["_webSocketMessages"][0]["data"] == "hello"
    assert second["response"]["status"] == 0
    assert second["_error"] == "cut off"
    assert second["time"] == 0
    assert base64.b64decode(log["_rawStreams"][0]["beginningBase64"]) == b"mqtt"


def test_a_lone_surrogate_does_not_stop_the_export(tmp_path: Path) -> None:
    write_har([replace(REQUEST, path="/\ud800")], tmp_path / "case.har")
    assert json.loads((tmp_path / "case.har").read_text("utf-8"))


def test_a_flow_file_is_read_by_mitmproxy(tmp_path: Path) -> None:
    latin = replace(
        REQUEST,
        flow="f2",
        text_encoding="latin-1",
        path="/\xff",
        headers=(("X", "\xd5\xc5"),),
        complete=False,
        error="cut",
    )
    message = replace(REQUEST, channel="websocket", message=0, method="WEBSOCKET", body=b"hello")
    raw = replace(REQUEST, channel="raw", flow="r0", method="RAW", scheme="tcp", body=b"mqtt", headers=())
    write_flow_file([REQUEST, latin, message, raw], tmp_path / "case.mitm")

    from mitmproxy.io import FlowReader

    flows = list(FlowReader(io.BytesIO((tmp_path / "case.mitm").read_bytes())).stream())
    first, second, third = flows
    assert first.request.raw_content == REQUEST.body
    assert first.request.pretty_url == "https://api.example.test/v1?name=%E5%BC%A0&name=2"
    assert first.request.headers.fields[2][1] == "张蜜罐".encode()
    assert first.response.raw_content == b"\x1f\x8b\x08rest"
    assert first.websocket.messages[0].content == b"hello"
    assert second.request.data.path == b"/\xff"
    assert second.request.headers.fields[0] == (b"X", b"\xd5\xc5")
    assert second.comment == "incomplete: cut"
    assert third.messages[0].content == b"mqtt"


def test_a_recorded_session_survives_the_round_trip(tmp_path: Path) -> None:
    """The entries of a HAR stand for the same requests, in the same order."""
    requests = [replace(REQUEST, flow=f"f{n}", path=f"/{n}", body=bytes([n])) for n in range(3)]
    entries = har(requests)["log"]["entries"]  # type: ignore[index]
    assert [entry["request"]["url"] for entry in entries] == [f"https://api.example.test/{n}" for n in range(3)]
    assert [base64.b64decode(e["request"]["_requestBodyBase64"]) for e in entries] == [b"\x00", b"\x01", b"\x02"]
