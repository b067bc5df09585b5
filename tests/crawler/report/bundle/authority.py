"""A real time stamping authority on the loopback: OpenSSL's `openssl ts` behind a small HTTP server."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

_CONFIG = """
[ tsa ]
default_tsa = tsa1
[ tsa1 ]
serial = {folder}/serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1
ordering = yes
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = {pinned}
"""


@dataclass(frozen=True)
class Authority:
    """The files of one authority. `stamp` answers a query as `openssl ts` does."""

    folder: Path
    root: x509.Certificate
    chain: bool = True
    """Its answers carry the root as well as the certificate that signs."""

    @property
    def root_file(self) -> Path:
        return self.folder / "root.pem"

    def stamp(self, query: bytes) -> bytes:
        question, answer = self.folder / "query.tsq", self.folder / "answer.tsr"
        question.write_bytes(query)
        words = ["openssl", "ts", "-reply", "-queryfile", question, "-signer", self.folder / "tsa.pem"]
        words += ["-inkey", self.folder / "tsa.key", "-config", self.folder / "ts.cnf"]
        words += ["-chain", self.root_file] if self.chain else []
        subprocess.run([*map(str, words), "-out", str(answer)], check=True, capture_output=True)
        return answer.read_bytes()

    def question(self, message: bytes) -> bytes:
        data = self.folder / "message"
        data.write_bytes(message)
        words = ["openssl", "ts", "-query", "-data", str(data), "-sha256", "-cert"]
        return subprocess.run(words, check=True, capture_output=True).stdout


def make_authority(
    folder: Path,
    *,
    name: str = "Made Authority",
    begins: timedelta = timedelta(days=-30),
    ends: timedelta = timedelta(days=30),
    purpose: x509.ObjectIdentifier = ExtendedKeyUsageOID.TIME_STAMPING,
    elliptic: bool = False,
    pinned: str = "sha256",
) -> Authority:
    """An authority whose signing certificate is valid from `begins` to `ends`, counted from now."""
    folder.mkdir(parents=True)
    root_key, key = _key(elliptic), _key(elliptic)
    now = datetime.now(UTC)
    root = _certificate(f"{name} Root", root_key, None, (now - timedelta(days=3650), now + timedelta(days=3650)), None)
    signer = _certificate(name, key, (root, root_key), (now + begins, now + ends), purpose)
    (folder / "root.pem").write_bytes(root.public_bytes(Encoding.PEM))
    (folder / "tsa.pem").write_bytes(signer.public_bytes(Encoding.PEM))
    (folder / "tsa.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (folder / "serial").write_text("01\n")
    (folder / "ts.cnf").write_text(_CONFIG.format(folder=folder, pinned=pinned))
    return Authority(folder=folder, root=root)


@contextmanager
def listening(answer: Callable[[bytes], bytes], *, status: int = 200) -> Iterator[str]:
    """The address of a server that answers every query with this."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = answer(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *arguments: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/tsa"
    finally:
        server.shutdown()
        server.server_close()


def _key(elliptic: bool) -> Key:
    return ec.generate_private_key(ec.SECP256R1()) if elliptic else rsa.generate_private_key(65537, 2048)


def _certificate(
    name: str,
    key: Key,
    issuer: tuple[x509.Certificate, Key] | None,
    valid: tuple[datetime, datetime],
    purpose: x509.ObjectIdentifier | None,
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signing = issuer[1] if issuer else key
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(valid[0])
        .not_valid_after(valid[1])
        .add_extension(x509.BasicConstraints(ca=purpose is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if purpose is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=True)
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key())
        builder = builder.add_extension(authority, critical=False)
    else:
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        builder = builder.add_extension(usage, critical=True)
    return builder.sign(signing, SHA256())
