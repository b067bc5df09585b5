"""How commands speak: answers on standard output, as text or with --json as one document; sentences about how it goes, and
errors, on standard error. Exit codes are documented.
"""

from __future__ import annotations

import json
import os
import sys
from enum import IntEnum
from pathlib import Path

import typer
from platformdirs import user_data_path
from rich.console import Console
from rich.table import Table
from rich.text import Text

__all__ = [
    "CONSOLE",
    "RESULTS",
    "Exit",
    "fail",
    "failed",
    "home_directory",
    "print_json",
    "printable",
    "say",
    "show",
    "show_table",
]

CONSOLE = Console(stderr=True, highlight=False, emoji=False)
"""How it goes, and what went wrong."""
RESULTS = Console(highlight=False, emoji=False)
"""What was asked for."""
_PIPED_WIDTH = 200
"""Columns of a table that no terminal limits."""


class Exit(IntEnum):
    """Exit codes: 0 to 3 are ours, the rest are those of sysexits(3). Errors bring theirs along; see docs/operating.md."""

    OK = 0
    FAULTS = 1
    """verify found faults; a benchmark missed its goal; something was set aside or failed in a batch."""
    USAGE = 2
    INCOMPLETE = 3
    """The record was kept, but at least one session is incomplete."""
    INPUT = 65
    """A file or folder given to the command cannot be used."""
    INTERNAL = 70
    STORAGE = 74
    """The disk is full or fails."""
    BUSY = 75
    """Another process is doing this already."""
    INTERRUPTED = 130


def print_json(value: object) -> None:
    """One JSON document on standard output, whatever characters that can take."""
    text = json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(value, ensure_ascii=True, indent=1, sort_keys=True)
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def printable(text: str) -> str:
    """Text from an app, fit for a terminal: control and direction characters become a visible mark."""
    return "".join(character if character.isprintable() else "�" for character in text)


def say(text: str, style: str = "") -> None:
    """A sentence on standard error. Nothing in it is markup, and no path in it is broken over two lines."""
    CONSOLE.print(Text(printable(text), style=style), soft_wrap=True)


def show(text: str, style: str = "") -> None:
    """A line of the answer, on standard output."""
    RESULTS.print(Text(printable(text), style=style), soft_wrap=True)


def show_table(table: Table) -> None:
    """A table of the answer. Its cells are Text, so that nothing from an app is markup."""
    RESULTS.print(table, width=None if RESULTS.is_terminal else _PIPED_WIDTH)


def fail(message: str, mend: str = "", *, code: int, as_json: bool = False) -> typer.Exit:
    """Say what happened and what to do, and return the exit to raise."""
    if as_json:
        print_json({"error": message, "mend": mend, "exit_code": int(code)})
    else:
        for number, line in enumerate(message.splitlines() or [""]):
            say(f"appwitness: {line}" if number == 0 else f"  {line}", "bold red")
        if mend:
            say(f"  → {mend}")
    return typer.Exit(int(code))


def failed(error: Exception, *, as_json: bool = False) -> typer.Exit:
    """The same for an error that knows its own mend and exit code, as those of devices, record and capture do."""
    code = getattr(error, "exit_code", Exit.INTERNAL)
    return fail(str(error), str(getattr(error, "mend", "") or ""), code=int(code), as_json=as_json)


def home_directory() -> Path:
    """Where keys, the certificate authority and the device journals live: APPWITNESS_HOME, else the user's data folder."""
    named = os.environ.get("APPWITNESS_HOME", "")
    return Path(named) if named else user_data_path("appwitness", appauthor=False)
