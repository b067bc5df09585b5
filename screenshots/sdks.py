"""Ready-made dialogs of known vendors, told by the ids of their views. Ids tell the kind, never what a button says."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from functools import lru_cache
from importlib import resources

__all__ = ["kind_by_ids"]


def kind_by_ids(resource_ids: Iterable[str]) -> str | None:
    """The kind of the first known dialog that owns one of these ids; None for ids nobody has told us about."""
    known = _kinds()
    return next((known[name] for one in resource_ids if (name := one.rsplit("/", 1)[-1]) in known), None)


@lru_cache(maxsize=1)
def _kinds() -> dict[str, str]:
    data = tomllib.loads((resources.files("screenshots") / "data" / "sdks.toml").read_text("utf-8"))
    return {str(name): str(sdk["kind"]) for sdk in data["sdk"] for name in sdk["ids"]}
