"""Our addon: mitmproxy's hooks, each turned into facts at once. No exception in here ever reaches the app's traffic."""

# mypy: untyped-calls-exclude=mitmproxy

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec

from mitmproxy.connection import Address, Client
from mitmproxy.dns import DNSFlow
from mitmproxy.http import HTTPFlow, Response
from mitmproxy.proxy.layer import NextLayer
from mitmproxy.proxy.server_hooks import ServerConnectionHookData
from mitmproxy.tcp import TCPFlow
from mitmproxy.tls import TlsData
from mitmproxy.udp import UDPFlow

from evidence.canonical import Json
from evidence.errors import StorageFailed
from evidence.lanes import LaneWriter
from traffic.capture.exchanges import ExchangeRecorder
from traffic.capture.facts import body_announcement, connection_address, short, tls_details
from traffic.capture.raw import RawRecorder
from traffic.probe import PROBE_HOST

__all__ = ["CaptureAddon", "TroubleLog"]

_TROUBLES_RECORDED = 100
_H2C_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

_P = ParamSpec("_P")


def _guarded(
    hook: Callable[Concatenate["CaptureAddon", _P], None],
) -> Callable[Concatenate["CaptureAddon", _P], None]:
    """The boundary between our recording and the app's traffic: the only place where any exception is caught."""

    @wraps(hook)
    def guarded(addon: "CaptureAddon", /, *args: _P.args, **kwargs: _P.kwargs) -> None:
        if addon.ended:
            return
        try:
            hook(addon, *args, **kwargs)
        except StorageFailed as error:
            addon.give_up(error)
        except Exception as error:  # the boundary
            addon.note_trouble(f"capture.{hook.__name__}", error)

    return guarded


@dataclass(slots=True)
class _Connection:
    name: str
    peer: Address | None
    requests: int = 0
    http2_in_the_clear: bool = False


