"""Writes down how a third person finds a value again in the stored bytes, with tools that every system has."""

from __future__ import annotations

import hashlib
import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from traffic.decode.replay import Irreproducible, replay
from traffic.decode.text import REWRITINGS
from traffic.detect import Hit, header_block
from traffic.known import DATA_TYPES

if TYPE_CHECKING:
    from traffic.decode.node import Step
    from traffic.record import CapturedRequest

__all__ = ["Instruction", "Irreproducible", "explain", "one_line", "stored_bytes"]

_PYTHON = "python3 -c 'import sys, {modules}; sys.stdout.buffer.write({expression})'"
_IN = "sys.stdin.buffer.read()"
_HEXADECIMAL_CAPITALS = re.compile(rb"^(?=.*[A-F])[0-9A-F:-]+$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """One thing to do, and what must come out."""

    sentence: str
    sentence_zh: str
    command: str | None
    """A shell command that reads step N-1's file and writes step N's; None for what is only looked at."""
    size: int
    """Of what comes out, in bytes."""
    sha256: str
    """Of what comes out: two people who did the same have the same."""


def stored_bytes(hit: Hit, request: CapturedRequest) -> bytes:
    """What the first step starts from: the stored body, the URL, or the headers as lines."""
    if hit.where == "body":
        return request.body
    if hit.where == "url":
        return request.url.encode(request.text_encoding, "replace")
    return header_block(request)


def explain(hit: Hit, request: CapturedRequest, *, origin: str | None = None) -> tuple[Instruction, ...]:
    """The way to the value, checked by going it. Raises Irreproducible where the request is not the hit's.

    `origin`: a command that prints the stored bytes, for a reader who has the whole record (traffic.origins).
    """
    start = stored_bytes(hit, request)
    stages = replay(start, hit.steps)
    instructions = [_first(hit, start, origin)]
    for number, (step, result) in enumerate(zip(hit.steps, stages[1:], strict=True), start=1):
        instructions.append(_decoding(number, step, result))
    instructions.append(_last(hit, stages[-1], len(hit.steps)))
    return tuple(instructions)


def one_line(hit: Hit, origin: str) -> str:
    """The whole way as one shell command that prints the bytes of the match; `origin` prints the stored bytes."""
    pieces = [origin]
    for step in hit.steps:
        pieces.append(f"tail -c +{step.offset + 1} | head -c {step.length}")
        if tool := _how(step)[2]:
            pieces.append(tool)
    return " | ".join([*pieces, f"tail -c +{hit.offset + 1} | head -c {hit.length}"])


def _first(hit: Hit, start: bytes, origin: str | None) -> Instruction:
    what, what_zh = {
        "body": ("the stored body of the request", "请求正文"),
        "url": ("the URL of the request", "请求URL"),
        "header": ('the headers of the request, one line "name: value" each, ended by CR LF', "请求头"),
    }[hit.where]
    return Instruction(
        sentence=f"Take {what} as the file step0.",
        sentence_zh=f"将{what_zh}存为文件step0。",
        command=f"{origin} > step0" if origin else None,
        size=len(start),
        sha256=hashlib.sha256(start).hexdigest(),
    )


def _decoding(number: int, step: Step, result: bytes) -> Instruction:
    words, words_zh, tool = _how(step)
    cut = f"tail -c +{step.offset + 1} step{number - 1} | head -c {step.length}"
    command = f"{cut} | {tool} > step{number}" if tool else f"{cut} > step{number}"
    return Instruction(
        sentence=f"Take the {step.length} bytes from offset {step.offset} of step{number - 1} and {words}: step{number}.",
        sentence_zh=f"取step{number - 1}自偏移{step.offset}起的{step.length}字节，{words_zh}，得step{number}。",
        command=command,
        size=len(result),
        sha256=hashlib.sha256(result).hexdigest(),
    )


def _last(hit: Hit, data: bytes, number: int) -> Instruction:
    name, name_zh = DATA_TYPES[hit.kind][1], DATA_TYPES[hit.kind][0]
    found = data[hit.offset : hit.offset + hit.length]
    check = _check(hit)
    capitals = _HEXADECIMAL_CAPITALS.search(found) is not None and "hexadecimal" in hit.form
    case, case_zh = (" (its letters are capitals here)", "（此处字母为大写）") if capitals else ("", "")
    return Instruction(
        sentence=f"The {hit.length} bytes from offset {hit.offset} of step{number} are {hit.form}{case}: compare them with"
        f" the {name} that was known before ({hit.source}){check}.",
        sentence_zh=f"step{number}自偏移{hit.offset}起的{hit.length}字节即{hit.form_zh}{case_zh}："
        f"与事先已知的{name_zh}（{hit.source}）比对。",
        command=f"tail -c +{hit.offset + 1} step{number} | head -c {hit.length}",
        size=len(found),
        sha256=hashlib.sha256(found).hexdigest(),
    )


_DIGEST = re.compile(r"(md5|sha1|sha256|sha512)-(hex|raw|base64)")
_DIGEST_TWICE = re.compile(r"(md5|sha1|sha256|sha512)-of-(md5|sha1|sha256)")


def _check(hit: Hit) -> str:
    """How to compute the digest of the known value, where it is one."""
    case = {"lower": " | tr A-Z a-z", "upper": " | tr a-z A-Z"}
    cased = next((command for name, command in case.items() if f":{name}" in hit.form_code), "")
    digest = _DIGEST.match(hit.form_code)
    if hit.form_code.endswith(":bytes"):
        cased = " | tr -d ':-' | xxd -r -p"
    if digest is not None:
        written = {"hex": "", "raw": " | cut -d' ' -f1 | xxd -r -p", "base64": " | cut -d' ' -f1 | xxd -r -p | base64"}
        return f', with: printf %s "$VALUE"{cased} | {digest.group(1)}sum{written[digest.group(2)]}'
    twice = _DIGEST_TWICE.match(hit.form_code)
    if twice is not None:
        upper = " | tr a-z A-Z" if "-upper" in hit.form_code else ""
        inner = f"{twice.group(2)}sum | cut -d' ' -f1 | tr -d '\\n'{upper}"
        return f', with: printf %s "$VALUE"{cased} | {inner} | {twice.group(1)}sum'
    return ""


def _python(expression: str, modules: str = "zlib") -> str:
    return _PYTHON.format(modules=modules, expression=expression)


_COMPRESSION_TOOLS = {
    "brotli": "brotli -dc",
    "bz2": "bzip2 -dc",
    "gzip": "gzip -dcq",
    "lz4": "lz4 -dc",
    "lzma": "xz -dc --format=lzma",
    "xz": "xz -dc",
    "zstd": "zstd -dcq",
    "zlib": _python(f"zlib.decompressobj().decompress({_IN})"),
    "deflate": _python(f"zlib.decompressobj(-15).decompress({_IN})"),
    "lz4-block": _python(f"lz4.block.decompress({_IN}, uncompressed_size=1 << 26)", "lz4.block"),
    "lz4-sized": _python(f"lz4.block.decompress({_IN})", "lz4.block"),
    "snappy": _python(f"cramjam.snappy.decompress_raw({_IN})", "cramjam"),
    "snappy-framed": _python(f"cramjam.snappy.decompress({_IN})", "cramjam"),
    "snappy-xerial": "java -cp snappy-java.jar org.xerial.snappy.SnappyInputStream",
}
_TEXT_TOOLS = {
    "url": (
        "undo its percent-encoding",
        "还原百分号编码",
        _python(f"urllib.parse.unquote_to_bytes({_IN})", "urllib.parse"),
    ),
    "url-plus": (
        "undo its percent-encoding, with plus signs for spaces",
        "还原百分号编码(加号为空格)",
        _python(f'urllib.parse.unquote_to_bytes({_IN}.replace(b"+", b" "))', "urllib.parse"),
    ),
    "json-string": (
        "read it as the inside of a JSON string",
        "按JSON字符串内容还原转义",
        _python(f'json.loads(b"\\x22" + {_IN} + b"\\x22", strict=False).encode("utf-8", "surrogatepass")', "json"),
    ),
    "html": (
        "undo its HTML entities",
        "还原HTML实体",
        _python(f'html.unescape({_IN}.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")', "html"),
    ),
    "quoted-printable": (
        "decode it from quoted-printable",
        "按quoted-printable解码",
        _python(f"quopri.decodestring({_IN})", "quopri"),
    ),
    "utf-16le": ("read it as UTF-16, little-endian", "按UTF-16LE解码", "iconv -f UTF-16LE -t UTF-8"),
    "utf-16be": ("read it as UTF-16, big-endian", "按UTF-16BE解码", "iconv -f UTF-16BE -t UTF-8"),
    "base32": (
        "decode it from base32",
        "base32解码",
        _python(f'(lambda text: base64.b32decode(text + b"=" * (-len(text) % 8)))({_IN})', "base64"),
    ),
    "hex": ("decode it from hexadecimal", "十六进制解码", "xxd -r -p"),
    "lz-string": (
        "decompress it as LZ-string in base64",
        "按LZ-string(base64)解压",
        _python(f"lzstring.LZString().decompressFromBase64({_IN}.decode()).encode()", "lzstring"),
    ),
    "lz-string-utf16": (
        "decompress it as LZ-string in UTF-16",
        "按LZ-string(UTF-16)解压",
        _python(f"lzstring.LZString().decompressFromUTF16({_IN}.decode()).encode()", "lzstring"),
    ),
}


def _how(step: Step) -> tuple[str, str, str]:
    """(what to do in words, the same in Chinese, a command that does it); no command where the bytes stay."""
    if step.code in _TEXT_TOOLS:
        return _TEXT_TOOLS[step.code]
    if step.code in _COMPRESSION_TOOLS:
        return f"decompress it ({step.code})", f"解压({step.code})", _COMPRESSION_TOOLS[step.code]
    if step.code in ("base64", "reversed-base64"):
        return _base64(step)
    if step.code == "xor":
        key = f'key = bytes.fromhex("{step.argument}"); data = {_IN}'
        command = (
            f"python3 -c 'import sys; {key};"
            " sys.stdout.buffer.write(bytes(byte ^ key[at % len(key)] for at, byte in enumerate(data)))'"
        )
        return f"XOR it with the key {step.argument} (hexadecimal)", f"与密钥{step.argument}异或", command
    if step.code == "zip":
        name = shlex.quote(step.argument)
        return f"take the file {step.argument} out of the archive", "从压缩包取出文件", f"bsdtar -xOf - {name}"
    named = f" {step.argument}" if step.argument else ""
    return f"keep them: they are the {step.code} field{named}", f"即{step.code}字段{named}", ""


def _base64(step: Step) -> tuple[str, str, str]:
    decode = f"tr -d '=\\r\\n\\t ' | tr -- -_ +/ | {_python(_PADDED, 'base64')}"
    if step.code == "base64":
        return "decode it from base64", "base64解码", decode
    turn = _python(f"{_IN}[::-1]", "os")
    return "turn it round and decode it from base64", "倒序后base64解码", f"{turn} | {decode}"


_PADDED = f'(lambda text: base64.b64decode(text[: len(text) - (len(text) % 4 == 1)] + b"=="))({_IN})'
assert set(REWRITINGS) <= set(_TEXT_TOOLS)  # noqa: S101  a rewriting without a tool could not be repeated
