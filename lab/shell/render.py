"""How ls writes its lines."""

import stat

from lab.shell.options import Options
from lab.system.clock import DeviceClock
from lab.system.nodes import Node
from lab.system.processes import user_name

__all__ = ["listing_lines"]


def listing_lines(entries: dict[str, Node], options: Options, clock: DeviceClock, *, total: bool) -> str:
    """Names alone, or with `-l` everything about them, or with `-Z` their security contexts."""
    if options.has("l") or options.has("n"):
        head = f"total {sum(-(-node.size // 1024) for node in entries.values())}\n" if total else ""
        return head + "".join(_line(name, node, clock, options) for name, node in entries.items())
    if options.has("Z"):
        return "".join(f"{node.context} {name}\n" for name, node in entries.items())
    return "".join(name + "\n" for name in entries)


def _line(name: str, node: Node, clock: DeviceClock, options: Options) -> str:
    size = len(node.content()) if node.generate is not None and not node.is_directory else node.size
    links = 2 if node.is_directory else 1
    owner, group = (str(node.uid), str(node.gid)) if options.has("n") else (user_name(node.uid), user_name(node.gid))
    when = clock.local(node.modified * 10**9).strftime("%Y-%m-%d %H:%M")
    shown = f"{name} -> {node.target}" if node.is_link else name
    context = f" {node.context}" if options.has("Z") else ""
    return f"{stat.filemode(node.mode)} {links} {owner:<6} {group:<6}{context} {size:>8} {when} {shown}\n"
