"""What can be installed: an APK, or an archive that holds an app's base APK and its splits."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from crawler.device.errors import NotAnApk

__all__ = ["ARCHIVE_SUFFIXES", "ApkPart", "open_part", "parts_of"]

ARCHIVE_SUFFIXES = (".apks", ".xapk", ".apkm")
"""Zip archives of APKs: bundletool's and SAI's, APKPure's, APKMirror's."""
_MAX_BYTES = 4 * 1024 * 1024 * 1024
_MAX_PARTS = 200
_APK_MAGIC = b"PK\x03\x04"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApkPart:
    """One APK to hand to the installer. `member` is its name inside the archive, or "" when `file` is the APK itself."""

    file: Path
    member: str
    size: int


def parts_of(path: Path) -> tuple[ApkPart, ...]:
    """The APKs of a file. All splits are given to the device, which takes what suits it; alternatives to the splits
    (bundletool's `standalones`, `instant`) are left out. Raises NotAnApk without touching a device."""
    if not path.is_file():
        raise NotAnApk(f"{path} is no file")
    if path.stat().st_size > _MAX_BYTES:
        raise NotAnApk(f"{path} is larger than any APK can be")
    try:
        with zipfile.ZipFile(path) as archive:
            if path.suffix.lower() in ARCHIVE_SUFFIXES:
                return _members(path, archive)
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError, NotImplementedError, ValueError, RuntimeError) as error:
        raise NotAnApk(f"{path} is not an APK: {error}") from error
    if "AndroidManifest.xml" not in names:
        raise NotAnApk(f"{path} is a zip archive without AndroidManifest.xml, not an APK")
    return (ApkPart(file=path, member="", size=path.stat().st_size),)


def _members(path: Path, archive: zipfile.ZipFile) -> tuple[ApkPart, ...]:
    apks = [entry for entry in archive.infolist() if entry.filename.lower().endswith(".apk")]
    splits = [entry for entry in apks if PurePosixPath(entry.filename).parent.name == "splits"]
    chosen = splits or [entry for entry in apks if "/" not in entry.filename]
    if not chosen:
        raise NotAnApk(f"{path} holds no APK", mend="Give an .apk, or an archive with an app's base and split APKs.")
    if len(chosen) > _MAX_PARTS or sum(entry.file_size for entry in chosen) > _MAX_BYTES:
        raise NotAnApk(f"{path} holds more than any app has: {len(chosen)} APKs")
    for entry in chosen:
        with archive.open(entry) as content:
            if content.read(len(_APK_MAGIC)) != _APK_MAGIC:
                raise NotAnApk(f"{entry.filename!r} in {path} is not an APK")
    return tuple(ApkPart(file=path, member=entry.filename, size=entry.file_size) for entry in chosen)


@contextmanager
def open_part(part: ApkPart) -> Iterator[IO[bytes]]:
    """Its bytes, to be read once from the beginning."""
    if not part.member:
        with part.file.open("rb") as content:
            yield content
        return
    with zipfile.ZipFile(part.file) as archive, archive.open(part.member) as member:
        yield member
