"""Builds a shell program from its tokens, by recursive descent."""

import re
from functools import lru_cache

from lab.shell.lexer import Token, tokenize
from lab.shell.syntax import (
    AndOr,
    Case,
    Command,
    For,
    Function,
    Group,
    If,
    Pipeline,
    Redirect,
    Sequence,
    ShellSyntaxError,
    Simple,
    While,
)

__all__ = ["parse"]

REDIRECTIONS = ("<", ">", ">>", ">|", ">&", "<&", "&>", "<<", "<<-", "<<<")
ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)
NAME = re.compile(r"[A-Za-z_]\w*")
CLOSERS = frozenset({"then", "elif", "else", "fi", "do", "done", "esac", "}"})
DEEPEST = 60


@lru_cache(maxsize=256)
def parse(text: str) -> Sequence:
    """Raises ShellSyntaxError."""
    try:
        parser = _Parser(tokenize(text))
        program = parser.sequence()
        parser.finished()
    except RecursionError as error:
        raise ShellSyntaxError("nested too deeply") from error
    return program


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    def finished(self) -> None:
        if self._peek() is not None:
            raise self._unexpected()

    def sequence(self) -> Sequence:
        """Lists up to a closing word, `)` or `;;`."""
        self._depth += 1
        if self._depth > DEEPEST:
            raise ShellSyntaxError("nested too deeply")
        items = []
        self._newlines()
        while self._peek() is not None and not self._closing():
            item = self._and_or()
            separator = self._operator("&", ";")
            items.append(AndOr(item.first, item.rest, separator == "&"))
            if not separator and not self._newline_follows():
                break
            self._newlines()
        self._depth -= 1
        return Sequence(tuple(items))

    def _and_or(self) -> AndOr:
        first = self._pipeline()
        rest = []
        while joiner := self._operator("&&", "||"):
            self._newlines()
            rest.append((joiner, self._pipeline()))
        return AndOr(first, tuple(rest))

    def _pipeline(self) -> Pipeline:
        negate = False
        while self._word("!"):
            negate = not negate
        commands = [self._command()]
        while self._operator("|"):
            self._newlines()
            commands.append(self._command())
        return Pipeline(tuple(commands), negate)

    def _command(self) -> Command:
        token = self._peek()
        if token is None:
            raise ShellSyntaxError("unexpected EOF")
        if token.kind == "op" and token.text == "(":
            self._at += 1
            body = self.sequence()
            self._expect_operator(")")
            return Group(body, True, self._redirects())
        compound = {
            "{": self._brace,
            "if": self._if,
            "while": self._while,
            "until": self._while,
            "for": self._for,
            "case": self._case,
        }.get(token.text if token.kind == "word" else "")
        if compound:
            return compound()
        if token.kind == "word" and token.text in CLOSERS:
            raise self._unexpected()
        return self._function() or self._simple()

    def _brace(self) -> Command:
        self._at += 1
        body = self.sequence()
        self._expect_word("}")
        return Group(body, False, self._redirects())

    def _if(self) -> Command:
        branches = []
        self._at += 1
        while True:
            condition = self.sequence()
            self._expect_word("then")
            branches.append((condition, self.sequence()))
            if not self._word("elif"):
                break
        otherwise = self.sequence() if self._word("else") else None
        self._expect_word("fi")
        return If(tuple(branches), otherwise, self._redirects())

    def _while(self) -> Command:
        until = self._next().text == "until"
        condition = self.sequence()
        return While(condition, self._do(), until, self._redirects())

    def _for(self) -> Command:
        self._at += 1
        variable = self._next().text
        if not NAME.fullmatch(variable):
            raise ShellSyntaxError(f"unexpected '{variable}'")
        self._newlines()
        words: list[str] | None = None
        if self._word("in"):
            words = []
            while (token := self._peek()) is not None and token.kind == "word":
                words.append(self._next().text)
        self._operator(";")
        self._newlines()
        return For(variable, None if words is None else tuple(words), self._do(), self._redirects())

    def _do(self) -> Sequence:
        self._expect_word("do")
        body = self.sequence()
        self._expect_word("done")
        return body

    def _case(self) -> Command:
        self._at += 1
        word = self._next().text
        self._newlines()
        self._expect_word("in")
        branches = []
        self._newlines()
        while not self._word("esac"):
            self._operator("(")
            patterns = [self._next().text]
            while self._operator("|"):
                patterns.append(self._next().text)
            self._expect_operator(")")
            branches.append((tuple(patterns), self.sequence()))
            self._operator(";;")
            self._newlines()
        return Case(word, tuple(branches), self._redirects())

    def _function(self) -> Command | None:
        following = self._tokens[self._at : self._at + 3]
        if [token.text for token in following[1:]] != ["(", ")"] or not NAME.fullmatch(following[0].text):
            return None
        self._at += 3
        self._newlines()
        return Function(following[0].text, self._command())

    def _simple(self) -> Simple:
        words: list[str] = []
        assignments: list[tuple[str, str]] = []
        redirects: list[Redirect] = []
        while (token := self._peek()) is not None:
            if token.kind == "op" and token.text in REDIRECTIONS:
                redirects.append(self._redirect())
            elif token.kind != "word":
                break
            elif not words and (match := ASSIGNMENT.fullmatch(token.text)):
                assignments.append((match[1], match[2]))
                self._at += 1
            else:
                words.append(token.text)
                self._at += 1
        if not words and not assignments and not redirects:
            raise self._unexpected()
        return Simple(tuple(words), tuple(assignments), tuple(redirects))

    def _redirects(self) -> tuple[Redirect, ...]:
        found = []
        while (token := self._peek()) is not None and token.kind == "op" and token.text in REDIRECTIONS:
            found.append(self._redirect())
        return tuple(found)

    def _redirect(self) -> Redirect:
        token = self._next()
        target = self._next()
        if target.kind != "word":
            raise ShellSyntaxError(f"unexpected '{target.text}'")
        descriptor = token.descriptor if token.descriptor >= 0 else 0 if token.text.startswith("<") else 1
        if token.text in ("<<", "<<-"):
            return Redirect(descriptor, "<<", token.body, token.expand)
        return Redirect(descriptor, token.text, target.text)

    def _peek(self) -> Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _next(self) -> Token:
        token = self._peek()
        if token is None:
            raise ShellSyntaxError("unexpected EOF")
        self._at += 1
        return token

    def _operator(self, *wanted: str) -> str:
        token = self._peek()
        if token is not None and token.kind == "op" and token.text in wanted:
            self._at += 1
            return token.text
        return ""

    def _word(self, wanted: str) -> bool:
        token = self._peek()
        if token is not None and token.kind == "word" and token.text == wanted:
            self._at += 1
            return True
        return False

    def _expect_word(self, wanted: str) -> None:
        if not self._word(wanted):
            raise self._unexpected()

    def _expect_operator(self, wanted: str) -> None:
        if not self._operator(wanted):
            raise self._unexpected()

    def _newlines(self) -> None:
        while self._newline_follows():
            self._at += 1

    def _newline_follows(self) -> bool:
        token = self._peek()
        return token is not None and token.kind == "newline"

    def _closing(self) -> bool:
        token = self._peek()
        return token is not None and (
            token.text in CLOSERS if token.kind == "word" else token.text in (")", ";;") and token.kind == "op"
        )

    def _unexpected(self) -> ShellSyntaxError:
        token = self._peek()
        if token is None:
            return ShellSyntaxError("unexpected EOF")
        text = "newline" if token.kind == "newline" else token.text
        return ShellSyntaxError(f"unexpected '{text}'")
