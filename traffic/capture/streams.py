"""Sees the bytes of a body when they arrive, and lets large bodies pass without holding them.

mitmproxy's hooks show a body when it is whole, or (streamed) only once a server has been reached. An upload that is
cut off, or whose server is down, has still left the app: so the layer that carries one HTTP exchange is extended here.
"""

# mypy: untyped-calls-exclude=mitmproxy

from collections.abc import Callable
from typing import Protocol

from mitmproxy.http import HTTPFlow
from mitmproxy.proxy import events, layer
from mitmproxy.proxy.layers import http as http_layers
from mitmproxy.proxy.layers.http import HttpStream
from mitmproxy.proxy.layers.http._events import RequestData, ResponseData

__all__ = ["BodyObserver", "observe_bodies"]


class BodyObserver(Protocol):
    """Told of every piece of a body. Must not raise: it is called in the middle of the app's traffic."""

    def request_bytes(self, flow: HTTPFlow, data: bytes) -> None: ...

    def response_bytes(self, flow: HTTPFlow, data: bytes) -> None: ...


def observe_bodies(observer: BodyObserver, stream_above: int) -> Callable[[], None]:
    """Have all further HTTP exchanges observed. Returns what undoes it.

    A request body whose length was not announced is handed on when it is whole, or from `stream_above` bytes on.
    """

    class ObservedStream(HttpStream):
        def handle_event(self, event: events.Event) -> layer.CommandGenerator[None]:
            # Called exactly once for each arrival, also while the exchange waits for a server or a hook.
            if isinstance(event, RequestData):
                observer.request_bytes(self.flow, event.data)
            elif isinstance(event, ResponseData):
                observer.response_bytes(self.flow, event.data)
            return super().handle_event(event)

        def state_consume_request_body(self, event: events.Event) -> layer.CommandGenerator[None]:
            yield from super().state_consume_request_body(event)
            if isinstance(event, RequestData) and len(self.request_body_buf) > stream_above:
                yield from self._stream_from_here()

        def _stream_from_here(self) -> layer.CommandGenerator[None]:
            held = bytes(self.request_body_buf)
            self.request_body_buf.clear()
            self.flow.request.stream = True
            yield from self.start_request_stream()
            # Past handle_event, which has seen these bytes already.
            yield from self._handle_event(RequestData(self.stream_id, held))

    http_layers.HttpStream = ObservedStream  # type: ignore[misc]

    def undo() -> None:
        http_layers.HttpStream = HttpStream  # type: ignore[misc]

    return undo
