"""Leads about what left: a vendor's own name for an identifier, and times before consent in what was sent after it.

Neither can accuse. A name is only a name, and an innocent app also notes when it was started and sends that later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from crawler.judge.clocks import DeviceClock
from crawler.judge.model import Finding, Verdict
from crawler.judge.phases import Phase
from crawler.judge.readings import SessionReadings, Transmission
from crawler.judge.rules.common import finding, personal_hits, request_facts, sent_at
from crawler.judge.sockets import Owner
from traffic.adapters import NamedField
from traffic.eventtimes import EventTime

__all__ = ["consent_instant", "named_before_consent", "sent_later"]

Concerns = Callable[[Transmission], bool]
_TELLING = frozenset({"identifier", "personal"})
_MOST_TOLD = 12
_SURE_ZH = {"seen": "抓包所见", "documented": "公开资料所载", "field name only": "仅凭字段名"}


def named_before_consent(rule: str, session: SessionReadings, concerns: Concerns) -> tuple[Finding, ...]:
    """Fields of an SDK that are called identifiers, sent before consent, where no known value was in the request.

    One lead for each host: what the value is, nobody here knows.
    """
    found: dict[str, Finding] = {}
    for sent in session.transmissions:
        if sent.phase is not Phase.PRE_CONSENT or sent.owner is Owner.OTHER or not concerns(sent):
            continue
        fields = [field for field in sent.fields if field.sort in _TELLING]
        if fields and not personal_hits(sent) and sent.request.host not in found:
            found[sent.request.host] = _named(rule, session, sent, fields)
    return tuple(found.values())


def _named(rule: str, session: SessionReadings, sent: Transmission, fields: Sequence[NamedField]) -> Finding:
    shown = list({field.field: field for field in fields}.values())[:_MOST_TOLD]
    zh = "、".join(f"{field.field}（{field.data_zh}，{_SURE_ZH[field.sure]}）" for field in shown)
    en = ", ".join(f"{field.field} ({field.data_en}; {field.sure})" for field in shown)
    return finding(
        rule,
        Verdict.LEAD,
        session,
        zh=f"在征得用户同意前发往{sent.request.host}的请求含有厂商字段：{zh}。取值不在已知数据之列，仅作线索。",
        en=f"Before consent a request to {sent.request.host} had fields that the vendor calls: {en}. Their values are none"
        " that were known before: a lead only.",
        phase=sent.phase.value,
        at=sent_at(sent),
        details={**_request(sent), "fields": [_field(field) for field in shown]},
        citations=request_facts(session, sent),
    )


def sent_later(rule: str, session: SessionReadings, concerns: Concerns) -> tuple[Finding, ...]:
    """Times of events before consent, in requests after it: collected before, sent after. One lead for each host."""
    consent = consent_instant(session)
    started = _started(session)
    clock = session.clock
    if consent is None or started is None or clock is None or not clock.steady:
        return ()
    found: dict[str, Finding] = {}
    for sent in session.transmissions:
        if sent.phase is not Phase.ACCEPTED or sent.owner is Owner.OTHER or not concerns(sent):
            continue
        early = list(_early(sent, clock, started, consent))
        if early and _tells_of_somebody(sent) and sent.request.host not in found:
            found[sent.request.host] = _later(rule, session, sent, early, consent)
    return tuple(found.values())


def consent_instant(session: SessionReadings) -> int | None:
    """When the tap that led to acceptance was planned, host monotonic; None where nothing was accepted."""
    spans = session.spans
    at = next((index for index, span in enumerate(spans) if span.phase is Phase.ACCEPTED), None)
    if at is None or not any(span.phase is Phase.PRE_CONSENT for span in spans[:at]):
        return None
    while at > 0 and spans[at - 1].phase is Phase.INDETERMINATE:
        at -= 1
    return spans[at].from_ns


def _started(session: SessionReadings) -> int | None:
    """From when on a time can be of this run: the app was opened and its process was there."""
    opened = next((span.from_ns for span in session.spans if span.phase is Phase.PRE_CONSENT), None)
    process = next(
        (
            entry.at.mono_ns
            for entry in session.facts_of("ProcessStarted")
            if entry.data.get("package") == session.package
        ),
        None,
    )
    return None if opened is None else max(opened, process or opened)


def _early(sent: Transmission, clock: DeviceClock, started: int, consent: int) -> Iterator[tuple[EventTime, int]]:
    """(time, ns before consent at least) of each time that is certainly of this run and certainly before consent."""
    for time in sent.event_times:
        at = clock.mono_of(time.wall_ns)
        latest = at + time.precision_ns + clock.error_ns
        if at - clock.error_ns >= started and latest < consent:
            yield time, consent - latest


def _tells_of_somebody(sent: Transmission) -> bool:
    named = any(field.sort in _TELLING for field in sent.fields)
    return named or bool(personal_hits(sent)) or sent.recipient.kind == "sdk"


def _later(
    rule: str, session: SessionReadings, sent: Transmission, early: Sequence[tuple[EventTime, int]], consent: int
) -> Finding:
    most = max(before for _, before in early) // 1_000_000
    error = (session.clock.error_ns if session.clock is not None else 0) // 1_000_000
    return finding(
        rule,
        Verdict.LEAD,
        session,
        zh=f"同意之后发往{sent.request.host}的请求中有{len(early)}处事件时间早于同意操作（至少早{most / 1000:.1f}秒，"
        f"设备时钟误差{error}毫秒）：疑似同意前采集、同意后发送。也可能只是首次启动时间，仅作线索。",
        en=f"A request to {sent.request.host} after consent tells {len(early)} times before it (by {most / 1000:.1f} s at"
        f" least; the device's clock is known to {error} ms): collected before consent, sent after? It may be no more than"
        " the time of the first start: a lead only.",
        phase=sent.phase.value,
        at=sent_at(sent),
        details={
            **_request(sent),
            "observation": "collected before consent, sent after",
            "consent_mono_ns": consent,
            "event_times": [_time(time, before) for time, before in early[:_MOST_TOLD]],
        },
        citations=request_facts(session, sent),
    )


def _request(sent: Transmission) -> dict[str, object]:
    return {
        "host": sent.request.host,
        "url": sent.request.url[:500],
        "method": sent.request.method,
        "flow": sent.request.flow,
        "recipient": sent.recipient.kind,
        "recipient_zh": sent.recipient.name_zh,
        "recipient_en": sent.recipient.name_en,
        "owner": sent.owner.value,
        "plain_http": sent.request.scheme == "http",
    }


def _field(field: NamedField) -> dict[str, object]:
    return {
        "field": field.field,
        "data": field.data,
        "data_zh": field.data_zh,
        "data_en": field.data_en,
        "sure": field.sure,
        "adapter": field.adapter,
        "reason": field.reason,
        "source": field.source,
        "path": list(field.path),
        "excerpt": field.excerpt,
    }


def _time(time: EventTime, before_ns: int) -> dict[str, object]:
    return {
        "field": time.name,
        "path": list(time.path),
        "unit": time.unit,
        "device_wall_ns": time.wall_ns,
        "before_consent_ns": before_ns,
    }
