"""What there is to know about the device and its owner, by name: for the answer key and for companions."""

from __future__ import annotations

from collections.abc import Mapping

from lab.system.core import System

__all__ = ["installed_names", "known_values"]

_SHORTEST = 6
_SHORTEST_NAME = 3
"""Chinese names are short, and still say who it is"""


def known_values(system: System, package: str) -> Mapping[str, tuple[str, ...]]:
    """Every value an app could send, under the name the bridge gives it; the Android ID that `package` reads first.

    Values too short to be told apart are left out.
    """
    identity = system.identity
    ids = sorted(identity.ssaids.items(), key=lambda entry: entry[0][1] != package)
    android_ids = [value for _, (_, value) in ids]
    found: dict[str, list[str]] = {
        "android_id": [*android_ids, identity.android_id],
        "imei": [identity.imei, identity.imei2],
        "meid": [identity.meid],
        "imsi": [identity.imsi],
        "iccid": [identity.iccid],
        "serial": [identity.serial],
        "mac": [identity.mac],
        "bluetooth_mac": [identity.bluetooth_mac],
        "oaid": [identity.oaid],
        "ssid": [identity.ssid],
        "bssid": [identity.bssid],
        "phone": [identity.phone, identity.phone.removeprefix("+86")],
        "ip_address": [identity.address],
        "latitude": [_place(identity.latitude)],
        "longitude": [_place(identity.longitude)],
        "contact_name": [contact.name for contact in identity.contacts],
        "contact_phone": [phone for contact in identity.contacts for phone in contact.phones],
        "clipboard": [identity.clipboard],
    }
    return {name: tuple(dict.fromkeys(value for value in values if _telling(value))) for name, values in found.items()}


def installed_names(system: System, package: str) -> tuple[str, ...]:
    """The other apps on the device that are no part of its system: several of them together are a list of apps."""
    return tuple(each.package for each in system.packages if not each.system and each.package != package)


def _telling(value: str) -> bool:
    return len(value) >= (_SHORTEST if value.isascii() else _SHORTEST_NAME)


def _place(degrees: float) -> str:
    """Four decimals, cut: every longer spelling begins with it."""
    whole, _, decimals = repr(degrees).partition(".")
    return f"{whole}.{decimals[:4]}"
