"""Leads lead and never accuse: vendors' names before consent, times before consent in what was sent after, blind spots."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from crawler.judge.bypass import read_direct
from crawler.judge.clocks import DeviceClock
from crawler.judge.model import ACCUSING, Verdict, strongest
from crawler.judge.phases import Phase, PhaseSpan
from crawler.judge.readings import SessionReadings, Transmission
from crawler.judge.rules import RULES
from crawler.judge.rules.leads import consent_instant
from crawler.judge.sockets import Owner
from evidence.lanes import Entry
from tests.crawler.judge.building import PACKAGE, SECOND, entry, hit, session, transmission
from traffic.adapters import name_fields
from traffic.eventtimes import find_event_times
from traffic.leaves import read_leaves
from traffic.recipients import locate_address

RULE = dict(RULES)
DEVICE_AT_ZERO = 1_764_000_000 * SECOND
CLOCK = DeviceClock(
    offset_ns=0, error_ns=5_000_000, best_round_trip_ns=10_000_000, samples=3, steady=True, to_mono_ns=-DEVICE_AT_ZERO
)


def span(phase: Phase, start: float, end: float | None) -> PhaseSpan:
    return PhaseSpan(
        phase=phase, from_ns=round(start * SECOND), to_ns=round(end * SECOND) if end is not None else None, why=""
    )


SPANS = (
    span(Phase.NOT_STARTED, 0, 1),
    span(Phase.PRE_CONSENT, 1, 10),
    span(Phase.INDETERMINATE, 10, 11),
    span(Phase.ACCEPTED, 11, None),
)


def sent(
    at: float,
    body: dict[str, object],
    *,
    phase: Phase = Phase.ACCEPTED,
    host: str = "api2.amplitude.com",
    owner: Owner = Owner.APP,
    recipient: str = "sdk",
    hits: tuple[object, ...] = (),
) -> Transmission:
    made = transmission(at, *hits, phase=phase, owner=owner, recipient=recipient)  # type: ignore[arg-type]
    request = replace(made.request, host=host, path="/2/httpapi", body=json.dumps({"events": [body]}).encode())
    leaves = read_leaves(request)
    return replace(
        made,
        request=request,
        fields=name_fields(request, leaves),
        event_times=find_event_times(leaves, earliest_ns=DEVICE_AT_ZERO, latest_ns=DEVICE_AT_ZERO + 100 * SECOND),
    )


def device_ms(seconds: float) -> int:
    return (DEVICE_AT_ZERO + round(seconds * SECOND)) // 1_000_000


def accepted(*transmissions: Transmission, facts: tuple[Entry, ...] = (), **more: object) -> SessionReadings:
    made = session("S08", transmissions=transmissions, spans=SPANS, facts=facts)
    return replace(made, **{"clock": CLOCK, **more})  # type: ignore[arg-type]


def leads(rule: str, *sessions: SessionReadings) -> list[str]:
    found = RULE[rule](sessions)
    assert not {item.verdict for item in found} & ACCUSING
    return [str(item.details.get("observation", "named")) for item in found if item.verdict is Verdict.LEAD]


# ---------------------------------------------------------------- names


def test_a_vendors_identifier_before_consent_is_a_lead_with_its_name() -> None:
    found = session(transmissions=[sent(2, {"device_id": "a81c77f0e2"}, phase=Phase.PRE_CONSENT)])
    best = strongest(RULE["M1-06"]([found]))
    assert best is not None
    assert best.verdict is Verdict.LEAD
    fields = best.details["fields"]
    assert isinstance(fields, list)
    assert [(row["field"], row["data"], row["sure"]) for row in fields] == [
        ("events.device_id", "vendor_device_id", "seen")
    ]
    assert "events.device_id" in best.summary_zh
    assert "a81c77f0e2" not in json.dumps(best.details) + best.summary_en
    assert best.citations


@pytest.mark.parametrize(
    ("body", "more"),
    [
        ({"carrier": "China Unicom", "session_id": 1764000000123}, {}),
        ({"device_id": ""}, {}),
        ({"device_id": "a81c77f0e2"}, {"owner": Owner.OTHER}),
        ({"device_id": "a81c77f0e2"}, {"phase": Phase.INDETERMINATE}),
        ({"device_id": "a81c77f0e2"}, {"phase": Phase.ACCEPTED}),
        ({"device_id": "a81c77f0e2"}, {"host": "api.qingteng.test"}),
    ],
    ids=["no identifier", "empty", "another app", "around the tap", "accepted", "no SDK's host"],
)
def test_no_lead_without_an_identifier_of_this_app_before_consent(
    body: dict[str, object], more: dict[str, object]
) -> None:
    found = session(transmissions=[sent(2, body, **{"phase": Phase.PRE_CONSENT, **more})])  # type: ignore[arg-type]
    assert leads("M1-06", found) == []


def test_a_known_value_accuses_and_bears_the_fields_name() -> None:
    value = replace(hit(), path=("body", "json:events[0].device_id"))
    request = sent(2, {"device_id": "9f3c1b7ad2e4568c"}, phase=Phase.PRE_CONSENT, hits=(value,))
    found = RULE["M1-06"]([session(transmissions=[request])])
    assert [item.verdict for item in found] == [Verdict.CONFIRMED]
    hits = found[0].details["hits"]
    assert isinstance(hits, list)
    assert (hits[0]["field"], hits[0]["field_sure"]) == ("events.device_id", "seen")


def test_an_adapter_never_makes_a_session_guilty_after_refusal() -> None:
    refused = session("S03", transmissions=[sent(20, {"device_id": "a81c77f0e2"}, phase=Phase.REFUSED_BASIC)])
    assert not {item.verdict for item in RULE["M1-11"]([refused])} & ACCUSING


# ---------------------------------------------------------------- times

LATER = "collected before consent, sent after"


def test_an_event_before_consent_in_a_request_after_it() -> None:
    found = accepted(sent(15, {"device_id": "a81c77f0e2", "time": device_ms(4)}))
    assert leads("M1-06", found) == [LATER]
    assert leads("M1-05", found) == []
    (item,) = [item for item in RULE["M1-06"]([found]) if item.verdict is Verdict.LEAD]
    times = item.details["event_times"]
    assert isinstance(times, list)
    assert times[0]["field"] == "events.time"
    assert times[0]["before_consent_ns"] == 6 * SECOND - 1_000_000 - CLOCK.error_ns


@pytest.mark.parametrize(
    ("at", "leads_to"),
    [(0.5, []), (1.002, []), (1.01, [LATER]), (9.9, [LATER]), (9.996, []), (10.5, []), (12.0, [])],
    ids=[
        "before the start",
        "start within the error",
        "after the start",
        "early",
        "tap within the error",
        "tap",
        "after",
    ],
)
def test_only_between_start_and_tap_whatever_the_error(at: float, leads_to: list[str]) -> None:
    found = accepted(sent(15, {"device_id": "a81c77f0e2", "time": device_ms(at)}))
    assert leads("M1-06", found) == leads_to


def test_a_time_before_the_process_is_no_evidence() -> None:
    process = entry("device", 1, 5, "ProcessStarted", {"package": PACKAGE, "process": PACKAGE})
    request = sent(15, {"device_id": "a81c77f0e2", "time": device_ms(4)})
    assert leads("M1-06", accepted(request, facts=(process,))) == []
    other = entry("device", 1, 5, "ProcessStarted", {"package": "com.other", "process": "com.other"})
    assert leads("M1-06", accepted(request, facts=(other,))) == [LATER]


@pytest.mark.parametrize(
    "more",
    [
        {"clock": None},
        {"clock": replace(CLOCK, steady=False)},
        {"clock": replace(CLOCK, error_ns=20 * SECOND)},
        {"spans": SPANS[:2]},
        {"spans": (SPANS[0], span(Phase.ACCEPTED, 1, None))},
        {"fresh": False},
    ],
    ids=["no clock", "a clock that was set", "a large error", "never accepted", "accepted from the start", "not reset"],
)
def test_no_lead_where_the_order_is_not_certain(more: dict[str, object]) -> None:
    assert leads("M1-06", accepted(sent(15, {"device_id": "a81c77f0e2", "time": device_ms(4)}), **more)) == []


@pytest.mark.parametrize(
    "request_",
    [
        sent(15, {"device_id": "a81c77f0e2", "time": device_ms(4)}, owner=Owner.OTHER),
        sent(10.5, {"device_id": "a81c77f0e2", "time": device_ms(4)}, phase=Phase.INDETERMINATE),
        sent(5, {"device_id": "a81c77f0e2", "time": device_ms(4)}, phase=Phase.PRE_CONSENT),
        sent(15, {"device_id": "a81c77f0e2", "first_launch_time": device_ms(4)}),
        sent(15, {"time": device_ms(4)}, host="api.qingteng.test", recipient="first_party"),
    ],
    ids=["another app", "around the tap", "before it", "first launch", "nobody in it"],
)
def test_no_lead_from_what_tells_of_nobody(request_: Transmission) -> None:
    assert LATER not in leads("M1-05", accepted(request_)) + leads("M1-06", accepted(request_))


def test_the_tap_is_when_it_was_planned() -> None:
    assert consent_instant(accepted()) == 10 * SECOND
    ticked = (*SPANS[:2], span(Phase.INDETERMINATE, 10, 12), span(Phase.PRE_CONSENT, 12, 20))
    later = (*ticked, span(Phase.INDETERMINATE, 20, 21), span(Phase.ACCEPTED, 21, None))
    assert consent_instant(replace(accepted(), spans=later)) == 20 * SECOND


# ---------------------------------------------------------------- around the proxy


def seen(seq: int, at: float, *rows: dict[str, object]) -> Entry:
    mono = round(at * SECOND)
    return entry(
        "device", seq, at, "SocketsSeen", {"started": mono, "finished": mono, "rows": [], "direct": list(rows)}
    )


ROW = {"uid": 10123, "local_port": 40001, "remote": "203.0.113.9", "remote_port": 443, "state": "ESTABLISHED"}


def test_a_connection_around_the_proxy_spans_its_phases() -> None:
    (one,) = read_direct([seen(0, 5, ROW), seen(1, 8, ROW), seen(2, 15, ROW), seen(3, 16)], 10123, SPANS)
    assert (one.remote, one.remote_port) == ("203.0.113.9", 443)
    assert one.phases == {Phase.PRE_CONSENT, Phase.INDETERMINATE, Phase.ACCEPTED}
    assert one.destination == locate_address("203.0.113.9")


@pytest.mark.parametrize(
    "row",
    [
        {**ROW, "uid": 10999},
        {**ROW, "state": "TIME_WAIT"},
        {**ROW, "remote": 7},
        {**ROW, "local_port": None},
        "x",
        None,
    ],
)
def test_what_is_no_socket_of_the_app_is_passed_over(row: dict[str, object]) -> None:
    assert read_direct([seen(0, 5, row)], 10123, SPANS) == ()


def test_what_went_around_the_proxy_is_a_blind_spot_and_never_guilt() -> None:
    before = read_direct([seen(0, 5, ROW)], 10123, SPANS)
    blind = replace(session("S01", spans=SPANS), direct=before)
    for rule in ("M1-05", "M1-06"):
        best = strongest(RULE[rule]([blind]))
        assert best is not None
        assert best.verdict is Verdict.NOT_TESTABLE
        assert "around the proxy" in best.summary_en
    after = replace(blind, direct=read_direct([seen(0, 15, ROW)], 10123, SPANS))
    best = strongest(RULE["M1-05"]([after]))
    assert best is not None
    assert best.verdict is Verdict.NOT_OBSERVED


def test_a_blind_spot_takes_nothing_back_that_was_seen() -> None:
    direct = read_direct([seen(0, 5, ROW)], 10123, SPANS)
    found = replace(session("S01", transmissions=[transmission(2, hit())], spans=SPANS), direct=direct)
    best = strongest(RULE["M1-05"]([found]))
    assert best is not None
    assert best.verdict is Verdict.CONFIRMED


def test_after_a_refusal_only_what_went_around_it_then_matters() -> None:
    spans = (
        SPANS[0],
        span(Phase.PRE_CONSENT, 1, 10),
        span(Phase.INDETERMINATE, 10, 11),
        span(Phase.REFUSED_BASIC, 11, None),
    )
    for at, expected in ((5, Verdict.NOT_OBSERVED), (15, Verdict.NOT_TESTABLE)):
        direct = read_direct([seen(0, at, ROW), seen(1, at + 1)], 10123, spans)
        best = strongest(RULE["M1-11"]([replace(session("S03", spans=spans), direct=direct)]))
        assert best is not None
        assert best.verdict is expected
