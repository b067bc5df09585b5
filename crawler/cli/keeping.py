"""The commands that keep, hand on and remove evidence, as they stand on the command line.

Each imports what it needs when it runs. Add here ⇒ describe it in docs/operating.md.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["add_commands"]

Json = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]
Case = Annotated[Path, typer.Argument(help="A case folder.")]
Cases = Annotated[Path, typer.Argument(help="A case folder, or a folder of cases.")]
KeyName = Annotated[str, typer.Option(help="What people call the key.")]
By = Annotated[str, typer.Option(help="Who does it: the name that the document carries.")]
Reason = Annotated[str, typer.Option(help="Why: stands in the document.")]

keys_app = typer.Typer(help="The keys that seal cases and bundles.", no_args_is_help=True)


def add_commands(app: typer.Typer, bench_app: typer.Typer) -> None:
    """Add them to the command line."""
    app.add_typer(keys_app, name="keys")
    for command in (bundle, export, timestamp, redact, purge):
        app.command()(command)
    bench_app.command("evidence")(bench_evidence)


@keys_app.command("new")
def keys_new(name: KeyName = "", json_output: Json = False) -> None:
    """Make the first key."""
    from crawler.cli.keys import new_command

    new_command(name, json_output)


@keys_app.command("list")
def keys_list(json_output: Json = False) -> None:
    """List fingerprints, names and lives of all keys."""
    from crawler.cli.keys import list_command

    list_command(json_output)


@keys_app.command("rotate")
def keys_rotate(name: KeyName = "", json_output: Json = False) -> None:
    """Seal with a new key from now on; the old public key still verifies what it sealed."""
    from crawler.cli.keys import rotate_command

    rotate_command(name, json_output)


@keys_app.command("revoke")
def keys_revoke(
    key: Annotated[str, typer.Argument(help="Name, fingerprint, or at least 8 digits of it.")],
    reason: Annotated[str, typer.Option(help="Why it must not be believed any more.")],
    since: Annotated[str, typer.Option(help="Since when, 2027-01-31 or with a time; now when not given.")] = "",
    json_output: Json = False,
) -> None:
    """Say that nothing sealed with a key since a moment is to be believed."""
    from crawler.cli.keys import revoke_command

    revoke_command(key, reason, since, json_output)


@keys_app.command("export")
def keys_export(
    out: Annotated[Path | None, typer.Option("--out", "-o", help="File for the register of public keys.")] = None,
    json_output: Json = False,
) -> None:
    """Write the register of public keys, for `verify --register`."""
    from crawler.cli.keys import export_command

    export_command(out, json_output)


def bundle(
    case: Case,
    packed: Annotated[bool, typer.Option("--zip", help="One .zip instead of a folder.")] = False,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Name of the bundle; not there yet.")] = None,
    json_output: Json = False,
) -> None:
    """Make one self-contained bundle of a case, to be kept and handed on."""
    from crawler.cli.bundles import bundle_command

    bundle_command(case, packed, out, json_output)


def export(
    cases: Annotated[list[Path], typer.Argument(help="Cases, or folders of cases.")],
    form: Annotated[str, typer.Option("--format", "-f", help="har, mitm, xlsx, csv, sarif or json.")],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="The file to write.")] = None,
    json_output: Json = False,
) -> None:
    """Write requests or findings for other programs."""
    from crawler.cli.bundles import export_command

    export_command(cases, form, out, json_output)


def timestamp(
    path: Cases,
    authority: Annotated[str, typer.Option(help="Address of the authority; else that of timestamp.toml.")] = "",
    root: Annotated[list[Path] | None, typer.Option(help="Certificates (PEM) that its stamps must lead to.")] = None,
    retry: Annotated[bool, typer.Option("--retry", help="Only cases that wait for a stamp.")] = False,
    json_output: Json = False,
) -> None:
    """Have an outside authority stamp the time of a case's seal (RFC 3161)."""
    from crawler.cli.bundles import timestamp_command

    timestamp_command(path, authority, tuple(root or ()), retry, json_output)


def redact(
    case: Case,
    by: By,
    reason: Reason,
    blob: Annotated[list[str] | None, typer.Option(help="SHA-256 of a blob to remove.")] = None,
    request: Annotated[list[str] | None, typer.Option(help="SESSION:FLOW, such as S01-cold-start:f3.")] = None,
    json_output: Json = False,
) -> None:
    """Remove bodies or pictures from a case, documented, with the rest still provable."""
    from crawler.cli.bundles import redact_command

    redact_command(case, tuple(blob or ()), tuple(request or ()), by, reason, json_output)


def purge(
    path: Cases,
    keep_until: Annotated[str, typer.Option(help="Say until when the case is kept, and remove nothing.")] = "",
    older_than: Annotated[int | None, typer.Option(min=1, help="Days, for cases without a date of their own.")] = None,
    by: By = "",
    reason: Reason = "",
    yes: Annotated[bool, typer.Option("--yes", help="Remove; else the cases are only listed.")] = False,
    json_output: Json = False,
) -> None:
    """Remove the blobs of cases that need not be kept any longer; what was removed stays documented."""
    from crawler.cli.bundles import PurgeChoice, purge_command

    choice = PurgeChoice(keep_until=keep_until, older_than=older_than, confirmed=yes, by=by, reason=reason)
    purge_command(path, choice, json_output)


def bench_evidence(
    case: Annotated[Path | None, typer.Option(help="A case; a small made one when not given.")] = None,
    changes: Annotated[int, typer.Option(min=1, max=1_000_000, help="Random changes of a sealed bundle.")] = 2000,
    copies: Annotated[int, typer.Option(min=1, max=100_000, help="Untouched bundles.")] = 200,
    seed: Annotated[int, typer.Option(help="Same seed, same changes.")] = 1,
    speed: Annotated[bool, typer.Option(help="Also verify 200 MB beside sha256sum.")] = True,
    json_output: Json = False,
) -> None:
    """Change sealed bundles at random: every change must be refused, no untouched bundle may be."""
    from crawler.cli.bundles import bench_evidence_command

    bench_evidence_command(case, changes, copies, seed, speed, json_output)
