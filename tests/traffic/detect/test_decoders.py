"""Decoders never raise, never exceed their bound, and undo what others did."""

from __future__ import annotations

import base64
import bz2
import gzip
import html
import json
import lzma
import random
import time
import urllib.parse
import zlib

import brotli
import cbor2
import cramjam
import lz4.block
import lz4.frame
import lzstring
import msgpack
import pytest
import zstandard
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from evidence.clock import FrozenClock, SystemClock
from tests.traffic.detect.made import ENCODERS, deflate, multipart, protobuf
from traffic.decode import Batch, Budget, DecodeTree, Limits, Node
from traffic.decode.compressed import HEADERLESS, headerless, inflate, zip_members
from traffic.decode.content import entropy, is_text, utf16_codec
from traffic.decode.framing import embedded_streams, grpc_frames, multipart_parts
from traffic.decode.lzstring import lz_string_base64, lz_string_utf16
from traffic.decode.replay import DECODERS
from traffic.decode.structured import read_structure
from traffic.decode.text import REWRITINGS, SourceMap, json_unescape, percent_decode
from traffic.decode.tokens import decode_base64, decode_hex, readings
from traffic.decode.xor import repeat_xor, xor_readings

LIMIT = 1 << 16
COMPRESS = {
    "gzip": gzip.compress,
    "zlib": zlib.compress,
    "deflate": deflate,
    "zstd": zstandard.compress,
    "lz4": lz4.frame.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "brotli": brotli.compress,
    "snappy": lambda data: bytes(cramjam.snappy.compress_raw(data)),
    "snappy-framed": lambda data: bytes(cramjam.snappy.compress(data)),
    "lz4-block": lambda data: lz4.block.compress(data, store_size=False),
    "lz4-sized": lambda data: lz4.block.compress(data),
}
_PIECES = [
    *(b"%", b"%u", b"%4", b"\\", b"\\u", b"\\ud83d", b'"', b"&#x", b"&amp;", b"=3D", b"=\n", b"\x1f\x8b\x08\x00"),
    *(b"x\x9c", b"eyJ", b"H4sIAAAA", b"N4Ig", b"BZh9", b"PK\x03\x04", b"--b\r\n", b"\x0a\x03abc", b"\x82\xa1a\xc4"),
    *(b"A" * 40, b"0" * 32, b"\0\0\0\0\x10", b"(\xb5/\xfd", b'\x04"M\x18', b"\xff\x06\0\0sNaPpY", b"{", b"[", b"+"),
]
MESSY = st.one_of(
    st.binary(max_size=300),
    st.text(max_size=120).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.lists(
        st.sampled_from(_PIECES),
        max_size=12,
    ).map(b"".join),
)


def walk(data: bytes, limits: Limits | None = None) -> tuple[int, int, DecodeTree, Budget]:
    """(pieces, bytes) that the tree gave, the tree, and its budget."""
    budget = Budget(limits or Limits(), SystemClock())
    tree = DecodeTree([Node(data, "body")], budget)
    pieces = size = 0
    for visit in tree:
        pieces += 1
        size += len(visit.text if isinstance(visit, Batch) else visit.data)
    return pieces, size, tree, budget


@settings(max_examples=400, deadline=None)
@given(MESSY)
@example(b"\x78\x9c" * 100)
@example(b"[" * 5000)
@example(b"\x81" * 5000)
@example(b"\x0a\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01")
def test_the_tree_never_raises(data: bytes) -> None:
    pieces, size, _, _ = walk(data)
    assert pieces <= 3000
    assert size <= 16 << 20


@settings(max_examples=100, deadline=None)
@given(MESSY, st.lists(st.sampled_from(sorted(ENCODERS)), max_size=3), st.integers(0, 1 << 30))
def test_the_tree_never_raises_on_broken_nestings(data: bytes, chain: list[str], seed: int) -> None:
    chance = random.Random(seed)
    for name in chain:
        try:
            data = ENCODERS[name](data, chance)
        except UnicodeEncodeError:  # half a surrogate pair has no encoding
            assume(False)
    if data:
        at = chance.randrange(len(data))
        data = data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :][: chance.randrange(1, len(data) + 1)]
    walk(data)


