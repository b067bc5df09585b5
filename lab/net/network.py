"""The device's network: every connection of every app passes here, so that the lab knows what really left."""

from __future__ import annotations

from pathlib import Path

from lab.key import AnswerKey
from lab.net.bundle import BUNDLE_DOMAIN
from lab.net.certificates import Authority
from lab.net.companions import Companions
from lab.net.exchange import FAILURES, Exchanger
from lab.net.outward import Dialer, Place
from lab.net.pool import Pool
from lab.net.recorder import Recorder
from lab.net.sink import Sink
from lab.net.sockets import SocketTable
from lab.net.trust import TrustStore
from lab.net.uid_proxy import UidProxy
from lab.system.applications import Happening
from lab.system.core import System

__all__ = ["Network"]

_ADBD_ROOT, _ADBD_SHELL = 0, 2000
_WAYS = ("http_proxy", "global_http_proxy_exclusion_list", "airplane_mode_on")
"""settings after which kept connections are of no use"""


class Network:
    """Made once for a device; `sink` plays every server and must have started."""

    def __init__(self, system: System, key: AnswerKey, sink: Sink, *, seed: int = 0) -> None:
        self._system = system
        self._authority = Authority("Lab Window Root")
        self._sockets = SocketTable(seed)
        self._recorder = Recorder(system, key)
        trust = TrustStore(system.files, sink.ca_path.read_bytes())
        self._dialer = Dialer(system, self._sockets, trust, sink.port)
        self._pool = Pool(self._dialer)
        self._exchanger = Exchanger(self._pool, self._recorder)
        self._companions = Companions(system, self._exchanger)
        self._proxies: dict[int, UidProxy] = {}
        self._key = key
        system.applications.listeners.append(self._heard)
        system.settings.listeners.append(self._setting_changed)

    async def proxy_port(self, uid: int) -> int:
        """The port where the browser context of a uid finds its proxy."""
        if uid not in self._proxies:
            proxy = UidProxy(
                uid,
                _Owner(self._system, uid),
                authority=self._authority,
                dialer=self._dialer,
                pool=self._pool,
                exchanger=self._exchanger,
                recorder=self._recorder,
            )
            self._proxies[uid] = proxy
            await proxy.start()
        return self._proxies[uid].port

    async def connect(self, uid: int, host: str, port: int, *, secure: bool = True) -> None:
        """Opens a connection and its TLS without sending anything; a request soon after uses it. Raises OSError ..."""
        place = Place(uid=uid, host=host, port=port, secure=secure)
        owner = _Owner(self._system, uid)
        try:
            outward = await self._dialer.open(place, owner.trust, tunnel=False)
        except FAILURES as error:
            self._recorder.refused(owner.package, place, f"{type(error).__name__}: {error}")
            raise
        self._pool.keep(outward)

    def tcp(self) -> str:
        """/proc/net/tcp"""
        adbd = _ADBD_ROOT if self._system.profile.adb_root else _ADBD_SHELL
        return self._sockets.tcp(dict.fromkeys(self._system.reverse_listeners, adbd))

    def tcp6(self) -> str:
        """/proc/net/tcp6"""
        return self._sockets.tcp6()

    def _heard(self, happening: Happening) -> None:
        self._companions.heard(happening)
        if happening.kind == "died":
            self._pool.drop(happening.uid)
            if happening.uid in self._proxies:
                self._proxies[happening.uid].drop()
        elif happening.kind in ("cleared", "removed"):
            self._key.forget(happening.package)

    def _setting_changed(self, _namespace: str, key: str, _value: str | None) -> None:
        if key in _WAYS:
            self._pool.drop()

    async def close(self) -> None:
        self._companions.drop()
        for proxy in self._proxies.values():
            await proxy.close()
        await self._pool.close()


class _Owner:
    """The app behind a uid, looked up anew each time: it may be updated or removed."""

    def __init__(self, system: System, uid: int) -> None:
        self._system = system
        self._uid = uid

    @property
    def package(self) -> str:
        found = self._system.packages.by_uid(self._uid)
        return found[0].package if found else f"uid:{self._uid}"

    @property
    def trust(self) -> str:
        """Browsers believe the user's certificates; other apps say in their manifest."""
        found = self._system.packages.by_uid(self._uid)
        if not found:
            return "system"
        browser = self._system.profile.browser.partition("/")[0]
        return "user" if found[0].package == browser else found[0].definition.trust

    def bundle(self, host: str) -> Path | None:
        if not host.endswith(BUNDLE_DOMAIN):
            return None
        name = host.removesuffix(BUNDLE_DOMAIN).lower()
        for installed in self._system.packages.by_uid(self._uid):
            if installed.package.lower() == name:
                return installed.definition.folder / "web"
        return None
