"""Programs that work on the file system."""

import errno
import stat
from posixpath import basename, dirname, join, normpath

from lab.shell.commands.text import simple
from lab.shell.context import Command, Context
from lab.shell.options import Options
from lab.shell.render import listing_lines
from lab.system.image import from_binary, mount_lines
from lab.system.nodes import Node
from lab.system.processes import NAMES

__all__ = ["COMMANDS"]


@simple("laAd1iRhnpstZrS")
async def _ls(context: Context, options: Options) -> int:
    status = 0
    words = options.words or (".",)
    for index, word in enumerate(words):
        path = context.path(word)
        try:
            node = context.system.files.node(path, uid=context.uid, follow=not options.has("d"))
            if node.is_directory and not options.has("d"):
                entries = context.system.files.listing(path, uid=context.uid)
                head = ("\n" if index else "") + f"{word}:\n" if len(words) > 1 else ""
                await context.print(head)
                hidden = options.has("a") or options.has("A")
                shown = {name: each for name, each in entries.items() if hidden or not name.startswith(".")}
                await context.print(listing_lines(shown, options, context.system.clock, total=True))
            else:
                await context.print(listing_lines({word: node}, options, context.system.clock, total=False))
        except OSError as error:
            status = await context.complain(f"ls: {word}: {error.strerror}")
    return status


@simple("rfRiv")
async def _rm(context: Context, options: Options) -> int:
    status = 0
    recursive = options.has("r") or options.has("R")
    for word in options.words:
        try:
            context.system.files.remove(context.path(word), uid=context.uid, recursive=recursive)
        except OSError as error:
            if error.errno == errno.ENOENT and options.has("f"):
                continue
            status = await context.complain(f"rm: {word}: {error.strerror}")
    return status


@simple("pvm:")
async def _mkdir(context: Context, options: Options) -> int:
    status, mode = 0, int(options.values.get("m", "755"), 8)
    for word in options.words:
        try:
            context.system.files.make_directory(
                context.path(word), mode=mode, uid=context.uid, parents=options.has("p")
            )
        except OSError as error:
            status = await context.complain(f"mkdir: '{word}': {error.strerror}")
    return status


@simple("p")
async def _rmdir(context: Context, options: Options) -> int:
    status = 0
    for word in options.words:
        try:
            if context.system.files.listing(context.path(word), uid=context.uid):
                raise OSError(errno.ENOTEMPTY, "Directory not empty")
            context.system.files.remove(context.path(word), uid=context.uid, recursive=True)
        except OSError as error:
            status = await context.complain(f"rmdir: {word}: {error.strerror}")
    return status


@simple("rRpafvnd")
async def _cp(context: Context, options: Options) -> int:
    return await _transfer(context, options, move=False)


@simple("fnv")
async def _mv(context: Context, options: Options) -> int:
    return await _transfer(context, options, move=True)


async def _transfer(context: Context, options: Options, *, move: bool) -> int:
    if len(options.words) < 2:
        return await context.complain(f"{context.name}: Need 2 arguments")
    files, status = context.system.files, 0
    *sources, target = options.words
    into = files.exists(context.path(target)) and files.node(context.path(target)).is_directory
    if len(sources) > 1 and not into:
        return await context.complain(f"{context.name}: '{target}' not directory")
    recursive = move or bool({"r", "R", "a"} & options.flags)
    for word in sources:
        destination = join(context.path(target), basename(normpath(word))) if into else context.path(target)
        try:
            _copy(context, context.path(word), destination, recursive=recursive, keep=move or options.has("p"))
            if move:
                files.remove(context.path(word), uid=context.uid, recursive=True)
        except OSError as error:
            status = await context.complain(f"{context.name}: {word}: {error.strerror}")
    return status


def _copy(context: Context, source: str, target: str, *, recursive: bool, keep: bool) -> None:
    files, uid = context.system.files, context.uid
    node = files.node(source, uid=uid)
    if node.is_directory:
        if not recursive:
            raise OSError(errno.EISDIR, "Skipped dir")
        made = files.make_directory(target, uid=uid, mode=node.mode & 0o7777, parents=True)
        for name in files.listing(source, uid=uid):
            _copy(context, join(source, name), join(target, name), recursive=True, keep=keep)
    else:
        made = files.write(target, files.read(source, uid=uid), mode=node.mode & 0o777, uid=uid)
    if keep:
        made.modified, made.context = node.modified, node.context
        if uid == 0:
            made.uid, made.gid = node.uid, node.gid


@simple("Rv")
async def _chmod(context: Context, options: Options) -> int:
    if len(options.words) < 2:
        return await context.complain("chmod: Need 2 arguments")

    def change(node: Node) -> None:
        kind = stat.S_IFMT(node.mode)
        node.mode = kind | _mode(options.words[0], node.mode & 0o7777)

    return await _change(context, options, change)


