"""`test` and `[`."""

from collections.abc import Callable

from lab.system.files import Files

__all__ = ["test"]

COMPARISONS: dict[str, Callable[[int, int], bool]] = {
    "-eq": lambda a, b: a == b,
    "-ne": lambda a, b: a != b,
    "-lt": lambda a, b: a < b,
    "-le": lambda a, b: a <= b,
    "-gt": lambda a, b: a > b,
    "-ge": lambda a, b: a >= b,
}
FILE_TESTS = "efdrwxsLh"


def test(words: list[str], files: Files, path: Callable[[str], str], uid: int) -> bool:
    """Is the condition true? Raises ValueError with the complaint."""
    for joiner, join in (("-o", any), ("-a", all)):
        if joiner in words[1:-1]:
            at = words.index(joiner, 1)
            return join([test(words[:at], files, path, uid), test(words[at + 1 :], files, path, uid)])
    if words[:1] == ["!"]:
        return not test(words[1:], files, path, uid)
    if len(words) == 0:
        return False
    if len(words) == 1:
        return words[0] != ""
    if len(words) == 2:
        return _unary(words[0], words[1], files, path, uid)
    if len(words) == 3:
        return _binary(*words)
    raise ValueError("syntax error")


def _unary(operator: str, operand: str, files: Files, path: Callable[[str], str], uid: int) -> bool:
    if operator == "-n":
        return operand != ""
    if operator == "-z":
        return operand == ""
    if len(operator) != 2 or operator[1] not in FILE_TESTS:
        raise ValueError(f"{operator}: unexpected operator/operand")
    try:
        node = files.node(path(operand), uid=uid, follow=operator not in ("-L", "-h"))
    except OSError:
        return False
    checks = {
        "-e": True,
        "-f": not node.is_directory and not node.is_link,
        "-d": node.is_directory,
        "-s": node.size > 0 or node.generate is not None,
        "-x": uid == 0 or bool(node.mode & 0o111),
        "-r": uid == 0 or bool(node.mode & 0o444),
        "-w": uid == 0 or bool(node.mode & 0o222),
        "-L": node.is_link,
        "-h": node.is_link,
    }
    return checks[operator]


def _binary(left: str, operator: str, right: str) -> bool:
    if operator in ("=", "=="):
        return left == right
    if operator == "!=":
        return left != right
    if operator in ("<", ">"):
        return left < right if operator == "<" else left > right
    if operator not in COMPARISONS:
        raise ValueError(f"{operator}: unexpected operator/operand")
    try:
        return COMPARISONS[operator](int(left), int(right))
    except ValueError as error:
        raise ValueError("bad number") from error
