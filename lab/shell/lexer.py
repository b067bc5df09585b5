"""Cuts a shell program into words and operators; quotes and substitutions stay inside their word."""

from dataclasses import dataclass

from lab.shell.syntax import ShellSyntaxError

__all__ = ["Token", "end_of_parenthesis", "tokenize"]

OPERATORS = ("&&", "||", ";;", "<<<", "<<-", "<<", ">>", ">&", "<&", "&>", ">|", "<", ">", "|", "&", ";", "(", ")")
BREAKS = frozenset(" \t\n;&|<>()")


@dataclass(frozen=True, slots=True)
class Token:
    """`kind` is word, op or newline. A here-document's text is in `body`."""

    kind: str
    text: str
    descriptor: int = -1
    body: str = ""
    expand: bool = True


def tokenize(text: str) -> list[Token]:
    """Raises ShellSyntaxError."""
    tokens: list[Token] = []
    pending: list[int] = []
    position = 0
    while position < len(text):
        character = text[position]
        if character in " \t":
            position += 1
        elif text.startswith("\\\n", position):
            position += 2
        elif character == "#":
            position = _line_end(text, position)
        elif character == "\n":
            position += 1
            for index in pending:
                tokens[index], position = _here_document(tokens[index], tokens[index + 1], text, position)
            pending.clear()
            tokens.append(Token("newline", "\n"))
        else:
            operator = next((each for each in OPERATORS if text.startswith(each, position)), "")
            if operator:
                tokens.append(Token("op", operator, _descriptor(tokens, text, position)))
                position += len(operator)
                if operator in ("<<", "<<-"):
                    pending.append(len(tokens) - 1)
            else:
                end = _word_end(text, position)
                tokens.append(Token("word", text[position:end]))
                position = end
    if pending:
        raise ShellSyntaxError("here document unclosed")
    return tokens


def _line_end(text: str, position: int) -> int:
    end = text.find("\n", position)
    return len(text) if end < 0 else end


def _descriptor(tokens: list[Token], text: str, position: int) -> int:
    """A number written directly before a redirection belongs to it."""
    if text[position] not in "<>" or not tokens or not position or not text[position - 1].isdecimal():
        return -1
    last = tokens[-1]
    if last.kind == "word" and last.text.isdecimal() and text[:position].endswith(last.text):
        before = position - len(last.text)
        if before == 0 or text[before - 1] in BREAKS:
            tokens.pop()
            return int(last.text)
    return -1


def _here_document(token: Token, delimiter: Token, text: str, position: int) -> tuple[Token, int]:
    word = delimiter.text
    ending = word.replace("'", "").replace('"', "").replace("\\", "")
    lines: list[str] = []
    while True:
        if position >= len(text):
            raise ShellSyntaxError(f"here document '{ending}' unclosed")
        end = _line_end(text, position)
        line = text[position:end]
        position = end + 1
        if token.text == "<<-":
            line = line.lstrip("\t")
        if line == ending:
            return Token("op", token.text, token.descriptor, "".join(lines), word == ending), position
        lines.append(line + "\n")


def _word_end(text: str, position: int) -> int:
    while position < len(text) and text[position] not in BREAKS:
        position = _skip(text, position)
    return position


def _skip(text: str, position: int) -> int:
    """The position after the quoted or substituted part that starts here, or after one character."""
    character = text[position]
    if character == "\\":
        return min(position + 2, len(text))
    if character == "'":
        return _closing(text, position + 1, "'") + 1
    if character == '"':
        return _double_quote_end(text, position + 1)
    if character == "`":
        end = position + 1
        while end < len(text) and text[end] != "`":
            end += 2 if text[end] == "\\" else 1
        if end >= len(text):
            raise ShellSyntaxError("no closing quote")
        return end + 1
    if text.startswith("$(", position):
        return end_of_parenthesis(text, position + 2)
    if text.startswith("${", position):
        return _brace_end(text, position + 2)
    return position + 1


def _closing(text: str, position: int, quote: str) -> int:
    end = text.find(quote, position)
    if end < 0:
        raise ShellSyntaxError("no closing quote")
    return end


def _double_quote_end(text: str, position: int) -> int:
    while position < len(text):
        if text[position] == '"':
            return position + 1
        position = position + 1 if text[position] == "'" else _skip(text, position)
    raise ShellSyntaxError("no closing quote")


def end_of_parenthesis(text: str, position: int) -> int:
    """The position after the parenthesis that closes what was opened before `position`."""
    depth = 1
    while position < len(text):
        if text[position] == "(":
            depth += 1
            position += 1
        elif text[position] == ")":
            depth -= 1
            position += 1
            if depth == 0:
                return position
        else:
            position = _skip(text, position)
    raise ShellSyntaxError("no closing parenthesis")


def _brace_end(text: str, position: int) -> int:
    while position < len(text):
        if text[position] == "}":
            return position + 1
        position = _skip(text, position)
    raise ShellSyntaxError("no closing brace")
