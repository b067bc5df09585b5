"""A person who does not exist, planted on the device: what leaves the device from here can be recognised for certain."""

import hashlib
from dataclasses import dataclass

__all__ = ["Contact", "Persona", "make_persona"]

_SURNAMES = ("欧阳", "司徒", "上官", "慕容", "端木", "诸葛", "夏侯", "皇甫")
_GIVEN = ("澄砚", "疏桐", "望舒", "枕溪", "听澜", "怀瑾", "知夏", "临渊", "予安", "清晏", "照野", "行舟")
_CONTACTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """One entry of the address book."""

    name: str
    phone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Persona:
    """What is planted. None: leave that alone."""

    contacts: tuple[Contact, ...] = ()
    clipboard: str | None = None
    latitude: str | None = None
    """Decimal degrees with six places, as text: no floats in facts. Only together with the longitude."""
    longitude: str | None = None


def make_persona(seed: str) -> Persona:
    """Values that nobody else has; the same seed gives the same persona."""
    digest = hashlib.sha256(f"appwitness persona {seed}".encode()).digest()
    number = int.from_bytes(digest, "big")
    contacts = []
    for _ in range(_CONTACTS):
        number, surname = divmod(number, len(_SURNAMES))
        number, given = divmod(number, len(_GIVEN))
        number, tail = divmod(number, 10_000_000)
        contacts.append(Contact(name=_SURNAMES[surname] + _GIVEN[given], phone=f"1999{tail:07d}"))
    number, north = divmod(number, 1_000_000)
    number, east = divmod(number, 1_000_000)
    return Persona(
        contacts=tuple(contacts),
        clipboard=f"周四下午三点老地方见，暗号{digest[:5].hex()}",
        # Somewhere in the desert east of Lop Nur, where nobody lives.
        latitude=f"40.{north:06d}",
        longitude=f"91.{east:06d}",
    )