@settings(max_examples=200, deadline=None)
@given(MESSY, st.text(max_size=8))
def test_no_decoding_raises(data: bytes, argument: str) -> None:
    for code, decode in DECODERS.items():
        result = decode(data, "a1b2" if code == "xor" else argument)
        assert result is None or isinstance(result, bytes)


@settings(max_examples=200, deadline=None)
@given(MESSY)
def test_no_reader_raises(data: bytes) -> None:
    read_structure(data)
    list(multipart_parts(data))
    list(grpc_frames(data))
    list(zip_members(data, LIMIT))
    list(headerless(data, LIMIT)) if data else None
    assert 0 <= entropy(data) <= 8000
    assert utf16_codec(data) in (None, "utf-16le", "utf-16be")
    for reading in readings(data, set()):
        assert reading.source in data


@settings(max_examples=60, deadline=None)
@given(st.binary(min_size=8, max_size=400), st.sampled_from(sorted(COMPRESS)))
def test_what_was_compressed_comes_back(data: bytes, code: str) -> None:
    packed = COMPRESS[code](data)
    inflated = inflate(code, packed, LIMIT)
    if code == "snappy" and inflated is None:
        assert len(data) < len(packed) // 2 or len(data) < 8
        return
    assert inflated is not None
    assert inflated.data == data


@pytest.mark.parametrize("code", sorted(COMPRESS))
def test_inflating_stops_at_the_bound(code: str) -> None:
    packed = COMPRESS[code](b"\0" * (8 << 20))
    inflated = inflate(code, packed, LIMIT)
    assert inflated is None or len(inflated.data) <= LIMIT


@pytest.mark.parametrize("code", ["gzip", "zlib", "zstd", "bz2", "xz", "brotli", "lz4", "deflate"])
@settings(max_examples=30, deadline=None)
@given(cut=st.integers(0, 400), noise=st.binary(max_size=8))
def test_cut_and_damaged_streams_do_no_harm(code: str, cut: int, noise: bytes) -> None:
    packed = COMPRESS[code](json.dumps({"n": list(range(200))}).encode())
    inflate(code, packed[:cut] + noise, LIMIT)


def test_the_beginning_of_a_cut_stream_is_read() -> None:
    text = json.dumps({f"key{number}": "value" * (number % 7) for number in range(3000)}).encode()
    for code in ("gzip", "zlib", "deflate", "brotli"):
        packed = COMPRESS[code](text)
        inflated = inflate(code, packed[: len(packed) * 2 // 3], 1 << 20)
        assert inflated is not None
        assert text.startswith(inflated.data[:1000])
        assert len(inflated.data) > len(text) // 4


def test_each_compression_without_a_magic_number_is_recognised() -> None:
    text = json.dumps({"event": "start", "list": list(range(60)), "text": "hello " * 8}).encode()
    for code in HEADERLESS:
        assert any(found == text for _, found in headerless(COMPRESS[code](text), LIMIT)), code


@given(
    st.binary(max_size=60).map(
        lambda raw: bytes(b"%+aF4u\xe5 "[byte % 9 : byte % 9 + 1][0] if byte % 9 < 8 else 37 for byte in raw)
    )
)
def test_percent_decoding_is_the_standard_one(data: bytes) -> None:
    assume(b"%u" not in data)
    assert percent_decode(data) == urllib.parse.unquote_to_bytes(data)


@given(st.text(max_size=60).filter(lambda text: not any(0xD800 <= ord(sign) < 0xE000 for sign in text)), st.booleans())
def test_json_strings_are_unescaped_as_json_does(text: str, ascii_only: bool) -> None:
    written = json.dumps(text, ensure_ascii=ascii_only).encode()
    assert json_unescape(written[1:-1]).decode() == text


@given(st.text(max_size=40).filter(lambda text: not any(0xD800 <= ord(sign) < 0xE000 for sign in text)))
def test_html_entities_are_undone(text: str) -> None:
    escaped = html.escape(text, quote=True)
    assert REWRITINGS["html"].apply(escaped.encode()).decode() == text or "&" in text


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["url", "json-string", "html"]),
    st.lists(st.sampled_from(["a", "中", "%", "&", '"', "\\", "/", "😀", " ", "é"]), min_size=1, max_size=30),
)
def test_a_source_map_leads_back(code: str, signs: list[str]) -> None:
    encode = {
        "url": lambda sign: urllib.parse.quote(sign, safe=""),
        "json-string": lambda sign: json.dumps(sign)[1:-1],
        "html": lambda sign: "".join(f"&#{ord(one)};" for one in sign) if sign in '&"中😀' else sign,
    }[code]
    source = "".join(map(encode, signs)).encode()
    rewriting = REWRITINGS[code]
    assert rewriting.apply(source).decode() == "".join(signs)
    mapped = SourceMap(rewriting, source)
    decoded = encoded = 0
    for sign in signs:
        if code == "url" and len(sign.encode()) > 1:
            break  # every byte of it is an escape of its own
        assert mapped.source_offset(decoded) == encoded
        decoded += len(sign.encode())
        encoded += len(encode(sign).encode())


