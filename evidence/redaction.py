"""Removing what must not be kept, without taking the proof away.

A blob's digest stands in the chain of its lane and in the seal, so its bytes can go while everything else stays provable. A
signed document says what was removed, by whom, when and why; without it the same blob is simply missing, which is a fault.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from evidence.blobs import BlobStore, is_digest
from evidence.canonical import Json
from evidence.clock import Clock, SystemClock
from evidence.errors import NotCanonical, RedactionRefused, storage_failure
from evidence.files import digest_file, write_whole
from evidence.keys import SigningKey
from evidence.manifest import read_seal
from evidence.record import BLOBS, CUSTODY, RECORD, SEAL_FILE, blobs_directory
from evidence.signed import Signed, read_signed, signed_bytes

__all__ = [
    "RETENTION_FILE",
    "Redaction",
    "RemovedFile",
    "Retention",
    "keep_until",
    "read_redaction",
    "read_retention",
    "redact",
    "redaction_number",
]

RETENTION_FILE = "retention.json"
FORMAT = 1
_NAME = re.compile(r"redaction-(\d{4,9})\.json")
_KIND = "redaction"
_RETENTION = "retention"
_LONGEST_TEXT = 2000
_FIELDS = ("format", "number", "kind", "record_seal", "by", "reason", "wall", "blobs", "derived")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class RemovedFile:
    """A file that is gone, as it was. `name` is a blob's digest, or the path of a derived file below the case."""

    name: str
    digest: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Redaction:
    """What was removed from a sealed record at one time, and on whose word."""

    number: int
    kind: Literal["redaction", "purge"]
    """A purge removes every blob because the time for keeping them is over."""
    record_seal: str
    by: str
    reason: str
    wall_ns: int
    blobs: tuple[RemovedFile, ...]
    derived: tuple[RemovedFile, ...]
    """Files beside the record that repeated what was removed, and went with it."""
    signer: str = ""
    """The public key that signed this; "" before it is signed."""
    holds: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """Until when the blobs of a case are kept, and why."""

    record_seal: str
    until_wall_ns: int
    by: str
    reason: str
    wall_ns: int
    signer: str = ""
    holds: bool = False


def redaction_number(name: str) -> int | None:
    """Which redaction a file of the custody folder holds; None for other files."""
    found = _NAME.fullmatch(name)
    return int(found[1]) if found else None


def redact(
    case_dir: Path,
    digests: Collection[str],
    key: SigningKey,
    *,
    by: str,
    reason: str,
    derived: Sequence[str] = (),
    kind: Literal["redaction", "purge"] = "redaction",
    clock: Clock | None = None,
) -> Redaction:
    """Remove blobs of a sealed record, and derived files (paths below the case) that repeat them. The document is written
    first, so that a power cut in between leaves a removal that is announced and can be run again, never an unexplained gap.

    RedactionRefused names every digest that is no blob of this record. Derived files must be sealed anew afterwards.
    """
    if not by.strip() or not reason.strip():
        raise RedactionRefused("a redaction needs a name and a reason", mend="Say who removes it, and why.")
    sizes = _sizes(case_dir)
    unknown = sorted(set(digests) - sizes.keys())
    if unknown or not digests:
        named = ", ".join(name[:80] for name in unknown) or "nothing"
        raise RedactionRefused(f"no blob of this record: {named}")
    made = Redaction(
        number=max(_numbers(case_dir), default=0) + 1,
        kind=kind,
        record_seal=_seal_digest(case_dir),
        by=by.strip()[:_LONGEST_TEXT],
        reason=reason.strip()[:_LONGEST_TEXT],
        wall_ns=(clock or SystemClock()).now().wall_ns,
        blobs=tuple(RemovedFile(name=name, digest=name, size=sizes[name]) for name in sorted(set(digests))),
        derived=tuple(sorted(_derived(case_dir, derived))),
    )
    _write(case_dir, f"redaction-{made.number:04d}.json", _KIND, _document(made), key)
    _unlink_all(case_dir, made)
    return made


def keep_until(
    case_dir: Path, wall_ns: int, key: SigningKey, *, by: str, reason: str, clock: Clock | None = None
) -> Retention:
    """Say until when a sealed case's blobs are kept. A later word replaces an earlier one."""
    made = Retention(
        record_seal=_seal_digest(case_dir),
        until_wall_ns=wall_ns,
        by=by.strip()[:_LONGEST_TEXT],
        reason=reason.strip()[:_LONGEST_TEXT],
        wall_ns=(clock or SystemClock()).now().wall_ns,
    )
    document: dict[str, Json] = {
        "format": FORMAT,
        "record_seal": made.record_seal,
        "until_wall": made.until_wall_ns,
        "by": made.by,
        "reason": made.reason,
        "wall": made.wall_ns,
    }
    _write(case_dir, RETENTION_FILE, _RETENTION, document, key)
    return made


