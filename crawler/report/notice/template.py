"""Templates that a user may replace: read with bounds, checked for fields that a letter does not have, run in a sandbox."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from jinja2 import Environment, StrictUndefined, TemplateError, TemplateSyntaxError, nodes
from jinja2.defaults import DEFAULT_NAMESPACE
from jinja2.sandbox import ImmutableSandboxedEnvironment

from crawler.report.notice.document import Document
from crawler.report.notice.errors import TemplateRefused

__all__ = ["TEMPLATE_FAULTS", "check_fields", "read_template", "sandbox", "unknown_fields"]

TEMPLATE_FAULTS = (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RecursionError)
"""What a template may raise while it runs."""
_LARGEST = 8 * 1024 * 1024
_ELEMENT = frozenset({"first", "last", "random", "min", "max"})
_SAME = frozenset({"list", "sort", "reverse", "unique", "select", "reject", "selectattr", "rejectattr"})
_ANYTHING = object()
"""The kind of a value about which the template alone tells nothing."""


def read_template(path: Path) -> bytes:
    """A template's bytes. Raises TemplateRefused."""
    try:
        with path.open("rb") as stream:
            content = stream.read(_LARGEST + 1)
    except OSError as error:
        raise TemplateRefused(
            f"the template {path} cannot be read: {error.strerror or error}", "Name a file."
        ) from error
    if len(content) > _LARGEST:
        raise TemplateRefused(f"the template {path} is larger than {_LARGEST} bytes", "Use smaller pictures in it.")
    return content


def sandbox() -> Environment:
    """Where templates run: escaping, without access to the program, and an unknown field is an error."""
    return ImmutableSandboxedEnvironment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


def check_fields(source: str, labels: Mapping[str, str], name: str) -> None:
    """Raises TemplateRefused with the name of every field that the template asks for and a letter does not have."""
    try:
        unknown = unknown_fields(source, labels)
    except TemplateSyntaxError as error:
        raise TemplateRefused(
            f"the template {name} cannot be understood: {error.message} (line {error.lineno})"
        ) from error
    if unknown:
        raise TemplateRefused(f"the template {name} asks for unknown fields: {', '.join(unknown)}")


def unknown_fields(source: str, labels: Mapping[str, str]) -> tuple[str, ...]:
    """Every field in a template that a letter does not have, as it is written there, in order."""
    reader = _Reader(labels)
    reader.walk(sandbox().parse(source), {**get_type_hints(Document)})
    return tuple(dict.fromkeys(reader.unknown))


class _Reader:
    """Follows the expressions of a template through the types of the document."""

    def __init__(self, labels: Mapping[str, str]) -> None:
        self._labels = labels
        self.unknown: list[str] = []

    def walk(self, node: nodes.Node, scope: dict[str, Any]) -> None:
        if isinstance(node, nodes.For):
            return self._loop(node, scope)
        if isinstance(node, (nodes.Assign, nodes.AssignBlock)):
            value = self.kind(node.node, scope) if isinstance(node, nodes.Assign) else _ANYTHING
            self._children(node, scope, skip=(node.target,))
            scope.update(dict.fromkeys(_names(node.target), value))
            return None
        if isinstance(node, (nodes.Macro, nodes.CallBlock)):
            scope.update({node.name: _ANYTHING} if isinstance(node, nodes.Macro) else {})
            inner = {**scope, **{argument.name: _ANYTHING for argument in node.args}, "caller": _ANYTHING}
            return self._children(node, inner, skip=tuple(node.args))
        if isinstance(node, nodes.With):
            inner = {**scope, **{name: _ANYTHING for target in node.targets for name in _names(target)}}
            return self._children(node, inner, skip=tuple(node.targets))
        if isinstance(node, nodes.Expr):
            self.kind(node, scope)
            return None
        return self._children(node, scope)

    def _children(self, node: nodes.Node, scope: dict[str, Any], skip: tuple[nodes.Node, ...] = ()) -> None:
        for child in node.iter_child_nodes():
            if not any(child is one for one in skip):
                self.walk(child, scope)

    def _loop(self, node: nodes.For, scope: dict[str, Any]) -> None:
        element = _element(self.kind(node.iter, scope))
        targets = _names(node.target)
        inner = {**scope, **dict.fromkeys(targets, element if len(targets) == 1 else _ANYTHING), "loop": _ANYTHING}
        for child in (*node.body, *([node.test] if node.test is not None else [])):
            self.walk(child, inner)
        for child in node.else_:
            self.walk(child, scope)

    def kind(self, node: nodes.Node, scope: dict[str, Any]) -> Any:
        """The type of an expression; what it asks for and is not there is noted."""
        if isinstance(node, nodes.Name):
            if node.name not in scope and node.name not in DEFAULT_NAMESPACE:
                self.unknown.append(node.name)
            return scope.get(node.name, _ANYTHING)
        if isinstance(node, nodes.Getattr):
            return self._member(self.kind(node.node, scope), node.attr, _written(node))
        if isinstance(node, nodes.Getitem):
            return self._item(node, scope)
        if isinstance(node, nodes.Filter) and node.node is not None:
            return self._filtered(node, scope)
        for child in node.iter_child_nodes():
            self.kind(child, scope)
        return _ANYTHING

    def _item(self, node: nodes.Getitem, scope: dict[str, Any]) -> Any:
        base = self.kind(node.node, scope)
        if isinstance(node.arg, nodes.Slice):
            return base
        if isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
            return self._member(base, node.arg.value, _written(node))
        self.kind(node.arg, scope)
        return _element(base)

    def _filtered(self, node: nodes.Filter, scope: dict[str, Any]) -> Any:
        base = self.kind(node.node, scope) if node.node is not None else _ANYTHING
        for argument in (*node.args, *node.kwargs):
            self.kind(argument, scope)
        if node.name in _ELEMENT:
            return _element(base)
        if node.name in ("batch", "slice"):
            return types.GenericAlias(tuple, (base, ...)) if base is not _ANYTHING else _ANYTHING
        return base if node.name in _SAME else _ANYTHING

    def _member(self, base: Any, name: str, written: str) -> Any:
        if is_dataclass(base) and isinstance(base, type):
            if name in {entry.name for entry in fields(base)}:
                return get_type_hints(base)[name]
        elif get_origin(base) is not None and issubclass(get_origin(base), Mapping):
            if name in self._labels:
                return str
        else:
            return _ANYTHING
        self.unknown.append(written)
        return _ANYTHING


def _element(kind: Any) -> Any:
    """The type of what a list holds."""
    if isinstance(kind, types.GenericAlias) and get_origin(kind) is tuple:
        return get_args(kind)[0]
    return _ANYTHING


def _names(target: nodes.Node) -> list[str]:
    return [node.name for node in _all(target) if isinstance(node, nodes.Name)]


def _all(node: nodes.Node) -> Iterator[nodes.Node]:
    yield node
    for child in node.iter_child_nodes():
        yield from _all(child)


def _written(node: nodes.Node) -> str:
    """A field as the template writes it: problem.statement."""
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr):
        return f"{_written(node.node)}.{node.attr}"
    if isinstance(node, nodes.Getitem):
        inside = node.arg.value if isinstance(node.arg, nodes.Const) else "…"
        return f"{_written(node.node)}.{inside}" if isinstance(inside, str) else f"{_written(node.node)}[{inside}]"
    return "…"
