"""Personal data that left before consent (M1-05, M1-06) or after refusal (M1-11).

A request speaks against the app only when its connection was the app's own, a value that was known before is in it and can
stand by itself, and it began in a phase in which the user certainly had not agreed. Everything less is a lead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from crawler.judge.model import Finding, Verdict
from crawler.judge.phases import Phase
from crawler.judge.readings import SessionReadings, Transmission
from crawler.judge.rules.common import (
    finding,
    not_testable,
    personal_hits,
    request_facts,
    screens_around,
    sent_at,
    untestable_reason,
)
from crawler.judge.rules.leads import named_before_consent, sent_later
from crawler.judge.sockets import Owner
from traffic.adapters import field_of
from traffic.detect import Hit
from traffic.known import DATA_TYPES

__all__ = ["app_collects_before_consent", "collects_after_refusal", "sdk_collects_before_consent"]

_AFTER_REFUSAL = frozenset({Phase.REFUSED, Phase.REFUSED_BASIC, Phase.KILLED})
_OPS = {
    "FINE_LOCATION": "位置",
    "COARSE_LOCATION": "位置",
    "READ_CONTACTS": "通讯录",
    "READ_PHONE_STATE": "设备识别信息",
    "READ_PHONE_NUMBERS": "本机号码",
    "READ_CLIPBOARD": "剪贴板",
    "GET_ACCOUNTS": "账号",
    "READ_SMS": "短信",
    "READ_CALL_LOG": "通话记录",
    "READ_CALENDAR": "日历",
    "CAMERA": "相机",
    "RECORD_AUDIO": "录音",
}
_MAX_FINDINGS = 20
_BEFORE_CONSENT = frozenset({Phase.PRE_CONSENT})


def app_collects_before_consent(sessions: Sequence[SessionReadings]) -> tuple[Finding, ...]:
    """M1-05: a known value left before consent, to a host that no third-party SDK owns."""
    return _before_consent("M1-05", sessions, lambda sent: sent.recipient.kind != "sdk")


def sdk_collects_before_consent(sessions: Sequence[SessionReadings]) -> tuple[Finding, ...]:
    """M1-06: a known value left before consent, to a host of a third-party SDK."""
    return _before_consent("M1-06", sessions, lambda sent: sent.recipient.kind == "sdk")


def _before_consent(
    rule: str, sessions: Sequence[SessionReadings], concerns: Callable[[Transmission], bool]
) -> tuple[Finding, ...]:
    found: list[Finding] = []
    leads: list[Finding] = []
    for session in sessions:
        if not session.fresh:
            continue
        for sent in session.transmissions:
            if sent.phase is Phase.PRE_CONSENT and concerns(sent):
                found.extend(_sent(rule, session, sent, "before consent"))
        if rule == "M1-05":
            found.extend(_read_only(rule, session, _BEFORE_CONSENT, Verdict.LEAD))
        leads.extend(named_before_consent(rule, session, concerns))
        leads.extend(sent_later(rule, session, concerns))
    return (*found, *leads)[:_MAX_FINDINGS] or _absence(rule, sessions, _BEFORE_CONSENT, "S01")


def collects_after_refusal(sessions: Sequence[SessionReadings]) -> tuple[Finding, ...]:
    """M1-11: a known value left, or a guarded operation was used, after the refusal had settled."""
    refusing = [session for session in sessions if session.scenario in ("S03", "S04")]
    found: list[Finding] = []
    for session in refusing:
        if not session.fresh:
            continue
        for sent in session.transmissions:
            if sent.phase in _AFTER_REFUSAL:
                found.extend(_sent("M1-11", session, sent, "after refusal"))
        found.extend(_read_only("M1-11", session, _AFTER_REFUSAL, Verdict.SUSPECTED))
        found.extend(_asked_after_refusal(session))
    if found:
        return tuple(found[:_MAX_FINDINGS])
    if refusing and not any(span.phase in _AFTER_REFUSAL for session in refusing for span in session.spans):
        return not_testable("M1-11", refusing, "未能完成拒绝操作，无法判断", "the refusal did not come about")
    return _absence("M1-11", sessions, _AFTER_REFUSAL, "S03", "S04")


def _sent(rule: str, session: SessionReadings, sent: Transmission, when: str) -> tuple[Finding, ...]:
    """One finding for a request with known values in it; none for a request without."""
    hits = personal_hits(sent)
    if not hits or sent.owner is Owner.OTHER:
        return ()
    certain = sent.owner is Owner.APP and any(hit.standalone for hit in hits)
    verdict = Verdict.CONFIRMED if certain else Verdict.LEAD
    kinds = tuple(dict.fromkeys(hit.kind for hit in hits if hit.standalone or not certain))
    host = sent.request.host
    who_zh = f"第三方SDK（{sent.recipient.name_zh}）" if sent.recipient.kind == "sdk" else "App"
    who_en = f"The SDK {sent.recipient.name_en}" if sent.recipient.kind == "sdk" else "The app"
    data_zh = "、".join(DATA_TYPES[kind][0] for kind in kinds)
    data_en = ", ".join(DATA_TYPES[kind][1] for kind in kinds)
    when_zh = "在征得用户同意前" if when == "before consent" else "在用户明确拒绝后"
    return (
        finding(
            rule,
            verdict,
            session,
            zh=f"{when_zh}，{who_zh}向{host}发送{data_zh}。" + ("" if certain else _doubt_zh(sent)),
            en=f"{who_en} sent {data_en} to {host} {when}." + ("" if certain else _doubt_en(sent)),
            phase=sent.phase.value,
            at=sent_at(sent),
            details={
                "host": host,
                "url": sent.request.url[:500],
                "method": sent.request.method,
                "flow": sent.request.flow,
                "recipient": sent.recipient.kind,
                "recipient_zh": sent.recipient.name_zh,
                "recipient_en": sent.recipient.name_en,
                "owner": sent.owner.value,
                "plain_http": sent.request.scheme == "http",
                "data": list(kinds),
                "hits": [_hit(hit, sent) for hit in hits[:20]],
            },
            citations=(*request_facts(session, sent), *screens_around(session, sent.request.started.mono_ns)),
        ),
    )


def _doubt_zh(sent: Transmission) -> str:
    if sent.owner is not Owner.APP:
        return "（不能确定该连接属于本应用，仅作线索）"
    return "（匹配的值过短或过于常见，仅作线索）"


def _doubt_en(sent: Transmission) -> str:
    if sent.owner is not Owner.APP:
        return " Whose connection it was is not certain: a lead only."
    return " The matched value is too short or too common to stand alone: a lead only."


def _hit(hit: Hit, sent: Transmission) -> dict[str, object]:
    field = field_of(hit, sent.fields)
    named = {} if field is None else {"field": field.field, "field_adapter": field.adapter, "field_sure": field.sure}
    return {
        **named,
        "kind": hit.kind,
        "form": hit.form,
        "form_zh": hit.form_zh,
        "where": hit.where,
        "path": list(hit.path),
        "offset": hit.offset,
        "length": hit.length,
        "stored_offset": hit.stored_offset,
        "stored_length": hit.stored_length,
        "excerpt": hit.excerpt,
        "json_path": hit.json_path,
        "standalone": hit.standalone,
    }


def _read_only(rule: str, session: SessionReadings, phases: frozenset[Phase], verdict: Verdict) -> tuple[Finding, ...]:
    """Guarded operations the system counted in these phases. The system cannot tell the app from an SDK inside it."""
    return tuple(
        finding(
            rule,
            verdict,
            session,
            zh=f"系统记录显示应用使用了{_OPS[access.op]}相关权限操作（{access.op}），可能由应用或其中的SDK触发。",
            en=f"The system counted the operation {access.op}, used by the app or an SDK inside it.",
            phase=access.phase.value,
            at=(access.latest_ns, access.entry.at.wall_ns - (access.entry.at.mono_ns - access.latest_ns)),
            details={"op": access.op, "earliest_ns": access.earliest_ns, "latest_ns": access.latest_ns},
            citations=(session.cite(access.entry, "the system's count of operations"),),
        )
        for access in session.accesses
        if access.phase in phases and access.op in _OPS
    )


def _asked_after_refusal(session: SessionReadings) -> tuple[Finding, ...]:
    """A permission dialog of this app after the refusal."""
    for at in session.screens:
        dialog = at.reading.dialog
        if dialog is None or not (dialog.asks_permission and dialog.reliable) or at.phase not in _AFTER_REFUSAL:
            continue
        if at.task_package == session.package:
            return (
                finding(
                    "M1-11",
                    Verdict.CONFIRMED,
                    session,
                    zh="用户明确拒绝后，应用仍弹窗申请系统权限。",
                    en="After the refusal the app asked for a system permission.",
                    phase=at.phase.value,
                    at=(at.mono_ns, at.wall_ns),
                    details={"text": dialog.text[:300]},
                    citations=(at.cite(session.session, "the permission dialog"),),
                ),
            )
    return ()


def _absence(
    rule: str, sessions: Sequence[SessionReadings], phases: frozenset[Phase], *scenarios: str
) -> tuple[Finding, ...]:
    """Nothing was seen: not_observed where the record covers it, else not_testable with the reason."""
    fitting = [session for session in sessions if session.scenario in scenarios]
    if not fitting:
        return not_testable(rule, sessions, "未执行相应场景", "the scenario was not played")
    for session in fitting:
        reason = untestable_reason(session)
        if reason is not None:
            return not_testable(rule, [session], *reason)
    session = fitting[0]
    if not session.tls_observable:
        return not_testable(rule, fitting, "加密流量不可见", "encrypted traffic could not be read")
    around = [one for one in session.direct if one.phases & phases]
    if around:
        return not_testable(
            rule,
            fitting,
            f"应用有{len(around)}个连接未经代理，其内容不可见",
            f"{len(around)} connections of the app went around the proxy: what they carried was not seen",
        )
    return (
        finding(
            rule,
            Verdict.NOT_OBSERVED,
            session,
            zh="未发现。已知取值的数据类型之外、无法解密或无法解码的内容不在观察范围内。",
            en="Not observed. Data whose values were not known, and what could not be decrypted or decoded, was not covered.",
            details={"covered": list(session.known_kinds), "refused_certificate": list(session.refusals)},
        ),
    )
