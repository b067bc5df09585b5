"""Programs that read text and write text."""

import base64
import hashlib
import re
from collections.abc import Callable

from lab.shell.context import Command, Context
from lab.shell.options import Options, OptionsError, read_options

__all__ = ["COMMANDS", "file_inputs", "simple"]

Work = Callable[[Context, Options], "object"]
LONGEST_PATTERN = 1000


def simple(letters: str) -> Callable[[Callable[[Context, Options], object]], Command]:
    """Wraps a command that takes options: a wrong option is complained of."""

    def wrap(work: Callable[[Context, Options], object]) -> Command:
        async def command(context: Context) -> int:
            try:
                options = read_options(context, letters)
            except OptionsError as error:
                return await context.complain(str(error))
            return await work(context, options)  # type: ignore[misc, no-any-return]

        return command

    return wrap


async def file_inputs(context: Context, words: tuple[str, ...]) -> tuple[list[tuple[str, bytes]], int]:
    """(name, content) of every named file, `-` or nothing being standard input; 1 when one could not be read."""
    found, status = [], 0
    for word in words or ("-",):
        if word == "-":
            found.append(("-", await context.stdin.read_all()))
            continue
        try:
            found.append((word, context.system.files.read(context.path(word), uid=context.uid)))
        except OSError as error:
            status = await context.complain_of(error, word)
    return found, status


@simple("uetv")
async def _cat(context: Context, options: Options) -> int:
    if options.words in ((), ("-",)):
        while piece := await context.stdin.read():
            await context.print(piece)
        return 0
    status = 0
    for word in options.words:
        try:
            await context.print(context.system.files.read(context.path(word), uid=context.uid))
        except OSError as error:
            status = await context.complain_of(error, word)
    return status


async def _head(context: Context) -> int:
    arguments = [re.sub(r"^-(\d+)$", r"-n\1", word) for word in context.arguments]
    try:
        options = read_options(context.with_arguments(*arguments), "n:c:q")
    except OptionsError as error:
        return await context.complain(str(error))
    if options.words:
        inputs, status = await file_inputs(context, options.words)
        for _, content in inputs:
            count = options.number("c", -1)
            lines = content.splitlines(keepends=True)[: options.number("n", 10)]
            await context.print(content[:count] if count >= 0 else b"".join(lines))
        return status
    if options.has("c"):
        await context.print(await context.stdin.read_all(options.number("c", 0)))
        return 0
    for _ in range(options.number("n", 10)):
        line = await context.stdin.read_line()
        if not line:
            break
        await context.print(line)
    return 0


async def _tail(context: Context) -> int:
    arguments = [re.sub(r"^-(\d+)$", r"-n\1", word) for word in context.arguments]
    try:
        options = read_options(context.with_arguments(*arguments), "n:c:fF")
    except OptionsError as error:
        return await context.complain(str(error))
    inputs, status = await file_inputs(context, options.words)
    for _, content in inputs:
        if options.has("c"):
            await context.print(content[-options.number("c", 0) :])
            continue
        wanted = options.values.get("n", "10")
        lines = content.splitlines(keepends=True)
        start = int(wanted) - 1 if wanted.startswith("+") else -int(wanted.lstrip("-") or 0)
        await context.print(b"".join(lines[start:] if start else lines[len(lines) * (wanted == "0") :]))
    return status


def grep_pattern(pattern: str, *, options: Options) -> re.Pattern[bytes]:
    """A compiled pattern: -F literal, -E extended, else basic (where + ? | { ( need a backslash)."""
    text = pattern[:LONGEST_PATTERN]
    if options.has("F"):
        text = "|".join(re.escape(line) for line in text.split("\n"))
    elif not options.has("E"):
        text = re.sub(r"\\?[+?|{}()]", lambda m: m[0][1:] if m[0][0] == "\\" else "\\" + m[0], text)
    text = text.replace("[[:space:]]", r"\s").replace("[:digit:]", "0-9").replace("[:alpha:]", "a-zA-Z")
    if options.has("w"):
        text = rf"\b(?:{text})\b"
    if options.has("x"):
        text = rf"^(?:{text})$"
    return re.compile(text.encode("utf-8", "surrogateescape"), re.IGNORECASE if options.has("i") else 0)


@simple("EFivcqlonxwhHrsm:e:A:B:C:z")
async def _grep(context: Context, options: Options) -> int:
    words = list(options.words)
    pattern = options.values.get("e") or (words.pop(0) if words else "")
    try:
        expression = grep_pattern(pattern, options=options)
    except re.error:
        return await context.complain(f"grep: bad regex '{pattern}'", code=2)
    files = _expand_directories(context, words) if options.has("r") else words
    named = (len(files) > 1 or options.has("H") or options.has("r")) and not options.has("h")
    if not files:
        return int(not await _grep_stream(context, options, expression))
    hits = 0
    inputs, status = await file_inputs(context, tuple(files))
    for name, content in inputs:
        hits += await _grep_lines(context, options, expression, content, f"{name}:" if named else "", name)
    return 2 if status and not options.has("s") else int(not hits)


