"""The rules, one visible tuple. A rule is data (data/rules.toml) plus one pure function over the readings of all sessions.

Add here ⇒ describe it in data/rules.toml and docs/rules.md, with a case that fires and a near miss in the tests.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from crawler.judge.model import Finding
from crawler.judge.readings import SessionReadings
from crawler.judge.rules.asking import keeps_asking_after_refusal, permission_before_consent
from crawler.judge.rules.collecting import (
    app_collects_before_consent,
    collects_after_refusal,
    sdk_collects_before_consent,
)
from crawler.judge.rules.prompting import no_clear_choice, no_prompt_at_first_run, ticked_by_default

__all__ = ["RULES"]

Rule = Callable[[Sequence[SessionReadings]], tuple[Finding, ...]]

RULES: tuple[tuple[str, Rule], ...] = (
    ("M1-01", no_prompt_at_first_run),
    ("M1-05", app_collects_before_consent),
    ("M1-06", sdk_collects_before_consent),
    ("M1-07", permission_before_consent),
    ("M1-09", ticked_by_default),
    ("M1-10", no_clear_choice),
    ("M1-11", collects_after_refusal),
    ("M1-12", keeps_asking_after_refusal),
)
