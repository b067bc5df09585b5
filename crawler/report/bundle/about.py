"""What a bundle says of itself: the app, the devices, the clocks, the tools, and what could not be seen.

Only what the record holds. What it does not say is null, and stays null.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import chain
from pathlib import Path

from evidence.bundle import BUNDLE_FORMAT
from evidence.canonical import Json
from evidence.lanes import Entry
from evidence.record import CaseRecord, SessionRecord
from evidence.verify import Verification

__all__ = ["About", "about_document", "program_digests"]

_ROOMS = ("crawler", "evidence", "screenshots", "traffic")
_APP = ("package", "label", "version_name", "version_code", "apk_sha256", "signer", "source")


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a bundle is made of, beside the record."""

    record: CaseRecord
    verified: Verification
    record_seal: str
    made_wall_ns: int
    maker: str
    """Fingerprint of the key that seals the bundle."""
    parts: Mapping[str, int]
    """How many files of each part of the case are inside: record, derived, readings, custody, decisions."""


def about_document(about: About) -> dict[str, Json]:
    """The content of bundle.json."""
    info = about.record.info
    sessions = [_session(session) for session in about.record.sessions]
    first = next((opened for session in about.record.sessions if (opened := _first(session, "SessionOpened"))), {})
    app = first.get("app")
    return {
        "format": BUNDLE_FORMAT,
        "kind": "appwitness bundle",
        "case": info.get("case"),
        "round": info.get("round"),
        "made_wall": about.made_wall_ns,
        "app": {name: info.get(name, app.get(name) if isinstance(app, Mapping) else None) for name in _APP},
        "opened_wall": info.get("opened_wall"),
        "record_seal": about.record_seal,
        "record_key": about.verified.key,
        "bundle_key": about.maker,
        "sealed_wall": about.verified.sealed_wall_ns,
        "sessions": sessions,
        "parts": dict(about.parts),
        "time_stamps": about.verified.stamps,
        "removed_blobs": about.verified.removed,
        "notes": [f"{note.place}: {note.what}" for note in about.verified.notes],
        "made_with": {
            "appwitness": _version("appwitness"),
            "python": platform.python_version(),
            "cryptography": _version("cryptography"),
            "sources_sha256": dict(program_digests()),
        },
    }


@cache
def program_digests() -> Mapping[str, str]:
    """One digest of each part of the program that makes the bundle: of the sorted names and contents of its sources."""
    return {room: _digest_of(room) for room in _ROOMS}


def _digest_of(room: str) -> str:
    root = Path(str(resources.files(room)))
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*"), key=lambda path: path.relative_to(root).as_posix()):
        if path.is_file() and path.suffix in (".py", ".toml", ".yaml", ".json", ".j2", ".css", ".js"):
            digest.update(f"{path.relative_to(root).as_posix()}\n".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _session(session: SessionRecord) -> dict[str, Json]:
    opened, capture, trust = (_first(session, kind) for kind in ("SessionOpened", "CaptureStarted", "TrustChecked"))
    return {
        "session": session.name,
        "scenario": opened.get("scenario"),
        "outcome": session.outcome,
        "reason": session.reason,
        "lanes": {
            name: {"count": lane.head.count, "digest": lane.head.digest} for name, lane in sorted(session.lanes.items())
        },
        "device": opened.get("device"),
        "app": opened.get("app"),
        "settings": opened.get("settings"),
        "tools": opened.get("tools"),
        "proxy": opened.get("proxy"),
        "capture": {name: capture.get(name) for name in ("mode", "mitmproxy", "python", "upstream", "kept")},
        "blind_spots": capture.get("blind_spots"),
        "tls_readable": trust.get("ok"),
        "tls_readable_why": trust.get("reason"),
        "clocks": _clocks(tuple(_of_kind(session, "ClockSampled"))),
    }


def _clocks(samples: Sequence[Entry]) -> dict[str, Json]:
    """How far the device's clock was from the host's, as sampled. The true offset lies within half a round trip of each."""
    pairs = [
        (device - host, rtt)
        for entry in samples
        for device, host, rtt in [tuple(entry.data.get(name) for name in ("device_wall_ns", "host_wall_ns", "rtt_ns"))]
        if isinstance(device, int) and isinstance(host, int) and isinstance(rtt, int)
    ]
    return {
        "samples": len(pairs),
        "device_minus_host_least_ns": min((offset for offset, _ in pairs), default=None),
        "device_minus_host_most_ns": max((offset for offset, _ in pairs), default=None),
        "round_trip_most_ns": max((rtt for _, rtt in pairs), default=None),
    }


def _of_kind(session: SessionRecord, kind: str) -> Iterable[Entry]:
    entries = chain.from_iterable(lane.entries for lane in session.lanes.values())
    return (entry for entry in entries if entry.kind == kind)


def _first(session: SessionRecord, kind: str) -> Mapping[str, Json]:
    return next((entry.data for entry in _of_kind(session, kind)), {})