async def _grep_stream(context: Context, options: Options, expression: re.Pattern[bytes]) -> int:
    """Line by line, so that `logcat | grep` shows lines when they come."""
    hits, number, most = 0, 0, options.number("m", 1 << 60)
    while hits < most and (line := await context.stdin.read_line()):
        number += 1
        if (expression.search(line.rstrip(b"\n")) is not None) == options.has("v"):
            continue
        hits += 1
        if options.has("q"):
            return 1
        if not options.has("c"):
            await context.print(_shown(line, number, expression, options, ""))
    if options.has("c"):
        await context.print(f"{hits}\n")
    return hits


async def _grep_lines(
    context: Context, options: Options, expression: re.Pattern[bytes], content: bytes, prefix: str, name: str
) -> int:
    lines = content.splitlines(keepends=True)
    found = [i for i, line in enumerate(lines) if bool(expression.search(line.rstrip(b"\n"))) != options.has("v")]
    found = found[: options.number("m", len(found))]
    if options.has("c"):
        await context.print(f"{prefix}{len(found)}\n")
    elif options.has("l"):
        await context.print(f"{name}\n" if found else "")
    elif not options.has("q"):
        before = options.number("B", options.number("C", 0))
        after = options.number("A", options.number("C", 0))
        shown = sorted({j for i in found for j in range(max(0, i - before), min(len(lines), i + after + 1))})
        await context.print(b"".join(_shown(lines[i], i + 1, expression, options, prefix) for i in shown))
    return len(found)


def _shown(line: bytes, number: int, expression: re.Pattern[bytes], options: Options, prefix: str) -> bytes:
    head = (prefix + (f"{number}:" if options.has("n") else "")).encode()
    if options.has("o"):
        return b"".join(head + match[0] + b"\n" for match in expression.finditer(line.rstrip(b"\n")) if match[0])
    return head + line.rstrip(b"\n") + b"\n"


def _expand_directories(context: Context, words: list[str]) -> list[str]:
    found: list[str] = []
    for word in words or ["."]:
        try:
            entries = context.system.files.listing(context.path(word), uid=context.uid)
        except OSError:
            found.append(word)
            continue
        found += _expand_directories(context, [f"{word.rstrip('/')}/{name}" for name in entries]) if entries else []
    return found


@simple("lwcm")
async def _wc(context: Context, options: Options) -> int:
    inputs, status = await file_inputs(context, options.words)
    totals = [0, 0, 0]
    wanted = [letter for letter in "lwc" if options.has(letter)] or list("lwc")
    for name, content in inputs:
        counts = [content.count(b"\n"), len(content.split()), len(content)]
        totals = [a + b for a, b in zip(totals, counts, strict=True)]
        await context.print(_counts(wanted, counts, name))
    if len(inputs) > 1:
        await context.print(_counts(wanted, totals, "total"))
    return status


def _counts(wanted: list[str], counts: list[int], name: str) -> str:
    shown = [str(counts["lwc".index(letter)]) for letter in wanted]
    columns = shown[0] if len(shown) == 1 else " ".join(f"{each:>7}" for each in shown)
    return f"{columns}{'' if name == '-' else ' ' + name}\n"


@simple("a")
async def _tee(context: Context, options: Options) -> int:
    status, content = 0, await context.stdin.read_all()
    await context.print(content)
    for word in options.words:
        try:
            context.system.files.write(context.path(word), content, uid=context.uid, append=options.has("a"))
        except OSError as error:
            status = await context.complain_of(error, word)
    return status


@simple("di:w:")
async def _base64(context: Context, options: Options) -> int:
    inputs, status = await file_inputs(context, options.words)
    for _, content in inputs:
        if options.has("d"):
            await context.print(base64.b64decode(content))
            continue
        encoded, width = base64.b64encode(content), options.number("w", 76)
        step = width or len(encoded) or 1
        await context.print(b"".join(encoded[i : i + step] + b"\n" for i in range(0, len(encoded), step)))
    return status


@simple("bc")
async def _digest(context: Context, options: Options) -> int:
    inputs, status = await file_inputs(context, options.words)
    algorithm = context.name.removesuffix("sum")
    for name, content in inputs:
        digest = hashlib.new(algorithm, content, usedforsecurity=False).hexdigest()
        await context.print(f"{digest}\n" if options.has("b") else f"{digest}  {name}\n")
    return status


COMMANDS: dict[str, Command] = {
    "base64": _base64,
    "cat": _cat,
    "egrep": lambda context: _grep(context.with_arguments("grep", "-E", *context.arguments[1:])),
    "fgrep": lambda context: _grep(context.with_arguments("grep", "-F", *context.arguments[1:])),
    "grep": _grep,
    "head": _head,
    "md5sum": _digest,
    "sha1sum": _digest,
    "sha256sum": _digest,
    "tail": _tail,
    "tee": _tee,
    "wc": _wc,
}
