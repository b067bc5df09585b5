"""The certificate authority that a device is made to trust, so that TLS can be read.

Made here rather than by mitmproxy, because the process that prepares the device must not load mitmproxy, and because
two captures that start together must end up with the same one.
"""

import contextlib
import hashlib
import os
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from evidence.clock import Clock, SystemClock
from evidence.errors import EvidenceError, storage_failure

__all__ = ["AuthorityUnusable", "ca_certificate", "ca_subject_hash_old"]

_FILE = "mitmproxy-ca.pem"
"""The name under which mitmproxy looks for key and certificate."""
_YEARS = 10


class AuthorityUnusable(EvidenceError):
    """There is a file, but no authority in it that a device could trust today."""

    exit_code = 78
    default_mend = "Move the file away; a new authority is made at the next start and the device is told to trust it."


def ca_certificate(confdir: Path, clock: Clock | None = None) -> bytes:
    """The authority's certificate (PEM, without its key). Makes the authority when there is none yet."""
    path = confdir / _FILE
    moment = _moment(clock or SystemClock())
    try:
        if not path.exists():
            _make(path, moment)
        content = path.read_bytes()
    except OSError as error:
        raise storage_failure(path, error) from error
    try:
        certificate = x509.load_pem_x509_certificates(content)[0]
    except ValueError as error:
        raise AuthorityUnusable(f"{path} holds no certificate") from error
    if certificate.not_valid_after_utc <= moment:
        raise AuthorityUnusable(f"the certificate in {path} has expired")
    return certificate.public_bytes(Encoding.PEM)


def ca_subject_hash_old(certificate: bytes) -> str:
    """The name (without ".0") under which Android's system store keeps a certificate given as PEM."""
    subject = x509.load_pem_x509_certificate(certificate).subject.public_bytes()
    # OpenSSL's old subject hash is MD5 by definition; nothing is protected by it.
    digest = hashlib.md5(subject, usedforsecurity=False).digest()
    return f"{int.from_bytes(digest[:4], 'little'):08x}"


def _moment(clock: Clock) -> datetime:
    return datetime.fromtimestamp(clock.now().wall_ns // 1_000_000_000, UTC)


def _make(path: Path, moment: datetime) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    content = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    content += _certificate(key, moment).public_bytes(Encoding.PEM)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        # A link, unlike a rename, fails when another process was quicker: its authority is then the one.
        with contextlib.suppress(FileExistsError):
            os.link(temporary, path)
    finally:
        temporary.unlink()


def _certificate(key: rsa.RSAPrivateKey, moment: datetime) -> x509.Certificate:
    # A device's store names a certificate by its subject alone: two authorities must not have the same.
    common_name = f"AppWitness capture {secrets.token_hex(3)}"
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "AppWitness"),
        ]
    )
    public = key.public_key()
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        x509.CertificateBuilder()
        .serial_number(x509.random_serial_number())
        .subject_name(name)
        .issuer_name(name)
        # The device's clock may lag behind the host's.
        .not_valid_before(moment - timedelta(days=2))
        .not_valid_after(moment + timedelta(days=365 * _YEARS))
        .public_key(public)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .sign(key, hashes.SHA256())
    )
