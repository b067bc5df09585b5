"""Values that were known before the app ran: the device's identifiers and the planted persona.

A finding rests on one of these being seen in what left the device. Nothing else is ever called a match.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["DATA_TYPES", "KnownValue"]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownValue:
    """One value of one device that can be recognised when it is sent."""

    kind: str
    """A key of DATA_TYPES."""
    value: str
    """As the system states it: "9f3c1b7ad2e4568c", "8c:85:90:3e:d1:4a", "31.230416". Latitude and longitude are
    two values; a contact's name and its number are two values; each decoy package is a value of its own."""
    source: str
    """Where the value was read or where it was planted, for the report."""
    scope: str | None = None
    """What the value belongs to where a device has several of the kind: a package (its own Android ID), a SIM slot,
    the name of a contact. A latitude and a longitude of the same scope are one place."""

    def __post_init__(self) -> None:
        if self.kind not in DATA_TYPES:
            raise ValueError(f"unknown kind of data {self.kind!r}; known are: {', '.join(sorted(DATA_TYPES))}")


DATA_TYPES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "aaid": ("匿名设备标识符(AAID)", "anonymous application device identifier (AAID)"),
        "account": ("账号", "account name"),
        "android_id": ("Android ID", "Android ID"),
        "bluetooth_mac": ("蓝牙MAC地址", "Bluetooth MAC address"),
        "bssid": ("Wi-Fi接入点BSSID", "Wi-Fi access point address (BSSID)"),
        "calendar_event": ("日历事件", "calendar event"),
        "call_log": ("通话记录", "call log entry"),
        "clipboard": ("剪贴板内容", "clipboard content"),
        "contact_name": ("通讯录联系人姓名", "name of a contact"),
        "contact_phone": ("通讯录联系人电话", "phone number of a contact"),
        "device_name": ("设备名称", "device name given by the user"),
        "email": ("电子邮箱", "e-mail address"),
        "gaid": ("Google广告标识符(GAID)", "Google advertising identifier (GAID)"),
        "iccid": ("SIM卡序列号(ICCID)", "SIM card serial number (ICCID)"),
        "imei": ("国际移动设备识别码(IMEI)", "IMEI"),
        "imei2": ("第二卡槽IMEI", "IMEI of the second slot"),
        "imsi": ("国际移动用户识别码(IMSI)", "IMSI"),
        "ip_address": ("设备局域网IP地址", "address of the device in its local network"),
        "latitude": ("纬度", "latitude"),
        "longitude": ("经度", "longitude"),
        "mac": ("Wi-Fi MAC地址", "Wi-Fi MAC address"),
        "meid": ("移动设备识别码(MEID)", "MEID"),
        "model": ("设备型号", "device model (not an identifier)"),
        "oaid": ("开放匿名设备标识符(OAID)", "open anonymous device identifier (OAID)"),
        "package_list": ("已安装应用列表", "list of installed apps"),
        "phone": ("本机号码", "phone number of the device"),
        "photo": ("照片内容", "content of a photo"),
        "serial": ("设备序列号", "device serial number"),
        "sms": ("短信内容", "content of a text message"),
        "ssid": ("Wi-Fi名称(SSID)", "Wi-Fi network name (SSID)"),
        "vaid": ("开发者匿名设备标识符(VAID)", "vendor anonymous device identifier (VAID)"),
    }
)
"""Name of every kind of data, in Chinese and in English. Add here => describe it in docs/detection.md."""
