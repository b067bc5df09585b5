"""What the system asks of the screen, and the focus it reads back."""

from typing import Protocol

__all__ = ["Focused", "Surface"]


class Focused(Protocol):
    """The window that has the input focus. `task_package` owns the task below it (a permission dialog's requester)."""

    @property
    def package(self) -> str: ...

    @property
    def activity(self) -> str: ...

    @property
    def task_package(self) -> str: ...


class Surface(Protocol):
    """Windows and input. The activity stack decides, the surface draws; it never starts or ends activities by itself
    but calls `system.activities` (a tapped icon: `start`; back that no page handled: `finish_top`)."""

    @property
    def focus(self) -> Focused: ...

    @property
    def secure(self) -> bool:
        """Is the front window protected from screenshots?"""

    async def open_window(self, package: str, activity: str, url_path: str) -> None:
        """Create the activity's window on top and load its page; returns when the page is first drawn."""

    async def close_window(self, package: str, activity: str) -> None:
        """The activity finished; its window goes away."""

    async def close_windows(self, package: str) -> None:
        """The process died: all windows and dialogs of the package go away."""

    async def bring_to_front(self, package: str) -> None:
        """The package's windows come on top as they were left."""

    async def home(self) -> None:
        """The launcher comes on top."""

    async def recents(self) -> None: ...

    async def key(self, name: str) -> None:
        """A key other than home and recents reaches the focused window: back, enter, delete, menu, search, tab ..."""

    async def tap(self, x: float, y: float, duration_ms: int = 50) -> None: ...

    async def touch(self, action: str, x: float, y: float) -> None:
        """`down`, `move` or `up`."""

    async def swipe(self, x1: float, y1: float, x2: float, y2: float, duration_ms: int) -> None: ...

    async def text(self, text: str) -> None:
        """Type into the focused field."""

    async def clear_text(self) -> None:
        """Empty the focused field."""

    async def hierarchy(self) -> str: ...

    async def screenshot(self, fmt: str, quality: int = 80) -> bytes:
        """`fmt` is png or jpeg."""

    async def show_permission_dialog(self, package: str, label: str, permission_group: str) -> str:
        """Ask the person: allow, allow_once, allow_foreground or deny. Cancelled when the window is taken away."""

    async def show_anr(self, package: str) -> str:
        """`close` or `wait`."""

    async def show_crash(self, package: str) -> None: ...

    async def show_toast(self, text: str) -> None: ...

    async def clear_data(self, package: str) -> None:
        """Forget cookies, storage and caches of the app."""
