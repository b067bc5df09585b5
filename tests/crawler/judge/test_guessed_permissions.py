"""A dialog that only its wording makes a permission prompt may be the app's own: nobody is accused of it."""

import pytest

from crawler.judge.model import Verdict, strongest
from crawler.judge.phases import Phase, PhaseSpan
from crawler.judge.rules import RULES
from crawler.session.consent import permission_dialog, plan_permission
from screenshots.values import Dialog
from tests.crawler.judge.building import SECOND, dialog, reading, screen, session

RULE = dict(RULES)
SYSTEM = "com.android.permissioncontroller"
GUESSED = dialog("permission", "allow", "deny", by_wording=True)
UNSURE = dialog("permission", "allow", "deny", certain=False)


@pytest.mark.parametrize("shown", [GUESSED, UNSURE])
def test_a_guessed_permission_before_consent_is_a_lead(shown: Dialog) -> None:
    best = strongest(RULE["M1-07"]([session(screens=[screen(1, 2, reading(shown), package=SYSTEM)])]))
    assert best is not None
    assert best.verdict is Verdict.LEAD


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (GUESSED, Verdict.NOT_OBSERVED),
        (UNSURE, Verdict.NOT_OBSERVED),
        (dialog("permission", "allow", "deny"), Verdict.CONFIRMED),
    ],
)
def test_a_guessed_permission_after_refusal_is_nothing(shown: Dialog, expected: Verdict) -> None:
    spans = (PhaseSpan(phase=Phase.REFUSED, from_ns=SECOND, to_ns=None, why=""),)
    asked = screen(2, 3, reading(shown), package=SYSTEM, phase=Phase.REFUSED)
    best = strongest(RULE["M1-11"]([session("S03", spans=spans, screens=[asked])]))
    assert best is not None
    assert best.verdict is expected


def test_a_guessed_permission_is_answered_by_nobody() -> None:
    assert permission_dialog(reading(GUESSED)) is None
    assert plan_permission(reading(GUESSED), allow=True) is None
    assert permission_dialog(reading(dialog("permission", "allow", "deny"))) is not None
