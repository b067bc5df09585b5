"""App ops: who used what, when, and from which process state."""

from collections.abc import Callable
from dataclasses import dataclass, field

__all__ = ["AppOps", "Operation"]

DEFAULT_MODES = {
    "SYSTEM_ALERT_WINDOW": "default",
    "WRITE_SETTINGS": "default",
    "GET_USAGE_STATS": "default",
    "MANAGE_EXTERNAL_STORAGE": "default",
    "REQUEST_INSTALL_PACKAGES": "default",
    "READ_DEVICE_IDENTIFIERS": "deny",
    "USE_ICC_AUTH_WITH_DEVICE_IDENTIFIER": "default",
}


@dataclass(slots=True, kw_only=True)
class Operation:
    """One op of one package. Times are device wall nanoseconds by process state (`top`, `fg`, `bg`, `cch`)."""

    name: str
    mode: str
    accessed: dict[str, int] = field(default_factory=dict)
    rejected: dict[str, int] = field(default_factory=dict)
    durations: dict[str, int] = field(default_factory=dict)
    """Milliseconds of the last finished use, by state."""
    running_since: int | None = None
    explicit: bool = False
    """The mode was set, so the op is listed even when never used."""


class AppOps:
    """`mode_of` says what an unset op allows; it asks the permissions."""

    def __init__(self, *, now: Callable[[], int], mode_of: Callable[[str, str], str]) -> None:
        self._now = now
        self._mode_of = mode_of
        self._packages: dict[str, dict[str, Operation]] = {}
        self.uid_modes: dict[int, dict[str, str]] = {}

    def note(self, package: str, op: str, *, foreground: bool, rejected: bool = False) -> None:
        """Record one use (or refusal) of `op`, now."""
        operation = self._operation(package, op)
        state = "top" if foreground else "bg"
        (operation.rejected if rejected else operation.accessed)[state] = self._now()

    def begin(self, package: str, op: str, *, foreground: bool) -> None:
        """A lasting use starts (camera, microphone, location updates)."""
        self.note(package, op, foreground=foreground)
        self._operation(package, op).running_since = self._now()

    def finish(self, package: str, op: str, *, foreground: bool) -> None:
        """A lasting use ends."""
        operation = self._operation(package, op)
        if operation.running_since is not None:
            state = "top" if foreground else "bg"
            operation.durations[state] = (self._now() - operation.running_since) // 1_000_000
            operation.running_since = None

    def set_mode(self, package: str, op: str, mode: str) -> None:
        """What `appops set` does."""
        operation = self._operation(package, op)
        operation.mode, operation.explicit = mode, True

    def mode(self, package: str, op: str) -> str:
        """The mode in force."""
        operation = self._packages.get(package, {}).get(op)
        if operation is not None and operation.explicit:
            return operation.mode
        return self._mode_of(package, op)

    def operations(self, package: str) -> tuple[Operation, ...]:
        """Every op with a record, in the order they were first seen."""
        found = tuple(self._packages.get(package, {}).values())
        for operation in found:
            operation.mode = self.mode(package, operation.name)
        return found

    def forget(self, package: str) -> None:
        """What uninstalling does; `pm clear` keeps the history of a package."""
        self._packages.pop(package, None)

    def reset(self, package: str) -> None:
        """What `appops reset` does."""
        for operation in self._packages.get(package, {}).values():
            operation.explicit = False

    def _operation(self, package: str, op: str) -> Operation:
        operations = self._packages.setdefault(package, {})
        if op not in operations:
            operations[op] = Operation(name=op, mode=self._mode_of(package, op))
        return operations[op]
