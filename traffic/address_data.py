"""Reads the address data of the IPFire project as the Tor project packages it: text files, sorted, one range a line.

The files are searched where they lie; nothing is loaded, copied or downloaded. Their header states vendor, date and licence.
"""

from __future__ import annotations

import ipaddress
import mmap
import re
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path

__all__ = ["AddressData", "Unusable"]

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_LONGEST_HEADER = 4096
_LONGEST_LINE = 200
_REGION = re.compile(rb"[A-Z]{2}")
_NO_COUNTRY = frozenset({"A1", "A2", "A3", "XD", "ZZ"})
"""Codes of the data set for anonymous networks, satellites, anycast and hostile networks: they name no country."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unusable:
    """There is no data set, and why."""

    zh: str
    en: str


class AddressData:
    """Two sorted files, `geoip` and `geoip6`, mapped into memory and searched by halving."""

    def __init__(self, source: str, date: str, maps: dict[int, mmap.mmap]) -> None:
        self.source = source
        """ "IPFire Location Database, 2026-06-25, CC BY-SA 4.0": what a report has to say beside each answer."""
        self.date = date
        self._maps = maps

    @classmethod
    def open(cls, folder: Path) -> AddressData | Unusable:
        """The data set in that folder. IPv6 may be missing; a file without a dated header is not used."""
        maps: dict[int, mmap.mmap] = {}
        for version, name in ((4, "geoip"), (6, "geoip6")):
            try:
                with (folder / name).open("rb") as file:
                    maps[version] = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            except (OSError, ValueError):
                continue
        if 4 not in maps:
            return Unusable(zh=f"无法读取{folder / 'geoip'}", en=f"{folder / 'geoip'} cannot be read")
        head = maps[4][:_LONGEST_HEADER].decode("utf-8", "replace")
        date = _date(head)
        if date is None:
            why = f"{folder / 'geoip'} does not say of when it is"
            return Unusable(zh=f"{folder / 'geoip'}未注明日期", en=why)
        vendor = _stated(head, "Vendor") or "unnamed vendor"
        licence = _stated(head, "License") or "licence not stated"
        return cls(f"{vendor} location database, {date}, {licence}", date, maps)

    def region(self, address: _Address) -> str | None:
        """The two letters that the data set gives, None where it gives none or something that names no country."""
        data = self._maps.get(address.version)
        if data is None:
            return None
        line = _range_before(data, address)
        if line is None:
            return None
        parts = line.split(b",")
        if len(parts) != 3 or not _REGION.fullmatch(parts[2]):
            return None
        first, last = _address(parts[0], address.version), _address(parts[1], address.version)
        code = parts[2].decode("ascii")
        if first is None or last is None or not int(first) <= int(address) <= int(last) or code in _NO_COUNTRY:
            return None
        return code


def _range_before(data: mmap.mmap, address: _Address) -> bytes | None:
    """The last line whose range begins at or before the address."""
    low, high, found = 0, len(data), None
    while low < high:
        middle = (low + high) // 2
        start = data.rfind(b"\n", max(0, middle - _LONGEST_LINE), middle) + 1 or (0 if middle < _LONGEST_LINE else -1)
        if start < 0:
            return None
        end = data.find(b"\n", start, start + _LONGEST_LINE)
        end = len(data) if end < 0 else end
        line = data[start:end].rstrip(b"\r")
        first = _address(line.partition(b",")[0], address.version)
        if line.startswith(b"#") or not line or (first is not None and int(first) <= int(address)):
            found = line if first is not None else found
            low = end + 1
        elif first is None:
            return None
        else:
            high = start
    return found


def _address(text: bytes, version: int) -> _Address | None:
    """IPv4 ranges are written as integers, IPv6 ranges as addresses."""
    try:
        if version == 4:
            return ipaddress.IPv4Address(int(text))
        return ipaddress.IPv6Address(text.decode("ascii"))
    except ValueError:
        return None


def _stated(head: str, what: str) -> str | None:
    found = re.search(rf"^#\s*{what}:\s*(.{{1,80}})$", head, re.MULTILINE)
    return found[1].strip() if found else None


def _date(head: str) -> str | None:
    try:
        return parsedate_to_datetime(_stated(head, "Generated") or "").date().isoformat()
    except (ValueError, TypeError):
        return None
