"""The table of adapters as it is written, checked where it comes in: every fault at once, each with its place."""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from traffic.attribution import known_sdks
from traffic.known import DATA_TYPES

__all__ = ["Adapter", "AdapterField", "Kind", "Sort", "Sure", "Table", "load_adapters"]

Sure = Literal["seen", "documented", "field name only"]
Sort = Literal["identifier", "personal", "device", "context"]
_SURE = frozenset({"seen", "documented", "field name only"})
_SORTS = frozenset({"identifier", "personal", "device", "context"})
_OWN_SORTS: Mapping[str, Sort] = {"model": "device", "ip_address": "device", "device_name": "device"}
_PERSONAL = frozenset(
    {"calendar_event", "call_log", "clipboard", "contact_name", "contact_phone", "email", "latitude", "longitude"}
    | {"account", "package_list", "phone", "photo", "sms", "ssid", "bssid"}
)
_NEEDED = frozenset({"id", "sdk", "sure", "reason", "source", "fields"})
_ALLOWED = _NEEDED | {"guessed", "hosts", "path", "ways", "needs"}
_HOST = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+")
_ROOTS = frozenset({"body", "url", "header"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of data, also one whose values nobody can know before."""

    id: str
    zh: str
    en: str
    sort: Sort


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterField:
    """A vendor's name and what it holds."""

    name: str
    """As written, with as many parents as it takes: "properties.$device_id"."""
    data: str
    sure: Sure


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapter:
    """What one kind of request of one SDK looks like."""

    id: str
    sdk: str
    hosts: tuple[str, ...]
    """Suffixes at a dot; empty where customers run it on their own host: then `needs` says how it is recognised."""
    path: re.Pattern[str] | None
    ways: tuple[tuple[str, ...], ...]
    """Where its fields stand: ("body", "form:data_list", "base64", "gzip"). Empty: anywhere in the request."""
    needs: tuple[str, ...]
    """Names that must all be there before the request counts as this SDK's."""
    reason: str
    source: str
    by_last_name: Mapping[str, tuple[AdapterField, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """All adapters and the kinds of data they speak of."""

    adapters: tuple[Adapter, ...]
    kinds: Mapping[str, Kind]


def load_adapters(texts: Mapping[str, str]) -> Table:
    """`texts`: file name → TOML. Raises ValueError with all faults at once, each naming its place and the mend."""
    faults: list[str] = []
    kinds = {
        name: Kind(id=name, zh=zh, en=en, sort=_OWN_SORTS.get(name, "personal" if name in _PERSONAL else "identifier"))
        for name, (zh, en) in DATA_TYPES.items()
    }
    documents: dict[str, dict[str, Any]] = {}
    for name, text in texts.items():
        try:
            documents[name] = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            faults.append(f"{name}: {error}: mend the TOML")
    for name, document in documents.items():
        _take_kinds(name, document.get("kind", {}), kinds, faults)
    adapters: list[Adapter] = []
    taken: set[str] = set()
    for name, document in documents.items():
        for position, row in enumerate(document.get("adapter", ())):
            place = f"{name}: adapter[{position}]"
            wrong = _row_faults(place, row, kinds, taken)
            faults += wrong
            if not wrong:
                adapters.append(_adapter(row))
    if faults:
        raise ValueError("; ".join(faults))
    return Table(adapters=tuple(adapters), kinds=kinds)


def _take_kinds(name: str, rows: Mapping[str, Any], kinds: dict[str, Kind], faults: list[str]) -> None:
    for kind, row in rows.items():
        place = f"{name}: kind.{kind}"
        if kind in kinds:
            faults.append(f"{place}: is known already: use another name, or leave it out")
        elif set(row) != {"zh", "en", "sort"} or row["sort"] not in _SORTS:
            faults.append(f"{place}: must have zh, en, and sort, one of {sorted(_SORTS)}")
        else:
            kinds[kind] = Kind(id=kind, zh=row["zh"], en=row["en"], sort=cast(Sort, row["sort"]))


def _row_faults(place: str, row: Mapping[str, Any], kinds: Collection[str], taken: set[str]) -> list[str]:
    """Everything wrong with one adapter."""
    faults: list[str] = []
    missing, unknown = _NEEDED - set(row), set(row) - _ALLOWED
    if missing or unknown:
        return [f"{place}: lacks {sorted(missing)}, has unknown {sorted(unknown)}"]
    place = f"{place} ({row['id']})"
    if row["id"] in taken:
        faults.append(f"{place}: the id is taken: choose another")
    taken.add(row["id"])
    if row["sdk"] not in known_sdks():
        faults.append(f"{place}: sdk {row['sdk']!r} is not in sdks.toml: add it there")
    if row["sure"] not in _SURE:
        faults.append(f"{place}: sure must be one of {sorted(_SURE)}")
    for text in ("reason", "source"):
        if not isinstance(row[text], str) or len(row[text]) < 8:
            faults.append(f"{place}: {text} must say why, in words")
    if not row.get("hosts") and not row.get("needs"):
        faults.append(f"{place}: give hosts, or needs to recognise it by")
    faults += [f"{place}: {host!r} is no host name" for host in row.get("hosts", ()) if not _HOST.fullmatch(host)]
    faults += _path_faults(place, row)
    guessed = row.get("guessed", {})
    for field in sorted(set(row["fields"]) & set(guessed)):
        faults.append(f"{place}: field {field!r} stands under fields and under guessed: keep one")
    for field, data in (*row["fields"].items(), *guessed.items()):
        if data not in kinds:
            faults.append(f"{place}: field {field!r} is of unknown kind {data!r}: add [kind.{data}]")
    if not row["fields"]:
        faults.append(f"{place}: names no field")
    return faults


def _path_faults(place: str, row: Mapping[str, Any]) -> list[str]:
    faults = []
    try:
        re.compile(row.get("path", ""))
    except re.error as error:
        faults.append(f"{place}: path is no regular expression: {error}")
    for way in row.get("ways", ()):
        if not way.split() or way.split()[0] not in _ROOTS:
            faults.append(f"{place}: the way {way!r} must begin with one of {sorted(_ROOTS)}")
    return faults


def _adapter(row: Mapping[str, Any]) -> Adapter:
    by_last: defaultdict[str, list[AdapterField]] = defaultdict(list)
    sure = cast(Sure, row["sure"])
    sorts: tuple[tuple[dict[str, str], Sure], ...] = (
        (row["fields"], sure),
        (row.get("guessed", {}), "field name only"),
    )
    for names, how in sorts:
        for name, data in names.items():
            by_last[name.rpartition(".")[2]].append(AdapterField(name=name, data=data, sure=how))
    return Adapter(
        id=row["id"],
        sdk=row["sdk"],
        hosts=tuple(row.get("hosts", ())),
        path=re.compile(row["path"]) if "path" in row else None,
        ways=tuple(tuple(way.split()) for way in row.get("ways", ())),
        needs=tuple(row.get("needs", ())),
        reason=row["reason"],
        source=row["source"],
        by_last_name={name: tuple(found) for name, found in by_last.items()},
    )
