"""Follows what is no HTTP: raw TCP and UDP streams, and DNS questions where the mode lets them through."""

from dataclasses import dataclass
from pathlib import Path

from mitmproxy.dns import DNSFlow
from mitmproxy.tcp import TCPFlow
from mitmproxy.udp import UDPFlow

from evidence.blobs import BlobStore
from evidence.canonical import Json
from evidence.lanes import LaneWriter
from traffic.capture.body import BodyKeeper
from traffic.capture.facts import connection_address, short

__all__ = ["RawRecorder"]

_KEEP = 64 * 1024
_NAMES = 32


@dataclass(slots=True, kw_only=True)
class _RawStream:
    name: str
    connection: str
    sent: BodyKeeper
    received: int = 0


class RawRecorder:
    """Writes one RawTraffic when a stream opens and one with its byte counts when it ends."""

    def __init__(self, lane: LaneWriter, blobs: BlobStore, spool: Path):
        self._lane = lane
        self._blobs = blobs
        self._spool = spool
        self._streams: dict[str, tuple[_RawStream, TCPFlow | UDPFlow]] = {}
        self._count = 0

    def started(self, flow: TCPFlow | UDPFlow, connection: str) -> None:
        stream = _RawStream(name=f"r{self._count}", connection=connection, sent=BodyKeeper(_KEEP, self._spool))
        self._count += 1
        self._streams[flow.id] = (stream, flow)
        self._write(stream, flow, "opened")

    def message(self, flow: TCPFlow | UDPFlow) -> None:
        stream, _ = self._streams.get(flow.id, (None, None))
        message = flow.messages[-1]
        # Only the newest is needed; all of them would pile up for as long as the stream lives.
        flow.messages.clear()
        if stream is None:
            return
        if message.from_client:
            stream.sent.feed(message.content)
        else:
            stream.received += len(message.content)

    def ended(self, flow: TCPFlow | UDPFlow) -> None:
        stream, _ = self._streams.pop(flow.id, (None, None))
        if stream is not None:
            self._write(stream, flow, "closed")

    def connection_closed(self, connection: str) -> None:
        for stream, flow in list(self._streams.values()):
            if stream.connection == connection:
                self.ended(flow)

    def capture_ended(self) -> None:
        for _, flow in list(self._streams.values()):
            self.ended(flow)

    def dns(self, flow: DNSFlow, connection: str) -> None:
        """A question that the device asked, with what it was told (nothing: not answered)."""
        answers = flow.response.answers if flow.response else ()
        self._lane.append(
            "DnsAnswered",
            {
                "connection": connection,
                "questions": [short(question.name) for question in flow.request.questions[:_NAMES]],
                "answers": [short(answer) for answer in answers[:_NAMES]],
                "error": short(flow.error.msg) if flow.error else None,
            },
        )

    def _write(self, stream: _RawStream, flow: TCPFlow | UDPFlow, state: str) -> None:
        host, port = connection_address(flow.server_conn.address)
        fact: dict[str, Json] = {
            "flow": stream.name,
            "connection": stream.connection,
            "state": state,
            "transport": flow.client_conn.transport_protocol,
            "sni": flow.client_conn.sni,
            "host": host,
            "port": port,
            "up": stream.sent.length,
            "down": stream.received,
        }
        if state == "closed":
            fact |= {
                "body": stream.sent.store(self._blobs),
                "body_sha256": stream.sent.sha256,
                "kept": stream.sent.kept,
                "error": short(flow.error.msg) if flow.error else None,
            }
        self._lane.append("RawTraffic", fact)
