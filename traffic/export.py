"""Makes of a record what other tools read: HAR 1.2, and mitmproxy's flow files.

Nothing is lost on the way: bodies stand as base64 of the raw bytes wherever text could not give them back.
"""

import base64
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from evidence.files import write_whole
from traffic.record import CapturedRequest, CapturedResponse

__all__ = ["har", "write_flow_file", "write_har"]

_NS_PER_MS = 1_000_000
_UNKNOWN = -1
"""What HAR writes where a number is not known."""


def write_har(requests: Iterable[CapturedRequest], path: Path) -> None:
    document = json.dumps(har(requests), ensure_ascii=False, indent=1)
    # Names and values of apps may hold lone surrogates.
    write_whole(path, [document.encode("utf-8", "backslashreplace")])


def write_flow_file(requests: Iterable[CapturedRequest], path: Path) -> None:
    """A file that mitmproxy and mitmweb open. Loads mitmproxy."""
    from traffic.capture.flowfile import flow_file  # only who asks for it pays for loading mitmproxy

    write_whole(path, flow_file(requests))


def har(requests: Iterable[CapturedRequest]) -> dict[str, object]:
    """One HAR entry for each HTTP request. What HAR has no place for stands in fields that begin with `_`."""
    requests = tuple(requests)
    messages: dict[str, list[CapturedRequest]] = {}
    for request in requests:
        if request.channel == "websocket":
            messages.setdefault(request.flow, []).append(request)
    return {
        "log": {
            "version": "1.2",
            "creator": {"name": "AppWitness", "version": "1"},
            "pages": [],
            "entries": [
                _entry(request, messages.get(request.flow, ())) for request in requests if request.channel == "http"
            ],
            "_rawStreams": [_raw_stream(request) for request in requests if request.channel == "raw"],
        }
    }


def _entry(request: CapturedRequest, messages: Sequence[CapturedRequest]) -> dict[str, object]:
    response = request.response
    send = _milliseconds(request.started.mono_ns, request.finished_mono)
    received = response.received.mono_ns if response and response.received else None
    wait = _milliseconds(request.finished_mono, received)
    entry: dict[str, object] = {
        "startedDateTime": _date(request.started.wall_ns),
        "time": max(send, 0) + max(wait, 0),
        "request": _request(request),
        "response": _response(response),
        "cache": {},
        "timings": {"send": max(send, 0), "wait": max(wait, 0), "receive": 0},
        "connection": request.connection,
        "_flow": request.flow,
        "_complete": request.complete,
        "_facts": [f"{entry.lane}:{entry.seq}" for entry in request.entries],
    }
    if response and response.server_address:
        entry["serverIPAddress"] = response.server_address
    if request.error:
        entry["_error"] = request.error
    if messages:
        entry["_webSocketMessages"] = [_message(message) for message in messages]
    return entry


def _request(request: CapturedRequest) -> dict[str, object]:
    content: dict[str, object] = {
        "method": request.method,
        "url": request.url,
        "httpVersion": request.http_version,
        "cookies": _cookies(request.headers, "cookie"),
        "headers": _pairs(request.headers),
        "queryString": _pairs(
            parse_qsl(urlsplit(request.path).query, keep_blank_values=True, errors="backslashreplace")
        ),
        "headersSize": _UNKNOWN,
        "bodySize": request.body_length,
        "_textEncoding": request.text_encoding,
        "_bodySha256": request.body_sha256,
    }
    if request.body:
        # For any method: a body may come with GET and DELETE as well.
        content["postData"] = {
            "mimeType": _header(request.headers, "content-type"),
            "params": [],
            "text": _lenient(request.body),
        }
        content["_requestBodyBase64"] = base64.b64encode(request.body).decode("ascii")
    return content


def _response(response: CapturedResponse | None) -> dict[str, object]:
    if response is None:
        return {
            "status": 0,
            "statusText": "",
            "httpVersion": "",
            "cookies": [],
            "headers": [],
            "content": {"size": 0, "mimeType": "x-unknown"},
            "redirectURL": "",
            "headersSize": _UNKNOWN,
            "bodySize": _UNKNOWN,
        }
    return {
        "status": response.status,
        "statusText": "",
        "httpVersion": response.http_version,
        "cookies": _cookies(response.headers, "set-cookie"),
        "headers": _pairs(response.headers),
        "content": _content(response),
        "redirectURL": _header(response.headers, "location"),
        "headersSize": _UNKNOWN,
        "bodySize": response.body_length,
    }


def _content(response: CapturedResponse) -> dict[str, object]:
    content: dict[str, object] = {
        "size": response.body_length,
        "mimeType": _header(response.headers, "content-type") or "x-unknown",
    }
    if len(response.body) < response.body_length:
        content["comment"] = f"the first {len(response.body)} bytes were kept"
    try:
        content["text"] = response.body.decode("utf-8")
    except UnicodeDecodeError:
        content["text"] = base64.b64encode(response.body).decode("ascii")
        content["encoding"] = "base64"
    return content


def _message(message: CapturedRequest) -> dict[str, object]:
    """As browsers write it, and the raw bytes beside it."""
    return {
        "type": "send",
        "time": message.started.wall_ns / 1e9,
        "data": _lenient(message.body),
        "_base64": base64.b64encode(message.body).decode("ascii"),
    }


def _raw_stream(request: CapturedRequest) -> dict[str, object]:
    return {
        "flow": request.flow,
        "connection": request.connection,
        "transport": request.scheme,
        "host": request.host,
        "port": request.port,
        "sent": request.body_length,
        "beginningBase64": base64.b64encode(request.body).decode("ascii"),
    }


def _pairs(pairs: Iterable[tuple[str, str]]) -> list[object]:
    return [{"name": name, "value": value} for name, value in pairs]


def _cookies(headers: Iterable[tuple[str, str]], name: str) -> list[object]:
    values = [value for key, value in headers if key.lower() == name]
    if name == "set-cookie":
        pieces = [value.split(";", 1)[0] for value in values]
    else:
        pieces = [piece for value in values for piece in value.split(";")]
    return _pairs((key.strip(), content) for key, _, content in (piece.partition("=") for piece in pieces))


def _header(headers: Iterable[tuple[str, str]], name: str) -> str:
    return next((value for key, value in headers if key.lower() == name), "")


def _lenient(body: bytes) -> str:
    """For people; the raw bytes always stand beside it."""
    return body.decode("utf-8", "replace")


def _date(wall_ns: int) -> str:
    seconds, rest = divmod(wall_ns, 1_000_000_000)
    moment = datetime.fromtimestamp(seconds, UTC) + timedelta(microseconds=rest // 1000)
    return moment.isoformat(timespec="microseconds")


def _milliseconds(start_ns: int | None, end_ns: int | None) -> float:
    return _UNKNOWN if start_ns is None or end_ns is None else round((end_ns - start_ns) / _NS_PER_MS, 3)
