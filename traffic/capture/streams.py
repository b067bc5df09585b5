"""Sees an HTTP exchange at the very moment at which it happens, byte by byte, and lets large bodies pass.

mitmproxy shows a body when it is whole, or (streamed) only once a server has been reached, and calls its hooks from
tasks that run some time later. An upload that is cut off, or whose server is down, has still left the app, and a fact
is worth its time stamp: so the layer that carries one exchange is extended here.
"""

# mypy: untyped-calls-exclude=mitmproxy

from collections.abc import Callable
from typing import Protocol

from mitmproxy.hooks import Hook
from mitmproxy.http import HTTPFlow
from mitmproxy.proxy import events, layer
from mitmproxy.proxy.commands import StartHook
from mitmproxy.proxy.layers import http as http_layers
from mitmproxy.proxy.layers.http import HttpStream
from mitmproxy.proxy.layers.http._events import RequestData, ResponseData

__all__ = ["BodyObserver", "observe_exchanges"]


class BodyObserver(Protocol):
    """Told of every piece of a body. Must not raise: it is called in the middle of the app's traffic."""

    def request_bytes(self, flow: HTTPFlow, data: bytes) -> None: ...

    def response_bytes(self, flow: HTTPFlow, data: bytes) -> None: ...


def observe_exchanges(
    observer: BodyObserver, call_hooks: Callable[[Hook], None], stream_above: int
) -> Callable[[], None]:
    """Have all further HTTP exchanges observed. Returns what undoes it.

    A request body whose length was not announced is handed on when it is whole, or from `stream_above` bytes on.
    """

    class ObservedStream(HttpStream):
        def handle_event(self, event: events.Event) -> layer.CommandGenerator[None]:
            # Called exactly once for each arrival, also while the exchange waits for a server.
            if isinstance(event, RequestData):
                observer.request_bytes(self.flow, event.data)
            elif isinstance(event, ResponseData):
                observer.response_bytes(self.flow, event.data)
            return super().handle_event(event)

        def _handle_event(self, event: events.Event) -> layer.CommandGenerator[None]:
            # Hooks are called here and now, instead of being handed to a task whose end is then awaited.
            commands = super()._handle_event(event)
            reply = None
            while True:
                try:
                    command = commands.send(reply)
                except StopIteration:
                    return
                # A hook of a layer inside this one (WebSocket) bears its name: that layer waits for an answer.
                if isinstance(command, StartHook) and command.blocking is True:
                    call_hooks(command)
                    reply = None
                else:
                    reply = yield command

        def state_consume_request_body(self, event: events.Event) -> layer.CommandGenerator[None]:
            yield from super().state_consume_request_body(event)
            if isinstance(event, RequestData) and len(self.request_body_buf) > stream_above:
                yield from self._stream_from_here()

        def _stream_from_here(self) -> layer.CommandGenerator[None]:
            held = bytes(self.request_body_buf)
            self.request_body_buf.clear()
            self.flow.request.stream = True
            yield from self.start_request_stream()
            # Straight to the state that follows: the observer has seen these bytes already.
            yield from self.client_state(RequestData(self.stream_id, held))

    http_layers.HttpStream = ObservedStream  # type: ignore[misc]

    def undo() -> None:
        http_layers.HttpStream = HttpStream  # type: ignore[misc]

    return undo
