"""Who may decide about cases, and what takes two of them: a file of the store, checked on the way in."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import ClassVar

from evidence.decisions import LONGEST_NAME
from evidence.errors import EvidenceError
from evidence.files import open_regular

__all__ = ["SETTINGS_FILE", "SEVERITIES", "CaseworkSettings", "SettingsFaulty", "load_settings", "settings_from"]

SETTINGS_FILE = "casework.toml"
"""In AppWitness's home folder."""
SEVERITIES = ("high", "medium", "low")
_MAX_SETTINGS = 1024 * 1024
_CHINA = timezone(timedelta(hours=8))
_FINGERPRINT = re.compile(r"[0-9a-f]{64}")


class SettingsFaulty(EvidenceError):
    """The settings say something that cannot be; all of it is listed."""

    exit_code: ClassVar[int] = 65
    default_mend = "Mend every listed line; docs/casework.md shows such a file."


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseworkSettings:
    """What the store demands of decisions."""

    second_person: frozenset[str] = frozenset()
    """Severities of which two different people must accept a finding."""
    people: tuple[tuple[str, str], ...] = ()
    """(fingerprint, name) of those who may decide. None: any key may, and is shown as one that nobody vouched for."""
    until: tuple[tuple[str, date], ...] = ()
    """(fingerprint, the last day in mainland China on which they may decide). What they decided by then stays."""

    @property
    def known_keys(self) -> Mapping[str, str]:
        """Names by fingerprint."""
        return dict(self.people)

    @property
    def ends(self) -> Mapping[str, int]:
        """By fingerprint, the wall time from which on a person may no longer decide."""
        return {key: _end_of(day) for key, day in self.until}


def load_settings(path: Path) -> CaseworkSettings:
    """The settings in a file; those that demand nothing when there is no file. Raises SettingsFaulty."""
    try:
        with open_regular(path) as stream:
            content = stream.read(_MAX_SETTINGS)
    except FileNotFoundError:
        return CaseworkSettings()
    except OSError as error:
        raise SettingsFaulty(f"{path} cannot be read: {error.strerror or error}") from error
    try:
        return settings_from(tomllib.loads(content.decode("utf-8")))
    except ValueError as error:
        raise SettingsFaulty(f"{path}: {error}") from error


def settings_from(values: Mapping[str, object]) -> CaseworkSettings:
    """Settings from a parsed file. ValueError lists everything that is wrong, a line each."""
    faults = [f"unknown setting {name!r}" for name in sorted(values.keys() - {"second_person", "people"})]
    severities, rows = values.get("second_person", []), values.get("people", [])
    if not isinstance(severities, list) or any(severity not in SEVERITIES for severity in severities):
        faults.append(f"`second_person` is no list of {', '.join(SEVERITIES)}")
        severities = []
    if not isinstance(rows, list):
        faults.append("`people` is no list of tables")
        rows = []
    people: list[tuple[str, str]] = []
    until: list[tuple[str, date]] = []
    for number, row in enumerate(rows):
        trouble = "; ".join(_troubles(row, people))
        if trouble:
            faults.append(f"people[{number}]: {trouble}")
        else:
            people.append((row["fingerprint"], row["name"].strip()))
            until += [(row["fingerprint"], row["until"])] if "until" in row else []
    if faults:
        raise ValueError("\n".join(faults))
    return CaseworkSettings(second_person=frozenset(severities), people=tuple(people), until=tuple(until))


def _troubles(row: object, people: list[tuple[str, str]]) -> Iterator[str]:
    if not isinstance(row, dict) or row.keys() - {"until"} != {"name", "fingerprint"}:
        yield "not exactly `name` and `fingerprint`, and `until` for one who left"
        return
    if type(row.get("until", date.max)) is not date:
        yield "`until` is no day like 2026-01-31, without quotes"
    name, key = row["name"], row["fingerprint"]
    if not isinstance(name, str) or not name.strip() or not name.isprintable() or len(name) > LONGEST_NAME:
        yield "`name` is no name"
    if not isinstance(key, str) or not _FINGERPRINT.fullmatch(key):
        yield "`fingerprint` is not 64 digits of lower case hex"
    elif key in dict(people):
        yield f"this key belongs to {dict(people)[key]} already"


def _end_of(day: date) -> int:
    following = datetime(day.year, day.month, day.day, tzinfo=_CHINA).timestamp() + 86_400
    return int(following) * 1_000_000_000
