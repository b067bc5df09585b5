"""The seam for OCR: what an engine must offer, and the engines that ship."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from screenshots.values import Box

__all__ = ["OcrEngine", "TextLine"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TextLine:
    """One line of text as an engine read it."""

    text: str
    box: Box
    confidence: int
    """0..1000, the engine's own figure: comparable within one engine only."""


class OcrEngine(Protocol):
    """Anything that reads lines of text out of a BGR image."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    def read(self, image: NDArray[np.uint8]) -> tuple[TextLine, ...]: ...
