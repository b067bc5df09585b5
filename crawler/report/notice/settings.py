"""Who writes and who is written to: the settings file of notices (TOML), checked on the way in.

What is absent stays visible in the letter as a blank line; what is there and wrong is refused, all of it at once.
"""

from __future__ import annotations

import re
import tomllib
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from pathlib import Path
from typing import Any, TypeAlias, Union, get_args, get_origin, get_type_hints

from crawler.report.notice.errors import SettingsFaulty

__all__ = ["AppSettings", "Contact", "Letter", "NoticeSettings", "Officer", "Sent", "Store", "read_settings"]

Day: TypeAlias = date
"""A field below is called `date` itself."""
_LONGEST = 500
_LARGEST = 1024 * 1024
_EMAIL = re.compile(r"[^@\s<>\"']{1,64}@[^@\s<>\"']{1,255}")
_CREDIT_CODE = re.compile(r"[0-9A-HJ-NPQRTUWXY]{18}")
_URL = re.compile(r"https?://[^\s<>\"']{1,400}")
_DAYS = {"working_days": 30, "reminder_working_days": 30, "appeal_working_days": 30}


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """Who writes."""

    name: str = ""
    department: str = ""
    address: str = ""
    rules: str = ""
    """What the letter calls the store's own rules; a general wording when absent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Where a developer asks and appeals."""

    email: str = ""
    phone: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Officer:
    """Who signs."""

    name: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """The periods that letters set, in working days."""

    working_days: int = 5
    reminder_working_days: int = 3
    appeal_working_days: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """An earlier letter to the same developer."""

    number: str
    date: Day
    kind: str = ""
    channel: str = ""
    received: Day | None = None
    due: Day | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AppSettings:
    """What the record of a case does not know about its app and its developer."""

    developer: str = ""
    account: str = ""
    credit_code: str = ""
    contact: str = ""
    email: str = ""
    phone: str = ""
    type: str = ""
    filing_number: str = ""
    channel: str = ""
    url: str = ""
    signer: str = ""
    obtained: str = ""
    number: str = ""
    """The number of the letter about to be written."""
    effective: date | None = None
    """From when a takedown takes effect; the day of the letter when absent."""
    sent: tuple[Sent, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeSettings:
    """Everything a settings file may say; each part may be absent."""

    store: Store = Store()
    contact: Contact = Contact()
    officer: Officer = Officer()
    letter: Letter = Letter()
    app: Mapping[str, AppSettings] = field(default_factory=dict)
    """By package name."""

    def of_app(self, package: str) -> AppSettings:
        """What is known of an app; all blank when it is not named."""
        return self.app.get(package, AppSettings())


def read_settings(path: Path) -> NoticeSettings:
    """Read and check a settings file. Raises SettingsFaulty with every fault."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SettingsFaulty(str(path), [f"it cannot be read: {error.strerror or error}"]) from error
    if len(content) > _LARGEST:
        raise SettingsFaulty(str(path), [f"it is larger than {_LARGEST} bytes"])
    try:
        document = tomllib.loads(content.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SettingsFaulty(str(path), [f"it is no TOML: {error}"]) from error
    faults: list[str] = []
    settings = _table(NoticeSettings, document, "", faults)
    if faults:
        raise SettingsFaulty(str(path), faults)
    return settings  # type: ignore[no-any-return]


def _table(kind: Any, value: object, place: str, faults: list[str]) -> Any:
    """A dataclass from a table; what is wrong is added to `faults`."""
    if not isinstance(value, dict):
        faults.append(f"{place or 'the file'}: a table is expected, not {_kind(value)}")
        return None
    hints = get_type_hints(kind)
    known = [entry.name for entry in fields(kind)]
    for name in value:
        if name not in known:
            faults.append(f"{_place(place, name)}: not known; known are {', '.join(known)}")
    needed = [entry.name for entry in fields(kind) if entry.default is entry.default_factory]
    faults.extend(f"{_place(place, name)}: missing" for name in needed if name not in value)
    made = {name: _value(hints[name], value[name], _place(place, name), faults) for name in known if name in value}
    return None if faults else kind(**made)


def _value(hint: Any, value: object, place: str, faults: list[str]) -> Any:
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        hint = next(option for option in get_args(hint) if option is not type(None))
        origin = get_origin(hint)
    if origin is tuple:
        return _rows(get_args(hint)[0], value, place, faults)
    if origin is not None:
        if not isinstance(value, dict):
            faults.append(f"{place}: a table is expected, not {_kind(value)}")
            return {}
        return {name: _table(get_args(hint)[1], row, _place(place, name), faults) for name, row in value.items()}
    if hint is str:
        return _text(value, place, faults)
    if hint is int:
        return _days(value, place, faults)
    if hint is date:
        if type(value) is not date:
            faults.append(f"{place}: a day like 2026-03-09 without quotes is expected, not {_kind(value)}")
        return value
    return _table(hint, value, place, faults)


def _rows(kind: Any, value: object, place: str, faults: list[str]) -> tuple[Any, ...]:
    if not isinstance(value, list):
        faults.append(f"{place}: a list of tables is expected, not {_kind(value)}")
        return ()
    return tuple(_table(kind, row, f"{place}[{number}]", faults) for number, row in enumerate(value))


def _text(value: object, place: str, faults: list[str]) -> str:
    if not isinstance(value, str):
        faults.append(f"{place}: text in quotes is expected, not {_kind(value)}")
        return ""
    name = place.rpartition(".")[2]
    checks: Sequence[tuple[bool, str]] = (
        (len(value) > _LONGEST, f"longer than {_LONGEST} characters"),
        (not all(character.isprintable() for character in value), "holds invisible characters or line ends"),
        (name == "email" and not _EMAIL.fullmatch(value), "no e-mail address"),
        (name == "url" and not _URL.fullmatch(value), "no address that begins with https:// or http://"),
        (name == "credit_code" and not _CREDIT_CODE.fullmatch(value), "no unified social credit code of 18 characters"),
    )
    faults.extend(f"{place}: {fault}; leave the line out to get a blank" for wrong, fault in checks if wrong)
    return value


def _days(value: object, place: str, faults: list[str]) -> int:
    most = _DAYS[place.rpartition(".")[2]]
    if type(value) is not int or not 1 <= value <= most:
        faults.append(f"{place}: a number of working days from 1 to {most} is expected, not {str(value)[:40]!r}")
        return 1
    return value


def _place(place: str, name: str) -> str:
    shown = name if re.fullmatch(r"[A-Za-z0-9_-]{1,60}", name) else repr(name[:100])
    return f"{place}.{shown}" if place else shown


def _kind(value: object) -> str:
    names = {str: "text", int: "a number", float: "a number", bool: "true or false", dict: "a table", list: "a list"}
    return names.get(type(value), "a time" if hasattr(value, "isoformat") else "something else")
