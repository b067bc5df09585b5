"""Turns written words into arguments: parameters, substitutions, arithmetic, field splitting, quotes and globs."""

import fnmatch
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from lab.shell.arithmetic import evaluate
from lab.shell.lexer import end_of_parenthesis

__all__ = ["Expander", "Variables", "matches"]

SPECIAL = "?$!#@*-0123456789"
PARAMETER = re.compile(r"(#?)([A-Za-z_]\w*|[?$!#@*0-9-])(.*)", re.DOTALL)
OPERATION = re.compile(r"(:?[-=+?]|##?|%%?|//?|:)(.*)", re.DOTALL)
GLOB = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of a word: `kind` is text, parameter, command or arithmetic."""

    kind: str
    text: str
    quoted: bool


@dataclass(slots=True)
class _Field:
    """An argument being built; `pattern` has the quoted characters escaped for globbing."""

    text: str = ""
    pattern: str = ""
    quoted: bool = False

    def add(self, text: str, *, quoted: bool) -> None:
        self.text += text
        self.pattern += re.sub(r"([*?\[])", r"[\1]", text) if quoted else text
        self.quoted = self.quoted or quoted


class Variables(Protocol):
    """The shell's parameters."""

    @property
    def positional(self) -> list[str]: ...

    def get(self, name: str) -> str | None: ...

    def set(self, name: str, value: str) -> None: ...


class ExpansionError(Exception):
    """`${name:?words}` refused."""


class Expander:
    """`run` executes a command substitution, `glob` finds the paths a pattern matches."""

    def __init__(
        self, variables: Variables, run: Callable[[str], Awaitable[str]], glob: Callable[[str], list[str]]
    ) -> None:
        self._variables = variables
        self._run = run
        self._glob = glob

    async def arguments(self, words: tuple[str, ...]) -> list[str]:
        """Every field of every word."""
        found: list[str] = []
        for word in words:
            if not _special(word):
                found.append(word)
                continue
            for field in await self._fields(word):
                paths = self._glob(field.pattern) if GLOB & set(field.pattern) else []
                found.extend(paths or [field.text])
        return found

    async def single(self, word: str) -> str:
        """One string: no splitting, no globbing (assignments, redirections, case words)."""
        if not _special(word):
            return word
        return "".join([await self._value(piece) for piece in pieces(word)])

    async def pattern(self, word: str) -> str:
        """A pattern for `case` and `${name#...}`: quoted characters match themselves."""
        field = _Field()
        for piece in pieces(word):
            field.add(await self._value(piece), quoted=piece.quoted)
        return field.pattern

    async def document(self, text: str) -> str:
        """A here-document: as inside double quotes, with quotes themselves untouched."""
        return "".join([await self._value(piece) for piece in _inside_quotes(text, document=True)])

    async def _fields(self, word: str) -> list[_Field]:
        fields: list[_Field] = []
        current: _Field | None = None
        for piece in pieces(word):
            if piece.kind == "parameter" and piece.text in ("@", "*") and (piece.text == "@" or not piece.quoted):
                for index, argument in enumerate(self._variables.positional):
                    if index and current is not None:
                        fields.append(current)
                        current = None
                    current = current or _Field()
                    current.add(argument, quoted=piece.quoted)
                continue
            value = await self._value(piece)
            if piece.quoted or piece.kind == "text":
                current = current or _Field()
                current.add(value, quoted=piece.quoted)
                continue
            current = _split(value, current, fields)
        if current is not None:
            fields.append(current)
        return fields

    async def _value(self, piece: Piece) -> str:
        if piece.kind == "text":
            return piece.text
        if piece.kind == "command":
            return (await self._run(piece.text)).rstrip("\n")
        if piece.kind == "arithmetic":
            text = await self.single(f'"{piece.text}"') if "$" in piece.text else piece.text
            return str(evaluate(text, lambda name: self._variables.get(name) or ""))
        return await self._parameter(piece.text)

    async def _parameter(self, text: str) -> str:
        match = PARAMETER.fullmatch(text)
        if match is None:
            raise ExpansionError(f"${{{text}}}: bad substitution")
        length, name, rest = match.groups()
        value = self._named(name)
        if length and (name != "#" or rest):
            return str(len(value or "") if name not in "@*" else len(self._variables.positional))
        if not rest:
            return value or ""
        operation = OPERATION.fullmatch(rest)
        if operation is None:
            raise ExpansionError(f"${{{text}}}: bad substitution")
        return await self._operate(name, value, operation[1], operation[2])

    def _named(self, name: str) -> str | None:
        positional = self._variables.positional
        if name in "@*":
            return " ".join(positional)
        if name == "#":
            return str(len(positional))
        if name.isdecimal() and name != "0":
            return positional[int(name) - 1] if int(name) <= len(positional) else None
        return self._variables.get(name)

    async def _operate(self, name: str, value: str | None, operator: str, word: str) -> str:
        unset = value is None or (operator.startswith(":") and not value)
        kind = operator[-1]
        if kind in "-=+?":
            if kind == "+":
                return "" if unset else await self.single(word)
            if not unset:
                return value or ""
            if kind == "?":
                raise ExpansionError(f"{name}: {await self.single(word) or 'parameter null or not set'}")
            chosen = await self.single(word)
            if kind == "=":
                self._variables.set(name, chosen)
            return chosen
        text = value or ""
        if operator == ":":
            return self._slice(text, await self.single(word))
        if kind == "/":
            sought, _, replacement = word.partition("/")
            pattern = fnmatch.translate(await self.pattern(sought)).removesuffix("\\Z")
            return re.sub(pattern, lambda _: replacement, text, count=0 if operator == "//" else 1)
        return _trim(text, await self.pattern(word), operator)

    def _slice(self, text: str, word: str) -> str:
        start, _, length = word.partition(":")
        lookup = self._variables.get
        first = evaluate(start, lambda name: lookup(name) or "")
        begin = first if first >= 0 else max(0, len(text) + first)
        if not length:
            return text[begin:]
        return text[begin : begin + evaluate(length, lambda name: lookup(name) or "")]


