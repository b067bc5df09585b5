"""Every decoding by its code, so that a way that was told can be gone again."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from traffic.decode.compressed import inflate, zip_members
from traffic.decode.lzstring import lz_string_base64, lz_string_utf16
from traffic.decode.node import Step
from traffic.decode.text import REWRITINGS
from traffic.decode.tokens import decode_base32, decode_base64, decode_hex
from traffic.decode.xor import repeat_xor

__all__ = ["DECODERS", "Irreproducible", "replay"]

_LIMIT = 64 << 20
_COMPRESSIONS = (
    "brotli",
    "bz2",
    "deflate",
    "gzip",
    "lz4",
    "lz4-block",
    "lz4-sized",
    "lzma",
    "snappy",
    "snappy-framed",
    "snappy-xerial",
    "xz",
    "zlib",
    "zstd",
)
_SLICES = ("cbor", "grpc", "msgpack", "multipart", "protobuf", "slice")

Decoder = Callable[[bytes, str], bytes | None]


class Irreproducible(ValueError):
    """A step does not fit the bytes: they are not those that were looked through."""


def _decompress(code: str) -> Decoder:
    def decompress(data: bytes, _argument: str) -> bytes | None:
        inflated = inflate(code, data, _LIMIT)
        return None if inflated is None else inflated.data

    return decompress


def _rewrite(code: str) -> Decoder:
    return lambda data, _argument: REWRITINGS[code].apply(data)


DECODERS: dict[str, Decoder] = {
    **{code: _decompress(code) for code in _COMPRESSIONS},
    **{code: _rewrite(code) for code in REWRITINGS},
    **dict.fromkeys(_SLICES, lambda data, _argument: data),
    "base32": lambda data, _argument: decode_base32(data),
    "base64": lambda data, _argument: decode_base64(data),
    "hex": lambda data, _argument: decode_hex(data),
    "lz-string": lambda data, _argument: lz_string_base64(data, _LIMIT),
    "lz-string-utf16": lambda data, _argument: lz_string_utf16(data, _LIMIT),
    "reversed-base64": lambda data, _argument: decode_base64(data[::-1]),
    "utf-16be": lambda data, _argument: data.decode("utf-16be", "replace").encode(),
    "utf-16le": lambda data, _argument: data.decode("utf-16le", "replace").encode(),
    "xor": lambda data, argument: repeat_xor(data, bytes.fromhex(argument)),
    "zip": lambda data, argument: dict(zip_members(data, _LIMIT)).get(argument),
}
"""What each step of a hit does. Add here => say in traffic.explain how it is done with other tools."""


def replay(data: bytes, steps: Sequence[Step]) -> tuple[bytes, ...]:
    """The bytes before the first step and after each. Raises Irreproducible where a step fails."""
    stages = [data]
    for step in steps:
        piece = stages[-1][step.offset : step.offset + step.length]
        decoded = DECODERS[step.code](piece, step.argument) if len(piece) == step.length else None
        if decoded is None:
            raise Irreproducible(f"{step.code} at {step.offset} does not fit these bytes")
        stages.append(decoded)
    return tuple(stages)
