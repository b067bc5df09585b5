"""What the code offers, the documents name: commands, options' values, exit codes, rules, dependencies."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main

from crawler.cli.main import app
from crawler.cli.output import Exit
from crawler.judge.catalogue import load_rules
from crawler.judge.rules import RULES
from crawler.session.pace import load_pace, pace_names
from crawler.session.scenarios import SCENARIOS

ROOT = Path(__file__).resolve().parent.parent
OPERATING = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
RULES_PAGE = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
AWAITED: frozenset[str] = frozenset()
"""Pictures that are made together with what they show."""
DEPENDENCIES = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")


def section(text: str, heading: str) -> str:
    """The part of a page under one heading."""
    found = re.search(rf"^## {re.escape(heading)}$(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found is not None, heading
    return found[1]


def commands() -> Iterator[str]:
    """Every command as a person types it."""
    root = typer.main.get_command(app)
    for name, command in getattr(root, "commands").items():  # noqa: B009  groups of any click have it
        below = getattr(command, "commands", None)
        if below is None:
            yield name
        else:
            yield from (f"{name} {inner}" for inner in below)


@pytest.mark.parametrize("name", sorted(commands()))
def test_every_command_is_described(name: str) -> None:
    assert re.search(rf"`{name}( [A-Z_]+)?`", section(OPERATING, "Commands"))


def test_no_command_is_described_that_is_not_there() -> None:
    rows = re.findall(r"^\| (`.*?`) \|", section(OPERATING, "Commands"), re.MULTILINE)
    named = {re.sub(r" [A-Z_]+$", "", name) for row in rows for name in re.findall(r"`([^`]+)`", row)}
    assert named == set(commands())


def exit_codes() -> dict[int, str]:
    """Every exit code that stands in the product's code, and where."""
    codes: dict[int, str] = {int(code): f"Exit.{code.name}" for code in Exit}
    for package in ("crawler", "evidence", "traffic", "screenshots"):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
                value = getattr(node, "value", None)
                if isinstance(target, ast.Name) and target.id == "exit_code" and isinstance(value, ast.Constant):
                    codes[int(str(value.value))] = str(path.relative_to(ROOT))
    return codes


@pytest.mark.parametrize(("code", "where"), sorted(exit_codes().items()))
def test_every_exit_code_is_described(code: int, where: str) -> None:
    assert re.search(rf"^\| {code} \|", section(OPERATING, "Exit codes"), re.MULTILINE), where


def test_no_exit_code_is_described_that_nothing_uses() -> None:
    described = {int(code) for code in re.findall(r"^\| (\d+) \|", section(OPERATING, "Exit codes"), re.MULTILINE)}
    assert described == set(exit_codes())


def test_every_rule_is_described_and_has_its_texts() -> None:
    rules = [rule for rule, _ in RULES]
    assert re.findall(r"^\| (M\d+-\d+) \|", RULES_PAGE, re.MULTILINE) == rules
    texts = load_rules()
    assert set(texts) == set(rules)
    for rule in texts.values():
        assert all((rule.zh, rule.en, rule.basis, rule.mend_zh, rule.mend_en, rule.counter_example)), rule.id


@pytest.mark.parametrize("name", pace_names())
def test_every_pace_is_described(name: str) -> None:
    assert f"`--pace {name}`" in section(OPERATING, "Pace")


def test_the_waits_named_in_the_page_are_those_of_the_settings() -> None:
    standard = load_pace("standard")
    page = section(OPERATING, "Pace")
    for words in (
        f"{standard.quiet_seconds} s after the prompt (S01)",
        f"{standard.idle_seconds} s after acceptance (S05)",
        f"{standard.explore_actions} actions (S08)",
    ):
        assert words in page
    assert standard.after_refusal_seconds == 180
    assert "three minutes after a refusal (S03)" in page


def test_every_scenario_is_named() -> None:
    assert all(f"({scenario})" in section(OPERATING, "Pace") for scenario in SCENARIOS)


def packages() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [re.split(r"[\s<>=!;\[]", line)[0] for line in project["dependencies"]]


@pytest.mark.parametrize("package", packages())
def test_every_dependency_has_a_reason(package: str) -> None:
    rows = re.findall(r"^\| ([^|]+) \|", DEPENDENCIES, re.MULTILINE)
    assert package in {name.strip() for row in rows for name in row.split(",")}


def test_no_dependency_has_a_reason_without_being_one() -> None:
    rows = re.findall(r"^\| ([^|]+) \|", DEPENDENCIES, re.MULTILINE)[1:]
    assert {name.strip() for row in rows for name in row.split(",")} == set(packages())


def pages() -> list[Path]:
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    broken = [
        link
        for link in re.findall(r"\]\(([^)#\s]+)", text)
        if not re.match(r"[a-z]+:", link) and link not in AWAITED and not (page.parent / link).exists()
    ]
    assert broken == []


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_files_named_in_pages_are_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = re.findall(r"`((?:crawler|evidence|traffic|screenshots|lab|docs|tests|scripts)/[\w./-]*\w)`", text)
    missing = [name for name in named if not ((ROOT / name).exists() or (ROOT / f"{name}.py").exists())]
    assert missing == []
