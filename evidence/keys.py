"""The key that seals records. It never leaves its folder; its fingerprint is what people compare."""

import contextlib
import hashlib
import os
import secrets
import stat
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from evidence.errors import KeyUnusable, storage_failure
from evidence.files import NotRegular, open_regular, write_whole

__all__ = ["KEY_FILE", "SigningKey", "fingerprint", "load_key", "load_or_make", "signature_holds"]

KEY_FILE = "signing-key.pem"
_MAX_KEY_FILE = 64 * 1024


class SigningKey:
    """An Ed25519 private key. Its text forms never show the secret."""

    def __init__(self, private: Ed25519PrivateKey):
        self._private = private
        self.public = private.public_key().public_bytes_raw().hex()
        """The raw public key, 64 hex digits: what a seal carries."""
        self.fingerprint = fingerprint(self.public)

    def __repr__(self) -> str:
        return f"SigningKey(fingerprint={self.fingerprint!r})"

    def sign(self, message: bytes) -> bytes:
        return self._private.sign(message)


def fingerprint(public: str) -> str:
    """SHA-256 of the raw public key, in hex."""
    return hashlib.sha256(bytes.fromhex(public)).hexdigest()


def signature_holds(public: str, signature: str, message: bytes) -> bool:
    """Whether the signature (hex) over the message was made with the private half of `public` (hex)."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(bytes.fromhex(signature), message)
    except (InvalidSignature, ValueError):
        return False
    return True


def load_or_make(directory: Path) -> SigningKey:
    """The key of this folder, made at first use. Safe for processes that start at the same moment."""
    path = directory / KEY_FILE
    if not path.is_symlink() and not path.exists():
        _make(path)
    return load_key(path)


def _make(path: Path) -> None:
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    candidate = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(candidate, [pem], mode=0o600)
        _publish(candidate, path)
    except OSError as error:
        raise storage_failure(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            candidate.unlink()


def _publish(candidate: Path, path: Path) -> None:
    """Give the key its name, unless somebody was faster: whoever comes second uses the key of the first."""
    try:
        os.link(candidate, path)
    except FileExistsError:
        return
    except OSError:
        # FAT and some network folders know no hard links.
        if not path.exists():
            candidate.replace(path)


def load_key(path: Path) -> SigningKey:
    """The key in a file. KeyUnusable when others may read it, when anybody may replace it, or when it is no such key."""
    try:
        if os.name == "posix" and stat.S_IMODE(path.parent.stat().st_mode) & 0o1002 == 0o002:
            raise KeyUnusable(
                f"anybody may replace the signing key: its folder {path.parent} is writable by all",
                mend=f"If nobody did, run: chmod o-w {path.parent}; else move the key away.",
            )
        with open_regular(path) as stream:
            if os.name == "posix" and stat.S_IMODE(os.fstat(stream.fileno()).st_mode) & 0o077:
                raise KeyUnusable(
                    f"others than its owner may read the signing key {path}",
                    mend=f"If nobody else can have read it, run: chmod 600 {path}; else move it away.",
                )
            pem = stream.read(_MAX_KEY_FILE)
    except NotRegular as error:
        raise KeyUnusable(f"the signing key {path} is no plain file") from error
    except OSError as error:
        raise storage_failure(path, error) from error
    try:
        private = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyUnusable(f"the signing key {path} cannot be read") from error
    if not isinstance(private, Ed25519PrivateKey):
        raise KeyUnusable(f"the signing key {path} is not an Ed25519 key")
    return SigningKey(private)
