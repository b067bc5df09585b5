"""What the engine looks for, and what seeing it means."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

__all__ = ["Boundary", "Form", "Need", "Pattern", "Spelling"]


class Boundary(Enum):
    """What must not stand directly beside a match, lest it be a part of something else."""

    FREE = "free"
    """Nothing is asked: long enough that it cannot occur by chance."""
    DIGITS = "digits"
    """No digit on either side."""
    WORD = "word"
    """No ASCII letter or digit on either side."""
    PACKAGE = "package"
    """Not a part of a longer package name."""
    PACKED = "packed"
    """Digits two a byte: within hexadecimal text they must be all of it."""
    IMEI_BODY = "imei-body"
    """No digit before, at most two after: the check digit or the software version."""
    NUMBER = "number"
    """A decimal number that does not go on, save with zeros."""
    ADDRESS = "address"
    """Not a part of a longer dotted number."""
    NUMBER_OPEN = "number-open"
    """A decimal number that may go on with more decimals."""
    WORD_OPEN = "word-open"
    """No ASCII letter or digit before."""


class Need(Enum):
    """What else must be there before a match is reported at all."""

    NOTHING = "nothing"
    PARTNER = "partner"
    """The other coordinate of the same place in the same notation nearby."""
    KEY_WORD = "key word"
    """A word that names the kind of data shortly before: ssid, model."""
    FIELD_TAG = "field tag"
    """The node reads as protobuf and a field tag stands before the number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelling:
    """One way to write a value as text."""

    text: str
    code: str = ""
    """Empty for the usual way."""
    words: str = ""
    words_zh: str = ""
    main: bool = True
    """Whether apps hash and encode it in this way, rather than only print it."""
    boundary: Boundary = Boundary.FREE
    need: Need = Need.NOTHING
    standalone: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What a match says: this value, written like this."""

    value: int
    """Index of the known value."""
    code: str
    words: str
    words_zh: str
    boundary: Boundary = Boundary.FREE
    need: Need = Need.NOTHING
    standalone: bool = True
    inner: bool = False
    """An encoding that the decode tree undoes as well: a match on the decoded text tells more and replaces it."""
    carrier: str = ""
    """The encoding in which the value and what stands beside it are to be read (traffic.beside)."""
    notation: str = ""
    """Of a coordinate: only two coordinates in one notation are partners."""
    is_free: bool = field(init=False)
    """Nothing is asked of what stands beside it or near it."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "is_free", self.boundary is Boundary.FREE and self.need is Need.NOTHING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """A byte string, and every form that it can be."""

    literal: bytes
    """In lower case where caseless."""
    caseless: bool
    forms: tuple[Form, ...]
