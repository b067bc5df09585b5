"""Where a request went: the country of the address that was really used, as an open data set states it.

An address says where a machine is registered or believed to be, never where the data ends. Without an address, without the
data set, or behind a delivery network the answer is "uncertain" with its reason, and never a guess.
"""

from __future__ import annotations

import ipaddress
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from traffic.address_data import AddressData, Unusable

if TYPE_CHECKING:
    from traffic.record import CapturedRequest

__all__ = ["Destination", "Network", "address_data", "load_networks", "locate", "locate_address"]

Verdict = Literal["CN", "not_CN", "uncertain"]
_FOLDERS = (
    Path(sys.prefix) / "share" / "tor",
    Path("/usr/share/tor"),
    Path("/usr/local/share/tor"),
    Path("/opt/homebrew/share/tor"),
)
"""Where the set-up, or packages of the Tor project, put the data of IPFire (Debian: tor-geoipdb)."""
_SPECIAL = {
    "HK": ("中国香港", "Hong Kong, China"),
    "MO": ("中国澳门", "Macao, China"),
    "TW": ("中国台湾", "Taiwan, China"),
    "CN": ("中国内地", "mainland China"),
}
_NETWORK_FIELDS = frozenset({"id", "name", "headers", "hosts", "reason"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where one request went, as far as that can be told."""

    verdict: Verdict
    """ "CN" is the mainland; HK, MO and TW are "not_CN", and `region` says which."""
    region: str | None
    """Code of the country or region the data set gives, also where the verdict is uncertain."""
    name_zh: str
    name_en: str
    address: str | None
    source: str | None
    """The data set with its date and licence."""
    reason_zh: str
    reason_en: str
    """Why it is uncertain, or what the answer does not mean."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A delivery network and how its answers are recognised."""

    id: str
    name: str
    headers: frozenset[str]
    hosts: tuple[str, ...]


def load_networks(text: str) -> tuple[Network, ...]:
    """Raises ValueError with all faults at once."""
    networks: list[Network] = []
    faults: list[str] = []
    for position, row in enumerate(tomllib.loads(text).get("network", ())):
        wrong = _network_faults(f"network[{position}]", row, {network.id for network in networks})
        faults += wrong
        if not wrong:
            headers = frozenset(row["headers"])
            networks.append(Network(id=row["id"], name=row["name"], headers=headers, hosts=tuple(row["hosts"])))
    if faults:
        raise ValueError("; ".join(faults))
    return tuple(networks)


def _network_faults(place: str, row: Mapping[str, Any], taken: set[str]) -> list[str]:
    if set(row) != _NETWORK_FIELDS:
        return [f"{place}: has {sorted(row)}, must have {sorted(_NETWORK_FIELDS)}"]
    faults = []
    if row["id"] in taken:
        faults.append(f"{place}: the id {row['id']!r} is taken: choose another")
    if not row["headers"] and not row["hosts"]:
        faults.append(f"{place}: gives no sign: add headers or hosts")
    faults += [f"{place}: {name!r} must be in small letters" for name in row["headers"] if name != name.lower()]
    faults += [f"{place}: {host!r} is no host name" for host in row["hosts"] if "." not in host or host != host.lower()]
    return faults


@cache
def _networks() -> tuple[Network, ...]:
    return load_networks((files("traffic") / "data" / "delivery_networks.toml").read_text(encoding="utf-8"))


@cache
def address_data() -> AddressData | Unusable:
    """The data set of this machine, looked for where packages put it; or why there is none."""
    found = [AddressData.open(folder) for folder in _FOLDERS if (folder / "geoip").is_file()]
    usable = next((data for data in found if isinstance(data, AddressData)), None)
    if usable is not None:
        return usable
    broken = next((data for data in found if isinstance(data, Unusable)), None)
    missing = Unusable(
        zh="本机未安装IP归属数据（Debian软件包tor-geoipdb）",
        en="no address data on this machine (Debian package tor-geoipdb)",
    )
    return broken or missing


def locate(request: CapturedRequest, data: AddressData | Unusable | None = None) -> Destination:
    """Where the request went, by the address of the connection that carried it."""
    response = request.response
    address = response.server_address if response is not None else None
    if address is None and _is_address(request.host):
        address = request.host
    if address is None:
        why = (
            ("记录中没有服务器地址：没有收到响应", "the record holds no server address: no answer came")
            if response is None
            else ("服务器地址由上级代理解析，不可见", "a proxy further on resolved the name: the address was not seen")
        )
        return _uncertain(None, None, None, *why)
    network = _network_of(request)
    return locate_address(address, data, network=network)


def locate_address(
    address: str, data: AddressData | Unusable | None = None, *, network: str | None = None
) -> Destination:
    """The same for an address. `network`: the delivery network it is known to belong to."""
    known = address_data() if data is None else data
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return _uncertain(None, None, None, "记录的服务器地址无法识别", "the recorded address is none")
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    if not parsed.is_global or parsed.is_multicast:
        why = "该地址为本机、局域网或保留地址", "the address is this machine's, a private network's, or reserved"
        return _uncertain(str(parsed), None, None, *why)
    if isinstance(known, Unusable):
        return _uncertain(str(parsed), None, None, known.zh, known.en)
    region = known.region(parsed)
    if region is None:
        return _uncertain(
            str(parsed), None, known.source, "数据集中没有该地址", "the data set does not know the address"
        )
    if network is not None:
        why = (
            f"内容分发网络（{network}）的节点地址，数据最终去向不可见",
            (f"a node of the delivery network {network}: where the data goes from there is not seen"),
        )
        return _uncertain(str(parsed), region, known.source, *why)
    return _stated(str(parsed), region, known.source)


def _stated(address: str, region: str, source: str) -> Destination:
    zh, en = _SPECIAL.get(region, (f"境外（{region}）", f"abroad ({region})"))
    return Destination(
        verdict="CN" if region == "CN" else "not_CN",
        region=region,
        name_zh=zh,
        name_en=en,
        address=address,
        source=source,
        reason_zh="以数据集为准：是否中国内地较可靠，境外具体国家可能只是注册地；不代表数据最终存储地",
        reason_en="as the data set states it: mainland or not is reliable, which other country may be only the place of"
        " registration; it is not where data is kept in the end",
    )


def _uncertain(address: str | None, region: str | None, source: str | None, zh: str, en: str) -> Destination:
    return Destination(
        verdict="uncertain",
        region=region,
        name_zh="不确定",
        name_en="uncertain",
        address=address,
        source=source,
        reason_zh=zh,
        reason_en=en,
    )


def _network_of(request: CapturedRequest) -> str | None:
    """The delivery network whose sign the answer or the host bears."""
    names = {name.lower() for name, _ in request.response.headers} if request.response is not None else set()
    host = request.host.rstrip(".").lower()
    return next((network.name for network in _networks() if _bears(network, names, host)), None)


def _bears(network: Network, names: set[str], host: str) -> bool:
    return bool(network.headers & names) or any(host == end or host.endswith("." + end) for end in network.hosts)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
