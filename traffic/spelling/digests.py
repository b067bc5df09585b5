"""Digests of a spelling, in the ways in which apps compute and write them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from traffic.spelling.pattern import Spelling

__all__ = ["DigestForm", "digests", "digests_of_bytes"]

_ALGORITHMS = (("md5", "MD5"), ("sha1", "SHA-1"), ("sha256", "SHA-256"), ("sha512", "SHA-512"))
_TWICE = (
    ("md5", "md5"),
    ("md5", "sha1"),
    ("md5", "sha256"),
    ("sha1", "md5"),
    ("sha1", "sha1"),
    ("sha256", "md5"),
    ("sha256", "sha256"),
)
"""Second algorithm after first: the digest of the hexadecimal digest."""
_NAMES = dict(_ALGORITHMS)
_URL_SAFE = bytes.maketrans(b"+/", b"-_")


@dataclass(frozen=True, slots=True)
class DigestForm:
    """One byte string that can only come from knowing the spelling."""

    literal: bytes
    caseless: bool
    code: str
    words: str
    """With {} for what was digested."""
    words_zh: str
    inner: bool = False


def digests(spelling: Spelling) -> Iterator[DigestForm]:
    """Of the spelling as it is, in lower and in upper case; nothing twice."""
    text = spelling.text
    cased = {text: ("", "", "")}
    cased.setdefault(text.lower(), (":lower", " in lower case", "小写"))
    cased.setdefault(text.upper(), (":upper", " in upper case", "大写"))
    for variant, (code, words, words_zh) in cased.items():
        for form in _of(variant.encode()):
            yield DigestForm(
                form.literal,
                form.caseless,
                form.code + code,
                form.words.replace("{}", "{}" + words),
                form.words_zh.replace("{}", "{}" + words_zh),
                form.inner,
            )


def digests_of_bytes(raw: bytes) -> Iterator[DigestForm]:
    """Of the bytes that the digits of an identifier stand for, as some compute them of an address."""
    for algorithm, name in _ALGORITHMS[:3]:
        digest = hashlib.new(algorithm, raw, usedforsecurity=False).digest()
        for form in _written(digest, algorithm, name):
            words, words_zh = form.words.replace("{}", "the raw bytes of {}"), form.words_zh.replace("{}", "{}原始字节")
            yield DigestForm(form.literal, form.caseless, f"{form.code}:bytes", words, words_zh, form.inner)


def _of(raw: bytes) -> Iterator[DigestForm]:
    for algorithm, name in _ALGORITHMS:
        yield from _written(hashlib.new(algorithm, raw, usedforsecurity=False).digest(), algorithm, name)
    once = {name: hashlib.new(name, raw, usedforsecurity=False).hexdigest() for name in ("md5", "sha1", "sha256")}
    for second, first in _TWICE:
        for inner, case in ((once[first], ""), (once[first].upper(), "-upper")):
            twice = hashlib.new(second, inner.encode(), usedforsecurity=False).hexdigest()
            words = f"{_NAMES[second]} of the {'upper-case ' if case else ''}hexadecimal {_NAMES[first]} of {{}}"
            yield DigestForm(
                twice.encode(), True, f"{second}-of-{first}{case}", words, f"{{}}的{_NAMES[first]}再取{_NAMES[second]}"
            )


def _written(digest: bytes, algorithm: str, name: str) -> Iterator[DigestForm]:
    # BigInteger.toString(16) drops leading zeros; without them the pattern sees both ways of writing.
    written = digest.hex().lstrip("0").encode()
    of_zh = f"{{}}的{name}"
    yield DigestForm(written, True, f"{algorithm}-hex", f"{name} of {{}}, in hexadecimal", f"{of_zh}(十六进制)")
    yield DigestForm(digest, False, f"{algorithm}-raw", f"{name} of {{}}, as raw bytes", f"{of_zh}(原始字节)")
    encoded = base64.b64encode(digest).rstrip(b"=")
    for form in {encoded, encoded.translate(_URL_SAFE)}:
        yield DigestForm(form, False, f"{algorithm}-base64", f"{name} of {{}}, in base64", f"{of_zh}(base64)", True)
    if algorithm == "md5":
        yield from _md5_extras(digest)


def _md5_extras(digest: bytes) -> Iterator[DigestForm]:
    middle = digest.hex()[8:24].encode()
    words = "the middle 16 digits of the MD5 of {}"
    yield DigestForm(middle, True, "md5-middle-16", words, "{}的MD5中间16位")
    whole = digest.hex()
    words = "the MD5 of {}, written like a UUID"
    yield DigestForm(_dashed(whole), True, "md5-dashed", words, "{}的MD5(UUID写法)")
    named = bytearray(digest)
    named[6] = named[6] & 0x0F | 0x30
    named[8] = named[8] & 0x3F | 0x80
    bare = named.hex()
    for written, code in ((_dashed(bare), "uuid3"), (bare.encode(), "uuid3-no-dashes")):
        words = "the UUID that Java's nameUUIDFromBytes makes of {}"
        yield DigestForm(written, True, code, words, "由{}经nameUUIDFromBytes生成的UUID")


def _dashed(bare: str) -> bytes:
    return f"{bare[:8]}-{bare[8:12]}-{bare[12:16]}-{bare[16:20]}-{bare[20:]}".encode()
