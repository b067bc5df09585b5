"""Holds what the detector finds against what was planted: recall, precision and cost."""

from __future__ import annotations

import base64
import json
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from evidence.clock import Instant
from traffic.detect import Detector
from traffic.known import KnownValue
from traffic.record import CapturedRequest

__all__ = ["BenchFlow", "another", "bench_traffic", "known_values", "read_har"]

_KINDS = {
    "apps": "package_list",
    "bt_mac": "bluetooth_mac",
    "lat": "latitude",
    "local_ip": "ip_address",
    "lon": "longitude",
}
_TRUTH_KINDS = {**_KINDS, "app_list": "package_list"}
_HIDDEN_FROM_TRUTH = frozenset({"model"})
_OTHER_DEVICES = 20
_REPEATS = 5
_CONTROLS = set(range(9)) | set(range(14, 32))
_Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchFlow:
    """One request of a corpus."""

    id: str
    sdk: str
    request: CapturedRequest


def known_values(device: Mapping[str, object]) -> tuple[KnownValue, ...]:
    """From a file that names each planted value by its kind; a kind may have several."""
    found = []
    for name, values in device.items():
        for value in values if isinstance(values, list) else [values]:
            found.append(KnownValue(kind=_KINDS.get(name, name), value=str(value), source="device file"))
    return tuple(found)


def read_har(path: Path) -> tuple[BenchFlow, ...]:
    """Requests of an HTTP archive. Bodies that were written as text become the bytes again that they were."""
    entries = json.loads(path.read_text(encoding="utf-8-sig"))["log"]["entries"]
    return tuple(_flow(index, entry) for index, entry in enumerate(entries))


def _flow(index: int, entry: _Json) -> BenchFlow:
    request = entry["request"]
    url = urlsplit(request["url"])
    body = _body(request)
    instant = Instant(mono_ns=0, wall_ns=0)
    captured = CapturedRequest(
        channel="http",
        flow=str(entry.get("_id", index)),
        message=None,
        connection="",
        method=request["method"],
        scheme=url.scheme,
        host=url.hostname or "",
        port=url.port or {"http": 80, "https": 443}.get(url.scheme, 0),
        path=(url.path or "/") + (f"?{url.query}" if url.query else ""),
        http_version=request.get("httpVersion", "HTTP/1.1"),
        headers=tuple((header["name"], header["value"]) for header in request.get("headers", ())),
        text_encoding="utf-8",
        body=body,
        body_length=len(body),
        body_sha256=None,
        started=instant,
        finished_mono=None,
        connected_mono=None,
        entries=(),
        complete=True,
        response=None,
        error=None,
    )
    return BenchFlow(id=captured.flow, sdk=str(entry.get("_sdk", "")), request=captured)


def _body(request: _Json) -> bytes:
    posted = request.get("postData") or {}
    text = posted.get("text") or "&".join(
        f"{item.get('name', '')}={item.get('value', '')}" for item in posted.get("params", ())
    )
    if posted.get("encoding") == "base64":
        return base64.b64decode(text)
    encoded: bytes = text.encode("utf-8", "surrogatepass")
    if len(encoded) == request.get("bodySize"):
        return encoded
    try:
        plain: bytes = text.encode("latin-1")
    except UnicodeEncodeError:
        return encoded
    # Some writers put each byte into a character of its own, whatever the text was.
    as_bytes = len(plain) == request.get("bodySize") or _is_utf8(plain) or bool(_CONTROLS & set(plain))
    return plain if as_bytes else encoded


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def bench_traffic(
    har: Path, truth: Path, device: Path, *, processor_ns: Callable[[], int] = time.process_time_ns
) -> _Json:
    """What `appwitness bench traffic` prints: rates over (flow, data type) pairs, cost, and a control with the values of
    other devices, which must not be found."""
    flows = read_har(har)
    planted = json.loads(truth.read_text(encoding="utf-8"))
    known = known_values(json.loads(device.read_text(encoding="utf-8")))
    detector = Detector(known)
    rows = [_row(flow, detector, planted) for flow in flows if flow.id in planted]
    return {
        "flows": len(rows),
        **_rates(rows),
        **_cost(flows, detector, processor_ns),
        "other_devices": _control(flows, known),
        "per_sdk": {
            sdk: _rates([row for row in rows if row["sdk"] == sdk]) for sdk in sorted({row["sdk"] for row in rows})
        },
        "per_data_type": _per_data_type(rows),
        "missed": [[row["id"], row["sdk"], kind] for row in rows for kind in sorted(row["truth"] - row["found"])],
        "extra": [[row["id"], row["sdk"], kind] for row in rows for kind in sorted(row["found"] - row["truth"])],
    }


