"""Small signed documents that stand beside a record: who removed what, and until when a case is kept.

    {"document":{…},"public_key":"<64 hex digits>","signature":"<128 hex digits>"}

The signature is over the text `appwitness <kind> v1`, a line end, and the canonical bytes of the document.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from evidence.canonical import Json, from_line, to_line
from evidence.errors import NotCanonical
from evidence.files import open_regular
from evidence.keys import SigningKey, fingerprint, signature_holds

__all__ = ["Signed", "read_signed", "signed_bytes"]

_MAX_DOCUMENT = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A document and who signed it. Says nothing about whose key it is."""

    document: Mapping[str, Json]
    public_key: str
    holds: bool
    """The signature is that of this key over this document."""

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.public_key)


def signed_bytes(kind: str, document: Mapping[str, Json], key: SigningKey) -> bytes:
    """The document with its signature, as it stands in its file."""
    signature = key.sign(_message(kind, document)).hex()
    whole: dict[str, Json] = {"document": document, "public_key": key.public, "signature": signature}
    return to_line(whole) + b"\n"


def read_signed(path: Path, kind: str) -> Signed:
    """The document in a file. OSError or NotCanonical when none of ours is there."""
    with open_regular(path) as stream:
        content = stream.read(_MAX_DOCUMENT + 1)
    if len(content) > _MAX_DOCUMENT or not content.endswith(b"\n"):
        raise NotCanonical("too large, or its end is missing")
    whole = from_line(content[:-1])
    if not isinstance(whole, Mapping) or whole.keys() != {"document", "public_key", "signature"}:
        raise NotCanonical("no signed document")
    document, public, signature = whole["document"], whole["public_key"], whole["signature"]
    if not isinstance(document, Mapping) or not isinstance(public, str) or not isinstance(signature, str):
        raise NotCanonical("no signed document")
    if len(public) != 64 or public != public.lower() or len(signature) != 128 or signature != signature.lower():
        raise NotCanonical("its key or signature has not the right length")
    try:
        holds = signature_holds(public, signature, _message(kind, document))
        bytes.fromhex(public)
    except ValueError:
        raise NotCanonical("its key is no hex") from None
    return Signed(document=document, public_key=public, holds=holds)


def _message(kind: str, document: Mapping[str, Json]) -> bytes:
    return f"appwitness {kind} v1\n".encode() + to_line(document)
