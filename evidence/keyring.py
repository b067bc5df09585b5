"""The register of keys: which have sealed, since when, until when, and which must not be believed any more.

The register holds public halves only. It is what an operator hands to whoever verifies: a list of fingerprints with their
dates. The private half of one key, the current one, stands beside it; rotation and revocation destroy the earlier one.
"""

import contextlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from evidence.canonical import Json, from_line, to_line
from evidence.clock import Clock, SystemClock
from evidence.errors import KeyUnusable, NotCanonical, RegisterUnreadable, storage_failure
from evidence.files import open_regular, write_whole
from evidence.keys import KEY_FILE, SigningKey, fingerprint, load_key, load_or_make

__all__ = [
    "REGISTER_FILE",
    "KeyEntry",
    "KeyRegister",
    "current_key",
    "known_keys",
    "new_key",
    "read_register",
    "register_bytes",
    "revoke_key",
    "rotate_key",
    "sealing_key",
]

REGISTER_FILE = "keys.json"
FORMAT = 1
_MAX_REGISTER = 4 * 1024 * 1024
_FIELDS = ("public_key", "name", "made_wall", "retired_wall", "revoked_wall", "reason")
_LONGEST_TEXT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyEntry:
    """One key's public half and its life. Times are ns since 1970-01-01 UTC by the clock of the register's machine."""

    public_key: str
    name: str = ""
    """What people call it. Not part of what is signed."""
    made_wall_ns: int | None = None
    """None: it was there before the register was."""
    retired_wall_ns: int | None = None
    """Since then another key signs. What it signed before stays believed."""
    revoked_wall_ns: int | None = None
    """Since then nothing signed with it is to be believed."""
    reason: str = ""
    """Why it was revoked."""

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.public_key)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRegister:
    """All keys of one operator, in the order in which they were made."""

    entries: tuple[KeyEntry, ...] = ()

    def of(self, public_key: str) -> KeyEntry | None:
        """The entry of a public key (hex), None for a stranger's."""
        return next((entry for entry in self.entries if entry.public_key == public_key), None)

    def named(self, name: str) -> tuple[KeyEntry, ...]:
        """The entries that a name, a fingerprint or the beginning of one (8 digits or more) stands for."""
        wanted = name.strip()
        short = wanted.lower() if len(wanted) >= 8 else "-"
        return tuple(entry for entry in self.entries if entry.name == wanted or entry.fingerprint.startswith(short))

    def with_entry(self, changed: KeyEntry) -> "KeyRegister":
        """The register with this entry in place of the one of the same key, or at its end."""
        if self.of(changed.public_key) is None:
            return KeyRegister(entries=(*self.entries, changed))
        kept = (changed if entry.public_key == changed.public_key else entry for entry in self.entries)
        return KeyRegister(entries=tuple(kept))


def register_bytes(register: KeyRegister) -> bytes:
    """The register as it stands in its file: one canonical JSON object and a line end."""
    keys: list[Json] = [
        {
            "public_key": entry.public_key,
            "name": entry.name,
            "made_wall": entry.made_wall_ns,
            "retired_wall": entry.retired_wall_ns,
            "revoked_wall": entry.revoked_wall_ns,
            "reason": entry.reason,
        }
        for entry in register.entries
    ]
    return to_line({"format": FORMAT, "keys": keys}) + b"\n"


def read_register(path: Path) -> KeyRegister:
    """The register in a file. RegisterUnreadable names every entry that is no key; OSError when there is no file."""
    with open_regular(path) as stream:
        content = stream.read(_MAX_REGISTER + 1)
    try:
        whole = from_line(content.removesuffix(b"\n"))
    except NotCanonical as error:
        raise RegisterUnreadable(f"{path} is no register of keys: {error}") from error
    if not isinstance(whole, Mapping) or whole.get("format") != FORMAT or not isinstance(whole.get("keys"), list):
        raise RegisterUnreadable(f"{path} is no register of keys of format {FORMAT}")
    entries: list[KeyEntry] = []
    faults: list[str] = []
    rows = whole["keys"]
    for number, row in enumerate(rows if isinstance(rows, list) else ()):
        try:
            entries.append(_entry(row))
        except ValueError as error:
            faults.append(f"keys[{number}]: {error}")
    if faults:
        raise RegisterUnreadable(f"{path}: {'; '.join(faults)}")
    return KeyRegister(entries=tuple(entries))


def _entry(row: Json) -> KeyEntry:
    if not isinstance(row, Mapping) or row.keys() != set(_FIELDS):
        raise ValueError(f"the fields are not {', '.join(_FIELDS)}")
    public, name, reason = row["public_key"], row["name"], row["reason"]
    if not isinstance(public, str) or len(public) != 64 or public != public.lower():
        raise ValueError("`public_key` is not 64 digits of lower case hex")
    bytes.fromhex(public)
    if not isinstance(name, str) or not isinstance(reason, str):
        raise ValueError("`name` or `reason` is no text")
    return KeyEntry(
        public_key=public,
        name=name,
        made_wall_ns=_moment(row, "made_wall"),
        retired_wall_ns=_moment(row, "retired_wall"),
        revoked_wall_ns=_moment(row, "revoked_wall"),
        reason=reason,
    )


