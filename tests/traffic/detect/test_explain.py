"""A third person gets from the stored bytes to the value, step by step, with other tools."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import random
import shutil
import subprocess
import sys
import urllib.parse
import zlib
from pathlib import Path

import pytest

from tests.traffic.detect.made import DEVICE, ENCODERS, KNOWN, deflate, multipart, payload, protobuf, request, xor
from traffic.decode.replay import Irreproducible, replay
from traffic.detect import Detector, Hit
from traffic.explain import explain, stored_bytes
from traffic.record import CapturedRequest

DETECTOR = Detector(KNOWN)
EVENT = json.dumps({"id": 7, "device": {"imei": DEVICE["imei"], "name": "测试"}}, ensure_ascii=False).encode()
BODIES = {
    "plain": EVENT,
    "form, percent, base64, gzip": b"v=1&data="
    + urllib.parse.quote_plus(base64.b64encode(gzip.compress(EVENT))).encode(),
    "json in json": json.dumps({"a": 1, "params": EVENT.decode()}).encode(),
    "json in json in json": json.dumps([{"p": json.dumps({"q": EVENT.decode()})}]).encode(),
    "unpadded base64url in json": json.dumps({"d": base64.urlsafe_b64encode(EVENT).decode().rstrip("=")}).encode(),
    "reversed base64": base64.b64encode(EVENT)[::-1],
    "base64 in lines": base64.encodebytes(EVENT * 3),
    "hexadecimal": b"x=" + EVENT.hex().encode(),
    "zlib": zlib.compress(EVENT),
    "deflate": deflate(EVENT * 2),
    "xor": xor(EVENT, b"\x5a"),
    "multipart with gzip": multipart(gzip.compress(EVENT)),
    "gzip behind a header": b"\x00\x01HD" + gzip.compress(EVENT),
    "protobuf with gzip": protobuf(gzip.compress(EVENT)),
    "utf-16": EVENT.decode().encode("utf-16-le"),
    "percent twice": b"d=" + urllib.parse.quote(urllib.parse.quote(EVENT)).encode(),
    "html": b"<i>" + "".join(f"&#{byte};" for byte in DEVICE["imei"].encode()).encode() + b"</i>",
}


def hit_of(made: CapturedRequest, kind: str = "imei") -> Hit:
    return next(hit for hit in DETECTOR.search(made).hits if hit.kind == kind and hit.standalone)


def run(commands: list[str], start: bytes, directory: Path) -> bytes:
    """What a person does: the commands in a shell, in an empty directory."""
    (directory / "step0").write_bytes(start)
    output = b""
    for command in commands:
        command = command.replace("python3 ", f"{sys.executable} ")
        done = subprocess.run(["bash", "-c", command], cwd=directory, capture_output=True, timeout=20, check=False)
        output = done.stdout
    return output


@pytest.mark.skipif(shutil.which("bash") is None or shutil.which("xxd") is None, reason="needs bash and xxd")
@pytest.mark.parametrize("name", sorted(BODIES))
def test_the_commands_lead_to_the_value(name: str, tmp_path: Path) -> None:
    made = request(BODIES[name])
    hit = hit_of(made)
    instructions = explain(hit, made)
    commands = [instruction.command for instruction in instructions if instruction.command]
    output = run(commands, stored_bytes(hit, made), tmp_path)
    assert output.replace(b"\0", b"") == DEVICE["imei"].encode()
    assert hashlib.sha256(output).hexdigest() == instructions[-1].sha256
    for number, instruction in enumerate(instructions[:-1]):
        written = (tmp_path / f"step{number}").read_bytes()
        assert (len(written), hashlib.sha256(written).hexdigest()) == (instruction.size, instruction.sha256), number


@pytest.mark.parametrize("name", sorted(BODIES))
def test_every_hit_can_be_replayed(name: str) -> None:
    made = request(BODIES[name], path="/t?imei=" + DEVICE["imei"], headers=(("X-Device", DEVICE["android_id"]),))
    hits = DETECTOR.search(made).hits
    assert {hit.where for hit in hits} == {"body", "url", "header"}
    for hit in hits:
        last = replay(stored_bytes(hit, made), hit.steps)[-1]
        found = last[hit.offset : hit.offset + hit.length]
        assert found.lower() in (
            DEVICE[hit.kind].encode().lower(),
            found.lower() if "plain" not in hit.form_code else b"",
        )
        assert len(explain(hit, made)) == len(hit.steps) + 2


def test_hits_of_generated_chains_can_be_replayed() -> None:
    chance = random.Random(8)
    names = list(ENCODERS)
    for _ in range(150):
        kind = chance.choice(["android_id", "oaid", "phone", "email", "ssid"])
        body = payload(kind, chance)
        for name in chance.choices(names, k=chance.randrange(1, 4)):
            body = ENCODERS[name](body, chance)
        made = request(body)
        for hit in DETECTOR.search(made).hits:
            found = replay(stored_bytes(hit, made), hit.steps)[-1][hit.offset : hit.offset + hit.length]
            if hit.form_code == "plain":
                assert found.decode().lower() == DEVICE[hit.kind].lower()


def test_other_bytes_are_refused() -> None:
    made = request(BODIES["form, percent, base64, gzip"])
    hit = hit_of(made)
    with pytest.raises(Irreproducible):
        explain(hit, request(b"something else entirely"))


def test_a_digest_says_how_it_is_computed() -> None:
    body = json.dumps({"h": hashlib.sha256(DEVICE["android_id"].upper().encode()).hexdigest()}).encode()
    made = request(body)
    last = explain(hit_of(made, "android_id"), made)[-1]
    assert "SHA-256 of the Android ID in upper case, in hexadecimal" in last.sentence
    assert "tr a-z A-Z | sha256sum" in last.sentence
    assert DEVICE["android_id"] not in "".join(
        str(instruction) for instruction in explain(hit_of(made, "android_id"), made)
    )


def test_capitals_of_a_digest_are_told_because_tools_print_small_letters() -> None:
    digest = hashlib.md5(DEVICE["imei"].encode(), usedforsecurity=False).hexdigest()
    for text, capitals in ((digest.upper(), True), (digest, False)):
        made = request(json.dumps({"d": text}).encode())
        sentence = explain(hit_of(made), made)[-1].sentence
        assert ("capitals" in sentence) is capitals


def test_both_languages_are_given() -> None:
    made = request(BODIES["form, percent, base64, gzip"])
    for instruction in explain(hit_of(made), made):
        assert any("\u4e00" <= sign <= "\u9fff" for sign in instruction.sentence_zh)
        assert instruction.sentence.endswith(".")
