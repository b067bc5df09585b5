"""The proxy that the browser context of one uid sends everything to: the app's way to the network."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from lab.net.bundle import BUNDLE_DOMAIN, answer_from_bundle
from lab.net.certificates import Authority
from lab.net.exchange import FAILURES, Exchanger
from lab.net.messages import Request, Server
from lab.net.outward import Dialer, Outward, Place
from lab.net.pool import Pool
from lab.net.recorder import Recorder
from lab.net.streams import PlainStream, Resumed, Stream, TlsStream, splice

__all__ = ["UidOwner", "UidProxy"]

_TLS_RECORD = 0x16
_METHODS = (b"GET ", b"POST", b"PUT ", b"HEAD", b"DELE", b"PATC", b"OPTI")


class UidOwner(Protocol):
    """Who a uid is, now."""

    @property
    def package(self) -> str: ...

    @property
    def trust(self) -> str: ...

    def bundle(self, host: str) -> Path | None:
        """The web folder behind a bundle's host name; None for anybody else's."""


class UidProxy:
    """Speaks HTTP proxy to Chromium, ends its TLS, and lets the exchanger speak to the world for the app."""

    def __init__(
        self,
        uid: int,
        owner: UidOwner,
        *,
        authority: Authority,
        dialer: Dialer,
        pool: Pool,
        exchanger: Exchanger,
        recorder: Recorder,
    ) -> None:
        self._uid = uid
        self._owner = owner
        self._authority = authority
        self._dialer = dialer
        self._pool = pool
        self._exchanger = exchanger
        self._recorder = recorder
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()
        self.port = 0

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        self.drop()
        await asyncio.gather(*self._open, return_exceptions=True)

    def drop(self) -> None:
        """Ends every connection: the app's process is gone."""
        for task in list(self._open):
            task.cancel()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None:
            return
        self._open.add(task)
        stream = PlainStream(reader, writer)
        try:
            await self._serve(Server(stream), None)
        except FAILURES:
            return  # the app saw its request fail; the recorder knows why
        except asyncio.CancelledError:
            return  # the process ended
        finally:
            self._open.discard(task)
            await stream.close()

    async def _serve(self, server: Server, tunnel: Place | None) -> None:
        """Request after request, until one cannot be answered."""
        while (request := await server.next_request()) is not None:
            if request.method == "CONNECT":
                await self._tunnel(server, request)
                return
            place, request = self._address(request, tunnel)
            folder = self._owner.bundle(place.host)
            if folder is not None:
                await answer_from_bundle(server, request, folder)
            elif place.host.endswith(BUNDLE_DOMAIN) or not await self._exchanger.relay(
                server, place, self._owner.trust, self._owner.package, request
            ):
                return

    def _address(self, request: Request, tunnel: Place | None) -> tuple[Place, Request]:
        """Where a request goes, and the request as a server wants it (path only)."""
        if tunnel is not None:
            return tunnel, request
        parts = urlsplit(request.target)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        place = Place(uid=self._uid, host=parts.hostname or "", port=parts.port or 80, secure=False)
        return place, Request(method=request.method, target=path, headers=request.headers, body=request.body)

    async def _tunnel(self, server: Server, request: Request) -> None:
        host, _, port = request.target.rpartition(":")
        place = Place(uid=self._uid, host=host.strip("[]").lower(), port=int(port), secure=False)
        if place.host.endswith(BUNDLE_DOMAIN):
            if self._owner.bundle(place.host) is None:
                await server.answer(502, (), b"")  # another app's bundle
                return
            await server.start(200, ())
            secured = await self._secured(Resumed(server.stream, server.rest), place.host)
            await self._serve(Server(secured), place)
            return
        try:
            outward = await self._dialer.open_plain(place, tunnel=True)
        except FAILURES as error:
            self._recorder.refused(self._owner.package, place, f"{type(error).__name__}: {error}")
            await server.answer(502, (), b"")
            return
        await server.start(200, ())
        await self._through(Resumed(server.stream, server.rest), outward)

    async def _through(self, browser: Stream, outward: Outward) -> None:
        """What comes first tells whether the tunnel carries TLS, plain HTTP or something else."""
        first = await browser.read()
        browser = Resumed(browser, first)
        place = outward.place
        if first[:1] == bytes([_TLS_RECORD]):
            place = await self._own_handshake(outward)
            self._pool.keep(outward)
            browser = await self._secured(browser, place.host)
            await self._serve(Server(browser), place)
        elif first[:4] in _METHODS:
            self._pool.keep(outward)
            await self._serve(Server(browser), place)
        elif first:
            up, down = await splice(browser, outward.stream)
            self._recorder.raw(self._owner.package, place, up, down)
            await outward.close()
        else:
            await outward.close()

    async def _own_handshake(self, outward: Outward) -> Place:
        """The app's TLS with the world, done before the browser's own with us: a refusal must reach the app."""
        plain = outward.place
        outward.place = Place(uid=plain.uid, host=plain.host, port=plain.port, secure=True)
        try:
            await self._dialer.secure(outward, self._owner.trust)
        except FAILURES as error:
            self._recorder.refused(self._owner.package, outward.place, f"{type(error).__name__}: {error}")
            await outward.close()
            raise
        return outward.place

    async def _secured(self, stream: Stream, host: str) -> TlsStream:
        secured = TlsStream(stream, self._authority.server_context(host), server_side=True)
        await secured.handshake()
        return secured