def read_redaction(path: Path) -> Redaction:
    """The redaction in a file. OSError or NotCanonical when none of ours is there."""
    signed = read_signed(path, _KIND)
    document = signed.document
    if document.get("format") != FORMAT:
        raise NotCanonical(f"its format is not {FORMAT}; a newer version of AppWitness may know it")
    if document.keys() != set(_FIELDS) or document["kind"] not in ("redaction", "purge"):
        raise NotCanonical("no redaction")
    return Redaction(
        number=_count(document, "number"),
        kind="purge" if document["kind"] == "purge" else "redaction",
        record_seal=_digest(document, "record_seal"),
        by=_text(document, "by"),
        reason=_text(document, "reason"),
        wall_ns=_count(document, "wall"),
        blobs=_removed(document, "blobs"),
        derived=_removed(document, "derived"),
        signer=signed.public_key,
        holds=signed.holds,
    )


def read_retention(path: Path) -> Retention:
    """The word on how long a case is kept. OSError or NotCanonical when none of ours is there."""
    signed: Signed = read_signed(path, _RETENTION)
    document = signed.document
    if document.keys() != {"format", "record_seal", "until_wall", "by", "reason", "wall"}:
        raise NotCanonical("no word on how long a case is kept")
    return Retention(
        record_seal=_digest(document, "record_seal"),
        until_wall_ns=_count(document, "until_wall"),
        by=_text(document, "by"),
        reason=_text(document, "reason"),
        wall_ns=_count(document, "wall"),
        signer=signed.public_key,
        holds=signed.holds,
    )


# ------------------------------------------------------------------------------------------------ inside


def _unlink_all(case_dir: Path, made: Redaction) -> None:
    blobs = BlobStore(blobs_directory(case_dir))
    for path in (*(blobs.path(file.name) for file in made.blobs), *(case_dir / file.name for file in made.derived)):
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise storage_failure(path, error) from error


def _sizes(case_dir: Path) -> dict[str, int]:
    """The blobs that the record's seal names, with their sizes."""
    try:
        seal = read_seal(case_dir / RECORD / SEAL_FILE, "record")
    except (OSError, NotCanonical) as error:
        raise RedactionRefused(f"{case_dir} is not sealed", mend="Seal the case before anything is removed.") from error
    files = ((file.path.rpartition("/"), file.size) for file in seal.manifest.files)
    return {name: size for (folder, _, name), size in files if folder.startswith(f"{BLOBS}/") and is_digest(name)}


def _numbers(case_dir: Path) -> Iterable[int]:
    folder = case_dir / CUSTODY
    names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    return [number for name in names if (number := redaction_number(name)) is not None]


def _seal_digest(case_dir: Path) -> str:
    path = case_dir / RECORD / SEAL_FILE
    try:
        return digest_file(path)[0]
    except OSError as error:
        raise RedactionRefused(f"{case_dir} is not sealed", mend="Seal the case before anything is removed.") from error


def _derived(case_dir: Path, paths: Iterable[str]) -> Iterable[RemovedFile]:
    for path in paths:
        try:
            digest, size = digest_file(case_dir / path)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise storage_failure(case_dir / path, error) from error
        yield RemovedFile(name=path, digest=digest, size=size)


def _document(made: Redaction) -> dict[str, Json]:
    return {
        "format": FORMAT,
        "number": made.number,
        "kind": made.kind,
        "record_seal": made.record_seal,
        "by": made.by,
        "reason": made.reason,
        "wall": made.wall_ns,
        "blobs": [{"name": file.name, "sha256": file.digest, "size": file.size} for file in made.blobs],
        "derived": [{"name": file.name, "sha256": file.digest, "size": file.size} for file in made.derived],
    }


def _write(case_dir: Path, name: str, kind: str, document: Mapping[str, Json], key: SigningKey) -> None:
    folder = case_dir / CUSTODY
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise storage_failure(folder, error) from error
    write_whole(folder / name, [signed_bytes(kind, document, key)])


def _removed(document: Mapping[str, Json], name: str) -> tuple[RemovedFile, ...]:
    rows = document[name]
    if not isinstance(rows, list):
        raise NotCanonical(f"`{name}` is no list")
    found = []
    for row in rows:
        if not isinstance(row, Mapping) or row.keys() != {"name", "sha256", "size"}:
            raise NotCanonical(f"an entry of `{name}` is no file")
        file = RemovedFile(name=_text(row, "name"), digest=_digest(row, "sha256"), size=_count(row, "size"))
        if name == "blobs" and file.name != file.digest:
            raise NotCanonical("a removed blob is not named by its digest")
        found.append(file)
    return tuple(found)


def _text(document: Mapping[str, Json], name: str) -> str:
    value = document[name]
    if not isinstance(value, str):
        raise NotCanonical(f"`{name}` is no text")
    return value


def _digest(document: Mapping[str, Json], name: str) -> str:
    value = document[name]
    if not is_digest(value):
        raise NotCanonical(f"`{name}` is no digest")
    return value


def _count(document: Mapping[str, Json], name: str) -> int:
    value = document[name]
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise NotCanonical(f"`{name}` is no count")
    return value
