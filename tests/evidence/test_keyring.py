"""Keys live: made once, replaced without forgetting, revoked for good. What each sealed is believed accordingly."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.clock import FrozenClock
from evidence.errors import EvidenceError, KeyUnusable, RegisterUnreadable
from evidence.keyring import (
    REGISTER_FILE,
    KeyEntry,
    KeyRegister,
    current_key,
    known_keys,
    new_key,
    read_register,
    register_bytes,
    revoke_key,
    rotate_key,
    sealing_key,
)
from evidence.keys import KEY_FILE, SigningKey, load_or_make
from evidence.seal import seal, seal_derived
from evidence.verify import Trust, Verification, verify, verify_for
from tests.evidence.cases import build_case


def sealed_at(case_dir: Path, key: SigningKey, wall_ns: int) -> Path:
    build_case(case_dir)
    seal(case_dir, key, clock=FrozenClock(wall_ns=wall_ns))
    (case_dir / "findings.json").write_text("{}")
    seal_derived(case_dir, key, clock=FrozenClock(wall_ns=wall_ns))
    return case_dir


def judged(case: Path, register: KeyRegister) -> Verification:
    keys = [entry.fingerprint for entry in register.entries]
    return verify_for(case, Trust(keys=keys, register=register))


def test_a_key_is_made_once_and_kept_from_others(tmp_path: Path) -> None:
    made = new_key(tmp_path / "keys", "store one")
    assert current_key(tmp_path / "keys") is not None
    assert (tmp_path / "keys" / KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert known_keys(tmp_path / "keys").entries == (made,)
    with pytest.raises(KeyUnusable, match="already") as refused:
        new_key(tmp_path / "keys", "store two")
    assert "keys rotate" in refused.value.mend


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o777])
def test_a_key_that_others_may_read_is_refused_with_the_mend(tmp_path: Path, mode: int) -> None:
    new_key(tmp_path, "")
    (tmp_path / KEY_FILE).chmod(mode)
    for use in (current_key, sealing_key, known_keys):
        with pytest.raises(KeyUnusable) as refused:
            use(tmp_path)
        assert "chmod 600" in refused.value.mend


def test_a_folder_in_which_anybody_may_replace_the_key_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    new_key(folder, "")
    folder.chmod(0o777)
    with pytest.raises(KeyUnusable) as refused:
        sealing_key(folder)
    assert f"chmod o-w {folder}" in refused.value.mend


def test_a_rotated_key_still_verifies_what_it_sealed(tmp_path: Path) -> None:
    old = load_or_make(tmp_path / "keys")
    case = sealed_at(tmp_path / "case", old, 100)
    retired, made = rotate_key(tmp_path / "keys", "second", clock=FrozenClock(wall_ns=500))
    assert retired is not None
    assert (retired.fingerprint, retired.retired_wall_ns) == (old.fingerprint, 500)
    assert sealing_key(tmp_path / "keys").fingerprint == made.fingerprint != old.fingerprint
    answer = judged(case, known_keys(tmp_path / "keys"))
    assert answer.ok
    assert answer.notes == ()
    late = judged(sealed_at(tmp_path / "late", old, 900), known_keys(tmp_path / "keys"))
    assert late.ok
    assert any("after the key was replaced" in note.what for note in late.notes)


def test_nothing_of_a_retired_private_half_is_left(tmp_path: Path) -> None:
    load_or_make(tmp_path)
    secret = (tmp_path / KEY_FILE).read_bytes().splitlines()[1]
    rotate_key(tmp_path, "")
    assert sorted(path.name for path in tmp_path.iterdir()) == [REGISTER_FILE, KEY_FILE]
    assert all(secret not in path.read_bytes() for path in tmp_path.iterdir())


def test_a_seal_made_after_the_revocation_fails_and_one_before_says_what_it_rests_on(tmp_path: Path) -> None:
    key = load_or_make(tmp_path / "keys")
    before = sealed_at(tmp_path / "before", key, 100)
    after = sealed_at(tmp_path / "after", key, 300)
    revoke_key(tmp_path / "keys", key.fingerprint[:12], "the laptop was stolen", since_wall_ns=200)
    register = known_keys(tmp_path / "keys")
    failed = judged(after, register)
    assert {fault.place for fault in failed.faults} == {"record/seal.json", "derived-seal.json"}
    assert all("revoked on" in fault.what and "the laptop was stolen" in fault.what for fault in failed.faults)
    kept = judged(before, register)
    assert kept.ok
    assert any("rests on the sealing machine's clock alone" in note.what for note in kept.notes)
    assert verify(after).ok, "who was not told of the revocation cannot know of it"


def test_a_revoked_key_seals_no_more_even_from_a_backup(tmp_path: Path) -> None:
    new_key(tmp_path, "one")
    pem = (tmp_path / KEY_FILE).read_bytes()
    revoked = revoke_key(tmp_path, "one", "lost")
    assert current_key(tmp_path) is None
    (tmp_path / KEY_FILE).write_bytes(pem)
    (tmp_path / KEY_FILE).chmod(0o600)
    with pytest.raises(KeyUnusable, match="was revoked: lost"):
        sealing_key(tmp_path)
    rotate_key(tmp_path, "two")
    assert sealing_key(tmp_path).fingerprint != revoked.fingerprint


def test_a_revocation_is_never_taken_back(tmp_path: Path) -> None:
    new_key(tmp_path, "one")
    revoke_key(tmp_path, "one", "lost", since_wall_ns=500)
    assert revoke_key(tmp_path, "one", "lost", since_wall_ns=900).revoked_wall_ns == 500
    assert revoke_key(tmp_path, "one", "earlier than thought", since_wall_ns=100).revoked_wall_ns == 100
    for name, reason in (("nobody", "lost"), ("one", " "), ("", "lost")):
        with pytest.raises(KeyUnusable):
            revoke_key(tmp_path, name, reason)


def test_names_are_for_one_key_each(tmp_path: Path) -> None:
    new_key(tmp_path, "one")
    with pytest.raises(KeyUnusable, match="called one already"):
        rotate_key(tmp_path, "one")
    assert sealing_key(tmp_path).public == known_keys(tmp_path).named("one")[0].public_key


entries = st.builds(
    KeyEntry,
    public_key=st.binary(min_size=32, max_size=32).map(bytes.hex),
    name=st.text(max_size=20),
    made_wall_ns=st.none() | st.integers(0, 2**63),
    retired_wall_ns=st.none() | st.integers(0, 2**63),
    revoked_wall_ns=st.none() | st.integers(0, 2**63),
    reason=st.text(max_size=20),
)


@settings(max_examples=60, deadline=None)
@given(made=st.lists(entries, max_size=4, unique_by=lambda entry: entry.public_key))
def test_a_register_comes_back_as_it_was(tmp_path_factory: pytest.TempPathFactory, made: list[KeyEntry]) -> None:
    path = tmp_path_factory.mktemp("register") / "keys.json"
    path.write_bytes(register_bytes(KeyRegister(entries=tuple(made))))
    assert read_register(path).entries == tuple(made)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_damaged_register_is_refused_or_says_something_else(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("register") / "keys.json"
    whole = register_bytes(KeyRegister(entries=(KeyEntry(public_key="ab" * 32, name="one"),)))
    changed = bytearray(whole)
    changed[data.draw(st.integers(0, len(whole) - 2))] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(changed)
    try:
        read = read_register(path)
    except RegisterUnreadable:
        return
    assert register_bytes(read) == bytes(changed)


def test_a_full_disk_keeps_the_old_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = load_or_make(tmp_path)
    before = (tmp_path / KEY_FILE).read_bytes()
    tmp_path.chmod(0o500)
    try:
        if os.access(tmp_path, os.W_OK):
            pytest.skip("this user may write anywhere")
        with pytest.raises(EvidenceError):
            rotate_key(tmp_path, "")
    finally:
        tmp_path.chmod(0o700)
    assert (tmp_path / KEY_FILE).read_bytes() == before
    assert sealing_key(tmp_path).fingerprint == key.fingerprint
