"""A hundred thousand looks for another device in what a device sent, and a hundred megabytes of noise: no hit."""

from __future__ import annotations

import base64
import json
import random
import string
import uuid
from collections.abc import Callable, Iterator

import pytest

from tests.traffic.detect.made import DEVICE, ENCODERS, KNOWN, payload, request
from traffic.bench import another
from traffic.detect import Detector
from traffic.record import CapturedRequest

DEVICES = 200
LEAST_CHECKS = 100_000
LEAST_NOISE = 100_000_000
PIECE = 64 << 10
"""Of noise in one request: all of it is looked through for encodings."""

pytestmark = [pytest.mark.long, pytest.mark.timeout(3600)]


def reports(count: int, chance: random.Random) -> Iterator[CapturedRequest]:
    """What one device sends: every kind of its data, in no encoding up to three."""
    names = list(ENCODERS)
    for number in range(count):
        body = payload(list(DEVICE)[number % len(DEVICE)], chance)
        if number % 10 == 0:
            body = json.dumps({**DEVICE, "t": chance.randrange(1 << 40)}, ensure_ascii=False).encode()
        for name in chance.sample(names, chance.randrange(4)):
            body = ENCODERS[name](body, chance)
        yield request(body, path=f"/v2/track?did={DEVICE['oaid']}&n={number}")


def test_another_device_is_never_found() -> None:
    chance = random.Random(20261129)
    sent = list(reports(LEAST_CHECKS // DEVICES + 1, chance))
    own = Detector(KNOWN)
    assert sum(bool(own.search(one).hits) for one in sent) > 0.98 * len(sent), "the requests hold nothing to confuse"
    checks = 0
    for number in range(DEVICES):
        theirs = [another(value, chance) for value in KNOWN]
        detector = Detector(theirs)
        for one in sent:
            checks += 1
            hits = [(hit.kind, hit.form_code, hit.excerpt) for hit in detector.search(one).hits]
            assert hits == [], (number, theirs)
    assert checks >= LEAST_CHECKS


def events(chance: random.Random) -> bytes:
    """Numbers, times, prices, places and identifiers as apps send them, all by chance."""
    made = []
    for _ in range(PIECE // 400):
        event = {
            "ts": chance.randrange(1_600_000_000_000, 1_900_000_000_000),
            "id": str(uuid.UUID(int=chance.getrandbits(128), version=4)),
            "order": str(chance.randrange(10**14, 10**18)),
            "tel": f"1{chance.randrange(3 * 10**9, 10**10)}",
            "lat": round(chance.uniform(18, 53), chance.randrange(2, 8)),
            "lng": round(chance.uniform(73, 135), chance.randrange(2, 8)),
            "mac": ":".join(f"{byte:02x}" for byte in chance.randbytes(6)),
            "aid": f"{chance.getrandbits(64):016x}",
            "md5": f"{chance.getrandbits(128):032X}",
            "token": base64.b64encode(chance.randbytes(chance.randrange(12, 40))).decode(),
            "ip": ".".join(str(byte) for byte in chance.randbytes(4)),
        }
        made.append(event)
    return json.dumps(made).encode()


NOISE: dict[str, Callable[[random.Random], bytes]] = {
    "bytes": lambda chance: chance.randbytes(PIECE),
    "digits": lambda chance: "".join(chance.choices(string.digits, k=PIECE)).encode(),
    "numbers": lambda chance: "".join(chance.choices("0123456789.,-", k=PIECE)).encode(),
    "hex": lambda chance: chance.randbytes(PIECE // 2).hex().encode(),
    "base64": lambda chance: base64.b64encode(chance.randbytes(PIECE * 3 // 4)),
    "printable": lambda chance: "".join(chance.choices(string.printable, k=PIECE)).encode(),
    "integers": lambda chance: b"".join(
        chance.randrange(10**10, 2 * 10**10).to_bytes(8, "little") for _ in range(PIECE // 8)
    ),
    "events": events,
}


def test_noise_holds_nothing() -> None:
    chance = random.Random(20261130)
    detector, size, round_number = Detector(KNOWN), 0, 0
    while size < LEAST_NOISE:
        for name, make in NOISE.items():
            body = make(chance)
            size += len(body)
            hits = [(hit.kind, hit.form_code, hit.excerpt) for hit in detector.search(request(body)).hits]
            assert hits == [], (name, round_number)
        round_number += 1
