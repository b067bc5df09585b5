"""A small sealed case with everything beside it, made in milliseconds: for bundles that are damaged thousands of times."""

from __future__ import annotations

import json
from pathlib import Path

from evidence.blobs import BlobStore
from evidence.canonical import Json
from evidence.clock import FrozenClock
from evidence.lanes import LaneWriter
from evidence.record import blobs_directory, session_directory, write_case
from evidence.seal import seal, seal_derived
from tests.evidence.cases import KEY

__all__ = ["PNG", "WALL", "build_small"]

WALL = 1_764_000_000_000_000_000
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360000002000001e221bc33"
    "0000000049454e44ae426082"
)


def build_small(case_dir: Path, *, label: str = "小鱼阅读", sessions: int = 2, extra: bytes = b"") -> Path:
    """A case with two sessions, a screen, requests with bodies, findings and readings. `extra` goes into a body."""
    info: dict[str, Json] = {"case": case_dir.name, "package": "com.example.reader", "label": label, "round": 1}
    app: dict[str, Json] = {"version_name": "5.2.1", "version_code": 5210, "apk_sha256": "ab" * 32, "opened_wall": WALL}
    write_case(case_dir, {**info, **app})
    for number in range(sessions):
        _session(case_dir, f"S0{number + 1}-made", number, extra)
    seal(case_dir, KEY, clock=FrozenClock(wall_ns=WALL + 10**12))
    text = json.dumps(findings(label), ensure_ascii=False)
    (case_dir / "findings.json").write_bytes(text.encode("utf-8", "backslashreplace"))
    (case_dir / "readings").mkdir()
    for number in range(sessions):
        name = f"S0{number + 1}-made"
        (case_dir / "readings" / f"{name}.json").write_text(json.dumps(readings(name)), encoding="utf-8")
    (case_dir / "report.html").write_text("<!doctype html><p>报告", encoding="utf-8")
    seal_derived(case_dir, KEY, clock=FrozenClock(wall_ns=WALL + 2 * 10**12))
    return case_dir


def readings(name: str) -> dict[str, object]:
    phases = [
        {"phase": "NOT_STARTED", "from_mono": 0, "to_mono": 2_000, "why": "begins"},
        {"phase": "PRE_CONSENT", "from_mono": 2_000, "to_mono": 900_000, "why": "opened"},
        {"phase": "ACCEPTED", "from_mono": 900_000, "to_mono": None, "why": "accepted"},
    ]
    sent = {
        "flow": "f0",
        "channel": "http",
        "message": None,
        "owner": "app",
        "phase": "PRE_CONSENT",
        "recipient": {"zh": "友盟", "en": "Umeng", "company": "Umeng", "domain": "umsns.com"},
        "found": [{"kind": "imei", "form": "md5-hex", "where": "url", "path": ["query:imei"], "offset": 5}],
    }
    return {"format": 1, "session": name, "scenario": name[:3], "phases": phases, "transmissions": [sent]}


def findings(label: str) -> dict[str, object]:
    citation = {"session": "S01-made", "lane": "traffic", "seq": 1, "digest": "cd" * 32, "what": "the request"}
    finding = {
        "rule": "M1-06",
        "verdict": "confirmed",
        "session": "S01-made",
        "phase": "PRE_CONSENT",
        "at_mono_ns": 3_000,
        "at_wall_ns": WALL + 3_000,
        "summary_zh": f"“{label}”同意前向 log.umsns.com 发送 IMEI",
        "summary_en": f"{label} sent the IMEI to log.umsns.com before consent",
        "details": {"host": "log.umsns.com", "flow": "f0", "label": label},
        "citations": [citation],
    }
    doubtful = {**finding, "rule": "M1-05", "verdict": "suspected"}
    rows = [_rule("M1-06", "confirmed", [finding]), _rule("M1-05", "suspected", [doubtful])]
    rows += [_rule("M1-07", "not_observed", []), _rule("M1-01", "not_testable", [])]
    case = {"package": "com.example.reader", "label": label, "version_name": "5.2.1", "version_code": 5210}
    return {"format": 1, "judge": "1", "case": case, "tools": {}, "sessions": [], "rules": rows}


