"""What commands answer: text for people, one document for scripts, nothing from an app as markup."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console
from rich.progress import Progress, TextColumn

from crawler.batch import run as run_module
from crawler.batch.catalogue import CatalogueRow, FaultyRow
from crawler.batch.store import BatchRow, SqliteStore
from crawler.cli import batches, output
from crawler.cli.batches import findings_table, run_with_progress
from crawler.cli.output import print_json, printable, say, show
from crawler.judge.rules import RULES
from evidence.verify import verify
from tests.crawler.batch.test_run import MADE_WORKER, ROOT, alive, pids, workers
from tests.crawler.cli.conftest import Command
from tests.crawler.report.hostile import HOSTILE
from tests.crawler.report.made_case import build_case as build_film
from tests.evidence.cases import build_case, build_sealed

RULE_IDS = [rule for rule, _ in RULES]

# ------------------------------------------------------------------ verify


def test_verify_says_that_a_case_is_as_sealed(command: Command, tmp_path: Path) -> None:
    case = build_sealed(tmp_path / "case")
    for named in (case, case / "record", tmp_path):
        ended = command("verify", named)
        assert ended.code == 0
        assert ended.out.startswith(f"ok      {case}")
        assert ended.err == ""


def test_verify_lists_every_fault_of_a_damaged_case(command: Command, tmp_path: Path) -> None:
    case = build_sealed(tmp_path / "case")
    lane = next(case.rglob("traffic.jsonl"))
    lane.write_bytes(lane.read_bytes()[:-30])
    blob = next(path for path in (case / "record" / "blobs").rglob("*") if path.is_file())
    blob.write_bytes(b"changed")
    (case / "record" / "stranger").write_text("x")
    (case / "report.html").write_text("another report")
    faults = verify(case).faults
    assert len(faults) >= 4
    ended = command("verify", case)
    assert ended.code == 1
    assert f"DAMAGED {case}" in ended.out
    for fault in faults:
        assert str(fault) in ended.out
        assert fault.mend in ended.out
    document = command("verify", case, "--json").document
    assert len(document[str(case)]["faults"]) == len(faults)
    assert document[str(case)]["ok"] is False


def test_verify_checks_all_cases_below_a_folder(command: Command, tmp_path: Path) -> None:
    good, bad = build_sealed(tmp_path / "night" / "a"), build_sealed(tmp_path / "night" / "b")
    (bad / "record" / "seal.json").unlink()
    ended = command("verify", tmp_path, "--json")
    assert ended.code == 1
    assert {name: result["ok"] for name, result in ended.document.items()} == {str(good): True, str(bad): False}


def test_verify_refuses_keys_that_are_not_trusted(command: Command, tmp_path: Path) -> None:
    case = build_sealed(tmp_path / "case")
    key = verify(case).key
    assert command("verify", case, "--key", key or "").code == 0
    assert command("verify", case, "--key", "ab" * 32).code == 1


def test_verify_of_nothing(command: Command, tmp_path: Path) -> None:
    assert command("verify", tmp_path).code == 65
    assert command("verify", tmp_path / "absent").code == 65


# ------------------------------------------------------------------ judge


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_film(tmp_path_factory.mktemp("film") / "case")


def test_judge_answers_every_rule(command: Command, film: Path) -> None:
    ended = command("judge", film, "--json")
    assert ended.code == 0
    assert [row["rule"] for row in ended.document["rules"]] == RULE_IDS
    assert ended.document["report"] == str(film / "report.html")
    ended = command("judge", film)
    assert all(rule in ended.out for rule in RULE_IDS)
    assert f"report: {film / 'report.html'}\n" in ended.out
    assert "confirmed" in ended.out
    assert "reading S01-cold-start" in ended.err
    assert command("verify", film).code == 0


def test_a_damaged_record_is_not_judged(command: Command, film: Path, tmp_path: Path) -> None:
    case = tmp_path / "case"
    shutil.copytree(film, case)
    lane = case / "record" / "sessions" / "S01-cold-start" / "ui.jsonl"
    lane.write_bytes(lane.read_bytes().replace("小鱼".encode(), "大鱼".encode(), 1))
    before = {path: path.read_bytes() for path in case.glob("*.*")}
    ended = command("judge", case)
    assert ended.code == 65
    assert "cannot be judged" in ended.err
    assert "S01-cold-start" in ended.err
    assert {path: path.read_bytes() for path in case.glob("*.*")} == before


def test_an_unsealed_record_is_not_judged(command: Command, tmp_path: Path) -> None:
    ended = command("judge", build_case(tmp_path / "case"))
    assert ended.code == 65
    assert "there is no seal" in ended.err


# ------------------------------------------------------------------ batch


@pytest.fixture
def made_worker(monkeypatch: pytest.MonkeyPatch, two_devices: tuple[str, str]) -> None:
    monkeypatch.setattr(run_module, "_WORKER", MADE_WORKER)
    monkeypatch.chdir(ROOT)


def catalogue(folder: Path, *rows: str) -> Path:
    path = folder / "catalogue.csv"
    path.write_text("package,label\n" + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return path


@pytest.mark.usefixtures("made_worker")
def test_a_batch_from_the_command_line(command: Command, tmp_path: Path) -> None:
    path, out = catalogue(tmp_path, "com.a.one,第一", "com.a.two,[bold]第二[/bold]"), tmp_path / "out"
    ended = command("batch", "run", path, "--out", out)
    assert ended.code == 0
    assert "[2/2] done: " in ended.err
    assert "[bold]第二[/bold]" in ended.out
    assert f"index: {out / 'index.html'}\n" in ended.out
    assert "not used: three is unauthorized" in ended.err
    status = command("batch", "status", out, "--json")
    assert status.code == 0
    assert [(app["package"], app["status"]) for app in status.document["apps"]] == [
        ("com.a.one", "done"),
        ("com.a.two", "done"),
    ]
    again = command("batch", "run", path, "--out", out, "--json")
    assert again.document["apps"] == status.document["apps"]


@pytest.mark.usefixtures("made_worker")
def test_a_batch_with_faulty_rows_ends_with_one(command: Command, tmp_path: Path) -> None:
    path = catalogue(tmp_path, "com.a.one,ok", "not a package,x,y")
    ended = command("batch", "run", path, "--out", tmp_path / "out", "--json", "-d", "one", "-d", "one")
    assert ended.code == 1
    apps = ended.document["apps"]
    assert [app["status"] for app in apps] == ["done", "set_aside"]
    assert "3 fields" in apps[1]["reason"]
    assert "no Android package name" in apps[1]["reason"]
    assert apps[0]["device"] == "one"


@pytest.mark.usefixtures("made_worker")
def test_a_lost_device_is_told_and_the_index_is_there(command: Command, tmp_path: Path) -> None:
    path = catalogue(tmp_path, "com.a.one,lost", "com.a.two,ok")
    ended = command("batch", "run", path, "--out", tmp_path / "out", "-d", "one")
    assert ended.code == 1
    assert "device one: device x is gone" in ended.err
    assert (tmp_path / "out" / "index.html").is_file()


@pytest.mark.usefixtures("made_worker")
def test_a_batch_that_another_process_runs(command: Command, tmp_path: Path) -> None:
    path, out = catalogue(tmp_path, "com.a.one,ok"), tmp_path / "out"
    out.mkdir()
    with (out / "batch.lock").open("w") as held:
        assert run_module._locked(held)
        ended = command("batch", "run", path, "--out", out)
    assert ended.code == 75
    assert "another process is running the batch" in ended.err


INTERRUPTED = """
import signal, sys
# A shell starts background jobs with SIGINT ignored, and then so would be the tests and this process.
signal.signal(signal.SIGINT, signal.default_int_handler)
from crawler.batch import run
from crawler.cli.main import main
from tests.crawler.batch.test_run import MADE_WORKER
run._WORKER = MADE_WORKER
main()
"""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)])
def test_a_signal_ends_the_workers_and_leaves_an_index(
    two_devices: tuple[str, str], tmp_path: Path, number: int, code: int
) -> None:
    path, out = catalogue(tmp_path, "com.a.one,slow", "com.a.two,slow"), tmp_path / "out"
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, "batch", "run", str(path), "--out", str(out)],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    )
    until(lambda: len(pids(out)) == 2)
    os.kill(process.pid, number)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == code, errors
    assert "brought back" in errors
    assert "Traceback" not in errors
    assert not any(alive(pid) for pid in pids(out))
    assert (out / "index.html").is_file()


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_progress_shows_one_line_for_each_device(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "batch.sqlite")
    store.add([CatalogueRow(line=n, package=f"com.a.app{n}", apk="", label=text) for n, text in enumerate(HOSTILE)], [])
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=100, emoji=False)
    with Progress(TextColumn("{task.description}", markup=False), console=console, auto_refresh=False) as progress:
        watch = batches._moving(progress)
        for _ in HOSTILE:
            row = store.claim("one", 1)
            assert row is not None
            store.note(row.id, HOSTILE[8])
            for _ in range(3):
                watch(store.rows())
            progress.refresh()
            store.finish(row.id, "done", "", "", 2)
        watch(store.rows())
        assert len(progress.tasks) == 2
        assert progress.tasks[0].completed == len(HOSTILE)
        assert not progress.tasks[1].visible
    shown = screen.getvalue()
    assert "[bold red]markup[/]" in shown
    assert "\u202e" not in shown
    assert "\x07" not in shown


def test_on_a_terminal_a_batch_runs_under_a_moving_line(
    monkeypatch: pytest.MonkeyPatch, made_worker: None, tmp_path: Path
) -> None:
    screen = io.StringIO()
    monkeypatch.setattr(batches, "CONSOLE", Console(file=screen, force_terminal=True, width=120))
    outcome = run_with_progress(catalogue(tmp_path, "com.a.one,ok"), tmp_path / "out", workers(tmp_path / "out", "one"))
    assert outcome.finished
    assert "apps" in screen.getvalue()


def test_a_table_takes_nothing_for_markup(tmp_path: Path) -> None:
    rows = [
        BatchRow(
            id=n, line=n, package=text, apk="", label=text, status="failed", reason="", device="", stage="", attempts=0,
            case_directory="",
        )
        for n, text in enumerate(HOSTILE)
    ]  # fmt: skip
    screen = io.StringIO()
    Console(file=screen, width=200).print(findings_table(tmp_path, rows))
    assert "[bold red]markup[/] \\[red]x[/red]" in screen.getvalue()
    assert not any(hidden in screen.getvalue() for hidden in "\u202e\x1b\x07\x00")


def test_a_status_with_damaged_judgements_is_told_all_the_same(command: Command, tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "batch.sqlite")
    store.add(
        [CatalogueRow(line=2, package="com.a.b", apk="", label="")], [FaultyRow(line=3, text="x", reasons=("no",))]
    )
    row = store.claim("one", 1)
    assert row is not None
    (tmp_path / "cases" / "x").mkdir(parents=True)
    (tmp_path / "cases" / "x" / "findings.json").write_text("{")
    store.finish(row.id, "done", "", "cases/x", 2)
    document = command("batch", "status", tmp_path, "--json").document
    assert [(app["status"], app["findings"]) for app in document["apps"]] == [("done", {}), ("set_aside", {})]


# ------------------------------------------------------------------ words


def test_nothing_from_an_app_moves_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    for text in HOSTILE:
        say(text)
        show(text)
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == len(HOSTILE)
    assert err == out
    assert "[bold red]markup[/] \\[red]x[/red] :warning:" in out
    assert all(character.isprintable() or character == "\n" for character in out)


def test_a_long_path_is_not_broken(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    show("report: /" + "long/" * 60)
    assert capsys.readouterr().out == "report: /" + "long/" * 60 + "\n"


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "gbk"])
def test_json_is_json_in_any_encoding(monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding))
    value = {"label": "澜庭 😀", "path": "a\udc80b", "list": list(HOSTILE)}
    print_json(value)
    assert json.loads(raw.getvalue().decode(encoding)) == value


def test_printable() -> None:
    assert printable("a\x1b[31m\u202eb\u2066c") == "a�[31m�b�c"
    assert printable("同意 😀") == "同意 😀"


def test_a_home_of_ones_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("APPWITNESS_HOME", str(tmp_path))
    assert output.home_directory() == tmp_path
    monkeypatch.delenv("APPWITNESS_HOME")
    assert output.home_directory().name == "appwitness"
