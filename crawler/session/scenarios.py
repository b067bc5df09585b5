"""The scenarios a session can play: pure sequences of looks, waits and planned taps on a stage.

S01 touches nothing. S03 refuses, and goes on refusing. S05 accepts and touches nothing more. S08 accepts and walks.
Each starts from a freshly reset app; what they could not do they say in words and leave the rest to the judge.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from crawler.explore.walk import Move, Walk, arrived, next_move
from crawler.session.consent import (
    PlannedTap,
    asks_consent,
    permission_dialog,
    plan_accept,
    plan_advance,
    plan_dismiss,
    plan_permission,
    plan_refuse,
)
from crawler.session.stage import Seen, Stage
from evidence.clock import Deadline
from screenshots.onward import is_before_the_app

__all__ = ["SCENARIOS", "Scenario"]

_LOADING_KINDS = frozenset({"splash_ad"})
_MAX_CONSENT_TAPS = 6
_TAPS_WITHOUT_EFFECT = 2
_MAX_DISMISSED = 3
_MAX_ADVANCED = 8
_MAX_DENIED = 8
_BEFORE_ADVANCING_SECONDS = 3.0
"""How long a guide's first page stands before it is left: a prompt may come over it by itself."""
_BETWEEN_PAGES_SECONDS = 1.0
_UNASKED_ACTIONS = 8
_NO_PROMPT = "no prompt to accept"
_STANDING_SECONDS = 0.4
"""How long a dialog has to stand still before it is answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A scenario of the rule catalogue and how it is played. `play` returns why it ended."""

    id: str
    slug: str
    zh: str
    en: str
    play: Callable[[Stage], str]


def _interactive(seen: Seen, package: str) -> bool:
    """A screen of the app itself that can be read and is more than a splash."""
    reading = seen.reading
    return (
        _ours(seen, package)
        and reading.readable
        and bool(reading.texts)
        and not _LOADING_KINDS.intersection(reading.kinds)
    )


def _first_screen(stage: Stage) -> Seen | None:
    """Open the app and wait for its first screen that can be read, or a dialog over it."""
    stage.launch()
    return stage.look_until(
        lambda seen: (
            asks_consent(seen.reading)
            or permission_dialog(seen.reading) is not None
            or _interactive(seen, stage.package)
        ),
        stage.pace.first_screen_seconds,
    )


def _await_prompt(stage: Stage, seconds: float) -> Seen | None:
    """The first screen that asks for consent; None when none came in that time.

    What lies before it is answered in the way that agrees to nothing: permissions are denied, other dialogs put aside, guides
    left.
    """
    deadline, standing = Deadline(stage.clock, seconds), Deadline(stage.clock, _BEFORE_ADVANCING_SECONDS)
    seen = stage.last
    denied = dismissed = advanced = 0
    while seen is not None:
        if asks_consent(seen.reading) or _agreement_page(seen):
            seen = _steady(stage, seen)
            if asks_consent(seen.reading) or _agreement_page(seen):
                return seen
            continue
        planned = plan_permission(seen.reading, allow=False) if denied < _MAX_DENIED else None
        if planned is not None:
            denied += 1
            seen = stage.tap(planned)
            continue
        aside = plan_dismiss(seen.reading) if dismissed < _MAX_DISMISSED else None
        if aside is not None:
            dismissed += 1
            seen = stage.tap(aside)
            continue
        onward = plan_advance(seen.reading) if advanced < _MAX_ADVANCED and _ours(seen, stage.package) else None
        if onward is not None and standing.passed():
            advanced += 1
            seen = stage.tap(onward)
            deadline, standing = Deadline(stage.clock, seconds), Deadline(stage.clock, _BETWEEN_PAGES_SECONDS)
            continue
        if deadline.passed():
            return None
        seen = stage.look_until(
            _something_to_answer(others=dismissed < _MAX_DISMISSED, guides=advanced < _MAX_ADVANCED, standing=standing),
            deadline.remaining(),
        )
    return None


def _something_to_answer(*, others: bool, guides: bool, standing: Deadline) -> Callable[[Seen], bool]:
    """Whether a screen asks for consent or a permission, or is to be put aside, or is a guide that stood long enough."""

    def there(now: Seen) -> bool:
        return (
            asks_consent(now.reading)
            or _agreement_page(now)
            or permission_dialog(now.reading) is not None
            or (others and plan_dismiss(now.reading) is not None)
            or (guides and standing.passed() and plan_advance(now.reading) is not None)
        )

    return there


