"""Programs that work on the file system."""

import errno
import stat
from posixpath import basename, dirname, join, normpath

from lab.shell.commands.text import simple
from lab.shell.context import Command, Context
from lab.shell.options import Options
from lab.shell.render import listing_lines
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


COMMANDS: dict[str, Command] = {
    "basename": _basename,
    "chcon": _chcon,
    "chgrp": _chown,
    "chmod": _chmod,
    "chown": _chown,
    "cp": _cp,
    "dirname": _dirname,
    "ln": _ln,
    "ls": _ls,
    "mkdir": _mkdir,
    "mv": _mv,
    "readlink": _readlink,
    "restorecon": _restorecon,
    "rm": _rm,
    "rmdir": _rmdir,
    "sync": _restorecon,
    "touch": _touch,
}