def _moment(row: Mapping[str, Json], name: str) -> int | None:
    value = row[name]
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 0):
        return value
    raise ValueError(f"`{name}` is no moment")


# ------------------------------------------------------------------------------------------------ a folder of keys


def current_key(directory: Path) -> SigningKey | None:
    """The key that seals in this folder, None when there is none yet. KeyUnusable as `load_or_make` raises it."""
    path = directory / KEY_FILE
    return load_key(path) if path.is_symlink() or path.exists() else None


def sealing_key(directory: Path) -> SigningKey:
    """The key to seal with, made at first use. KeyUnusable for one that was revoked, as after a backup was put back."""
    key = load_or_make(directory)
    entry = known_keys(directory).of(key.public)
    if entry is not None and entry.revoked_wall_ns is not None:
        raise KeyUnusable(
            f"the signing key {key.fingerprint} was revoked: {entry.reason}",
            mend="Seal with a new one; make it with: appwitness keys rotate",
        )
    return key


def known_keys(directory: Path) -> KeyRegister:
    """The register of a folder, with the current key in it even if it was made before there was a register."""
    try:
        register = read_register(directory / REGISTER_FILE)
    except FileNotFoundError:
        register = KeyRegister()
    except OSError as error:
        raise storage_failure(directory / REGISTER_FILE, error) from error
    key = current_key(directory)
    if key is not None and register.of(key.public) is None:
        register = register.with_entry(KeyEntry(public_key=key.public))
    return register


def new_key(directory: Path, name: str, *, clock: Clock | None = None) -> KeyEntry:
    """Make the first key of a folder. KeyUnusable when there is one already."""
    register = known_keys(directory)
    if current_key(directory) is not None:
        raise KeyUnusable(
            f"there is a signing key in {directory} already", mend="Replace it with: appwitness keys rotate"
        )
    return _install(directory, register, name, clock or SystemClock())


def rotate_key(directory: Path, name: str, *, clock: Clock | None = None) -> tuple[KeyEntry | None, KeyEntry]:
    """Replace the current key: (the retired one, the new one). The retired private half is destroyed."""
    clock = clock or SystemClock()
    register, old = known_keys(directory), current_key(directory)
    # The old public half is on the disk before its private half goes: nothing it signed becomes unknown.
    _write(directory, register)
    retired = None
    if old is not None and (entry := register.of(old.public)) is not None:
        retired = replace(entry, retired_wall_ns=entry.retired_wall_ns or clock.now().wall_ns)
        register = register.with_entry(retired)
    return retired, _install(directory, register, name, clock)


def revoke_key(
    directory: Path, name: str, reason: str, *, since_wall_ns: int | None = None, clock: Clock | None = None
) -> KeyEntry:
    """Mark a key (by name or fingerprint) as not to be believed since a moment (now when not given), and say why.

    A revoked current key is destroyed. A revocation is never taken back; an earlier moment may be named later.
    """
    register = known_keys(directory)
    found = register.named(name)
    if len(found) != 1:
        what = "no key" if not found else f"{len(found)} keys"
        raise KeyUnusable(f"{what} of this name: {name}", mend="Name one fingerprint of: appwitness keys list")
    if not reason.strip():
        raise KeyUnusable("a revocation needs its reason", mend="Say why, with --reason.")
    since = (clock or SystemClock()).now().wall_ns if since_wall_ns is None else since_wall_ns
    earlier = found[0].revoked_wall_ns
    revoked = replace(
        found[0], revoked_wall_ns=since if earlier is None else min(since, earlier), reason=_bounded(reason)
    )
    _write(directory, register.with_entry(revoked))
    key = current_key(directory)
    if key is not None and key.public == revoked.public_key:
        _destroy(directory / KEY_FILE)
    return revoked


def _install(directory: Path, register: KeyRegister, name: str, clock: Clock) -> KeyEntry:
    name = _bounded(name)
    if name and any(entry.name == name for entry in register.entries):
        raise KeyUnusable(f"a key is called {name} already", mend="Choose another name.")
    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    made = KeyEntry(public_key=SigningKey(private).public, name=name, made_wall_ns=clock.now().wall_ns)
    candidate = directory / f".{KEY_FILE}.{secrets.token_hex(8)}"
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(candidate, [pem], mode=0o600)
        candidate.replace(directory / KEY_FILE)
    except OSError as error:
        raise storage_failure(directory / KEY_FILE, error) from error
    finally:
        with contextlib.suppress(OSError):
            candidate.unlink()
    _write(directory, register.with_entry(made))
    return made


def _write(directory: Path, register: KeyRegister) -> None:
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise storage_failure(directory, error) from error
    write_whole(directory / REGISTER_FILE, [register_bytes(register)], mode=0o644)


def _destroy(path: Path) -> None:
    try:
        path.unlink()
    except OSError as error:
        raise storage_failure(path, error) from error


def _bounded(text: str) -> str:
    return "".join(sign for sign in text.strip()[:_LONGEST_TEXT] if sign.isprintable())
