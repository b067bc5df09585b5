"""A checker written from docs/evidence.md alone, sharing no code with the product. It only says yes or no."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

HEX = re.compile(r"[0-9a-f]{64}")
KEYS = {"seq", "prev", "mono", "wall", "kind", "data"}


class WrongError(Exception):
    pass


def demand(condition: object, what: str) -> None:
    if not condition:
        raise WrongError(what)


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode(
        "utf-8", "backslashreplace"
    )


def parse(content: bytes) -> Any:
    try:
        value = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise WrongError("not JSON") from error
    demand(canonical(value) == content, "not canonical")
    demand(not any(isinstance(item, float) for item in walk(value)), "a float")
    return value


def walk(value: Any) -> Iterator[Any]:
    yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from walk(item)


def tree(folder: Path) -> tuple[dict[str, bytes], set[str]]:
    """Steps 1: files and folders by path."""
    files: dict[str, bytes] = {}
    folders: set[str] = set()
    for place, inner_folders, names in os.walk(folder):
        for name in inner_folders + names:
            path = Path(place) / name
            demand(not path.is_symlink() and (path.is_file() or path.is_dir()), f"{path} is no file")
            relative = path.relative_to(folder).as_posix()
            demand(relative.isprintable() and "\\" not in relative, f"{path} has an unfair name")
            if path.is_dir():
                folders.add(relative)
            else:
                files[relative] = path.read_bytes()
    return files, folders


def read_lane(name: str, content: bytes) -> list[dict[str, Any]]:
    """Step 3. Each entry also gets the digest of its line."""
    entries: list[dict[str, Any]] = []
    previous = digest(f"appwitness lane v1 {name}".encode())
    for line in content.split(b"\n")[:-1]:
        entry = parse(line)
        demand(isinstance(entry, dict) and entry.keys() == KEYS and isinstance(entry["data"], dict), "no entry")
        demand(entry["seq"] == len(entries) and entry["prev"] == previous, "chain")
        demand(not entries or entries[-1]["mono"] <= entry["mono"], "time")
        previous = digest(line)
        entries.append({**entry, "digest": previous})
    return entries


def check_session(lanes: dict[str, list[dict[str, Any]]]) -> None:
    """Step 4."""
    ui = lanes.get("ui", [])
    for number, entry in enumerate(ui):
        data = entry["data"]
        if entry["kind"] == "LaneHead" and data["count"]:
            lane = lanes.get(data["lane"], [])
            demand(len(lane) >= data["count"] and lane[data["count"] - 1]["digest"] == data["digest"], "anchor")
        if entry["kind"] == "SessionClosed":
            demand(number == len(ui) - 1, "facts after the end")
            demand(all(len(lanes.get(lane, [])) >= count for lane, count in data["counts"].items()), "counts")


def check_blobs(files: dict[str, bytes], entries: list[dict[str, Any]]) -> None:
    """Step 5."""
    blobs = {path: content for path, content in files.items() if path.startswith("blobs/")}
    for path, content in blobs.items():
        demand(path == f"blobs/{digest(content)[:2]}/{digest(content)}", f"{path} is no blob")
    for entry in entries:
        for item in walk(entry["data"]):
            if isinstance(item, dict) and isinstance(item.get("blob"), str) and HEX.fullmatch(item["blob"]):
                blob = blobs.get(f"blobs/{item['blob'][:2]}/{item['blob']}")
                demand(blob is not None and len(blob) == item["size"], "dangling")


def read_seal(content: bytes, kind: str) -> dict[str, Any]:
    """Step 6."""
    demand(content.endswith(b"\n"), "no end")
    seal = parse(content[:-1])
    demand(isinstance(seal, dict) and seal.keys() == {"manifest", "public_key", "signature"}, "no seal")
    demand(HEX.fullmatch(seal["public_key"]) and re.fullmatch("[0-9a-f]{128}", seal["signature"]), "no hex")
    message = b"appwitness seal v1\n" + canonical(seal["manifest"])
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(seal["public_key"]))
        key.verify(bytes.fromhex(seal["signature"]), message)
    except (InvalidSignature, ValueError) as error:
        raise WrongError("signature") from error
    demand(seal["manifest"]["kind"] == kind and seal["manifest"]["format"] == 1, "kind")
    manifest: dict[str, Any] = seal["manifest"]
    return manifest


def same_files(manifest: dict[str, Any], files: dict[str, bytes]) -> bool:
    """Step 7."""
    rows = [{"path": path, "sha256": digest(files[path]), "size": len(files[path])} for path in sorted(files)]
    return bool(manifest["files"] == rows)


def check(case: Path) -> None:
    files, folders = tree(case / "record")
    demand(parse(files["case.json"].removesuffix(b"\n"))["format"] == 1, "case.json")
    sessions: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for path, content in files.items():
        if match := re.fullmatch(r"sessions/([^/]+)/([^/]+)\.jsonl", path):
            sessions.setdefault(match[1], {})[match[2]] = read_lane(match[2], content)
    for lanes in sessions.values():
        check_session(lanes)
    check_blobs(files, [entry for lanes in sessions.values() for lane in lanes.values() for entry in lane])
    seal_content = files.pop("seal.json")
    manifest = read_seal(seal_content, "record")
    demand(same_files(manifest, files), "files")
    demand(folders <= set(manifest["folders"]), "folders")
    heads = {(session, name): lane for session, lanes in sessions.items() for name, lane in lanes.items()}
    rows = [
        {
            "session": session,
            "lane": name,
            "count": len(lane),
            "digest": lane[-1]["digest"] if lane else digest(f"appwitness lane v1 {name}".encode()),
        }
        for (session, name), lane in sorted(heads.items())
    ]
    demand(manifest["lanes"] == rows, "heads")
    check_derived(case, seal_content)
    check_decisions(case, seal_content)


DECISION_FIELDS = {
    "seq", "prev", "wall", "kind", "name", "public_key", "record_seal", "findings", "torn", "data", "signature",
}  # fmt: skip


def check_derived(case: Path, seal_content: bytes) -> None:
    """Step 10."""
    files, _ = tree(case)
    seal = files.pop("derived-seal.json", None)
    beside = {
        path: content
        for path, content in files.items()
        if not path.startswith("record/")
        and path != "decisions.jsonl"
        and not any(part.startswith(".") for part in path.split("/"))
    }
    if seal is None and not beside:
        return
    demand(seal is not None, "no derived seal")
    manifest = read_seal(seal or b"", "derived")
    demand(same_files(manifest, beside), "derived files")
    demand(manifest["record_seal"] == digest(seal_content), "another record")


def check_decisions(case: Path, seal_content: bytes) -> None:
    """Step 11, by docs/casework.md."""
    if not (case / "decisions.jsonl").exists():
        return
    prev = digest(b"appwitness decisions v1")
    for number, line in enumerate((case / "decisions.jsonl").read_bytes().split(b"\n")[:-1]):
        demand(len(line) <= 256 * 1024, "length")
        entry = parse(line)
        demand(isinstance(entry, dict) and entry.keys() == DECISION_FIELDS, "fields")
        signature = entry.pop("signature")
        for name, count in (("public_key", 64), ("prev", 64), ("record_seal", 64), ("findings", 64)):
            demand(re.fullmatch(f"[0-9a-f]{{{count}}}", entry[name]), name)
        demand(re.fullmatch("[0-9a-f]{128}", signature), "signature")
        try:
            key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(entry["public_key"]))
            key.verify(bytes.fromhex(signature), b"appwitness decision v1\n" + canonical(entry))
        except (InvalidSignature, ValueError) as error:
            raise WrongError("signature") from error
        demand((entry["seq"], entry["prev"]) == (number, prev), "chain")
        demand(entry["record_seal"] == digest(seal_content), "another record")
        prev = digest(line)


def is_as_sealed(case: Path) -> bool:
    try:
        check(case)
    except (WrongError, KeyError, TypeError):
        return False
    return True
