"""Which values say nothing: placeholders that every device shares, and words that anybody may use."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from traffic.known import KnownValue

__all__ = ["KEY_WORDS", "is_placeholder", "stands_alone"]

_PLACEHOLDERS = frozenset(
    {
        "unknown",
        "null",
        "none",
        "undefined",
        "<unknown ssid>",
        "0x",
        "0123456789abcdef",
        "9774d56d682e549c",  # the Android ID that many devices of 2010 shared
        "02:00:00:00:00:00",  # what Android states since 6.0 instead of the address
        "ff:ff:ff:ff:ff:ff",
    }
)

_PUBLIC_PACKAGES = re.compile(
    r"(com\.android\.|com\.google\.|com\.qualcomm\.|com\.mediatek\.|com\.miui\.|com\.xiaomi\.|com\.huawei\.|com\.vivo\."
    r"|com\.oppo\.|com\.heytap\.|com\.coloros\.|com\.samsung\.|com\.sec\.|com\.tencent\.(mm|mobileqq|tim|wework|news|qqlive|mtt|map)$"
    r"|com\.eg\.android\.alipaygphone$|com\.taobao\.|com\.tmall\.|com\.jingdong\.|com\.sina\.weibo|com\.baidu\."
    r"|com\.ss\.android\.|com\.autonavi\.|com\.sankuai\.|com\.alibaba\.|com\.unionpay$|com\.netease\.|com\.zhihu\."
    r"|com\.xunmeng\.pinduoduo|com\.smile\.gifmaker|tv\.danmaku\.|com\.xingin\.xhs|com\.whatsapp|com\.facebook\.|com\.twitter\.)"
)
"""Packages whose names stand in the code of thousands of apps (share targets, payment, markets): no list of apps."""

_USUAL_NETWORK = re.compile(
    r"chinanet|cmcc|china[-_ ]?(unicom|mobile|telecom)|tp[-_ ]?link|mercury|tenda|xiaomi|redmi|huawei|honor|oppo|vivo"
    r"|iphone|android|galaxy|samsung|pixel|oneplus|router|wi-?fi|wlan|guest|office|home|free|public|hotel|starbucks|airport|hotspot|test|5g|2\.4g|ap\b",
    re.IGNORECASE,
)

_USUAL_DEVICE = re.compile(
    r"华为|荣耀|小米|红米|魅族|一加|手机|平板|电脑|设备|的|我|note|pro|max|phone|tablet|'s|’s", re.IGNORECASE
)

_USUAL_ADDRESS = re.compile(
    r"127\.|0\.0\.0\.0|10\.0\.[0-3]\.\d{1,3}$|192\.168\.[01]\.\d{1,3}$|192\.168\.43\.1$|172\.17\.0\."
)

KEY_WORDS = {
    "ssid": re.compile(rb"ssid|wi-?fi|wlan|network|ap_?name", re.IGNORECASE),
    "device_name": re.compile(rb"device|name|dn\b", re.IGNORECASE),
    "model": re.compile(rb"model|device|phone|product|machine|dm\b|ua\b|user-?agent", re.IGNORECASE),
}
"""What must stand within a few bytes before a common word of that kind."""


def is_placeholder(known: KnownValue) -> bool:
    """Whether the value cannot tell one device from another, so that it is not looked for at all."""
    value = known.value.strip().lower()
    if not value or value in _PLACEHOLDERS:
        return True
    if known.kind in ("latitude", "longitude"):
        return not re.fullmatch(r"[-+]?\d{1,3}(\.\d+)?", value) or float(value) == 0
    bare = re.sub(r"[-:._ +]", "", value)
    return len(set(bare)) < (2 if known.kind in ("contact_name", "account") else 3)


def stands_alone(known: KnownValue) -> bool:
    """Whether one match of the plain value is evidence by itself. Asked for values that people or networks choose."""
    value = known.value.strip()
    if known.kind == "model":
        return False
    if known.kind == "package_list":
        return not _PUBLIC_PACKAGES.match(value.lower()) and value.count(".") >= 1 and len(value) >= 10
    if known.kind == "ip_address":
        return not _USUAL_ADDRESS.match(value)
    if known.kind == "ssid":
        return _weight(_USUAL_NETWORK.sub("", value)) >= 6
    if known.kind == "device_name":
        return _is_given_by_a_person(value)
    if known.kind == "contact_name":
        return _weight(value) >= 6
    if known.kind == "email":
        return len(value) >= 8 and "@" in value
    if known.kind == "clipboard":
        unusual = any(sign.isdigit() or ord(sign) >= 0x2E80 for sign in value)
        return _weight(value) >= (8 if unusual else 20)
    return _weight(value) >= 8


def _is_given_by_a_person(name: str) -> bool:
    """ "Li's phone" is, "Redmi Note 12" and "SM-G9910" are models that thousands share."""
    personal = any(ord(sign) >= 0x2E80 for sign in name) or re.search(r"\w['’]s\b", name) is not None
    return personal and _weight(_USUAL_DEVICE.sub("", _USUAL_NETWORK.sub("", name))) >= 4


def _weight(text: str) -> int:
    """Letters and digits; an ideograph counts for two."""
    return sum((2 if ord(sign) >= 0x2E80 else 1) for sign in text if sign.isalnum())
