"""Reads one screen: what lies on top, which controls it offers and what each of them would say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from screenshots.values import CONSENT_KINDS, KINDS, ROLES, Checkbox, Control, Dialog, ScreenReading, TextBox

if TYPE_CHECKING:
    from collections.abc import Sequence

    from screenshots.engines import OcrEngine

__all__ = [
    "CONSENT_KINDS",
    "KINDS",
    "ROLES",
    "Checkbox",
    "Control",
    "Dialog",
    "ScreenReading",
    "TextBox",
    "read_screen",
]


def read_screen(
    shot: bytes | None,
    hierarchy: str | None,
    *,
    package: str | None = None,
    ocr: Sequence[OcrEngine] | None = None,
    second_look: bool = False,
) -> ScreenReading:
    """Read a screen from its screenshot (PNG or JPEG bytes), its hierarchy (uiautomator XML), or both.

    Never raises on bad input: what cannot be read is a reading with `readable=False` and a reason. `ocr=None` means the
    engines this machine has, loaded on first need; `ocr=()` forbids OCR. `package` is the inspected app's: it tells
    which of several windows is the app's own and which is the system's.
    """
    return ScreenReading(
        readable=False,
        unreadable_reason="no_input",
        kinds=(),
        dialog=None,
        texts=(),
        source="hierarchy",
        identity="",
    )