def matches(text: str, pattern: str) -> bool:
    """Shell pattern matching."""
    return fnmatch.fnmatchcase(text, pattern.replace("[^", "[!"))


@lru_cache(maxsize=1024)
def pieces(word: str) -> tuple[Piece, ...]:
    """The parts of a written word."""
    found: list[Piece] = []
    position = 0
    while position < len(word):
        character = word[position]
        if character == "\\":
            found.append(Piece("text", word[position + 1 : position + 2].replace("\n", ""), True))
            position += 2
        elif character == "'":
            end = word.index("'", position + 1)
            found.append(Piece("text", word[position + 1 : end], True))
            position = end + 1
        elif character == '"':
            end = _quote_end(word, position + 1)
            inside = _inside_quotes(word[position + 1 : end])
            found.extend(inside or (Piece("text", "", True),))
            position = end + 1
        elif character in "$`":
            piece, position = _substitution(word, position, quoted=False)
            found.append(piece)
        else:
            end = position + 1
            while end < len(word) and word[end] not in "\\'\"$`":
                end += 1
            text = word[position:end]
            found.append(Piece("text", text, False))
            position = end
    return tuple(found)


def _quote_end(word: str, position: int) -> int:
    while word[position] != '"':
        if word[position] == "\\":
            position += 2
        elif word.startswith("$(", position):
            position = end_of_parenthesis(word, position + 2)
        else:
            position += 1
    return position


@lru_cache(maxsize=1024)
def _inside_quotes(text: str, *, document: bool = False) -> tuple[Piece, ...]:
    found: list[Piece] = []
    plain = ""
    position = 0
    escapable = "\\$`\n" if document else '\\$`"\n'
    while position < len(text):
        character = text[position]
        if character == "\\" and text[position + 1 : position + 2] in tuple(escapable):
            plain += text[position + 1].replace("\n", "")
            position += 2
        elif character in "$`":
            piece, position = _substitution(text, position, quoted=True)
            found += [Piece("text", plain, True), piece] if plain else [piece]
            plain = ""
        else:
            plain += character
            position += 1
    return tuple([*found, Piece("text", plain, True)] if plain else found)


def _substitution(word: str, position: int, *, quoted: bool) -> tuple[Piece, int]:
    if word[position] == "`":
        end = position + 1
        while word[end] != "`":
            end += 2 if word[end] == "\\" else 1
        return Piece("command", re.sub(r"\\([\\$`])", r"\1", word[position + 1 : end]), quoted), end + 1
    following = word[position + 1 : position + 2]
    if following == "(":
        end = end_of_parenthesis(word, position + 2)
        body = word[position + 2 : end - 1]
        if body.startswith("(") and body.endswith(")"):
            return Piece("arithmetic", body[1:-1], quoted), end
        return Piece("command", body, quoted), end
    if following == "{":
        end = position + 2
        depth = 1
        while depth:
            depth += {"{": 1, "}": -1}.get(word[end], 0)
            end += 1
        return Piece("parameter", word[position + 2 : end - 1], quoted), end
    name = re.compile(r"[A-Za-z_]\w*").match(word, position + 1)
    if name:
        return Piece("parameter", name[0], quoted), name.end()
    if following and following in SPECIAL:
        return Piece("parameter", following, quoted), position + 2
    return Piece("text", "$", quoted), position + 1


def _special(word: str) -> bool:
    return any(character in "\\'\"$`*?[~" for character in word)


def _split(value: str, current: _Field | None, fields: list[_Field]) -> _Field | None:
    """Split an unquoted value at white space; its first and last part join their neighbours."""
    if value[:1].isspace() and current is not None:
        fields.append(current)
        current = None
    parts = value.split()
    for index, part in enumerate(parts):
        if index and current is not None:
            fields.append(current)
            current = None
        current = current or _Field()
        current.add(part, quoted=False)
    if parts and value[-1].isspace() and current is not None:
        fields.append(current)
        current = None
    return current


def _trim(text: str, pattern: str, operator: str) -> str:
    lengths = range(len(text) + 1)
    if operator.startswith("#"):
        order = lengths if operator == "#" else reversed(lengths)
        return next((text[n:] for n in order if matches(text[:n], pattern)), text)
    order = lengths if operator == "%" else reversed(lengths)
    return next((text[: len(text) - n] for n in order if matches(text[len(text) - n :], pattern)), text)
