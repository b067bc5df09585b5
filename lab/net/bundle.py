"""Serves an app's own bundle to its windows: what would be files inside an APK, and never counts as traffic."""

from __future__ import annotations

import mimetypes
from pathlib import Path
from urllib.parse import unquote, urlsplit

from lab.net.messages import Headers, Request, Server

__all__ = ["BUNDLE_DOMAIN", "answer_from_bundle"]

BUNDLE_DOMAIN = ".app.lab"
_KINDS = {".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm", ".webp": "image/webp"}
_TEXTS = ("text/", "application/json", "image/svg+xml")


async def answer_from_bundle(server: Server, request: Request, folder: Path) -> None:
    """One file of `folder`, or 404."""
    found = _file(folder, urlsplit(request.target).path)
    if found is None:
        await server.answer(404, ((b"Content-Type", b"text/plain"),), b"not in the bundle\n")
        return
    kind = _KINDS.get(found.suffix.lower()) or mimetypes.guess_type(found.name)[0] or "application/octet-stream"
    if kind.startswith(_TEXTS):
        kind += "; charset=utf-8"
    headers: Headers = ((b"Content-Type", kind.encode()), (b"Cache-Control", b"no-store"))
    await server.answer(200, headers, b"" if request.method == "HEAD" else found.read_bytes())


def _file(folder: Path, path: str) -> Path | None:
    """The file a path names inside the folder: links and dots must not lead out of it."""
    root = folder.resolve()
    try:
        target = (root / unquote(path).lstrip("/")).resolve()
    except (OSError, ValueError):
        return None
    if target.is_dir():
        target = target / "index.html"
    return target if target.is_relative_to(root) and target.is_file() else None
