"""The prompt itself: that there is none (M1-01), that it is ticked already (M1-09), that it leaves no choice (M1-10).

All three speak about what is missing or drawn, so each asks for coverage: screens that could be read, a second look with the
better readers, and enough time for a prompt that comes late.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from crawler.judge.model import Finding, Verdict
from crawler.judge.phases import Phase
from crawler.judge.readings import ScreenAt, SessionReadings
from crawler.judge.rules.common import consent_screens, finding, not_testable, of_scenario, untestable_reason
from screenshots.onward import is_before_the_app
from screenshots.reading import Checkbox, Dialog
from screenshots.tricks import tricks_as_data

__all__ = ["no_clear_choice", "no_prompt_at_first_run", "ticked_by_default"]

_PRIVACY_WORDS = re.compile(
    r"隐私|隱私|个人信息|個人資料|用户协议|用戶協議|服务协议|服務條款|使用条款"
    r"|个人資料|個人資訊|个人数据|您的数据|你的数据|您的資料|你的資料|使用條款|服務契約"
    r"|privacy|terms of (use|service)|terms (and|&) conditions|personal (data|information)|your (data|information)|cookies?\b"
    r"|datenschutz|personenbezogen|(deine|ihre|eure|deiner|ihrer)[nr]? daten\b|nutzungsbedingungen|privatsphäre"
    r"|confidentialité|vie privée|vos données|tes données|données personnelles|conditions (générales|d.utilisation)"
    r"|privacidad|tus datos|sus datos|datos personales|términos (y condiciones|de (uso|servicio))|condiciones de uso"
    r"|プライバシー|個人情報|利用規約|クッキー",
    re.I,
)
"""Wider than what the reader calls a prompt, on purpose: a page that speaks of it in any of these ways is no silence."""
_AGREEMENT_WORDS = re.compile(r"隐私|协议|条款|政策|个人信息|隱私|條款|privacy|agreement|terms|policy", re.I)
_WATCH_SECONDS = 30
"""How long a prompt may take to come after the first interactive screen; the rule's own figure."""
_TAPS_IN_VAIN = 3
"""Different controls of the app proper that a walk must have tapped before it is taken for more than a guide."""
_LONGEST_GAP_SECONDS = 4
"""Longest time around a screen that the better readers could not see, such as an empty picture while the app draws: looks
follow each other about once a second, and no user could read a prompt that went sooner."""
_REFUSING_ROLES = frozenset({"refuse", "basic_mode", "exit", "close", "skip", "later", "deny", "settings"})
_READERS_THAT_AGREE = 2
_PAGES = frozenset({"login", "settings", "policy_text", "plain"})


def no_prompt_at_first_run(sessions: Sequence[SessionReadings]) -> tuple[Finding, ...]:
    """M1-01: nothing about privacy was on any screen within half a minute of the first interactive screen."""
    starts = of_scenario(sessions, "S01")
    if not starts:
        return not_testable("M1-01", sessions, "未执行相应场景", "the scenario was not played")
    session = starts[0]
    reason = untestable_reason(session)
    if reason is not None:
        return not_testable("M1-01", starts, *reason)
    own = [at for at in session.screens if _of_the_app(at, session.package) and at.phase is Phase.PRE_CONSENT]
    if any(at.reading.dialog is not None and at.reading.dialog.asks_consent for at in session.screens):
        return _prompted(session)
    if any(_PRIVACY_WORDS.search(box.text) for at in session.screens for box in at.reading.texts):
        return _prompted(session)
    unreadable = [at for at in own if not at.reading.readable]
    readable = [at for at in own if at.reading.readable]
    if not readable or len(unreadable) > len(readable):
        return not_testable("M1-01", starts, "首屏无法识别", "the first screens could not be read")
    # Nothing is touched in this scenario, so a dialog of another kind keeps the app from showing its prompt.
    # The watch counts from when the last such dialog was gone.
    covered = max((index for index, at in enumerate(readable) if _covered(at)), default=-1)
    open_to_view = readable[covered + 1 :]
    if not open_to_view:
        return not_testable("M1-01", starts, "首屏被其他弹窗遮挡", "a dialog of another kind lay over the app")
    watched = (open_to_view[-1].mono_ns - open_to_view[0].mono_ns) // 1_000_000_000
    if watched < _WATCH_SECONDS - 1:
        return not_testable("M1-01", starts, f"观察时间不足（{watched}秒）", f"watched for {watched} s only")
    if _prompted_elsewhere(sessions):
        return not_testable("M1-01", starts, "其他会话中出现过弹窗", "a prompt appeared in another session")
    certain = _watched_closely(open_to_view) and _went_beyond(sessions, session)
    return (_no_prompt(session, readable, watched, certain),)


