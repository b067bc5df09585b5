"""How commands speak: sentences for people on standard error, JSON for scripts on standard output, documented exit codes."""

from __future__ import annotations

import json
import os
import sys
from enum import IntEnum
from pathlib import Path

import typer
from platformdirs import user_data_path
from rich.console import Console

__all__ = ["CONSOLE", "Exit", "fail", "home_directory", "print_json", "printable"]

CONSOLE = Console(stderr=True, highlight=False)


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
    STORAGE = 74
    """The disk is full or the folder cannot be written."""
    BUSY = 75
    """Another process is doing this already."""
    INTERNAL = 70


def print_json(value: object) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n")


def printable(text: str) -> str:
    """Text from an app, fit for a terminal: control and direction characters become a visible mark."""
    hidden = "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    return "".join(c if c.isprintable() and c not in hidden else "�" for c in text)


def fail(message: str, mend: str = "", *, code: int, as_json: bool = False) -> typer.Exit:
    """Say what happened and what to do, and return the exit to raise."""
    if as_json:
        print_json({"error": message, "mend": mend, "exit_code": int(code)})
    else:
        CONSOLE.print(f"appwitness: {printable(message)}", style="bold red", markup=False)
        if mend:
            CONSOLE.print(f"  → {printable(mend)}", markup=False)
    return typer.Exit(int(code))


def home_directory() -> Path:
    """Where keys, the certificate authority and the device journals live: APPWITNESS_HOME, else the user's data folder."""
    named = os.environ.get("APPWITNESS_HOME", "")
    return Path(named) if named else user_data_path("appwitness", appauthor=False)
