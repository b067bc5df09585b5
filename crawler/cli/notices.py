"""`notice`, `guide` and `selfcheck`, as they are typed. Each imports what it needs when it runs.

Add here ⇒ describe it in docs/operating.md.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["register"]

Json = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]
Language = Annotated[str, typer.Option("--lang", help="zh or en.")]
Out = Annotated[Path, typer.Option("--out", "-o", help="File to write.")]
Fonts = Annotated[Path | None, typer.Option(help="Folder of fonts for PDF; those of the system when not given.")]


def register(app: typer.Typer, bench: typer.Typer) -> None:
    """Add the commands, and the measurement below `bench`."""
    bench.command("notice")(bench_notice)
    app.command()(notice)
    app.command()(guide)
    app.command()(selfcheck)


def notice(
    case: Annotated[list[Path], typer.Argument(metavar="CASE", help="A reviewed case; several for a circular.")],
    kind: Annotated[str, typer.Option(help="rectification, reminder, takedown, closing, circular or reply-form.")],
    out: Out,
    language: Language = "zh",
    form: Annotated[str, typer.Option("--format", help="docx, pdf or html.")] = "docx",
    settings: Annotated[
        Path | None, typer.Option(help="Who writes to whom, TOML; notices.toml in AppWitness's home when not given.")
    ] = None,
    template: Annotated[Path | None, typer.Option(help="A template of your own for this format.")] = None,
    retest: Annotated[Path | None, typer.Option(help="The case of the corrected version.")] = None,
    date: Annotated[str, typer.Option(help="Day of the letter, YYYY-MM-DD; today in Beijing when not given.")] = "",
    deadline: Annotated[str, typer.Option(help="Last day, YYYY-MM-DD; counted in working days when not given.")] = "",
    draft: Annotated[
        bool, typer.Option("--draft", help="Also what nobody has accepted yet; marked on every page.")
    ] = False,
    fonts: Fonts = None,
    json_output: Json = False,
) -> None:
    """Write a letter about a case: what a person accepted, with its evidence."""
    from crawler.cli.letters import LetterWords, notice_command

    words = LetterWords(
        kind=kind, language=language, form=form, date=date, deadline=deadline, draft=draft, settings=settings,
        template=template, fonts=fonts,
    )  # fmt: skip
    notice_command(tuple(case), retest, out, words, json_output)


def guide(
    out: Out,
    language: Language = "zh",
    form: Annotated[str, typer.Option("--format", help="html, pdf or docx.")] = "html",
    fonts: Fonts = None,
    json_output: Json = False,
) -> None:
    """Write the compliance guide: every rule with its basis, typical cause, mend, proof and example screen."""
    from crawler.cli.advising import guide_command

    guide_command(language, form, out, fonts, json_output)


def selfcheck(
    target: Annotated[str, typer.Argument(metavar="APK_OR_PACKAGE", help="An APK file, or an installed package.")],
    device: Annotated[str | None, typer.Option("--device", "-d", help="Serial of the device, as adb names it.")] = None,
    out: Annotated[Path, typer.Option(help="Folder that gets the case.")] = Path("selfcheck"),
    form: Annotated[str, typer.Option("--format", help="text, json, sarif or html; on standard output.")] = "text",
    language: Language = "zh",
    pace: Annotated[str, typer.Option(help="standard: the waits the rules ask for; quick: shortened.")] = "standard",
    scenario: Annotated[list[str] | None, typer.Option(help="S01, S03, S05, S08; all when not given.")] = None,
    package: Annotated[str, typer.Option(help="Package name of the APK, when the device does not tell it.")] = "",
    upstream_proxy: Annotated[str | None, typer.Option(help="Proxy that leads to the world, http://HOST:PORT.")] = None,
    upstream_ca: Annotated[Path | None, typer.Option(help="Certificates (PEM) to trust behind that proxy.")] = None,
) -> None:
    """Inspect your own app before you submit it: what was seen, why it matters, how to mend it, how to prove that."""
    from crawler.cli.advising import selfcheck_command
    from crawler.cli.inspection import InspectionWords

    words = InspectionWords(
        target=target, device=device, out=out, pace=pace, scenario=scenario, package=package, upstream=upstream_proxy,
        upstream_ca=upstream_ca,
    )  # fmt: skip
    selfcheck_command(words, form, language)


def bench_notice(
    case: Annotated[Path, typer.Argument(help="A judged case.")],
    json_output: Json = False,
) -> None:
    """How long a whole notice about a case takes, in each format."""
    from crawler.cli.letters import bench_notice_command

    bench_notice_command(case, json_output)
