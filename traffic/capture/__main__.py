"""Runs one capture: one JSON line on standard output says that it listens (or why not); it ends with standard input."""

import asyncio
import json
import os
import sys
import threading
from collections.abc import Callable, Sequence

from evidence.errors import EvidenceError
from traffic.capture.lean import prepare
from traffic.capture.settings import CaptureSettings

_EXIT_NO_MITMPROXY = 69


def main(arguments: Sequence[str]) -> int:
    settings = CaptureSettings.from_arguments(arguments)
    try:
        prepare()
        from traffic.capture.proxy import Capture, ListenFailed
    except ImportError as error:
        mend = "Run `make setup`, or install the project's requirements into the Python that runs it."
        return _refuse(f"mitmproxy cannot be loaded: {error}", mend, _EXIT_NO_MITMPROXY)

    async def run() -> None:
        capture = Capture(settings)
        _call_at_end_of_input(lambda: capture.stop("end of input"))
        await capture.run(lambda port: _say({"ready": True, "port": port}))

    try:
        asyncio.run(run())
    except (EvidenceError, ListenFailed) as error:
        return _refuse(str(error), error.mend, error.exit_code)
    return 0


def _call_at_end_of_input(stop: Callable[[], None]) -> None:
    """Whoever started the capture holds the other end: when that process dies, however it dies, the capture ends."""

    def wait() -> None:
        try:
            while os.read(0, 4096):
                pass
        except OSError:
            pass  # standard input is closed: the same as its end
        stop()

    threading.Thread(target=wait, name="standard input", daemon=True).start()


def _refuse(message: str, mend: str, exit_code: int) -> int:
    _say({"ready": False, "message": message, "mend": mend, "exit_code": exit_code})
    return exit_code


def _say(line: dict[str, object]) -> None:
    print(json.dumps(line, ensure_ascii=False), flush=True)  # noqa: T201  the protocol with the starting process


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    # Everything is written and closed. mitmproxy_rs has threads of its own that may still serve a tunnel while Python
    # takes itself apart, and that ended in a segmentation fault.
    os._exit(code)
