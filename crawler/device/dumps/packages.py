"""What the package service says about one package: `dumpsys package PKG`, `pm path PKG`."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from crawler.device.model import Permission

__all__ = ["PackageDump", "parse_apk_paths", "parse_app_links", "parse_package", "parse_packages"]

_MAX_LINE = 2000
_MAX_ITEMS = 2000
_PERMISSION_NAME = re.compile(r"^[A-Za-z_][\w.]{2,250}$")
_DOMAIN_STATE = re.compile(r"\s{6,}(?:\*\.)?(?P<host>[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,9}): [\w-]+\s*")
_RUNTIME = re.compile(
    r"^(?P<name>[A-Za-z_][\w.]{2,250}): granted=(?P<granted>true|false)(?:, flags=\[(?P<flags>[^\]]*)\])?"
)
_SIGNER = re.compile(r"signatures=PackageSignatures\{[^}]{0,200}?signatures:\[(?P<mark>[0-9a-fA-F]{6,64})")


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageDump:
    """The part of a package's entry that we use. None: not said."""

    version_name: str | None
    version_code: int | None
    target_sdk: int | None
    uid: int | None
    requested_permissions: tuple[str, ...]
    permissions: tuple[Permission, ...]
    signer: str | None
    system: bool


def parse_package(text: str, package: str) -> PackageDump | None:
    """The entry of one package; None when the dump has none. Of several users the first one's permissions count."""
    block = _block(text, package)
    if block is None:
        return None
    return PackageDump(
        version_name=_field(block, "versionName"),
        version_code=_number(_field(block, "versionCode")),
        target_sdk=_number(_inline(block, "targetSdk")),
        uid=_number(_field(block, "userId") or _field(block, "appId")),
        requested_permissions=tuple(_requested(block))[:_MAX_ITEMS],
        permissions=tuple(sorted(_runtime(block), key=lambda permission: permission.name))[:_MAX_ITEMS],
        signer=_signer(block),
        system=any(re.match(r"^\s*(?:pkgFlags|flags)=\[.*\bSYSTEM\b", line) for line in block),
    )


def parse_apk_paths(text: str) -> tuple[str, ...]:
    """`pm path`: one `package:/path` a line, the base APK first."""
    paths = [line.removeprefix("package:").strip() for line in text.splitlines() if line.startswith("package:/")]
    return tuple(sorted(paths, key=lambda path: not path.endswith("/base.apk")))[:_MAX_ITEMS]


def parse_app_links(text: str) -> tuple[str, ...]:
    """`pm get-app-links PACKAGE` (Android 12 and later): the domains whose addresses the app claims to open, sorted.

    The claim is the app's own; whether the domain agrees (`verified`) is not asked here.
    """
    _, _, states = text.partition("Domain verification state:")
    found: set[str] = set()
    for line in states.splitlines()[1:]:
        named = _DOMAIN_STATE.fullmatch(line[:_MAX_LINE])
        if named is None:
            break
        found.add(named["host"].lower())
    return tuple(sorted(found))[:_MAX_ITEMS]


def parse_packages(text: str) -> tuple[str, ...]:
    """`pm list packages`: sorted names."""
    names = (line.removeprefix("package:").strip() for line in text.splitlines() if line.startswith("package:"))
    return tuple(sorted(name for name in names if re.fullmatch(r"[\w.]{1,255}", name)))


def _block(text: str, package: str) -> list[str] | None:
    """The lines of `Package [name] (hash):` up to the next line that stands as far to the left."""
    head = f"Package [{package}]"
    lines = iter(text.splitlines())
    for line in lines:
        if line.strip().startswith(head):
            depth = _depth(line)
            return list(_deeper(lines, depth))
    return None


def _deeper(lines: Iterable[str], depth: int) -> Iterable[str]:
    for line in lines:
        if line.strip() and _depth(line) <= depth:
            return
        yield line[:_MAX_LINE]


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _field(block: list[str], key: str) -> str | None:
    """The value of the first `key=value` that begins a line. Version names may hold spaces."""
    for line in block:
        found = re.match(rf"^\s*{key}=(.*)$", line)
        if found:
            value = found[1].strip()
            return value if value and value != "null" else None
    return None


def _inline(block: list[str], key: str) -> str | None:
    for line in block:
        found = re.search(rf"\b{key}=(\d{{1,10}})\b", line)
        if found:
            return found[1]
    return None


def _number(text: str | None) -> int | None:
    """`5210 minSdk=24 targetSdk=33` is 5210."""
    found = re.match(r"[0-9]{1,18}\b", text) if text else None
    return int(found[0]) if found else None


def _requested(block: list[str]) -> Iterable[str]:
    """`requested permissions:` lists one name a line; `NAME: restricted=true` is a name too."""
    for line in _section(block, "requested permissions:"):
        name = line.strip().split(":", 1)[0]
        if _PERMISSION_NAME.match(name):
            yield name


def _runtime(block: list[str]) -> Iterable[Permission]:
    for line in _section(block, "runtime permissions:"):
        found = _RUNTIME.match(line.strip())
        if found:
            flags = re.split(r"[|\s]+", found["flags"] or "")
            yield Permission(
                name=found["name"],
                granted=found["granted"] == "true",
                flags=tuple(sorted({flag for flag in flags if flag})),
            )


def _section(block: list[str], title: str) -> Iterable[str]:
    """The lines below a title that stand deeper than it."""
    lines = iter(block)
    for line in lines:
        if line.strip() == title:
            yield from _deeper(lines, _depth(line))
            return


def _signer(block: list[str]) -> str | None:
    found = next((found for line in block if (found := _SIGNER.search(line))), None)
    return found["mark"].lower() if found else None
