"""All commands in one place. Each imports what it needs when it runs, so that `appwitness --help` answers at once.

Add here ⇒ describe it in docs/operating.md.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from crawler.cli import casework, notices
from crawler.cli.keeping import add_commands
from crawler.cli.output import CONSOLE, Exit, fail, failed

__all__ = ["app", "main"]

app = typer.Typer(
    name="appwitness",
    help="Inspects Android apps before and after consent, and keeps proof.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
lab_app = typer.Typer(
    help="The laboratory: a virtual Android device for demonstrations and tests.", no_args_is_help=True
)
bench_app = typer.Typer(help="Measurements. Each prints JSON with --json.", no_args_is_help=True)
batch_app = typer.Typer(help="Many apps on all attached devices.", no_args_is_help=True)
device_app = typer.Typer(help="One attached device.", no_args_is_help=True)
app.add_typer(lab_app, name="lab")
app.add_typer(bench_app, name="bench")
app.add_typer(batch_app, name="batch")
app.add_typer(device_app, name="device")
add_commands(app, bench_app)

Json = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]
Device = Annotated[str | None, typer.Option("--device", "-d", help="Serial of the device, as adb names it.")]
PaceOption = Annotated[
    str,
    typer.Option(
        help="standard: the waits the rules ask for; brisk: shortened, for benchmarks; quick: for a demonstration."
    ),
]
Upstream = Annotated[str | None, typer.Option(help="Proxy that leads to the world, http://HOST:PORT.")]
UpstreamCa = Annotated[Path | None, typer.Option(help="Certificates (PEM) to trust behind that proxy.")]


@app.command()
def devices(json_output: Json = False) -> None:
    """List attached devices."""
    from crawler.cli.devices import list_devices_command

    list_devices_command(json_output)


@app.command()
def doctor(device: Device = None, json_output: Json = False) -> None:
    """Say what is missing and how to mend it."""
    from crawler.cli.devices import doctor_command

    doctor_command(device, json_output)


@device_app.command("restore")
def device_restore(device: Device = None, json_output: Json = False) -> None:
    """Undo every setting that an interrupted inspection left changed on a device."""
    from crawler.cli.devices import restore_command

    restore_command(device, json_output)


@app.command()
def inspect(
    target: Annotated[str, typer.Argument(metavar="PACKAGE_OR_APK", help="An installed package, or an APK file.")],
    device: Device = None,
    out: Annotated[Path, typer.Option(help="Folder that gets the case.")] = Path("cases"),
    pace: PaceOption = "standard",
    scenario: Annotated[list[str] | None, typer.Option(help="S01, S03, S05, S08; all when not given.")] = None,
    package: Annotated[str, typer.Option(help="Package name of the APK, when the device does not tell it.")] = "",
    upstream_proxy: Upstream = None,
    upstream_ca: UpstreamCa = None,
    retest_of: Annotated[
        Path | None, typer.Option(help="The earlier case of this app: plays what had failed, and the core set.")
    ] = None,
    json_output: Json = False,
) -> None:
    """Inspect one app on one device and leave a sealed, judged case."""
    from crawler.cli.inspection import inspect_command

    inspect_command(target, device, out, pace, scenario, package, upstream_proxy, upstream_ca, json_output, retest_of)


@app.command()
def judge(case: Path, json_output: Json = False) -> None:
    """Judge a case again with the rules of today; the record stays as it is."""
    from crawler.cli.inspection import judge_command

    judge_command(case, json_output)


@app.command()
def explain(
    finding: Annotated[str, typer.Argument(help="M1-06, M1-06:2, or a finding's name as `review` lists it.")],
    case: Annotated[Path, typer.Option(help="Folder of the case.")] = Path(),
    json_output: Json = False,
) -> None:
    """Say how anybody gets, with standard tools, from the stored bytes to what a finding rests on."""
    from crawler.cli.explanation import explain_command

    explain_command(finding, case, json_output)


@app.command()
def verify(
    path: Path,
    key: Annotated[
        list[str] | None, typer.Option(help="Fingerprint of a key to trust; any key when not given.")
    ] = None,
    register: Annotated[
        Path | None, typer.Option(help="Register of keys to trust, with revocations: `keys export`.")
    ] = None,
    authority: Annotated[list[Path] | None, typer.Option(help="Certificates (PEM) of time stamps to trust.")] = None,
    json_output: Json = False,
) -> None:
    """Check a case or a bundle byte by byte, offline, and list every fault."""
    from crawler.cli.verification import verify_command

    verify_command(path, tuple(key or ()), json_output, register, tuple(authority or ()))


@batch_app.command("run")
def batch_run(
    catalogue: Annotated[
        Path, typer.Argument(metavar="CATALOGUE.csv", help="A column 'package' or 'apk', one app a line.")
    ],
    out: Annotated[Path, typer.Option(help="Folder of the batch; the same folder goes on where it was.")] = Path(
        "batch"
    ),
    device: Annotated[list[str] | None, typer.Option("--device", "-d", help="Only these devices.")] = None,
    pace: PaceOption = "standard",
    scenario: Annotated[list[str] | None, typer.Option(help="S01, S03, S05, S08; all when not given.")] = None,
    upstream_proxy: Upstream = None,
    upstream_ca: UpstreamCa = None,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Begin apps anew that failed before.")] = False,
    json_output: Json = False,
) -> None:
    """Inspect every app of a catalogue, on all attached devices in parallel."""
    from crawler.cli.batches import batch_run_command

    serials = tuple(device or ())
    batch_run_command(catalogue, out, serials, pace, scenario, upstream_proxy, upstream_ca, json_output, retry_failed)


@batch_app.command("status")
def batch_status(out: Annotated[Path, typer.Argument(help="Folder of the batch.")], json_output: Json = False) -> None:
    """Say where a batch stands."""
    from crawler.cli.batches import batch_status_command

    batch_status_command(out, json_output)


@app.command()
def demo(
    apps: Annotated[
        Path | None, typer.Option(help="Folder of lab apps; the catalogue that comes along when not given.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the cases; a new one when not given.")] = None,
    count: Annotated[int, typer.Option("--devices", min=1, max=8, help="How many lab devices.")] = 2,
    pace: PaceOption = "quick",
    json_output: Json = False,
) -> None:
    """Inspect the lab's whole catalogue on virtual devices and print what was found."""
    from crawler.cli.demo import demo_command

    demo_command(apps, out, count, pace, json_output)