class CaptureAddon:
    """Public methods named like hooks are called by mitmproxy, in the order of its events."""

    def __init__(
        self,
        lane: LaneWriter,
        exchanges: ExchangeRecorder,
        raw: RawRecorder,
        stream_above: int,
        on_storage_failure: Callable[[StorageFailed], None],
    ):
        self._lane = lane
        self._exchanges = exchanges
        self._raw = raw
        self._stream_above = stream_above
        self._on_storage_failure = on_storage_failure
        self._connections: dict[str, _Connection] = {}
        self._connection_count = 0
        self.troubles = 0
        self.ended = False
        """From then on nothing is recorded."""

    def end(self) -> None:
        """Write what is unfinished; connections that are torn down afterwards are no facts about the app."""
        if not self.ended:
            self._exchanges.capture_ended()
            self._raw.capture_ended()
            self.ended = True

    # --- trouble ---

    def give_up(self, error: StorageFailed) -> None:
        """The record cannot be written any more: to go on would be to let traffic pass unseen."""
        self.ended = True
        self._on_storage_failure(error)

    def note_trouble(self, where: str, error: object) -> None:
        """Record that something went wrong in here. Says nothing about the app."""
        self.troubles += 1
        if self.troubles > _TROUBLES_RECORDED or self.ended:
            return
        what = f"{type(error).__name__}: {error}" if isinstance(error, Exception) else str(error)
        last = " Further troubles are counted, not recorded." if self.troubles == _TROUBLES_RECORDED else ""
        try:
            self._lane.append(
                "Trouble",
                {"where": where, "what": short(what) + last, "mend": "Report this with the session's traffic.jsonl."},
            )
        except StorageFailed as failure:
            self.give_up(failure)

    # --- connections ---

    @_guarded
    def client_connected(self, client: Client) -> None:
        connection = self._connection(client)
        _, port = connection_address(connection.peer)
        self._lane.append("ClientConnected", {"connection": connection.name, "peer_port": port})

    @_guarded
    def client_disconnected(self, client: Client) -> None:
        connection = self._connections.pop(client.id, None)
        if connection is None:
            return
        self._exchanges.connection_closed(connection.name)
        self._raw.connection_closed(connection.name)
        self._lane.append("ClientDisconnected", {"connection": connection.name, "requests": connection.requests})

    @_guarded
    def http_connect(self, flow: HTTPFlow) -> None:
        self._lane.append(
            "TunnelAsked",
            {
                "connection": self._connection(flow.client_conn).name,
                "host": flow.request.host,
                "port": flow.request.port,
            },
        )

    @_guarded
    def tls_established_client(self, data: TlsData) -> None:
        self._lane.append("TlsEstablished", {**self._tls(data), **tls_details(data.context.client)})

    @_guarded
    def tls_failed_client(self, data: TlsData) -> None:
        reason = short(data.conn.error or "unknown")
        self._lane.append("TlsRefused", {**self._tls(data), "sni": data.context.client.sni, "reason": reason})

    @_guarded
    def tls_alert(self, peer: Address, reason: str) -> None:
        """The app broke TLS off after the handshake. mitmproxy has no hook for it, it only logs."""
        connection = next((one for one in self._connections.values() if one.peer == peer), None)
        if connection is not None:
            self._lane.append("TlsAlertReceived", {"connection": connection.name, "reason": short(reason)})

    def _tls(self, data: TlsData) -> dict[str, Json]:
        host, port = connection_address(data.context.server.address)
        return {"connection": self._connection(data.context.client).name, "host": host, "port": port}

    def _connection(self, client: Client) -> _Connection:
        connection = self._connections.get(client.id)
        if connection is None:
            connection = self._connections[client.id] = _Connection(f"c{self._connection_count}", client.peername)
            self._connection_count += 1
        return connection

    # --- HTTP/2 without TLS: mitmproxy would take its greeting for a request of HTTP/1 ---

    @_guarded
    def next_layer(self, nextlayer: NextLayer) -> None:
        client = nextlayer.context.client
        if not client.tls and nextlayer.data_client().startswith(_H2C_PREFACE):
            client.alpn = b"h2"
            self._connection(client).http2_in_the_clear = True

    @_guarded
    def server_connected(self, data: ServerConnectionHookData) -> None:
        connection = self._connections.get(data.client.id)
        if connection is not None and connection.http2_in_the_clear and not data.server.tls:
            data.server.alpn = b"h2"

    # --- HTTP ---

    @_guarded
    def requestheaders(self, flow: HTTPFlow) -> None:
        connection = self._connection(flow.client_conn)
        connection.requests += 1
        if flow.request.host == PROBE_HOST:
            return
        self._exchanges.request_started(flow, connection.name)
        kind, length = body_announcement(flow.request.headers)
        # Both sides of gRPC talk at once: waiting for the end of the request would be waiting for ever.
        flow.request.stream = kind.startswith(b"application/grpc") or length > self._stream_above

    @_guarded
    def request(self, flow: HTTPFlow) -> None:
        if flow.request.host == PROBE_HOST:
            self._answer_probe(flow)
        else:
            self._exchanges.request_sent(flow)

    @_guarded
    def responseheaders(self, flow: HTTPFlow) -> None:
        response = flow.response
        if response is not None and response.status_code >= 200 and flow.request.host != PROBE_HOST:
            # The app gets each piece when it comes, and a broken answer as broken as it is.
            response.stream = True

    @_guarded
    def response(self, flow: HTTPFlow) -> None:
        self._exchanges.response_received(flow)

    @_guarded
    def error(self, flow: HTTPFlow) -> None:
        self._exchanges.failed(flow, flow.error.msg if flow.error else "unknown")

    @_guarded
    def websocket_message(self, flow: HTTPFlow) -> None:
        self._exchanges.websocket_message(flow)

    @_guarded
    def websocket_end(self, flow: HTTPFlow) -> None:
        self._exchanges.websocket_ended(flow)

    @_guarded
    def request_bytes(self, flow: HTTPFlow, data: bytes) -> None:
        self._exchanges.request_bytes(flow, data)

    @_guarded
    def response_bytes(self, flow: HTTPFlow, data: bytes) -> None:
        self._exchanges.response_bytes(flow, data)

    def _answer_probe(self, flow: HTTPFlow) -> None:
        token = flow.request.path.lstrip("/")
        flow.response = Response.make(200, token, {"Content-Type": "text/plain", "Cache-Control": "no-store"})
        self._lane.append(
            "ProbeAnswered",
            {
                "connection": self._connection(flow.client_conn).name,
                "scheme": flow.request.scheme,
                "token": short(token),
            },
        )

    # --- everything else ---

    @_guarded
    def tcp_start(self, flow: TCPFlow) -> None:
        self._raw.started(flow, self._connection(flow.client_conn).name)

    @_guarded
    def tcp_message(self, flow: TCPFlow) -> None:
        self._raw.message(flow)

    @_guarded
    def tcp_end(self, flow: TCPFlow) -> None:
        self._raw.ended(flow)

    tcp_error = tcp_end

    @_guarded
    def udp_start(self, flow: UDPFlow) -> None:
        self._raw.started(flow, self._connection(flow.client_conn).name)

    @_guarded
    def udp_message(self, flow: UDPFlow) -> None:
        self._raw.message(flow)

    @_guarded
    def udp_end(self, flow: UDPFlow) -> None:
        self._raw.ended(flow)

    udp_error = udp_end

    @_guarded
    def dns_response(self, flow: DNSFlow) -> None:
        self._raw.dns(flow, self._connection(flow.client_conn).name)

    dns_error = dns_response


class TroubleLog(logging.Handler):
    """Turns what mitmproxy only logs into facts: its own errors, and alerts that end a TLS connection."""

    def __init__(self, addon: CaptureAddon):
        super().__init__(logging.WARNING)
        self._addon = addon

    def emit(self, record: logging.LogRecord) -> None:
        what = record.getMessage()
        peer = getattr(record, "client", None)
        if record.levelno >= logging.ERROR:
            cause = record.exc_info[1] if record.exc_info else None
            self._addon.note_trouble(record.name, f"{what} {cause!r}" if cause else what)
        elif what.startswith("TLS Error:") and "alert" in what and peer:
            self._addon.tls_alert(peer, what)
