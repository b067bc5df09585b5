"""The device's file system: a tree in memory with owners, modes, mounts, and a storage that can be full.

Errors carry the words a phone's tools print, so that callers can pass them on unchanged.
"""

import errno
import os
import posixpath
import stat
from collections.abc import Callable
from dataclasses import dataclass

from lab.system.nodes import Node, directory, file, link

__all__ = ["Files", "Mount"]

ROOT_UID = 0
SHELL_GROUPS = {2000, 1004, 1007, 1011, 1015, 1028, 1078, 1079, 3001, 3002, 3003, 3006, 3009, 3011}
MAXIMUM_LINKS = 16


@dataclass(slots=True, kw_only=True)
class Mount:
    """A tree hung over a directory."""

    path: str
    root: Node
    kind: str
    source: str
    read_only: bool = False


class Files:
    """Paths are absolute. `uid` says who asks; root (0) may do anything that a read-only mount allows."""

    def __init__(self, *, now: Callable[[], int], capacity: int) -> None:
        self._now = now
        root = Mount(path="/", root=directory(), kind="ext4", source="/dev/block/dm-0", read_only=True)
        self.mounts = [root]
        self.capacity = capacity
        self.full = False
        """When set, every write to /data fails as on a phone without space."""

    def node(self, path: str, *, uid: int = ROOT_UID, follow: bool = True) -> Node:
        """The node at `path`. Raises OSError (ENOENT, EACCES, ENOTDIR, ELOOP)."""
        return self._walk(path, uid, follow, 0)[1]

    def exists(self, path: str) -> bool:
        """True when root would find it."""
        try:
            self.node(path)
        except OSError:
            return False
        return True

    def read(self, path: str, *, uid: int = ROOT_UID) -> bytes:
        """A file's bytes. Raises OSError."""
        node = self.node(path, uid=uid)
        if node.is_directory:
            raise _error(errno.EISDIR, path)
        if not _allowed(node, uid, 4):
            raise _error(errno.EACCES, path)
        return node.content()

    def listing(self, path: str, *, uid: int = ROOT_UID) -> dict[str, Node]:
        """A directory's entries by name, sorted. Raises OSError."""
        node = self.node(path, uid=uid)
        if not node.is_directory:
            raise _error(errno.ENOTDIR, path)
        if not _allowed(node, uid, 4):
            raise _error(errno.EACCES, path)
        real = self.real(path)
        prefix = real.rstrip("/") + "/"
        entries = dict(node.entries())
        for mount in self.mounts[1:]:
            name = mount.path.removeprefix(prefix)
            if mount.path.startswith(prefix) and "/" not in name:
                entries[name] = mount.root
        return dict(sorted(entries.items()))

    def write(
        self, path: str, data: bytes, *, mode: int | None = None, uid: int = ROOT_UID, append: bool = False
    ) -> Node:
        """Create or replace a file; a missing parent directory is an error. Raises OSError."""
        mount, parent, name = self._parent(path, uid)
        existing = parent.entries().get(name)
        if existing is not None and existing.is_link:
            return self.write(self.real(path), data, mode=mode, uid=uid, append=append)
        if existing is not None and existing.is_directory:
            raise _error(errno.EISDIR, path)
        self._writable(mount, existing or parent, uid, path)
        self._space(mount, len(data), path)
        if existing is None:
            existing = parent.children[name] = file(mode=0o644, uid=uid, gid=_group(uid))
            existing.context = parent.context
        existing.data = existing.data + data if append else data
        existing.generate = None
        existing.modified = self._now()
        if mode is not None:
            existing.mode = stat.S_IFREG | (mode & 0o7777)
        return existing

    def make_directory(self, path: str, *, mode: int = 0o755, uid: int = ROOT_UID, parents: bool = False) -> Node:
        """Create a directory. Raises OSError (EEXIST when it is there and `parents` is false)."""
        if parents:
            parent = posixpath.dirname(self.real(path))
            if parent != "/" and not self.exists(parent):
                self.make_directory(parent, mode=mode, uid=uid, parents=True)
        mount, parent_node, name = self._parent(path, uid)
        existing = parent_node.entries().get(name)
        if existing is not None:
            if parents and self.node(path).is_directory:
                return self.node(path)
            raise _error(errno.EEXIST, path)
        self._writable(mount, parent_node, uid, path)
        node = parent_node.children[name] = directory(mode, uid, _group(uid), context=parent_node.context)
        node.modified = self._now()
        return node

    def put(self, path: str, node: Node) -> Node:
        """Place a node as the system image does, past every rule, making parents."""
        parts = [part for part in path.split("/") if part]
        here = self.mounts[0].root
        for part in parts[:-1]:
            here = here.children.setdefault(part, directory())
        node.modified = node.modified or self._now()
        here.children[parts[-1]] = node
        return node

    def symbolic_link(self, target: str, path: str, *, uid: int = ROOT_UID) -> None:
        """Create a link. Raises OSError."""
        mount, parent, name = self._parent(path, uid)
        self._writable(mount, parent, uid, path)
        if name in parent.entries():
            raise _error(errno.EEXIST, path)
        parent.children[name] = link(target)

    def remove(self, path: str, *, uid: int = ROOT_UID, recursive: bool = False) -> None:
        """Remove a file, or a directory when `recursive`. Raises OSError."""
        mount, parent, name = self._parent(path, uid)
        node = parent.entries().get(name)
        if node is None:
            raise _error(errno.ENOENT, path)
        if node.is_directory and not recursive:
            raise _error(errno.EISDIR, path)
        self._writable(mount, parent, uid, path)
        if name not in parent.children:
            raise _error(errno.EPERM, path)
        del parent.children[name]

    def real(self, path: str, *, follow: bool = True) -> str:
        """The path with links, `.` and `..` resolved; a missing last part stays as named."""
        head, _, name = posixpath.normpath(path).rpartition("/")
        try:
            return self._walk(path, ROOT_UID, follow, 0)[2]
        except OSError:
            return (self.real(head).rstrip("/") if head else "") + "/" + name

    def mount_at(self, path: str) -> Mount:
        """The mount `path` lies on."""
        real = self.real(path)
        covering = [m for m in self.mounts if m.path == "/" or real == m.path or real.startswith(m.path + "/")]
        return covering[-1]

    def mount(self, path: str, *, kind: str, source: str, root: Node | None = None, read_only: bool = False) -> None:
        """Hang a fresh tree (or `root`, for a bind mount) over a directory. Raises OSError."""
        if not self.node(path).is_directory:
            raise _error(errno.ENOTDIR, path)
        fresh = directory(0o755) if root is None else root
        fresh.modified = fresh.modified or self._now()
        if root is None:
            fresh.context = "u:object_r:tmpfs:s0"
        self.mounts.append(Mount(path=self.real(path), root=fresh, kind=kind, source=source, read_only=read_only))

    def unmount(self, path: str) -> None:
        """Take the topmost mount at `path` away. Raises OSError (EINVAL)."""
        real = self.real(path)
        for index in range(len(self.mounts) - 1, 0, -1):
            if self.mounts[index].path == real:
                del self.mounts[index]
                return
        raise _error(errno.EINVAL, path)

    def used(self) -> int:
        """Bytes of everything below /data."""
        return _weight(self.node("/data")) if self.exists("/data") else 0

    def _walk(self, path: str, uid: int, follow: bool, links: int) -> tuple[Mount, Node, str]:
        if not path.startswith("/"):
            raise _error(errno.ENOENT, path)
        mount = self._mounted("/", self.mounts[0])
        node, here = mount.root, ""
        parts = [part for part in posixpath.normpath(path).split("/") if part]
        for index, part in enumerate(parts):
            if not node.is_directory:
                raise _error(errno.ENOTDIR, path)
            if not _allowed(node, uid, 1):
                raise _error(errno.EACCES, path)
            child = node.entries().get(part)
            if child is None:
                raise _error(errno.ENOENT, path)
            last = index == len(parts) - 1
            if child.is_link and (follow or not last):
                if links >= MAXIMUM_LINKS:
                    raise _error(errno.ELOOP, path)
                target = posixpath.join(here or "/", child.target)
                return self._walk(posixpath.join(target, *parts[index + 1 :]), uid, follow, links + 1)
            here += "/" + part
            mount = self._mounted(here, mount)
            node = mount.root if mount.path == here else child
        return mount, node, here or "/"

    def _mounted(self, path: str, current: Mount) -> Mount:
        for mount in reversed(self.mounts):
            if mount.path == path:
                return mount
        return current

    def _parent(self, path: str, uid: int) -> tuple[Mount, Node, str]:
        clean = posixpath.normpath(path)
        head, _, name = clean.rpartition("/")
        if not name or not path.startswith("/"):
            raise _error(errno.EEXIST if clean == "/" else errno.ENOENT, path)
        mount, parent, _ = self._walk(head or "/", uid, True, 0)
        if not parent.is_directory:
            raise _error(errno.ENOTDIR, path)
        if not _allowed(parent, uid, 1):
            raise _error(errno.EACCES, path)
        return mount, parent, name

    def _writable(self, mount: Mount, node: Node, uid: int, path: str) -> None:
        if mount.path == "/" and mount.read_only and not self.real(path).startswith(_WRITABLE):
            raise _error(errno.EROFS, path)
        if mount.path != "/" and mount.read_only:
            raise _error(errno.EROFS, path)
        if not _allowed(node, uid, 2):
            raise _error(errno.EACCES, path)

    def _space(self, mount: Mount, size: int, path: str) -> None:
        if self.real(path).startswith("/data/") and (self.full or self.used() + size > self.capacity):
            raise _error(errno.ENOSPC, path)


_WRITABLE = ("/data/", "/storage/", "/cache/", "/mnt/", "/dev/", "/proc/", "/sys/")


def _allowed(node: Node, uid: int, bits: int) -> bool:
    if uid == ROOT_UID:
        return True
    if uid == node.uid:
        return bool(node.mode >> 6 & bits)
    groups = SHELL_GROUPS if uid == 2000 else {uid}
    if node.gid in groups:
        return bool(node.mode >> 3 & bits)
    return bool(node.mode & bits)


def _group(uid: int) -> int:
    return uid


def _weight(node: Node) -> int:
    return sum(_weight(child) for child in node.children.values()) if node.is_directory else len(node.data)


def _error(code: int, path: str) -> OSError:
    return OSError(code, os.strerror(code), path)
