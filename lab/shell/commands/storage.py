"""Programs about file systems as a whole, and those that look at files closely."""

import stat
from posixpath import basename, join

from lab.shell.commands.text import simple
from lab.shell.context import Command, Context
from lab.shell.expansion import matches
from lab.shell.options import Options
from lab.system.image import from_binary, mount_lines
from lab.system.nodes import Node
from lab.system.processes import NAMES

__all__ = ["COMMANDS"]


@simple("hkHaPt")
async def _df(context: Context, options: Options) -> int:
    files = context.system.files
    total = files.capacity // 1024
    used = total if files.full else min(files.used() // 1024, total)
    rows = [("/dev/block/dm-0", 1024 * 900, 1024 * 880, "/"), ("/dev/block/dm-38", total, used, "/data")]
    rows += [(m.source, 2 * 1024 * 1024, 0, m.path) for m in files.mounts[1:]]
    wanted = [files.mount_at(context.path(word)).path for word in options.words]
    if any(context.path(word).startswith("/data") for word in options.words):
        wanted = ["/data"]
    await context.print("Filesystem      1K-blocks    Used Available Use% Mounted on\n")
    for source, blocks, taken, path in rows:
        if not wanted or path in wanted:
            share = 100 * taken // blocks if blocks else 0
            await context.print(f"{source:<15} {blocks:>9} {taken:>7} {blocks - taken:>9} {share:>3}% {path}\n")
    return 0


@simple("shkac")
async def _du(context: Context, options: Options) -> int:
    for word in options.words or (".",):
        try:
            node = context.system.files.node(context.path(word), uid=context.uid)
        except OSError as error:
            return await context.complain(f"du: {word}: {error.strerror}")
        await context.print(f"{_blocks(node)}\t{word}\n")
    return 0


def _blocks(node: Node) -> int:
    return 4 + sum(_blocks(child) for child in node.children.values()) if node.is_directory else -(-node.size // 1024)


@simple("ro:t:vawB")
async def _mount(context: Context, options: Options) -> int:
    files = context.system.files
    if not options.words:
        await context.print(
            "".join(
                f"{source} on {path} type {kind} ({flags})\n"
                for source, path, kind, flags, *_ in map(str.split, mount_lines(files).splitlines())
            )
        )
        return 0
    if context.uid != 0:
        return await context.complain(f"mount: '{options.words[0]}'->'{options.words[-1]}': Permission denied")
    choices = options.values.get("o", "").split(",")
    target = context.path(options.words[-1])
    try:
        if "remount" in choices:
            files.mount_at(target).read_only = "ro" in choices or options.has("r")
        elif "bind" in choices or options.has("B"):
            source = context.path(options.words[0])
            files.mount(target, kind="ext4", source=options.words[0], root=files.node(source))
        else:
            kind = options.values.get("t", "tmpfs")
            files.mount(target, kind=kind, source=options.words[0], read_only="ro" in choices)
    except OSError as error:
        return await context.complain(f"mount: '{options.words[0]}'->'{options.words[-1]}': {error.strerror}")
    return 0


@simple("lfav")
async def _umount(context: Context, options: Options) -> int:
    if context.uid != 0:
        return await context.complain(f"umount: {options.words[0]}: Permission denied")
    for word in options.words:
        try:
            context.system.files.unmount(context.path(word))
        except OSError as error:
            return await context.complain(f"umount: {word}: {error.strerror}")
    return 0


async def _dd(context: Context) -> int:
    settings = dict(word.split("=", 1) for word in context.arguments[1:] if "=" in word)
    size = int(settings.get("bs", "512").rstrip("kKmM") or 512) * (1024 if settings.get("bs", "")[-1:] in "kK" else 1)
    size *= 1024 * 1024 if settings.get("bs", " ")[-1:] in "mM" else 1
    limit = size * int(settings["count"]) if "count" in settings else 1 << 62
    try:
        if settings.get("if") in ("/dev/zero", "/dev/urandom"):
            content = bytes(min(limit, 1 << 27))
        elif "if" in settings:
            content = context.system.files.read(context.path(settings["if"]), uid=context.uid)[:limit]
        else:
            content = await context.stdin.read_all(limit)
        if "of" in settings:
            context.system.files.write(context.path(settings["of"]), content, uid=context.uid)
        else:
            await context.print(content)
    except OSError as error:
        return await context.complain(f"dd: {settings.get('of') or settings.get('if')}: {error.strerror}")
    await context.streams.err(f"{len(content) // size}+0 records in\n{len(content) // size}+0 records out\n".encode())
    return 0


async def _abx2xml(context: Context) -> int:
    words = [word for word in context.arguments[1:] if word != "-i"]
    if not words:
        return await context.complain("usage: abx2xml [-i] input [output]")
    try:
        text = from_binary(context.system.files.read(context.path(words[0]), uid=context.uid))
        if len(words) > 1 and words[1] != "-":
            context.system.files.write(context.path(words[1]), text.encode(), uid=context.uid)
        else:
            await context.print(text)
    except OSError as error:
        return await context.complain(
            f"Error: java.io.FileNotFoundException: {words[0]}: open failed: {error.strerror}"
        )
    except ValueError as error:
        return await context.complain(f"Error: java.io.IOException: {error}")
    return 0


async def _find(context: Context) -> int:
    words = list(context.arguments[1:])
    starts = []
    while words and not words[0].startswith(("-", "!", "(")):
        starts.append(words.pop(0))
    conditions = dict(zip(words[::2], words[1::2], strict=False))
    deepest = int(conditions.get("-maxdepth", "64"))
    status = 0
    for start in starts or ["."]:
        pending = [(start, 0)]
        while pending:
            name, depth = pending.pop()
            try:
                node = context.system.files.node(context.path(name), uid=context.uid, follow=False)
                entries = context.system.files.listing(context.path(name), uid=context.uid) if node.is_directory else {}
            except OSError as error:
                status = await context.complain(f"find: {name}: {error.strerror}")
                continue
            kind = "d" if node.is_directory else "l" if node.is_link else "f"
            if conditions.get("-type", kind) == kind and matches(basename(name), conditions.get("-name", "*")):
                await context.print(name + "\n")
            if depth < deepest:
                pending += [(join(name, entry), depth + 1) for entry in reversed(entries)]
    return status


@simple("c:fLt")
async def _stat(context: Context, options: Options) -> int:
    status = 0
    form = options.values.get("c", "  File: %n\n  Size: %s\nAccess: (0%a/%A)\tUid: (%u/%U)\tGid: (%g/%G)\nModify: %y")
    for word in options.words:
        try:
            node = context.system.files.node(context.path(word), uid=context.uid, follow=options.has("L"))
        except OSError as error:
            status = await context.complain(f"stat: '{word}': {error.strerror}")
            continue
        facts = {
            "n": word,
            "s": str(len(node.content()) if node.generate else node.size),
            "a": f"{node.mode & 0o7777:o}",
            "A": stat.filemode(node.mode),
            "u": str(node.uid),
            "U": NAMES.get(node.uid, str(node.uid)),
            "g": str(node.gid),
            "G": NAMES.get(node.gid, str(node.gid)),
            "Y": str(node.modified),
            "y": context.system.clock.stamp(node.modified * 10**9),
            "F": "directory" if node.is_directory else "symbolic link" if node.is_link else "regular file",
            "C": node.context,
        }
        text = form
        for letter, value in facts.items():
            text = text.replace(f"%{letter}", value)
        await context.print(text + "\n")
    return status


COMMANDS: dict[str, Command] = {
    "abx2xml": _abx2xml,
    "dd": _dd,
    "df": _df,
    "du": _du,
    "find": _find,
    "mount": _mount,
    "stat": _stat,
    "umount": _umount,
}
