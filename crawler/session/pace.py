"""How long a session waits: settings that a person can read, change and find again in the record."""

from __future__ import annotations

import tomllib
from dataclasses import asdict, dataclass, fields
from importlib import resources

__all__ = ["Pace", "PaceUnknown", "load_pace", "pace_names"]


class PaceUnknown(ValueError):
    """No pace of that name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Waits in whole seconds (or milliseconds where the name says so); every field is explained in data/pace.toml."""

    name: str
    first_screen_seconds: int
    settle_seconds: int
    reaction_ms: int
    prompt_watch_seconds: int
    prompt_wait_seconds: int
    quiet_seconds: int
    cold_start_cap_seconds: int
    refusal_rounds: int
    after_refusal_seconds: int
    idle_seconds: int
    explore_actions: int
    explore_seconds: int
    look_interval_ms: int
    trail_seconds: int

    def as_fact(self) -> dict[str, int | str]:
        """The settings as they go into SessionOpened."""
        return asdict(self)


def _table() -> dict[str, dict[str, int]]:
    text = resources.files("crawler.session").joinpath("data/pace.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def pace_names() -> tuple[str, ...]:
    """The paces there are."""
    return tuple(_table())


def load_pace(name: str, **overrides: int) -> Pace:
    """The pace of that name, with some settings changed. Raises PaceUnknown naming the paces or settings there are."""
    table = _table()
    if name not in table:
        raise PaceUnknown(f"there is no pace '{name}': choose one of {', '.join(table)}")
    known = {field.name for field in fields(Pace)} - {"name"}
    unknown = sorted(set(overrides) - known)
    if unknown:
        raise PaceUnknown(f"no such setting: {', '.join(unknown)}; there are {', '.join(sorted(known))}")
    return Pace(name=name, **{**table[name], **overrides})
