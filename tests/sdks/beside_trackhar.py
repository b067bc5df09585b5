"""Detection and TrackHAR on the same requests in one run: recall of both, milliseconds a request, and the ratios.

python -m tests.sdks.beside_trackhar --har FILE --truth FILE --device FILE
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from traffic.bench import bench_traffic

HERE = Path(__file__).resolve().parent
_NAMES = {"app_list": "apps"}
_APART = ("model",)
"""Told apart from identifiers by both."""


def beside(har: Path, truth: Path, device: Path) -> dict[str, Any]:
    """A pair of request and kind counts for TrackHAR where any finding holds the value or names the kind."""
    ours = bench_traffic(har, truth, device)
    values: dict[str, Any] = json.loads(device.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as directory:
        indicators = Path(directory) / "values.json"
        indicators.write_text(json.dumps(values), encoding="utf-8")
        told = subprocess.run(
            ["node", str(HERE / "trackhar.mjs"), str(har), str(indicators)],
            check=True,
            capture_output=True,
            cwd=HERE,
            timeout=300,
        )
    theirs = json.loads(told.stdout)
    seen: dict[str, str] = dict(theirs["found"])
    planted: dict[str, Any] = json.loads(truth.read_text(encoding="utf-8"))
    pairs = [(flow, name) for flow, entry in planted.items() for name in entry["props"] if name not in _APART]
    hit = sum(_names(seen.get(flow, ""), name, values.get(_NAMES.get(name, name))) for flow, name in pairs)
    recall = hit / max(1, len(pairs))
    return {
        "pairs": len(pairs),
        "recall": ours["recall"],
        "trackhar_recall": round(recall, 3),
        "recall_ratio": round(ours["recall"] / max(recall, 1e-9), 2),
        "ms_per_request": ours["ms_per_flow"],
        "trackhar_ms_per_request": round(theirs["ms_per_request"], 3),
        "time_ratio": round(ours["ms_per_flow"] / theirs["ms_per_request"], 3),
    }


def _names(seen: str, name: str, value: object) -> bool:
    written = [
        json.dumps(str(one), ensure_ascii=False)[1:-1] for one in (value if isinstance(value, list) else [value])
    ]
    return f'["{_NAMES.get(name, name)}",' in seen or any(one in seen for one in written if one)


def _main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.sdks.beside_trackhar", description=__doc__)
    for name in ("har", "truth", "device"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    options = parser.parse_args()
    print(json.dumps(beside(options.har, options.truth, options.device), indent=2))  # noqa: T201  the result


if __name__ == "__main__":
    _main()
