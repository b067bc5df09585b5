"""Which certificates an app believes: what its manifest says, and what lies in the device's certificate folders now."""

from __future__ import annotations

import hashlib
import re
import ssl
from collections import OrderedDict

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from lab.system.files import Files

__all__ = ["NotPinned", "TrustStore"]

SYSTEM_STORE = "/system/etc/security/cacerts"
USER_STORE = "/data/misc/user/0/cacerts-added"
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_MOST_CONTEXTS = 8


class NotPinned(ConnectionError):
    """The chain is believed, but the key is not the one the app was built with."""


class TrustStore:
    """`world` is the authority of the lab's servers: it stands for the public authorities every phone ships with."""

    def __init__(self, files: Files, world: bytes) -> None:
        self._files = files
        self._world = world
        self._pin = x509.load_pem_x509_certificate(world) if world else None
        self._contexts: OrderedDict[bytes, ssl.SSLContext] = OrderedDict()

    def client_context(self, trust: str) -> ssl.SSLContext:
        """For the app's side of a handshake. `trust` is system, user or pinned."""
        found = self._stored(SYSTEM_STORE) + (self._stored(USER_STORE) if trust == "user" else [])
        text = b"\n".join([*sorted(set(found)), *([self._world] if self._world else [])])
        name = hashlib.sha256(text).digest()
        if name not in self._contexts:
            self._contexts[name] = _context(text)
            if len(self._contexts) > _MOST_CONTEXTS:
                self._contexts.popitem(last=False)
        return self._contexts[name]

    def check_pin(self, certificate: bytes | None) -> None:
        """Raises NotPinned unless the server's certificate (DER) was issued by the lab's own authority."""
        if certificate is None or self._pin is None:
            raise NotPinned("no certificate to compare with the pin")
        try:
            x509.load_der_x509_certificate(certificate).verify_directly_issued_by(self._pin)
        except (ValueError, TypeError, InvalidSignature) as error:
            raise NotPinned("Certificate pinning failure!") from error

    def _stored(self, directory: str) -> list[bytes]:
        try:
            names = self._files.listing(directory)
        except OSError:
            return []
        found: list[bytes] = []
        for name in names:
            try:
                found += _PEM.findall(self._files.read(f"{directory}/{name}"))
            except OSError:
                continue
        return found


def _context(text: bytes) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_alpn_protocols(["http/1.1"])
    for pem in _PEM.findall(text):
        try:
            context.load_verify_locations(cadata=pem.decode("ascii"))
        except (ssl.SSLError, UnicodeDecodeError):
            continue  # a broken file in the folder: Android skips it too
    return context
