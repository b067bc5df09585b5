"""Programs that reshape text: sort, uniq, cut, tr, sed, awk, seq, xargs."""

import re

from lab.shell.commands.text import file_inputs, simple
from lab.shell.context import Command, Context
from lab.shell.options import Options

__all__ = ["COMMANDS"]


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


SED = re.compile(r"(?:(?P<line>\d+)|/(?P<address>(?:\\.|[^/])*)/)?(?P<command>[spdq])(?P<rest>.*)", re.DOTALL)


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


async def _seq(context: Context) -> int:
    numbers = [int(word) for word in context.arguments[1:] if re.fullmatch(r"-?\d+", word)]
    first, step, last = {1: (1, 1, *numbers), 2: (numbers[0], 1, numbers[-1])}.get(len(numbers), tuple(numbers))
    await context.print("".join(f"{n}\n" for n in range(first, last + (1 if step > 0 else -1), step)))
    return 0


COMMANDS: dict[str, Command] = {
    "awk": _awk,
    "cut": _cut,
    "sed": _sed,
    "seq": _seq,
    "sort": _sort,
    "tr": _tr,
    "uniq": _uniq,
    "xargs": _xargs,
}
