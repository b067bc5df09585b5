"""What an app may read, and what Android notes about it. Data: one row a call; `personal.py` reads the values.

Device identifiers are given to apps that target an old Android (28 and below) and hold READ_PHONE_STATE, as phones of
their time did: Android 13 itself gives them to nobody. The hardware address ends with target 29.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["PRIVILEGES", "Privilege"]

_ANY_TARGET = 10_000
_LAST_IDENTIFIER_TARGET = 28
_LAST_HARDWARE_ADDRESS_TARGET = 29

FINE, COARSE = "android.permission.ACCESS_FINE_LOCATION", "android.permission.ACCESS_COARSE_LOCATION"
PHONE_STATE = "android.permission.READ_PHONE_STATE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Privilege:
    """`permissions`: one of them is needed; `op` is noted; `otherwise` is given instead of an exception."""

    kind: str
    permissions: tuple[str, ...] = ()
    op: str = ""
    last_target: int = _ANY_TARGET
    foreground_only: bool = False
    raises: bool = True
    otherwise: str | None = None


def _identifier(kind: str) -> Privilege:
    return Privilege(kind=kind, permissions=(PHONE_STATE,), op="READ_PHONE_STATE", last_target=_LAST_IDENTIFIER_TARGET)


PRIVILEGES = {
    "androidId": Privilege(kind="android_id"),
    "imei": _identifier("imei"),
    "imsi": _identifier("imsi"),
    "serial": _identifier("serial"),
    "phoneNumber": Privilege(
        kind="phone", permissions=(PHONE_STATE, "android.permission.READ_PHONE_NUMBERS"), op="READ_PHONE_NUMBERS"
    ),
    "mac": Privilege(
        kind="mac",
        permissions=("android.permission.ACCESS_WIFI_STATE",),
        last_target=_LAST_HARDWARE_ADDRESS_TARGET,
        raises=False,
        otherwise="02:00:00:00:00:00",
    ),
    "oaid": Privilege(kind="oaid"),
    "ssid": Privilege(
        kind="ssid", permissions=(FINE, COARSE), op="FINE_LOCATION", raises=False, otherwise="<unknown ssid>"
    ),
    "bssid": Privilege(
        kind="bssid", permissions=(FINE, COARSE), op="FINE_LOCATION", raises=False, otherwise="02:00:00:00:00:00"
    ),
    "location": Privilege(kind="location", permissions=(FINE, COARSE), op="FINE_LOCATION"),
    "contacts": Privilege(kind="contacts", permissions=("android.permission.READ_CONTACTS",), op="READ_CONTACTS"),
    "clipboard": Privilege(kind="clipboard", op="READ_CLIPBOARD", foreground_only=True, raises=False, otherwise=""),
    "installedPackages": Privilege(kind="package_list"),
    "model": Privilege(kind="model"),
}
