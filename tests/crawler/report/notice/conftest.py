"""One judged case for all tests of letters, as it is and reviewed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.crawler.report.notice.reviewed import accept, judged_case


@pytest.fixture(scope="package")
def undecided(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Judged; nobody has decided anything. Not to be changed."""
    return judged_case(tmp_path_factory.mktemp("undecided") / "xiaoyu")


@pytest.fixture(scope="package")
def accepted(undecided: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything that accuses was accepted. Not to be changed."""
    case = tmp_path_factory.mktemp("accepted") / undecided.name
    shutil.copytree(undecided, case)
    accept(case)
    return case