@lab_app.command("start")
def lab_start(
    apps: Annotated[Path | None, typer.Option(help="Folder of lab apps.")] = None,
    count: Annotated[int, typer.Option("--devices", min=1, max=8)] = 1,
    profile: Annotated[str, typer.Option(help="Device profile.")] = "aosp13",
    directory: Annotated[
        Path | None, typer.Option(help="Folder for answer keys and logs; a new one when not given.")
    ] = None,
    json_output: Json = False,
) -> None:
    """Start lab devices and attach them to adb until Ctrl-C."""
    from crawler.cli.demo import lab_start_command

    lab_start_command(apps, count, profile, directory, json_output)


@bench_app.command("lab")
def bench_lab(
    apps: Annotated[Path | None, typer.Option(help="Folder of lab apps.")] = None,
    runs: Annotated[int, typer.Option(min=1, max=100, help="How many runs in a row.")] = 1,
    count: Annotated[int, typer.Option("--devices", min=1, max=8)] = 4,
    pace: PaceOption = "brisk",
    out: Annotated[Path | None, typer.Option(help="Folder for the cases; a new one when not given.")] = None,
    json_output: Json = False,
) -> None:
    """Hold findings against the lab's answer key: precision, recall, one row per app and rule."""
    from crawler.cli.bench_lab import bench_lab_command

    bench_lab_command(apps, runs, count, pace, out, json_output)


@bench_app.command("screens")
def bench_screens(
    data: Annotated[Path, typer.Option(help="Folder of labelled screens.")],
    engine: Annotated[
        list[str] | None, typer.Option(help="OCR engine; give it several times to measure them side by side.")
    ] = None,
    hierarchy: Annotated[bool, typer.Option(help="Give the hierarchy to the reader where there is one.")] = True,
    pixels: Annotated[bool, typer.Option(help="Give the screenshot to the reader where there is one.")] = True,
    baseline: Annotated[bool, typer.Option(help="Apply published rules to the same texts as well.")] = False,
    every: Annotated[int, typer.Option(min=1, help="Read only every n-th screen.")] = 1,
    json_output: Json = False,
) -> None:
    """Hold the reading of screens against labels."""
    from crawler.cli.bench_others import screens_command

    how = {"use_hierarchy": hierarchy, "use_pixels": pixels, "baseline": baseline, "every": every}
    screens_command(data, engine or ["default"], how, json_output)


@bench_app.command("traffic")
def bench_traffic(
    har: Annotated[Path, typer.Option(help="Captured requests, HAR.")],
    truth: Annotated[Path, typer.Option(help="What is in them, JSON.")],
    device: Annotated[Path, typer.Option(help="The device's values, JSON.")],
    json_output: Json = False,
) -> None:
    """Hold detection against requests whose content is known."""
    from crawler.cli.bench_others import traffic_command

    traffic_command(har, truth, device, json_output)


@bench_app.command("proxy")
def bench_proxy(json_output: Json = False) -> None:
    """What the capture costs beside plain mitmproxy, in one run."""
    from crawler.cli.bench_others import proxy_command

    proxy_command(json_output)


@app.command("read")
def read(
    image: Annotated[Path, typer.Argument(help="A screenshot, PNG or JPEG.")],
    hierarchy: Annotated[Path | None, typer.Option(help="The hierarchy of the same moment, XML.")] = None,
    annotate: Annotated[Path | None, typer.Option(help="Write the screenshot with what was understood, PNG.")] = None,
    second_look: Annotated[bool, typer.Option(help="Read with the better engines as well.")] = False,
) -> None:
    """Print what a screen shows, as JSON."""
    from crawler.cli.bench_others import read_command

    read_command(image, hierarchy, annotate, second_look)


casework.register(app)
notices.register(app, bench_app)


def main() -> None:
    """The process's boundary: what no command foresaw becomes a sentence, something to do, and an exit code."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end)
    try:
        app()
    except Exception as error:  # the named boundary of the command line
        sys.exit(_told(error, as_json="--json" in sys.argv).exit_code)


def _end(number: int, frame: FrameType | None) -> None:
    """End as Ctrl-C does, so that devices are brought back. Once: a second signal must not break that off."""
    for other in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(other, signal.SIG_IGN)
    raise SystemExit(128 + number)


def _told(error: Exception, *, as_json: bool) -> typer.Exit:
    if getattr(error, "exit_code", None) is not None:
        return failed(error, as_json=as_json)
    if isinstance(error, FileExistsError):
        message = f"{error.filename} exists already"
        return fail(message, "Choose another folder with --out.", code=Exit.INPUT, as_json=as_json)
    if isinstance(error, OSError):
        from evidence.errors import storage_failure

        return failed(storage_failure(Path(str(error.filename or ".")), error), as_json=as_json)
    CONSOLE.print_exception()
    mend = "This is a fault of ours: report it with the lines above."
    return fail(f"{type(error).__name__}: {error}", mend, code=Exit.INTERNAL, as_json=as_json)
