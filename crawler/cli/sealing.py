"""`seal`: closes a case whose inspection was killed."""

from __future__ import annotations

import getpass
from pathlib import Path

import typer

from crawler.cli.inspection import show_judgement
from crawler.cli.output import Exit, home_directory, print_json, say, show
from crawler.session.abandoned import close_abandoned
from evidence.clock import SystemClock
from evidence.keyring import sealing_key

__all__ = ["seal_command"]


def seal_command(case: Path, by: str, as_json: bool) -> None:
    """Close an abandoned case; exit 0, or 3 when a session in it is incomplete. Raises EvidenceError."""
    key = sealing_key(home_directory() / "keys")
    closed = close_abandoned(case, key, SystemClock(), by or _user(), say=lambda stage: say(f"  {stage}", "dim"))
    told: dict[str, object] = {
        "sealed_now": closed.sealed_now,
        "judged_now": closed.judgement is not None,
        "incomplete": [{"session": session, "reason": reason} for session, reason in closed.incomplete],
    }
    if closed.judgement is not None:
        show_judgement(closed.judgement, case, as_json, told)
    elif as_json:
        print_json({"case": str(case), **told})
    else:
        show(f"{case} was sealed and judged already; it is as it was")
    for session, reason in closed.incomplete:
        say(f"incomplete: {session}: {reason}", "yellow")
    if closed.sealed_now:
        say("the device may still be as the inspection left it: appwitness device restore", "yellow")
    if closed.incomplete:
        raise typer.Exit(Exit.INCOMPLETE)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as in a container
        return "unknown"
