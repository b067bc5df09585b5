"""Keys by name and by Android key code, and what pressing one does."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lab.system.core import System
    from lab.system.surface import Surface

__all__ = ["KEY_CODES", "key_name", "press"]

KEY_CODES = {
    3: "home",
    4: "back",
    19: "up",
    20: "down",
    21: "left",
    22: "right",
    23: "center",
    24: "volume_up",
    25: "volume_down",
    26: "power",
    61: "tab",
    62: "space",
    66: "enter",
    67: "delete",
    82: "menu",
    84: "search",
    111: "escape",
    112: "forward_del",
    122: "move_home",
    123: "move_end",
    164: "volume_mute",
    187: "recent",
    223: "sleep",
    224: "wakeup",
}
OTHER_NAMES = {"del": "delete", "app_switch": "recent", "dpad_center": "center", "volume_mute": "volume_mute"}
SILENT = ("volume_up", "volume_down", "volume_mute", "camera", "menu", "search")


def key_name(word: str) -> str:
    """`KEYCODE_BACK`, `BACK`, `back` and `4` are all `back`; empty when unknown."""
    if word.isdecimal():
        return KEY_CODES.get(int(word), "")
    name = word.lower().removeprefix("keycode_").removeprefix("dpad_")
    name = OTHER_NAMES.get(name, name)
    return name if name in KEY_CODES.values() or name == "camera" else ""


async def press(system: "System", surface: "Surface", name: str) -> bool:
    """Press a key; False when there is no such key."""
    name = OTHER_NAMES.get(name, name)
    if name == "home":
        await system.activities.go_home()
    elif name == "recent":
        await surface.recents()
    elif name in ("power", "sleep", "wakeup"):
        system.power.awake = {"sleep": False, "wakeup": True}.get(name, not system.power.awake)
    elif name in SILENT:
        return True
    elif name:
        await surface.key(name)
    else:
        return False
    return True
