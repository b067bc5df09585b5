"""Values that identify a device or its owner, as they stand in what various commands print."""

import re

__all__ = [
    "luhn_valid",
    "parse_advertising_id",
    "parse_locale",
    "parse_mac",
    "parse_parcel_text",
    "parse_place",
    "parse_properties",
    "parse_ssaid",
    "parse_wifi",
]

_PROPERTY = re.compile(r"^\[([^\]]{1,200})\]: \[(.*)\]$")
_PARCEL_WORDS = re.compile(r"(?:0x[0-9a-f]{8}: )?((?:[0-9a-f]{8} ){1,4})")
_MAC = re.compile(r"\b[0-9a-fA-F]{2}(?::[0-9a-fA-F]{2}){5}\b")
_MEANINGLESS_MACS = frozenset({"00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", "02:00:00:00:00:00"})
_WIFI_FIELDS = {
    "ssid": re.compile(r"\bSSID: (?:\"(?P<quoted>[^\"]{1,64})\"|(?P<plain>[^,\s]{1,64}))"),
    "bssid": re.compile(r"\bBSSID: (?P<plain>[0-9a-fA-F:]{17})"),
    "mac": re.compile(r"\bMAC: (?P<plain>[0-9a-fA-F:]{17})"),
    "ip_address": re.compile(r"\bIP: /?(?P<plain>\d{1,3}(?:\.\d{1,3}){3})"),
}
_NO_SSID = frozenset({"<unknown", "<unknown ssid>", "null", "<none>"})
_SSAID = re.compile(
    r"<setting\b[^>]{0,2000}?\bvalue=\"(?P<value>[0-9a-fA-F]{16})\"[^>]{0,2000}?\bpackage=\"(?P<package>[^\"]{1,255})\""
    r"|<setting\b[^>]{0,2000}?\bpackage=\"(?P<package2>[^\"]{1,255})\"[^>]{0,2000}?\bvalue=\"(?P<value2>[0-9a-fA-F]{16})\""
)
_PLACE = re.compile(
    r"Location\[(?P<provider>\w{2,20}) (?P<latitude>-?\d{1,2}\.\d{3,12}),(?P<longitude>-?\d{1,3}\.\d{3,12})"
)
_ADVERTISING_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)


def parse_properties(text: str) -> dict[str, str]:
    """`getprop` without arguments."""
    found = (_PROPERTY.match(line[:2000]) for line in text.splitlines())
    return {match[1]: match[2] for match in found if match}


def parse_locale(properties: dict[str, str]) -> str:
    """The language in force, as BCP 47. Empty when no property tells."""
    for name in ("persist.sys.locale", "ro.product.locale"):
        if properties.get(name):
            return properties[name]
    language = properties.get("persist.sys.language", "")
    country = properties.get("persist.sys.country", "")
    return f"{language}-{country}" if language and country else language


def parse_parcel_text(text: str) -> str | None:
    """The string in what `service call` prints: hexadecimal words, two UTF-16 units each, low one first.

    Read from the words, because the readable column beside them shows a dot for everything unusual.
    """
    digits = "".join(found[1] for line in text.splitlines() for found in _PARCEL_WORDS.finditer(_before_quote(line)))
    words = [int(word, 16) for word in digits.split()]
    # An exception code (0), the length in UTF-16 units, then the units.
    if len(words) < 3 or words[0] != 0 or not 0 < words[1] <= 4096:
        return None
    raw = b"".join(word.to_bytes(4, "little") for word in words[2:])[: words[1] * 2]
    return raw.decode("utf-16-le", "replace") if len(raw) == words[1] * 2 else None


def parse_mac(text: str) -> str | None:
    """The first address that is one device's own, in lower case."""
    for found in _MAC.finditer(text[:10_000]):
        address = found[0].lower()
        if address not in _MEANINGLESS_MACS:
            return address
    return None


def parse_wifi(text: str) -> dict[str, str]:
    """`cmd wifi status`, or the mWifiInfo line of `dumpsys wifi`: ssid, bssid, mac, ip_address, as far as told."""
    values: dict[str, str] = {}
    for name, pattern in _WIFI_FIELDS.items():
        found = pattern.search(text[:200_000])
        if found is None:
            continue
        value = found.groupdict().get("quoted") or found["plain"]
        value = value.lower() if name in ("bssid", "mac") else value
        if value and value not in _NO_SSID and value not in _MEANINGLESS_MACS and value != "0.0.0.0":  # noqa: S104  a value that means "no address"
            values[name] = value
    return values


def parse_ssaid(text: str, package: str) -> str | None:
    """The Android ID that this package gets, from settings_ssaid.xml in its textual form."""
    for found in _SSAID.finditer(text[:4_000_000]):
        if (found["package"] or found["package2"]) == package:
            return (found["value"] or found["value2"]).lower()
    return None


def parse_advertising_id(text: str) -> str | None:
    """The first UUID; the one of zeros means that the owner has switched it off."""
    found = _ADVERTISING_ID.search(text[:100_000])
    return found[0].lower() if found and found[0].strip("0-") else None


def parse_place(text: str) -> tuple[str, str, str] | None:
    """Provider, latitude and longitude of the first place in `dumpsys location`; coordinates as the dump writes them."""
    for found in _PLACE.finditer(text[:200_000]):
        if abs(float(found["latitude"])) <= 90 and abs(float(found["longitude"])) <= 180:
            return found["provider"], found["latitude"], found["longitude"]
    return None


def luhn_valid(digits: str) -> bool:
    """Whether a string of digits ends with its check digit, as an IMEI does."""
    if not re.fullmatch(r"[0-9]{2,30}", digits):
        return False
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _before_quote(line: str) -> str:
    return line[:400].partition("'")[0].lower().replace("result: parcel(", "") + " "
