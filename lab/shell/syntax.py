"""The parts of a shell program. Words stay as written; they are expanded when they are needed."""

from dataclasses import dataclass

__all__ = [
    "AndOr",
    "Case",
    "Command",
    "For",
    "Function",
    "Group",
    "If",
    "Pipeline",
    "Redirect",
    "Sequence",
    "ShellSyntaxError",
    "Simple",
    "While",
]


class ShellSyntaxError(Exception):
    """The text is no shell program; the message is what mksh says after `syntax error: `."""


@dataclass(frozen=True, slots=True)
class Redirect:
    """`descriptor` `operator` `target`; for a here-document the target is its text."""

    descriptor: int
    operator: str
    target: str
    expand: bool = True


@dataclass(frozen=True, slots=True)
class Simple:
    """Assignments, words and redirections of one command."""

    words: tuple[str, ...] = ()
    assignments: tuple[tuple[str, str], ...] = ()
    redirects: tuple[Redirect, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """`{ ...; }`, or `( ... )` when it is a subshell."""

    body: "Sequence"
    subshell: bool = False
    redirects: tuple[Redirect, ...] = ()


@dataclass(frozen=True, slots=True)
class If:
    """Branches of (condition, body), and what else to do."""

    branches: "tuple[tuple[Sequence, Sequence], ...]"
    otherwise: "Sequence | None" = None
    redirects: tuple[Redirect, ...] = ()


@dataclass(frozen=True, slots=True)
class While:
    """`while`, or `until` when `until` is set."""

    condition: "Sequence"
    body: "Sequence"
    until: bool = False
    redirects: tuple[Redirect, ...] = ()


@dataclass(frozen=True, slots=True)
class For:
    """`for variable in words`; words None means the positional parameters."""

    variable: str
    words: tuple[str, ...] | None
    body: "Sequence"
    redirects: tuple[Redirect, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """`case word in (patterns) body ;;`."""

    word: str
    branches: "tuple[tuple[tuple[str, ...], Sequence], ...]"
    redirects: tuple[Redirect, ...] = ()


@dataclass(frozen=True, slots=True)
class Function:
    """`name() body`."""

    name: str
    body: "Command"


Command = Simple | Group | If | While | For | Case | Function


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Commands joined by `|`; `!` before them negates."""

    commands: tuple[Command, ...]
    negate: bool = False


@dataclass(frozen=True, slots=True)
class AndOr:
    """The first pipeline, then (`&&` or `||`, pipeline)."""

    first: Pipeline
    rest: tuple[tuple[str, Pipeline], ...] = ()
    background: bool = False


@dataclass(frozen=True, slots=True)
class Sequence:
    """And-or lists one after the other."""

    items: tuple[AndOr, ...] = ()
