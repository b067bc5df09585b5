"""Has an outside authority stamp the time of a case's seal (RFC 3161), or writes down that it was asked and did not answer.

A time stamp is kept only when what will check it in twenty years, `evidence.timestamp`, has nothing against it; where the
authority's certificates were named, rfc3161-client gives a second opinion.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from rfc3161_client import HashAlgorithm, TimeStampRequest, TimestampRequestBuilder, VerificationError, VerifierBuilder
from rfc3161_client import decode_timestamp_response as decode

from evidence.canonical import Json, from_line, to_line
from evidence.clock import Clock, Deadline, SystemClock
from evidence.custody import PENDING_FILE, stamp_number
from evidence.der import NotDer
from evidence.errors import EvidenceError, NotCanonical, StampRefused, storage_failure
from evidence.files import open_regular, write_whole
from evidence.record import CUSTODY, RECORD, SEAL_FILE
from evidence.timestamp import check_stamp, read_stamp

__all__ = ["AuthorityAway", "Stamped", "ask_authority", "pending_authority", "stamp_case"]

_SECONDS = 30.0
_MAX_ANSWER = 1024 * 1024
_PIECE = 64 * 1024
_QUERY, _REPLY = "application/timestamp-query", "application/timestamp-reply"


class AuthorityAway(EvidenceError):
    """The authority could not be reached or had no answer. Nothing is wrong with the case."""

    exit_code = 75
    retryable = True
    default_mend = "Ask again later, with `appwitness timestamp --retry`."


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamped:
    """A time stamp that was kept."""

    path: Path
    wall_ns: int
    authority: str
    trusted: bool
    """It leads to a certificate that was named as trusted."""


def stamp_case(
    case_dir: Path, url: str, *, roots: Sequence[x509.Certificate] = (), clock: Clock | None = None
) -> Stamped:
    """Have the record's seal stamped and keep the stamp in the custody folder.

    AuthorityAway when it cannot be had now: then custody/stamp-pending.json says so, and a retry takes it from there.
    StampRefused for an answer that does not hold; nothing is kept of it.
    """
    clock = clock or SystemClock()
    message = _seal_bytes(case_dir)
    folder = case_dir / CUSTODY
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise storage_failure(folder, error) from error
    try:
        answer = ask_authority(url, message, roots=roots, clock=clock)
    except AuthorityAway as error:
        asked: dict[str, Json] = {"format": 1, "authority": url, "asked_wall": clock.now().wall_ns, "why": str(error)}
        write_whole(folder / PENDING_FILE, [to_line(asked) + b"\n"])
        raise
    checked = check_stamp(answer, message, roots)
    if checked.wall_ns is None:
        raise StampRefused(f"the answer of {url} is not kept: {'; '.join(checked.faults)}")
    number = 1 + max((stamp_number(path.name) or 0 for path in folder.iterdir()), default=0)
    path = folder / f"stamp-{number:02d}.tsr"
    write_whole(path, [answer])
    with contextlib.suppress(FileNotFoundError):
        (folder / PENDING_FILE).unlink()
    return Stamped(path=path, wall_ns=checked.wall_ns, authority=checked.authority, trusted=checked.trusted)


def pending_authority(case_dir: Path) -> str | None:
    """The authority that a case waits for; None when it waits for none."""
    try:
        with open_regular(case_dir / CUSTODY / PENDING_FILE) as stream:
            asked = from_line(stream.read(_PIECE).removesuffix(b"\n"))
    except (OSError, NotCanonical):
        return None
    url = asked.get("authority") if isinstance(asked, Mapping) else None
    return url if isinstance(url, str) else None


def ask_authority(
    url: str, message: bytes, *, roots: Sequence[x509.Certificate] = (), clock: Clock | None = None
) -> bytes:
    """The TimeStampResp (DER) that an authority gives for these bytes, held against the question.

    AuthorityAway when there is none; StampRefused when it answers another question, or not as an authority may.
    """
    request = TimestampRequestBuilder().data(message).hash_algorithm(HashAlgorithm.SHA256).build()
    content = _post(url, request.as_bytes(), clock or SystemClock())
    try:
        stamp = read_stamp(content)
    except NotDer as error:
        raise StampRefused(f"{url} does not answer with a time stamp: {error}") from error
    if stamp.nonce != request.nonce:
        raise StampRefused(f"{url} answered another question than was asked: the nonce is not ours")
    if roots and (fault := _second_opinion(request, content, message, roots)):
        raise StampRefused(f"the time stamp of {url} does not hold: {fault}")
    return content


def _second_opinion(
    request: TimeStampRequest, content: bytes, message: bytes, roots: Sequence[x509.Certificate]
) -> str:
    """What rfc3161-client has against an answer; "" for nothing, and for an answer that it cannot read.

    It demands that certificates in an answer are sorted, which OpenSSL's authority and others do not do; those answers rest on
    `evidence.timestamp` alone, as they will when the case is verified.
    """
    try:
        answer = decode(content)
    except ValueError:
        return ""
    verifier = VerifierBuilder.from_request(request)
    for root in roots:
        known = root.issuer == root.subject
        verifier = (verifier.add_root_certificate if known else verifier.add_intermediate_certificate)(root)
    try:
        verifier.build().verify_message(answer, message)
    except (VerificationError, ValueError) as error:
        return str(error)
    return ""


def _seal_bytes(case_dir: Path) -> bytes:
    try:
        with open_regular(case_dir / RECORD / SEAL_FILE) as stream:
            return stream.read()
    except OSError as error:
        raise StampRefused(f"{case_dir} has no seal that can be read", mend="Seal the case first.") from error


def _post(url: str, body: bytes, clock: Clock) -> bytes:
    deadline = Deadline(clock, _SECONDS)
    connection, target = _connection(url)
    try:
        connection.request("POST", target, body, {"Content-Type": _QUERY, "Accept": _REPLY})
        response = connection.getresponse()
        content = b""
        while piece := response.read1(_PIECE):
            content += piece
            if len(content) > _MAX_ANSWER:
                raise StampRefused(f"{url} answers with more than any time stamp needs")
            if deadline.passed():
                raise AuthorityAway(f"{url} did not come to an end of its answer")
    except (OSError, HTTPException) as error:
        raise AuthorityAway(f"{url} could not be reached: {str(error) or type(error).__name__}") from error
    finally:
        connection.close()
    if response.status != 200:
        raise AuthorityAway(f"{url} answered with status {response.status}")
    return content


def _connection(url: str) -> tuple[HTTPConnection, str]:
    mend = "Name it as http://HOST/PATH or https://HOST/PATH."
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise StampRefused(f"no address of an authority: {url}", mend=mend) from error
    if parts.scheme not in ("http", "https") or not parts.hostname or not url.isascii() or not url.isprintable():
        raise StampRefused(f"no address of an authority: {url}", mend=mend)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    return kind(parts.hostname, port, timeout=_SECONDS), (parts.path or "/") + (
        f"?{parts.query}" if parts.query else ""
    )