def _went_beyond(sessions: Sequence[SessionReadings], start: SessionReadings) -> bool:
    """Whether a session walked past what the app shows first, and no prompt came there either.

    An app may show a guide or ask for a region first and put its prompt behind it: whoever touches nothing never sees it.
    Behind a guide, the app proper must have been watched as long as a prompt may take.
    """
    guided = any(is_before_the_app(at.reading) for at in start.screens)
    for session in sessions:
        proper = {
            at.screen: at
            for at in session.screens
            if _of_the_app(at, session.package) and at.reading.readable and not is_before_the_app(at.reading)
        }
        if session.session == start.session or not _walked(session, proper):
            continue
        times = [at.mono_ns for at in proper.values()]
        if not guided or max(times) - min(times) >= (_WATCH_SECONDS - 1) * 1_000_000_000:
            return True
    return False


def _walked(session: SessionReadings, proper: Mapping[int, ScreenAt]) -> bool:
    """Whether a tap led from one screen of the app proper to a different one, or everything there was tapped in vain.

    The walk goes back only when nothing is left to try on a screen. Few taps show nothing: a guide has one or two.
    """
    origin: ScreenAt | None = None
    tried: set[str] = set()
    for fact in session.facts:
        screen = fact.data.get("screen")
        at = proper.get(screen) if isinstance(screen, int) else None
        if fact.kind == "StepIntended":
            action = (fact.data.get("action"), fact.data.get("purpose"))
            if action == ("back", "explore") and at is not None and len(tried) >= _TAPS_IN_VAIN:
                return True
            origin = at if action == ("tap", "explore") else None
            if origin is not None:
                tried.add(str(fact.data.get("target")))
        elif fact.kind == "Settled" and origin is not None:
            if at is not None and at.reading.identity != origin.reading.identity:
                return True
            origin = None
    return False


def _watched_closely(screens: Sequence[ScreenAt]) -> bool:
    """Whether the better readers saw every screen of the watch, but for those between that were gone at once."""
    since: int | None = None  # when the first of a row of screens that they did not see began, or the one before it
    before = screens[0].mono_ns
    for at in screens:
        if not at.reading.looked_twice:
            since = before if since is None else since
        elif since is not None and at.mono_ns - since > _LONGEST_GAP_SECONDS * 1_000_000_000:
            return False
        else:
            since = None
        before = at.mono_ns
    return since is None


def _of_the_app(at: ScreenAt, package: str) -> bool:
    """Whether the app was in front, and what was seen can be the app."""
    return at.package == package and at.reading.may_show(package)


def _covered(at: ScreenAt) -> bool:
    """Whether a dialog lies over the app; a page to log in is the app's own."""
    return at.reading.dialog is not None and at.reading.dialog.kind not in _PAGES


def _prompted(session: SessionReadings) -> tuple[Finding, ...]:
    return (
        finding("M1-01", Verdict.NOT_OBSERVED, session, zh="未发现：首次运行出现了提示。", en="A prompt was shown."),
    )


def _prompted_elsewhere(sessions: Sequence[SessionReadings]) -> bool:
    return any(consent_screens(session) for session in sessions)


