"""The training corpus: invented screens, one a line, "kind | title | body | role=label / role=label | extra ; extra"."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

__all__ = ["KINDS", "ROLES", "CorpusError", "Line", "corpus_digest", "read_corpus"]

KINDS = (
    *("privacy_agreement", "cmp", "notice", "retention", "login_with_agreement", "login", "permission"),
    *("permission_rationale", "age_gate", "teen_mode", "oauth", "splash_ad", "popup_ad", "update", "rate"),
    *("notify_prompt", "purchase", "crash", "anr", "install", "captcha", "confirm", "account", "settings", "article"),
    *("chat", "policy_text", "onboarding", "other"),
)
ROLES = (
    *("accept", "refuse", "settings", "ack", "save", "basic_mode", "link", "allow", "allow_once", "deny", "login"),
    *("cancel", "later", "skip", "close", "ok", "other"),
)
_CONSENT = frozenset({"privacy_agreement", "cmp", "notice", "retention"})
_FEWEST, _MOST = 4, 5
_LABELS = "_labels"


class CorpusError(ValueError):
    """Every line that is not written as the corpus is written, each with its file and number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One invented screen."""

    language: str
    kind: str
    title: str
    body: str
    answers: tuple[tuple[str, str], ...]
    """Role and label."""
    extra: tuple[str, ...]
    answers_only: bool = False
    """No screen, but a question with many answers that could stand under it: it tells about labels, not about kinds."""

    @property
    def consent(self) -> bool:
        return self.kind in _CONSENT


def read_corpus(folder: Path) -> tuple[Line, ...]:
    """Every line of every `*.txt`, by file name. The language is the name up to the first underscore.

    Lines of `*_labels.txt` are `answers_only`.

    Raises CorpusError, OSError.
    """
    lines: list[Line] = []
    faults: list[str] = []
    for file in sorted(folder.glob("*.txt")):
        for number, text in enumerate(file.read_text("utf-8").splitlines(), 1):
            if not text.strip() or text.startswith("#"):
                continue
            found = list(_faults(text))
            faults += [f"{file.name}:{number}: {fault}" for fault in found]
            if not found:
                line = _line(text, file.stem.partition("_")[0])
                lines.append(replace(line, answers_only=file.stem.endswith(_LABELS)))
    if faults:
        raise CorpusError("\n".join(faults))
    return tuple(lines)


def corpus_digest(folder: Path) -> str:
    """SHA-256 over the corpus files in order: it tells which corpus a model was trained on. Raises OSError."""
    found = sha256()
    for file in sorted(folder.glob("*.txt")):
        found.update(file.read_bytes())
    return found.hexdigest()


def _faults(text: str) -> Iterator[str]:
    parts = [part.strip() for part in text.split("|")]
    if not _FEWEST <= len(parts) <= _MOST:
        yield f"{len(parts)} fields; a line has kind | title | body | answers, and may have | extra"
        return
    if parts[0] not in KINDS:
        yield f"no kind is called {parts[0]!r}"
    for role, label in _answers(parts[3]):
        if role not in ROLES or not label:
            yield f"{role}={label}: an answer is written role=label, with a role of corpus_lines.ROLES"
        elif role in ("accept", "refuse") and parts[0] not in _CONSENT:
            yield f"{role}={label}: only a screen that asks for consent is accepted or refused"


def _answers(text: str) -> tuple[tuple[str, str], ...]:
    pairs = (one.partition("=") for one in text.split(" / ") if one.strip())
    return tuple((role.strip(), label.strip()) for role, _, label in pairs)


def _line(text: str, language: str) -> Line:
    kind, title, body, answers, *rest = (part.strip() for part in text.split("|"))
    extra = tuple(one.strip() for one in (rest[0] if rest else "").split(";") if one.strip())
    return Line(language=language, kind=kind, title=title, body=body, answers=_answers(answers), extra=extra)
