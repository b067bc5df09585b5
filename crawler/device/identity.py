"""Reads what identifies this device, so that the matcher knows it when it is sent. What cannot be read is told as such.

The values leave the device only into the record. Reading them changes nothing.
"""

import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from crawler.device.driver import DeviceDriver
from crawler.device.dumps import (
    luhn_valid,
    parse_advertising_id,
    parse_mac,
    parse_packages,
    parse_parcel_text,
    parse_place,
    parse_properties,
    parse_ssaid,
    parse_wifi,
)
from crawler.device.errors import CommandFailed, DeviceError, DeviceLost
from crawler.device.preparation import Record

__all__ = ["Identifier", "read_app_identity", "read_identity"]

_SECONDS = 10.0
_SSAID = "/data/system/users/0/settings_ssaid.xml"
_ADVERTISING = "/data/data/com.google.android.gms/shared_prefs/adid_settings.xml"
_BLUETOOTH = "settings get secure bluetooth_address"
_SHELL_PACKAGE = "com.android.shell"
_PHONE_CALLS = {
    # Transaction numbers of IPhoneSubInfo: (before Android 11, since Android 11).
    "imsi": (7, 8),
    "iccid": (10, 12),
    "phone": (13, 15),
}
_FORMS = {
    "imsi": re.compile(r"[0-9]{14,15}"),
    "iccid": re.compile(r"89[0-9]{15,20}[0-9Ff]?"),
    "phone": re.compile(r"\+?[0-9]{7,15}"),
}
_UNKNOWN_SERIALS = frozenset({"", "unknown", "0123456789ABCDEF"})
_MAX_PACKAGES = 300


