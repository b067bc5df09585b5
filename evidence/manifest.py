"""What a seal says, as values, and the strict way back from its bytes."""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Literal, TypeVar

from evidence.canonical import Json, from_line, to_line
from evidence.errors import NotCanonical
from evidence.files import open_regular
from evidence.keys import SigningKey, signature_holds

__all__ = [
    "Kind",
    "Manifest",
    "Seal",
    "SealedFile",
    "SealedLane",
    "make_seal",
    "read_seal",
    "seal_bytes",
    "seal_digest",
    "seal_holds",
]

Kind = Literal["record", "derived", "bundle"]

FORMAT = 1
_MAX_SEAL = 256 * 1024 * 1024
_PREFIX = b"appwitness seal v1\n"
_HEX = re.compile(r"[0-9a-f]*")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class SealedFile:
    path: str
    """Below the record folder, or below the case folder in the seal of derived files. With slashes."""
    digest: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class SealedLane:
    session: str
    lane: str
    count: int
    digest: str
    """Of the last entry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Everything that a signature vouches for."""

    kind: Kind
    case: str
    sealed_wall_ns: int
    files: tuple[SealedFile, ...]
    folders: tuple[str, ...] = ()
    lanes: tuple[SealedLane, ...] = ()
    record_seal: str = ""
    """Of derived files and of a bundle: the digest of the record's seal that they belong to."""

    def as_json(self) -> dict[str, Json]:
        return {
            "format": FORMAT,
            "kind": self.kind,
            "case": self.case,
            "sealed_wall": self.sealed_wall_ns,
            "files": [{"path": file.path, "sha256": file.digest, "size": file.size} for file in self.files],
            "folders": list(self.folders),
            "lanes": [
                {"session": lane.session, "lane": lane.lane, "count": lane.count, "digest": lane.digest}
                for lane in self.lanes
            ],
            "record_seal": self.record_seal,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """A manifest, who signed it, and the signature."""

    manifest: Manifest
    public_key: str
    signature: str


def make_seal(manifest: Manifest, key: SigningKey) -> Seal:
    signature = key.sign(_signed_bytes(manifest)).hex()
    return Seal(manifest=manifest, public_key=key.public, signature=signature)


def seal_holds(seal: Seal) -> bool:
    """Whether the signature is that of its own key over its own manifest. Says nothing about whose key it is."""
    return signature_holds(seal.public_key, seal.signature, _signed_bytes(seal.manifest))


def seal_bytes(seal: Seal) -> bytes:
    """The seal as it stands in its file."""
    document: dict[str, Json] = {
        "manifest": seal.manifest.as_json(),
        "public_key": seal.public_key,
        "signature": seal.signature,
    }
    return to_line(document) + b"\n"


def seal_digest(seal: Seal) -> str:
    """SHA-256 of the seal's file: what an authority stamps, and what everything made from a record names."""
    return hashlib.sha256(seal_bytes(seal)).hexdigest()


def read_seal(path: Path, kind: Kind) -> Seal:
    """The seal in a file; `seal_bytes` gives its bytes back. OSError or NotCanonical when none of ours is there."""
    with open_regular(path) as stream:
        content = stream.read(_MAX_SEAL + 1)
    if len(content) > _MAX_SEAL:
        raise NotCanonical(f"larger than {_MAX_SEAL} bytes")
    if not content.endswith(b"\n"):
        raise NotCanonical("its end is missing")
    document = _object(from_line(content[:-1]), "the seal", ("manifest", "public_key", "signature"))
    seal = Seal(
        manifest=_manifest(document["manifest"], kind),
        public_key=_hex(document, "public_key", 64),
        signature=_hex(document, "signature", 128),
    )
    if seal_bytes(seal) != content:
        raise NotCanonical("it is not written as seals are")
    return seal


def _signed_bytes(manifest: Manifest) -> bytes:
    return _PREFIX + to_line(manifest.as_json())


def _manifest(value: Json, kind: Kind) -> Manifest:
    fields = ("format", "kind", "case", "sealed_wall", "files", "folders", "lanes", "record_seal")
    if isinstance(value, Mapping) and value.get("format") != FORMAT:
        raise NotCanonical(f"its format is not {FORMAT}; a newer version of AppWitness may know it")
    manifest = _object(value, "the manifest", fields)
    if manifest["kind"] != kind:
        raise NotCanonical(f"it does not seal a {kind}")
    return Manifest(
        kind=kind,
        case=_text(manifest, "case"),
        sealed_wall_ns=_count(manifest, "sealed_wall"),
        files=_increasing((_file(item) for item in _items(manifest, "files")), lambda file: (file.path,)),
        folders=_increasing((_path(item) for item in _items(manifest, "folders")), lambda folder: (folder,)),
        lanes=_increasing((_lane(item) for item in _items(manifest, "lanes")), lambda lane: (lane.session, lane.lane)),
        record_seal=_hex(manifest, "record_seal", 0 if kind == "record" else 64),
    )


def _file(value: Json) -> SealedFile:
    item = _object(value, "a file", ("path", "sha256", "size"))
    return SealedFile(path=_path(item["path"]), digest=_hex(item, "sha256", 64), size=_count(item, "size"))


def _lane(value: Json) -> SealedLane:
    item = _object(value, "a lane", ("session", "lane", "count", "digest"))
    return SealedLane(
        session=_text(item, "session"),
        lane=_text(item, "lane"),
        count=_count(item, "count"),
        digest=_hex(item, "digest", 64),
    )


def _object(value: Json, what: str, fields: Sequence[str]) -> Mapping[str, Json]:
    if not isinstance(value, Mapping) or value.keys() != set(fields):
        raise NotCanonical(f"the fields of {what} are not {', '.join(fields)}")
    return value


def _items(value: Mapping[str, Json], name: str) -> Sequence[Json]:
    items = value[name]
    if not isinstance(items, list):
        raise NotCanonical(f"`{name}` is no list")
    return items


def _text(value: Mapping[str, Json], name: str) -> str:
    text = value[name]
    if not isinstance(text, str):
        raise NotCanonical(f"`{name}` is no text")
    return text


def _hex(value: Mapping[str, Json], name: str, length: int) -> str:
    text = _text(value, name)
    if len(text) != length or not _HEX.fullmatch(text):
        raise NotCanonical(f"`{name}` is not {length} digits of lower case hex")
    return text


def _count(value: Mapping[str, Json], name: str) -> int:
    number = value[name]
    if not isinstance(number, int) or isinstance(number, bool) or number < 0:
        raise NotCanonical(f"`{name}` is no count")
    return number


def _path(value: Json) -> str:
    """A path that stays inside. It is never opened, only looked up among the files that are there."""
    if not isinstance(value, str) or not value.isprintable() or "\\" in value:
        raise NotCanonical("a path is no printable text")
    if any(part in ("", ".", "..") for part in value.split("/")):
        raise NotCanonical("a path leads outside the case")
    return value


_Row = TypeVar("_Row")


def _increasing(rows: Iterable[_Row], key: Callable[[_Row], tuple[str, ...]]) -> tuple[_Row, ...]:
    """Sorted and without repeats, so that one record has one manifest."""
    found = tuple(rows)
    if any(key(before) >= key(after) for before, after in pairwise(found)):
        raise NotCanonical("a list is not in order, or names something twice")
    return found
