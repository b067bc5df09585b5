"""Several devices and the servers they talk to, in a process of their own that leaves when we do."""

import json
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Self

__all__ = ["World", "WorldFailed"]

READY_SECONDS = 60
ORDER_SECONDS = 30
CLOSING_SECONDS = 15


class WorldFailed(RuntimeError):
    """The lab did not come up, or refused an order."""


class World:
    """A context manager. `order` sends one of lab.control's orders to a device."""

    def __init__(
        self, apps: Path, *, devices: int = 1, directory: Path, profile: str = "aosp13", seed: int = 1
    ) -> None:
        command = [sys.executable, "-m", "lab", "start", "--apps", str(apps), "--devices", str(devices)]
        command += ["--directory", str(directory), "--profile", profile, "--seed", str(seed)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )
        self._lines: SimpleQueue[str] = SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._lock = threading.Lock()
        try:
            ready = self._answer(READY_SECONDS)
        except WorldFailed:
            self.close()
            raise
        self.serials: tuple[str, ...] = tuple(ready["serials"])
        self.sink_proxy: str = ready["sink_proxy"]
        self.sink_ca = Path(ready["sink_ca"])
        self.answer_keys: tuple[Path, ...] = tuple(map(Path, ready["answer_key"]))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """The lab's process."""
        return self._process.pid

    def order(self, serial: str, do: str, **details: Any) -> Any:
        """One order to one device; what it answers. Raises WorldFailed."""
        stdin = self._process.stdin
        if stdin is None:
            raise WorldFailed("the lab has ended")
        with self._lock:
            try:
                stdin.write(json.dumps({"do": do, "serial": serial, **details}) + "\n")
                stdin.flush()
            except OSError as error:
                raise WorldFailed("the lab has ended") from error
            answer = self._answer(ORDER_SECONDS)
        if not answer.get("ok"):
            raise WorldFailed(str(answer.get("error")))
        return answer.get("result")

    def close(self) -> None:
        """Let the lab end, and see that it does."""
        if self._process.stdin is not None and not self._process.stdin.closed:
            self._process.stdin.close()
        for stop in (None, self._process.terminate, self._process.kill):
            if stop is not None:
                stop()
            try:
                self._process.wait(CLOSING_SECONDS)
                break
            except subprocess.TimeoutExpired:
                continue
        self._reader.join(CLOSING_SECONDS)
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _read(self) -> None:
        if self._process.stdout is not None:
            for line in self._process.stdout:
                self._lines.put(line)
        self._lines.put("")

    def _answer(self, seconds: float) -> Mapping[str, Any]:
        try:
            line = self._lines.get(timeout=seconds)
        except Empty as error:
            raise WorldFailed(f"the lab said nothing for {seconds:g} s") from error
        if not line:
            code = self._process.wait(CLOSING_SECONDS)
            raise WorldFailed(f"the lab ended with exit code {code}; its reasons stand on stderr")
        answer: Mapping[str, Any] = json.loads(line)
        return answer
