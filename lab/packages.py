"""Packs an app folder into an installable `.apk` and unpacks one: a zip with a binary manifest, app.toml and web/."""

import io
import tempfile
import zipfile
from pathlib import Path, PurePosixPath

from lab.definition import MANIFEST_NAME, AppDefinition, DefinitionError, load_app
from lab.manifest import Manifest, ManifestError, manifest_bytes, read_manifest

__all__ = ["InstallRefused", "build_apk", "build_bare_apk", "read_apk"]

MANIFEST_ENTRY = "AndroidManifest.xml"
FIXED_TIME = (2026, 1, 1, 0, 0, 0)
LARGEST_UNPACKED = 64 * 1024 * 1024
MOST_ENTRIES = 5000


class InstallRefused(Exception):
    """The package manager refuses: `code` is the constant it prints."""

    def __init__(self, code: str, message: str) -> None:
        self.code, self.message = code, message
        super().__init__(f"{code}: {message}")


def build_apk(folder: Path) -> bytes:
    """The same folder always gives the same bytes. Raises DefinitionError."""
    definition = load_app(folder)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        _add(archive, MANIFEST_ENTRY, manifest_bytes(definition))
        _add(archive, MANIFEST_NAME, (folder / MANIFEST_NAME).read_bytes())
        for path in sorted(path for path in (folder / "web").rglob("*") if path.is_file()):
            _add(archive, path.relative_to(folder).as_posix(), path.read_bytes())
    return buffer.getvalue()


def build_bare_apk(definition: AppDefinition) -> bytes:
    """An APK that holds a manifest and nothing else: system apps and companions."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        _add(archive, MANIFEST_ENTRY, manifest_bytes(definition))
    return buffer.getvalue()


def read_apk(data: bytes, *, name: str, unpack_to: Path) -> AppDefinition | Manifest:
    """A lab app (unpacked below `unpack_to`), or the manifest of a foreign APK. Raises InstallRefused."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise InstallRefused(
            "INSTALL_PARSE_FAILED_NOT_APK", f"Failed to parse {name}: Failed to load asset path {name}"
        ) from error
    with archive:
        names = {entry.filename for entry in entries}
        if MANIFEST_ENTRY not in names:
            message = f"Failed to parse {name}: Corrupt XML binary file"
            raise InstallRefused("INSTALL_PARSE_FAILED_UNEXPECTED_EXCEPTION", message)
        if len(entries) > MOST_ENTRIES and MANIFEST_NAME in names:
            raise InstallRefused("INSTALL_FAILED_INVALID_APK", f"{name} has {len(entries)} entries")
        try:
            manifest = read_manifest(archive.read(MANIFEST_ENTRY))
        except (ManifestError, zipfile.BadZipFile, OSError) as error:
            message = f"Failed to parse {name}: {error}"
            raise InstallRefused("INSTALL_PARSE_FAILED_MANIFEST_MALFORMED", message) from error
        if MANIFEST_NAME not in names:
            return manifest
        folder = Path(tempfile.mkdtemp(prefix=f"{manifest.package}-", dir=unpack_to))
        _unpack(archive, entries, folder, name)
    try:
        return load_app(folder)
    except DefinitionError as error:
        raise InstallRefused("INSTALL_PARSE_FAILED_MANIFEST_MALFORMED", str(error).replace("\n", "; ")) from error


def _add(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    entry = zipfile.ZipInfo(name, FIXED_TIME)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, data)


def _unpack(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], folder: Path, name: str) -> None:
    if sum(entry.file_size for entry in entries) > LARGEST_UNPACKED:
        raise InstallRefused("INSTALL_FAILED_INSUFFICIENT_STORAGE", f"{name} unpacks to too many bytes")
    for entry in entries:
        path = PurePosixPath(entry.filename)
        if entry.is_dir() or (entry.filename != MANIFEST_NAME and path.parts[0] != "web"):
            continue
        if path.is_absolute() or ".." in path.parts:
            raise InstallRefused("INSTALL_FAILED_INVALID_APK", f"{name} holds the path {entry.filename!r}")
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(archive.read(entry))
