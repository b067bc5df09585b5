"""`$((...))`: integer arithmetic without Python's eval."""

import re
from collections.abc import Callable

__all__ = ["ExpressionError", "evaluate"]

TOKEN = re.compile(r"\s*(0[xX][0-9a-fA-F]+|\d+|[A-Za-z_]\w*|\*\*|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%()<>!~&^|?:])")
BINARY: tuple[dict[str, Callable[[int, int], int]], ...] = (
    {"||": lambda a, b: int(bool(a) or bool(b))},
    {"&&": lambda a, b: int(bool(a) and bool(b))},
    {"|": lambda a, b: a | b},
    {"^": lambda a, b: a ^ b},
    {"&": lambda a, b: a & b},
    {"==": lambda a, b: int(a == b), "!=": lambda a, b: int(a != b)},
    {
        "<": lambda a, b: int(a < b),
        ">": lambda a, b: int(a > b),
        "<=": lambda a, b: int(a <= b),
        ">=": lambda a, b: int(a >= b),
    },
    {"<<": lambda a, b: a << (b & 63), ">>": lambda a, b: a >> (b & 63)},
    {"+": lambda a, b: a + b, "-": lambda a, b: a - b},
    {"*": lambda a, b: a * b, "/": lambda a, b: _divide(a, b), "%": lambda a, b: a - b * _divide(a, b)},
)
LONGEST = 2000


class ExpressionError(Exception):
    """The expression is wrong, or divides by zero."""


def evaluate(text: str, variable: Callable[[str], str]) -> int:
    """The value of an expression, wrapped to 64 bits. Raises ExpressionError."""
    if len(text) > LONGEST:
        raise ExpressionError("too long")
    tokens: list[str] = []
    position = 0
    while text[position:].strip():
        match = TOKEN.match(text, position)
        if match is None:
            raise ExpressionError(f"{text}: unexpected '{text[position:].strip()[:1]}'")
        tokens.append(match[1])
        position = match.end()
    if not tokens:
        return 0
    expression = _Expression(tokens, variable)
    value = expression.conditional()
    if expression.rest:
        raise ExpressionError(f"{text}: unexpected '{expression.rest[0]}'")
    return _wrapped(value)


def _divide(a: int, b: int) -> int:
    if b == 0:
        raise ExpressionError("zero divisor")
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


def _wrapped(value: int) -> int:
    return (value + (1 << 63)) % (1 << 64) - (1 << 63)


class _Expression:
    def __init__(self, tokens: list[str], variable: Callable[[str], str]) -> None:
        self.rest = tokens
        self._variable = variable

    def conditional(self) -> int:
        condition = self._binary(0)
        if not self._take("?"):
            return condition
        chosen = self.conditional()
        if not self._take(":"):
            raise ExpressionError("missing ':'")
        other = self.conditional()
        return chosen if condition else other

    def _binary(self, level: int) -> int:
        if level == len(BINARY):
            return self._unary()
        value = self._binary(level + 1)
        while self.rest and self.rest[0] in BINARY[level]:
            operator = self.rest.pop(0)
            value = _wrapped(BINARY[level][operator](value, self._binary(level + 1)))
        return value

    def _unary(self) -> int:
        if not self.rest:
            raise ExpressionError("unexpected end")
        token = self.rest.pop(0)
        if token == "-":  # noqa: S105 - an operator
            return -self._unary()
        if token == "+":  # noqa: S105
            return self._unary()
        if token == "!":  # noqa: S105
            return int(not self._unary())
        if token == "~":  # noqa: S105
            return ~self._unary()
        if token == "(":  # noqa: S105
            value = self.conditional()
            if not self._take(")"):
                raise ExpressionError("missing ')'")
            return value
        return self._number(token)

    def _number(self, token: str) -> int:
        if token[0].isdecimal():
            return int(token, 16) if token[:2].lower() == "0x" else int(token)
        if token[0].isalpha() or token[0] == "_":
            value = self._variable(token).strip()
            return int(value) if value.lstrip("-").isdecimal() else 0
        raise ExpressionError(f"unexpected '{token}'")

    def _take(self, wanted: str) -> bool:
        if self.rest and self.rest[0] == wanted:
            self.rest.pop(0)
            return True
        return False
