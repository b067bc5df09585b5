"""Checks an RFC 3161 time stamp offline: an authority's signed word that these bytes existed at a moment.

Read here with the standard library and `cryptography` alone, so that whoever verifies a case in twenty years needs no more.
Checked: status, imprint, the CMS signature over the signed attributes, which certificate signed, its purpose and validity at the
moment of the stamp, and its path to an authority that the verifier trusts. Not checked, for it needs a network or papers
that no token carries: whether the authority revoked its certificate, name constraints, and its policy.
"""

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from evidence.der import INTEGER, OCTETS, OID, SEQUENCE, SET, Element, NotDer, read_der
from evidence.stampkeys import authority_path, purpose_fault, signature_fault

__all__ = ["Stamp", "StampCheck", "authority_name", "check_stamp", "load_authorities", "read_stamp"]

_SIGNED_DATA = "1.2.840.113549.1.7.2"
_TST_INFO = "1.2.840.113549.1.9.16.1.4"
_CONTENT_TYPE = "1.2.840.113549.1.9.3"
_MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
_SIGNING_CERTIFICATE = "1.2.840.113549.1.9.16.2.12"
_SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47"
_DIGESTS = {
    "1.3.14.3.2.26": "sha1",
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}
_IMPRINTS = ("sha256", "sha384", "sha512")
_GENERALIZED_TIME = 0x18
_CONTEXT_0 = 0xA0
_CONTEXT_0_PRIMITIVE = 0x80
_NS = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """What a time stamp says, and what its signature is over. Nothing in it has been checked."""

    status: int
    imprint_algorithm: str
    imprint: bytes
    wall_ns: int
    """When it was made, by the authority's clock, ns since 1970-01-01 UTC."""
    serial: int
    policy: str
    nonce: int | None
    content: bytes
    """The TSTInfo that was signed."""
    attributes: tuple[tuple[str, Element], ...]
    signed_attributes: bytes
    signer: Element
    """Issuer and serial number, or key identifier, of the signing certificate."""
    digest_algorithm: str
    signature_algorithm: Element
    signature: bytes
    certificates: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StampCheck:
    """What came of holding a time stamp against bytes."""

    wall_ns: int | None
    """The moment it proves; None when there are faults."""
    authority: str
    """Who signed, by its certificate."""
    trusted: bool
    """The signing certificate leads to an authority that the verifier named."""
    faults: tuple[str, ...]


def read_stamp(response: bytes) -> Stamp:
    """The stamp in a TimeStampResp (DER). NotDer for anything that is none."""
    try:
        status, *rest = _sequence(read_der(response), "time stamp response").children()
        code = _sequence(status, "status").children()[0].integer()
        if not rest:
            raise NotDer(f"the authority gave no time stamp (status {code})")
        return _token(rest[0], code)
    except (IndexError, UnicodeDecodeError, OverflowError) as error:
        raise NotDer("a part of the time stamp is missing") from error
    except ValueError as error:
        raise NotDer(str(error)) from error


def check_stamp(response: bytes, message: bytes, authorities: Sequence[x509.Certificate] = ()) -> StampCheck:
    """Hold a TimeStampResp against the bytes it should be about. Never raises on what the response holds."""
    try:
        return _checked(read_stamp(response), message, authorities)
    except (NotDer, ValueError) as error:
        return StampCheck(wall_ns=None, authority="", trusted=False, faults=(f"no time stamp: {error}",))