def _row(flow: BenchFlow, detector: Detector, planted: _Json) -> _Json:
    entry = planted[flow.id]
    detection = detector.search(flow.request)
    found = {hit.kind for hit in detection.hits if hit.standalone} - _HIDDEN_FROM_TRUTH
    kinds = {_TRUTH_KINDS.get(name, name) for name in entry["props"]}
    return {"id": flow.id, "sdk": flow.sdk or entry.get("sdk", ""), "truth": kinds, "found": found}


def _rates(rows: Sequence[_Json]) -> _Json:
    hit = sum(len(row["truth"] & row["found"]) for row in rows)
    missed = sum(len(row["truth"] - row["found"]) for row in rows)
    extra = sum(len(row["found"] - row["truth"]) for row in rows)
    return {
        "recall": round(hit / (hit + missed), 6) if hit + missed else 1.0,
        "precision": round(hit / (hit + extra), 6) if hit + extra else 1.0,
        "true_positive": hit,
        "false_negative": missed,
        "false_positive": extra,
    }


def _per_data_type(rows: Sequence[_Json]) -> _Json:
    kinds = sorted({kind for row in rows for kind in row["truth"] | row["found"]})
    return {
        kind: _rates([{"truth": row["truth"] & {kind}, "found": row["found"] & {kind}} for row in rows])
        for kind in kinds
    }


def _cost(flows: Sequence[BenchFlow], detector: Detector, processor_ns: Callable[[], int]) -> _Json:
    """Processor time: the mean over all flows and turns, and with each flow at its best, which a busy machine hardly
    changes; the slowest flow at its best."""
    best = [0] * len(flows)
    total = 0
    for turn in range(_REPEATS):
        for index, flow in enumerate(flows):
            started = processor_ns()
            detector.search(flow.request)
            spent = processor_ns() - started
            total += spent
            best[index] = spent if turn == 0 else min(best[index], spent)
    runs = max(1, len(flows) * _REPEATS)
    return {
        "ms_per_flow": round(total / runs / 1e6, 4),
        "ms_per_flow_at_best": round(sum(best) / max(1, len(flows)) / 1e6, 4),
        "slowest_ms": round(max(best, default=0) / 1e6, 3),
    }


def _control(flows: Sequence[BenchFlow], known: Sequence[KnownValue]) -> _Json:
    """Devices whose values have the same shape: nothing of theirs was sent."""
    chance = random.Random(20261124)  # noqa: S311  values of made-up devices, the same in every run
    checks, hits = 0, 0
    for _ in range(_OTHER_DEVICES):
        detector = Detector([another(value, chance) for value in known if value.kind not in _HIDDEN_FROM_TRUTH])
        for flow in flows:
            checks += 1
            hits += len(detector.search(flow.request).hits)
    return {"devices": _OTHER_DEVICES, "flow_checks": checks, "hits": hits}


def another(value: KnownValue, chance: random.Random) -> KnownValue:
    """Digits, hexadecimal letters, letters and ideographs each replaced by another of their class."""
    hexadecimal = set(value.value.lower()) <= set("0123456789abcdef-:")
    made = "".join(_another_sign(sign, hexadecimal, chance) for sign in value.value)
    if value.kind in ("latitude", "longitude"):
        made = f"{chance.uniform(20, 50):.6f}" if value.kind == "latitude" else f"{chance.uniform(80, 120):.6f}"
    if value.kind == "ip_address":
        made = ".".join(["172", *(str(chance.randrange(20, 250)) for _ in range(3))])
    return KnownValue(kind=value.kind, value=made, source="another device", scope=value.scope)


def _another_sign(sign: str, hexadecimal: bool, chance: random.Random) -> str:
    if hexadecimal and sign.isascii() and sign.isalnum():
        return chance.choice("0123456789" if sign.isdigit() and not chance.randrange(2) else "abcdef0123456789")
    if sign.isdigit():
        return chance.choice("0123456789")
    if sign.isascii() and sign.isalpha():
        return chance.choice("abcdefghijklmnopqrstuvwxyz")
    return chr(chance.randrange(0x4E00, 0x9FA5)) if ord(sign) >= 0x4E00 else sign
