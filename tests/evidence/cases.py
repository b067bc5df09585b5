"""Small cases for the tests: built with the product's own writers, small enough to be damaged byte by byte."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence.blobs import BlobStore
from evidence.clock import FrozenClock
from evidence.keys import SigningKey
from evidence.lanes import LaneWriter
from evidence.record import blobs_directory, session_directory, write_case
from evidence.seal import seal, seal_derived

KEY = SigningKey(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
STRANGERS_KEY = SigningKey(Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33))))


def build_case(case_dir: Path, *, sessions: tuple[str, ...] = ("S01-cold-start", "S03-refuse"), steps: int = 3) -> Path:
    """An unsealed case with finished sessions."""
    write_case(case_dir, {"case": "case-1", "package": "com.example.app", "round": 1, "opened_wall": 1})
    for number, name in enumerate(sessions):
        build_session(case_dir, name, steps=steps, clock=FrozenClock(mono_ns=10_000 * (number + 1), step_ns=7))
    return case_dir


def build_session(case_dir: Path, name: str, *, steps: int = 3, clock: FrozenClock, close: bool = True) -> Path:
    folder = session_directory(case_dir, name)
    folder.mkdir()
    blobs = BlobStore(blobs_directory(case_dir))
    lanes = {lane: LaneWriter(folder / f"{lane}.jsonl", lane, clock) for lane in ("ui", "traffic", "device")}
    ui, traffic, device = lanes["ui"], lanes["traffic"], lanes["device"]
    ui.append("SessionOpened", {"session": name, "label": "澜庭商城"})
    for step in range(steps):
        shot = f"shot {name} {step}".encode()
        ui.append("ScreenSeen", {"screen": step, "shot": {"blob": blobs.put(shot), "size": len(shot)}})
        body = f"body {step}".encode()
        traffic.append("RequestSent", {"flow": str(step), "body": {"blob": blobs.put(body), "size": len(body)}})
        device.append("ClockSampled", {"rtt_ns": step})
        for lane in (traffic, device):
            ui.append("LaneHead", {"lane": lane.head.lane, "count": lane.head.count, "digest": lane.head.digest})
    if close:
        for lane in (traffic, device):
            lane.append("LaneClosed", {"count": lane.head.count, "reason": "session ended"})
        counts = {"ui": ui.head.count, "traffic": traffic.head.count, "device": device.head.count}
        ui.append("SessionClosed", {"outcome": "complete", "reason": "played", "counts": counts})
    for lane in lanes.values():
        lane.close()
    return folder


def build_sealed(case_dir: Path, *, steps: int = 3) -> Path:
    """A sealed case with sealed derived files."""
    build_case(case_dir, steps=steps)
    seal(case_dir, KEY, clock=FrozenClock())
    (case_dir / "findings.json").write_text(json.dumps({"findings": []}), encoding="utf-8")
    (case_dir / "report.html").write_text("<!doctype html><p>报告", encoding="utf-8")
    seal_derived(case_dir, KEY, clock=FrozenClock())
    return case_dir


def files_of(case_dir: Path) -> dict[str, bytes]:
    """Every file of a case by its path with slashes."""
    paths = sorted(path for path in case_dir.rglob("*") if path.is_file())
    return {path.relative_to(case_dir).as_posix(): path.read_bytes() for path in paths}


def put_back(case_dir: Path, files: dict[str, bytes]) -> None:
    """Make a case what it was, whatever was done to it."""
    shutil.rmtree(case_dir)
    for path, content in files.items():
        (case_dir / path).parent.mkdir(parents=True, exist_ok=True)
        (case_dir / path).write_bytes(content)
