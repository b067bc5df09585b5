"""`bundle`, `export`, `timestamp`, `redact`, `purge`, `bench evidence`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import typer
from cryptography import x509

from crawler.cli.keys import moment
from crawler.cli.output import Exit, fail, home_directory, print_json, say, show
from crawler.cli.verification import cases_below, home_trust
from evidence.errors import EvidenceError
from evidence.keyring import sealing_key
from evidence.keys import SigningKey
from evidence.timestamp import load_authorities
from evidence.trust import shown_moment

__all__ = [
    "bench_evidence_command",
    "bundle_command",
    "export_command",
    "purge_command",
    "redact_command",
    "timestamp_command",
]

AUTHORITY_FILE = "timestamp.toml"


def bundle_command(case: Path, packed: bool, out: Path | None, as_json: bool) -> None:
    """Write the bundle of a case. Raises EvidenceError."""
    from crawler.report.bundle.writing import bundle_name, make_bundle

    target = out or Path(bundle_name(case) + (".zip" if packed else ""))
    made = make_bundle(case, target, _key(), packed=packed or target.suffix.lower() == ".zip", trust=home_trust())
    if as_json:
        print_json(
            {"bundle": str(made.path), "files": made.files, "bytes": made.bytes, "seal": made.seal, "key": made.key}
        )
        return
    show(f"{made.path}  ({made.files} files, {made.bytes} bytes)")
    show(f"seal {made.seal}")
    show(f"key  {made.key}")


def export_command(cases: Sequence[Path], form: str, out: Path | None, as_json: bool) -> None:
    """Write what other programs read. Raises EvidenceError."""
    from crawler.report.casework.settings import SETTINGS_FILE, load_settings
    from crawler.report.exports.formats import FORMATS, export_cases

    if form not in FORMATS:
        mend = f"Choose one of: {', '.join(FORMATS)}."
        raise fail(f"no such format: {form}", mend, code=Exit.USAGE, as_json=as_json)
    found = [case for path in cases for case in _cases(path, as_json)]
    target = out or Path(f"appwitness{FORMATS[form].suffix}")
    written = export_cases(found, form, target, load_settings(home_directory() / SETTINGS_FILE))
    if as_json:
        print_json({"file": str(target), "cases": len(found), "rows": written})
    else:
        show(f"{target}  ({written} rows of {len(found)} cases)")


def timestamp_command(path: Path, url: str, roots: Sequence[Path], retry: bool, as_json: bool) -> None:
    """Have seals stamped by an outside authority; exit 75 when it was away, and the case waits for a retry."""
    from crawler.report.bundle.stamping import pending_authority, stamp_case

    configured = _authority(url, roots, as_json)
    results: list[dict[str, object]] = []
    away = False
    for case in _cases(path, as_json):
        waiting = pending_authority(case)
        address = url or waiting or configured.url
        if retry and waiting is None:
            continue
        if not address:
            mend = f'Name one with --authority, or in {home_directory() / AUTHORITY_FILE}: url = "https://…"'
            raise fail("no authority is known", mend, code=Exit.INPUT, as_json=as_json)
        try:
            made = stamp_case(case, address, roots=configured.roots)
        except EvidenceError as error:
            if not error.retryable or error.exit_code != Exit.BUSY:
                raise
            away = True
            say(f"{case}: {error}")
            results.append({"case": str(case), "pending": address, "why": str(error)})
            continue
        results.append({"case": str(case), "stamp": str(made.path), "wall": made.wall_ns, "trusted": made.trusted})
        if not as_json:
            show(f"{made.path}  {shown_moment(made.wall_ns)}  {made.authority}")
    if as_json:
        print_json(results)
    elif not results:
        say("no case waits for a time stamp" if retry else "nothing was stamped")
    if away:
        raise typer.Exit(Exit.BUSY)


def redact_command(
    case: Path, blobs: Sequence[str], requests: Sequence[str], by: str, reason: str, as_json: bool
) -> None:
    """Remove blobs and say so in a signed document. Raises EvidenceError."""
    from crawler.report.bundle.removal import remove, request_blobs

    _one_case(case, as_json)
    digests = {*blobs, *(digest for name in requests for digest in request_blobs(case, name))}
    made = remove(case, digests, _key(), by=by, reason=reason, trust=home_trust())
    if as_json:
        print_json({"case": str(case), "number": made.number, "blobs": [file.name for file in made.blobs]})
        return
    show(f"{len(made.blobs)} blobs removed; their digests stay. Document: custody/redaction-{made.number:04d}.json")
    for file in made.derived:
        say(f"withdrawn, for it may repeat them: {file.name}; make it again with: appwitness judge {case}")


def purge_command(path: Path, choice: PurgeChoice, as_json: bool) -> None:
    """Say until when a case is kept, list the cases whose time is over, or (confirmed) remove their blobs."""
    from crawler.report.bundle.removal import due_cases, purge
    from evidence.redaction import keep_until

    cases = _cases(path, as_json)
    if choice.keep_until:
        until = moment(choice.keep_until, as_json)
        for case in cases:
            keep_until(case, until, _key(), by=choice.by, reason=choice.reason)
            say(f"{case} is kept until {shown_moment(until)}")
        return
    due = due_cases(cases, older_than_days=choice.older_than)
    removed: Mapping[Path, int] = {}
    if choice.confirmed:
        reason = choice.reason or "the time for keeping it is over"
        key, trust = _key(), home_trust()
        removed = {
            item.case: len(purge(item.case, key, by=choice.by, reason=f"{reason} ({item.why})", trust=trust).blobs)
            for item in due
        }
    if as_json:
        rows = [{"case": str(item.case), "until": item.until_wall_ns, "blobs": item.blobs} for item in due]
        print_json({"due": rows, "purged": len(removed)})
        return
    for item in due:
        word = "purged" if item.case in removed else "due"
        show(f"{word} {item.case}  {item.blobs} blobs, kept until {shown_moment(item.until_wall_ns)}: {item.why}")
    if due and not choice.confirmed:
        say("Nothing was removed. Remove the blobs of these cases with --yes and --by NAME.")


def bench_evidence_command(case: Path | None, changes: int, copies: int, seed: int, speed: bool, as_json: bool) -> None:
    """Damage a bundle at random and verify untouched ones; exit 1 when a change passed or an alarm was false."""
    from crawler.report.bundle.bench import bench_evidence

    result = bench_evidence(case, changes=changes, copies=copies, seed=seed, speed=speed)
    if as_json:
        print_json(result)
    else:
        for name, value in result.items():
            show(f"{name}: {value}")
    if not result["ok"]:
        raise typer.Exit(Exit.FAULTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class PurgeChoice:
    """What `purge` was asked to do."""

    keep_until: str = ""
    older_than: int | None = None
    confirmed: bool = False
    by: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Authority:
    url: str
    roots: tuple[x509.Certificate, ...]


def _authority(url: str, roots: Sequence[Path], as_json: bool) -> _Authority:
    """The authority that was named, else the one of the home's timestamp.toml: url, and roots, a file of certificates."""
    path = home_directory() / AUTHORITY_FILE
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        unknown = sorted(values.keys() - {"url", "roots"})
        if unknown or not all(isinstance(value, str) for value in values.values()):
            raise ValueError(f"only `url` and `roots` belong there, as texts; found: {', '.join(values)}")
        files = roots or ([path.parent / values["roots"]] if "roots" in values else [])
        certificates = tuple(found for file in files for found in load_authorities(file.read_bytes()))
    except (OSError, ValueError) as error:
        raise fail(
            f"the authority cannot be used: {error}", f"Mend {path}, or --root.", code=Exit.INPUT, as_json=as_json
        ) from error
    return _Authority(url=url or values.get("url", ""), roots=certificates)


def _cases(path: Path, as_json: bool) -> list[Path]:
    found = cases_below(path)
    if not found:
        raise fail(
            f"there is no case in {path}", "Name a case, or a folder of cases.", code=Exit.INPUT, as_json=as_json
        )
    for case in found:
        _one_case(case, as_json)
    return found


def _one_case(path: Path, as_json: bool) -> None:
    """A bundle is handed out and never changed: what changes a case works on the case it was made of."""
    if not (path / "record").is_dir():
        mend = "Name the case folder, the one that contains record/; of a bundle, the folder case/ in it."
        raise fail(f"{path} is no case folder", mend, code=Exit.INPUT, as_json=as_json)


def _key() -> SigningKey:
    return sealing_key(home_directory() / "keys")
