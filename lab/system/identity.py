"""Who the device and its owner are: every identifier an app could read, made from the device's seed."""

import random
import uuid
from dataclasses import dataclass, field

__all__ = ["Contact", "Identity"]

SSAID_PATH = "/data/system/users/0/settings_ssaid.xml"
SURNAMES = "王李张刘陈杨赵黄周吴"
GIVEN = ("子涵", "欣怡", "浩宇", "思远", "佳琪", "明轩", "雨桐", "建国", "晓燕", "文博")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """One entry of the address book."""

    identifier: int
    name: str
    phones: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class Identity:
    """Fixed identifiers, and what the owner may change (contacts, clipboard, place, Wi-Fi)."""

    serial: str
    imei: str
    imei2: str
    meid: str
    imsi: str
    iccid: str
    phone: str
    mac: str
    bluetooth_mac: str
    oaid: str
    android_id: str
    """What `settings get secure android_id` shows the shell; apps see their own, see `ssaid`."""
    user_key: str
    ssid: str
    bssid: str
    address: str
    gateway: str
    latitude: float
    longitude: float
    contacts: list[Contact] = field(default_factory=list)
    clipboard: str = ""
    mocked: bool = False
    """The place was set by a test provider."""
    ssaids: dict[tuple[int, str], tuple[str, str]] = field(default_factory=dict)
    """(uid, package) -> (signer, value): entries of settings_ssaid.xml, made when an app first asks."""
    _true_place: tuple[float, float] = (0.0, 0.0)
    _random: random.Random = field(default_factory=random.Random, repr=False)

    def ssaid(self, package: str, *, uid: int, signer: str) -> str:
        """The Android ID an app reads: one per app signer, made at the first read, kept through `pm clear`."""
        if (uid, package) not in self.ssaids:
            shared = next((value for by, value in self.ssaids.values() if by == signer), None)
            self.ssaids[uid, package] = (signer, shared or f"{self._random.getrandbits(64):016x}")
        return self.ssaids[uid, package][1]

    def forget_ssaid(self, package: str) -> None:
        """What an uninstallation does."""
        for key in [key for key in self.ssaids if key[1] == package]:
            del self.ssaids[key]

    def mock_place(self, latitude: float, longitude: float) -> None:
        """What a test provider reports from now on."""
        if not self.mocked:
            self._true_place = (self.latitude, self.longitude)
        self.latitude, self.longitude, self.mocked = latitude, longitude, True

    def end_mock(self) -> None:
        """The test provider is gone: the true place shows again."""
        if self.mocked:
            self.latitude, self.longitude = self._true_place
            self.mocked = False

    def next_contact(self) -> int:
        """The row number of a contact to be inserted."""
        return max((contact.identifier for contact in self.contacts), default=0) + 1


def make_identity(seed: random.Random) -> Identity:
    """A whole identity; the same seed gives the same one."""
    digits = seed.randrange
    octets = [digits(256) for _ in range(12)]
    names = [seed.choice(SURNAMES) + given for given in seed.sample(GIVEN, 3)]
    return Identity(
        serial=f"LT{seed.getrandbits(40):010X}",
        imei=_with_check_digit(f"8657{digits(10**10):010d}"),
        imei2=_with_check_digit(f"8657{digits(10**10):010d}"),
        meid=f"A0{seed.getrandbits(48):012X}",
        imsi=f"46000{digits(10**10):010d}",
        iccid=_with_check_digit(f"898600{digits(10**12):012d}"),
        phone=f"+86138{digits(10**8):08d}",
        mac="5c:" + ":".join(f"{octet:02x}" for octet in octets[:5]),
        bluetooth_mac="5C:" + ":".join(f"{octet:02X}" for octet in octets[5:10]),
        oaid=str(uuid.UUID(int=seed.getrandbits(128), version=4)),
        android_id=f"{seed.getrandbits(64):016x}",
        user_key=f"{seed.getrandbits(256):064X}",
        ssid=f"LanTing-{digits(1000, 9999)}",
        bssid="a4:39:" + ":".join(f"{digits(256):02x}" for _ in range(4)),
        address=f"192.168.{digits(1, 200)}.{digits(20, 240)}",
        gateway="192.168.1.1",
        latitude=39.9 + digits(10**5) / 10**6,
        longitude=116.3 + digits(10**5) / 10**6,
        contacts=[
            Contact(identifier=index, name=name, phones=(f"139{digits(10**8):08d}",))
            for index, name in enumerate(names, 1)
        ],
        _random=seed,
    )


def _with_check_digit(digits: str) -> str:
    """Append the Luhn digit: real IMEIs and ICCIDs carry one, and matchers may test it."""
    total = 0
    for index, character in enumerate(reversed(digits)):
        value = int(character) * (2 if index % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return digits + str(-total % 10)
