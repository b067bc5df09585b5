"""The commands of casework, as they are typed. Each imports what it needs when it runs.

Add here ⇒ describe it in docs/operating.md.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["register"]

Json = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]
Signed = Annotated[str, typer.Option("--as", help="Who decides: a person's name.")]
Key = Annotated[Path | None, typer.Option(help="That person's own Ed25519 key, PEM.")]
Reason = Annotated[str, typer.Option(help="Why, in the person's words.")]

case_app = typer.Typer(help="How a case goes on: notice, reply, retest, closing.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command()(seal)
    app.command()(review)
    app.command()(retest)
    app.add_typer(case_app, name="case")


def seal(
    case: Path,
    by: Annotated[str, typer.Option("--as", help="Who closes it; the user's name if none.")] = "",
    json_output: Json = False,
) -> None:
    """Close a case whose inspection was killed: seal it as what it is, judge it, report it."""
    from crawler.cli.sealing import seal_command

    seal_command(case, by, json_output)


def review(
    case: Path,
    action: Annotated[str | None, typer.Argument(help="accept, dismiss or rerun; lists when not given.")] = None,
    finding: Annotated[str | None, typer.Argument(help="The finding, as the list names it.")] = None,
    name: Signed = "",
    key: Key = None,
    reason: Reason = "",
    everything: Annotated[bool, typer.Option("--all", help="List what says nothing against the app as well.")] = False,
    json_output: Json = False,
) -> None:
    """Look at what was found, and sign what you say about it."""
    from crawler.cli.review import review_command

    review_command(case, action, finding, name, key, reason, everything, json_output)


def retest(
    old: Annotated[Path, typer.Argument(metavar="OLD_CASE", help="The earlier round.")],
    new: Annotated[Path, typer.Argument(metavar="NEW_CASE", help="The later round of the same app.")],
    html: Annotated[Path | None, typer.Option(help="Write the comparison as a page.")] = None,
    json_output: Json = False,
) -> None:
    """Hold two rounds of one app side by side: fixed, still there, new, not testable now."""
    from crawler.cli.retest import retest_command

    retest_command(old, new, html, json_output)


@case_app.command("show")
def case_show(
    case: Path,
    on: Annotated[str | None, typer.Option(help="Count deadlines as of this day, YYYY-MM-DD; today if none.")] = None,
    json_output: Json = False,
) -> None:
    """Say where a case stands, how it came there and where it may go."""
    from crawler.cli.cases import case_show_command

    case_show_command(case, on, json_output)


@case_app.command("event")
def case_event(
    case: Path,
    to: Annotated[str, typer.Argument(metavar="STATE", help="What the case becomes; `case show` lists what may be.")],
    name: Signed = "",
    key: Key = None,
    reason: Reason = "",
    on: Annotated[str | None, typer.Option(help="The day on which it happened, YYYY-MM-DD; today if none.")] = None,
    deadline: Annotated[str | None, typer.Option(help="Of a notice: the last day, YYYY-MM-DD.")] = None,
    working_days: Annotated[
        int | None, typer.Option(min=1, max=250, help="The same, in working days of China.")
    ] = None,
    version: Annotated[str | None, typer.Option(help="Of a fixed version: which.")] = None,
    retest: Annotated[Path | None, typer.Option(help="Of a retest: its case.")] = None,
    outcome: Annotated[str | None, typer.Option(help="Of a retest: passed, failed or unclear.")] = None,
    ground: Annotated[str | None, typer.Option(help="evasion, repeat, refusal, fraud or mistake.")] = None,
    document: Annotated[
        Path | None, typer.Option(help="A file that belongs to it; its digest is signed along.")
    ] = None,
    json_output: Json = False,
) -> None:
    """Sign that a case moves on."""
    from crawler.cli.cases import case_event_command

    said = {"deadline": deadline, "version": version, "outcome": outcome, "ground": ground}
    more = {field: value for field, value in said.items() if value is not None}
    case_event_command(case, to, name, key, reason, on, more, retest, document, working_days, json_output)
