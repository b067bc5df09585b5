"""What can go wrong with the record, and what a person can do about it.

    EvidenceError
    ├── StorageFailed          the folder refused a read or a write
    │   ├── StorageFull        no room left (retryable once there is)
    │   └── StorageRefused     read-only folder, or not ours to write
    ├── LaneExists             a lane is written once
    ├── LaneEnded              appended after close
    ├── FactRefused            a fact too large, too deep, or of a type the record cannot hold
    ├── NotCanonical           bytes that are not one canonical JSON value
    ├── BlobMissing            a digest nobody stored
    ├── BlobDamaged            stored bytes that no longer have their digest
    ├── RecordUnreadable       not a case at all
    ├── SealRefused            a record that must not be signed; `.faults` lists every reason
    ├── KeyUnusable            no usable signing key
    ├── RegisterUnreadable     no register of keys, or no certificates of an authority
    ├── RedactionRefused       nothing of the kind is there to be removed
    └── StampRefused           an answer that is no time stamp of what was asked for

What an app does (crash, send, draw nothing) is never an error: it is a fact.
"""

import errno
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

__all__ = [
    "BlobDamaged",
    "BlobMissing",
    "EvidenceError",
    "FactRefused",
    "Fault",
    "KeyUnusable",
    "LaneEnded",
    "LaneExists",
    "NotCanonical",
    "RecordUnreadable",
    "RedactionRefused",
    "RegisterUnreadable",
    "SealRefused",
    "StampRefused",
    "StorageFailed",
    "StorageFull",
    "StorageRefused",
    "storage_failure",
]


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Fault:
    """One thing that is wrong with a record. A value, not an exception: all of them are collected."""

    place: str
    """Where: a path inside the case, with `:line` for a lane. Escaped, safe to print."""
    what: str
    """What is wrong, one sentence."""
    mend: str
    """What a person can do about it, one sentence."""

    def __str__(self) -> str:
        return f"{self.place}: {self.what}"


class EvidenceError(Exception):
    """Base of everything this package raises on purpose."""

    exit_code: ClassVar[int] = 70
    retryable: ClassVar[bool] = False
    default_mend: ClassVar[str] = "Keep the case folder as it is and report this with the message above."

    def __init__(self, message: str, *, mend: str | None = None):
        super().__init__(message)
        self.mend = mend or self.default_mend


class StorageFailed(EvidenceError):
    """The file system answered with an error that is neither fullness nor refusal."""

    exit_code = 74
    default_mend = "Check the disk that holds this folder (cable, file system, quota), then run again."


class StorageFull(StorageFailed):
    """No space, no inodes, quota or file size limit reached."""

    retryable = True
    default_mend = "Free some space on the disk that holds this folder (or choose another folder), then run again."


class StorageRefused(StorageFailed):
    """Read-only file system or missing permission."""

    exit_code = 73
    default_mend = "Choose an output folder that you may write to, or give yourself write permission, then run again."


class LaneExists(EvidenceError):
    """The lane's file is already there."""

    exit_code = 73
    default_mend = "Use a new session folder; a lane that was begun is never continued."


class LaneEnded(EvidenceError):
    """The lane is closed, nothing can be appended."""

    default_mend = "Append every fact before closing the lane."


class FactRefused(EvidenceError, ValueError):
    """The fact cannot be held as it is."""

    default_mend = "Put large or foreign content into a blob and let the fact refer to it."


class NotCanonical(EvidenceError, ValueError):
    """Bytes that no LaneWriter or seal of ours would have written."""

    exit_code = 65
    default_mend = "Fetch an untouched copy of the record; this one was changed or was never a record."


class BlobMissing(EvidenceError):
    exit_code = 65
    default_mend = "Fetch a complete copy of the case's record/blobs folder."


class BlobDamaged(EvidenceError):
    exit_code = 65
    default_mend = "Fetch an untouched copy of this blob; its name is the SHA-256 its bytes must have."


class RecordUnreadable(EvidenceError):
    exit_code = 65
    default_mend = "Name the case folder, the one that contains record/case.json."

    def __init__(self, path: Path, what: str, *, mend: str | None = None):
        super().__init__(f"{path}: {what}", mend=mend)
        self.what = what


class SealRefused(EvidenceError):
    """The record is not fit to be signed."""

    exit_code = 65
    default_mend = "Mend every listed fault (or inspect the app again), then seal."

    def __init__(self, message: str, *, faults: tuple[Fault, ...], mend: str | None = None):
        super().__init__(message, mend=mend)
        self.faults = faults


class KeyUnusable(EvidenceError):
    exit_code = 77
    default_mend = "Restore the key file from a backup, or move it away so that a new key is made."


class RegisterUnreadable(EvidenceError):
    exit_code = 65
    default_mend = "Ask whoever gave you this file for an untouched copy of it."


class RedactionRefused(EvidenceError):
    """Nothing was removed."""

    exit_code = 65
    default_mend = "Verify the case, and name blobs or requests that are in it."


class StampRefused(EvidenceError):
    """What an authority answered is not kept."""

    exit_code = 65
    default_mend = "Ask another authority, or trust this one's certificate if it is the right one."


_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_REFUSED = frozenset({errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EISDIR})


def storage_failure(path: Path, cause: OSError) -> StorageFailed:
    """Put an OSError into words. Raise the result `from cause`."""
    reason = cause.strerror or type(cause).__name__
    if cause.errno in _FULL:
        return StorageFull(f"cannot write {path}: {reason}")
    if cause.errno in _REFUSED:
        return StorageRefused(f"cannot write {path}: {reason}")
    return StorageFailed(f"cannot use {path}: {reason}")
