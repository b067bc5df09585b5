"""Exhibits of a letter: the cited screens as small pictures, what matters on them outlined."""

from __future__ import annotations

import io
from dataclasses import dataclass, field

from PIL import Image

from crawler.judge.model import Finding
from crawler.report.pictures import marked_picture
from evidence.blobs import BlobStore
from evidence.errors import EvidenceError
from evidence.lanes import Entry
from screenshots.reading import read_screen

__all__ = ["Exhibit", "Exhibits"]

_PIXELS = 420
_QUALITY = 80
_MOST_PICTURES = 60
_MOST_FULL_READINGS = 6
"""Screens that are read from their pixels because their hierarchy shows no dialog: a second each."""
_ABOUT_A_DIALOG = frozenset({"M1-07", "M1-09", "M1-10", "M1-12"})

_Box = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibit:
    """A marked picture of a screen."""

    content: bytes
    """JPEG."""
    width: int
    height: int
    sha256: str
    """Of the screenshot in the record."""


@dataclass(slots=True)
class Exhibits:
    """The pictures of one letter, made once each and bounded in number."""

    blobs: BlobStore
    package: str
    made: dict[tuple[str, _Box], Exhibit | None] = field(default_factory=dict)
    full_readings: int = 0
    boxes: dict[str, _Box] = field(default_factory=dict)

    def show(self, entry: Entry, finding: Finding) -> Exhibit | None:
        """The screen of a ScreenSeen fact; None when it has no picture that can be shown, or there are enough."""
        digest = _reference(entry, "shot")
        if not digest:
            return None
        mark = _named_box(finding) or self._dialog(entry, finding)
        key = (digest, mark)
        if key not in self.made:
            if len(self.made) >= _MOST_PICTURES:
                return None
            self.made[key] = self._make(digest, mark)
        return self.made[key]

    def _make(self, digest: str, mark: _Box) -> Exhibit | None:
        content = self._blob(digest)
        made = marked_picture(content, _PIXELS, mark=mark, quality=_QUALITY, form="JPEG") if content else None
        if made is None:
            return None
        with Image.open(io.BytesIO(made)) as opened:
            return Exhibit(content=made, width=opened.width, height=opened.height, sha256=digest)

    def _dialog(self, entry: Entry, finding: Finding) -> _Box:
        """The box of the dialog on a screen: from its hierarchy, from its pixels where the finding is about a dialog."""
        tree = _reference(entry, "hierarchy")
        key = f"{_reference(entry, 'shot')}{tree}"
        if key not in self.boxes:
            text = self._blob(tree)
            box = self._read(None, text)
            if not box and finding.rule in _ABOUT_A_DIALOG and self.full_readings < _MOST_FULL_READINGS:
                self.full_readings += 1
                box = self._read(self._blob(_reference(entry, "shot")), text)
            self.boxes[key] = box
        return self.boxes[key]

    def _read(self, shot: bytes | None, tree: bytes | None) -> _Box:
        text = tree.decode("utf-8", "surrogatepass") if tree else None
        package = self.package.encode("utf-8", "replace").decode("utf-8")
        dialog = read_screen(shot, text, package=package).dialog
        return tuple(dialog.box) if dialog is not None else ()

    def _blob(self, digest: str) -> bytes | None:
        if not digest:
            return None
        try:
            return self.blobs.get(digest)
        except EvidenceError:
            return None


def _reference(entry: Entry, name: str) -> str:
    reference = entry.data.get(name)
    return str(reference.get("blob", "")) if isinstance(reference, dict) else ""


def _named_box(finding: Finding) -> _Box:
    """The box a finding names itself."""
    value = finding.details.get("box")
    if isinstance(value, list) and len(value) == 4 and all(type(number) is int for number in value):
        return tuple(value)
    return ()
