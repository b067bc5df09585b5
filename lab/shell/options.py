"""Reads command-line options as toybox does, and says what is wrong in its words."""

from dataclasses import dataclass
from getopt import GetoptError, gnu_getopt

from lab.shell.context import Context

__all__ = ["Options", "OptionsError", "read_options"]


class OptionsError(Exception):
    """The command line is wrong; the message is what to print."""


@dataclass(frozen=True, slots=True)
class Options:
    """Letters given, values of those that take one, and the remaining words."""

    flags: frozenset[str]
    values: dict[str, str]
    words: tuple[str, ...]

    def has(self, letter: str) -> bool:
        """Was -letter given?"""
        return letter in self.flags

    def number(self, letter: str, default: int) -> int:
        """The value of -letter as a number."""
        text = self.values.get(letter, "")
        return int(text) if text.lstrip("+-").isdecimal() else default


def read_options(context: Context, letters: str) -> Options:
    """`letters` as for getopt. Raises OptionsError."""
    try:
        pairs, words = gnu_getopt(list(context.arguments[1:]), letters)
    except GetoptError as error:
        letter = error.opt[:1]
        raise OptionsError(f"{context.name}: Unknown option '{letter}' (see \"{context.name} --help\")") from error
    values = {name.lstrip("-"): value for name, value in pairs}
    return Options(frozenset(values), values, tuple(words))
