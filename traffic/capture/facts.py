"""Turns mitmproxy's objects into the plain values that facts are made of. Pure functions."""

import ipaddress
from collections.abc import Iterable, Mapping
from functools import lru_cache

from mitmproxy.connection import Address, Client, Server
from mitmproxy.http import Headers, HTTPFlow, Request

from evidence.canonical import Json

__all__ = [
    "HEAD_LIMIT",
    "body_announcement",
    "connection_address",
    "header_pairs",
    "request_host",
    "request_texts",
    "server_place",
    "short",
    "text_encoding",
    "tls_details",
]

HEAD_LIMIT = 64 * 1024
"""Bytes of a request's or response's head that stand in the fact itself; a larger head becomes a blob."""

_TEXT_LIMIT = 1000
_LONGEST_NUMBER = 18


def short(text: object) -> str:
    """A message for a fact, bounded."""
    return str(text)[:_TEXT_LIMIT]


def text_encoding(parts: Iterable[bytes]) -> str:
    """The encoding that turns these bytes into text and back without loss."""
    joined = b"\n".join(parts)
    if joined.isascii():
        return "utf-8"
    try:
        joined.decode("utf-8")
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8"


def header_pairs(headers: Headers | None, encoding: str) -> list[Json]:
    fields: Iterable[tuple[bytes, bytes]] = headers.fields if headers is not None else ()
    return [[name.decode(encoding), value.decode(encoding)] for name, value in fields]


def request_texts(request: Request) -> dict[str, Json]:
    """Path and headers as text, and the encoding that makes bytes of them again."""
    path = request.data.path
    encoding = text_encoding([path, *(part for field in request.headers.fields for part in field)])
    texts: dict[str, Json] = {"path": path.decode(encoding), "headers": header_pairs(request.headers, encoding)}
    if encoding != "utf-8":
        texts["text_encoding"] = encoding
    return texts


def body_announcement(headers: Headers) -> tuple[bytes, int]:
    """(content type, announced length or -1), from one look at the raw headers."""
    kind, length = b"", -1
    for name, value in headers.fields:
        match name.lower():
            case b"content-type":
                kind = value.lower()
            case b"content-length" if value.isdigit():
                length = int(value[:_LONGEST_NUMBER])
    return kind, length


def request_host(flow: HTTPFlow) -> str:
    """The name the app asked for. Where only an address is known (a tunnel), the TLS name or the Host header.

    The name the connection was made for comes first: a Host header may say anything.
    """
    host = flow.request.host
    if not _is_address(host):
        return host
    client = flow.client_conn
    if client.tls and client.sni:
        return client.sni
    return flow.request.pretty_host or host


def server_place(server: Server) -> Mapping[str, Json]:
    """Where a request went. The address is unknown when another proxy resolved the name."""
    host, port = connection_address(server.address)
    peer = None if server.via or not server.peername else server.peername[0]
    return {"host": host, "port": port, "address": peer}


def connection_address(address: Address | None) -> tuple[str | None, int | None]:
    return (address[0], address[1]) if address else (None, None)


def tls_details(client: Client) -> dict[str, Json]:
    alpn = client.alpn.decode("ascii", "backslashreplace") if client.alpn else None
    return {"sni": client.sni, "version": client.tls_version, "alpn": alpn}


@lru_cache(1024)
def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
