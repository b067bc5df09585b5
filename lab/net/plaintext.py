"""Finds the lab's own identifiers in what an app sent, by unwrapping it layer by layer.

Small and separate from the product on purpose: the answer key must not repeat the product's mistakes.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import zlib
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote_to_bytes

__all__ = ["Found", "search"]

_MOST_LAYERS = 600
_MOST_BYTES = 8 * 1024 * 1024
_DEEPEST = 8
_FEWEST_NAMES = 3
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{16,}={0,2}")
_HEX = re.compile(rb"(?:[0-9a-fA-F]{2}){16,}")
_DIGESTS = ("md5", "sha1", "sha256")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """`kind` is the identifier, `form` how it is spelled (plain, md5, sha1, sha256), `path` the layers it lies under."""

    kind: str
    form: str
    path: tuple[str, ...]


def search(
    parts: Mapping[str, bytes], known: Mapping[str, tuple[str, ...]], installed: tuple[str, ...] = ()
) -> tuple[Found, ...]:
    """`parts` are the pieces of a request by name (url, headers, body). Each identifier and form is told once.

    Three names of `installed` packages in one layer are a list of apps.
    """
    needles = _needles(known)
    names = [name.encode() for name in installed]
    found: dict[tuple[str, str], Found] = {}
    for path, layer in _layers(parts):
        if sum(name in layer for name in names) >= _FEWEST_NAMES:
            found.setdefault(("package_list", "plain"), Found(kind="package_list", form="plain", path=path))
        for (kind, form), spellings in needles.items():
            if (kind, form) not in found and any(spelling in layer for spelling in spellings):
                found[kind, form] = Found(kind=kind, form=form, path=path)
    return tuple(found.values())


def _needles(known: Mapping[str, tuple[str, ...]]) -> dict[tuple[str, str], frozenset[bytes]]:
    needles: dict[tuple[str, str], set[bytes]] = {}
    for kind, values in known.items():
        for value in values:
            bare = re.sub(r"[:-]", "", value)
            variants = {text for each in (value, bare) for text in (each, each.lower(), each.upper())}
            plain = needles.setdefault((kind, "plain"), set())
            plain.update(text.encode() for text in variants)
            if not value.isascii():
                plain.add(json.dumps(value)[1:-1].encode())
            for name in _DIGESTS:
                digests = needles.setdefault((kind, name), set())
                for text in variants:
                    digests.update(_digest_spellings(hashlib.new(name, text.encode(), usedforsecurity=False).digest()))
    return {key: frozenset(spellings) for key, spellings in needles.items()}


def _digest_spellings(digest: bytes) -> Iterator[bytes]:
    text = digest.hex().encode()
    yield from (text, text.upper(), digest)
    if len(digest) == 16:
        yield from (text[8:24], text[8:24].upper())


def _layers(parts: Mapping[str, bytes]) -> Iterator[tuple[tuple[str, ...], bytes]]:
    """Every layer once, the outer ones first, within the bounds."""
    waiting: deque[tuple[tuple[str, ...], bytes]] = deque(((name,), data) for name, data in parts.items() if data)
    seen: set[bytes] = set()
    spent = 0
    while waiting and len(seen) < _MOST_LAYERS and spent < _MOST_BYTES:
        path, data = waiting.popleft()
        name = hashlib.sha256(data).digest()
        if name in seen:
            continue
        seen.add(name)
        spent += len(data)
        yield path, data
        if len(path) <= _DEEPEST:
            waiting.extend(((*path, step), inner) for step, inner in _unwrap(data) if len(inner) > 5)


def _unwrap(data: bytes) -> Iterator[tuple[str, bytes]]:
    yield from _inflated(data)
    if b"%" in data:
        yield "percent", unquote_to_bytes(data)
    if b"=" in data and b"\0" not in data:
        yield from _form(data)
    if data.lstrip()[:1] in (b"{", b"["):
        yield from _json(data)
    if b"\r\n\r\n" in data:
        yield from (("part", part.partition(b"\r\n\r\n")[2]) for part in data.split(b"\r\n--")[:64])
    yield from _tokens(data)


def _inflated(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Bounded: a small body may unpack to gigabytes."""
    kind, window = (
        ("gzip", 31) if data[:2] == b"\x1f\x8b" else ("zlib", 15) if data[:1] == b"\x78" else ("deflate", -15)
    )
    inflater = zlib.decompressobj(window)
    try:
        plain = inflater.decompress(data, _MOST_BYTES)
    except zlib.error:
        return
    if plain and (inflater.eof or window != -15):  # nearly anything starts like raw deflate
        yield kind, plain


def _form(data: bytes) -> Iterator[tuple[str, bytes]]:
    text = data.partition(b"?")[2] or data
    try:
        for name, value in parse_qsl(text.decode("latin-1"), max_num_fields=200):
            yield f"form:{name[:40]}", value.encode("utf-8", "surrogateescape")
    except ValueError:
        return


def _json(data: bytes) -> Iterator[tuple[str, bytes]]:
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return
    waiting: deque[tuple[str, Any]] = deque([("json", document)])
    while waiting:
        path, value = waiting.popleft()
        if isinstance(value, dict):
            waiting.extend((f"{path}.{key}"[:80], inner) for key, inner in value.items())
        elif isinstance(value, list):
            waiting.extend((f"{path}[]"[:80], inner) for inner in value)
        elif isinstance(value, str):
            yield path, value.encode("utf-8", "surrogatepass")


def _tokens(data: bytes) -> Iterator[tuple[str, bytes]]:
    for match in list(_BASE64.finditer(data))[:50]:
        token = match.group().replace(b"-", b"+").replace(b"_", b"/").rstrip(b"=")
        try:
            yield "base64", base64.b64decode(token + b"=" * (-len(token) % 4), validate=True)
        except (binascii.Error, ValueError):
            continue
    for match in list(_HEX.finditer(data))[:50]:
        yield "hex", bytes.fromhex(match.group().decode())
