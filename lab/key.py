"""The answer key: what each app really read, sent and asked, and when. Written by the network layer and the bridge.

Only benchmarks and tests read it. Times are the host's, so that they compare with the product's own.
"""

from __future__ import annotations

import bisect
import hashlib
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["CONSENT_STATES", "AnswerKey"]

CONSENT_STATES = ("none", "shown", "accepted", "refused", "refused_again")
_LARGEST_BODY = 4 * 1024 * 1024


class AnswerKey:
    """One JSON object a line; bodies lie beside the file, named by their digest."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._bodies = path.parent / f"{path.stem}-bodies"
        self._file = path.open("ab", buffering=0)
        self._consent: dict[str, list[tuple[int, str]]] = {}

    def append(self, event: Mapping[str, Any], *, mono_ns: int | None = None) -> None:
        """Adds an event; without `mono_ns` it happens now."""
        now = time.monotonic_ns()
        mono = now if mono_ns is None else mono_ns
        line = {"t_mono_ns": mono, "t_wall_ns": time.time_ns() - (now - mono), **event}
        self._file.write(json.dumps(line, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace") + b"\n")

    def consent(self, package: str, uid: int, state: str, mono_ns: int) -> None:
        """The app says where its user stands."""
        states = self._consent.setdefault(package, [])
        bisect.insort(states, (mono_ns, state))
        self.append({"event": "consent", "package": package, "uid": uid, "state": state}, mono_ns=mono_ns)

    def consent_at(self, package: str, mono_ns: int) -> str:
        """What the app had been told by then."""
        states = [state for at, state in self._consent.get(package, []) if at <= mono_ns]
        return states[-1] if states else "none"

    def forget(self, package: str) -> None:
        """The app's data was cleared: nobody has agreed to anything."""
        self._consent.pop(package, None)

    def keep_body(self, body: bytes) -> str:
        """Saves a body and returns its file's name; "" for an empty one."""
        if not body:
            return ""
        name = hashlib.sha256(body).hexdigest()
        self._bodies.mkdir(exist_ok=True)
        path = self._bodies / name
        if not path.exists():
            path.write_bytes(body[:_LARGEST_BODY])
        return f"{self._bodies.name}/{name}"

    def close(self) -> None:
        self._file.close()