def _no_prompt(session: SessionReadings, readable: list[ScreenAt], watched: int, looked_twice: bool) -> Finding:
    first, last = readable[0], readable[-1]
    return finding(
        "M1-01",
        Verdict.CONFIRMED if looked_twice else Verdict.SUSPECTED,
        session,
        zh=f"App首次启动后{watched}秒内，未以弹窗等明显方式提示用户阅读隐私政策等收集使用规则。",
        en=f"For {watched} s after the first interactive screen nothing pointed to a privacy policy.",
        phase=Phase.PRE_CONSENT.value,
        at=(first.mono_ns, first.wall_ns),
        details={"watched_seconds": watched, "screens": len(readable)},
        citations=(
            first.cite(session.session, "the first interactive screen"),
            last.cite(session.session, "the last screen of the watch"),
        ),
    )


def ticked_by_default(sessions: Sequence[SessionReadings]) -> tuple[Finding, ...]:
    """M1-09: an agreement's box was ticked when it first appeared, before anything was touched.

    What only its place tells to be a box confirms nothing, whatever else was seen.
    """
    found: list[Finding] = []
    placed: list[Finding] = []
    seen_by: set[str] = set()
    unknown = by_system = False
    for session in sessions:
        first = _first_with_checkbox(session)
        if first is None or first.reading.dialog is None or not session.fresh:
            continue
        for box in first.reading.dialog.checkboxes:
            unknown = unknown or (box.state == "unknown" and bool(_AGREEMENT_WORDS.search(box.label)))
            if box.state == "ticked" and _about_agreement(box, first.reading.dialog):
                if box.by_place:
                    placed.append(_weaker(_ticked(session, first, box)))
                    continue
                found.append(_ticked(session, first, box))
                seen_by.add(session.session)
                by_system = by_system or box.source == "hierarchy"
    if found or placed:
        certain = len(seen_by) >= _READERS_THAT_AGREE or by_system
        return (*(found if certain else map(_weaker, found)), *placed)
    starts = of_scenario(sessions, "S01")
    if unknown:
        return not_testable("M1-09", starts, "勾选状态无法识别", "the state of the box could not be read")
    return _absent("M1-09", starts)


def _about_agreement(box: Checkbox, dialog: Dialog) -> bool:
    """Whether the box is about the agreement: by its own words, or as the only box of a dialog that asks for consent."""
    if box.label:
        return bool(_AGREEMENT_WORDS.search(box.label))
    return len(dialog.checkboxes) == 1 and bool(_AGREEMENT_WORDS.search(dialog.text))


def _first_with_checkbox(session: SessionReadings) -> ScreenAt | None:
    """The first screen with an agreement's box, when it was seen before anything was touched."""
    for at in session.screens:
        if at.phase is not Phase.PRE_CONSENT:
            return None
        if at.reading.dialog is not None and at.reading.dialog.checkboxes:
            return at
    return None


def _ticked(session: SessionReadings, at: ScreenAt, box: Checkbox) -> Finding:
    return finding(
        "M1-09",
        Verdict.CONFIRMED,
        session,
        zh="App在征求用户同意环节默认勾选“同意”选项。",
        en="The box that agrees was ticked before the user touched anything.",
        phase=at.phase.value,
        at=(at.mono_ns, at.wall_ns),
        details={
            "label": box.label[:200],
            "source": box.source,
            "box": list(box.box),
            "tricks": tricks_as_data(at.tricks),
        },
        citations=(at.cite(session.session, "the ticked box"),),
    )


def no_clear_choice(sessions: Sequence[SessionReadings]) -> tuple[Finding, ...]:
    """M1-10: the prompt can be acknowledged or accepted, and nothing on it refuses."""
    starts = of_scenario(sessions, "S01")
    found: list[Finding] = []
    for session in starts:
        reason = untestable_reason(session)
        if reason is not None:
            return not_testable("M1-10", starts, *reason)
        asking = consent_screens(session)
        if not asking:
            continue
        last = asking[-1]
        dialog = last.reading.dialog
        if dialog is None or any(_offers_refusal(at) for at in asking):
            continue
        affirmative = [control for control in dialog.controls if control.role in ("accept", "acknowledge")]
        if not affirmative:
            continue
        found.append(_no_choice(session, last, dialog, affirmative[0].text))
    return tuple(found) or _unseen_refusal(sessions) or _absent("M1-10", starts)