def _watch(stage: Stage, seconds: float) -> Seen | None:
    """Touch nothing until something asks for consent or for a permission; None when nothing did in that time."""
    found = stage.look_until(
        lambda now: asks_consent(now.reading) or _agreement_page(now) or permission_dialog(now.reading) is not None,
        seconds,
    )
    return found if found is None or permission_dialog(found.reading) is not None else _steady(stage, found)


def _steady(stage: Stage, seen: Seen) -> Seen:
    """Look until the same dialog was seen twice: nothing that is still being drawn is tapped."""
    deadline = Deadline(stage.clock, float(stage.pace.settle_seconds))
    while not deadline.passed():
        stage.rest(_STANDING_SECONDS)
        now = stage.look()
        before, after = seen.reading.dialog, now.reading.dialog
        seen = now
        if before is None or after is None:
            if after is None:
                return seen
        elif (before.kind, before.box, len(before.controls)) == (after.kind, after.box, len(after.controls)):
            return seen
    return seen


def _agreement_page(seen: Seen) -> bool:
    return seen.reading.dialog is not None and seen.reading.dialog.kind == "login_with_agreement"


def cold_start(stage: Stage) -> str:
    """S01: open the app and touch nothing."""
    cap = Deadline(stage.clock, float(stage.pace.cold_start_cap_seconds))
    first = _first_screen(stage)
    if first is None:
        stage.trouble("cold start", "no screen that could be read appeared", "look at the pictures of this session")
        return "no readable screen"
    if not asks_consent(first.reading):
        watch = min(float(stage.pace.prompt_watch_seconds), cap.remaining())
        prompt = _watch(stage, watch)
        if prompt is not None and permission_dialog(prompt.reading) is not None:
            stage.quiet(stage.pace.quiet_seconds, "nothing touched while a permission was asked for")
            return "a permission dialog lay over the app"
        if prompt is None:
            stage.ui.append("QuietWaited", {"seconds": int(watch), "why": "watching for a prompt that comes late"})
            return "no prompt appeared while nothing was touched"
    stage.quiet(min(stage.pace.quiet_seconds, int(cap.remaining())), "nothing touched after the prompt was there")
    return "watched without touching"


def refuse(stage: Stage) -> str:
    """S03: refuse, refuse again whenever asked again, then watch what the app does."""
    if _first_screen(stage) is None:
        return "no readable screen"
    prompt = _await_prompt(stage, stage.pace.prompt_wait_seconds)
    if prompt is None or not asks_consent(prompt.reading):
        return "no dialog to refuse"
    rounds, seen = 0, prompt
    for _ in range(stage.pace.refusal_rounds + 1):
        failure, rounds, seen = _refuse_all(stage, seen, rounds)
        if failure is not None:
            return failure
        watched = stage.quiet(
            stage.pace.after_refusal_seconds,
            "nothing touched after the refusal",
            stop=_asks if rounds < stage.pace.refusal_rounds else None,
        )
        if watched:
            break
        seen = _steady(stage, stage.last or seen)
    return f"refused {rounds} times"


def _asks(seen: Seen) -> bool:
    return asks_consent(seen.reading)


def _refuse_all(stage: Stage, seen: Seen, rounds: int) -> tuple[str | None, int, Seen]:
    """Refuse for as long as the screen asks; what stopped it (None when nobody asks any more), and how many taps in all."""
    unmoved = 0
    while rounds < stage.pace.refusal_rounds and asks_consent(seen.reading):
        planned = plan_refuse(seen.reading, round_number=rounds)
        if planned is None:
            return f"no control that clearly refuses (after {rounds} refusals)", rounds, seen
        before, seen = seen, stage.tap(planned)
        rounds += 1
        if seen.running is False:
            return None, rounds, seen
        unmoved = unmoved + 1 if seen.fingerprint == before.fingerprint else 0
        if unmoved >= _TAPS_WITHOUT_EFFECT:
            return "the refusing tap had no effect", rounds, seen
    if asks_consent(seen.reading) and seen.running is not False:
        return f"still asking after {rounds} refusals", rounds, seen
    return None, rounds, seen


