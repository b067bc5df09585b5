"""Spares mitmproxy work that a capture does not need: a third of the time that a small request takes.

Nothing here changes what is sent or in which order. Each saving stands alone; `bench proxy` shows what they are worth.
"""

# mypy: untyped-calls-exclude=mitmproxy

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from dataclasses import fields
from typing import Any

from mitmproxy.addonmanager import AddonManager, safecall
from mitmproxy.connection import Connection
from mitmproxy.exceptions import AddonHalt
from mitmproxy.hooks import Hook
from mitmproxy.http import Headers, MessageData
from mitmproxy.master import Master
from mitmproxy.proxy.events import Event
from mitmproxy.proxy.mode_servers import ProxyConnectionHandler

__all__ = ["QuickAddons", "compare_quickly", "join_writes", "skip_type_checks"]

_logger = logging.getLogger(__name__)


_header = Headers.get
_same = Connection.__eq__


def compare_quickly() -> None:
    """mitmproxy looks up a dozen headers for each request, most of which are not there, and asks as often whether a
    connection is the one that it is."""
    Headers.get = _get  # type: ignore[method-assign,assignment]
    Headers.__contains__ = _has  # type: ignore[method-assign,assignment]
    Connection.__eq__ = _is_same  # type: ignore[method-assign]


def _is_same(one: Connection, other: object) -> bool:
    return one is other or bool(_same(one, other))  # type: ignore[no-untyped-call]


def _get(headers: Headers, name: str, default: Any = None) -> Any:
    return _header(headers, name, default) if _has(headers, name) else default


def _has(headers: Headers, name: object) -> bool:
    if not isinstance(name, str | bytes):
        return False
    wanted = (name.encode("utf-8", "surrogateescape") if isinstance(name, str) else name).lower()
    for key, _ in headers.fields:  # noqa: SIM110  a generator costs as much as the search
        if key.lower() == wanted:
            return True
    return False


def skip_type_checks() -> None:
    """mitmproxy checks every field of every message against its annotation, as if it were running its own tests."""
    MessageData.__post_init__ = lambda self: None  # type: ignore[method-assign,assignment]


class QuickAddons(AddonManager):
    """Looks each hook up once, not in every addon for every event, and leaves out the `update` after each event."""

    def __init__(self, master: Master):
        super().__init__(master)  # type: ignore[no-untyped-call]
        self._handlers: dict[type[Hook], tuple[tuple[str, ...], list[Callable[..., object]]]] = {}

    def add(self, *addons: object) -> None:
        super().add(*addons)  # type: ignore[no-untyped-call]
        self._handlers.clear()

    async def handle_lifecycle(self, event: Hook) -> None:
        await self.trigger_event(event)

    async def trigger_event(self, event: Hook) -> None:
        for awaitable in self._call(event):
            with safecall():
                await awaitable

    def trigger(self, event: Hook) -> None:
        """For events whose handlers are plain functions."""
        for awaitable in self._call(event):
            raise TypeError(f"a handler of {event.name} wants to be awaited: {awaitable}")

    def _call(self, event: Hook) -> Iterator[Awaitable[object]]:
        """Call every handler; yields what has to be awaited before the next is called."""
        names, handlers = self._handlers.get(type(event)) or self._find(event)
        arguments = [getattr(event, name) for name in names]
        for handler in handlers:
            try:
                result = handler(*arguments)
                # Nearly all give None: asking an abstract class about it costs more than many a handler.
                if result is not None and isinstance(result, Awaitable):
                    yield result
            except AddonHalt:
                return
            except Exception:  # the boundary that mitmproxy itself draws around each addon
                _logger.exception("addon error in %s", event.name)

    def _find(self, event: Hook) -> tuple[tuple[str, ...], list[Callable[..., object]]]:
        handlers = [handler for addon in self.chain for _, handler in self._iter_hooks(addon, event)]
        found = tuple(field.name for field in fields(event)), handlers  # type: ignore[arg-type]
        self._handlers[type(event)] = found
        return found


def join_writes(handler: ProxyConnectionHandler, connection: Connection) -> None:
    """Have all that one event makes mitmproxy write to a connection (head, body, end) sent with one system call."""
    if connection is handler.client:
        # Also where the client's own writes are not joined, as in WireGuard: those to its servers are.
        handler.server_event = _flushing(handler)  # type: ignore[method-assign,assignment]
    transport = handler.transports.get(connection)
    if transport is not None and isinstance(transport.writer, asyncio.StreamWriter):
        transport.writer = _JoiningWriter(transport.writer)  # type: ignore[assignment]


def _flushing(handler: ProxyConnectionHandler) -> Callable[[Event], Coroutine[Any, Any, None]]:
    """The handler's own way of taking an event, at whose end everything is sent. All writes happen in there."""
    take_event = handler.server_event

    async def server_event(event: Event) -> None:
        try:
            await take_event(event)
        finally:
            for transport in handler.transports.values():
                if isinstance(transport.writer, _JoiningWriter):
                    transport.writer.flush()

    return server_event


class _JoiningWriter:
    """A StreamWriter that sends only when it is flushed, drained or closed."""

    def __init__(self, writer: asyncio.StreamWriter):
        self._writer = writer
        self._pending: list[bytes] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._writer, name)

    def write(self, data: bytes) -> None:
        self._pending.append(data)

    def flush(self) -> None:
        if self._pending:
            if not self._writer.is_closing():
                self._writer.write(self._pending[0] if len(self._pending) == 1 else b"".join(self._pending))
            self._pending.clear()

    def write_eof(self) -> None:
        self.flush()
        self._writer.write_eof()

    def close(self) -> None:
        self.flush()
        self._writer.close()

    async def drain(self) -> None:
        self.flush()
        await self._writer.drain()
