"""Follows each HTTP exchange from its first header to its last byte and writes what happened, when it happens."""

from dataclasses import dataclass
from pathlib import Path

from mitmproxy.http import HTTPFlow, Response

from evidence.blobs import BlobStore
from evidence.canonical import Json, to_line
from evidence.clock import Clock
from evidence.lanes import LaneWriter
from traffic.capture.body import BodyKeeper
from traffic.capture.facts import HEAD_LIMIT, header_pairs, request_host, request_texts, server_place, short
from traffic.capture.facts import text_encoding as encoding_of

__all__ = ["BodyLimits", "ExchangeRecorder"]

_PATH_SHOWN = 1024
_KEY = "appwitness"
"""Where a flow carries its exchange."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyLimits:
    """How much of a body is kept. The length and digest recorded are always those of the whole."""

    request: int
    response: int


@dataclass(slots=True, kw_only=True)
class _Exchange:
    request_body: BodyKeeper
    response_body: BodyKeeper
    name: str = ""
    connection: str = ""
    request_ended: bool = False
    response_ended: bool = False
    websocket_messages: int = 0


class ExchangeRecorder:
    """Writes the facts of HTTP exchanges. Blobs always come before the fact that names them."""

    def __init__(self, lane: LaneWriter, blobs: BlobStore, clock: Clock, limits: BodyLimits, spool: Path):
        self._lane = lane
        self._blobs = blobs
        self._clock = clock
        self._limits = limits
        self._spool = spool
        self._exchanges: dict[str, _Exchange] = {}
        self._count = 0

    def request_started(self, flow: HTTPFlow, connection: str) -> None:
        started = self._clock.now()
        exchange = self._exchange_of(flow)
        exchange.name, exchange.connection = f"f{self._count}", connection
        self._count += 1
        self._exchanges[flow.id] = exchange
        request = flow.request
        fact: dict[str, Json] = {
            "flow": exchange.name,
            "connection": connection,
            "method": request.method,
            "scheme": request.scheme,
            "host": request_host(flow),
            "port": request.port,
            "http_version": request.http_version,
            "started_mono": started.mono_ns,
            "started_wall": started.wall_ns,
            **self._bounded_head(request_texts(request)),
        }
        if request.authority:
            fact["authority"] = request.authority
        self._lane.append("RequestStarted", fact)

    def request_bytes(self, flow: HTTPFlow, data: bytes) -> None:
        if flow.request.method == "CONNECT":
            return  # what passes through a tunnel is looked at inside it
        exchange = self._exchange_of(flow)
        # After a switch of protocols the same stream carries frames, which are no part of the body.
        if not exchange.request_ended:
            exchange.request_body.feed(data)

    def response_bytes(self, flow: HTTPFlow, data: bytes) -> None:
        exchange = self._exchanges.get(flow.id)
        if exchange and not exchange.response_ended:
            exchange.response_body.feed(data)

    def _exchange_of(self, flow: HTTPFlow) -> _Exchange:
        exchange: _Exchange | None = flow.metadata.get(_KEY)
        if exchange is None:
            exchange = flow.metadata[_KEY] = _Exchange(
                request_body=BodyKeeper(self._limits.request, self._spool),
                response_body=BodyKeeper(self._limits.response, self._spool),
            )
        return exchange

    def request_sent(self, flow: HTTPFlow) -> None:
        exchange = self._exchanges.get(flow.id)
        if exchange is None:
            return
        exchange.request_ended = True
        fact = {"flow": exchange.name, **self._body(exchange.request_body)}
        if flow.request.trailers:
            encoding = encoding_of(part for field in flow.request.trailers.fields for part in field)
            fact["trailers"] = header_pairs(flow.request.trailers, encoding)
        self._lane.append("RequestSent", fact)
        self._forget_if_over(flow, exchange)

    def response_received(self, flow: HTTPFlow) -> None:
        exchange = self._exchanges.get(flow.id)
        if exchange is None or flow.response is None:
            return
        self._write_response(flow, exchange, flow.response, whole=True)
        self._forget_if_over(flow, exchange)

    def failed(self, flow: HTTPFlow, reason: str) -> None:
        """The exchange came to no good end. What had arrived until then is recorded."""
        exchange = self._exchanges.pop(flow.id, None)
        if exchange is None:
            return
        if flow.response is not None and not exchange.response_ended and not flow.websocket:
            self._write_response(flow, exchange, flow.response, whole=False)
        self._write_failure(exchange, reason)

    def websocket_message(self, flow: HTTPFlow) -> None:
        exchange = self._exchanges.get(flow.id)
        if exchange is None or flow.websocket is None:
            return
        message = flow.websocket.messages[-1]
        # Only the newest is needed; all of them would pile up for as long as the connection lives.
        flow.websocket.messages.clear()
        limit = self._limits.request if message.from_client else self._limits.response
        body = BodyKeeper(limit, self._spool)
        body.feed(message.content)
        self._lane.append(
            "WebSocketMessage",
            {
                "flow": exchange.name,
                "message": exchange.websocket_messages,
                "from_client": message.from_client,
                "text": message.is_text,
                **self._body(body),
            },
        )
        exchange.websocket_messages += 1

    def websocket_ended(self, flow: HTTPFlow) -> None:
        self._exchanges.pop(flow.id, None)

    def connection_closed(self, connection: str) -> None:
        """No more can come on this connection: what is unfinished has failed."""
        self._abandon(
            [key for key, one in self._exchanges.items() if one.connection == connection], "connection closed"
        )

    def capture_ended(self) -> None:
        self._abandon(list(self._exchanges), "capture ended")

    def _abandon(self, keys: list[str], reason: str) -> None:
        for key in keys:
            exchange = self._exchanges.pop(key)
            if not (exchange.request_ended and exchange.response_ended):
                self._write_failure(exchange, reason)

    def _forget_if_over(self, flow: HTTPFlow, exchange: _Exchange) -> None:
        if exchange.request_ended and exchange.response_ended and not flow.websocket:
            del self._exchanges[flow.id]

    def _write_failure(self, exchange: _Exchange, reason: str) -> None:
        fact: dict[str, Json] = {"flow": exchange.name, "error": short(reason)}
        if not exchange.request_ended:
            fact |= self._body(exchange.request_body)
            fact["body_sha256"] = None  # of the whole body, which never came
        exchange.response_body.discard()
        self._lane.append("FlowFailed", fact)

    def _write_response(self, flow: HTTPFlow, exchange: _Exchange, response: Response, *, whole: bool) -> None:
        exchange.response_ended = True
        encoding = encoding_of(part for field in response.headers.fields for part in field)
        head: dict[str, Json] = {"headers": header_pairs(response.headers, encoding)}
        if encoding != "utf-8":
            head["text_encoding"] = encoding
        fact: dict[str, Json] = {
            "flow": exchange.name,
            "status": response.status_code,
            "http_version": response.http_version,
            **self._bounded_head(head),
            **self._body(exchange.response_body),
            "server": server_place(flow.server_conn),
        }
        if not whole:
            fact["complete"] = False
        self._lane.append("ResponseReceived", fact)

    def _body(self, body: BodyKeeper) -> dict[str, Json]:
        reference = body.store(self._blobs)
        return {"body": reference, "body_length": body.length, "body_sha256": body.sha256, "kept": body.kept}

    def _bounded_head(self, head: dict[str, Json]) -> dict[str, Json]:
        """The head itself, or where it is too large for a line, a reference to a blob that holds it."""
        if _size(head) <= HEAD_LIMIT:
            return head
        shown = {key: value for key, value in head.items() if key == "text_encoding"}
        path = head.get("path")
        if isinstance(path, str):
            shown["path"] = path[:_PATH_SHOWN]
        line = to_line(head)
        return {**shown, "headers": [], "head": {"blob": self._blobs.put(line), "size": len(line)}}


def _size(head: dict[str, Json]) -> int:
    """Characters of the texts in a head."""
    path, headers = head.get("path"), head["headers"]
    size = len(path) if isinstance(path, str) else 0
    return size + sum(len(text) for pair in headers for text in pair)  # type: ignore[union-attr,misc,arg-type]
