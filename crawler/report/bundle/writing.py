"""Makes a bundle of a sealed case, as a folder or as one .zip. Its final name shows the whole of it or nothing."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

from crawler.report.bundle.about import About, about_document
from crawler.report.bundle.contents import Item, case_items, counted, folders_of, verifier_items
from crawler.report.bundle.viewer import readme_text, viewer_page
from evidence.archive import ArchiveWriter
from evidence.bundle import BUNDLE_FILE, BUNDLE_SEAL
from evidence.canonical import to_line
from evidence.clock import Clock, SystemClock
from evidence.errors import EvidenceError, Fault, StorageRefused, storage_failure
from evidence.files import digest_file, write_all
from evidence.keys import SigningKey
from evidence.manifest import Manifest, make_seal, seal_bytes
from evidence.record import RECORD, SEAL_FILE, read_case
from evidence.verify import Trust, Verification, verify_for

__all__ = ["BundleRefused", "Bundled", "bundle_name", "make_bundle"]

_ANYBODY = Trust()


class BundleRefused(EvidenceError):
    """The case is not fit to be handed on."""

    exit_code = 65
    default_mend = "Mend every listed fault, or fetch an untouched copy of the case, then bundle again."

    def __init__(self, message: str, *, faults: tuple[Fault, ...] = (), mend: str | None = None):
        super().__init__("\n".join((message, *map(str, faults[:20]))), mend=mend)
        self.faults = faults


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundled:
    """What was made."""

    path: Path
    files: int
    bytes: int
    seal: str
    """SHA-256 of bundle-seal.json: the one value to write down beside the bundle."""
    key: str


def bundle_name(case_dir: Path) -> str:
    """How a bundle is called when nobody says: after the case and its round."""
    number = read_case(case_dir).info.get("round")
    return f"{case_dir.resolve().name}-round-{number if isinstance(number, int) else 1}"


def make_bundle(
    case_dir: Path,
    target: Path,
    key: SigningKey,
    *,
    packed: bool,
    trust: Trust = _ANYBODY,
    clock: Clock | None = None,
) -> Bundled:
    """Write the bundle of a sealed case to `target`, which must not be there yet.

    `trust`: other keys whose word on removals counts. Raises BundleRefused with every fault of a case that does not verify;
    StorageRefused when the target is there; StorageFull and its like as the disk does, and then nothing is left behind. What was
    written is verified before it gets its name.
    """
    if target.exists() or target.is_symlink():
        raise StorageRefused(f"cannot write {target}: it exists already", mend="Choose another name with -o.")
    before = verify_for(case_dir, trust)
    if not before.ok:
        raise BundleRefused(f"{case_dir} has {len(before.faults)} faults and cannot be bundled", faults=before.faults)
    made_wall_ns = (clock or SystemClock()).now().wall_ns
    about, items = _contents(case_dir, before, key, made_wall_ns)
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(8)}.part")
    try:
        seal = (_write_archive if packed else _write_folder)(temporary, items, partial(_seal, about, key))
        _prove(temporary, packed, trust)
        temporary.rename(target)
        _settle(target.parent)
    except OSError as error:
        raise storage_failure(target, error) from error
    finally:
        _remove(temporary)
    size = sum(item.size for item in (*items, seal))
    return Bundled(path=target, files=len(items) + 1, bytes=size, seal=seal.digest, key=key.fingerprint)


def _contents(case_dir: Path, verified: Verification, key: SigningKey, made_wall_ns: int) -> tuple[About, list[Item]]:
    """What the bundle says of itself, and every file of it but its seal, in order."""
    items = [*case_items(case_dir), *verifier_items()]
    record = read_case(case_dir)
    about = About(
        record=record,
        verified=verified,
        record_seal=digest_file(case_dir / RECORD / SEAL_FILE)[0],
        made_wall_ns=made_wall_ns,
        maker=key.fingerprint,
        parts=counted(item for item in items if item.path.startswith("case/")),
    )
    document = about_document(about)
    items += [
        Item(BUNDLE_FILE, to_line(document) + b"\n"),
        Item("README.txt", readme_text(document).encode("utf-8", "backslashreplace")),
        Item("viewer.html", viewer_page(document, record, case_dir).encode("utf-8", "replace")),
    ]
    return about, sorted(items, key=lambda item: item.path.encode())


def _seal(about: About, key: SigningKey, written: Sequence[Item]) -> Item:
    manifest = Manifest(
        kind="bundle",
        case=str(about.record.info.get("case", "")),
        sealed_wall_ns=about.made_wall_ns,
        files=tuple(sorted(item.sealed() for item in written)),
        folders=folders_of(written),
        record_seal=about.record_seal,
    )
    return Item(BUNDLE_SEAL, seal_bytes(make_seal(manifest, key)))


def _write_folder(folder: Path, items: Sequence[Item], sealed: Callable[[Sequence[Item]], Item]) -> Item:
    folder.mkdir()
    for name in folders_of(items):
        (folder / name).mkdir()
    for item in items:
        _write_file(folder / item.path, item)
    seal = sealed(items)
    _write_file(folder / seal.path, seal)
    for name in ("", *folders_of(items)):
        _settle(folder / name)
    return seal


def _write_file(path: Path, item: Item) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        for chunk in item.chunks():
            write_all(handle, chunk)
        os.fsync(handle)
    finally:
        os.close(handle)


def _write_archive(path: Path, items: Sequence[Item], sealed: Callable[[Sequence[Item]], Item]) -> Item:
    """The seal needs every other file's digest, and stands among them by its name: what comes first is read twice."""
    early = [item for item in items if item.path.encode() < BUNDLE_SEAL.encode()]
    late = [item for item in items if item.path.encode() > BUNDLE_SEAL.encode()]
    for item in items:
        for _ in item.chunks():
            pass
    expected = {item.path: item.digest for item in items}
    seal = sealed(items)
    with path.open("xb") as stream:
        _pack(stream, [*early, seal, *late])
        stream.flush()
        os.fsync(stream.fileno())
    changed = [item.path for item in items if item.digest != expected[item.path]]
    if changed:
        raise BundleRefused(f"the case was changed while it was bundled: {', '.join(changed[:5])}")
    return seal


def _pack(stream: BinaryIO, items: Sequence[Item]) -> None:
    archive = ArchiveWriter(stream)
    for item in items:
        archive.add(item.path, item.chunks())
    archive.close()


def _prove(path: Path, packed: bool, trust: Trust) -> None:
    """Nobody is handed a bundle that does not verify."""
    answer = verify_for(path, trust)
    if not answer.ok:
        raise BundleRefused(
            f"the bundle {'archive' if packed else 'folder'} does not verify after it was written",
            faults=answer.faults,
            mend="The case was changed meanwhile, or the disk fails: verify the case, then bundle again.",
        )


def _settle(folder: Path) -> None:
    """Make the names in a folder safe on the disk, where the system can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink() if path.is_file() or path.is_symlink() else shutil.rmtree(path)
