"""Screen and battery state."""

from dataclasses import dataclass

__all__ = ["Power"]


@dataclass(slots=True, kw_only=True)
class Power:
    """What dumpsys power and battery show. The lab's screen is always drawn; `awake` is what the system believes."""

    awake: bool = True
    battery_level: int = 87
    plugged: bool = True
    rotation: int = 0
    wifi: bool = True
    mobile_data: bool = True
