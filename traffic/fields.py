"""Reads values out of facts without trusting their types: a record may come from a stranger."""

from collections.abc import Mapping, Sequence

from evidence.canonical import Json

__all__ = ["flag", "headers", "mapping", "number", "text"]


def text(data: Mapping[str, Json], name: str, default: str = "") -> str:
    value = data.get(name)
    return value if isinstance(value, str) else default


def number(data: Mapping[str, Json], name: str, default: int = 0) -> int:
    value = data.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else default


def flag(data: Mapping[str, Json], name: str, *, default: bool) -> bool:
    value = data.get(name)
    return value if isinstance(value, bool) else default


def mapping(data: Mapping[str, Json], name: str) -> Mapping[str, Json]:
    value = data.get(name)
    return value if isinstance(value, Mapping) else {}


def headers(data: Mapping[str, Json], name: str = "headers") -> tuple[tuple[str, str], ...]:
    """Pairs of name and value; whatever is no such pair is left out."""
    value = data.get(name)
    if not isinstance(value, Sequence) or isinstance(value, str):
        return ()
    return tuple(pair for pair in map(_pair, value) if pair is not None)


def _pair(value: Json) -> tuple[str, str] | None:
    match value:
        case [str(name), str(content)]:
            return name, content
        case _:
            return None
