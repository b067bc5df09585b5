"""Whom a verifier believes: keys by fingerprint, a register with revocations, authorities that stamp the time."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509

from evidence.errors import Fault
from evidence.faults import FaultList
from evidence.keyring import KeyEntry, KeyRegister
from evidence.keys import fingerprint

__all__ = ["Trust", "shown_moment", "signer_faults"]

_MEND_ASK = "Ask whoever made the case for their key's fingerprint, and trust it only if it is this one."


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """What the verifier was told, on another way than with the case."""

    keys: Collection[str] = ()
    """Fingerprints or public keys (hex). With any given, a key that is not among them is a fault."""
    register: KeyRegister | None = None
    """Whose keys are known, and which were revoked. Naming a key here does not make others a fault."""
    authorities: tuple[x509.Certificate, ...] = ()
    """Whose time stamps are believed. With none given, a time stamp is held against its own certificate only."""

    def knows(self, public_key: str) -> bool:
        """The key was named as trusted, or is in the register and was not revoked."""
        named = {key.strip().lower() for key in self.keys}
        if not named.isdisjoint({fingerprint(public_key), public_key}):
            return True
        entry = self.register.of(public_key) if self.register is not None else None
        return not named and entry is not None and entry.revoked_wall_ns is None


def signer_faults(
    public_key: str, place: str, trust: Trust, notes: FaultList, *, signed_wall_ns: int, stamped_wall_ns: int | None
) -> Iterable[Fault]:
    """What speaks against believing a key that signed at `signed_wall_ns` by its own clock.

    `stamped_wall_ns` is the earliest moment at which an outside authority saw the signature, None when there is no such word.
    """
    signer = fingerprint(public_key)
    if trust.keys and not trust.knows(public_key):
        yield Fault(place=place, what=f"signed by a key that you do not trust: {signer}", mend=_MEND_ASK)
    entry = trust.register.of(public_key) if trust.register is not None else None
    if not trust.keys and entry is None:
        mend = "Compare the fingerprint with the one its owner tells you, then name it as trusted."
        notes.add(place, f"signed by a key that nobody vouched for here: {signer}", mend)
    if entry is not None:
        yield from _life_faults(entry, place, notes, signed_wall_ns, stamped_wall_ns)


def _life_faults(
    entry: KeyEntry, place: str, notes: FaultList, signed_wall_ns: int, stamped_wall_ns: int | None
) -> Iterable[Fault]:
    retired, revoked = entry.retired_wall_ns, entry.revoked_wall_ns
    if retired is not None and signed_wall_ns > retired:
        what = f"signed on {shown_moment(signed_wall_ns)}, after the key was replaced on {shown_moment(retired)}"
        notes.add(place, what, "Ask its owner whether an inspection was still running then.")
    if revoked is None:
        return
    why = f"{shown_moment(revoked)} ({entry.reason})"
    if signed_wall_ns >= revoked:
        what = f"signed on {shown_moment(signed_wall_ns)} with a key that was revoked on {why}"
        yield Fault(place=place, what=what, mend="Do not rely on it; whoever found or stole the key may have made it.")
    elif stamped_wall_ns is not None and stamped_wall_ns < revoked:
        what = (
            f"its key was revoked later, on {why}; a time stamp of {shown_moment(stamped_wall_ns)} shows it was there"
        )
        notes.add(place, what, "Nothing to do: it was sealed before the revocation.")
    else:
        what = f"its key was revoked on {why}; that it was sealed before rests on the sealing machine's clock alone"
        notes.add(place, what, "Rely on it only if something else shows that it existed before: no time stamp does.")


def shown_moment(wall_ns: int) -> str:
    """A moment for people, UTC. Never raises: years beyond the calendar stand as their number."""
    try:
        return f"{datetime.fromtimestamp(wall_ns // 10**9, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (OverflowError, ValueError, OSError):
        return f"{wall_ns} ns"