def _rule(rule: str, verdict: str, found: list[dict[str, object]]) -> dict[str, object]:
    text = {"zh": "征得用户同意前收集", "en": "collects before consent", "severity": "high", "basis": ["a"]}
    return {"rule": rule, "verdict": verdict, "mend_zh": "改", "mend_en": "mend", "findings": found, **text}


def _session(case_dir: Path, name: str, number: int, extra: bytes) -> None:
    folder = session_directory(case_dir, name)
    folder.mkdir()
    clock = FrozenClock(mono_ns=1_000 + number * 10**9, wall_ns=WALL + number * 10**9, step_ns=11)
    blobs = BlobStore(blobs_directory(case_dir), durable=False)
    ui, traffic, device = (LaneWriter(folder / f"{lane}.jsonl", lane, clock) for lane in ("ui", "traffic", "device"))
    about: dict[str, Json] = {"model": "Pixel 6", "android": "13", "sdk": 33}
    proxy: dict[str, Json] = {"mode": "regular", "blind_spots": ["UDP and QUIC"]}
    opening: dict[str, Json] = {"session": name, "scenario": name[:3], "device": about, "proxy": proxy}
    ui.append("SessionOpened", {**opening, "tools": {"appwitness": "0.1.0"}, "app": {"signer": "ca2d09c5"}})
    traffic.append("CaptureStarted", {"mode": "regular", "blind_spots": ["udp_and_quic"], "mitmproxy": "11.0.2"})
    device.append("ClockSampled", {"device_wall_ns": 15, "host_wall_ns": 5, "rtt_ns": 4})
    ui.append("ScreenSeen", {"screen": 0, "shot": {"blob": blobs.put(PNG), "size": len(PNG)}})
    _send(traffic, blobs, clock, b"v=3&imei=861234056789017" + extra)
    counts: dict[str, Json] = {}
    for lane in (traffic, device):
        lane.append("LaneClosed", {"count": lane.head.count, "reason": "session ended"})
        ui.append("LaneHead", {"lane": lane.head.lane, "count": lane.head.count, "digest": lane.head.digest})
        counts[lane.head.lane] = lane.head.count
    ui.append("SessionClosed", {"outcome": "complete", "reason": "played", "counts": counts})
    for lane in (ui, traffic, device):
        lane.close()


def _send(traffic: LaneWriter, blobs: BlobStore, clock: FrozenClock, body: bytes) -> None:
    traffic.append("ClientConnected", {"connection": "c0", "peer_port": 40001})
    now = clock.now()
    head: dict[str, Json] = {"flow": "f0", "connection": "c0", "method": "POST", "scheme": "https", "port": 443}
    where: dict[str, Json] = {"host": "log.umsns.com", "path": "/collect?imei=abc", "http_version": "HTTP/1.1"}
    when: dict[str, Json] = {"started_mono": now.mono_ns, "started_wall": now.wall_ns}
    traffic.append("RequestStarted", {**head, **where, **when, "headers": [["Host", "log.umsns.com"], ["X-A", "=1+1"]]})
    sent: dict[str, Json] = {"flow": "f0", "body_length": len(body), "body_sha256": None, "kept": len(body)}
    traffic.append("RequestSent", {**sent, "body": {"blob": blobs.put(body), "size": len(body)}})
    answer = b'{"ok":true}'
    back: dict[str, Json] = {"flow": "f0", "status": 200, "http_version": "HTTP/1.1", "body_length": len(answer)}
    reply: dict[str, Json] = {"blob": blobs.put(answer), "size": len(answer)}
    traffic.append("ResponseReceived", {**back, "headers": [["Content-Type", "application/json"]], "body": reply})
