"""The certificates of time stamping authorities: does a key's signature hold, was it meant for this, who vouches for it?"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, HashAlgorithm
from cryptography.x509.oid import ExtendedKeyUsageOID

from evidence.der import Element, NotDer

__all__ = ["Path", "authority_path", "purpose_fault", "signature_fault"]

_LONGEST_PATH = 8
_HASHES: dict[str, type[HashAlgorithm]] = {"sha256": SHA256, "sha384": SHA384, "sha512": SHA512}
_RSA_PLAIN = "1.2.840.113549.1.1.1"
_RSA_PSS = "1.2.840.113549.1.1.10"
_ED25519 = "1.3.101.112"
_RSA = {
    _RSA_PLAIN: None,
    "1.2.840.113549.1.1.11": "sha256",
    "1.2.840.113549.1.1.12": "sha384",
    "1.2.840.113549.1.1.13": "sha512",
}
_ECDSA = {
    "1.2.840.10045.2.1": None,
    "1.2.840.10045.4.3.2": "sha256",
    "1.2.840.10045.4.3.3": "sha384",
    "1.2.840.10045.4.3.4": "sha512",
}
"""Signature algorithms; None: with the signer's digest algorithm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """How a certificate leads to a trusted one."""

    fault: str
    """Why it does not; "" when it does."""


def signature_fault(
    certificate: x509.Certificate, algorithm: Element, digest: str, signature: bytes, message: bytes
) -> str:
    """What is wrong with a signature of a certificate's key over a message; "" when it holds."""
    try:
        _verify(certificate, algorithm.children()[0].oid(), digest, signature, message)
    except InvalidSignature:
        return "its signature is bad: it was changed, or another key signed it than the certificate's"
    except _Unknown as error:
        return f"its signature could not be checked: {error}"
    except (NotDer, IndexError, ValueError, UnsupportedAlgorithm) as error:
        return f"its signature cannot be read: {error}"
    return ""


class _Unknown(Exception):
    """An algorithm that this version does not know."""


def _verify(certificate: x509.Certificate, name: str, digest: str, signature: bytes, message: bytes) -> None:
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey) and name in _RSA:
        key.verify(signature, message, padding.PKCS1v15(), _hash(_RSA[name] or digest))
    elif isinstance(key, rsa.RSAPublicKey) and name == _RSA_PSS:
        hashed = _hash(digest)
        key.verify(signature, message, padding.PSS(padding.MGF1(hashed), padding.PSS.AUTO), hashed)
    elif isinstance(key, ec.EllipticCurvePublicKey) and name in _ECDSA:
        key.verify(signature, message, ec.ECDSA(_hash(_ECDSA[name] or digest)))
    elif isinstance(key, ed25519.Ed25519PublicKey) and name == _ED25519:
        key.verify(signature, message)
    else:
        raise _Unknown(f"the algorithm {name} with this kind of key is not known to this version")


def _hash(name: str) -> HashAlgorithm:
    if name not in _HASHES:
        raise _Unknown(f"signatures with {name} are not accepted")
    return _HASHES[name]()


def purpose_fault(certificate: x509.Certificate, when: datetime) -> str:
    """Why a certificate could not stamp the time at a moment; "" when it could. RFC 3161, section 2.3."""
    if fault := _validity_fault(certificate, when):
        return fault
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except (x509.ExtensionNotFound, ValueError):
        return "the certificate was not issued for time stamping"
    if not usage.critical or list(usage.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        return "the certificate was not issued for time stamping alone"
    return ""


def authority_path(
    leaf: x509.Certificate, known: Iterable[x509.Certificate], roots: Sequence[x509.Certificate], when: datetime
) -> Path:
    """Whether a certificate leads to a trusted one, every issuer a valid authority at that moment."""
    held = tuple(dict.fromkeys(known))
    trusted = set(roots)
    path = [leaf]
    why = "no authority that you trust issued the certificate that signed it"
    while path[-1] not in trusted:
        issuer = next((found for found in held if found not in path and _issued(path[-1], found)), None)
        if issuer is None or len(path) >= _LONGEST_PATH:
            return Path(fault=why)
        if fault := _validity_fault(issuer, when) or _issuer_fault(issuer):
            return Path(fault=fault)
        path.append(issuer)
    return Path(fault="")


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _issuer_fault(certificate: x509.Certificate) -> str:
    name = certificate.subject.rfc4514_string()
    try:
        basic = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    except (x509.ExtensionNotFound, ValueError):
        return f"{name} issued the certificate, and is no authority"
    if not basic.ca:
        return f"{name} issued the certificate, and is no authority"
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except (x509.ExtensionNotFound, ValueError):
        return ""
    return "" if usage.key_cert_sign else f"{name} issued the certificate, and may not issue any"


def _validity_fault(certificate: x509.Certificate, when: datetime) -> str:
    name = certificate.subject.rfc4514_string()
    begins, ends = _bounds(certificate)
    if when > ends:
        return f"expired certificate: that of {name} had ended on {ends:%Y-%m-%d %H:%M:%S} UTC when it was made"
    if when < begins:
        return f"the certificate of {name} was not valid before {begins:%Y-%m-%d %H:%M:%S} UTC, after it was made"
    return ""


def _bounds(certificate: x509.Certificate) -> tuple[datetime, datetime]:
    return certificate.not_valid_before_utc.astimezone(UTC), certificate.not_valid_after_utc.astimezone(UTC)
