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


@simple("rnufk:t:")
async def _sort(context: Context, options: Options) -> int:
    inputs, status = await file_inputs(context, options.words)
    lines = [line for _, content in inputs for line in content.decode("utf-8", "surrogateescape").splitlines()]
    column = int(re.sub(r"\D.*", "", options.values.get("k", "")) or 0)

    def key(line: str) -> tuple[float, str]:
        parts = line.split(options.values.get("t"))
        field = " ".join(parts[column - 1 :]) if column else line
        number = re.match(r"\s*-?\d+(\.\d+)?", field)
        return (float(number[0]) if number and options.has("n") else 0.0, field)

    lines.sort(key=key, reverse=options.has("r"))
    if options.has("u"):
        lines = list(dict.fromkeys(lines))
    await context.print("".join(line + "\n" for line in lines))
    return status


@simple("cdu")
async def _uniq(context: Context, options: Options) -> int:
    inputs, status = await file_inputs(context, options.words)
    runs: list[list[str]] = []
    for line in inputs[0][1].decode("utf-8", "surrogateescape").splitlines() if inputs else []:
        if runs and runs[-1][0] == line:
            runs[-1].append(line)
        else:
            runs.append([line])
    for run in runs:
        if (options.has("d") and len(run) == 1) or (options.has("u") and len(run) > 1):
            continue
        await context.print((f"{len(run):>7} " if options.has("c") else "") + run[0] + "\n")
    return status


@simple("d:f:c:b:s")
async def _cut(context: Context, options: Options) -> int:
    inputs, status = await file_inputs(context, options.words)
    separator = options.values.get("d", "\t")
    ranges = options.values.get("f") or options.values.get("c") or options.values.get("b") or "1"
    for _, content in inputs:
        for line in content.decode("utf-8", "surrogateescape").splitlines():
            if options.has("f"):
                fields = line.split(separator)
                kept = separator.join(_ranged(fields, ranges)) if len(fields) > 1 else line
            else:
                kept = "".join(_ranged(list(line), ranges))
            await context.print(kept + "\n")
    return status


def _ranged(items: list[str], ranges: str) -> list[str]:
    wanted: set[int] = set()
    for part in ranges.split(","):
        first, dash, last = part.partition("-")
        start = int(first or 1)
        wanted.update(range(start, (int(last) if last else len(items)) + 1) if dash else (start,))
    return [item for index, item in enumerate(items, 1) if index in wanted]


@simple("dsc")
async def _tr(context: Context, options: Options) -> int:
    source = _characters(options.words[0]) if options.words else ""
    target = _characters(options.words[1]) if len(options.words) > 1 else ""
    text = (await context.stdin.read_all()).decode("utf-8", "surrogateescape")
    if options.has("d"):
        await context.print("".join(character for character in text if (character in source) == options.has("c")))
        return 0
    padded = (target + target[-1:] * len(source))[: len(source)]
    table = str.maketrans(source, padded) if padded else {}
    text = text.translate(table)
    if options.has("s"):
        text = re.sub(rf"([{re.escape(target or source)}])\1+", r"\1", text)
    await context.print(text)
    return 0


def _characters(text: str) -> str:
    text = text.replace("[:upper:]", "A-Z").replace("[:lower:]", "a-z").replace("[:digit:]", "0-9")
    text = text.replace("\\n", "\n").replace("\\r", "\r").replace("\\t", "\t").replace("\\0", "\0")
    return re.sub(r"(.)-(.)", lambda m: "".join(map(chr, range(ord(m[1]), ord(m[2]) + 1))), text, flags=re.DOTALL)


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


async def _seq(context: Context) -> int:
    numbers = [int(word) for word in context.arguments[1:] if re.fullmatch(r"-?\d+", word)]
    first, step, last = {1: (1, 1, *numbers), 2: (numbers[0], 1, numbers[-1])}.get(len(numbers), tuple(numbers))
    await context.print("".join(f"{n}\n" for n in range(first, last + (1 if step > 0 else -1), step)))
    return 0


@simple("rnE:e:i")
async def _sed(context: Context, options: Options) -> int:
    words = list(options.words)
    script = options.values.get("e") or options.values.get("E") or (words.pop(0) if words else "")
    inputs, status = await file_inputs(context, tuple(words))
    try:
        for _, content in inputs:
            for number, line in enumerate(content.decode("utf-8", "surrogateescape").splitlines(), 1):
                await context.print(_sed_line(script, line, number, quiet=options.has("n")))
    except ValueError as error:
        return await context.complain(f"sed: {error}")
    return status