def _checked(stamp: Stamp, message: bytes, authorities: Sequence[x509.Certificate]) -> StampCheck:
    faults = list(_content_faults(stamp, message))
    certificates, unreadable = _certificates(stamp)
    faults += unreadable
    known = (*certificates, *authorities)
    signer = next((held for held in known if _is_signer(stamp.signer, held)), None)
    if signer is None:
        faults.append("the certificate of the authority that signed it is not in it, nor among the trusted ones")
        return StampCheck(wall_ns=None, authority="", trusted=False, faults=tuple(faults))
    faults += _signer_faults(stamp, signer)
    path = authority_path(signer, known, authorities, datetime.fromtimestamp(stamp.wall_ns // _NS, UTC))
    if authorities and path.fault and path.fault not in faults:
        faults.append(path.fault)
    return StampCheck(
        wall_ns=None if faults else stamp.wall_ns,
        authority=authority_name(signer),
        trusted=bool(authorities) and not path.fault,
        faults=tuple(faults),
    )


def load_authorities(pem: bytes) -> tuple[x509.Certificate, ...]:
    """Certificates (PEM) of authorities that a verifier trusts. ValueError when there is none."""
    return tuple(x509.load_pem_x509_certificates(pem))


def authority_name(certificate: x509.Certificate) -> str:
    """How an authority calls itself, and the digest of its certificate that tells it from others of the same name."""
    return (
        f"{certificate.subject.rfc4514_string()} (certificate SHA-256 {hashlib.sha256(_der(certificate)).hexdigest()})"
    )


# ------------------------------------------------------------------------------------------------ checking


def _content_faults(stamp: Stamp, message: bytes) -> Iterable[str]:
    if stamp.status not in (0, 1):
        yield f"the authority did not grant it (status {stamp.status})"
    if stamp.imprint_algorithm not in _IMPRINTS:
        yield f"wrong imprint: it is made with {stamp.imprint_algorithm}, which proves nothing"
    elif not hmac.compare_digest(hashlib.new(stamp.imprint_algorithm, message).digest(), stamp.imprint):
        yield "wrong imprint: it was made for other bytes than this seal"


def _signer_faults(stamp: Stamp, signer: x509.Certificate) -> Iterable[str]:
    attributes = dict(stamp.attributes)
    if len(attributes) != len(stamp.attributes):
        yield "an attribute stands twice in it"
    kind = attributes.get(_CONTENT_TYPE)
    if kind is None or kind.tag != OID or kind.oid() != _TST_INFO:
        yield "what was signed is not said to be a time stamp"
    digest = attributes.get(_MESSAGE_DIGEST)
    if digest is None or digest.body != hashlib.new(stamp.digest_algorithm, stamp.content).digest():
        yield "its content was changed after it was signed"
    if not _names_certificate(attributes, signer):
        yield "the certificate in it is not the one that its signature names"
    if fault := signature_fault(
        signer, stamp.signature_algorithm, stamp.digest_algorithm, stamp.signature, stamp.signed_attributes
    ):
        yield fault
    if fault := purpose_fault(signer, datetime.fromtimestamp(stamp.wall_ns // _NS, UTC)):
        yield fault


def _names_certificate(attributes: dict[str, Element], signer: x509.Certificate) -> bool:
    """Whether the signed attribute of RFC 2634 or RFC 5035 pins this very certificate."""
    try:
        if (second := attributes.get(_SIGNING_CERTIFICATE_V2)) is not None:
            first = second.children()[0].children()[0].children()
            named = _DIGESTS[first[0].children()[0].oid()] if first[0].tag == SEQUENCE else "sha256"
            pinned = first[1] if first[0].tag == SEQUENCE else first[0]
            return hashlib.new(named, _der(signer)).digest() == pinned.body
        if (earlier := attributes.get(_SIGNING_CERTIFICATE)) is not None:
            pinned = earlier.children()[0].children()[0].children()[0]
            return hashlib.sha1(_der(signer), usedforsecurity=False).digest() == pinned.body
    except (NotDer, IndexError, KeyError):
        return False
    return False


def _is_signer(identifier: Element, certificate: x509.Certificate) -> bool:
    if identifier.tag == SEQUENCE:
        issuer, serial = identifier.children()
        return issuer.raw == certificate.issuer.public_bytes() and serial.integer() == certificate.serial_number
    try:
        known = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    except (x509.ExtensionNotFound, ValueError):
        return False
    return identifier.body == known


def _certificates(stamp: Stamp) -> tuple[tuple[x509.Certificate, ...], tuple[str, ...]]:
    found, faults = [], []
    for raw in stamp.certificates:
        try:
            certificate = x509.load_der_x509_certificate(raw)
            # A certificate is read lazily: what cannot be read has to show here, not in the middle of a check.
            _ = (certificate.issuer, certificate.subject, certificate.extensions, certificate.public_key())
            found.append(certificate)
        except Exception:
            faults.append("a certificate in it cannot be read")
    return tuple(found), tuple(faults)


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


# ------------------------------------------------------------------------------------------------ reading


def _sequence(element: Element, what: str) -> Element:
    return element.expect(SEQUENCE, what)


def _token(token: Element, status: int) -> Stamp:
    """The SignedData of RFC 5652, section 5, with exactly one signer, as RFC 3161, section 2.4.2, asks for."""
    kind, wrapped = _sequence(token, "time stamp token").children()
    if kind.oid() != _SIGNED_DATA:
        raise NotDer("no signed data")
    _, _, encapsulated, *rest = _sequence(wrapped.expect(_CONTEXT_0, "signed data").children()[0], "data").children()
    content_kind, holder = _sequence(encapsulated, "content").children()
    if content_kind.oid() != _TST_INFO:
        raise NotDer("the signed content is no time stamp")
    content = holder.expect(_CONTEXT_0, "content").children()[0].expect(OCTETS, "content").body
    signers = rest[-1].expect(SET, "signers").children()
    if len(signers) != 1:
        raise NotDer(f"{len(signers)} signers, where one belongs")
    certificates = [child.raw for part in rest[:-1] if part.tag == _CONTEXT_0 for child in part.children()]
    _, signer, digest, attributes, algorithm, signature, *_ = _sequence(signers[0], "signer").children()
    attributes.expect(_CONTEXT_0, "signed attributes")
    info = _sequence(read_der(content), "time stamp").children()
    imprint_algorithm, imprint = _sequence(info[2], "imprint").children()
    return Stamp(
        status=status,
        imprint_algorithm=_digest_name(imprint_algorithm),
        imprint=imprint.expect(OCTETS, "imprint").body,
        wall_ns=_moment(info[4]),
        serial=info[3].integer(),
        policy=info[1].oid(),
        nonce=next((part.integer() for part in info[5:] if part.tag == INTEGER), None),
        content=content,
        attributes=tuple(_attribute(part) for part in attributes.children()),
        signed_attributes=bytes([SET]) + attributes.raw[1:],
        signer=signer if signer.tag in (SEQUENCE, _CONTEXT_0_PRIMITIVE) else signer.expect(SEQUENCE, "signer"),
        digest_algorithm=_digest_name(digest),
        signature_algorithm=_sequence(algorithm, "signature algorithm"),
        signature=signature.expect(OCTETS, "signature").body,
        certificates=tuple(certificates),
    )


def _attribute(element: Element) -> tuple[str, Element]:
    name, values = _sequence(element, "attribute").children()
    found = values.expect(SET, "values").children()
    if len(found) != 1:
        raise NotDer("an attribute with several values")
    return name.oid(), found[0]


def _digest_name(element: Element) -> str:
    named = _sequence(element, "digest algorithm").children()[0].oid()
    if named not in _DIGESTS:
        raise NotDer(f"a digest algorithm that is not known here: {named}")
    return _DIGESTS[named]


def _moment(element: Element) -> int:
    text = element.expect(_GENERALIZED_TIME, "time").body.decode("ascii")
    if not text.endswith("Z"):
        raise NotDer("a time that is not in UTC")
    whole, _, fraction = text[:-1].partition(".")
    if not whole.isdigit() or len(whole) != 14 or (fraction and not fraction.isdigit()):
        raise NotDer("no time")
    moment = datetime.strptime(whole, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    return int(moment.timestamp()) * _NS + int(fraction[:9].ljust(9, "0"))
