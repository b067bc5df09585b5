"""A session as findings.json states it: what was covered, how the clocks stood, what left and where it went."""

from __future__ import annotations

from crawler.judge.bypass import DirectConnection
from crawler.judge.readings import SessionReadings, Transmission
from traffic.recipients import Destination

__all__ = ["destination_document", "session_document"]

_MOST_ROWS = 1000
_MOST_FIELDS = 30


def session_document(session: SessionReadings) -> dict[str, object]:
    """Plain data. Strings from the app are untrusted text; values of the person or the device are not repeated."""
    clock = session.clock
    return {
        "session": session.session,
        "scenario": session.scenario,
        "complete": session.complete,
        "why_incomplete": session.why_incomplete,
        "fresh": session.fresh,
        "tls_observable": session.tls_observable,
        "screens": len(session.screens),
        "requests": len(session.transmissions),
        "own_domains": list(session.own_domains),
        "clock": None
        if clock is None
        else {
            "offset_ns": clock.offset_ns,
            "error_ns": clock.error_ns,
            "best_round_trip_ns": clock.best_round_trip_ns,
            "samples": clock.samples,
            "steady": clock.steady,
        },
        "around_the_proxy": [_direct(one) for one in session.direct[:_MOST_ROWS]],
        "transmissions": [_transmission(sent) for sent in session.transmissions[:_MOST_ROWS]],
        "transmissions_left_out": max(0, len(session.transmissions) - _MOST_ROWS),
    }


def _transmission(sent: Transmission) -> dict[str, object]:
    request = sent.request
    return {
        "flow": request.flow,
        "message": request.message,
        "at_mono_ns": request.started.mono_ns,
        "phase": sent.phase.value,
        "owner": sent.owner.value,
        "host": request.host,
        "plain_http": request.scheme in ("http", "ws"),
        "recipient": {
            "kind": sent.recipient.kind,
            "zh": sent.recipient.name_zh,
            "en": sent.recipient.name_en,
            "company": sent.recipient.company,
        },
        "destination": destination_document(sent.destination),
        "data": sorted({hit.kind for hit in sent.detection.hits if hit.standalone}),
        "fields": [
            {"field": field.field, "data": field.data, "sure": field.sure, "adapter": field.adapter}
            for field in sent.fields[:_MOST_FIELDS]
        ],
    }


def destination_document(destination: Destination | None) -> dict[str, object] | None:
    """Where it went: the verdict and everything that qualifies it."""
    if destination is None:
        return None
    return {
        "verdict": destination.verdict,
        "region": destination.region,
        "zh": destination.name_zh,
        "en": destination.name_en,
        "address": destination.address,
        "source": destination.source,
        "reason_zh": destination.reason_zh,
        "reason_en": destination.reason_en,
    }


def _direct(one: DirectConnection) -> dict[str, object]:
    return {
        "remote": one.remote,
        "remote_port": one.remote_port,
        "first_mono_ns": one.first_ns,
        "last_mono_ns": one.last_ns,
        "phases": sorted(phase.value for phase in one.phases),
        "destination": destination_document(one.destination),
    }
