"""Says who stands behind a host: the app itself, an SDK, a rented cloud, or nobody we know."""

from __future__ import annotations

import ipaddress
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Literal

import tldextract

__all__ = [
    "Recipient",
    "attribute",
    "first_party_domains",
    "known_sdks",
    "load_table",
    "package_label",
    "registrable_domain",
]

Kind = Literal["first_party", "sdk", "shared_cloud", "unknown"]
_GENERIC_LABELS = frozenset({"android", "app", "apps", "example", "github", "mobile", "test"})
"""Second parts of package names that name nobody."""
_FIELDS = frozenset({"id", "zh", "en", "company", "category", "hosts"})
_HOST = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Who receives what is sent to a host, as far as the host tells."""

    kind: Kind
    """ "shared_cloud" is a domain that many rent or that many services of one company use: it names no product."""
    host: str
    registrable: str
    """The domain that somebody registered; the host itself where it is an address."""
    name_zh: str
    name_en: str
    company: str | None
    category: str | None
    """A key of the category table: "analytics", "push", "ads" ..."""
    purpose_zh: str | None
    purpose_en: str | None
    sdk_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    id: str
    zh: str
    en: str
    company: str
    category: str
    is_shared: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The hosts we know."""

    by_host: Mapping[str, _Entry]
    purposes: Mapping[str, tuple[str, str]]

    def entry(self, host: str) -> _Entry | None:
        """Of the longest listed domain that the host is or lies below."""
        labels = host.split(".")
        return next(
            (
                self.by_host[domain]
                for start in range(len(labels) - 1)
                if (domain := ".".join(labels[start:])) in self.by_host
            ),
            None,
        )


def load_table(text: str) -> Table:
    """Raises ValueError with all faults at once."""
    raw = tomllib.loads(text)
    categories = raw.get("category", {})
    by_host: dict[str, _Entry] = {}
    faults: list[str] = []
    seen: set[str] = set()
    for group in ("sdk", "shared"):
        for position, item in enumerate(raw.get(group, ())):
            faults += _faults(f"{group}[{position}]", item, categories, by_host, seen)
            if faults:
                continue
            entry = _Entry(**{key: item[key] for key in _FIELDS - {"hosts"}}, is_shared=group == "shared")
            by_host |= dict.fromkeys(item["hosts"], entry)
    if faults:
        raise ValueError("; ".join(faults))
    purposes = {name: (category["purpose_zh"], category["purpose_en"]) for name, category in categories.items()}
    return Table(by_host=by_host, purposes=purposes)


def _faults(
    place: str, item: dict[str, Any], categories: dict[str, Any], by_host: Mapping[str, _Entry], seen: set[str]
) -> list[str]:
    if set(item) != _FIELDS:
        return [f"{place}: has {sorted(item)}, must have {sorted(_FIELDS)}"]
    faults = []
    if item["category"] not in categories:
        faults.append(f"{place}: unknown category {item['category']!r}")
    if item["id"] in seen:
        faults.append(f"{place}: the id {item['id']!r} is taken")
    seen.add(item["id"])
    for host in item["hosts"]:
        if not _HOST.fullmatch(host):
            faults.append(f"{place}: {host!r} is no host name")
        elif host in by_host:
            faults.append(f"{place}: {host} belongs to {by_host[host].id} already")
    return faults


@cache
def _own_table() -> Table:
    return load_table((files("traffic") / "data" / "sdks.toml").read_text(encoding="utf-8"))


@cache
def known_sdks() -> frozenset[str]:
    """Ids of the SDKs that have hosts of their own."""
    return frozenset(entry.id for entry in _own_table().by_host.values() if not entry.is_shared)


@cache
def _suffixes() -> tldextract.TLDExtract:
    # The snapshot in the package: never a download, never a file in somebody's home.
    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)


@lru_cache(maxsize=4096)
def registrable_domain(host: str) -> str:
    """The part of a host name that somebody registered. Names under reserved endings such as .test count alike."""
    host = _plain(host)
    if _is_address(host):
        return host
    parts = _suffixes()(host)
    if parts.domain and parts.suffix:
        return f"{parts.domain}.{parts.suffix}"
    return ".".join(host.split(".")[-2:])


def _plain(host: str) -> str:
    return host.strip().rstrip(".").lower().removeprefix("[").removesuffix("]")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def package_label(package: str) -> str | None:
    """The name of the developer within a package name, which is a domain turned round; None where it names nobody."""
    parts = package.lower().split(".")
    if len(parts) < 2:
        return None
    label = registrable_domain(".".join(reversed(parts))).split(".")[0].replace("_", "-")
    return None if label in _GENERIC_LABELS or len(label) < 3 else label


def attribute(host: str, package: str, first_party_hosts: Sequence[str] = ()) -> Recipient:
    """Who the host belongs to, seen from the app. First-party hosts are given by manifest, policy or developer."""
    plain = _plain(host)
    registrable = registrable_domain(plain)
    entry = _own_table().entry(plain)
    if _is_first_party(plain, registrable, package, first_party_hosts):
        return _recipient("first_party", plain, registrable, None)
    if entry is None:
        return _recipient("unknown", plain, registrable, None)
    return _recipient("shared_cloud" if entry.is_shared else "sdk", plain, registrable, entry)


def first_party_domains(links: Iterable[str]) -> tuple[str, ...]:
    """What an app's own links say is its own: registered domains of hosts or URLs, each once, in order.

    A link to an SDK's host, to a rented or shared domain, or to an address says nothing of whose the host is: left out.
    """
    found: dict[str, None] = {}
    for link in links:
        host = _plain(re.sub(r"^[a-zA-Z][a-zA-Z0-9+.-]*://", "", link.strip()).partition("/")[0].rpartition("@")[2])
        host = re.sub(r":\d{1,5}$", "", host).removeprefix("*.")
        domain = registrable_domain(host)
        if _HOST.fullmatch(host) and not _is_address(host) and _own_table().entry(host) is None and "." in domain:
            found.setdefault(domain)
    return tuple(found)


def _is_first_party(host: str, registrable: str, package: str, given: Iterable[str]) -> bool:
    domains = [_plain(domain).removeprefix("*.") for domain in given]
    if any(host == domain or host.endswith("." + domain) for domain in domains if domain):
        return True
    return not _is_address(host) and registrable.split(".")[0] == package_label(package)


def _recipient(kind: Kind, host: str, registrable: str, entry: _Entry | None) -> Recipient:
    names = {
        "first_party": (f"应用自身（{registrable}）", f"the app itself ({registrable})"),
        "unknown": (f"未知接收方（{registrable}）", f"unknown recipient ({registrable})"),
    }
    zh, en = (entry.zh, entry.en) if entry is not None else names[kind]
    purpose_zh, purpose_en = _own_table().purposes[entry.category] if entry is not None else (None, None)
    return Recipient(
        kind=kind,
        host=host,
        registrable=registrable,
        name_zh=zh,
        name_en=en,
        company=entry.company if entry is not None else None,
        category=entry.category if entry is not None else None,
        purpose_zh=purpose_zh,
        purpose_en=purpose_en,
        sdk_id=entry.id if entry is not None and not entry.is_shared else None,
    )
