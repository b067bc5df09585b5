"""Names the fields that SDKs send: what a vendor calls a value, and what kind of data that is.

Known values are always looked for, whatever an adapter says. An adapter adds what detection cannot know: that `utdid` is an
identifier the vendor made, whose value nobody planted. By itself that is a lead for a person and confirms nothing; where a
known value stands in the field, it tells the field's name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from traffic.adapter_table import Adapter, AdapterField, Kind, Sort, Sure, Table, load_adapters
from traffic.leaves import Leaf, plain_way

if TYPE_CHECKING:
    from traffic.decode.node import Where
    from traffic.detect import Hit
    from traffic.record import CapturedRequest

__all__ = ["NamedField", "adapters_table", "field_of", "name_fields"]

_MOST_FIELDS = 200
_EMPTY = frozenset({"", "null", "none", "nil", "undefined", "unknown", "n/a", "-", "false", "true"})
_SEPARATORS = re.compile(r"[-:._ +]")
_INDEX = re.compile(r"\[\d+\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedField:
    """A value under a name whose meaning is known. What the value itself is, nobody here knows."""

    adapter: str
    sdk: str
    field: str
    """The vendor's own name, with its place: "properties.$device_id"."""
    data: str
    """A key of the table of kinds."""
    data_zh: str
    data_en: str
    sort: Sort
    """Only the first two can be a lead by themselves."""
    sure: Sure
    """How sure the meaning is: seen in a capture of that SDK, written in a public source, or guessed from the name."""
    reason: str
    source: str
    where: Where
    path: tuple[str, ...]
    excerpt: str
    """The value with its middle hidden."""


@cache
def adapters_table() -> Table:
    """The adapters that come along, checked. Raises ValueError with all faults at once."""
    folder = files("traffic") / "data" / "adapters"
    texts = {
        entry.name: entry.read_text(encoding="utf-8")
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith(".toml")
    }
    return load_adapters(texts)


def name_fields(request: CapturedRequest, leaves: Sequence[Leaf], table: Table | None = None) -> tuple[NamedField, ...]:
    """The fields of the request that an adapter knows, each name and value once, in order of appearance."""
    known = table or adapters_table()
    domains = _domains(request.host)
    path = request.path.partition("?")[0][:2000]
    called = [(leaf.name, leaf) for leaf in leaves]
    found: dict[tuple[str, str, str], NamedField] = {}
    for adapter in known.adapters:
        if _is_concerned(adapter, domains, path, called):
            for name, leaf, field in _fields(adapter, called):
                key = (name, field.data, leaf.value)
                if key not in found:
                    found[key] = _named(adapter, leaf, field, known.kinds[field.data])
                if len(found) >= _MOST_FIELDS:
                    return tuple(found.values())
    return tuple(found.values())


def field_of(hit: Hit, fields: Iterable[NamedField]) -> NamedField | None:
    """The named field that a known value stands in, also where it is wrapped once more inside of it."""
    way = plain_way(hit.path)
    candidates = [field for field in fields if way[: len(plain_way(field.path))] == plain_way(field.path)]
    return max(candidates, key=lambda field: len(field.path), default=None)


def _domains(host: str) -> frozenset[str]:
    """The host and every domain it lies below."""
    labels = host.strip().rstrip(".").lower().split(".")
    return frozenset(".".join(labels[at:]) for at in range(len(labels)))


def _is_concerned(adapter: Adapter, domains: frozenset[str], path: str, called: Sequence[tuple[str, Leaf]]) -> bool:
    if adapter.hosts and domains.isdisjoint(adapter.hosts):
        return False
    if adapter.path is not None and not adapter.path.search(path):
        return False
    return all(any(_is_called(name, need) for name, _ in called) for need in adapter.needs)


def _fields(adapter: Adapter, called: Sequence[tuple[str, Leaf]]) -> Iterable[tuple[str, Leaf, AdapterField]]:
    """Each leaf with its name that the adapter knows and that holds anything."""
    for name, leaf in called:
        for field in adapter.by_last_name.get(name.rpartition(".")[2], ()):
            if _is_called(name, field.name):
                if not _is_empty(leaf.value) and _is_way(adapter, leaf):
                    yield name, leaf, field
                break


def _is_called(name: str, wanted: str) -> bool:
    return name == wanted or name.endswith("." + wanted)


def _is_way(adapter: Adapter, leaf: Leaf) -> bool:
    if not adapter.ways:
        return True
    way = tuple(_INDEX.sub("", step).replace(":.", ":") for step in plain_way(leaf.way))
    return any(way[: len(wanted)] == wanted for wanted in adapter.ways)


def _is_empty(value: str) -> bool:
    """Whether it says nothing: a placeholder, or one sign over and over. A single digit is a setting, not data."""
    bare = _SEPARATORS.sub("", value.strip().lower())
    return value.strip().lower() in _EMPTY or len(bare) < 2 or len(set(bare)) < 2


def _named(adapter: Adapter, leaf: Leaf, field: AdapterField, kind: Kind) -> NamedField:
    return NamedField(
        adapter=adapter.id,
        sdk=adapter.sdk,
        field=leaf.name,
        data=kind.id,
        data_zh=kind.zh,
        data_en=kind.en,
        sort=kind.sort,
        sure=field.sure,
        reason=adapter.reason,
        source=adapter.source,
        where=leaf.where,
        path=leaf.path,
        excerpt=_masked(leaf.value),
    )


def _masked(value: str) -> str:
    """First and last signs, so that two requests can be compared and nobody is shown in full."""
    shown = "".join(sign if sign.isprintable() else "·" for sign in value[:64])
    keep = 3 if len(shown) >= 10 else 1
    return f"{shown[:keep]}{'*' * max(1, len(shown) - 2 * keep)}{shown[-keep:] if len(shown) > 4 else ''}"
