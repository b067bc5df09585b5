"""Whose server a request went to: the app's own developer, an SDK's maker, somebody's rented cloud, or nobody knows.

A host is matched on dot boundaries, the longest suffix wins. Shared clouds never attribute: whoever rents them decides.
"""

from __future__ import annotations

import ipaddress
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal, TypeVar

import tldextract

__all__ = ["Recipient", "Sdk", "attribute", "load_sdks", "registrable_domain"]

_Value = TypeVar("_Value")
Kind = Literal["first_party", "sdk", "shared_cloud", "unknown"]

_GENERIC_LABELS = frozenset({"com", "cn", "net", "org", "app", "android", "mobile", "client", "www", "api", "io", "co"})
_LEAST_LABEL = 4
"""A shorter word of a package name says nothing about a domain: `com.qq.x` is not `qq.anything`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sdk:
    """An entry of the table: who runs these hosts, and for what."""

    id: str
    zh: str
    en: str
    company: str
    category: str
    purpose: str
    hosts: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    """Hosts that the company uses for many services: they do not attribute to this SDK."""
    unconfirmed: tuple[str, ...] = ()
    """Said to be its hosts, found in no public list: not used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Who got a request."""

    kind: Kind
    host: str
    registrable: str
    """The domain somebody registered; the host itself for addresses and unknown suffixes."""
    name_zh: str
    name_en: str
    company: str
    category: str
    sdk_id: str | None


@cache
def load_sdks() -> tuple[tuple[Sdk, ...], Mapping[str, str]]:
    """The table, and the shared clouds as suffix → company. Raises TypeError naming a field that does not belong."""
    table = tomllib.loads(resources.files("traffic").joinpath("data/sdks.toml").read_text(encoding="utf-8"))
    sdks = tuple(Sdk(**_tuples(row)) for row in table["sdks"])
    clouds = {host: str(row["company"]) for row in table["clouds"] for host in row["hosts"]}
    return sdks, clouds


def _tuples(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}


@cache
def _by_suffix() -> Mapping[str, Sdk]:
    return {host: sdk for sdk in reversed(load_sdks()[0]) for host in sdk.hosts}


@cache
def _extractor() -> tldextract.TLDExtract:
    # Only the list that the wheel ships: no download, and the same answer everywhere.
    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)


def registrable_domain(host: str) -> str:
    """The registrable domain of a host ("a.b.example.com.cn" → "example.com.cn").

    An unlisted suffix such as `.test` counts as one label. An address, or a bare name, is returned as it is.
    """
    name = host.rstrip(".").lower()
    if _is_address(name):
        return name
    found = _extractor()(name)
    if found.suffix and found.domain:
        return f"{found.domain}.{found.suffix}"
    labels = name.split(".")
    return ".".join(labels[-2:])


def attribute(host: str, package: str, first_party_hosts: Sequence[str] = ()) -> Recipient:
    """Who runs `host`, from the point of view of the app `package`.

    First party: a domain named as such, or one whose registered name is a word of the package name. Never a guess beyond that:
    what nobody knows is `unknown`.
    """
    name = host.rstrip(".").lower()
    registrable = registrable_domain(name)
    if _own(name, registrable, package, first_party_hosts):
        return _recipient("first_party", name, registrable, None, registrable)
    sdk = _longest(name, _by_suffix())
    cloud = _longest(name, load_sdks()[1])
    if sdk is not None:
        return _recipient("sdk", name, registrable, sdk, sdk.company)
    if cloud is not None:
        return _recipient("shared_cloud", name, registrable, None, cloud)
    return _recipient("unknown", name, registrable, None, "")


def _own(name: str, registrable: str, package: str, hosts: Sequence[str]) -> bool:
    if any(registrable == registrable_domain(own) for own in hosts):
        return True
    if _is_address(name):
        return False
    word = registrable.split(".")[0]
    labels = {label.lower() for label in re.split(r"[._]", package)} - _GENERIC_LABELS
    return len(word) >= _LEAST_LABEL and word in labels


def _longest(name: str, table: Mapping[str, _Value]) -> _Value | None:
    labels = name.split(".")
    for start in range(len(labels)):
        found = table.get(".".join(labels[start:]))
        if found is not None:
            return found
    return None


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _recipient(kind: Kind, host: str, registrable: str, sdk: Sdk | None, company: str) -> Recipient:
    return Recipient(
        kind=kind,
        host=host,
        registrable=registrable,
        name_zh=sdk.zh if sdk is not None else company,
        name_en=sdk.en if sdk is not None else company,
        company=company,
        category=sdk.category if sdk is not None else "",
        sdk_id=sdk.id if sdk is not None else None,
    )
