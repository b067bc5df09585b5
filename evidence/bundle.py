"""What a bundle is, and whether it still says what it said when it was made. Writing one is `crawler.report.bundle`'s.

    BUNDLE/README.txt, viewer.html        for people
    BUNDLE/bundle.json                    what it is about, in canonical JSON
    BUNDLE/bundle-seal.json               the signed list of every file here but itself
    BUNDLE/case/…                         the case as it was: record, derived files, decisions, custody
    BUNDLE/verifier/evidence/…            the program that checks it

As a folder, or as one .zip that holds the same. A version of the format that was once published is verified for ever.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from evidence.archive import ARCHIVE_MARK, ArchiveDamaged, PackedTree, unpack
from evidence.canonical import Json, from_line
from evidence.casecheck import MEND_COPY, CaseChecked, CaseFolders, check_case, load_seal, seal_faults
from evidence.comparison import compare_files, compare_folders
from evidence.errors import Fault, NotCanonical, storage_failure
from evidence.faults import FaultList, escaped
from evidence.files import open_regular
from evidence.manifest import Seal, seal_digest
from evidence.record import BLOBS, CUSTODY, RECORD
from evidence.seal import OUTSIDE_DERIVED
from evidence.tree import TreeReader, TreeView, Walked
from evidence.trust import Trust

__all__ = [
    "BUNDLE_FILE",
    "BUNDLE_FORMAT",
    "BUNDLE_SEAL",
    "CASE",
    "LATER_VERSION",
    "BundleChecked",
    "check_bundle",
    "is_archive",
    "is_bundle",
    "unpacked",
]

BUNDLE_FORMAT = 1
BUNDLE_FILE = "bundle.json"
BUNDLE_SEAL = "bundle-seal.json"
LATER_VERSION = "made by a later version of AppWitness"
"""How the fault of a bundle begins that this version cannot read. Nothing in it was judged."""
CASE = "case"
_MAX_INFO = 64 * 1024 * 1024
_MEND_LATER = "Verify it with the version of AppWitness that made it, or a newer one; one is inside, in verifier/."


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleChecked:
    """What came of a bundle: its case, and the faults of both, each with its place below the bundle."""

    case: CaseChecked | None
    """None when the bundle is of a later format, which this version does not judge."""
    faults: tuple[Fault, ...]
    files: int = 0
    bytes: int = 0


def is_bundle(folder: Path) -> bool:
    """Whether a folder is a bundle, also one that lost its list or its seal."""
    return (folder / BUNDLE_FILE).exists() or (folder / BUNDLE_SEAL).exists()


def is_archive(path: Path) -> bool:
    """Whether a path names a packed bundle, also a damaged one."""
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        return path.suffix.lower() == ".zip" or stream.read(4) == ARCHIVE_MARK


@contextmanager
def unpacked(path: Path) -> Iterator[tuple[Path, PackedTree | None, tuple[Fault, ...]]]:
    """A packed bundle as a folder for as long as the context lasts, its files, and what is wrong with the packing.

    Blobs are digested on the way and not written: nothing but their digests is asked for. None: it could not be unpacked.
    """
    name = escaped(path.name)
    with TemporaryDirectory(prefix="appwitness-verify-") as temporary:
        folder = Path(temporary)
        try:
            content = unpack(path, folder, leave=f"{CASE}/{RECORD}/{BLOBS}/")
        except ArchiveDamaged as error:
            mend = "Fetch an untouched copy. If another program packed it, unpack it and verify the folder."
            yield folder, None, (Fault(place=name, what=f"the archive is damaged {escaped(str(error))}", mend=mend),)
            return
        except OSError as error:
            raise storage_failure(folder, error) from error
        what = "its bytes do not have the checksum that the archive gives them"
        faults = tuple(Fault(place=file, what=what, mend=MEND_COPY) for file in content.changed)
        yield folder, PackedTree(content.files), faults


def check_bundle(folder: Path, trust: Trust, notes: FaultList, reader: Walked | None = None) -> BundleChecked:
    """Every fault of a bundle. `reader`: its files, if they were read already. Never raises on what it holds."""
    info = _info(folder)
    if isinstance(info, Fault) and info.mend == _MEND_LATER:
        return BundleChecked(case=None, faults=(info,))
    reader = reader or TreeReader(folder, place="")
    case_dir = folder / CASE
    inside = FaultList(".")
    folders = CaseFolders(
        record=TreeView(reader, f"{CASE}/{RECORD}"),
        derived=TreeView(reader, CASE, OUTSIDE_DERIVED),
        custody=TreeView(reader, f"{CASE}/{CUSTODY}"),
    )
    case = check_case(case_dir, trust, inside, folders)
    for note in inside.listed():
        notes.add(f"{CASE}/{note.place}", note.what, note.mend)
    tree = reader.tree()
    faults = (
        *tree.faults,
        *((info,) if isinstance(info, Fault) else ()),
        *_sealed_faults(folder, reader, case, trust, notes),
        *(Fault(place=f"{CASE}/{fault.place}", what=fault.what, mend=fault.mend) for fault in case.faults),
    )
    return BundleChecked(
        case=case, faults=faults, files=len(tree.files), bytes=sum(seen.size for seen in tree.files.values())
    )


def _sealed_faults(folder: Path, reader: Walked, case: CaseChecked, trust: Trust, notes: FaultList) -> Iterator[Fault]:
    seal = load_seal(folder, BUNDLE_SEAL, "bundle")
    if isinstance(seal, Fault):
        yield seal
        return
    record = case.seal if isinstance(case.seal, Seal) else None
    same_key = record is not None and record.public_key == seal.public_key
    yield from seal_faults(seal, BUNDLE_SEAL, trust, FaultList(".") if same_key else notes, None)
    tree = reader.tree()
    files = {path: seen for path, seen in tree.files.items() if path != BUNDLE_SEAL}
    yield from compare_files(seal.manifest.files, files, place="", mend=MEND_COPY)
    yield from compare_folders(seal.manifest, tree.folders, place="")
    if record is not None and seal.manifest.record_seal != seal_digest(record):
        what = "the bundle was made of another record than the one in it"
        yield Fault(place=BUNDLE_SEAL, what=what, mend=MEND_COPY)


def _info(folder: Path) -> Mapping[str, Json] | Fault:
    """What bundle.json says, or what is wrong with it. A later format is told before anything else is judged."""
    try:
        with open_regular(folder / BUNDLE_FILE) as stream:
            content = stream.read(_MAX_INFO + 1)
        info = from_line(content.removesuffix(b"\n"))
    except (OSError, NotCanonical) as error:
        reason = escaped(str(getattr(error, "strerror", None) or error))
        return Fault(place=BUNDLE_FILE, what=f"cannot be read: {reason}", mend=MEND_COPY)
    version = info.get("format") if isinstance(info, Mapping) else None
    if not isinstance(info, Mapping) or not isinstance(version, int) or isinstance(version, bool) or version < 1:
        return Fault(place=BUNDLE_FILE, what="does not say of which format the bundle is", mend=MEND_COPY)
    if version > BUNDLE_FORMAT:
        what = f"{LATER_VERSION}: bundle format {version}, this version knows {BUNDLE_FORMAT}"
        return Fault(place=BUNDLE_FILE, what=what, mend=_MEND_LATER)
    return info
