"""What a test may make go wrong on a device."""

from dataclasses import dataclass

__all__ = ["Faults"]


@dataclass(slots=True, kw_only=True)
class Faults:
    """Everything is well by default."""

    dump_delay_ms: int = 0
    """Every hierarchy dump takes this much longer."""
    screenshot_delay_ms: int = 0
    hierarchy: str | None = None
    """Answered instead of the real hierarchy (50 MB, illegal XML, empty)."""
    hierarchy_padding: int = 0
    """The hierarchy is lengthened by about this many bytes of further nodes."""
    screenshot_fails: bool = False
    """takeScreenshot answers null and screencap fails."""
    u2_broken: bool = False
    """The u2 server answers every call with `UiAutomation not connected`."""
    u2_hangs: bool = False
    """The u2 server takes requests and never answers."""
    u2_taken: bool = False
    """Somebody else holds UiAutomation: the server cannot start."""
    refuse_install: str = ""
    """Every installation fails with this constant, like INSTALL_FAILED_USER_RESTRICTED."""
