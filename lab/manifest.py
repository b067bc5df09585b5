"""Binary AndroidManifest.xml: written for lab apps so that any APK reader understands them, read from real APKs."""

import struct
from collections.abc import Iterable
from dataclasses import dataclass

from lab.definition import AppDefinition, full_activity_name

__all__ = ["Element", "Manifest", "ManifestError", "manifest_bytes", "read_manifest"]

XML, POOL, RESOURCES = 0x0003, 0x0001, 0x0180
START_NAMESPACE, END_NAMESPACE, START, END = 0x0100, 0x0101, 0x0102, 0x0103
STRING, INTEGER, BOOLEAN = 0x03, 0x10, 0x12
NONE = 0xFFFFFFFF
UTF8 = 1 << 8
ANDROID = "http://schemas.android.com/apk/res/android"
ATTRIBUTES = {
    "label": 0x01010001,
    "name": 0x01010003,
    "exported": 0x01010010,
    "minSdkVersion": 0x0101020C,
    "versionCode": 0x0101021B,
    "versionName": 0x0101021C,
    "targetSdkVersion": 0x01010270,
}
LARGEST = 4 * 1024 * 1024


class ManifestError(Exception):
    """The bytes are no binary manifest."""


@dataclass(frozen=True, slots=True)
class Element:
    """One element; attribute values are texts, integers or booleans."""

    name: str
    attributes: dict[str, str | int | bool]
    children: "tuple[Element, ...]" = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What an installer needs from a manifest."""

    package: str
    version_code: int
    version_name: str
    target_sdk: int
    permissions: tuple[str, ...]
    activities: tuple[str, ...]
    label: str


def manifest_bytes(definition: AppDefinition) -> bytes:
    """The binary manifest of a lab app."""
    launcher = Element(
        "intent-filter",
        {},
        (
            Element("action", {"name": "android.intent.action.MAIN"}),
            Element("category", {"name": "android.intent.category.LAUNCHER"}),
        ),
    )
    activities = tuple(
        Element(
            "activity",
            {"name": full_activity_name(definition.package, activity.name), "exported": activity.main},
            (launcher,) if activity.main else (),
        )
        for activity in definition.activities
    )
    return _document(
        Element(
            "manifest",
            {
                "versionCode": definition.version_code,
                "versionName": definition.version_name,
                "package": definition.package,
            },
            (
                Element("uses-sdk", {"minSdkVersion": 21, "targetSdkVersion": definition.target_sdk}),
                *(Element("uses-permission", {"name": permission}) for permission in definition.permissions),
                Element("application", {"label": definition.label}, activities),
            ),
        )
    )


def read_manifest(data: bytes) -> Manifest:
    """What the binary manifest says. Raises ManifestError."""
    try:
        names, root = _parse(data)
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise ManifestError(f"damaged binary XML: {error}") from error
    del names
    package = root.attributes.get("package")
    if root.name != "manifest" or not isinstance(package, str):
        raise ManifestError("no <manifest package>")
    sdk = next((child for child in root.children if child.name == "uses-sdk"), Element("", {}))
    application = next((child for child in root.children if child.name == "application"), Element("", {}))
    return Manifest(
        package=package,
        version_code=_integer(root.attributes.get("versionCode")),
        version_name=str(root.attributes.get("versionName", "")),
        target_sdk=_integer(sdk.attributes.get("targetSdkVersion")) or 1,
        permissions=tuple(
            dict.fromkeys(str(c.attributes.get("name")) for c in root.children if c.name.startswith("uses-permission"))
        ),
        activities=tuple(str(c.attributes.get("name")) for c in application.children if c.name == "activity"),
        label=str(application.attributes.get("label", package)),
    )


def _integer(value: object) -> int:
    return value if isinstance(value, int) else 0


def _document(root: Element) -> bytes:
    strings = list(ATTRIBUTES)
    _collect(root, strings)
    numbers = {text: index for index, text in enumerate(strings)}
    body = b"".join(
        (
            _pool(strings),
            struct.pack("<HHI", RESOURCES, 8, 8 + 4 * len(ATTRIBUTES))
            + struct.pack(f"<{len(ATTRIBUTES)}I", *ATTRIBUTES.values()),
            _node(START_NAMESPACE, struct.pack("<II", numbers["android"], numbers[ANDROID])),
            _element(root, numbers),
            _node(END_NAMESPACE, struct.pack("<II", numbers["android"], numbers[ANDROID])),
        )
    )
    return struct.pack("<HHI", XML, 8, 8 + len(body)) + body


def _collect(element: Element, strings: list[str]) -> None:
    texts: Iterable[str] = (
        "android",
        ANDROID,
        element.name,
        *element.attributes,
        *(value for value in element.attributes.values() if isinstance(value, str)),
    )
    strings.extend(text for text in dict.fromkeys(texts) if text not in strings)
    for child in element.children:
        _collect(child, strings)


def _pool(strings: list[str]) -> bytes:
    offsets, data = [], b""
    for text in strings:
        encoded = text.encode("utf-16-le")
        offsets.append(len(data))
        data += struct.pack("<H", len(encoded) // 2) + encoded + b"\0\0"
    data += bytes(-len(data) % 4)
    start = 28 + 4 * len(strings)
    head = struct.pack("<HHIIIIII", POOL, 28, start + len(data), len(strings), 0, 0, start, 0)
    return head + struct.pack(f"<{len(strings)}I", *offsets) + data


def _node(kind: int, body: bytes) -> bytes:
    return struct.pack("<HHIII", kind, 16, 16 + len(body), 1, NONE) + body


def _element(element: Element, numbers: dict[str, int]) -> bytes:
    attributes = b""
    for name, value in sorted(element.attributes.items(), key=lambda pair: ATTRIBUTES.get(pair[0], 1 << 31)):
        namespace = numbers[ANDROID] if name in ATTRIBUTES else NONE
        if isinstance(value, bool):
            raw, kind, data = NONE, BOOLEAN, NONE if value else 0
        elif isinstance(value, int):
            raw, kind, data = NONE, INTEGER, value
        else:
            raw = data = numbers[value]
            kind = STRING
        attributes += struct.pack("<IIIHBBI", namespace, numbers[name], raw, 8, 0, kind, data)
    head = struct.pack("<IIHHHHHH", NONE, numbers[element.name], 20, 20, len(element.attributes), 0, 0, 0)
    inner = b"".join(_element(child, numbers) for child in element.children)
    return _node(START, head + attributes) + inner + _node(END, struct.pack("<II", NONE, numbers[element.name]))


def _parse(data: bytes) -> tuple[list[str], Element]:
    kind, header, size = struct.unpack_from("<HHI", data)
    if kind != XML or size > len(data) or len(data) > LARGEST:
        raise ManifestError("not binary XML")
    strings: list[str] = []
    resources: list[int] = []
    stack: list[Element] = [Element("", {})]
    position = header
    while position < size:
        kind, header, length = struct.unpack_from("<HHI", data, position)
        if length < 8:
            raise ManifestError("a chunk without length")
        chunk = data[position : position + length]
        if kind == POOL:
            strings = _strings(chunk)
        elif kind == RESOURCES:
            resources = [each[0] for each in struct.iter_unpack("<I", chunk[8:])]
        elif kind == START:
            stack.append(_read_element(chunk, strings, resources))
        elif kind == END:
            done = stack.pop()
            parent = stack.pop()
            stack.append(Element(parent.name, parent.attributes, (*parent.children, done)))
        position += length
    if len(stack) != 1 or not stack[0].children:
        raise ManifestError("unbalanced elements")
    return strings, stack[0].children[0]


def _read_element(chunk: bytes, strings: list[str], resources: list[int]) -> Element:
    _, name, start, size, count = struct.unpack_from("<IIHHH", chunk, 16)
    names = {number: known for known, number in ATTRIBUTES.items()}
    attributes: dict[str, str | int | bool] = {}
    for index in range(count):
        _, key, raw, _, _, kind, data = struct.unpack_from("<IIIHBBI", chunk, 16 + start + size * index)
        known = names.get(resources[key]) if key < len(resources) else None
        attribute = known or strings[key]
        if kind == STRING:
            attributes[attribute] = strings[data]
        elif kind == BOOLEAN:
            attributes[attribute] = bool(data)
        elif kind in (INTEGER, 0x11):
            attributes[attribute] = data
        elif raw != NONE:
            attributes[attribute] = strings[raw]
    return Element(strings[name], attributes)


def _strings(chunk: bytes) -> list[str]:
    _, header, _, count, _, flags, start, _ = struct.unpack_from("<HHIIIIII", chunk)
    offsets = struct.unpack_from(f"<{count}I", chunk, header)
    read = _utf8 if flags & UTF8 else _utf16
    return [read(chunk, start + offset) for offset in offsets]


def _utf16(chunk: bytes, at: int) -> str:
    (length,) = struct.unpack_from("<H", chunk, at)
    if length & 0x8000:
        length = (length & 0x7FFF) << 16 | struct.unpack_from("<H", chunk, at + 2)[0]
        at += 2
    return chunk[at + 2 : at + 2 + 2 * length].decode("utf-16-le", "replace")


def _utf8(chunk: bytes, at: int) -> str:
    at += 2 if chunk[at] & 0x80 else 1
    length = chunk[at]
    at += 1
    if length & 0x80:
        length = (length & 0x7F) << 8 | chunk[at]
        at += 1
    return chunk[at : at + length].decode("utf-8", "replace")
