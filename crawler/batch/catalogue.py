"""The catalogue of apps to inspect: a CSV file whose faulty rows are set aside with their reasons and never stop a batch."""

from __future__ import annotations

import csv
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

__all__ = ["CatalogueRow", "CatalogueUnreadable", "FaultyRow", "is_package_name", "read_catalogue"]

_PACKAGE = re.compile(r"[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)+")
_COLUMNS = ("package", "apk", "label")
_MAX_BYTES = 128 * 1024 * 1024
_MAX_ROWS = 1_000_000
_MAX_LINE = 64 * 1024
_MAX_FIELD = 4096
_MAX_PACKAGE = 255
_SHOWN = 200
_LINE_END = re.compile(r"\r\n|\r|\n")
_SAVE_AS_UTF8 = "save it as UTF-8 (in Excel: 'CSV UTF-8'; in a text editor: the encoding UTF-8)"


class CatalogueUnreadable(ValueError):
    """The file as a whole cannot be used. The message says what to change."""

    exit_code: ClassVar[int] = 65
    mend: ClassVar[str] = "A catalogue is a UTF-8 CSV file with a header; docs/operating.md shows one."


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
    """The beginning of the line as it stands in the file."""
    reasons: tuple[str, ...]


def is_package_name(text: str) -> bool:
    """Whether Android would take this for the name of a package."""
    return len(text) <= _MAX_PACKAGE and _PACKAGE.fullmatch(text) is not None


def read_catalogue(path: Path) -> tuple[tuple[CatalogueRow, ...], tuple[FaultyRow, ...]]:
    """Read a catalogue: UTF-8 CSV, one app a line, with a header that names at least `package` or `apk`.

    Relative APK paths are taken from the catalogue's folder. Raises CatalogueUnreadable for a file that is none.
    """
    lines = _lines(path)
    number, header = next(lines, (0, ""))
    columns = _header(path, header)
    good: list[CatalogueRow] = []
    faulty: list[FaultyRow] = []
    seen: dict[tuple[str, str], int] = {}
    for number, line in lines:
        row, reasons = _row(number, line, columns, path.parent.absolute())
        key = (row.package, row.apk)
        if not reasons and key in seen:
            reasons.append(f"the same app stands in line {seen[key]} already")
        if reasons:
            faulty.append(FaultyRow(line=number, text=line[:_SHOWN], reasons=tuple(reasons)))
        else:
            seen[key] = number
            good.append(row)
        if len(good) + len(faulty) > _MAX_ROWS:
            raise CatalogueUnreadable(f"{path} has more than {_MAX_ROWS} rows; split it")
    if not good and not faulty:
        raise CatalogueUnreadable(f"{path} holds no rows; it needs a header with 'package' or 'apk' and one app a line")
    return tuple(good), tuple(faulty)


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Lines that are not blank, with their numbers. A quoted field cannot go on in the next line.

    The csv module would take all that follows a lost quotation mark for one field: half a catalogue in one faulty row.
    """
    for number, line in enumerate(_LINE_END.split(_text(path)), 1):
        if line.strip():
            yield number, line


def _text(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            content = stream.read(_MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise CatalogueUnreadable(f"there is no catalogue {path}") from error
    except (OSError, ValueError) as error:
        raise CatalogueUnreadable(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if len(content) > _MAX_BYTES:
        raise CatalogueUnreadable(f"{path} is larger than {_MAX_BYTES // 1024**2} MiB; split it")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise CatalogueUnreadable(f"{path} is in UTF-16; {_SAVE_AS_UTF8}")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise CatalogueUnreadable(f"{path} is not in UTF-8 (line {line}); {_SAVE_AS_UTF8}") from error


def _header(path: Path, line: str) -> list[str]:
    """The names of the columns, lower case. Columns of other names are allowed and ignored."""
    try:
        names = [name.strip().lower() for name in _fields(line)]
    except csv.Error as error:
        raise CatalogueUnreadable(f"the header of {path} is no CSV: {error}") from error
    known = [name for name in names if name in _COLUMNS]
    if not {"package", "apk"} & set(known):
        told = f"; its first line is: {line[:_SHOWN]}" if names else ""
        comma = " Columns are separated by commas." if re.search(r"[;\t]", line) else ""
        raise CatalogueUnreadable(f"{path} needs a header with the column 'package' or 'apk'{told}.{comma}")
    if len(set(known)) < len(known):
        raise CatalogueUnreadable(f"the header of {path} names a column twice: {', '.join(known)}")
    return names


def _fields(line: str) -> list[str]:
    """The fields of one line. Raises csv.Error."""
    if len(line) > _MAX_LINE:
        raise csv.Error(f"the line is longer than {_MAX_LINE} characters")
    try:
        return next(csv.reader([line], strict=True), [])
    except csv.Error as error:
        if "unexpected end of data" in str(error):
            raise csv.Error("a quotation mark is opened and not closed in this line") from error
        raise


def _row(number: int, line: str, columns: Sequence[str], base: Path) -> tuple[CatalogueRow, list[str]]:
    """A row as far as it can be read, and everything that is wrong with it."""
    reasons: list[str] = []
    try:
        fields = _fields(line)
    except csv.Error as error:
        return CatalogueRow(line=number, package="", apk="", label=""), [str(error)]
    if len(fields) > len(columns):
        reasons.append(f"{len(fields)} fields, but the header has {len(columns)} columns")
    values = dict.fromkeys(_COLUMNS, "") | {
        name: value.strip() for name, value in zip(columns, fields, strict=False) if name in _COLUMNS
    }
    long = [name for name in _COLUMNS if len(values[name]) > _MAX_FIELD]
    reasons.extend(f"{name} is longer than {_MAX_FIELD} characters" for name in long)
    if not values["package"] and not values["apk"]:
        reasons.append("neither a package nor an APK is named")
    if values["package"] and "package" not in long and not is_package_name(values["package"]):
        reasons.append("the package is no Android package name (like com.example.app)")
    apk = ""
    if values["apk"] and "apk" not in long:
        apk, fault = _apk(base, values["apk"])
        reasons.extend([fault] if fault else [])
    return CatalogueRow(line=number, package=values["package"], apk=apk, label=values["label"][:_SHOWN]), reasons


def _apk(base: Path, named: str) -> tuple[str, str]:
    """(absolute path, "") or ("", what is wrong with it)."""
    try:
        path = (base / named).resolve()
        # Asked of the system itself: Path.is_file() says plainly no to a loop of links, in Python 3.13.
        if stat.S_ISREG(path.stat().st_mode):
            return str(path), ""
        return "", f"there is no APK {named[:_SHOWN]}"
    except (FileNotFoundError, NotADirectoryError):
        return "", f"there is no APK {named[:_SHOWN]}"
    except (OSError, RuntimeError, ValueError) as error:  # a name too long, a loop of links, a zero byte
        return "", f"{named[:_SHOWN]!r} cannot be the path of an APK: {getattr(error, 'strerror', None) or error}"
