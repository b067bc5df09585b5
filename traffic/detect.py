"""Finds known values in what an app sent, through whatever encodings they were wrapped in."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evidence.clock import SystemClock
from traffic.decode import Batch, Budget, DecodeTree, Limits, Node, Step, Where, entropy
from traffic.decode.structured import READERS as STRUCTURES
from traffic.delta import DeltaSearch
from traffic.engine import make_scanner
from traffic.excerpt import masked_excerpt
from traffic.known import KnownValue
from traffic.matching import Match, matches
from traffic.spelling import expand, is_placeholder
from traffic.telling import Told, tell
from traffic.trace import is_escaped_around

if TYPE_CHECKING:
    from evidence.clock import Clock
    from traffic.record import CapturedRequest

__all__ = ["Detection", "Detector", "Hit", "Opaque", "Step", "Where", "request_roots"]

_LEAST_OPAQUE = 48


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A known value seen in a request. Evidence by itself only where it stands alone."""

    kind: str
    """A key of traffic.known.DATA_TYPES."""
    source: str
    """Source of the known value, for the report."""
    scope: str | None
    form: str
    """An English noun phrase: "MD5 of the IMEI in upper case, in hexadecimal"."""
    form_zh: str
    form_code: str
    """The same for programs: "md5-hex:upper"."""
    where: Where
    path: tuple[str, ...]
    """How a person would describe the way: ("body", "form:data", "base64", "gzip", "json:device.id")."""
    steps: tuple[Step, ...]
    """The same way exactly, so that anybody can repeat it (traffic.explain)."""
    offset: int
    """Of the match in the bytes that the last step gave (of the url, the header block or the body without any)."""
    length: int
    stored_offset: int
    """Of the outermost bytes that contain the match in the url, the header block or the stored body."""
    stored_length: int
    excerpt: str
    """The match with a little around it; the middle of the value is masked."""
    json_path: str | None
    """Path of the leaf in the innermost JSON text, like "device.ids[0]"."""
    standalone: bool
    """False where the value is too short or too common to be evidence by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opaque:
    """Bytes that no decoding made sense of. A lead for a person, never a finding."""

    where: Where
    path: tuple[str, ...]
    size: int
    entropy: int
    """Of the first bytes, in thousandths of a bit per byte; 8000 is what encryption looks like."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """What was found in one request."""

    hits: tuple[Hit, ...]
    """One per known value, form and way; ordered by where, offset and kind. A value twice in one text is one hit."""
    opaque: tuple[Opaque, ...]
    truncated: bool
    """True where a bound was reached: absence of a hit proves nothing then."""


def request_roots(request: CapturedRequest) -> list[Node]:
    """What of a request is looked through. A WebSocket message repeats neither the URL nor headers of its handshake."""
    roots = []
    if request.channel == "http":
        roots.append(Node(request.url.encode(request.text_encoding, "replace"), "url"))
        roots.append(Node(header_block(request), "header"))
    if request.body:
        roots.append(Node(request.body, "body"))
    return roots


def header_block(request: CapturedRequest) -> bytes:
    """One line "name: value" for each header."""
    lines = "\r\n".join(f"{name}: {value}" for name, value in request.headers)
    return lines.encode(request.text_encoding, "replace")


class Detector:
    """Searches requests for the values of one device. Made once for a session, used for each request."""

    def __init__(
        self, known: Sequence[KnownValue], *, limits: Limits | None = None, clock: Clock | None = None
    ) -> None:
        self.ignored = tuple(value for value in known if is_placeholder(value))
        """Values that say nothing, like an address of zeros: they are not looked for."""
        distinct = {(value.kind, value.value, value.scope): value for value in known if not is_placeholder(value)}
        self._known = tuple(distinct.values())
        self._kinds = [value.kind for value in self._known]
        self._patterns = expand(self._known)
        self._scanner = make_scanner([(pattern.literal, pattern.caseless) for pattern in self._patterns])
        self._delta = DeltaSearch(self._known)
        self._limits = limits or Limits()
        self._clock = clock or SystemClock()

    def search(self, request: CapturedRequest) -> Detection:
        """Never raises because of what an app sent; bounded in time and memory."""
        return self.search_roots(request_roots(request), truncated=len(request.body) < request.body_length)

    def search_roots(self, roots: Sequence[Node], *, truncated: bool = False) -> Detection:
        """The same for bytes that come from elsewhere."""
        budget = Budget(self._limits, self._clock)
        tree = DecodeTree(roots, budget)
        found = _Found()
        while True:
            for visit in tree:
                self._scan(visit, found)
            if not self._reveal(tree):
                break
        told = tell(found.telling())
        hits = sorted((self._hit(one, found) for one in told), key=_order)
        return Detection(
            hits=tuple(hits),
            opaque=tuple(_opaque_leads(tree, found)),
            truncated=truncated or budget.truncated,
        )

    def _scan(self, visit: Node | Batch, found: _Found) -> None:
        if isinstance(visit, Node):
            occurrences = self._scanner.scan(visit.data)
            if occurrences:
                found.add(visit, matches(visit, occurrences, self._patterns, self._kinds))
            return
        by_node: dict[int, list[tuple[int, int]]] = {}
        for index, end in self._scanner.scan(visit.text):
            at = bisect_right(visit.starts, end - 1) - 1
            start = end - len(self._patterns[index].literal)
            if start >= visit.starts[at] and end <= visit.starts[at] + len(visit.piece(at)):
                by_node.setdefault(at, []).append((index, end - visit.starts[at]))
        for at, occurrences in by_node.items():
            node = visit.node(at)
            found.add(node, matches(node, occurrences, self._patterns, self._kinds))

    def _reveal(self, tree: DecodeTree) -> bool:
        """Looks under the XOR of what nothing made sense of. True where that gave something new."""
        suspects, tree.suspects = tree.suspects, []
        new = False
        for node in suspects:
            for key, plain in self._delta.plain_readings(node.data):
                new = tree.add(Node(plain, node.where, node, "xor", argument=key.hex())) or new
        return new

    def _hit(self, told: Told, found: _Found) -> Hit:
        match, node = told.match, told.match.node
        value = self._known[match.form.value]
        first, last = told.stages[0], told.stages[-1]
        return Hit(
            kind=value.kind,
            source=value.source,
            scope=value.scope,
            form=match.form.words,
            form_zh=match.form.words_zh,
            form_code=match.form.code,
            where=node.where,
            path=told.path,
            steps=tuple(stage.step for stage in told.stages if stage.step is not None),
            offset=last.offset,
            length=last.length,
            stored_offset=first.offset,
            stored_length=first.length,
            excerpt=masked_excerpt(node.data, match.start, match.end, found.spans(node), text=node.is_text),
            json_path=told.json_path,
            standalone=match.form.standalone,
        )


def _order(hit: Hit) -> tuple[str, int, int, str, str]:
    return (hit.where, hit.stored_offset, hit.offset, hit.kind, hit.form_code)


def _opaque_leads(tree: DecodeTree, found: _Found) -> Iterable[Opaque]:
    for node in tree.opaque:
        if len(node.data) < _LEAST_OPAQUE or found.within(node):
            continue
        path = tuple(one.code or one.where for one in node.lineage())
        yield Opaque(where=node.where, path=path, size=len(node.data), entropy=entropy(node.data))


class _Found:
    """The matches of one request, node by node."""

    def __init__(self) -> None:
        self._by_node: dict[int, dict[tuple[int, str], Match]] = {}
        self._told_elsewhere: list[Match] = []
        self._spans: dict[int, list[tuple[int, int]]] = {}

    def add(self, node: Node, found: list[Match]) -> None:
        """A match that the text before its rewriting shows as well is told once, where it is plainer to see."""
        self._spans[id(node)] = sorted([(match.start, match.end) for match in found])
        kept = {(match.form.value, match.form.code): match for match in found}
        self._by_node[id(node)] = kept
        above: Node = node
        while above.is_rewriting and above.parent is not None:
            below, above = above, above.parent
            shown = self._by_node.get(id(above), {})
            for key in kept.keys() & shown.keys():
                deeper = below is node and is_escaped_around(node, shown[key].start, shown[key].end)
                self._told_elsewhere.append(shown.pop(key) if deeper else kept.pop(key))

    def spans(self, node: Node) -> list[tuple[int, int]]:
        """All matches in the node, also those that are told elsewhere."""
        return self._spans.get(id(node), [])

    def within(self, node: Node) -> bool:
        """Whether anything was found in the node or in what came out of it."""
        return any(node in match.node.lineage() for found in self._by_node.values() for match in found.values())

    def telling(self) -> list[Match]:
        """Without those that a further decoding of the same bytes shows more plainly."""
        by_value: dict[int, list[Match]] = {}
        for found in self._by_node.values():
            for match in found.values():
                by_value.setdefault(match.form.value, []).append(match)
        return [match for group in by_value.values() for match in self._best_told(group)]

    def _best_told(self, group: list[Match]) -> list[Match]:
        """Of the matches of one value: where two are the same bytes, the one that a person understands more easily."""
        if len(group) == 1:
            return group
        # First what a further decoding shows better, then what was plain already before it: each pass by what remains.
        deep = [match for match in group if not any(_is_told_by_deeper(match, other) for other in group)]
        plain = deep + [match for match in self._told_elsewhere if match.form.value == group[0].form.value]
        return [match for match in deep if not any(_is_told_by_shallower(match, other) for other in plain)]


def _is_told_by_deeper(match: Match, other: Match) -> bool:
    child = _way(match, other)
    if child is None:
        return False
    return match.form.inner or (child.code in STRUCTURES and match.form.code == other.form.code)


def _is_told_by_shallower(match: Match, other: Match) -> bool:
    child = _way(other, match)
    return child is not None and not child.is_rewriting and not other.form.inner


def _way(shallow: Match, deep: Match) -> Node | None:
    """The child of the first match's node that leads to the second match, where it was made of the same bytes."""
    if deep.node.depth <= shallow.node.depth:
        return None
    lineage = deep.node.lineage()
    if lineage[shallow.node.depth] is not shallow.node:
        return None
    child = lineage[shallow.node.depth + 1]
    start, length = child.span
    if child.is_rewriting or (start < shallow.end and shallow.start < start + length):
        return child
    return None
