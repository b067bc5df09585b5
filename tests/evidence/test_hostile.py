"""A record may come from anybody. Whatever it holds is answered with faults: no exception, no hang, no way outside."""

from __future__ import annotations

import os
import random
import socket
from pathlib import Path

import pytest

from evidence.errors import SealRefused
from evidence.seal import seal
from evidence.verify import Verification, verify
from tests.evidence.cases import KEY, build_sealed, files_of, put_back

UI = "record/sessions/S01-cold-start/ui.jsonl"


@pytest.fixture
def case_dir(tmp_path: Path) -> Path:
    return build_sealed(tmp_path / "case")


def refused(case_dir: Path, place: str) -> Verification:
    answer = verify(case_dir)
    assert not answer.ok
    assert any(place in fault.place for fault in answer.faults), [str(fault) for fault in answer.faults]
    assert all(fault.place.isprintable() and fault.what.isprintable() for fault in answer.faults)
    assert all(len(fault.place) < 400 and len(fault.what) < 400 for fault in answer.faults)
    return answer


def test_links_are_never_followed(case_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "file").write_text("secret")
    (case_dir / "record" / "out").symlink_to(tmp_path / "secret")
    (case_dir / "record" / "loop").symlink_to(case_dir / "record")
    (case_dir / "record" / "self").symlink_to("self")
    (case_dir / "record" / "sessions" / "S99").symlink_to(tmp_path / "secret")
    places = sorted(fault.place for fault in verify(case_dir).faults)
    assert places == ["record/loop", "record/out", "record/self", "record/sessions/S99"]


def test_pipes_and_sockets_do_not_hang(case_dir: Path) -> None:
    os.mkfifo(case_dir / "record" / "pipe")
    (case_dir / UI).unlink()
    os.mkfifo(case_dir / UI)
    (case_dir / "derived-seal.json").unlink()
    os.mkfifo(case_dir / "derived-seal.json")
    with socket.socket(socket.AF_UNIX) as listener:
        before = Path.cwd()
        os.chdir(case_dir)
        listener.bind("socket")
        os.chdir(before)
        for place in ("record/pipe", UI, "derived-seal.json", "socket"):
            refused(case_dir, place)


@pytest.mark.parametrize(
    "name", [b"\xff\xfe.jsonl", b"new\nline", b"\x1b[2Jx", b"back\\slash", "\u202etxt".encode(), b"\x7f"]
)
def test_names_that_play_tricks(case_dir: Path, name: bytes) -> None:
    with open(bytes(case_dir) + b"/record/sessions/S01-cold-start/" + name, "wb") as stream:  # noqa: PTH123  bytes
        stream.write(b"x\n")
    refused(case_dir, "record/sessions/S01-cold-start/")


def test_names_that_look_like_ways_out_are_only_names(case_dir: Path) -> None:
    (case_dir / "record" / "..." / ".. ").mkdir(parents=True)
    (case_dir / "record" / "..." / ".. " / "C:").write_text("")
    refused(case_dir, "record/.../.. /C:")


def test_folders_without_end(case_dir: Path) -> None:
    folder = case_dir / "record"
    for _ in range(40):
        folder = folder / "d"
        folder.mkdir()
    refused(case_dir, "record/d/d/d")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n" * 5000,
        b"\x00" * 1_000_000,
        b"\xff\xfe\n",
        b"{" * 100_000 + b"\n",
        b"[" * 100_000 + b"]" * 100_000 + b"\n",
        b'{"a":' * 100_000 + b"\n",
        b"9" * 100_000 + b"\n",
        b'{"data":{},"kind":"K","mono":1e999,"prev":"","seq":0,"wall":1}\n',
        b'"' + b"\\ud800" * 10_000 + b'"\n',
        b"a" * 20_000_000 + b"\n" + b"b" * 20_000_000,
    ],
    ids=lambda content: ascii(content[:10]),
)
@pytest.mark.parametrize("path", [UI, "record/seal.json", "derived-seal.json", "record/case.json"])
def test_content_of_any_kind_anywhere(case_dir: Path, path: str, content: bytes) -> None:
    (case_dir / path).write_bytes(content)
    refused(case_dir, path)
    if path.startswith("record/"):
        with pytest.raises(SealRefused):
            seal(case_dir, KEY)


def test_files_where_folders_belong_and_the_other_way_round(case_dir: Path) -> None:
    files = files_of(case_dir)
    for path in ("record/seal.json", "record/case.json", UI, "derived-seal.json", "findings.json"):
        (case_dir / path).unlink()
        (case_dir / path).mkdir()
        refused(case_dir, path)
        put_back(case_dir, files)
    for folder in ("record/blobs", "record/sessions", "record/sessions/S01-cold-start"):
        for inner in sorted((case_dir / folder).rglob("*"), reverse=True):
            inner.unlink() if inner.is_file() else inner.rmdir()
        (case_dir / folder).rmdir()
        (case_dir / folder).write_text("no folder")
        refused(case_dir, folder)
        put_back(case_dir, files)


def test_a_huge_sparse_seal_is_not_read_whole(case_dir: Path) -> None:
    with (case_dir / "record" / "seal.json").open("r+b") as stream:
        stream.truncate(300 * 1024 * 1024)
    assert "larger than" in "".join(fault.what for fault in refused(case_dir, "record/seal.json").faults)


def test_what_may_not_be_read_is_a_fault(case_dir: Path) -> None:
    (case_dir / UI).chmod(0)
    if os.access(case_dir / UI, os.R_OK):
        pytest.skip("root may read everything")
    refused(case_dir, UI)
    (case_dir / "record" / "blobs").chmod(0)
    refused(case_dir, "record/blobs")
    (case_dir / "record" / "blobs").chmod(0o755)


@pytest.mark.parametrize("seed", range(12))
def test_random_rubbish_never_raises(case_dir: Path, seed: int) -> None:
    source = random.Random(seed)
    paths = sorted(files_of(case_dir))
    for path in source.sample(paths, 8):
        content = bytearray((case_dir / path).read_bytes())
        for _ in range(source.randint(1, 20)):
            start = source.randrange(len(content) + 1)
            piece = source.choice([b"", b"\n", b"{", b'"', b"\\u", b"\xff", b"[]", b'{"blob":', source.randbytes(9)])
            content[start : start + source.randint(0, 9)] = piece
        (case_dir / path).write_bytes(content)
    refused(case_dir, "")
