"""`python -m lab.screens DIR`: draws a labelled set of screens."""

import argparse
import asyncio
import sys
from pathlib import Path

from lab.screen.chromium import BrowserGone
from lab.screens.draw import ScreenFault, draw_free, draw_screens
from lab.screens.free import FreeScreenError, read_free_screens
from lab.screens.scenes import plan
from lab.screens.wordings import WordingError

__all__ = ["main"]

SEEDS = {"default": 20261128, "held_out": 97531, "held_out_2": 86420, "development": 314159}
INPUT_EXIT = 2


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="python -m lab.screens", description="labelled screens for `bench screens`")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--count", type=int, default=420)
    parser.add_argument("--seed", type=int, help="the same seed gives the same screens")
    parts = parser.add_mutually_exclusive_group()
    parts.add_argument("--held-out", action="store_true", help="the wordings that are kept for measuring")
    parts.add_argument(
        "--held-out-2", action="store_true", help="others that are kept for measuring, written when those were worn"
    )
    parts.add_argument(
        "--development", action="store_true", help="the wordings that rules are tuned on, on harder cards"
    )
    parts.add_argument("--free", type=Path, metavar="FOLDER", help="screens that somebody wrote as HTML files")
    arguments = parser.parse_args()
    chosen = (part for part in ("held_out", "held_out_2", "development") if vars(arguments)[part])
    part = next(chosen, "default")
    seed = arguments.seed if arguments.seed is not None else SEEDS[part]
    try:
        if arguments.free is not None:
            return _free(arguments.free, arguments.directory)
        scenes = plan(arguments.count, seed, part)
        labels = asyncio.run(draw_screens(scenes, arguments.directory, marks={"part": part, "seed": seed}))
    except (WordingError, FreeScreenError, ScreenFault, BrowserGone, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return INPUT_EXIT
    sys.stdout.write(f"{len(labels)} screens in {arguments.directory}\n")
    return 0


def _free(folder: Path, directory: Path) -> int:
    labels, faults = asyncio.run(draw_free(read_free_screens(folder), directory))
    sys.stderr.writelines(f"left out: {fault}\n" for fault in faults)
    sys.stdout.write(f"{len(labels)} screens in {directory}, {len(faults)} left out\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
