"""Reads TOML tables strictly: every fault is collected with its place, unknown keys are refused."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

__all__ = ["Fault", "TableReader"]


@dataclass(frozen=True, slots=True)
class Fault:
    """Where something is wrong, what is wrong, and how to mend it."""

    place: str
    what: str
    mend: str


_REQUIRED: Final = object()


class TableReader:
    """Takes keys out of one table. Each getter returns a usable value even after a fault, so that reading goes on."""

    def __init__(self, place: str, table: Mapping[str, Any], faults: list[Fault]) -> None:
        self.place = place
        self._table = table
        self._faults = faults
        self._known: set[str] = set()

    def fault(self, key: str, what: str, mend: str) -> None:
        """Note a fault at `key` of this table."""
        separator = ": " if self.place.endswith(".toml") else "."
        self._faults.append(Fault(f"{self.place}{separator}{key}", what, mend))

    def text(self, key: str, *, pattern: str = "", default: Any = _REQUIRED, example: str = "") -> str:
        """A string that matches `pattern` completely."""
        value = self._get(key, default, example)
        if value is None:
            return ""
        if not isinstance(value, str) or (default is _REQUIRED and not value.strip()):
            self.fault(key, "is not a text" if not isinstance(value, str) else "is empty", f'write {key} = "{example}"')
            return ""
        if pattern and not re.fullmatch(pattern, value):
            self.fault(key, f"{value!r} has the wrong form", f"like {example}" if example else f"must match {pattern}")
        return value

    def integer(self, key: str, *, default: Any = _REQUIRED, minimum: int, maximum: int) -> int:
        """An integer between the bounds."""
        value = self._get(key, default, str(minimum))
        if value is None:
            return minimum
        if not isinstance(value, int) or isinstance(value, bool):
            self.fault(key, f"{value!r} is not an integer", f"write a number from {minimum} to {maximum}")
            return minimum
        if not minimum <= value <= maximum:
            self.fault(key, f"{value} is out of range", f"write a number from {minimum} to {maximum}")
        return value

    def flag(self, key: str, *, default: bool = False) -> bool:
        """true or false."""
        value = self._get(key, default, "true")
        if not isinstance(value, bool):
            self.fault(key, f"{value!r} is neither true nor false", f"write {key} = true or false")
            return default
        return value

    def choice(self, key: str, choices: tuple[str, ...], *, default: Any = _REQUIRED, strip: str = "") -> str:
        """One of `choices`; a closing `strip` is ignored."""
        value = self._get(key, default, choices[0])
        if value is None:
            return choices[0]
        chosen = value.removesuffix(strip) if isinstance(value, str) else value
        if chosen not in choices:
            near = get_close_matches(str(chosen), choices, 3, 0.3) or choices[:3]
            self.fault(key, f"{value!r} is not one of the {len(choices)} possible", f"for example {', '.join(near)}")
            return choices[0]
        return str(chosen)

    def texts(self, key: str, *, pattern: str = "") -> tuple[str, ...]:
        """A list of strings, each matching `pattern`."""
        value = self._get(key, [], "[]")
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            self.fault(key, "is not a list of texts", f'write {key} = ["...", "..."]')
            return ()
        for each in value:
            if pattern and not re.fullmatch(pattern, each):
                self.fault(key, f"{each!r} has the wrong form", f"every entry must match {pattern}")
        return tuple(value)

    def table(self, key: str) -> "TableReader":
        """A nested table; an absent one reads as empty."""
        value = self._get(key, {}, "{}")
        if not isinstance(value, dict):
            self.fault(key, "is not a table", f"write [{key}] on its own line")
            value = {}
        return self._nested(key, value)

    def tables(self, key: str, *, required: bool = False) -> tuple["TableReader", ...]:
        """An array of tables."""
        value = self._get(key, [], "[]")
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            self.fault(key, "is not an array of tables", f"write [[{key}]] before each entry")
            return ()
        if required and not value:
            self.fault(key, "is missing", f"write at least one [[{key}]]")
        return tuple(self._nested(f"{key}[{index}]", each) for index, each in enumerate(value))

    def values(self, key: str) -> dict[str, str]:
        """A free table of texts (keys are not checked)."""
        value = self._get(key, {}, "{}")
        if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
            self.fault(key, "is not a table of texts", f"write [{key}] with text values")
            return {}
        return dict(value)

    def close(self) -> None:
        """Refuse the keys nobody asked for."""
        for key in self._table:
            if key not in self._known:
                near = get_close_matches(key, sorted(self._known), 1, 0.6)
                mend = f"did you mean {near[0]}?" if near else f"known here: {', '.join(sorted(self._known))}"
                self.fault(key, "is not a known key", mend)

    def _nested(self, key: str, table: dict[str, Any]) -> "TableReader":
        separator = ": " if self.place.endswith(".toml") else "."
        return TableReader(f"{self.place}{separator}{key}", table, self._faults)

    def _get(self, key: str, default: Any, example: str) -> Any:
        self._known.add(key)
        if key in self._table:
            return self._table[key]
        if default is _REQUIRED:
            self.fault(key, "is missing", f"add {key}, like {example}" if example else f"add {key}")
            return None
        return default