def _mode(text: str, current: int) -> int:
    if all(character in "01234567" for character in text):
        return int(text, 8)
    for clause in text.split(","):
        who = clause.rstrip("rwxXst").rstrip("+-=")
        operator = clause[len(who) : len(who) + 1]
        bits = sum({"r": 4, "w": 2, "x": 1, "X": 1}.get(letter, 0) for letter in clause[len(who) + 1 :])
        for letter in who.replace("a", "ugo") or "ugo":
            shift = {"u": 6, "g": 3, "o": 0}.get(letter, 0)
            cleared = current & ~(7 << shift) if operator == "=" else current & ~(bits << shift)
            current = cleared if operator == "-" else cleared | (bits << shift)
    return current


@simple("Rfvh")
async def _chown(context: Context, options: Options) -> int:
    if len(options.words) < 2:
        return await context.complain(f"{context.name}: Need 2 arguments")
    owner, _, group = options.words[0].replace(".", ":", 1).partition(":")
    if context.name == "chgrp":
        owner, group = "", options.words[0]
    if context.uid != 0:
        return await context.complain(
            f"{context.name}: '{options.words[1]}' to '{options.words[0]}': Operation not permitted"
        )

    def change(node: Node) -> None:
        node.uid = _identity(owner) if owner else node.uid
        node.gid = _identity(group) if group else node.gid

    return await _change(context, options, change)


def _identity(name: str) -> int:
    if name.isdecimal():
        return int(name)
    if name.startswith("u0_a"):
        return 10000 + int(name[4:])
    return {value: key for key, value in NAMES.items()}.get(name, 0)


@simple("Rvh")
async def _chcon(context: Context, options: Options) -> int:
    if len(options.words) < 2:
        return await context.complain("chcon: Need 2 arguments")
    if context.uid != 0:
        return await context.complain(f"chcon: '{options.words[1]}' to {options.words[0]}: Permission denied")

    def change(node: Node) -> None:
        node.context = options.words[0]

    return await _change(context, options, change)


async def _change(context: Context, options: Options, change: "object") -> int:
    status = 0
    for word in options.words[1:]:
        try:
            node = context.system.files.node(context.path(word), uid=context.uid)
            if context.uid not in (0, node.uid):
                raise OSError(errno.EPERM, "Operation not permitted")
        except OSError as error:
            status = await context.complain(f"{context.name}: {word}: {error.strerror}")
            continue
        pending = [node]
        while pending:
            each = pending.pop()
            change(each)  # type: ignore[operator]
            pending += each.children.values() if options.has("R") else ()
    return status


async def _restorecon(context: Context) -> int:
    return 0


@simple("sfnvr")
async def _ln(context: Context, options: Options) -> int:
    if len(options.words) < 2:
        return await context.complain("ln: Need 2 arguments")
    source, target = options.words[0], context.path(options.words[1])
    try:
        if options.has("f") and context.system.files.exists(target):
            context.system.files.remove(target, uid=context.uid)
        context.system.files.symbolic_link(source, target, uid=context.uid)
    except OSError as error:
        return await context.complain(
            f"ln: cannot create symlink from '{source}' to '{options.words[1]}': {error.strerror}"
        )
    return 0


@simple("acmd:t:r:")
async def _touch(context: Context, options: Options) -> int:
    status = 0
    for word in options.words:
        try:
            path = context.path(word)
            if context.system.files.exists(path):
                context.system.files.node(path, uid=context.uid).modified = context.system.clock.wall_ns() // 10**9
            else:
                context.system.files.write(path, b"", uid=context.uid)
        except OSError as error:
            status = await context.complain(f"touch: '{word}': {error.strerror}")
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


async def _find(context: Context) -> int:
    words = list(context.arguments[1:])
    starts = []
    while words and not words[0].startswith(("-", "!", "(")):
        starts.append(words.pop(0))
    conditions = dict(zip(words[::2], words[1::2], strict=False))
    from lab.shell.expansion import matches

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


@simple("fenm")
async def _readlink(context: Context, options: Options) -> int:
    path = context.path(options.words[0])
    if options.has("f") or options.has("e"):
        await context.print(context.system.files.real(path) + "\n")
        return 0
    try:
        node = context.system.files.node(path, uid=context.uid, follow=False)
    except OSError:
        return 1
    await context.print(f"{node.target}\n" if node.is_link else "")
    return int(not node.is_link)


async def _basename(context: Context) -> int:
    name = basename(context.arguments[1].rstrip("/"))
    suffix = context.arguments[2] if len(context.arguments) > 2 else ""
    await context.print((name.removesuffix(suffix) or name) + "\n")
    return 0


async def _dirname(context: Context) -> int:
    await context.print((dirname(context.arguments[1].rstrip("/")) or ".") + "\n")
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


COMMANDS: dict[str, Command] = {
    "abx2xml": _abx2xml,
    "basename": _basename,
    "chcon": _chcon,
    "chgrp": _chown,
    "chmod": _chmod,
    "chown": _chown,
    "cp": _cp,
    "dd": _dd,
    "df": _df,
    "dirname": _dirname,
    "du": _du,
    "find": _find,
    "ln": _ln,
    "ls": _ls,
    "mkdir": _mkdir,
    "mount": _mount,
    "mv": _mv,
    "readlink": _readlink,
    "restorecon": _restorecon,
    "rm": _rm,
    "rmdir": _rmdir,
    "stat": _stat,
    "sync": _restorecon,
    "touch": _touch,
    "umount": _umount,
}
