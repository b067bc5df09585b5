"""Time stamps of a real authority: kept when they hold, named when they do not, never made up when there is none."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import given, settings
from hypothesis import strategies as st
from rfc3161_client import decode_timestamp_response

from crawler.report.bundle.stamping import AuthorityAway, ask_authority, pending_authority, stamp_case
from evidence.clock import FrozenClock
from evidence.errors import StampRefused
from evidence.keyring import KeyEntry, KeyRegister
from evidence.stampkeys import purpose_fault
from evidence.timestamp import check_stamp, read_stamp
from evidence.verify import Trust, verify, verify_for
from tests.crawler.report.bundle.authority import Authority, listening, make_authority
from tests.evidence.cases import KEY, build_sealed

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs OpenSSL's `openssl ts`")
MESSAGE = b"the bytes of a seal"
TIME_STAMPING, CODE_SIGNING = ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.CODE_SIGNING


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("tsa") / "made")


@pytest.fixture(scope="module")
def answer(authority: Authority) -> bytes:
    return authority.stamp(authority.question(MESSAGE))


def test_a_stamp_is_kept_and_verified_offline(tmp_path: Path, authority: Authority) -> None:
    case = build_sealed(tmp_path / "case")
    with listening(authority.stamp) as url:
        made = stamp_case(case, url, roots=[authority.root])
    assert made.trusted
    answer = verify_for(case, Trust(keys=[KEY.fingerprint], authorities=(authority.root,)))
    assert answer.ok
    assert answer.stamps == 1
    assert any("an outside authority saw the seal on" in note.what for note in answer.notes)
    without = verify(case)
    assert without.ok
    assert any("by an authority that nobody vouched for here" in note.what for note in without.notes)
    words = ["openssl", "ts", "-verify", "-in", made.path, "-data", case / "record/seal.json", "-CAfile"]
    done = subprocess.run([*map(str, words), str(authority.root_file)], capture_output=True, text=True, check=False)
    assert "Verification: OK" in done.stdout, done.stderr


def test_the_library_is_of_the_same_opinion_where_it_can_read_the_answer(tmp_path: Path, authority: Authority) -> None:
    short = replace(authority, chain=False)
    decode_timestamp_response(short.stamp(short.question(MESSAGE)))
    stranger = make_authority(tmp_path / "stranger")
    with listening(short.stamp) as url:
        assert check_stamp(ask_authority(url, MESSAGE, roots=[authority.root]), MESSAGE, [authority.root]).trusted
        with pytest.raises(StampRefused, match="does not hold"):
            ask_authority(url, MESSAGE, roots=[stranger.root])


@pytest.mark.parametrize("elliptic", [False, True], ids=["rsa", "ecdsa"])
@pytest.mark.parametrize("pinned", ["sha1", "sha256"])
def test_every_usual_way_to_sign_is_understood(tmp_path: Path, elliptic: bool, pinned: str) -> None:
    authority = make_authority(tmp_path / "tsa", elliptic=elliptic, pinned=pinned)
    checked = check_stamp(authority.stamp(authority.question(MESSAGE)), MESSAGE, [authority.root])
    assert checked.faults == ()
    assert checked.trusted
    assert "CN=Made Authority" in checked.authority


def test_a_stamp_for_other_bytes_is_a_wrong_imprint(answer: bytes, authority: Authority) -> None:
    checked = check_stamp(answer, MESSAGE + b".", [authority.root])
    assert checked.wall_ns is None
    assert [fault for fault in checked.faults if "wrong imprint" in fault]


def test_an_expired_certificate_is_named(tmp_path: Path) -> None:
    authority = make_authority(tmp_path / "tsa", begins=timedelta(days=-30), ends=timedelta(days=-1))
    checked = check_stamp(authority.stamp(authority.question(MESSAGE)), MESSAGE, [authority.root])
    assert [fault for fault in checked.faults if fault.startswith("expired certificate")]
    assert checked.wall_ns is None


def test_a_certificate_that_begins_later_is_named(tmp_path: Path) -> None:
    authority = make_authority(tmp_path / "tsa", begins=timedelta(days=1))
    checked = check_stamp(authority.stamp(authority.question(MESSAGE)), MESSAGE, [authority.root])
    assert [fault for fault in checked.faults if "was not valid before" in fault]


def test_another_key_than_the_certificates_is_named(tmp_path: Path, authority: Authority) -> None:
    """The answer of one authority with the certificate of another of the same name and serial cannot be told by name alone."""
    other = make_authority(tmp_path / "other")
    checked = check_stamp(authority.stamp(authority.question(MESSAGE)), MESSAGE, [other.root])
    assert checked.faults == ("no authority that you trust issued the certificate that signed it",)
    assert not checked.trusted


def test_a_signature_that_was_changed_is_named(answer: bytes, authority: Authority) -> None:
    signature = read_stamp(answer).signature
    changed = answer.replace(signature, signature[:-1] + bytes([signature[-1] ^ 1]))
    checked = check_stamp(changed, MESSAGE, [authority.root])
    assert [fault for fault in checked.faults if fault.startswith("its signature is bad")]


def test_a_certificate_for_another_purpose_is_named() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    for purposes, critical in (([CODE_SIGNING], True), ([TIME_STAMPING], False), ([TIME_STAMPING, CODE_SIGNING], True)):
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "made")])
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        builder = builder.serial_number(1).not_valid_before(now - timedelta(1)).not_valid_after(now + timedelta(1))
        made = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=critical).sign(key, SHA256())
        assert "was not issued for time stamping" in purpose_fault(made, now)


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_a_changed_stamp_proves_no_other_moment(answer: bytes, authority: Authority, data: st.DataObject) -> None:
    """A bit may be one that nobody signed (a status text, a certificate that is not needed); what is proved stays the same."""
    changed = bytearray(answer)
    changed[data.draw(st.integers(0, len(answer) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    checked = check_stamp(bytes(changed), MESSAGE, [authority.root])
    honest = check_stamp(answer, MESSAGE, [authority.root])
    assert checked.faults or (checked.wall_ns, checked.authority) == (honest.wall_ns, honest.authority)


@settings(max_examples=60, deadline=None)
@given(content=st.binary(max_size=200), cut=st.integers(0, 3000))
def test_no_bytes_break_the_check(answer: bytes, authority: Authority, content: bytes, cut: int) -> None:
    for given_bytes in (content, answer[:cut], answer[:cut] + content):
        if given_bytes != answer:
            check_stamp(given_bytes, MESSAGE, [authority.root])


def test_an_authority_that_is_away_is_asked_again_later(tmp_path: Path, authority: Authority) -> None:
    case = build_sealed(tmp_path / "case")
    with listening(authority.stamp) as url:
        pass
    with pytest.raises(AuthorityAway):
        stamp_case(case, url, clock=FrozenClock())
    assert pending_authority(case) == url
    assert not list((case / "custody").glob("*.tsr"))
    waiting = verify(case)
    assert waiting.ok
    assert any("a time stamp was asked for and has not been had" in note.what for note in waiting.notes)
    with listening(authority.stamp) as again:
        stamp_case(case, again, roots=[authority.root])
    assert pending_authority(case) is None
    assert verify(case).stamps == 1


def test_an_answer_that_does_not_hold_is_not_kept(tmp_path: Path, authority: Authority) -> None:
    case = build_sealed(tmp_path / "case")
    other = authority.stamp(authority.question(MESSAGE))
    stranger = make_authority(tmp_path / "stranger")
    for give in (lambda _: other, lambda _: b"<html>", lambda _: b""):
        with listening(give) as url, pytest.raises(StampRefused):
            stamp_case(case, url, roots=[authority.root])
    with listening(stranger.stamp) as url, pytest.raises(StampRefused):
        stamp_case(case, url, roots=[authority.root])
    with listening(authority.stamp, status=503) as url, pytest.raises(AuthorityAway, match="503"):
        ask_authority(url, MESSAGE)
    for url in ("ftp://x", "nothing", "http://", "http://[", "http://x/\n"):
        with pytest.raises(StampRefused):
            ask_authority(url, MESSAGE)
    assert not list((case / "custody").iterdir())


def test_a_stamp_of_another_case_is_a_fault(tmp_path: Path, authority: Authority) -> None:
    one, two = build_sealed(tmp_path / "one"), build_sealed(tmp_path / "two", steps=1)
    with listening(authority.stamp) as url:
        made = stamp_case(one, url)
    (two / "custody").mkdir()
    shutil.copy(made.path, two / "custody" / "stamp-01.tsr")
    answer = verify(two)
    assert [fault.what for fault in answer.faults if fault.place == "custody/stamp-01.tsr"] == [
        "time stamp: wrong imprint: it was made for other bytes than this seal"
    ]


@pytest.mark.parametrize(("days", "said"), [(1, "a time stamp of"), (-1, "rests on the sealing machine's clock alone")])
def test_a_stamp_from_before_a_revocation_shows_that_the_seal_was_there(
    tmp_path: Path, authority: Authority, days: int, said: str
) -> None:
    case = build_sealed(tmp_path / "case")
    with listening(authority.stamp) as url:
        made = stamp_case(case, url, roots=[authority.root])
    entry = KeyEntry(public_key=KEY.public, revoked_wall_ns=made.wall_ns + days * 86_400 * 10**9, reason="stolen")
    register = KeyRegister(entries=(entry,))
    answer = verify_for(case, Trust(keys=[KEY.fingerprint], register=register, authorities=(authority.root,)))
    assert answer.ok
    (note,) = [note.what for note in answer.notes if note.place == "record/seal.json"]
    assert said in note
    unknown = verify_for(case, Trust(keys=[KEY.fingerprint], register=register))
    assert any("clock alone" in note.what for note in unknown.notes), "a stranger's stamp shows nothing"
