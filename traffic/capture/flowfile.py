"""Writes requests of a record as a mitmproxy flow file."""

# mypy: untyped-calls-exclude=mitmproxy

import io
from collections.abc import Iterable, Iterator

from traffic.capture.lean import prepare
from traffic.record import CapturedRequest, CapturedResponse

prepare()

from mitmproxy import connection, http  # noqa: E402  only importable without its addons after `prepare`
from mitmproxy.io import FlowWriter  # noqa: E402
from mitmproxy.tcp import TCPFlow, TCPMessage  # noqa: E402
from mitmproxy.websocket import WebSocketData, WebSocketMessage  # noqa: E402
from wsproto.frame_protocol import Opcode  # noqa: E402

__all__ = ["flow_file"]

_NS_PER_SECOND = 1e9


def flow_file(requests: Iterable[CapturedRequest]) -> Iterator[bytes]:
    """The file's content, piece by piece."""
    flows: dict[str, http.HTTPFlow] = {}
    others: list[TCPFlow] = []
    for request in requests:
        if request.channel == "http":
            flows[request.flow] = _http_flow(request)
        elif request.channel == "raw":
            others.append(_raw_flow(request))
        elif request.flow in flows:
            _add_message(flows[request.flow], request)
    for flow in (*flows.values(), *others):
        stream = io.BytesIO()
        FlowWriter(stream).add(flow)
        yield stream.getvalue()


def _http_flow(request: CapturedRequest) -> http.HTTPFlow:
    flow = http.HTTPFlow(_client(request), _server(request))
    flow.request = http.Request(
        host=request.host,
        port=request.port,
        method=request.method.encode("utf-8", "surrogateescape"),
        scheme=request.scheme.encode(),
        authority=request.authority.encode("utf-8", "surrogateescape"),
        path=request.path.encode(request.text_encoding, "replace"),
        http_version=request.http_version.encode(),
        headers=_headers(request.headers, request.text_encoding),
        content=request.body,
        trailers=None,
        timestamp_start=request.started.wall_ns / _NS_PER_SECOND,
        timestamp_end=_end(request),
    )
    if request.response is not None:
        flow.response = _response(request.response, request.started.wall_ns / _NS_PER_SECOND)
    flow.comment = _comment(request)
    flow.metadata = {"appwitness_flow": request.flow, "appwitness_connection": request.connection}
    return flow


def _response(response: CapturedResponse, asked: float) -> http.Response:
    received = response.received.wall_ns / _NS_PER_SECOND if response.received else asked
    return http.Response(
        http_version=response.http_version.encode(),
        status_code=response.status,
        reason=b"",
        headers=_headers(response.headers, response.text_encoding),
        content=response.body,
        trailers=None,
        timestamp_start=asked,
        timestamp_end=received,
    )


def _add_message(flow: http.HTTPFlow, request: CapturedRequest) -> None:
    if flow.websocket is None:
        flow.websocket = WebSocketData()
    sent = request.started.wall_ns / _NS_PER_SECOND
    flow.websocket.messages.append(WebSocketMessage(Opcode.BINARY, True, request.body, sent))


def _raw_flow(request: CapturedRequest) -> TCPFlow:
    flow = TCPFlow(_client(request), _server(request))
    flow.messages = [TCPMessage(True, request.body, request.started.wall_ns / _NS_PER_SECOND)]
    flow.comment = _comment(request)
    return flow


def _client(request: CapturedRequest) -> connection.Client:
    client = connection.Client(
        peername=("127.0.0.1", 0), sockname=("127.0.0.1", 0), timestamp_start=request.started.wall_ns / _NS_PER_SECOND
    )
    client.tls = request.scheme in ("https", "wss")
    client.sni = request.host if client.tls else None
    return client


def _server(request: CapturedRequest) -> connection.Server:
    return connection.Server(address=(request.host, request.port))


def _headers(pairs: Iterable[tuple[str, str]], encoding: str) -> http.Headers:
    return http.Headers(
        [(name.encode(encoding, "replace"), value.encode(encoding, "replace")) for name, value in pairs]
    )


def _end(request: CapturedRequest) -> float | None:
    if request.finished_mono is None:
        return None
    return (request.started.wall_ns + request.finished_mono - request.started.mono_ns) / _NS_PER_SECOND


def _comment(request: CapturedRequest) -> str:
    if not request.complete:
        return f"incomplete: {request.error or 'its end was never recorded'}"
    if len(request.body) < request.body_length:
        return f"the first {len(request.body)} of {request.body_length} bytes of the body were kept"
    return ""