@given(st.binary(max_size=200))
def test_base64_of_every_dress(data: bytes) -> None:
    assert decode_base64(base64.b64encode(data)) == data
    assert decode_base64(base64.urlsafe_b64encode(data).rstrip(b"=")) == data
    assert decode_base64(base64.encodebytes(data)) == data
    assert decode_hex(data.hex().encode()) == data


PLANE = st.text(st.characters(min_codepoint=32, max_codepoint=0xD7FF), min_size=1, max_size=120)


@settings(deadline=None)
@given(PLANE)
def test_lz_string_agrees_with_its_library(text: str) -> None:
    library = lzstring.LZString()
    assert lz_string_base64(library.compressToBase64(text).encode(), LIMIT) == text.encode()
    assert lz_string_base64(library.compressToEncodedURIComponent(text).encode(), LIMIT) == text.encode()
    packed = library.compressToUTF16(text)
    if not any(0xD800 <= ord(sign) < 0xE000 for sign in packed):
        assert lz_string_utf16(packed.encode(), LIMIT) == text.encode()


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_lz_string_of_nonsense_is_bounded(data: bytes) -> None:
    result = lz_string_base64(base64.b64encode(data), LIMIT)
    assert result is None or len(result) <= 4 * LIMIT
    lz_string_utf16(data, LIMIT)


@given(st.binary(min_size=1, max_size=80), st.binary(min_size=1, max_size=9))
def test_xor_undoes_itself(data: bytes, key: bytes) -> None:
    assert repeat_xor(repeat_xor(data, key), key) == data


@pytest.mark.parametrize("length", [1, 2, 3, 4, 8])
def test_the_key_of_a_text_is_worked_out(length: int) -> None:
    text = json.dumps([{"event": "page_view", "page": f"/item/{number}", "ms": number * 7} for number in range(20)])
    for seed in range(10):
        key = random.Random(seed).randbytes(length)
        if not any(key):
            continue
        found = [plain for _, plain in xor_readings(repeat_xor(text.encode(), key), LIMIT, thorough=False)]
        assert found == [text.encode()], (seed, key.hex())


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(1 << 63), (1 << 63) - 1)
    | st.floats(allow_nan=False)
    | st.text(max_size=20)
    | st.binary(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(st.text(min_size=3, max_size=8), VALUES, min_size=1, max_size=4),
    st.sampled_from(["msgpack", "cbor"]),
)
def test_binary_messages_are_read_whole(value: dict[str, object], code: str) -> None:
    packed = msgpack.packb(value) if code == "msgpack" else cbor2.dumps(value)
    assume(len(packed) < 2000)
    structure = read_structure(packed)
    assert structure is not None
    texts = {packed[field.offset : field.offset + field.length] for field in structure.fields if field.is_text}
    assert {key.encode() for key in value} <= texts | {b""}