_Readers = tuple[tuple[str, Callable[[DeviceDriver, str], "Iterator[Identifier]"]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifier:
    """One value of the device. `failure`: why it could not be read; value is empty then."""

    name: str
    """A kind of data, as the matcher calls it."""
    value: str
    source: str
    scope: str | None = None
    failure: str | None = None


def read_identity(driver: DeviceDriver, package: str, record: Record) -> tuple[Identifier, ...]:
    """Everything that can be read of the device on which `package` is inspected; each becomes a fact.

    Raises DeviceLost; whatever else fails becomes IdentifierUnknown.
    """
    return _read(driver, package, record, _READERS)


def read_app_identity(driver: DeviceDriver, package: str, record: Record) -> tuple[Identifier, ...]:
    """Only what the system made for this package: an app gets its Android ID when it first asks, so ask afterwards."""
    return _read(driver, package, record, _APP_READERS)


def _read(driver: DeviceDriver, package: str, record: Record, readers: _Readers) -> tuple[Identifier, ...]:
    found: list[Identifier] = []
    for name, read in readers:
        try:
            values = list(read(driver, package))
        except DeviceLost:
            raise
        except DeviceError as error:
            values = [_unknown(name, str(error))]
        found += values or [_unknown(name, "the device does not tell it")]
    for identifier in found:
        _record(record, identifier)
    return tuple(found)


def _record(record: Record, found: Identifier) -> None:
    if found.failure is not None:
        record("IdentifierUnknown", {"name": found.name, "reason": found.failure[:1000]})
        return
    fact = {"name": found.name, "value": found.value, "source": found.source, "scope": found.scope}
    record("IdentifierRead", fact)


def _unknown(name: str, reason: str) -> Identifier:
    return Identifier(name=name, value="", source="", failure=reason)


def _serial(driver: DeviceDriver, _: str) -> Iterator[Identifier]:
    properties = parse_properties(driver.shell("getprop", _SECONDS).output)
    value = properties.get("ro.serialno", "") or properties.get("ro.boot.serialno", "")
    if value not in _UNKNOWN_SERIALS:
        yield Identifier(name="serial", value=value, source="property ro.serialno")


def _android_id(driver: DeviceDriver, package: str) -> Iterator[Identifier]:
    """Since Android 8 every app gets an Android ID of its own; the shell's says nothing about the app's."""
    if driver.info().sdk < 26:
        value = _setting(driver, "secure", "android_id")
        if value:
            yield Identifier(name="android_id", value=value, source="setting secure/android_id")
        return
    if not driver.info().rooted:
        raise CommandFailed("since Android 8 every app has its own, and only root can read it")
    # Binary XML since Android 12. An app that never asked has none yet.
    text = driver.root_shell(f"abx2xml {_SSAID} - 2>/dev/null || cat {_SSAID}", _SECONDS).output
    value = parse_ssaid(text, package)
    if value:
        yield Identifier(name="android_id", value=value, source="settings_ssaid.xml", scope=package)


def _imei(driver: DeviceDriver, _: str) -> Iterator[Identifier]:
    """The first slot's, then the second's when it is another."""
    first = _valid_imei(_phone_call(driver, 1, []))
    if first:
        yield Identifier(name="imei", value=first, source="service iphonesubinfo")
    # AOSP 11 put getNaiForSubscriber at the third place; getDeviceIdForPhone moved to the fourth.
    second = _valid_imei(_phone_call(driver, 4 if driver.info().sdk >= 30 else 3, ["i32 1"]))
    if second and second != first:
        yield Identifier(name="imei2", value=second, source="service iphonesubinfo, slot 2")


def _subscription(name: str) -> Callable[[DeviceDriver, str], Iterator[Identifier]]:
    def read(driver: DeviceDriver, _: str) -> Iterator[Identifier]:
        before, since = _PHONE_CALLS[name]
        value = _phone_call(driver, since if driver.info().sdk >= 30 else before, [])
        if value and _FORMS[name].fullmatch(value):
            yield Identifier(name=name, value=value, source="service iphonesubinfo")

    return read


def _wifi(driver: DeviceDriver, _: str) -> Iterator[Identifier]:
    text = driver.shell("cmd wifi status", _SECONDS).output
    values = parse_wifi(text)
    source = "cmd wifi status"
    if not values:
        values = parse_wifi(driver.shell("dumpsys wifi | grep -m 3 mWifiInfo", _SECONDS).output)
        source = "dumpsys wifi"
    for name in ("ssid", "bssid", "ip_address"):
        if name in values:
            yield Identifier(name=name, value=values[name], source=source)


def _mac(driver: DeviceDriver, _: str) -> Iterator[Identifier]:
    """The hardware's own address, and the random one that it shows to this network when that is another."""
    seen: set[str] = set()
    for command in ("cat /sys/class/net/wlan0/address", "ip link show wlan0", "getprop ro.boot.wifimacaddr"):
        value = parse_mac(driver.shell(f"{command} 2>/dev/null", _SECONDS).output)
        if value and value not in seen:
            seen.add(value)
            yield Identifier(name="mac", value=value, source=command)


def _bluetooth(driver: DeviceDriver, _: str) -> Iterator[Identifier]:
    value = parse_mac(driver.shell(_BLUETOOTH, _SECONDS).output)
    if value:
        yield Identifier(name="bluetooth_mac", value=value, source="setting secure/bluetooth_address")


def _oaid(driver: DeviceDriver, _: str) -> Iterator[Identifier]:
    """Huawei keeps it in a setting; other vendors answer apps only."""
    value = parse_advertising_id(_setting(driver, "global", "pps_oaid") or "")
    if value:
        yield Identifier(name="oaid", value=value, source="setting global/pps_oaid")


def _gaid(driver: DeviceDriver, _: str) -> Iterator[Identifier]:
    if not driver.info().rooted:
        raise CommandFailed("Google Play services tell it to apps only; reading their file needs root")
    value = parse_advertising_id(driver.root_shell(f"cat {_ADVERTISING} 2>/dev/null", _SECONDS).output)
    if value:
        yield Identifier(name="gaid", value=value, source="file of Google Play services")


def _place(driver: DeviceDriver, _: str) -> Iterator[Identifier]:
    """The last known place, which an app may be given without a new fix."""
    place = parse_place(driver.shell("dumpsys location | grep -m 40 'Location\\['", _SECONDS).output)
    if place is not None:
        provider, latitude, longitude = place
        yield Identifier(name="latitude", value=latitude, source="dumpsys location", scope=provider)
        yield Identifier(name="longitude", value=longitude, source="dumpsys location", scope=provider)


def _packages(driver: DeviceDriver, package: str) -> Iterator[Identifier]:
    """Other apps that the owner installed: their names in a message are a list of installed apps."""
    names = parse_packages(driver.shell("pm list packages -3", _SECONDS * 2).output)
    for name in [name for name in names if name != package][:_MAX_PACKAGES]:
        yield Identifier(name="package_list", value=name, source="pm list packages -3")


_APP_READERS: _Readers = (("android_id", _android_id),)
_READERS: _Readers = (
    ("serial", _serial),
    *_APP_READERS,
    ("imei", _imei),
    ("imsi", _subscription("imsi")),
    ("iccid", _subscription("iccid")),
    ("phone", _subscription("phone")),
    ("oaid", _oaid),
    ("gaid", _gaid),
    ("mac", _mac),
    ("bluetooth_mac", _bluetooth),
    ("ssid", _wifi),
    ("latitude", _place),
    ("package_list", _packages),
)


def _setting(driver: DeviceDriver, namespace: str, key: str) -> str | None:
    value = driver.shell(f"settings get {namespace} {key}", _SECONDS).output.strip()
    return value if re.fullmatch(r"[\w:.-]{4,100}", value) and value != "null" else None


def _phone_call(driver: DeviceDriver, number: int, arguments: list[str]) -> str | None:
    """Ask the phone service in its own tongue. A number that means something else on this device fails the form."""
    words = " ".join([*arguments, "s16", shlex.quote(_SHELL_PACKAGE)])
    return parse_parcel_text(driver.shell(f"service call iphonesubinfo {number} {words}", _SECONDS).output)


def _valid_imei(value: str | None) -> str | None:
    return value if value and re.fullmatch(r"[0-9]{15}", value) and luhn_valid(value) else None
