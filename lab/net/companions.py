"""Other apps, and the system, that send something of their own just when an inspected app starts or resumes."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

from lab.definition import Companion
from lab.net.exchange import Exchanger
from lab.net.known import known_values
from lab.net.messages import Headers, Request
from lab.net.outward import Place
from lab.system.applications import Happening
from lab.system.core import System

__all__ = ["Companions"]

_SYSTEM_UID = 1000
_MOST_REPEATS = 200
_WHEN = {"started": "app_started", "resumed": "app_resumed"}


class Companions:
    """Listens to the system; what is still to come ends with the app's process."""

    def __init__(self, system: System, exchanger: Exchanger) -> None:
        self._system = system
        self._exchanger = exchanger
        self._tasks: dict[str, set[asyncio.Task[None]]] = {}

    def heard(self, happening: Happening) -> None:
        if happening.kind == "died":
            self.drop(happening.package)
        installed = self._system.packages.get(happening.package)
        when = _WHEN.get(happening.kind)
        if installed is None or when is None:
            return
        for companion in installed.definition.companions:
            if companion.when == when:
                tasks = self._tasks.setdefault(happening.package, set())
                task = asyncio.get_running_loop().create_task(self._send(companion, happening.package))
                tasks.add(task)
                task.add_done_callback(tasks.discard)

    def drop(self, package: str = "") -> None:
        """Nothing more for this app, or for any."""
        for name in [package] if package else list(self._tasks):
            for task in self._tasks.pop(name, set()):
                task.cancel()

    async def _send(self, companion: Companion, beside: str) -> None:
        await asyncio.sleep(companion.after_ms / 1000)
        for _ in range(_MOST_REPEATS):
            await self._once(companion, beside)
            if not companion.repeat_ms:
                return
            await asyncio.sleep(companion.repeat_ms / 1000)

    async def _once(self, companion: Companion, beside: str) -> None:
        sender = self._system.packages.get(companion.package)
        uid = sender.uid if sender is not None else _SYSTEM_UID
        parts = urlsplit(companion.url)
        secure = parts.scheme == "https"
        place = Place(uid=uid, host=parts.hostname or "", port=parts.port or (443 if secure else 80), secure=secure)
        request = _request(companion, self._values(companion, beside), parts.path or "/", place)
        await self._exchanger.fire(place, "system", companion.package, request)

    def _values(self, companion: Companion, beside: str) -> dict[str, str]:
        """The very values the inspected app could read: the trap is that only the sender differs."""
        installed = self._system.packages.get(beside)
        if installed is not None and "android_id" in companion.sends:
            self._system.identity.ssaid(beside, uid=installed.uid, signer=installed.signer)
        known = known_values(self._system, beside)
        return {name: known[name][0] for name in companion.sends if known.get(name)}


def _request(companion: Companion, values: dict[str, str], path: str, place: Place) -> Request:
    fields: dict[str, str] = {**values, "pkg": companion.package, "ts": str(time.time_ns() // 1_000_000)}
    encode: dict[str, tuple[str, Callable[[dict[str, str]], str]]] = {
        "json": ("application/json; charset=utf-8", json.dumps),
        "form": ("application/x-www-form-urlencoded", urlencode),
    }
    host = place.host if place.port in (80, 443) else f"{place.host}:{place.port}"
    headers: Headers = ((b"Host", host.encode()), (b"User-Agent", b"okhttp/4.9.3"), (b"Accept", b"*/*"))
    if companion.form not in encode:
        return Request(method="GET", target=f"{path}?{urlencode(fields)}", headers=headers)
    kind, write = encode[companion.form]
    headers = (*headers, (b"Content-Type", kind.encode()))
    return Request(method="POST", target=path, headers=headers, body=write(fields).encode())
