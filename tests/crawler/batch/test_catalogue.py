"""A catalogue is written by people in a hurry: whatever is wrong with a row is said at once, and the other rows go on."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crawler.batch.catalogue import CatalogueRow, CatalogueUnreadable, FaultyRow, is_package_name, read_catalogue


def write(folder: Path, content: str | bytes, name: str = "catalogue.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read(folder: Path, content: str | bytes) -> tuple[tuple[CatalogueRow, ...], tuple[FaultyRow, ...]]:
    return read_catalogue(write(folder, content))


def test_a_catalogue_of_packages_and_apks(tmp_path: Path) -> None:
    (tmp_path / "apks").mkdir()
    (tmp_path / "apks" / "news.apk").write_bytes(b"PK")
    good, faulty = read(tmp_path, "package,apk,label\ncom.lanting.shop,,澜庭商城\n,apks/news.apk,资讯\n")
    assert faulty == ()
    assert [(row.line, row.package, row.apk, row.label) for row in good] == [
        (2, "com.lanting.shop", "", "澜庭商城"),
        (3, "", str((tmp_path / "apks" / "news.apk").resolve()), "资讯"),
    ]


def test_every_fault_of_a_row_is_said_at_once(tmp_path: Path) -> None:
    good, faulty = read(tmp_path, "package,apk,label\nnot a package,gone.apk,x,one too many\n")
    assert good == ()
    reasons = faulty[0].reasons
    assert len(reasons) == 3
    assert any("4 fields" in reason for reason in reasons)
    assert any("no Android package name" in reason for reason in reasons)
    assert any("no APK gone.apk" in reason for reason in reasons)


def test_one_faulty_row_stops_no_other(tmp_path: Path) -> None:
    lines = ["package,label", "com.a.one,1", "???,2", 'com.a.three,"lost quote', ",no name", "com.a.six,6"]
    good, faulty = read(tmp_path, "\n".join(lines))
    assert [row.package for row in good] == ["com.a.one", "com.a.six"]
    assert [(row.line, len(row.reasons)) for row in faulty] == [(3, 1), (4, 1), (5, 1)]
    assert "quotation mark" in faulty[1].reasons[0]


def test_what_spreadsheets_add_is_taken(tmp_path: Path) -> None:
    content = '\ufeffPackage , Label ,Notes\r\n"com.a.one","Say ""hi"", you",x\r\n\r\n com.a.two ,two,\r\n'
    good, faulty = read(tmp_path, content)
    assert faulty == ()
    assert [(row.line, row.package, row.label) for row in good] == [
        (2, "com.a.one", 'Say "hi", you'),
        (4, "com.a.two", "two"),
    ]


def test_a_row_shorter_than_the_header_is_no_fault(tmp_path: Path) -> None:
    good, faulty = read(tmp_path, "package,apk,label\ncom.a.one\n")
    assert [row.package for row in good] == ["com.a.one"]
    assert faulty == ()


def test_the_same_app_twice_is_inspected_once(tmp_path: Path) -> None:
    (tmp_path / "x.apk").write_bytes(b"PK")
    (tmp_path / "link.apk").symlink_to("x.apk")
    content = "package,apk\ncom.a.one,\ncom.a.one,\n,x.apk\n,./x.apk\n,link.apk\ncom.a.one,x.apk\n"
    good, faulty = read(tmp_path, content)
    assert [row.line for row in good] == [2, 4, 7]
    assert [(row.line, row.reasons) for row in faulty] == [
        (3, ("the same app stands in line 2 already",)),
        (5, ("the same app stands in line 4 already",)),
        (6, ("the same app stands in line 4 already",)),
    ]


@pytest.mark.parametrize(
    ("field", "word"),
    [
        ("a\0b.apk", "cannot be the path"),
        ("x" * 300 + ".apk", "cannot be the path"),
        ("loop.apk", "cannot be the path"),
        ("folder", "no APK"),
    ],
)
def test_paths_that_the_system_refuses_are_faults_of_their_row(tmp_path: Path, field: str, word: str) -> None:
    (tmp_path / "loop.apk").symlink_to("loop.apk")
    (tmp_path / "folder").mkdir()
    good, faulty = read(tmp_path, f"apk,package\n{field},\n,com.a.one\n")
    assert [row.package for row in good] == ["com.a.one"]
    assert word in faulty[0].reasons[0]


@pytest.mark.parametrize("length", [5_000, 70_000, 5_000_000])
def test_a_huge_field_is_a_fault_of_its_row(tmp_path: Path, length: int) -> None:
    good, faulty = read(tmp_path, f"package,label\ncom.a.one,{'x' * length}\ncom.a.two,ok\n")
    assert [row.package for row in good] == ["com.a.two"]
    assert "longer than" in faulty[0].reasons[0]
    assert len(faulty[0].text) <= 200


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "needs a header"),
        (b"\n\n  \n", "needs a header"),
        (b"package,apk\n", "holds no rows"),
        (b"name,versie\na,b\n", "needs a header"),
        (b"package;apk;label\ncom.a;;x\n", "separated by commas"),
        ("应用,包名\nx,com.a\n".encode(), "needs a header"),
        (b'"package,label\ncom.a.b,x\n', "no CSV"),
        (b"package,apk,package\ncom.a.b,,com.a.c\n", "twice"),
        ("package,label\ncom.a.one,ok\ncom.a.two,新闻\n".encode("gbk"), "line 3"),
        ("package,label\ncom.a.one,新闻\n".encode("utf-16"), "UTF-16"),
        (bytes(range(256)) * 40, "not in UTF-8"),
    ],
)
def test_a_file_that_is_no_catalogue_is_refused_with_what_to_change(tmp_path: Path, content: bytes, words: str) -> None:
    path = write(tmp_path, content)
    with pytest.raises(CatalogueUnreadable, match=words) as refusal:
        read_catalogue(path)
    assert str(path) in str(refusal.value)
    assert len(str(refusal.value)) < 800


@pytest.mark.parametrize("name", ["absent.csv", ".", "a\0b"])
def test_what_is_no_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(CatalogueUnreadable):
        read_catalogue(tmp_path / name)


@pytest.mark.parametrize("name", ["com.a", "com.example.app_2", "A.b.C"])
def test_package_names(name: str) -> None:
    assert is_package_name(name)


@pytest.mark.parametrize(
    "name", ["", "com", "com.", ".com.a", "com..a", "com.1a", "com.a b", "com.a;id", "com.例", "a." * 300 + "a"]
)
def test_what_is_no_package_name(name: str) -> None:
    assert not is_package_name(name)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"), max_size=40), max_size=12))
def test_any_rows_are_taken_or_set_aside_and_none_is_lost(tmp_path: Path, lines: list[str]) -> None:
    good, faulty = read(tmp_path, "package,apk,label\ncom.first.app,,\n" + "\n".join(lines))
    numbers = sorted([row.line for row in good] + [row.line for row in faulty])
    assert numbers == [2, *(number for number, line in enumerate(lines, 3) if line.strip())]
    assert all(row.reasons for row in faulty)
