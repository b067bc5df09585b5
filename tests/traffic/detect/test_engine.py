"""Both engines find the same, always."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.traffic.detect.made import KNOWN, request
from tests.traffic.detect.test_envelopes import BODIES
from traffic.detect import Detector
from traffic.engine import MOST_MATCHES, AhoCorasickScanner, HyperscanScanner, Literal, make_scanner
from traffic.spelling import expand

hyperscan = pytest.importorskip("hyperscan", reason="there is no hyperscan here to compare with")

SMALL = st.binary(min_size=1, max_size=6).map(lambda raw: bytes(byte % 5 + 64 for byte in raw))
ANY = st.binary(min_size=1, max_size=8)


@st.composite
def literals(draw: st.DrawFn) -> list[Literal]:
    made = draw(st.lists(st.tuples(SMALL | ANY, st.booleans()), min_size=1, max_size=12))
    return list(dict.fromkeys((raw.lower() if caseless else raw, caseless) for raw, caseless in made))


@settings(max_examples=150, deadline=None)
@given(literals(), st.lists(SMALL | ANY, max_size=12).map(b"".join), st.data())
def test_both_engines_report_the_same(patterns: list[Literal], text: bytes, data: st.DataObject) -> None:
    chosen, _ = data.draw(st.sampled_from(patterns))
    haystack = text + chosen + text.swapcase()
    fast, everywhere = HyperscanScanner(patterns), AhoCorasickScanner(patterns)
    assert sorted(fast.scan(haystack)) == sorted(everywhere.scan(haystack))


def test_both_engines_agree_on_all_patterns_of_a_device() -> None:
    patterns = expand(KNOWN)
    all_literals = [(pattern.literal, pattern.caseless) for pattern in patterns]
    haystack = b"|".join(pattern.literal.upper() if pattern.caseless else pattern.literal for pattern in patterns)
    fast, everywhere = HyperscanScanner(all_literals).scan(haystack), AhoCorasickScanner(all_literals).scan(haystack)
    assert sorted(fast) == sorted(everywhere)
    assert {index for index, _ in fast} == set(range(len(patterns)))


@pytest.mark.parametrize("engine", [HyperscanScanner, AhoCorasickScanner])
def test_nothing_is_found_in_nothing(engine: type[HyperscanScanner | AhoCorasickScanner]) -> None:
    assert engine([]).scan(b"text") == []
    assert engine([(b"text", True)]).scan(b"") == []


def test_a_text_of_nothing_but_matches_is_cut_short() -> None:
    assert len(make_scanner([(b"ab", False)]).scan(b"ab" * (MOST_MATCHES + 5_000))) == MOST_MATCHES


def test_the_detector_finds_the_same_with_either(monkeypatch: pytest.MonkeyPatch) -> None:
    fast = Detector(KNOWN)
    monkeypatch.setattr("traffic.detect.make_scanner", AhoCorasickScanner)
    monkeypatch.setattr("traffic.decode.cribs.make_scanner", AhoCorasickScanner)
    everywhere = Detector(KNOWN)
    for body in BODIES.values():
        assert everywhere.search(request(body)) == fast.search(request(body))
