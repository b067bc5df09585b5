"""Bundles, exports, time stamps, removals and keys from the command line."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from evidence.keyring import sealing_key
from evidence.seal import seal_derived
from tests.crawler.cli.conftest import Command
from tests.crawler.report.bundle.authority import listening, make_authority
from tests.crawler.report.bundle.small import build_small

BODY = b"v=3&imei=861234056789017"


@pytest.fixture
def case(tmp_path: Path) -> Path:
    return build_small(tmp_path / "case")


def home() -> Path:
    return Path(os.environ["APPWITNESS_HOME"])


def test_a_bundle_is_made_verified_and_never_written_over(command: Command, case: Path, tmp_path: Path) -> None:
    made = command("bundle", case, "--zip", "-o", tmp_path / "out.zip", "--json")
    assert made.code == 0
    assert made.document["files"] > 40
    checked = command("verify", tmp_path / "out.zip", "--json")
    assert checked.code == 0
    assert checked.document[str(tmp_path / "out.zip")]["bundle"] is True
    again = command("bundle", case, "-o", tmp_path / "out.zip")
    assert again.code == 73
    assert "exists already" in again.err


def test_below_a_folder_cases_and_bundles_are_found_each_once(command: Command, case: Path, tmp_path: Path) -> None:
    command("bundle", case, "-o", tmp_path / "bundle")
    found = command("verify", tmp_path, "--json")
    assert set(found.document) == {str(case), str(tmp_path / "bundle")}
    (tmp_path / "bundle" / "viewer.html").unlink()
    damaged = command("verify", tmp_path)
    assert damaged.code == 1
    assert "viewer.html: is missing" in damaged.out


@pytest.mark.parametrize("form", ["har", "mitm", "xlsx", "csv", "sarif", "json"])
def test_every_format_is_written(command: Command, case: Path, tmp_path: Path, form: str) -> None:
    done = command("export", case, "--format", form, "-o", tmp_path / "out", "--json")
    assert done.code == 0
    assert done.document["rows"] > 0
    assert (tmp_path / "out").stat().st_size > 100


def test_an_unknown_format_is_told_with_the_known_ones(command: Command, case: Path) -> None:
    done = command("export", case, "--format", "doc")
    assert done.code == 2
    assert "har, mitm, xlsx, csv, sarif, json" in done.err


def test_keys_are_made_rotated_revoked_and_handed_on(command: Command, case: Path, tmp_path: Path) -> None:
    first = command("keys", "new", "--name", "one", "--json").document["fingerprint"]
    seal_derived(case, sealing_key(home() / "keys"))
    assert command("keys", "new").code == 77
    second = command("keys", "rotate", "--name", "two", "--json").document["fingerprint"]
    assert first != second
    listed = {row["name"]: row for row in command("keys", "list", "--json").document}
    assert listed["two"]["current"] is True
    assert listed["one"]["retired_wall"] is not None
    revoked = command("keys", "revoke", "one", "--reason", "stolen", "--since", "2026-01-01", "--json")
    assert revoked.document["reason"] == "stolen"
    assert command("keys", "export", "-o", tmp_path / "register.json").code == 0
    checked = command("verify", case, "--register", tmp_path / "register.json", "--json")
    assert checked.code == 1
    whats = [fault["what"] for fault in checked.document[str(case)]["faults"]]
    assert any("revoked on 2026-01-01 00:00:00 UTC (stolen)" in what for what in whats)
    assert command("keys", "revoke", "two", "--reason", "x", "--since", "yesterday").code == 65
    for secret in (command("keys", "list").out, (tmp_path / "register.json").read_text()):
        assert "PRIVATE" not in secret


def test_a_request_is_redacted_and_the_case_still_verifies(command: Command, case: Path) -> None:
    key = command("keys", "new", "--json").document["fingerprint"]
    refused = command("redact", case, "--request", "S01-made:f9", "--by", "王工", "--reason", "third person")
    assert refused.code == 65
    assert "no request of this number" in refused.err
    done = command("redact", case, "--request", "S01-made:f0", "--by", "王工", "--reason", "third person", "--json")
    assert done.code == 0
    assert len(done.document["blobs"]) == 2
    assert not any(BODY in path.read_bytes() for path in case.rglob("*") if path.is_file())
    assert not (case / "report.html").exists()
    assert (case / "findings.json").exists()
    here = command("verify", case, "--json").document[str(case)]
    assert here["ok"], "this machine knows its own keys"
    assert command("verify", case, "--key", key, "--key", here["key"]).code == 0
    elsewhere = command("verify", case, "--key", here["key"])
    assert elsewhere.code == 1
    assert "it is signed by another key than the record" in elsewhere.out
    assert command("bundle", case, "-o", case.with_name("bundle")).code == 0


def test_only_cases_whose_time_is_over_are_purged_and_only_when_confirmed(command: Command, case: Path) -> None:
    key = command("keys", "new", "--json").document["fingerprint"]
    kept = ("--by", "王工", "--reason", "retention plan")
    assert command("purge", case, "--keep-until", "2099-01-01", *kept).code == 0
    assert command("purge", case, "--older-than", "1", "--json").document["due"] == []
    command("purge", case, "--keep-until", "2026-01-01", *kept)
    listed = command("purge", case, "--json").document
    assert len(listed["due"]) == 1
    assert listed["purged"] == 0
    assert any(path.is_file() for path in (case / "record" / "blobs").rglob("*"))
    assert command("purge", case, "--yes", "--by", "王工", "--json").document["purged"] == 1
    assert not any(path.is_file() for path in (case / "record" / "blobs").rglob("*"))
    answer = command("verify", case, "--json").document[str(case)]
    checked = command("verify", case, "--key", key, "--key", answer["key"], "--json")
    assert checked.code == 0
    assert any("purged, documented: by 王工" in note["what"] for note in checked.document[str(case)]["notes"])
    assert command("purge", case, "--json").document["due"] == []


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs OpenSSL's `openssl ts`")
def test_a_stamp_is_had_now_or_later(command: Command, case: Path, tmp_path: Path) -> None:
    assert "no authority is known" in command("timestamp", case).err
    authority = make_authority(tmp_path / "tsa")
    with listening(authority.stamp) as url:
        pass
    home().mkdir(exist_ok=True)
    (home() / "timestamp.toml").write_text(f'url = "{url}"\nroots = "{authority.root_file}"\n')
    away = command("timestamp", case, "--json")
    assert away.code == 75
    assert away.document[0]["pending"] == url
    with listening(authority.stamp) as again:
        done = command("timestamp", tmp_path, "--retry", "--authority", again, "--json")
    assert done.code == 0
    assert done.document[0]["trusted"] is True
    assert command("timestamp", tmp_path, "--retry", "--json").document == []
    checked = command("verify", case, "--authority", authority.root_file, "--json").document[str(case)]
    assert (checked["ok"], checked["stamps"]) == (True, 1)
    (home() / "timestamp.toml").write_text("address = 1\n")
    assert command("timestamp", case).code == 65


def test_what_was_handed_out_is_not_changed(command: Command, case: Path, tmp_path: Path) -> None:
    command("bundle", case, "-o", tmp_path / "bundle")
    said = ("--by", "a", "--reason", "b")
    for words in (("redact", "--blob", "0" * 64, *said), ("timestamp",), ("purge", *said)):
        assert command(words[0], tmp_path / "bundle", *words[1:]).code == 65, words


def test_the_measurement_of_the_proof_answers_with_one_document(command: Command) -> None:
    done = command("bench", "evidence", "--changes", "12", "--copies", "2", "--no-speed", "--json")
    document = json.loads(done.out)
    assert (done.code, document["ok"]) == (0, True)
    assert document["changes"]["refused"] == 12


def test_what_this_home_removed_with_another_key_stops_neither_review_nor_letter(
    command: Command, case: Path, tmp_path: Path
) -> None:
    """A home's key rotates: the removal is signed by another key than the record, and is documented all the same."""
    blob = next(path for path in (case / "record" / "blobs").rglob("*/*") if path.is_file())
    assert command("keys", "new").code == 0
    assert command("redact", case, "--by", "Wang", "--reason", "a third person", "--blob", blob.name).code == 0
    assert command("verify", case).code == 0
    assert command("review", case).code == 0
    assert command("case", "show", case).code == 0
    form = command("notice", case, "--kind", "reply-form", "-o", tmp_path / "form.html", "--format", "html")
    assert "not as it was sealed" not in form.err
    (case / "custody" / "redaction-0001.json").unlink()
    assert command("review", case).code == 65


def test_a_bundle_of_a_later_version_is_not_called_damaged(command: Command, case: Path, tmp_path: Path) -> None:
    assert command("bundle", case, "-o", tmp_path / "bundle").code == 0
    about = tmp_path / "bundle" / "bundle.json"
    about.write_bytes(about.read_bytes().replace(b'"format":1', b'"format":2'))
    told = command("verify", tmp_path / "bundle")
    assert told.code == 1
    assert f"UNREAD  {tmp_path / 'bundle'}" in told.out.replace("\n", "")
    assert "bundle format 2, this version knows 1" in told.out
    assert "DAMAGED" not in told.out