SED = re.compile(r"(?:(?P<line>\d+)|/(?P<address>(?:\\.|[^/])*)/)?(?P<command>[spdq])(?P<rest>.*)", re.DOTALL)


def _sed_line(script: str, line: str, number: int, *, quiet: bool) -> str:
    printed, text = "", line
    for part in re.split(r";(?=\s*(?:\d+|/|s|p|d))", script):
        match = SED.fullmatch(part.strip())
        if match is None:
            raise ValueError(f"bad pattern '{part}'")
        if match["line"] and int(match["line"]) != number:
            continue
        if match["address"] is not None and not re.search(match["address"], text):
            continue
        if match["command"] == "d":
            return printed
        if match["command"] == "p":
            printed += text + "\n"
        if match["command"] == "s":
            text, changed = _substitute(match["rest"], text)
            if changed and match["rest"].endswith("p"):
                printed += text + "\n"
    return printed if quiet else printed + text + "\n"


def _substitute(rest: str, text: str) -> tuple[str, bool]:
    separator = rest[:1]
    parts = re.split(rf"(?<!\\){re.escape(separator)}", rest[1:]) if separator else []
    if len(parts) != 3:
        raise ValueError("unterminated s")
    pattern = re.sub(r"\\([(){}+?|])", r"\1", parts[0])
    replacement = re.sub(r"(?<!\\)&", r"\\g<0>", parts[1]).replace("\\" + separator, separator)
    result, count = re.subn(pattern, replacement, text, count=0 if "g" in parts[2] else 1)
    return result, count > 0


@simple("F:v:")
async def _awk(context: Context, options: Options) -> int:
    """Only `[/pattern/] {print $1, $2}`: what device scripts use."""
    words = list(options.words)
    program = re.fullmatch(
        r"\s*(?:/((?:\\.|[^/])*)/)?\s*(?:\{\s*print\s*(.*?)\s*;?\s*\})?\s*", words.pop(0) if words else ""
    )
    if program is None:
        return await context.complain("awk: syntax error", code=2)
    inputs, status = await file_inputs(context, tuple(words))
    for _, content in inputs:
        for line in content.decode("utf-8", "surrogateescape").splitlines():
            if program[1] is not None and not re.search(program[1], line):
                continue
            fields = [line, *line.split(options.values.get("F"))]
            await context.print(_awk_value(program[2] or "$0", fields) + "\n")
    return status


def _awk_value(expression: str, fields: list[str]) -> str:
    def term(match: re.Match[str]) -> str:
        if match[1] is not None:
            return match[1]
        index = len(fields) - 1 if match[2] == "NF" else int(match[2])
        return fields[index] if index < len(fields) else ""

    parts = expression.split(",")
    return " ".join(re.sub(r'"([^"]*)"|\$(\d+|NF)|\s+', lambda m: term(m) if m[0].strip() else "", p) for p in parts)


@simple("I:n:L:0rt")
async def _xargs(context: Context, options: Options) -> int:
    content = (await context.stdin.read_all()).decode("utf-8", "surrogateescape")
    words = content.split("\0") if options.has("0") else content.split()
    command = list(options.words) or ["echo"]
    if options.has("I"):
        place = options.values["I"]
        batches = [[part.replace(place, line) for part in command] for line in content.splitlines() if line]
    else:
        size = options.number("n", max(len(words), 1))
        batches = [[*command, *words[i : i + size]] for i in range(0, len(words), size)]
    status = 0
    for batch in batches:
        status = await context.shell.invoke(batch, context.streams) or status
    return status


COMMANDS: dict[str, Command] = {
    "awk": _awk,
    "base64": _base64,
    "cat": _cat,
    "cut": _cut,
    "egrep": lambda context: _grep(context.with_arguments("grep", "-E", *context.arguments[1:])),
    "fgrep": lambda context: _grep(context.with_arguments("grep", "-F", *context.arguments[1:])),
    "grep": _grep,
    "head": _head,
    "md5sum": _digest,
    "sed": _sed,
    "seq": _seq,
    "sha1sum": _digest,
    "sha256sum": _digest,
    "sort": _sort,
    "tail": _tail,
    "tee": _tee,
    "tr": _tr,
    "uniq": _uniq,
    "wc": _wc,
    "xargs": _xargs,
}
