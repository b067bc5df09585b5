"""Which windows there are and which is in front: a stack of activities for each task, over the home screen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from lab.screen.page import Page

__all__ = ["AppWindow", "Focus", "Windows"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Focus:
    """The window with the input focus. `task_package` owns the task it lies in or on."""

    package: str
    activity: str
    task_package: str


@dataclass(slots=True, kw_only=True)
class AppWindow:
    """One activity's window. `secure` is FLAG_SECURE, `opaque` hides what is inside from the hierarchy."""

    package: str
    activity: str
    page: Page
    secure: bool = False
    opaque: bool = False
    bundled: bool = True
    """Its document is the app's own bundle (or the lab's page for a system app), not a foreign address."""


@dataclass(slots=True)
class Windows:
    """`front` is the package whose task is on top, or "" for the home screen."""

    tasks: dict[str, list[AppWindow]] = field(default_factory=dict)
    front: str = ""

    def push(self, window: AppWindow) -> None:
        """On top of its package's task, which comes to the front."""
        self.tasks.setdefault(window.package, []).append(window)
        self.front = window.package

    @property
    def top(self) -> AppWindow | None:
        """The window one sees, None for the home screen."""
        stack = self.tasks.get(self.front)
        return stack[-1] if stack else None

    def remove(self, package: str, activity: str) -> AppWindow | None:
        """Takes the topmost window of that activity away; an empty task leaves the home screen in front."""
        stack = self.tasks.get(package, [])
        for index in range(len(stack) - 1, -1, -1):
            if stack[index].activity == activity:
                window = stack.pop(index)
                self._settle(package)
                return window
        return None

    def remove_all(self, package: str) -> list[AppWindow]:
        """Takes the whole task away."""
        removed = self.tasks.pop(package, [])
        self._settle(package)
        return removed

    def _settle(self, package: str) -> None:
        if not self.tasks.get(package):
            self.tasks.pop(package, None)
            if self.front == package:
                self.front = ""

    def bring_to_front(self, package: str) -> bool:
        """False when the package has no window."""
        if package not in self.tasks:
            return False
        self.tasks[package] = self.tasks.pop(package)
        self.front = package
        return True

    def recent(self) -> list[str]:
        """Packages with a task, the last used first."""
        return list(reversed(self.tasks))

    def __iter__(self) -> Iterator[AppWindow]:
        for stack in self.tasks.values():
            yield from stack
