"""Imports go down only, rooms of one floor do not know each other, third-party libraries stay behind their walls."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FLOORS = {
    "crawler.cli": 6,
    "crawler.batch": 5,
    "crawler.console": 5,
    "crawler.session": 4,
    "crawler.explore": 3,
    "crawler.report": 3,
    "crawler.device": 2,
    "crawler.judge": 2,
    "traffic": 1,
    "screenshots": 1,
    "evidence": 0,
    "lab": -1,
}
WALLS = {
    "mitmproxy": ("traffic/capture/", "traffic/export.py", "traffic/authority.py"),
    "asyncio": ("traffic/capture/", "lab/"),
    "uiautomator2": ("crawler/device/",),
    "adbutils": ("crawler/device/", "crawler/cli/laboratory.py"),
    "cv2": ("screenshots/",),
    "rapidocr": ("screenshots/",),
    "onnxruntime": ("screenshots/",),
    "pytesseract": ("screenshots/",),
    "torch": ("screenshots/training.py",),
    "flask": ("crawler/console/",),
    "hyperscan": ("traffic/",),
    "ahocorasick_rs": ("traffic/",),
    "typer": ("crawler/cli/",),
    "rich": ("crawler/cli/",),
    "sqlite3": ("crawler/batch/",),
    "docx": ("crawler/report/",),
    "docxtpl": ("crawler/report/",),
    "typst": ("crawler/report/",),
    "openpyxl": ("crawler/report/",),
    "chinese_calendar": ("crawler/report/",),
    "rfc3161_client": ("crawler/report/",),
}


def sources() -> Iterator[Path]:
    for package in ("crawler", "evidence", "lab", "screenshots", "traffic"):
        yield from sorted((ROOT / package).rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room(module: str) -> str | None:
    return next((name for name in FLOORS if module == name or module.startswith(name + ".")), None)


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


@pytest.mark.parametrize("path", list(sources()), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_down_only(path: Path) -> None:
    here = room(module_of(path))
    if here is None:
        return
    for module in imports(path):
        there = room(module)
        if there is None or there == here:
            continue
        if here == "lab":
            pytest.fail(f"the lab imports {module}")
        if there == "lab":
            assert here == "crawler.cli", f"{here} imports {module}: nothing in the product knows the lab"
            continue
        assert FLOORS[there] < FLOORS[here], f"{here} (floor {FLOORS[here]}) imports {module} (floor {FLOORS[there]})"


@pytest.mark.parametrize("library", WALLS)
def test_third_party_libraries_stay_behind_their_walls(library: str) -> None:
    outside = [
        str(path.relative_to(ROOT))
        for path in sources()
        if any(module.split(".")[0] == library for module in imports(path))
        and not str(path.relative_to(ROOT)).startswith(WALLS[library])
    ]
    assert outside == []


def test_only_the_clock_reads_clocks_and_only_settling_sleeps() -> None:
    readers = {
        "time.time",
        "time.time_ns",
        "time.monotonic",
        "time.monotonic_ns",
        "time.sleep",
        "datetime.now",
        "datetime.utcnow",
    }
    allowed = {"evidence/clock.py", "crawler/device/settle.py"}
    found = []
    for path in sources():
        name = str(path.relative_to(ROOT))
        if name in allowed or name.startswith("lab/"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in readers:
                found.append(f"{name}:{node.lineno} {ast.unparse(node.func)}")
    assert found == []


def test_files_stay_small() -> None:
    large = [
        f"{p.relative_to(ROOT)}: {n}" for p in sources() if (n := len(p.read_text(encoding="utf-8").splitlines())) > 400
    ]
    assert large == []
