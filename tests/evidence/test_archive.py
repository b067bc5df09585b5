"""One way to write an archive, and no byte in it that is not accounted for."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.archive import ArchiveDamaged, ArchiveWriter, unpack

names = st.text(st.characters(codec="utf-8", exclude_characters="/\\:\0"), min_size=1, max_size=12).filter(
    lambda name: name.isprintable() and name not in (".", "..")
)
contents = st.dictionaries(names, st.binary(max_size=200), max_size=6)


def packed(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    writer = ArchiveWriter(stream)
    for name in sorted(files, key=str.encode):
        writer.add(name, [files[name][:3], files[name][3:]])
    writer.close()
    return stream.getvalue()


def taken_out(content: bytes, folder: Path) -> dict[str, bytes]:
    path = folder / "packed.zip"
    path.write_bytes(content)
    target = folder / "out"
    target.mkdir()
    assert unpack(path, target).changed == ()
    return {file.relative_to(target).as_posix(): file.read_bytes() for file in target.rglob("*") if file.is_file()}


@settings(max_examples=60, deadline=None)
@given(files=contents)
def test_what_goes_in_comes_out_here_and_in_any_zip_program(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes]
) -> None:
    content = packed(files)
    assert taken_out(content, tmp_path_factory.mktemp("packed")) == files
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == files


SMALL = packed({"a/b": b"hello", "a/c.txt": b"x" * 50, "新": b""})


def refused(tmp_path: Path, content: bytes) -> bool:
    path, target = tmp_path / "packed.zip", tmp_path / "out"
    path.write_bytes(content)
    target.mkdir()
    try:
        return unpack(path, target).changed != ()
    except ArchiveDamaged:
        return True


def test_every_byte_counts(tmp_path: Path) -> None:
    for position in range(len(SMALL)):
        changed = bytearray(SMALL)
        changed[position] ^= 1 << position % 8
        folder = tmp_path / str(position)
        folder.mkdir()
        assert refused(folder, bytes(changed)), position


@settings(max_examples=200, deadline=None)
@given(at=st.integers(0, len(SMALL)), taken=st.integers(0, 30), added=st.binary(max_size=30))
def test_no_byte_can_be_taken_out_or_put_in(
    tmp_path_factory: pytest.TempPathFactory, at: int, taken: int, added: bytes
) -> None:
    changed = SMALL[:at] + added + SMALL[at + taken :]
    if changed != SMALL:
        assert refused(tmp_path_factory.mktemp("changed"), changed)


@pytest.mark.parametrize(
    "name",
    ["../out", "/etc/passwd", "a/../../b", "a//b", "a/./b", "a\\b", "c:d", "a\x00b", "x" * 300, "", "a/" * 30 + "b"],
)
def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    stream = io.BytesIO()
    writer = ArchiveWriter(stream)
    writer.add(name, [b"x"])
    writer.close()
    assert refused(tmp_path, stream.getvalue())
    assert [path.name for path in tmp_path.iterdir() if path.name not in ("out", "packed.zip")] == []


def test_a_file_where_a_folder_stands(tmp_path: Path) -> None:
    assert refused(tmp_path, packed({"a": b"", "a/b": b""}))


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_what_another_program_packed_is_told_as_such(tmp_path: Path, method: int) -> None:
    path = tmp_path / "other.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("a", b"x" * 100)
    with pytest.raises(ArchiveDamaged, match="packed by another program"):
        unpack(path, tmp_path)


def test_a_size_beyond_the_archive_fills_no_disk(tmp_path: Path) -> None:
    content = bytearray(packed({"a": b"x"}))
    struct.pack_into("<II", content, 18, 0xFFFF_FFF0, 0xFFFF_FFF0)
    assert refused(tmp_path, bytes(content))
    assert not (tmp_path / "out" / "a").exists()


def test_files_must_come_in_order() -> None:
    writer = ArchiveWriter(io.BytesIO())
    writer.add("b", [])
    for name in ("a", "b"):
        with pytest.raises(ValueError, match="order"):
            writer.add(name, [])