def _unseen_refusal(sessions: Sequence[SessionReadings]) -> tuple[Finding, ...]:
    """The refusal is there for the system and drawn in the colour of its ground, in every session that showed the prompt."""
    found: list[Finding] = []
    for session in sessions:
        asking = [at for at in consent_screens(session) if at.phase is Phase.PRE_CONSENT]
        if not asking or untestable_reason(session) is not None:
            continue
        states = [_trick(at, "invisible_refusal") for at in asking]
        if "not_seen" in states:
            return ()
        if states[-1] == "seen":
            found.append(_drawn_unseen(session, asking[-1]))
    return tuple(found) if len(found) >= _READERS_THAT_AGREE else tuple(_weaker(item) for item in found)


def _trick(at: ScreenAt, name: str) -> str:
    return next((trick.state for trick in at.tricks if trick.name == name), "unknown")


def _drawn_unseen(session: SessionReadings, at: ScreenAt) -> Finding:
    dialog = at.reading.dialog
    refusing = [control.text for control in dialog.controls if control.role in _REFUSING_ROLES] if dialog else []
    label = (refusing or [""])[0][:40]
    return finding(
        "M1-10",
        Verdict.SUSPECTED if dialog is None or dialog.by_wording else Verdict.CONFIRMED,
        session,
        zh=f"App隐私政策弹窗的拒绝选项“{label}”与背景同色，用户无法看见。",
        en=f"The prompt draws its refusal {label!r} in the colour of its ground: no user can see it.",
        phase=at.phase.value,
        at=(at.mono_ns, at.wall_ns),
        details={"label": label, "tricks": tricks_as_data(at.tricks)},
        citations=(at.cite(session.session, "the prompt"),),
    )


def _offers_refusal(at: ScreenAt) -> bool:
    """Whether anything on the dialog refuses, or may refuse: a control of uncertain meaning counts as a refusal.

    So does an answer whose meaning was only guessed.
    """
    dialog = at.reading.dialog
    if dialog is None:
        return False
    controls = (*dialog.controls, *dialog.links)
    return any(control.role in (*_REFUSING_ROLES, "other") or not control.clear for control in controls)


def _no_choice(session: SessionReadings, at: ScreenAt, dialog: Dialog, label: str) -> Finding:
    agreed = dialog.certain or len(set(dialog.agreed_by)) >= _READERS_THAT_AGREE
    certain = at.reading.looked_twice and agreed and not dialog.by_wording
    return finding(
        "M1-10",
        Verdict.CONFIRMED if certain else Verdict.SUSPECTED,
        session,
        zh=f"App隐私政策弹窗未提供明确的拒绝选项，仅有“{label[:40]}”。",
        en=f"The privacy prompt offers no way to refuse; its only control reads {label[:40]!r}.",
        phase=at.phase.value,
        at=(at.mono_ns, at.wall_ns),
        details={
            "label": label[:200],
            "controls": [control.text[:80] for control in dialog.controls],
            "tricks": tricks_as_data(at.tricks),
        },
        citations=(at.cite(session.session, "the prompt"),),
    )


def _weaker(item: Finding) -> Finding:
    return Finding(
        rule=item.rule,
        verdict=Verdict.LEAD,
        session=item.session,
        phase=item.phase,
        at_mono_ns=item.at_mono_ns,
        at_wall_ns=item.at_wall_ns,
        summary_zh=item.summary_zh + "（仅凭一次图像识别，仅作线索）",
        summary_en=item.summary_en + " Measured on pixels in one session only: a lead.",
        details=item.details,
        citations=item.citations,
    )


def _absent(rule: str, sessions: Sequence[SessionReadings]) -> tuple[Finding, ...]:
    if not sessions:
        return not_testable(rule, sessions, "未执行相应场景", "the scenario was not played")
    for session in sessions:
        reason = untestable_reason(session)
        if reason is not None:
            return not_testable(rule, [session], *reason)
        if not any(at.reading.readable for at in session.screens):
            return not_testable(rule, [session], "屏幕无法识别", "the screens could not be read")
    return (finding(rule, Verdict.NOT_OBSERVED, sessions[0], zh="未发现。", en="Not observed."),)
