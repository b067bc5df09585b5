"""Finds known values in what an app sent, through whatever encodings they were wrapped in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from traffic.known import KnownValue
    from traffic.record import CapturedRequest

__all__ = ["Detection", "Detector", "Hit", "Opaque", "Step", "Where"]

Where = Literal["body", "url", "header"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One decoding: the bytes [offset, offset + length) of what the step before gave, read in this way."""

    code: str
    """"base64", "gzip", "url", "json-string" ...; see traffic.decode for all."""
    offset: int
    length: int
    argument: str = ""
    """What the decoding needed to know: the key of an XOR in hexadecimal, the name of a form field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A known value seen in a request. Evidence by itself only where it stands alone."""

    kind: str
    """A key of traffic.known.DATA_TYPES."""
    source: str
    """Source of the known value, for the report."""
    scope: str | None
    form: str
    """An English noun phrase: "MD5 of the IMEI in upper case, in hexadecimal"."""
    form_zh: str
    form_code: str
    """The same for programs: "md5-hex:upper"."""
    where: Where
    path: tuple[str, ...]
    """How a person would describe the way: ("body", "form:data", "base64", "gzip", "json:device.id")."""
    steps: tuple[Step, ...]
    """The same way exactly, so that anybody can repeat it (traffic.explain)."""
    offset: int
    """Of the match in the bytes that the last step gave (of the url, the header block or the body without any)."""
    length: int
    stored_offset: int
    """Of the outermost bytes that contain the match in the url, the header block or the stored body."""
    stored_length: int
    excerpt: str
    """The match with a little around it; the middle of the value is masked."""
    json_path: str | None
    """Path of the leaf in the innermost JSON text, like "device.ids[0]"."""
    standalone: bool
    """False where the value is too short or too common to be evidence by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opaque:
    """Bytes that no decoding made sense of. A lead for a person, never a finding."""

    where: Where
    path: tuple[str, ...]
    size: int
    entropy: int
    """Of the first bytes, in thousandths of a bit per byte; 8000 is what encryption looks like."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """What was found in one request."""

    hits: tuple[Hit, ...]
    """One per known value, form and way; ordered by where, offset and kind. A value twice in one text is one hit."""
    opaque: tuple[Opaque, ...]
    truncated: bool
    """True where a bound was reached: absence of a hit proves nothing then."""


class Detector:
    """Searches requests for the values of one device. Made once for a session, used for each request."""

    def __init__(self, known: Sequence[KnownValue]) -> None:
        self._known = tuple(known)

    def search(self, request: CapturedRequest) -> Detection:
        """Never raises because of what an app sent; bounded in time and memory."""
        raise NotImplementedError
