"""One request from an app to the world and its answer back, over a kept connection when there is one."""

from __future__ import annotations

import ssl
from dataclasses import replace

from lab.net.messages import Answer, BadMessage, Headers, Request, Server, ask, without
from lab.net.outward import Outward, Place
from lab.net.pool import Pool
from lab.net.recorder import Recorder
from lab.net.streams import Resumed, splice
from lab.net.websocket import Frames

__all__ = ["FAILURES", "Exchanger"]

FAILURES: tuple[type[Exception], ...] = (OSError, ssl.SSLError, TimeoutError, *BadMessage)
_BUNDLE = b".app.lab"


class Exchanger:
    """Sends for any uid. The caller says whom the request belongs to and what that app trusts."""

    def __init__(self, pool: Pool, recorder: Recorder) -> None:
        self._pool = pool
        self._recorder = recorder

    async def send(self, place: Place, trust: str, package: str, request: Request) -> tuple[Outward, Answer]:
        """The head of the answer. A kept connection that turns out dead is replaced once, as OkHttp does."""
        outward, used = await self._acquire(place, trust, package, fresh=False)
        try:
            return await self._ask(outward, package, request)
        except FAILURES:
            if not used:
                raise
        outward, _ = await self._acquire(place, trust, package, fresh=True)
        return await self._ask(outward, package, request)

    async def _acquire(self, place: Place, trust: str, package: str, *, fresh: bool) -> tuple[Outward, bool]:
        try:
            return await self._pool.acquire(place, trust, fresh=fresh)
        except FAILURES as error:
            self._recorder.refused(package, place, f"{type(error).__name__}: {error}")
            raise

    async def _ask(self, outward: Outward, package: str, request: Request) -> tuple[Outward, Answer]:
        sending = self._recorder.sending(package, outward, request)
        sending.begin()
        try:
            answer = await ask(outward.stream, _on_the_wire(outward, request))
        except FAILURES:
            self._pool.discard(outward)
            await sending.end(0)
            raise
        await sending.end(answer.status)
        return outward, answer

    def finish(self, outward: Outward, answer: Answer) -> None:
        """Keeps the connection for the next request, if it can carry one."""
        closes = any(name.lower() == b"connection" and b"close" in value.lower() for name, value in answer.headers)
        if answer.reusable and not closes:
            self._pool.keep(outward)
        else:
            self._pool.discard(outward)

    async def relay(self, server: Server, place: Place, trust: str, package: str, request: Request) -> bool:
        """Answers one request of the browser; False when its connection cannot go on. Raises FAILURES."""
        request = _as_an_app_sends(request)
        outward, answer = await self.send(place, trust, package, request)
        if answer.status == 101:
            await server.start(101, _upgrade(answer.headers), answer.reason)
            await self._websocket(server, outward, answer, package, request)
            return False
        try:
            await server.start(answer.status, without(answer.headers), answer.reason)
            async for piece in answer.body():
                await server.data(piece)
            await server.end()
        except FAILURES:
            self._pool.discard(outward)
            return False
        self.finish(outward, answer)
        return True

    async def fire(self, place: Place, trust: str, package: str, request: Request) -> int:
        """A request whose answer nobody reads; its status, or 0 when it failed."""
        try:
            outward, answer = await self.send(place, trust, package, request)
        except FAILURES:
            return 0
        try:
            async for _ in answer.body():
                continue
        except FAILURES:
            self._pool.discard(outward)
            return 0
        self.finish(outward, answer)
        return answer.status

    async def _websocket(
        self, server: Server, outward: Outward, answer: Answer, package: str, request: Request
    ) -> None:
        """Carries frames; every message of the app's is recorded."""

        def said(message: bytes) -> None:
            spoken = Request(method="WEBSOCKET", target=request.target, headers=(), body=message)
            self._recorder.spoken(package, outward, spoken)

        browser, world = Resumed(server.stream, server.rest), Resumed(outward.stream, answer.rest)
        await splice(browser, world, Frames(said).feed)
        await outward.close()


def _on_the_wire(outward: Outward, request: Request) -> Request:
    """A proxy is told the whole address of a plain request."""
    if not outward.relayed:
        return request
    place = outward.place
    authority = place.host if place.port == 80 else f"{place.host}:{place.port}"
    return replace(request, target=f"http://{authority}{request.target}")


def _as_an_app_sends(request: Request) -> Request:
    """Without what would betray the bundle's origin; WebSocket frames uncompressed, so that they can be read."""
    kept = tuple(
        (name, value)
        for name, value in request.headers
        if not (name.lower() in (b"origin", b"referer") and _BUNDLE in value)
        and name.lower() not in (b"sec-websocket-extensions", b"proxy-connection")
    )
    return replace(request, headers=kept)


def _upgrade(headers: Headers) -> Headers:
    return (*without(headers), (b"Connection", b"Upgrade"))
