"""logcat: what is in the buffers, and what comes, in the formats people ask for."""

import re
from dataclasses import dataclass
from datetime import datetime
from getopt import GetoptError, gnu_getopt

from lab.shell.context import Command, Context
from lab.system.clock import DeviceClock
from lab.system.logs import BUFFERS, LogEntry
from lab.system.processes import user_name

__all__ = ["COMMANDS"]

LEVELS = "VDIWEFS"
DEFAULT_BUFFERS = ("main", "system", "crash")
FORMATS = ("brief", "long", "process", "raw", "tag", "thread", "threadtime", "time")
STAMP = re.compile(r"(?:(\d{4})-)?(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Choices:
    buffers: tuple[str, ...]
    form: str
    modifiers: frozenset[str]
    filters: tuple[tuple[str, str], ...]
    silent: bool
    pid: int
    uid: int
    pattern: re.Pattern[str] | None
    most: int
    dump: bool
    last: str

    def wants(self, entry: LogEntry) -> bool:
        """Do the filters let the entry through?"""
        if (self.pid and entry.pid != self.pid) or (self.uid >= 0 and entry.uid != self.uid):
            return False
        if self.pattern and not self.pattern.search(entry.text):
            return False
        level = "S" if self.silent else "V"
        for tag, wanted in self.filters:
            if tag == entry.tag or (tag == "*" and not any(other == entry.tag for other, _ in self.filters)):
                level = wanted
        return LEVELS.index(entry.level) >= LEVELS.index(level)


async def _logcat(context: Context) -> int:
    try:
        pairs, words = gnu_getopt(
            list(context.arguments[1:]),
            "dcsgGb:v:t:T:m:e:f:r:n:B:",
            [
                "dump",
                "clear",
                "buffer=",
                "format=",
                "pid=",
                "uid=",
                "regex=",
                "max-count=",
                "print",
                "last",
                "id=",
                "wrap",
            ],
        )
    except GetoptError as error:
        return await context.complain(f"logcat: {error}")
    buffers = _buffers([value for name, value in pairs if name in ("-b", "--buffer")])
    unknown = [name for name in buffers if name not in BUFFERS]
    if unknown:
        return await context.complain(f"logcat: Unknown -b buffer '{unknown[0]}'.")
    names = {name for name, _ in pairs}
    if names & {"-c", "--clear"}:
        context.system.logs.clear(buffers)
        return 0
    if "-g" in names:
        sizes = "ring buffer is 256 KiB (31 KiB consumed, 127 KiB readable), max entry is 5120 B, max payload is 4068 B"
        await context.print("".join(f"{name}: {sizes}\n" for name in buffers))
        return 0
    choices = _choices(pairs, words, buffers, context.environment.get("ANDROID_LOG_TAGS", ""))
    return await _print(context, choices)


def _buffers(given: list[str]) -> tuple[str, ...]:
    names = [name for value in given for name in value.split(",")]
    if "all" in names:
        return BUFFERS
    expanded = [each for name in names for each in (DEFAULT_BUFFERS if name == "default" else (name,))]
    return tuple(dict.fromkeys(expanded)) or DEFAULT_BUFFERS


def _choices(pairs: list[tuple[str, str]], words: list[str], buffers: tuple[str, ...], tags: str) -> _Choices:
    values = dict(pairs)
    forms = [each for name, value in pairs if name in ("-v", "--format") for each in re.split(r"[ ,]", value)]
    last = values.get("-t") or values.get("-T") or ""
    most = values.get("-m") or values.get("--max-count") or ""
    pattern = values.get("-e") or values.get("--regex")
    return _Choices(
        buffers=buffers,
        form=next((form for form in reversed(forms) if form in FORMATS), "threadtime"),
        modifiers=frozenset(form for form in forms if form not in FORMATS),
        filters=tuple(_filter(word) for word in (words or tags.split())),
        silent="-s" in values,
        pid=int(values.get("--pid", "0") or 0),
        uid=int(values.get("--uid", "-1") or -1),
        pattern=re.compile(pattern) if pattern else None,
        most=int(most) if most.isdecimal() else 0,
        dump=bool({"-d", "--dump", "-t"} & values.keys()),
        last=last,
    )


def _filter(word: str) -> tuple[str, str]:
    tag, _, level = word.partition(":")
    letter = level[:1].upper() or ("V" if tag != "*" else "D")
    return tag, letter if letter in LEVELS else "V"


async def _print(context: Context, choices: _Choices) -> int:
    logs, clock = context.system.logs, context.system.clock
    started: set[str] = set()
    shown = 0
    since = 0
    entries = _recent(logs.entries(choices.buffers), choices, clock)
    while True:
        since = logs.next_sequence
        text = ""
        for entry in entries:
            if not choices.wants(entry):
                continue
            if entry.buffer not in started and choices.form != "raw":
                started.add(entry.buffer)
                text += f"--------- beginning of {entry.buffer}\n"
            text += _line(entry, choices, clock)
            shown += 1
            if choices.most and shown >= choices.most:
                await context.print(text)
                return 0
        await context.print(text)
        if choices.dump:
            return 0
        if logs.next_sequence == since:
            await logs.more()
        entries = logs.entries(choices.buffers, since=since)


def _recent(entries: list[LogEntry], choices: _Choices, clock: DeviceClock) -> list[LogEntry]:
    """With -t or -T: the last N entries, or those since a time."""
    if not choices.last:
        return entries
    if choices.last.isdecimal():
        return entries[-int(choices.last) :] if int(choices.last) else []
    since = _moment(choices.last, clock)
    return [entry for entry in entries if entry.wall_ns >= since]


def _moment(text: str, clock: DeviceClock) -> int:
    """`1666775127.753`, `10-26 15:05:27.753` or with the year."""
    if re.fullmatch(r"\d+\.\d+", text):
        seconds, _, fraction = text.partition(".")
        return int(seconds) * 10**9 + int(fraction.ljust(9, "0")[:9])
    match = STAMP.fullmatch(text.strip())
    if match is None:
        return 0
    year, *parts, fraction = match.groups()
    local = datetime(int(year or clock.local().year), *map(int, parts), tzinfo=clock.zone)  # type: ignore[misc,arg-type]
    return int(local.timestamp()) * 10**9 + int((fraction or "0").ljust(9, "0"))


def _line(entry: LogEntry, choices: _Choices, clock: DeviceClock) -> str:
    head = _head(entry, choices, clock)
    if choices.form == "long":
        return f"{head}\n{entry.text}\n\n"
    tail = f"  ({entry.tag})" if choices.form == "process" else ""
    return "".join(f"{head}{line}{tail}\n" for line in entry.text.split("\n"))


def _head(entry: LogEntry, choices: _Choices, clock: DeviceClock) -> str:
    level, tag, pid, tid = entry.level, entry.tag, entry.pid, entry.tid
    when = _when(entry, choices, clock)
    uid = f"{user_name(entry.uid):>5} " if "uid" in choices.modifiers else ""
    heads = {
        "brief": f"{level}/{tag:<8}({uid}{pid:>5}): ",
        "long": f"[ {when} {uid}{pid:>5}:{tid:>5} {level}/{tag} ]",
        "process": f"{level}({uid}{pid:>5}) ",
        "raw": "",
        "tag": f"{level}/{tag:<8}: ",
        "thread": f"{level}({uid}{pid:>5}:{tid:>5}) ",
        "threadtime": f"{when} {uid}{pid:>5} {tid:>5} {level} {tag:<8}: ",
        "time": f"{when} {level}/{tag:<8}({uid}{pid:>5}): ",
    }
    return heads[choices.form]


def _when(entry: LogEntry, choices: _Choices, clock: DeviceClock) -> str:
    modifiers = choices.modifiers
    digits = 9 if "nsec" in modifiers else 6 if "usec" in modifiers else 3
    fraction = f"{entry.wall_ns % 10**9:09d}"[:digits]
    if "epoch" in modifiers:
        return f"{entry.wall_ns // 10**9:>10}.{fraction}"
    local = clock.local(entry.wall_ns)
    stamp = local.strftime("%Y-%m-%d %H:%M:%S" if "year" in modifiers else "%m-%d %H:%M:%S") + "." + fraction
    return stamp + (local.strftime(" %z") if "zone" in modifiers else "")


COMMANDS: dict[str, Command] = {"logcat": _logcat}
