"""The screenshot and the engines that may look at it: decoded once, read only as far as someone asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from screenshots.elements import area, overlap
from screenshots.engines import (
    EngineMissing,
    OcrEngine,
    TextLine,
    quick_engine,
    second_reader,
    speller,
    thorough_engine,
)
from screenshots.glyphs import mended
from screenshots.lexicon import has_han
from screenshots.lines import Image, propose_lines, stack_lines
from screenshots.pixels import BLANK_SHARE, ImageUnreadable, decode_image, uniformity
from screenshots.values import Box
from screenshots.vision import cut, enhance, read_lines

__all__ = ["Sight"]

_Told = TypeVar("_Told")

_MOST_PALE_LINES = 10
_PALE_CONFIDENCE = 750
_SURE, _SURE_OF_HAN = 900, 950
"""From here on a line is read right; Han that lack in the model's alphabet are taken for others with more confidence."""
_EXACT = 990
_LEGIBLE, _LONGER_THAN_ICONS = 500, 4
_MOST_DOUBTFUL = 12
_FOREIGN = 2
"""One character may be an arrow that looks like a kana."""


class Sight:
    """What pixels can tell about one screen. Every failure becomes a note, never an exception."""

    def __init__(self, shot: bytes | None, engines: Sequence[OcrEngine] | None) -> None:
        self._shot = shot
        self._engines = engines
        self._image: Image | None = None
        self._decoded = False
        self.failure: str | None = None
        """Why there are no pixels: a reason of `ScreenReading.unreadable_reason`."""
        self.notes: list[str] = []
        self.used: dict[str, str] = {}
        """Engine name -> version, of every engine that has read something."""

    @property
    def image(self) -> Image | None:
        if not self._decoded:
            self._decoded = True
            try:
                self._image = decode_image(self._shot) if self._shot else None
            except ImageUnreadable as unreadable:
                self.failure = unreadable.reason
                self.notes.append(unreadable.detail)
        return self._image

    @property
    def quick(self) -> OcrEngine | None:
        if self._engines is None:
            return quick_engine()
        return self._engines[0] if self._engines else None

    @property
    def thorough(self) -> OcrEngine | None:
        return thorough_engine() if self._engines is None else self.quick

    @property
    def second(self) -> OcrEngine | None:
        """A reader of another family, for agreement."""
        if self._engines is None:
            return second_reader()
        return next((engine for engine in self._engines[1:] if self.quick and engine.name != self.quick.name), None)

    @property
    def emptiness(self) -> str | None:
        """`secure` for a black frame (protected, or not drawn), `blank` for another single colour, else None."""
        if self.image is None:
            return None
        share, colour = uniformity(self.image)
        if share < BLANK_SHARE:
            return None
        return "secure" if int(colour.max()) <= 6 else "blank"

    @property
    def sparse(self) -> bool:
        return self.image is not None and uniformity(self.image)[0] >= 0.9

    def read(
        self, engine: OcrEngine | None, region: Box | None = None, *, enhanced: bool = False
    ) -> tuple[TextLine, ...] | None:
        """None when there is nothing to read with, or nothing to read."""
        if engine is None or self.image is None:
            return None
        image = self.image
        if enhanced:
            image = image.copy()
            target = region or (0, 0, image.shape[1], image.shape[0])
            image[target[1] : target[3], target[0] : target[2]] = enhance(cut(image, target))
        return self._asked(engine, lambda: read_lines(engine, image, region))

    def read_quickly(self) -> tuple[tuple[TextLine, ...] | None, OcrEngine | None]:
        """Every line by the quick engine, and who read most of it: lines it is not sure of are spelt by a better one.

        Where these hold characters that the quick one cannot write at all (kana, traditional Chinese), every line is.
        """
        reader = self.quick
        pair = speller(reader) if self._engines is None else None
        if pair is None or self.image is None:
            return self.read(reader), reader
        quick, better = pair
        image = self.image
        lines = self._asked(quick, lambda: quick.read_faint(image))
        if lines is None:
            return None, reader
        doubtful = sorted((line for line in lines if _is_doubtful(line)), key=lambda line: line.confidence)
        doubtful = doubtful[:_MOST_DOUBTFUL]
        spelt = self._respelt(lines, doubtful)
        alphabet = quick.alphabet() if doubtful else frozenset()
        foreign = sum(one.isalpha() and one not in alphabet for line in spelt for one in line.text) if doubtful else 0
        if foreign < _FOREIGN:
            return _legible(spelt), reader
        self.notes.append("the quick model cannot spell this screen; the better model read it")
        rest = [line for line in lines if line not in doubtful and _is_written(line)]
        return _legible(self._respelt(spelt, rest)), better

    def respell(self, boxes: Sequence[Box]) -> tuple[TextLine, ...]:
        """What the better recogniser makes of known boxes; nothing when there is none, or when it cannot tell either."""
        pair = speller(self.quick) if self._engines is None else None
        if pair is None or self.image is None or not boxes:
            return ()
        image, better = self.image, pair[1]
        spelt = self._asked(better, lambda: better.spell(image, boxes)) or ()
        return tuple(replace(line, text=mended(line.text)) for line in spelt if line.text.strip())

    def _respelt(self, lines: Sequence[TextLine], chosen: Sequence[TextLine]) -> tuple[TextLine, ...]:
        better = {line.box: line for line in self.respell([line.box for line in chosen])}
        return tuple(better.get(line.box, line) for line in lines)

    def read_boxes(
        self, engine: OcrEngine | None, boxes: tuple[Box, ...], image: Image | None = None, *, hint: str = ""
    ) -> tuple[str, ...] | None:
        source = image if image is not None else self.image
        if engine is None or source is None or not boxes:
            return None
        return self._asked(engine, lambda: engine.read_boxes(source, boxes, hint=hint))

    def _asked(self, engine: OcrEngine, ask: Callable[[], _Told]) -> _Told | None:
        try:
            told = ask()
        except EngineMissing as missing:
            self.notes.append(f"{engine.name} could not read: {missing} ({missing.mend})")
            return None
        self.used[engine.name] = engine.version
        return told

    def look_twice(self, region: Box) -> tuple[TextLine, ...] | None:
        """A region at full size by the better model, as it is and with its contrast raised; None when it cannot be."""
        plain = self.read(self.thorough, region)
        if plain is None:
            return None
        raised = self.read(self.thorough, region, enhanced=True) or ()
        return joined_lines(plain, raised)

    def pale_lines(self, region: Box, known: Sequence[Box]) -> tuple[TextLine, ...]:
        """Lines that OpenCV sees in the region and no engine has read, redrawn black on white and read again.

        What touches the region's edge is its own corner.
        """
        if self.image is None:
            return ()
        left, top, _, _ = region
        crop = cut(self.image, region)
        tall, wide = crop.shape[:2]
        whole = (b for b in propose_lines(crop) if b[0] > 0 and b[1] > 0 and b[2] < wide and b[3] < tall)
        placed = ((b[0] + left, b[1] + top, b[2] + left, b[3] + top) for b in whole)
        unread = [box for box in placed if not any(overlap(box, other) > 0.3 * area(box) for other in known)]
        montage = stack_lines(self.image, unread[-_MOST_PALE_LINES:])
        if montage is None:
            return ()
        unread = unread[-_MOST_PALE_LINES:]
        page = np.ascontiguousarray(np.repeat(montage.page[:, :, None], 3, axis=2))
        texts = self.read_boxes(self.quick, montage.strips, page) or ()
        return tuple(
            TextLine(text=text, box=unread[row], confidence=_PALE_CONFIDENCE)
            for row, text in zip(montage.rows, texts, strict=False)
            if text.strip()
        )


def _legible(lines: Sequence[TextLine]) -> tuple[TextLine, ...]:
    return tuple(replace(line, text=mended(line.text)) for line in lines if line.confidence >= _LEGIBLE)


def _is_doubtful(line: TextLine) -> bool:
    sure = _SURE_OF_HAN if has_han(line.text) else _SURE
    icon = line.confidence < _LEGIBLE and len(line.text) < _LONGER_THAN_ICONS
    return line.confidence < sure and not icon and _is_written(line)


def _is_written(line: TextLine) -> bool:
    """Clocks, prices and what is surely Latin need no second reading."""
    return any(one.isalnum() for one in line.text) and (has_han(line.text) or line.confidence < _EXACT)


def joined_lines(first: Sequence[TextLine], more: Sequence[TextLine]) -> tuple[TextLine, ...]:
    """`first`, and of `more` what stands where the first saw nothing."""
    extra = [line for line in more if not any(overlap(line.box, known.box) > 0.3 * area(line.box) for known in first)]
    return (*first, *extra)
