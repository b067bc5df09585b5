"""The words on system windows, by language."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["DATA", "Wording", "load_wording"]

DATA = Path(__file__).parent / "data"


class Wording:
    """One language's words. A group nobody wrote a sentence for gets the general one."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        self._table = table

    def permission(self, group: str, app: str) -> str:
        sentences = self._table["permission"]
        return str(sentences.get(group) or sentences["OTHER"]).replace("{app}", app)

    def button(self, name: str) -> str:
        return str(self._table["button"][name])

    def title(self, name: str, app: str) -> str:
        return str(self._table["title"][name]).replace("{app}", app)

    def section(self, name: str) -> Mapping[str, Any]:
        """A whole table, such as `home` or `settings`."""
        section: Mapping[str, Any] = self._table[name]
        return section


@functools.cache
def load_wording(language: str) -> Wording:
    """The words of a language; English for one nobody translated."""
    tables = tomllib.loads((DATA / "wording.toml").read_text(encoding="utf-8"))
    return Wording(tables.get(language) or tables["en"])