def _accept(stage: Stage) -> str | None:
    """Open the app and accept; None when accepted, else why not. Permissions asked for on the way are denied."""
    if _first_screen(stage) is None:
        return "no readable screen"
    prompt = _await_prompt(stage, stage.pace.prompt_wait_seconds)
    if prompt is None:
        return _NO_PROMPT
    seen: Seen = prompt
    unmoved = 0
    for _ in range(_MAX_CONSENT_TAPS):
        planned = plan_accept(seen.reading)
        if planned is None:
            return None if not asks_consent(seen.reading) else "no control that clearly accepts"
        before, seen = seen, stage.tap(planned)
        unmoved = unmoved + 1 if seen.fingerprint == before.fingerprint else 0
        if unmoved >= _TAPS_WITHOUT_EFFECT:
            return "the accepting tap had no effect"
        if not asks_consent(seen.reading) and not _agreement_page(seen):
            return None
        if _agreement_page(seen) and planned.purpose == "accept":
            return None
    return "the dialog did not go away"


def accept_idle(stage: Stage) -> str:
    """S05: accept, then touch nothing."""
    failure = _accept(stage)
    if failure is not None:
        return failure
    stage.quiet(stage.pace.idle_seconds, "nothing touched after accepting")
    return "accepted and watched"


def explore_features(stage: Stage) -> str:
    """S08: accept, then walk the app: new before known, never inside a consent dialog; permissions granted on demand."""
    failure = _accept(stage)
    if failure == _NO_PROMPT:
        return _walk_unasked(stage)
    if failure is not None:
        return failure
    walk = Walk()
    deadline = Deadline(stage.clock, float(stage.pace.explore_seconds))
    done = 0
    seen = stage.last
    while seen is not None and done < stage.pace.explore_actions and not deadline.passed():
        planned = plan_permission(seen.reading, allow=True)
        if planned is not None:
            seen = stage.tap(planned)
            continue
        if asks_consent(seen.reading):
            return f"a consent dialog came up after {done} actions"
        move = next_move(walk, seen.reading, _ours(seen, stage.package))
        seen, walk = _carry_out(stage, move, walk, seen)
        done += 1
    return f"walked {done} actions over {walk.screens} screens"


def _walk_unasked(stage: Stage) -> str:
    """Nothing asked for consent: go some way into the app all the same, and see whether anything asks there.

    The phase is uncertain from the first step on. What this shows is whether a prompt comes after what the app shows first.
    """
    walk, done, seen = Walk(), 0, stage.last
    before_the_app = seen is not None and is_before_the_app(seen.reading)
    while seen is not None and done < max(_UNASKED_ACTIONS, stage.pace.explore_actions):
        planned = plan_permission(seen.reading, allow=False)
        if planned is not None:
            seen = stage.tap(planned)
        elif _asks(seen):
            return f"a prompt came after {done} actions"
        else:
            seen, walk = _carry_out(stage, next_move(walk, seen.reading, _ours(seen, stage.package)), walk, seen)
        done += 1
    if before_the_app or stage.advanced:
        stage.quiet(stage.pace.prompt_watch_seconds, "watching for a prompt behind the guide", stop=_asks)
    return f"{_NO_PROMPT}; walked {done} actions over {walk.screens} screens"


def _ours(seen: Seen, package: str) -> bool:
    foreground = seen.observation.foreground
    return foreground is not None and foreground.package == package and seen.reading.may_show(package)


def _carry_out(stage: Stage, move: Move, walk: Walk, seen: Seen) -> tuple[Seen, Walk]:
    """Make a move of the walk and remember where it led."""
    if move.action == "tap" and move.point is not None and move.box is not None:
        planned = PlannedTap(
            purpose="explore",
            point=move.point,
            box=move.box,
            text=move.text,
            role="other",
            resource_id="",
            bears_on_consent=False,
        )
        now = stage.tap(planned)
    elif move.action == "launch":
        stage.launch()
        now = stage.look_until(lambda at: _ours(at, stage.package), stage.pace.settle_seconds) or stage.look()
    else:
        now = stage.press("back", "explore")
    return now, arrived(walk, seen.reading, move, now.reading)


SCENARIOS: dict[str, Scenario] = {
    scenario.id: scenario
    for scenario in (
        Scenario(
            id="S01", slug="cold-start", zh="首次启动，不做任何操作", en="first start, nothing touched", play=cold_start
        ),
        Scenario(id="S03", slug="refuse", zh="拒绝隐私政策", en="refuse the privacy policy", play=refuse),
        Scenario(id="S05", slug="accept-idle", zh="同意后静置", en="accept, then touch nothing", play=accept_idle),
        Scenario(id="S08", slug="explore", zh="同意后浏览功能", en="accept, then walk the app", play=explore_features),
    )
}
