"""The seal: a signed list of every file of a record and of every lane's head.

Whoever holds the public key can tell, without us, that nothing was changed, cut, added or taken away since.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from evidence.blobs import BlobStore
from evidence.clock import Clock, SystemClock
from evidence.decisions import DECISIONS_FILE
from evidence.errors import Fault, NotCanonical, SealRefused
from evidence.files import sweep_parts, write_whole
from evidence.keys import SigningKey, fingerprint
from evidence.manifest import Manifest, Seal, SealedFile, SealedLane, make_seal, read_seal, seal_bytes, seal_holds
from evidence.record import CUSTODY, DERIVED_SEAL, RECORD, SEAL_FILE, blobs_directory
from evidence.survey import Survey, survey
from evidence.tree import FileSeen, TreeReader

__all__ = ["OUTSIDE_DERIVED", "Sealed", "is_hidden", "seal", "seal_derived"]

OUTSIDE_DERIVED = frozenset({RECORD, DERIVED_SEAL, DECISIONS_FILE, CUSTODY})
"""What stands in a case folder without being derived from the record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """What was signed."""

    path: Path
    digest: str
    """SHA-256 of the seal's file: what an outside authority time-stamps and the derived seal names."""
    fingerprint: str
    files: int
    incomplete: tuple[str, ...]
    """Sessions that were cut off. They are sealed as what they are."""


def seal(case_dir: Path, key: SigningKey, *, clock: Clock | None = None) -> Sealed:
    """Sign the record. Sealing an unchanged record again keeps the first seal.

    SealRefused names every fault: a broken chain, a missing blob, a changed one, a foreign file. A session that was cut
    off is no fault. Nothing may write to the record any more.
    """
    BlobStore(blobs_directory(case_dir)).sweep()
    sweep_parts(case_dir / RECORD)
    seen = survey(case_dir)
    if seen.faults:
        raise SealRefused(f"the record of {case_dir} has {len(seen.faults)} faults", faults=seen.faults)
    path = case_dir / RECORD / SEAL_FILE
    manifest = _record_manifest(seen, (clock or SystemClock()).now().wall_ns)
    earlier = _earlier_seal(path, manifest)
    if earlier is None:
        made = make_seal(manifest, key)
        write_whole(path, [seal_bytes(made)])
    else:
        made = earlier
    incomplete = tuple(session.name for session in seen.sessions if session.ending.outcome != "complete")
    return _sealed(path, made, incomplete)


def seal_derived(case_dir: Path, key: SigningKey, *, clock: Clock | None = None) -> Sealed:
    """Sign what was derived from the sealed record, every file outside record/. An earlier such seal is replaced.

    SealRefused when the record has no seal to derive from, or when something other than plain files stands there.
    """
    record_seal = case_dir / RECORD / SEAL_FILE
    try:
        record = read_seal(record_seal, "record")
    except (OSError, NotCanonical) as error:
        fault = Fault(place=f"{RECORD}/{SEAL_FILE}", what=f"not readable: {error}", mend="Seal the record first.")
        raise SealRefused(f"{case_dir} has no readable record seal", faults=(fault,), mend=fault.mend) from error
    tree = TreeReader(case_dir, place="", skip=OUTSIDE_DERIVED).tree()
    if tree.faults:
        raise SealRefused(f"what stands beside the record of {case_dir} cannot be sealed", faults=tree.faults)
    manifest = Manifest(
        kind="derived",
        case=record.manifest.case,
        sealed_wall_ns=(clock or SystemClock()).now().wall_ns,
        files=_sealed_files({path: seen for path, seen in tree.files.items() if not is_hidden(path)}),
        record_seal=hashlib.sha256(seal_bytes(record)).hexdigest(),
    )
    path = case_dir / DERIVED_SEAL
    made = make_seal(manifest, key)
    write_whole(path, [seal_bytes(made)])
    return _sealed(path, made, ())


def is_hidden(path: str) -> bool:
    """Whether a desktop or sync program left it there: beside the record such files are neither sealed nor a fault."""
    return any(part.startswith(".") for part in path.split("/"))


def _sealed(path: Path, made: Seal, incomplete: tuple[str, ...]) -> Sealed:
    return Sealed(
        path=path,
        digest=hashlib.sha256(seal_bytes(made)).hexdigest(),
        fingerprint=fingerprint(made.public_key),
        files=len(made.manifest.files),
        incomplete=incomplete,
    )


def _earlier_seal(path: Path, manifest: Manifest) -> Seal | None:
    """The seal that is there, if it vouches for exactly this. A crash after sealing must not need a second seal."""
    try:
        earlier = read_seal(path, "record")
    except FileNotFoundError:
        return None
    except (OSError, NotCanonical) as error:
        raise _sealed_before(path, f"the seal that is there cannot be read: {error}") from error
    if not seal_holds(earlier) or replace(earlier.manifest, sealed_wall_ns=manifest.sealed_wall_ns) != manifest:
        raise _sealed_before(path, "the record was sealed before, and is no longer what was sealed")
    return earlier


def _sealed_before(path: Path, what: str) -> SealRefused:
    mend = "Verify the case to see what changed; a sealed record is never sealed anew."
    fault = Fault(place=f"{RECORD}/{SEAL_FILE}", what=what, mend=mend)
    return SealRefused(f"{path}: {what}", faults=(fault,), mend=mend)


def _record_manifest(seen: Survey, wall_ns: int) -> Manifest:
    lanes = (
        SealedLane(session=session.name, lane=lane, count=at.reading.head.count, digest=at.reading.head.digest)
        for session in seen.sessions
        for lane, at in session.lanes.items()
    )
    return Manifest(
        kind="record",
        case=str(seen.info.get("case", "")),
        sealed_wall_ns=wall_ns,
        files=_sealed_files({path: at for path, at in seen.files.items() if path != SEAL_FILE}),
        folders=tuple(sorted(seen.folders)),
        lanes=tuple(sorted(lanes)),
    )


def _sealed_files(files: Mapping[str, FileSeen]) -> tuple[SealedFile, ...]:
    return tuple(sorted(SealedFile(path=path, digest=seen.digest, size=seen.size) for path, seen in files.items()))
