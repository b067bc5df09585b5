"""Writes what left the device into the answer key: seen in plain, before any TLS, by the network layer itself."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from lab.key import AnswerKey
from lab.net.known import installed_names, known_values
from lab.net.messages import Request
from lab.net.outward import Outward, Place
from lab.net.plaintext import Found, search
from lab.system.core import System

__all__ = ["Recorder", "Sending"]

_INLINE_BYTES = 32 * 1024


class Sending:
    """One request on its way: `begin` just before its first byte leaves."""

    def __init__(self, recorder: Recorder, package: str, outward: Outward, request: Request) -> None:
        self._recorder = recorder
        self._package = package
        self._outward = outward
        self._request = request
        self._mono_ns = 0

    def begin(self) -> None:
        self._mono_ns = time.monotonic_ns()

    async def end(self, status: int) -> None:
        """Once the answer's head is there (0: it never came). By now every word about consent has arrived, too."""
        request, place = self._request, self._outward.place
        parts = {
            "url": f"{place.host}{request.target}".encode("latin-1", "replace"),
            "headers": b"\r\n".join(value for _, value in request.headers),
            "body": request.body,
        }
        await self._recorder.write(
            self._package,
            place,
            parts,
            {
                "kind": "request",
                "method": request.method,
                "path": request.target,
                "status": status,
                "through_proxy": self._outward.through_proxy,
                "content_type": request.header(b"content-type").decode("latin-1"),
            },
            self._mono_ns,
        )


class Recorder:
    """Searches and writes; the raw body is kept beside the key."""

    def __init__(self, system: System, key: AnswerKey) -> None:
        self._system = system
        self._key = key

    def sending(self, package: str, outward: Outward, request: Request) -> Sending:
        return Sending(self, package, outward, request)

    def spoken(self, package: str, outward: Outward, message: Request) -> None:
        """One message of the app's on an open WebSocket."""
        sending = Sending(self, package, outward, message)
        sending.begin()
        self._system.spawn(sending.end(101))

    async def write(
        self, package: str, place: Place, parts: dict[str, bytes], details: dict[str, Any], mono_ns: int
    ) -> None:
        """A `sent` event. Large bodies are searched beside the event loop."""
        known, installed = known_values(self._system, package), installed_names(self._system, package)
        if sum(map(len, parts.values())) > _INLINE_BYTES:
            found = await asyncio.to_thread(search, parts, known, installed)
        else:
            found = search(parts, known, installed)
        body = parts.get("body", b"")
        event = {
            "event": "sent",
            "package": package,
            "uid": place.uid,
            "scheme": "https" if place.secure else "http",
            "host": place.host,
            "port": place.port,
            "consent": self._key.consent_at(package, mono_ns),
            "identifiers": [_as_json(each) for each in found],
            "body": self._key.keep_body(body),
            "body_length": len(body),
            **details,
        }
        self._key.append(event, mono_ns=mono_ns)

    def raw(self, package: str, place: Place, up: int, down: int) -> None:
        """A tunnel that carried something other than HTTP."""
        event = {
            "event": "tunnel",
            "package": package,
            "uid": place.uid,
            "host": place.host,
            "port": place.port,
            "up": up,
            "down": down,
        }
        self._key.append(event)

    def refused(self, package: str, place: Place, reason: str) -> None:
        """The app did not trust, or did not reach, the other side: nothing was sent."""
        event = {
            "event": "not_sent",
            "package": package,
            "uid": place.uid,
            "host": place.host,
            "port": place.port,
            "reason": reason,
        }
        self._key.append(event)


def _as_json(found: Found) -> dict[str, Any]:
    return {"kind": found.kind, "form": found.form, "path": list(found.path)}