def test_a_field_of_protobuf_is_named_by_its_numbers() -> None:
    structure = read_structure(protobuf(b"payload of some length"))
    assert structure is not None
    assert structure.code == "protobuf"
    assert [field.path for field in structure.fields if field.is_text] == ["1", "2.2"]


def test_the_parts_of_a_form_are_found() -> None:
    parts = list(multipart_parts(multipart(b"\x1f\x8bdata")))
    assert [(part.argument, part.data) for part in parts] == [("meta", b'{"v":1}'), ("file", b"\x1f\x8bdata")]


def test_a_stream_behind_any_header_is_found() -> None:
    text = b'{"a":"hello, this is the text"}' * 3
    for code in ("gzip", "zlib", "zstd", "lz4", "bz2", "xz"):
        framed = b"\x01\x02HEAD\x00\x00\x07" + COMPRESS[code](text) + b"\x00TAIL"
        assert any(frame.data == text for frame in embedded_streams(framed, LIMIT)), code


def test_text_is_told_from_bytes() -> None:
    assert is_text("中文与 English".encode())
    assert is_text("只是汉字而已".encode("gbk"))
    assert not is_text(bytes(range(64)))
    assert not is_text(random.Random(1).randbytes(200))


BOMBS = {
    "gzip": gzip.compress(b"\0" * (64 << 20)),
    "gzip of letters": gzip.compress(b"QUFB" * (12 << 20)),
    "gzip of percent signs": gzip.compress(b"%25" * (12 << 20)),
    "gzip of backslashes": gzip.compress(b"\\\\" * (12 << 20)),
    "zstd": zstandard.compress(b"\0" * (128 << 20)),
    "brotli": brotli.compress(b"A" * (64 << 20), quality=1),
    "bz2": bz2.compress(b"\0" * (32 << 20)),
    "lz4": lz4.frame.compress(b"\0" * (64 << 20)),
    "xz": lzma.compress(b"\0" * (64 << 20), preset=0),
    "lz-string": lzstring.LZString().compressToBase64("a" * 1_000_000).encode(),
    "deep json": b"[" * 400_000,
    "deep msgpack": b"\x91" * 400_000,
    "endless cbor": b"\x9f" * 400_000,
    "wide msgpack": b"\xdd\x00\x0f\xff\xff" + b"\x01" * 0xFFFFF,
    "one value again and again": b"13804719265," * 100_000,
    "tokens": b" ".join(base64.b64encode(random.Random(n).randbytes(18)) for n in range(15_000)),
}
BOMBS["gzip of gzip of gzip"] = gzip.compress(gzip.compress(BOMBS["gzip"]))


@pytest.mark.parametrize("name", sorted(BOMBS))
def test_a_bomb_is_cut_short(name: str) -> None:
    data = BOMBS[name]
    spent = []
    for _ in range(3):
        started = time.process_time_ns()
        _, size, _, _ = walk(data)
        spent.append((time.process_time_ns() - started) / 1e6)
        assert size <= 24 << 20
    # 50 ms on a machine of its own; another test may be running beside this one.
    assert min(spent) < 100, spent


def test_time_ends_what_the_other_bounds_let_through() -> None:
    budget = Budget(Limits(seconds=1), FrozenClock(step_ns=600_000_000))
    tree = DecodeTree([Node(base64.b64encode(b'{"a":"%s"}' % base64.b64encode(b'{"b":"some text"}')), "body")], budget)
    assert len(list(tree)) <= 2
    assert budget.truncated


def test_the_same_bytes_are_looked_at_once() -> None:
    inner = base64.b64encode(gzip.compress(b'{"key":"value of some length"}'))
    pieces, _, _, _ = walk(json.dumps([inner.decode()] * 50).encode())
    assert pieces <= 6


def test_the_depth_is_bounded() -> None:
    data = b'{"key":"value of some length"}'
    for _ in range(30):
        data = gzip.compress(data)
    _, _, _, budget = walk(data)
    assert budget.truncated
