"""Where in the record the bytes of a request lie, and the command that prints them: the beginning of every explanation.

Paths are relative to the case. What an app sent never enters a command: it is read from the record by the command.
"""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Iterable
from typing import TYPE_CHECKING

from traffic.detect import header_block
from traffic.fields import mapping, text

if TYPE_CHECKING:
    from evidence.lanes import Entry
    from traffic.decode.node import Where
    from traffic.record import CapturedRequest

__all__ = ["blob_path", "line_command", "origin_command"]

_READ = 'python3 -c \'import sys, json; {body}; sys.stdout.buffer.write(({expression}).encode("{codec}", "replace"))\''


def blob_path(digest: str) -> str:
    """Where a blob lies in its case."""
    return f"record/blobs/{digest[:2]}/{digest}"


def line_command(session: str, lane: str, seq: int) -> str:
    """Prints one line of a lane without its end: what the digest of the entry is made of."""
    path = shlex.quote(f"record/sessions/{session}/{lane}.jsonl")
    return f"sed -n {seq + 1}p {path} | tr -d '\\n'"


def origin_command(where: Where, request: CapturedRequest, session: str, entries: Iterable[Entry]) -> str | None:
    """Prints the stored body, the URL or the headers of the request; None where they are not as they were recorded.

    `entries`: those of the session's traffic lane.
    """
    own = {(entry.lane, entry.seq) for entry in request.entries}
    facts = [entry for entry in entries if (entry.lane, entry.seq) in own]
    if where == "body":
        # The answer's body stands in one of these facts as well: the request's own is known by its content.
        digest = hashlib.sha256(request.body).hexdigest()
        named = any(text(mapping(entry.data, "body"), "blob") == digest for entry in facts)
        return f"cat {blob_path(digest)}" if named and request.body else None
    start = next((entry for entry in facts if entry.kind == "RequestStarted"), None)
    if start is None:
        return None
    head = text(mapping(start.data, "head"), "blob")
    if head and not head.isalnum():
        return None
    expression = _url(request) if where == "url" else _headers(facts, request)
    if expression is None:
        return None
    source = f'open("{blob_path(head)}")' if head else ""
    body = 'd = json.load(sys.stdin)["data"]; h = ' + (f"json.load({source})" if source else "d")
    read = _READ.format(body=body, expression=expression, codec=request.text_encoding)
    return f"{line_command(session, start.lane, start.seq)} | {read}"


def _url(request: CapturedRequest) -> str | None:
    """An expression that makes the URL as CapturedRequest tells it."""
    host = '"[" + d["host"] + "]"' if ":" in request.host else 'd["host"]'
    usual = request.url.removeprefix(f"{request.scheme}://").startswith(
        f"[{request.host}]{request.path}" if ":" in request.host else f"{request.host}{request.path}"
    )
    port = "" if usual else ' + ":" + str(d["port"])'
    return f'd["scheme"] + "://" + {host}{port} + h["path"]'


def _headers(facts: Iterable[Entry], request: CapturedRequest) -> str | None:
    """An expression that makes the header block; None where trailers came after, which stand in another fact."""
    trailers = [entry for entry in facts if entry.kind == "RequestSent" and entry.data.get("trailers")]
    if trailers or not header_block(request):
        return None
    # chr instead of escapes: the expression passes through a shell and through Python's quotes.
    return '(chr(13) + chr(10)).join(": ".join(pair) for pair in h["headers"])'
