"""The texts of the rules, loaded from data and checked on the way in."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any

from crawler.judge.model import RuleText

__all__ = ["load_rules"]


@cache
def load_rules() -> dict[str, RuleText]:
    """All rules by id. Raises ValueError naming every entry that lacks a field."""
    text = resources.files("crawler.judge").joinpath("data/rules.toml").read_text(encoding="utf-8")
    rules: dict[str, RuleText] = {}
    faults: list[str] = []
    for number, row in enumerate(tomllib.loads(text)["rules"]):
        try:
            rule = _rule(row)
        except TypeError as error:
            faults.append(f"rules[{number}]: {error}")
            continue
        rules[rule.id] = rule
    if faults:
        raise ValueError("; ".join(faults))
    return rules


def _rule(row: dict[str, Any]) -> RuleText:
    """A row of the file; TypeError naming a field that is missing or not known."""
    fields: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
    return RuleText(**fields)
