"""One file, directory or link of the device's file system."""

import stat
from collections.abc import Callable
from dataclasses import dataclass, field

__all__ = ["Node", "directory", "file", "link"]


@dataclass(slots=True, kw_only=True)
class Node:
    """`generate` makes a file's bytes, `enumerate` a directory's children, when somebody looks (as /proc does)."""

    mode: int
    uid: int = 0
    gid: int = 0
    modified: int = 0
    context: str = "u:object_r:system_file:s0"
    data: bytes = b""
    target: str = ""
    children: "dict[str, Node]" = field(default_factory=dict)
    generate: Callable[[], bytes] | None = None
    enumerate: "Callable[[], dict[str, Node]] | None" = None

    @property
    def is_directory(self) -> bool:
        return stat.S_ISDIR(self.mode)

    @property
    def is_link(self) -> bool:
        return stat.S_ISLNK(self.mode)

    @property
    def size(self) -> int:
        """What stat reports: generated files have none, as in /proc."""
        if self.is_directory:
            return 4096
        return len(self.target) if self.is_link else len(self.data)

    def content(self) -> bytes:
        """The file's bytes now."""
        return self.generate() if self.generate else self.data

    def entries(self) -> "dict[str, Node]":
        """The directory's children now."""
        return self.children | self.enumerate() if self.enumerate else self.children


def directory(mode: int = 0o755, uid: int = 0, gid: int = 0, *, context: str = "u:object_r:system_file:s0") -> Node:
    """An empty directory."""
    return Node(mode=stat.S_IFDIR | mode, uid=uid, gid=gid, context=context)


def file(
    data: bytes = b"", mode: int = 0o644, uid: int = 0, gid: int = 0, *, generate: Callable[[], bytes] | None = None
) -> Node:
    """A regular file, or one whose bytes are made on reading."""
    return Node(mode=stat.S_IFREG | mode, uid=uid, gid=gid, data=data, generate=generate)


def link(target: str) -> Node:
    """A symbolic link."""
    return Node(mode=stat.S_IFLNK | 0o777, target=target)
