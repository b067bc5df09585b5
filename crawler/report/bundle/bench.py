"""Measures the proof: changes sealed bundles at random and counts what is not refused, verifies untouched ones and counts alarms.

A change counts as named only when a fault names the changed file; of a packed bundle, the archive or a file in it.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from crawler.report.bundle.writing import make_bundle
from evidence.blobs import BlobStore
from evidence.bundle import BUNDLE_SEAL
from evidence.clock import Clock, FrozenClock, SystemClock
from evidence.keys import SigningKey
from evidence.lanes import LaneWriter
from evidence.record import blobs_directory, session_directory, write_case
from evidence.seal import seal, seal_derived
from evidence.verify import Verification, verify

__all__ = ["bench_evidence", "made_case"]

_SPEED_BYTES = 192 * 1024 * 1024
_ROUNDS = 3
_MOST_LISTED = 20
_WALL = 1_764_000_000_000_000_000
_Files = Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class _Change:
    """One damage: what it is called, the paths it touches, and how files look after it (None: gone)."""

    kind: str
    paths: tuple[str, ...]
    after: Mapping[str, bytes | None]


def bench_evidence(
    case: Path | None = None, *, changes: int = 2000, copies: int = 200, seed: int = 1, speed: bool = True
) -> dict[str, object]:
    """Change a sealed bundle of `case` (a small made one when None) and verify `copies` untouched bundles."""
    chance = random.Random(seed)  # noqa: S311  repeatable chance, nothing secret
    key = SigningKey(Ed25519PrivateKey.generate())
    with tempfile.TemporaryDirectory(prefix="appwitness-bench-") as temporary:
        folder = Path(temporary)
        source = case or made_case(folder / "case", key, chance)
        changed = _changed(source, folder, key, chance, changes)
        untouched = _untouched(case, folder, key, chance, copies)
        measured = _speed(folder, key) if speed else {}
    ok = not changed["passed"] and not changed["unnamed"] and not untouched["alarms"]
    return {"ok": ok, "seed": seed, "changes": changed, "untouched": untouched, "speed": measured}


# ------------------------------------------------------------------------------------------------ changes


def _changed(case: Path, folder: Path, key: SigningKey, chance: random.Random, changes: int) -> dict[str, object]:
    opened, packed = folder / "bundle", folder / "bundle.zip"
    make_bundle(case, opened, key, packed=False)
    make_bundle(case, packed, key, packed=True)
    files = {path.relative_to(opened).as_posix(): path.read_bytes() for path in opened.rglob("*") if path.is_file()}
    archive = {packed.name: packed.read_bytes()}
    counts: Counter[str] = Counter()
    passed: list[str] = []
    unnamed: list[str] = []
    for number in range(changes):
        whole = number % 4 == 3
        change = _drawn(archive if whole else files, chance, alone=whole)
        root = folder if whole else opened
        before = archive if whole else files
        _apply(root, change.after)
        answer = verify(packed if whole else opened)
        _apply(root, {path: before.get(path) for path in change.after})
        counts[f"{'zip' if whole else 'folder'}: {change.kind}"] += 1
        if answer.ok:
            passed.append(f"{change.kind} {change.paths}")
        elif not _named(answer, change.paths, whole):
            unnamed.append(f"{change.kind} {change.paths}: {[str(fault) for fault in answer.faults[:3]]}")
    return {
        "made": dict(sorted(counts.items())),
        "total": changes,
        "refused": changes - len(passed),
        "passed": passed[:_MOST_LISTED],
        "unnamed": unnamed[:_MOST_LISTED],
        "still_whole": verify(opened).ok and verify(packed).ok,
    }


def _drawn(files: _Files, chance: random.Random, *, alone: bool) -> _Change:
    ways: Sequence[Callable[[_Files, random.Random], _Change]] = (_flip, _cut, _insert, _take, _swap, _delete, _add)
    while True:
        change = chance.choice(ways[:4] if alone else ways)(files, chance)
        if any(files.get(path) != content for path, content in change.after.items()):
            return change


def _one(files: _Files, chance: random.Random) -> tuple[str, bytes]:
    path = chance.choice(sorted(files))
    return path, files[path]


def _flip(files: _Files, chance: random.Random) -> _Change:
    path, content = _one(files, chance)
    after = bytearray(content)
    if after:
        after[chance.randrange(len(after))] ^= 1 << chance.randrange(8)
    return _Change("one bit", (path,), {path: bytes(after)})


def _cut(files: _Files, chance: random.Random) -> _Change:
    path, content = _one(files, chance)
    return _Change("cut", (path,), {path: content[: chance.randrange(len(content) + 1)]})


def _insert(files: _Files, chance: random.Random) -> _Change:
    path, content = _one(files, chance)
    at = chance.randrange(len(content) + 1)
    return _Change(
        "bytes inserted", (path,), {path: content[:at] + chance.randbytes(chance.randint(1, 9)) + content[at:]}
    )


def _take(files: _Files, chance: random.Random) -> _Change:
    path, content = _one(files, chance)
    at = chance.randrange(len(content) + 1)
    return _Change("bytes taken out", (path,), {path: content[:at] + content[at + chance.randint(1, 9) :]})


def _swap(files: _Files, chance: random.Random) -> _Change:
    one, two = chance.sample(sorted(files), 2)
    return _Change("two files swapped", (one, two), {one: files[two], two: files[one]})


def _delete(files: _Files, chance: random.Random) -> _Change:
    path, _ = _one(files, chance)
    return _Change("file deleted", (path,), {path: None})


def _add(files: _Files, chance: random.Random) -> _Change:
    path, content = _one(files, chance)
    folder = path.rpartition("/")[0]
    name = chance.choice(("a", ".b", "新", "ui2.jsonl", "0" * 64, "seal.json.bak", "redaction-0001.json"))
    added = f"{folder}/{name}" if folder else name
    return _Change("file added", (added,), {added: chance.choice((content, b"", chance.randbytes(20)))})


def _apply(root: Path, after: Mapping[str, bytes | None]) -> None:
    for path, content in after.items():
        if content is None:
            (root / path).unlink(missing_ok=True)
        else:
            (root / path).write_bytes(content)


def _named(answer: Verification, paths: Iterable[str], whole: bool) -> bool:
    """Where the list itself was destroyed, naming the list is all that anybody can do."""
    places = {fault.place for fault in answer.faults}
    listless = BUNDLE_SEAL in paths and BUNDLE_SEAL in places
    return (
        listless
        or (whole and bool(places))
        or all(any(place == path or place.startswith(f"{path}:") for place in places) for path in paths)
    )


# ------------------------------------------------------------------------------------------------ untouched, speed


def _untouched(
    case: Path | None, folder: Path, key: SigningKey, chance: random.Random, copies: int
) -> dict[str, object]:
    alarms: list[str] = []
    for number in range(copies):
        source = case or made_case(folder / f"honest-{number}", key, chance)
        target = folder / (f"honest-{number}.out" + (".zip" if number % 2 else ""))
        make_bundle(source, target, key, packed=bool(number % 2))
        answer = verify(target)
        alarms += [str(fault) for fault in answer.faults]
        for path in (target, *(() if case else (source,))):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    return {"total": copies, "alarms": alarms[:_MOST_LISTED]}


def _speed(folder: Path, key: SigningKey) -> dict[str, object]:
    """Verifying a large bundle beside sha256sum of the same files, in turns; the best of each. Ratios are to be believed."""
    case = folder / "large"
    write_case(case, {"case": "large"})
    _session(case, "S01", random.Random(1), screens=_SPEED_BYTES // 400_000, size=400_000)  # noqa: S311  as above
    seal(case, key)
    bundle, packed = folder / "large-bundle", folder / "large.zip"
    make_bundle(case, bundle, key, packed=False)
    make_bundle(case, packed, key, packed=True)
    files = [str(path) for path in bundle.rglob("*") if path.is_file()]
    size = sum(Path(path).stat().st_size for path in files)
    sums = shutil.which("sha256sum")
    clock = SystemClock()
    taken: dict[str, list[int]] = {"sha256sum": [], "verify": [], "verify_zip": []}
    for _ in range(_ROUNDS):
        if sums is not None:
            taken["sha256sum"].append(_timed(clock, partial(_sums, [sums, *files])))
        taken["verify"].append(_timed(clock, partial(verify, bundle)))
        taken["verify_zip"].append(_timed(clock, partial(verify, packed)))
    best = {name: min(times) for name, times in taken.items() if times}
    rates = {f"{name}_mb_per_s": round(size / 1e6 / (ns / 1e9), 1) for name, ns in best.items()}
    ratio = round(best["sha256sum"] / best["verify"], 3) if "sha256sum" in best else None
    return {"bytes": size, **rates, "verify_to_sha256sum": ratio}


def _sums(command: Sequence[str]) -> None:
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)


def _timed(clock: Clock, work: Callable[[], object]) -> int:
    started = clock.monotonic_ns()
    work()
    return clock.monotonic_ns() - started


# ------------------------------------------------------------------------------------------------ a made case


def made_case(case_dir: Path, key: SigningKey, chance: random.Random) -> Path:
    """A small sealed case with derived files, of random size and content."""
    write_case(case_dir, {"case": case_dir.name, "package": "com.example.app", "label": "样例", "round": 1})
    for name in ("S01-cold-start", "S03-refuse")[: chance.randint(1, 2)]:
        _session(case_dir, name, chance, screens=chance.randint(1, 4), size=chance.randint(1, 3000))
    seal(case_dir, key)
    (case_dir / "findings.json").write_text('{"rules":[]}', encoding="utf-8")
    (case_dir / "report.html").write_text("<!doctype html><p>报告", encoding="utf-8")
    seal_derived(case_dir, key)
    return case_dir


def _session(case_dir: Path, name: str, chance: random.Random, *, screens: int, size: int) -> None:
    folder = session_directory(case_dir, name)
    folder.mkdir()
    blobs = BlobStore(blobs_directory(case_dir), durable=False)
    clock = FrozenClock(mono_ns=1_000, wall_ns=_WALL, step_ns=chance.randint(1, 999))
    with (
        LaneWriter(folder / "ui.jsonl", "ui", clock) as ui,
        LaneWriter(folder / "traffic.jsonl", "traffic", clock) as sent,
    ):
        ui.append("SessionOpened", {"session": name, "scenario": name[:3]})
        for number in range(screens):
            ui.append(
                "ScreenSeen", {"screen": number, "shot": {"blob": blobs.put(chance.randbytes(size)), "size": size}}
            )
            sent.append("RequestStarted", {"flow": f"f{number}", "host": "example.test", "path": f"/{number}"})
            ui.append("LaneHead", {"lane": "traffic", "count": sent.head.count, "digest": sent.head.digest})
        sent.append("LaneClosed", {"count": sent.head.count, "reason": "ended"})
        counts = {"ui": ui.head.count, "traffic": sent.head.count}
        ui.append("SessionClosed", {"outcome": "complete", "reason": "played", "counts": counts})
