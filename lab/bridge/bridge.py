"""`window.android`: the only way from a bundle to the device. Permissions, app ops and the answer key stand between."""

from __future__ import annotations

import base64
import gzip
import hashlib
import inspect
import json
import ssl
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lab.bridge.personal import PersonalData, SecurityFault
from lab.bridge.privileges import PRIVILEGES
from lab.key import CONSENT_STATES, AnswerKey
from lab.net.network import Network
from lab.screen.page import BindingHandler
from lab.screen.screen import Screen
from lab.screen.windows import AppWindow, Focus
from lab.system.core import System
from lab.system.packages import InstalledPackage

__all__ = ["Bridge"]

_SCRIPT = (Path(__file__).parent / "bridge.js").read_text(encoding="utf-8")
_BINDING = "labBridge"
_DIGESTS = ("md5", "sha1", "sha256")
_LONGEST_MESSAGE = 4 * 1024 * 1024
_OLDEST_STAMP_NS = 2_000_000_000

Call = Callable[..., Awaitable[Any]]


class BadCall(Exception):
    """The bundle called something wrongly: an ordinary error for it to see."""


class Bridge:
    """Made once for a device, after its screen and before the first app window."""

    def __init__(self, system: System, screen: Screen, network: Network, key: AnswerKey) -> None:
        self._system = system
        self._screen = screen
        self._network = network
        self._key = key
        self._personal = PersonalData(system, key)
        self._calls: dict[str, Call] = {
            "requestPermission": self._request_permission,
            "checkPermission": self._check_permission,
            "digest": self._digest,
            "gzip": self._gzip,
            "finish": self._finish,
            "exit": self._exit,
            "openActivity": self._open_activity,
            "openBrowser": self._open_browser,
            "toast": self._toast,
            "setSecure": self._set_secure,
            "connect": self._connect,
        }
        screen.stage.bridge = self
        screen.stage.listeners.append(self._focused)

    def scripts(self, package: str) -> tuple[str, ...]:
        """What runs before the pages of a bundle."""
        origin = json.dumps(f"https://{package.lower()}.app.lab")
        names = json.dumps([*self._calls, *PRIVILEGES])
        return (_SCRIPT.replace("LAB_ORIGIN", origin).replace("LAB_CALLS", names),)

    def bindings(self, window: Callable[[], AppWindow]) -> dict[str, BindingHandler]:
        def called(payload: str, context: int) -> None:
            if len(payload) <= _LONGEST_MESSAGE:
                self._called(window(), json.loads(payload), context)

        return {_BINDING: called}

    def _called(self, window: AppWindow, message: dict[str, Any], context: int) -> None:
        if message["name"] == "consent":  # noted at once: what the app sends next is judged by it
            self._consent(window, message)
            message = {**message, "name": "nothing", "values": []}
        self._system.spawn(self._answer(window, message, context))

    async def _answer(self, window: AppWindow, message: dict[str, Any], context: int) -> None:
        try:
            value = await self._run(window, str(message["name"]), list(message["values"]))
        except SecurityFault as error:
            await self._settle(window, message, context, good=False, value=_thrown("SecurityException", error))
        except (BadCall, TypeError, OSError, ssl.SSLError) as error:
            await self._settle(window, message, context, good=False, value=_thrown("Error", error))
        else:
            await self._settle(window, message, context, good=True, value=value)

    async def _settle(
        self, window: AppWindow, message: dict[str, Any], context: int, *, good: bool, value: Any
    ) -> None:
        arguments = json.dumps([message["id"], good, value])
        await window.page.evaluate_in(context, f"globalThis[Symbol.for('lab.bridge')](...{arguments})")

    async def _run(self, window: AppWindow, name: str, values: list[Any]) -> Any:
        app = self._system.packages.get(window.package)
        if app is None or name == "nothing":
            return None
        if name in PRIVILEGES:
            return self._personal.read(name, app)
        call = self._calls.get(name)
        if call is None:
            raise BadCall(f"android.{name} is not a function")
        inspect.signature(call).bind(window, app, *values)
        return await call(window, app, *values)

    # --- truth

    def _consent(self, window: AppWindow, message: dict[str, Any]) -> None:
        """Stamped by the page itself, so that no message overtakes it."""
        app = self._system.packages.get(window.package)
        state = str(message["values"][0]) if message["values"] else ""
        if app is None or state not in CONSENT_STATES:
            return
        mono, wall = time.monotonic_ns(), time.time_ns()
        age = min(max(wall - int(message["at"] * 1_000_000), 0), _OLDEST_STAMP_NS)
        self._key.consent(app.package, app.uid, state, mono - age)

    def _focused(self, focus: Focus) -> None:
        self._key.append(
            {
                "event": "screen",
                "package": focus.package,
                "activity": focus.activity,
                "task_package": focus.task_package,
            }
        )

    # --- calls

    async def _request_permission(self, _window: AppWindow, app: InstalledPackage, permission: str) -> str:
        given = self._personal.holds(app, permission)
        asks = not given and self._system.permissions.may_ask(app.package, permission)
        event = {"package": app.package, "uid": app.uid, "permission": permission}
        now = time.monotonic_ns()
        state = self._key.consent_at(app.package, now)
        self._key.append({"event": "permission_asked", "dialog": asks, "consent": state, **event}, mono_ns=now)
        result = "granted" if given else await self._system.permissions.request(app.package, permission)
        self._key.append({"event": "permission_answered", "result": result, **event})
        return result

    async def _check_permission(self, _window: AppWindow, app: InstalledPackage, permission: str) -> bool:
        return self._personal.holds(app, permission)

    async def _digest(self, _window: AppWindow, _app: InstalledPackage, name: str, text: str) -> str:
        if name not in _DIGESTS:
            raise BadCall(f"digest: {name!r} is none of {', '.join(_DIGESTS)}")
        return hashlib.new(name, text.encode(), usedforsecurity=False).hexdigest()

    async def _gzip(self, _window: AppWindow, _app: InstalledPackage, text: str) -> str:
        return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()

    async def _finish(self, window: AppWindow, app: InstalledPackage) -> None:
        """Ends the activity that calls, also when it has just opened another one over itself."""
        task = self._system.activities.task_of(app.package)
        below = [] if task is None else [each for each in task.records[:-1] if each.name == window.activity]
        if task is None or not below or task.top.name == window.activity:
            await self._system.activities.finish_top(app.package)
            return
        task.records.remove(below[-1])
        details = f"0,{below[-1].number},{task.identifier},{below[-1].component},app-request"
        self._system.logs.event("wm_finish_activity", details)
        await self._screen.close_window(app.package, window.activity)

    async def _exit(self, _window: AppWindow, app: InstalledPackage) -> None:
        await self._system.exit_app(app.package)

    async def _open_activity(self, _window: AppWindow, app: InstalledPackage, name: str) -> None:
        started = await self._system.activities.start(app.package, name, caller=app.package, caller_uid=app.uid)
        if not started:
            raise BadCall(f"Unable to find explicit activity class {{{app.package}/{name}}}")

    async def _open_browser(self, _window: AppWindow, app: InstalledPackage, url: str) -> None:
        if urlsplit(url).scheme not in ("http", "https"):
            raise BadCall(f"openBrowser: {url!r} is no http or https address")
        browser = self._system.profile.browser.partition("/")[0]
        await self._system.activities.start(browser, caller=app.package, caller_uid=app.uid, data=url)

    async def _toast(self, _window: AppWindow, _app: InstalledPackage, text: str) -> None:
        await self._screen.show_toast(str(text))

    async def _set_secure(self, window: AppWindow, _app: InstalledPackage, secure: bool) -> None:
        window.secure = bool(secure)

    async def _connect(self, _window: AppWindow, app: InstalledPackage, url: str) -> None:
        parts = urlsplit(url)
        secure = parts.scheme == "https"
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise BadCall(f"connect: {url!r} is no http or https address")
        await self._network.connect(app.uid, parts.hostname, parts.port or (443 if secure else 80), secure=secure)


def _thrown(name: str, error: Exception) -> dict[str, str]:
    return {"name": name, "message": str(error)}
