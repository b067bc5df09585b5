from __future__ import annotations

import hashlib
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from evidence.errors import EvidenceError, KeyUnusable
from evidence.keys import KEY_FILE, fingerprint, load_or_make, signature_holds


def test_a_key_is_made_once_and_kept_private(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "keys"
    key = load_or_make(folder)
    assert load_or_make(folder).public == key.public
    assert stat.S_IMODE((folder / KEY_FILE).stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [path.name for path in folder.iterdir()] == [KEY_FILE]


def test_signatures_hold_and_only_over_what_was_signed(tmp_path: Path) -> None:
    key = load_or_make(tmp_path)
    signature = key.sign(b"message")
    Ed25519PublicKey.from_public_bytes(bytes.fromhex(key.public)).verify(signature, b"message")
    assert signature_holds(key.public, signature.hex(), b"message")
    assert not signature_holds(key.public, signature.hex(), b"massage")
    assert not signature_holds("00" * 32, signature.hex(), b"message")
    assert not signature_holds(key.public, "00", b"message")
    assert key.fingerprint == fingerprint(key.public) == hashlib.sha256(bytes.fromhex(key.public)).hexdigest()


def test_the_secret_is_never_printed(tmp_path: Path) -> None:
    key = load_or_make(tmp_path)
    assert repr(key) == f"SigningKey(fingerprint={key.fingerprint!r})"


def test_all_who_start_together_get_the_same_key(tmp_path: Path) -> None:
    for attempt in range(5):
        folder = tmp_path / str(attempt)
        with ThreadPoolExecutor(8) as pool:
            assert len({key.public for key in pool.map(load_or_make, [folder] * 8)}) == 1


def test_a_file_system_without_links_still_gets_a_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("os.link", refuse)
    assert load_or_make(tmp_path).public == load_or_make(tmp_path).public
    assert [path.name for path in tmp_path.iterdir()] == [KEY_FILE]


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    load_or_make(tmp_path)
    (tmp_path / KEY_FILE).chmod(0o644)
    with pytest.raises(KeyUnusable) as caught:
        load_or_make(tmp_path)
    assert "chmod 600" in caught.value.mend


@pytest.mark.parametrize("content", [b"", b"no key", b"\x00" * 100_000])
def test_a_file_that_is_no_key_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / KEY_FILE).write_bytes(content)
    (tmp_path / KEY_FILE).chmod(0o600)
    with pytest.raises(KeyUnusable):
        load_or_make(tmp_path)
    assert (tmp_path / KEY_FILE).read_bytes() == content


def test_a_key_of_another_kind_is_refused(tmp_path: Path) -> None:
    rsa = generate_private_key(65537, 2048)
    pem = rsa.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / KEY_FILE).write_bytes(pem)
    (tmp_path / KEY_FILE).chmod(0o600)
    with pytest.raises(KeyUnusable, match="Ed25519"):
        load_or_make(tmp_path)


def test_a_link_is_no_key(tmp_path: Path) -> None:
    (tmp_path / KEY_FILE).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(EvidenceError):
        load_or_make(tmp_path)
