"""What can keep a letter from being written, and what a person can do about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

__all__ = ["FontsMissing", "NotFit", "NoticeRefused", "SettingsFaulty", "TemplateRefused"]


class NoticeRefused(Exception):
    """Base: no letter was written."""

    exit_code: ClassVar[int] = 65
    mend = "See docs/notices.md."

    def __init__(self, message: str, mend: str = "") -> None:
        super().__init__(message)
        self.mend = mend or self.mend


class SettingsFaulty(NoticeRefused):
    """The settings file cannot be used. All faults at once, each with its place and its mend."""

    def __init__(self, path: str, faults: Sequence[str]) -> None:
        told = "".join(f"\n{fault}" for fault in faults)
        super().__init__(
            f"{path} cannot be used as settings of notices:{told}", "Mend the lines named; see docs/notices.md."
        )
        self.faults = tuple(faults)


class NotFit(NoticeRefused):
    """The case does not carry this letter."""


class TemplateRefused(NoticeRefused):
    """A template that cannot be used; an unknown field is named."""

    mend = "Use only the fields that docs/notices.md lists."


class FontsMissing(NoticeRefused):
    """No font that can write Chinese."""

    mend = "Install the fonts (Debian: apt-get install fonts-noto-cjk), or name a folder that holds them with --fonts."
