"""Durations as Android's TimeUtils prints them: `+1d2h3m4s5ms`, `0` for nothing."""

__all__ = ["duration"]

UNITS = ((86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1000, "s"))


def duration(milliseconds: int) -> str:
    """Larger units are left out while they are zero; seconds down to milliseconds always follow once begun."""
    if milliseconds == 0:
        return "0"
    text = "+" if milliseconds > 0 else "-"
    rest = abs(milliseconds)
    for size, unit in UNITS:
        count, rest = divmod(rest, size)
        if count or (len(text) > 1 and unit != "d"):
            text += f"{count}{unit}"
    return f"{text}{rest}ms"
