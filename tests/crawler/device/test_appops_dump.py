"""App ops in both of their forms, from Android 9 to HyperOS. The texts are ours, in the forms that devices write."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.device.dumps import OpSample, parse_ago, parse_ops, parse_span

GET = """\
Uid mode: COARSE_LOCATION: foreground
LEGACY_STORAGE: allow
FINE_LOCATION: allow; time=+25s67ms ago
READ_PHONE_STATE: ignore; rejectTime=+1m2s3ms ago
READ_MEDIA_IMAGES: allow; time=+20166d8h20m24s861ms ago
RECORD_AUDIO: allow; time=+4s0ms ago (running)
MIUIOP(10022): ask; time=+1h0m0s0ms ago; rejectTime=+2d0h0m0s1ms ago
"""
DUMP = """\
Current AppOps Service state:
  Settings:
    top_state_settle_time=+5s0ms
  Uid 1000:
    state=pers
      COARSE_LOCATION: mode=ignore
    Package com.android.settings:
      READ_CONTACTS (allow):
          Access: [pers-s] 2026-03-29 18:37:30.315 (-1s0ms)
  Uid u0a123:
    state=top
    Package com.lanting.shop:
      READ_CONTACTS (allow):
        null=[
          Access: [fg-s] 2026-05-04 18:21:05.152 (-8m56s585ms) duration=+33ms
          Access: [bg-tpd] 2026-05-03 18:21:05.152 (-1d8m56s585ms)
          Reject: [top-s]2026-05-04 18:20:05.152 (-9m56s585ms)
        ]
      FINE_LOCATION_SOURCE (allow / switch FINE_LOCATION=allow):
        LocationService=[
          Access: [cch-s] 2026-05-04 18:21:05.152 (-2s5ms)
          Running start at: +5s33ms
        ]
      MIUIOP(10033) (ask):
        null=[
          Access: [nonsense-s] 2026-05-04 18:21:05.152 (-3s0ms)
        ]
      RUN_IN_BACKGROUND (deny):
    Package com.lanting.other:
      CAMERA (allow):
          Access: [top-s] 2026-05-04 18:21:05.152 (-1ms)
"""


def by_name(text: str, package: str = "com.lanting.shop") -> dict[str, OpSample]:
    return {sample.op: sample for sample in parse_ops(text, package)}


def test_the_short_form() -> None:
    ops = by_name(GET)
    assert ops["FINE_LOCATION"].accessed_ago_ms == 25_067
    assert ops["COARSE_LOCATION"].mode == "foreground"
    assert ops["READ_PHONE_STATE"].rejected_ago_ms == 62_003
    assert ops["RECORD_AUDIO"].running
    assert ops["MIUIOP(10022)"].accessed_ago_ms == 3_600_000
    assert ops["MIUIOP(10022)"].rejected_ago_ms == 172_800_001
    assert all(sample.state is None for sample in ops.values())


def test_the_epoch_means_never() -> None:
    assert by_name(GET)["READ_MEDIA_IMAGES"].accessed_ago_ms is None
    assert parse_ago("+20166d8h20m24s861ms") is None
    assert parse_ago("+3650d0h0m0s0ms") == 3650 * 86_400_000


def test_the_long_form_with_the_state_of_the_latest_access() -> None:
    ops = by_name(DUMP)
    contacts = ops["READ_CONTACTS"]
    assert (contacts.accessed_ago_ms, contacts.state, contacts.rejected_ago_ms) == (536_585, "fg", 596_585)
    location = ops["FINE_LOCATION_SOURCE"]
    assert (location.accessed_ago_ms, location.state, location.running) == (2005, "bg", True)
    assert (ops["MIUIOP(10033)"].mode, ops["MIUIOP(10033)"].state) == ("ask", None)
    assert ops["RUN_IN_BACKGROUND"].accessed_ago_ms is None


def test_only_the_asked_package_counts() -> None:
    assert "CAMERA" not in by_name(DUMP)
    assert set(by_name(DUMP, "com.lanting.other")) == {"CAMERA"}
    assert parse_ops(DUMP, "com.lanting.sho") == ()
    assert parse_ops(DUMP, "com.lanting.absent") == ()


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("+1d2h3m4s5ms", 93_784_005),
        ("-22d4h22m19s762ms", 1_916_539_762),
        ("+33ms", 33),
        ("+5m", 300_000),
        ("0", 0),
        ("-0", 0),
        ("", None),
        ("+", None),
        ("soon", None),
        ("+1m2h", None),
    ],
)
def test_spans(text: str, milliseconds: int | None) -> None:
    assert parse_span(text) == milliseconds


PIECES = st.sampled_from(
    [
        *DUMP.splitlines(),
        *GET.splitlines(),
        "Access: [",
        "(-",
        "Package com.lanting.shop:",
        "    Package com.lanting.shop:",
    ]
)


@given(st.one_of(st.text(), st.lists(st.one_of(PIECES, st.text(max_size=30))).map("\n".join)))
def test_nothing_raises_on_junk_and_nothing_is_told_twice(text: str) -> None:
    samples = parse_ops(text, "com.lanting.shop")
    names = [sample.op for sample in samples]
    assert names == sorted(set(names))
    assert all(ago is None or ago >= 0 for s in samples for ago in (s.accessed_ago_ms, s.rejected_ago_ms))
