"""Values inside several encodings at once, as a seeded generator nests them."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from tests.traffic.detect.made import DEVICE, ENCODERS, KNOWN, payload, request
from traffic.detect import Detector

DETECTOR = Detector(KNOWN)


def chains(count: int, seed: int) -> Iterator[tuple[str, tuple[str, ...], bytes]]:
    chance = random.Random(seed)
    names = list(ENCODERS)
    for _ in range(count):
        kind = chance.choice(list(DEVICE))
        body = payload(kind, chance)
        chain = tuple(chance.choice(names) for _ in range(chance.randrange(1, 5)))
        for name in chain:
            body = ENCODERS[name](body, chance)
        yield kind, chain, body


def missed(count: int, seed: int) -> list[tuple[str, tuple[str, ...]]]:
    """Also holds that nothing else than what was planted is found.

    XOR with four bytes over something compressed is beyond anybody without the key: about one in a hundred."""
    found = []
    for kind, chain, body in chains(count, seed):
        kinds = {hit.kind for hit in DETECTOR.search(request(body)).hits if hit.standalone}
        assert kinds <= {kind, "latitude", "longitude"}, (kind, chain, kinds)
        if kind not in kinds:
            found.append((kind, chain))
    return found


def test_nested_encodings_are_undone() -> None:
    lost = missed(800, seed=20261124)
    assert len(lost) <= 800 * 0.02, lost
    without_xor = [chain for _, chain in lost if not any(name.startswith("xor") for name in chain)]
    assert len(without_xor) <= 4, without_xor


@pytest.mark.long
@pytest.mark.parametrize("seed", [4, 5, 77])
def test_four_thousand_chains(seed: int) -> None:
    lost = missed(4000, seed=seed)
    assert len(lost) <= 4000 * 0.015, lost
    assert sum(not any(name.startswith("xor") for name in chain) for _, chain in lost) <= 4000 * 0.005


@pytest.mark.parametrize("first", sorted(ENCODERS))
def test_each_encoding_inside_base64_inside_json(first: str) -> None:
    chance = random.Random(first)
    for kind in ("android_id", "phone", "mac"):
        body = payload(kind, chance)
        for name in (first, "base64", "json"):
            body = ENCODERS[name](body, chance)
        assert any(hit.kind == kind for hit in DETECTOR.search(request(body)).hits), kind
