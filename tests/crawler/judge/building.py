"""Builds readings and facts for the tests of the judge, without a device."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from crawler.judge.model import Verdict, strongest
from crawler.judge.phases import Phase, PhaseSpan
from crawler.judge.readings import OpAccess, ScreenAt, SessionReadings, Transmission
from crawler.judge.rules import RULES
from crawler.judge.sockets import Owner
from evidence.clock import Instant
from evidence.lanes import Entry
from screenshots.reading import Checkbox, Control, Dialog, ScreenReading, TextBox
from traffic.attribution import Recipient
from traffic.detect import Detection, Hit
from traffic.record import CapturedRequest, EntryReference

SECOND = 1_000_000_000
PACKAGE = "com.qingteng.notes"
RULE = dict(RULES)


def entry(lane: str, seq: int, seconds: float, kind: str, data: Mapping[str, object]) -> Entry:
    mono = round(seconds * SECOND)
    digest = hashlib.sha256(f"{lane}{seq}{kind}{data}".encode()).hexdigest()
    return Entry(
        lane=lane,
        seq=seq,
        prev="0" * 64,
        at=Instant(mono_ns=mono, wall_ns=10**18 + mono),
        kind=kind,
        data=data,
        digest=digest,
    )


def dialog(
    kind: str,
    *roles: str,
    certain: bool = True,
    checkboxes: Sequence[Checkbox] = (),
    text: str = "",
    by_wording: bool = False,
) -> Dialog:
    controls = tuple(
        Control(
            role=role,
            text=role,
            box=(100, 1000 + 100 * n, 600, 1080 + 100 * n),
            point=(300, 1040 + 100 * n),
            clear=True,
        )
        for n, role in enumerate(roles)
    )
    return Dialog(
        kind=kind,
        box=(60, 400, 660, 1300),
        title="",
        text=text or "《隐私政策》《用户协议》",
        controls=controls,
        links=(),
        checkboxes=tuple(checkboxes),
        source="hierarchy",
        certain=certain,
        agreed_by=("hierarchy",),
        by_wording=by_wording,
    )


def reading(
    shown: Dialog | None = None, *texts: str, readable: bool = True, looked_twice: bool = True
) -> ScreenReading:
    return ScreenReading(
        readable=readable,
        unreadable_reason=None if readable else "blank",
        kinds=((shown.kind,) if shown is not None else ("plain",)) if readable else (),
        dialog=shown if readable else None,
        texts=tuple(TextBox(text=text, box=(0, 0, 100, 40), source="hierarchy") for text in texts),
        source="hierarchy",
        identity="x",
        looked_twice=looked_twice,
    )


def screen(
    number: int,
    seconds: float,
    read: ScreenReading,
    *,
    phase: Phase = Phase.PRE_CONSENT,
    package: str = PACKAGE,
    task: str = PACKAGE,
    running: bool | None = True,
) -> ScreenAt:
    fact = entry("ui", number, seconds, "ScreenSeen", {"screen": number, "app_running": running})
    return ScreenAt(
        screen=number,
        mono_ns=fact.at.mono_ns,
        wall_ns=fact.at.wall_ns,
        reading=read,
        package=package,
        task_package=task,
        running=running,
        phase=phase,
        entry=fact,
    )


def hit(kind: str = "android_id", *, standalone: bool = True) -> Hit:
    return Hit(
        kind=kind,
        source="settings",
        scope=None,
        form="the value itself",
        form_zh="原值",
        form_code="plain",
        where="body",
        path=("body",),
        steps=(),
        offset=0,
        length=16,
        stored_offset=0,
        stored_length=16,
        excerpt="9f3c********568c",
        json_path=None,
        standalone=standalone,
    )


def transmission(
    seconds: float,
    *hits: Hit,
    phase: Phase = Phase.PRE_CONSENT,
    owner: Owner = Owner.APP,
    recipient: str = "first_party",
) -> Transmission:
    mono = round(seconds * SECOND)
    request = CapturedRequest(
        channel="http",
        flow="f1",
        message=None,
        connection="c1",
        method="POST",
        scheme="https",
        host="api.qingteng.test",
        port=443,
        path="/v1/start",
        http_version="HTTP/1.1",
        headers=(),
        text_encoding="utf-8",
        body=b"id=9f3c1b7ad2e4568c",
        body_length=19,
        body_sha256="0" * 64,
        started=Instant(mono_ns=mono, wall_ns=10**18 + mono),
        finished_mono=mono,
        connected_mono=mono - 1000,
        entries=(EntryReference(lane="traffic", seq=3, digest="a" * 64),),
        complete=True,
        response=None,
        error=None,
    )
    to = Recipient(
        kind=recipient,  # type: ignore[arg-type]
        host=request.host,
        registrable="qingteng.test",
        name_zh="某SDK",
        name_en="Some SDK",
        company="",
        category="",
        purpose_zh="",
        purpose_en="",
        sdk_id=None,
    )
    return Transmission(
        request=request,
        detection=Detection(hits=hits, opaque=(), truncated=False),
        recipient=to,
        owner=owner,
        phase=phase,
    )


def session(
    scenario: str = "S01",
    *,
    screens: Sequence[ScreenAt] = (),
    transmissions: Sequence[Transmission] = (),
    accesses: Sequence[OpAccess] = (),
    spans: Sequence[PhaseSpan] = (),
    facts: Sequence[Entry] = (),
    complete: bool = True,
    fresh: bool = True,
    tls_observable: bool = True,
) -> SessionReadings:
    return SessionReadings(
        session=f"{scenario}-test",
        scenario=scenario,
        package=PACKAGE,
        label="青藤笔记",
        uid=10123,
        complete=complete,
        why_incomplete="" if complete else "the device was lost",
        fresh=fresh,
        tls_observable=tls_observable,
        screens=tuple(screens),
        spans=tuple(spans),
        transmissions=tuple(transmissions),
        accesses=tuple(accesses),
        refusals=(),
        known_kinds=("android_id", "imei"),
        facts=tuple(facts),
    )


def verdict(rule: str, *sessions: object) -> Verdict:
    """The strongest that a rule says of these sessions."""
    best = strongest(RULE[rule](sessions))  # type: ignore[arg-type]
    assert best is not None
    return best.verdict
