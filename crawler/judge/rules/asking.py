"""Permissions asked for before consent (M1-07) and consent asked for again after refusal (M1-12)."""

from __future__ import annotations

from collections.abc import Sequence

from crawler.judge.model import Finding, Verdict
from crawler.judge.phases import Phase
from crawler.judge.readings import ScreenAt, SessionReadings
from crawler.judge.rules.common import finding, not_testable, of_scenario, untestable_reason

__all__ = ["keeps_asking_after_refusal", "permission_before_consent"]

_TIMES_THAT_COUNT = 2
"""An engineering default: no number stands in the law, and one retention dialog is common."""


def permission_before_consent(sessions: Sequence[SessionReadings]) -> tuple[Finding, ...]:
    """M1-07: the system's permission dialog stood in this app's task while nothing had been agreed to."""
    found = [
        _asked(session, at)
        for session in sessions
        if session.fresh
        for at in session.screens[:1000]
        if at.phase is Phase.PRE_CONSENT and at.reading.dialog is not None and at.reading.dialog.kind == "permission"
    ]
    first_of_each = {(item.session, item.details.get("text"), item.verdict): item for item in reversed(found)}
    if first_of_each:
        return tuple(sorted(first_of_each.values(), key=lambda item: item.at_mono_ns or 0))
    return _nothing_seen("M1-07", of_scenario(sessions, "S01"))


def _asked(session: SessionReadings, at: ScreenAt) -> Finding:
    dialog = at.reading.dialog
    text = dialog.text[:300] if dialog is not None else ""
    if not _is_certain(at):
        verdict, doubt_zh = Verdict.LEAD, "（弹窗仅凭文字识别，仅作线索）"
        doubt_en = " It was recognised by its wording alone: a lead only."
    elif at.task_package == session.package:
        verdict, doubt_zh, doubt_en = Verdict.CONFIRMED, "", ""
    elif not at.task_package and session.label and session.label in text:
        verdict, doubt_zh, doubt_en = Verdict.SUSPECTED, "（仅凭文字判断归属）", " (by its wording alone)"
    else:
        verdict, doubt_zh, doubt_en = (
            Verdict.LEAD,
            "（归属不明，仅作线索）",
            " Whose dialog it is is not certain: a lead only.",
        )
    return finding(
        "M1-07",
        verdict,
        session,
        zh=f"在用户同意隐私政策前，应用弹窗申请系统权限：{text[:80]}{doubt_zh}",
        en=f"Before consent the app asked for a system permission: {text[:80]}{doubt_en}",
        phase=at.phase.value,
        at=(at.mono_ns, at.wall_ns),
        details={"text": text, "task_package": at.task_package},
        citations=(at.cite(session.session, "the permission dialog"),),
    )


def keeps_asking_after_refusal(sessions: Sequence[SessionReadings]) -> tuple[Finding, ...]:
    """M1-12: after a refusal consent was asked for again at least twice in one session."""
    refusing = of_scenario(sessions, "S03", "S04")
    if not refusing:
        return not_testable("M1-12", sessions, "未执行相应场景", "the scenario was not played")
    found = []
    for session in refusing:
        asked = _asked_again(session)
        if len(asked) < _TIMES_THAT_COUNT:
            continue
        certain = all(_is_certain(at) for at in asked)
        first = asked[0]
        found.append(
            finding(
                "M1-12",
                Verdict.CONFIRMED if certain else Verdict.SUSPECTED,
                session,
                zh=f"用户拒绝后，App {len(asked)}次再次弹窗征求同意。",
                en=f"After the refusal the app asked for consent again {len(asked)} times.",
                phase=Phase.REFUSAL_PENDING.value,
                at=(first.mono_ns, first.wall_ns),
                details={"count": len(asked)},
                citations=[at.cite(session.session, f"asked again, time {n}") for n, at in enumerate(asked, 1)],
            )
        )
    if found:
        return tuple(found)
    refused = any(
        span.phase in (Phase.REFUSED, Phase.REFUSED_BASIC, Phase.KILLED) for s in refusing for span in s.spans
    )
    if not refused:
        return not_testable("M1-12", refusing, "未能完成拒绝操作，无法判断", "the refusal did not come about")
    return _nothing_seen("M1-12", refusing)


def _is_certain(at: ScreenAt) -> bool:
    dialog = at.reading.dialog
    return dialog is not None and dialog.reliable


def _asked_again(session: SessionReadings) -> list[ScreenAt]:
    """The first screen of each new request for consent that followed a refusing tap.

    Either another request stands where the tap was, or the dialog was gone and came back by itself: then two looks have to
    show it, so that a single misread screen asks for nothing.
    """
    asked: list[ScreenAt] = []
    by_number = {at.screen: at for at in session.screens}
    waiting = gone = False
    before: ScreenAt | None = None
    back: ScreenAt | None = None
    for entry in session.facts:
        if entry.kind == "Settled" and waiting:
            waiting = False
            at = by_number.get(_number(entry.data.get("screen")))
            gone = at is not None and at.reading.readable and not _asks(at)
            if at is not None and _asks(at) and (before is None or _shown(before) != _shown(at)):
                asked.append(at)
        elif entry.kind == "ScreenSeen" and gone:
            at = by_number.get(_number(entry.data.get("screen")))
            if at is None or not _asks(at):
                back = None
            elif back is None:
                back = at
            else:
                asked.append(back)
                gone, back = False, None
        elif entry.kind == "ActionDone" and entry.data.get("ok") is not True:
            waiting = False
        elif entry.kind == "StepIntended":
            waiting, gone, back = entry.data.get("purpose") in ("refuse", "refuse_again"), False, None
            before = by_number.get(_number(entry.data.get("screen")))
    return asked


def _asks(at: ScreenAt) -> bool:
    """Whether the app, still running, asks for consent on this screen."""
    dialog = at.reading.dialog
    return dialog is not None and dialog.asks_consent and at.running is not False


def _number(value: object) -> int:
    return value if isinstance(value, int) else -1


def _shown(at: ScreenAt) -> tuple[object, object]:
    """What was on the screen, byte for byte: a tap that changed nothing is no new request for consent."""
    return at.entry.data.get("shot"), at.entry.data.get("hierarchy")


def _nothing_seen(rule: str, sessions: Sequence[SessionReadings]) -> tuple[Finding, ...]:
    if not sessions:
        return not_testable(rule, sessions, "未执行相应场景", "the scenario was not played")
    for session in sessions:
        reason = untestable_reason(session)
        if reason is not None:
            return not_testable(rule, [session], *reason)
    return (finding(rule, Verdict.NOT_OBSERVED, sessions[0], zh="未发现。", en="Not observed."),)
