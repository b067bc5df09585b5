from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evidence.blobs import BlobStore, is_digest
from evidence.errors import BlobDamaged, BlobMissing


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
@given(chunks=st.lists(st.binary(max_size=50), max_size=5))
def test_a_blob_comes_back_and_is_named_by_its_content(tmp_path: Path, chunks: list[bytes]) -> None:
    store = BlobStore(tmp_path / "blobs")
    content = b"".join(chunks)
    ref = store.put(content)
    assert ref == store.put_stream(chunks) == hashlib.sha256(content).hexdigest()
    assert store.get(ref) == content
    assert store.has(ref)
    assert store.size(ref) == len(content)
    assert store.path(ref) == tmp_path / "blobs" / ref[:2] / ref


def test_equal_content_is_one_file(tmp_path: Path) -> None:
    store = BlobStore(tmp_path, durable=False)
    assert store.put(b"same") == store.put(b"same") == store.put_stream([b"sa", b"me"])
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [hashlib.sha256(b"same").hexdigest()]


def test_many_threads_may_store_the_same(tmp_path: Path) -> None:
    store = BlobStore(tmp_path / "deep" / "blobs")
    threads = [
        threading.Thread(target=lambda: [store.put(str(number).encode()) for number in range(50)]) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number in range(50):
        assert store.get(hashlib.sha256(str(number).encode()).hexdigest()) == str(number).encode()
    assert not list((tmp_path / "deep" / "blobs" / ".incoming").iterdir())


def test_a_missing_blob_is_said_to_be_missing(tmp_path: Path) -> None:
    store = BlobStore(tmp_path)
    absent = hashlib.sha256(b"absent").hexdigest()
    assert not store.has(absent)
    for ask in (store.get, store.size):
        with pytest.raises(BlobMissing) as caught:
            ask(absent)
        assert caught.value.mend


@pytest.mark.parametrize("text", ["", "..", "../../etc/passwd", "AB" * 32, "g" * 64, "a" * 63, "a" * 64 + "\n"])
def test_a_text_that_is_no_digest_never_becomes_a_path(tmp_path: Path, text: str) -> None:
    assert not is_digest(text)
    with pytest.raises(BlobMissing):
        BlobStore(tmp_path).path(text)


def test_a_changed_blob_is_never_handed_out(tmp_path: Path) -> None:
    store = BlobStore(tmp_path)
    ref = store.put(b"content")
    store.path(ref).write_bytes(b"CONTENT")
    with pytest.raises(BlobDamaged):
        store.get(ref)
    store.path(ref).unlink()
    store.path(ref).symlink_to(tmp_path)
    assert not store.has(ref)
    with pytest.raises(BlobDamaged):
        store.get(ref)


def test_a_blob_cut_by_a_power_failure_is_stored_again(tmp_path: Path) -> None:
    store = BlobStore(tmp_path)
    ref = store.put(b"content")
    store.path(ref).write_bytes(b"")
    assert store.put(b"content") == ref
    assert store.get(ref) == b"content"


def test_a_stream_that_breaks_leaves_nothing(tmp_path: Path) -> None:
    def broken() -> object:
        yield b"half"
        raise RuntimeError("source broke")

    with pytest.raises(RuntimeError):
        BlobStore(tmp_path).put_stream(broken())  # type: ignore[arg-type]
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_sweeping_removes_what_a_killed_writer_left(tmp_path: Path) -> None:
    store = BlobStore(tmp_path)
    ref = store.put(b"whole")
    (tmp_path / ".incoming" / "half").write_bytes(b"ha")
    store.sweep()
    store.sweep()
    assert sorted(os.listdir(tmp_path)) == [ref[:2]]  # noqa: PTH208  names only
