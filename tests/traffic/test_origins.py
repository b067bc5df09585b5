"""The command that begins an explanation prints the very bytes that were looked through, whatever the app sent."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from evidence.blobs import BlobStore
from evidence.canonical import Json, to_line
from evidence.clock import FrozenClock
from evidence.lanes import Entry, LaneWriter, read_lane
from traffic.detect import header_block
from traffic.origins import blob_path, line_command, origin_command
from traffic.record import CapturedRequest, read_requests

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
SESSION = "S01-cold start"
START: dict[str, Json] = {
    "flow": "f1",
    "connection": "c1",
    "method": "POST",
    "scheme": "https",
    "host": "api.lanting.test",
    "port": 443,
    "path": "/v1?imei=861234056789017&q=%E5%BC%A0",
    "http_version": "HTTP/1.1",
    "headers": [["Host", "api.lanting.test"], ["X-Note", "同意前 'quoted' \"$HOME\" `id` %s \\n"], ["X-Note", ""]],
    "started_mono": 1,
    "started_wall": 1,
}


def recorded(
    folder: Path, *, body: bytes = b"a=1", large_head: bool = False, **more: Json
) -> tuple[CapturedRequest, tuple[Entry, ...]]:
    """One request in a case's folders, as the capture writes it."""
    lane_folder = folder / "record" / "sessions" / SESSION
    lane_folder.mkdir(parents=True)
    blobs = BlobStore(folder / "record" / "blobs", durable=False)
    start = {**START, **more}
    if large_head:
        head = to_line({name: start.pop(name) for name in ("path", "headers", "text_encoding") if name in start})
        start["head"] = {"blob": blobs.put(head), "size": len(head)}
    path = lane_folder / "traffic.jsonl"
    with LaneWriter(path, "traffic", FrozenClock(mono_ns=1, wall_ns=1, step_ns=1)) as lane:
        lane.append("ClientConnected", {"connection": "c1", "peer_port": 1})
        lane.append("RequestStarted", start)
        sent: dict[str, Json] = {
            "flow": "f1",
            "body_length": len(body),
            "body_sha256": hashlib.sha256(body).hexdigest(),
        }
        lane.append("RequestSent", {**sent, "body": {"blob": blobs.put(body), "size": len(body)} if body else None})
        answer = blobs.put(b"the answer's body")
        lane.append(
            "ResponseReceived", {"flow": "f1", "status": 200, "headers": [], "body": {"blob": answer, "size": 17}}
        )
    entries = read_lane(path).entries
    (request,) = read_requests(entries, blobs)
    return request, entries


def printed(command: str | None, folder: Path) -> bytes:
    assert command is not None
    command = command.replace("python3 ", f"{sys.executable} ")
    return subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True, timeout=20, check=True).stdout


VARIANTS: dict[str, dict[str, Json]] = {
    "usual": {},
    "another port": {"port": 8443},
    "plain": {"scheme": "http", "port": 80},
    "an address": {"host": "2001:db8::7"},
    "an address and a port": {"host": "2001:db8::7", "port": 8443},
    "latin-1": {"text_encoding": "latin-1", "path": "/v1?n=\xd5\xc5", "headers": [["X-Name", "\xd5\xc5"]]},
    "a hostile host": {"host": "x';id;'.test", "path": "/$(id)\"'`id`?a=1"},
    "a path without anything": {"path": ""},
    "a surrogate": {"path": "/\ud800"},
}


@pytest.mark.parametrize("large", [False, True], ids=["in the fact", "in a blob"])
@pytest.mark.parametrize("name", VARIANTS)
def test_url_and_headers_come_out_as_they_were_looked_through(name: str, large: bool, tmp_path: Path) -> None:
    request, entries = recorded(tmp_path, large_head=large, **VARIANTS[name])
    url = request.url.encode(request.text_encoding, "replace")
    assert printed(origin_command("url", request, SESSION, entries), tmp_path) == url
    assert printed(origin_command("header", request, SESSION, entries), tmp_path) == header_block(request)


def test_the_body_is_its_blob(tmp_path: Path) -> None:
    body = bytes(range(256)) * 20
    request, entries = recorded(tmp_path, body=body)
    command = origin_command("body", request, SESSION, entries)
    assert command == f"cat {blob_path(hashlib.sha256(body).hexdigest())}"
    assert printed(command, tmp_path) == body


def test_without_a_body_there_is_nothing_to_print(tmp_path: Path) -> None:
    request, entries = recorded(tmp_path, body=b"")
    assert origin_command("body", request, SESSION, entries) is None


def test_entries_of_another_lane_are_no_origin(tmp_path: Path) -> None:
    request, _ = recorded(tmp_path)
    assert origin_command("url", request, SESSION, ()) is None


def test_a_line_has_the_digest_of_its_entry(tmp_path: Path) -> None:
    _, entries = recorded(tmp_path)
    for entry in entries:
        line = printed(line_command(SESSION, "traffic", entry.seq), tmp_path)
        assert hashlib.sha256(line).hexdigest() == entry.digest
