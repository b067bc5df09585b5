"""A connection is the app's only when nobody else's socket could be it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from crawler.judge.sockets import Owner, SocketLife, owner_of, socket_lives
from tests.crawler.judge.building import SECOND, entry

APP, OTHER = 10123, 1000
TRAVEL = SECOND // 4


def seen(seq: int, at: float, *rows: tuple[int, int]) -> object:
    data = {
        "started": round(at * SECOND),
        "finished": round((at + 0.01) * SECOND),
        "rows": [{"uid": uid, "local_port": port, "state": "01"} for uid, port in rows],
    }
    return entry("device", seq, at, "SocketsSeen", data)


def owner(facts: list[object], connected: float, used: float | None = None) -> Owner:
    lives = socket_lives(facts)  # type: ignore[arg-type]
    used_ns = round((used if used is not None else connected) * SECOND)
    return owner_of(lives, app_uid=APP, connected_ns=round(connected * SECOND), used_ns=used_ns, travel_ns=TRAVEL)


def test_the_only_socket_at_that_moment_owns_the_connection() -> None:
    assert owner([seen(0, 1), seen(1, 2, (APP, 4000)), seen(2, 3)], 1.9) is Owner.APP


def test_another_uid_alone_is_another_owner() -> None:
    assert owner([seen(0, 1), seen(1, 2, (OTHER, 4000))], 1.9) is Owner.OTHER


def test_two_uids_at_the_same_moment_accuse_nobody() -> None:
    assert owner([seen(0, 1), seen(1, 2, (APP, 4000), (OTHER, 4001))], 1.9) is Owner.AMBIGUOUS


def test_a_connection_without_a_socket_is_unknown() -> None:
    assert owner([seen(0, 1), seen(1, 2, (APP, 4000))], 9.0) is Owner.UNKNOWN
    assert owner([], 1.0) is Owner.UNKNOWN


def test_a_socket_opened_long_before_is_not_it() -> None:
    facts = [seen(0, 1, (OTHER, 4001)), seen(1, 5, (OTHER, 4001)), seen(2, 8, (OTHER, 4001), (APP, 4000))]
    assert owner(facts, 7.9) is Owner.APP


def test_without_the_apps_uid_nothing_is_known() -> None:
    life = SocketLife(uid=APP, local_port=1, opened_after_ns=0, opened_before_ns=SECOND, last_seen_ns=2 * SECOND)
    assert owner_of([life], app_uid=None, connected_ns=1, used_ns=1, travel_ns=TRAVEL) is Owner.UNKNOWN


def test_malformed_rows_make_nothing_certain() -> None:
    facts = [entry("device", 0, 1, "SocketsSeen", {"started": "x", "finished": None, "rows": [7, {"uid": "a"}, None]})]
    assert owner(facts, 1.0) is Owner.UNKNOWN  # type: ignore[arg-type]


polls = st.lists(st.lists(st.tuples(st.sampled_from([APP, OTHER]), st.integers(4000, 4003)), max_size=4), max_size=8)


@given(polls, st.floats(0, 9), st.integers(0, 10 * SECOND))
def test_a_wider_travel_time_never_makes_an_uncertain_owner_certain(
    rows: list[list[tuple[int, int]]], connected: float, wider: int
) -> None:
    lives = socket_lives([seen(n, n + 1, *row) for n, row in enumerate(rows)])  # type: ignore[misc]
    at = round(connected * SECOND)
    narrow = owner_of(lives, app_uid=APP, connected_ns=at, used_ns=at, travel_ns=TRAVEL)
    wide = owner_of(lives, app_uid=APP, connected_ns=at, used_ns=at, travel_ns=TRAVEL + wider)
    if narrow in (Owner.AMBIGUOUS, Owner.OTHER):
        assert wide is not Owner.APP
