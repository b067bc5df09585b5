"""Describes the way to each match in words that a person follows: form field, base64, gzip, JSON path."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from traffic.decode.content import is_text
from traffic.decode.node import Node
from traffic.leaf import form_field, header_name, json_paths, structure_path, url_part
from traffic.matching import Match
from traffic.trace import Stage, Tracer

__all__ = ["Told", "place_of", "tell"]

_SLICES = frozenset({"multipart", "protobuf", "msgpack", "cbor", "zip", "xor"})
"""Steps whose argument belongs into the description."""


class Told(NamedTuple):
    """A match and the way to it."""

    match: Match
    stages: tuple[Stage, ...]
    path: tuple[str, ...]
    json_path: str | None


def tell(found: Sequence[Match]) -> list[Told]:
    """All at once, because each text is read only once for all the places in it."""
    tracer = Tracer()
    traced = [(match, tracer.trace(match.node, match.start, match.end - match.start)) for match in found]
    json = _json_places(stage for _, stages in traced for stage in stages)
    return [Told(match, stages, *_path(stages, json)) for match, stages in traced]


def place_of(node: Node, offset: int, length: int) -> tuple[str, ...]:
    """The description of the way to one place."""
    stages = Tracer().trace(node, offset, length)
    return _path(stages, _json_places(stages))[0]


def _json_places(stages: Iterable[Stage]) -> dict[tuple[int, int], str]:
    """(identity of the text, offset) -> JSON path."""
    wanted: dict[int, tuple[bytes, set[int]]] = {}
    for stage in stages:
        if (known := wanted.get(id(stage.data))) is not None:
            known[1].add(stage.offset)
        elif is_json(stage.data):
            wanted[id(stage.data)] = stage.data, {stage.offset}
    places: dict[tuple[int, int], str] = {}
    for identity, (data, offsets) in wanted.items():
        ordered = sorted(offsets)
        for offset, path in zip(ordered, json_paths(data, ordered), strict=True):
            if path is not None:
                places[identity, offset] = path
    return places


def is_json(data: bytes) -> bool:
    """By its first sign."""
    return data[:64].lstrip()[:1] in (b"{", b"[")


def _path(stages: tuple[Stage, ...], json: dict[tuple[int, int], str]) -> tuple[tuple[str, ...], str | None]:
    path: list[str] = []
    leaf = None
    for at, stage in enumerate(stages):
        if stage.step is None:
            path.append(stage.node.where)
        else:
            named = stage.step.argument and stage.step.code in _SLICES
            path.append(f"{stage.step.code}:{stage.step.argument}" if named else stage.step.code)
        leaf = json.get((id(stage.data), stage.offset))
        place = f"json:{leaf}" if leaf is not None else _place(stage)
        following = stages[at + 1].step if at + 1 < len(stages) else None
        if place and not (following is not None and following.code in _SLICES and following.argument):
            path.append(place)
    return tuple(path), leaf


def _place(stage: Stage) -> str | None:
    """What names the place in a text that is no JSON, or in a binary message."""
    data, offset = stage.data, stage.offset
    if stage.step is None and stage.node.where == "url":
        return url_part(data, offset)
    if stage.step is None and stage.node.where == "header":
        return header_name(data, offset)
    if data is stage.node.data and not stage.node.is_text and stage.node.structure is not None:
        field = structure_path(stage.node.structure, offset)
        return f"{stage.node.structure.code}:{field}" if field else None
    if offset and (stage.node.is_text if data is stage.node.data else is_text(data)):
        field = form_field(data, offset)
        return f"form:{field}" if field else None
    return None
