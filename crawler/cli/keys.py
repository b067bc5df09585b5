"""`keys new`, `keys list`, `keys rotate`, `keys revoke`, `keys export`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from crawler.cli.output import Exit, fail, home_directory, print_json, say, show
from evidence.files import write_whole
from evidence.keyring import (
    REGISTER_FILE,
    KeyEntry,
    KeyRegister,
    current_key,
    known_keys,
    new_key,
    register_bytes,
    revoke_key,
    rotate_key,
)
from evidence.trust import shown_moment

__all__ = ["export_command", "list_command", "moment", "new_command", "revoke_command", "rotate_command"]


def new_command(name: str, as_json: bool) -> None:
    """Make the first key. Raises KeyUnusable when there is one."""
    _tell("made", new_key(_folder(), name), as_json)


def rotate_command(name: str, as_json: bool) -> None:
    """Replace the current key; what the old one sealed stays believed. Raises KeyUnusable."""
    retired, made = rotate_key(_folder(), name)
    if retired is not None:
        say(f"retired {retired.fingerprint}; its private half is destroyed, its public half stays in the register")
    _tell("made", made, as_json)


def revoke_command(name: str, reason: str, since: str, as_json: bool) -> None:
    """Mark a key as not to be believed since a moment. Raises KeyUnusable."""
    revoked = revoke_key(_folder(), name, reason, since_wall_ns=moment(since, as_json) if since else None)
    say("Hand the register to everybody who verifies: appwitness keys export -o FILE")
    _tell("revoked", revoked, as_json)


def list_command(as_json: bool) -> None:
    """Every key of this home with its fingerprint and its life."""
    register, key = known_keys(_folder()), current_key(_folder())
    current = key.public if key is not None else ""
    if as_json:
        print_json([_plain(entry, current) for entry in register.entries])
        return
    if not register.entries:
        say("there is no key yet; the first inspection makes one, or: appwitness keys new")
    for entry in register.entries:
        show(f"{entry.fingerprint}  {_state(entry, current)}  {entry.name}".rstrip())


def export_command(out: Path | None, as_json: bool) -> None:
    """The register of public keys, for whoever verifies: verify --register FILE. Holds nothing secret."""
    register = known_keys(_folder())
    if out is not None:
        write_whole(out, [register_bytes(register)])
        say(f"{len(register.entries)} public keys written to {out}")
    if as_json or out is None:
        print_json(_exported(register))


def moment(text: str, as_json: bool) -> int:
    """A date or a date with time as ns since 1970; UTC when it names no zone. Exits when it is none."""
    try:
        at = datetime.fromisoformat(text)
        return int((at if at.tzinfo is not None else at.replace(tzinfo=UTC)).timestamp()) * 10**9
    except (ValueError, OverflowError, OSError) as error:
        mend = "Write it as 2027-01-31 or 2027-01-31T12:00:00+08:00."
        raise fail(f"no date: {text}", mend, code=Exit.INPUT, as_json=as_json) from error


def _folder() -> Path:
    return home_directory() / "keys"


def _tell(word: str, entry: KeyEntry, as_json: bool) -> None:
    if as_json:
        print_json(_plain(entry, ""))
    else:
        show(f"{word} {entry.fingerprint} {entry.name}".rstrip())


def _state(entry: KeyEntry, current: str) -> str:
    if entry.revoked_wall_ns is not None:
        return f"revoked {shown_moment(entry.revoked_wall_ns)}: {entry.reason}"
    if entry.public_key == current:
        return "current"
    return f"retired {shown_moment(entry.retired_wall_ns)}" if entry.retired_wall_ns is not None else "retired"


def _plain(entry: KeyEntry, current: str) -> dict[str, object]:
    return {
        "fingerprint": entry.fingerprint,
        "public_key": entry.public_key,
        "name": entry.name,
        "current": entry.public_key == current,
        "made_wall": entry.made_wall_ns,
        "retired_wall": entry.retired_wall_ns,
        "revoked_wall": entry.revoked_wall_ns,
        "reason": entry.reason,
    }


def _exported(register: KeyRegister) -> dict[str, object]:
    return {"file": REGISTER_FILE, "keys": [_plain(entry, "") for entry in register.entries]}
