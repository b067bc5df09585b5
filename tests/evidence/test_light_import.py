"""Whoever checks a record must not need our device, vision and proxy libraries."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ALLOWED = {"evidence", "cryptography", "_cffi_backend", "_openssl", "bcrypt"}
"""Two are parts of cryptography; bcrypt is taken by it where it happens to be installed, and never needed."""
CHILD = """
import pkgutil, sys
before = set(sys.modules)
import evidence
for module in pkgutil.iter_modules(evidence.__path__):
    __import__("evidence." + module.name)
tops = {name.partition(".")[0] for name in set(sys.modules) - before}
print("\\n".join(sorted(tops - set(sys.stdlib_module_names))))
"""


def run(code: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    return done.stdout.split()


def test_evidence_needs_the_standard_library_and_cryptography_only() -> None:
    loaded = set(run(CHILD))
    assert "evidence" in loaded
    assert loaded <= ALLOWED


def test_writing_facts_does_not_even_load_cryptography() -> None:
    code = "import evidence.lanes, evidence.blobs, evidence.record, evidence.timeline, sys; print(*sys.modules)"
    assert not {name for name in run(code) if name.startswith("cryptography")}


def test_verifying_opens_no_connection(tmp_path: Path) -> None:
    code = (
        "import socket, sys\n"
        "def refuse(*_, **__): raise AssertionError('network')\n"
        "socket.socket.connect = socket.getaddrinfo = refuse\n"
        "from pathlib import Path\n"
        "from tests.evidence.cases import build_sealed\n"
        "from evidence.verify import verify\n"
        f"print(verify(build_sealed(Path({str(tmp_path / 'case')!r}))).ok)\n"
    )
    assert run(code) == ["True"]
