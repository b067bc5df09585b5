"""The catalogue of apps to inspect: a CSV file whose faulty rows are set aside with their reason and never stop a batch."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path

__all__ = ["CatalogueRow", "CatalogueUnreadable", "FaultyRow", "read_catalogue"]

_PACKAGE = re.compile(r"[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)+")
_COLUMNS = ("package", "apk", "label")
_MAX_ROWS = 1_000_000
_MAX_FIELD = 4096


class CatalogueUnreadable(ValueError):
    """The file as a whole cannot be used. The message says what to change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueRow:
    """One app to inspect: installed already (package), or to be installed first (apk)."""

    line: int
    package: str
    """ "" when only the APK is named."""
    apk: str
    """Absolute path, or "" when the package is installed."""
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultyRow:
    """A row that cannot be inspected, and every reason why."""

    line: int
    text: str
    reasons: tuple[str, ...]


def read_catalogue(path: Path) -> tuple[tuple[CatalogueRow, ...], tuple[FaultyRow, ...]]:
    """Read a catalogue: UTF-8 CSV with a header that names at least `package` or `apk`.

    Relative APK paths are taken from the catalogue's folder. Raises CatalogueUnreadable for a file that is none.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            rows = list(_numbered(csv.DictReader(stream, restkey="_more", strict=True)))
    except FileNotFoundError as error:
        raise CatalogueUnreadable(f"there is no catalogue {path}") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CatalogueUnreadable(f"{path} cannot be read as a UTF-8 CSV file: {error}") from error
    header = rows[0][1] if rows else {}
    if not rows:
        raise CatalogueUnreadable(f"{path} holds no rows; it needs a header with 'package' or 'apk' and one app a line")
    if "package" not in header and "apk" not in header:
        raise CatalogueUnreadable(
            f"{path} needs a column 'package' or 'apk'; its columns are {', '.join(map(str, header))}"
        )
    good: list[CatalogueRow] = []
    faulty: list[FaultyRow] = []
    seen: dict[tuple[str, str], int] = {}
    for line, fields in rows:
        row, reasons = _row(line, fields, path.parent)
        key = (row.package, row.apk)
        if not reasons and key in seen:
            reasons.append(f"the same app stands in line {seen[key]} already")
        if reasons:
            faulty.append(FaultyRow(line=line, text=_shown(fields), reasons=tuple(reasons)))
        else:
            seen[key] = line
            good.append(row)
    return tuple(good), tuple(faulty)


def _numbered(reader: csv.DictReader[str]) -> list[tuple[int, dict[str | None, object]]]:
    rows: list[tuple[int, dict[str | None, object]]] = []
    for fields in reader:
        rows.append((reader.line_num, dict(fields)))
        if len(rows) > _MAX_ROWS:
            raise csv.Error(f"more than {_MAX_ROWS} rows")
    return rows


def _row(line: int, fields: dict[str | None, object], base: Path) -> tuple[CatalogueRow, list[str]]:
    values = {name: str(fields.get(name) or "").strip() for name in _COLUMNS}
    reasons: list[str] = []
    if "_more" in fields:
        reasons.append("more fields than the header has columns")
    reasons.extend(
        f"{name} is longer than {_MAX_FIELD} characters" for name in _COLUMNS if len(values[name]) > _MAX_FIELD
    )
    if not values["package"] and not values["apk"]:
        reasons.append("neither a package nor an APK is named")
    if values["package"] and not _PACKAGE.fullmatch(values["package"]):
        reasons.append("the package is no Android package name (like com.example.app)")
    apk = ""
    if values["apk"] and not reasons:
        apk = str((base / values["apk"]).resolve())
        if not Path(apk).is_file():
            reasons.append(f"there is no APK {values['apk']}")
    return CatalogueRow(line=line, package=values["package"], apk=apk, label=values["label"][:200]), reasons


def _shown(fields: dict[str | None, object]) -> str:
    return ",".join(str(value or "") for value in fields.values())[:200]
