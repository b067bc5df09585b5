"""Starts, watches and ends a capture process. Blocking calls with deadlines only: the session's process has no loop."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from types import TracebackType
from typing import IO, Self

from evidence.clock import Clock, Deadline, SystemClock
from traffic.authority import AuthorityUnusable, ca_certificate, ca_subject_hash_old
from traffic.modes import BLIND_SPOTS, blind_spots
from traffic.probe import PROBE_HOST

__all__ = [
    "BLIND_SPOTS",
    "PROBE_HOST",
    "AuthorityUnusable",
    "CaptureFailed",
    "CaptureProcess",
    "blind_spots",
    "ca_certificate",
    "ca_subject_hash_old",
]

READY_SECONDS = 15
"""A capture listens after less than a second; a busy machine may need several."""
STOP_SECONDS = 10
_KILL_SECONDS = 5
_STDERR_LINES = 40
_STDERR_LINE_LENGTH = 500
_OUTPUT_LINE_LENGTH = 64 * 1024


class CaptureFailed(Exception):
    """The capture could not start, or ended before it was told to."""

    retryable = False

    def __init__(self, message: str, *, mend: str, exit_code: int = 70):
        super().__init__(message)
        self.mend = mend
        self.exit_code = exit_code


@dataclass(frozen=True, slots=True)
class _Line:
    text: str | None
    """None: the stream has ended."""


class CaptureProcess:
    """A capture process as a context manager: it listens inside the block and its lane is closed after it.

    With `at_once` the block is entered while it still starts, and `await_ready` has to be called before its port is used.

    The child ends by itself when this process dies, because it then sees the end of its input.
    """

    def __init__(
        self,
        session_dir: Path,
        blobs_dir: Path,
        confdir: Path,
        *,
        upstream: str | None = None,
        upstream_ca: Path | None = None,
        mode: str = "regular",
        listen_host: str = "127.0.0.1",
        listen_port: int = 0,
        deadline_seconds: float = READY_SECONDS,
        python: str = sys.executable,
        clock: Clock | None = None,
        at_once: bool = False,
    ):
        self._at_once = at_once
        self._command = [python, "-P", "-m", "traffic.capture"]
        self._command += ["--directory", str(session_dir), "--blobs", str(blobs_dir), "--confdir", str(confdir)]
        self._command += ["--mode", mode, "--listen-host", listen_host, "--listen-port", str(listen_port)]
        self._command += ["--upstream", upstream] if upstream else []
        self._command += ["--upstream-ca", str(upstream_ca)] if upstream_ca else []
        self._deadline_seconds = deadline_seconds
        self._clock = clock or SystemClock()
        self._output: SimpleQueue[_Line] = SimpleQueue()
        self._errors: deque[str] = deque(maxlen=_STDERR_LINES)
        self._child: subprocess.Popen[bytes] | None = None
        self._readers: list[Thread] = []
        self._stopping = False
        self.port = 0

    def __enter__(self) -> Self:
        self.spawn()
        if not self._at_once:
            self.await_ready()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child else None

    def start(self) -> None:
        """Return when it listens. CaptureFailed when it does not within the deadline."""
        self.spawn()
        self.await_ready()

    def spawn(self) -> None:
        """Start the process and return at once; it does not listen yet. CaptureFailed when there is no such program."""
        if self._child is not None:
            raise RuntimeError("a capture process starts once")
        try:
            # A session of its own: a person's Ctrl-C must reach this process alone, which then ends the capture.
            self._child = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise CaptureFailed(
                f"cannot start {self._command[0]}: {error.strerror or error}",
                mend="Run `make setup`, then run again.",
            ) from error
        self._readers = [
            _read(self._child.stdout, _OUTPUT_LINE_LENGTH, lambda line: self._output.put(_Line(line))),
            _read(self._child.stderr, _STDERR_LINE_LENGTH, self._note_error),
        ]

    def await_ready(self) -> None:
        """Wait until the spawned process listens. CaptureFailed when it does not within the deadline; it is then ended."""
        try:
            self.port = self._await_ready()
        except BaseException:
            self._end(0)
            raise

    def alive(self) -> bool:
        """Whether it runs. False from the moment at which it has died."""
        return self._child is not None and self._child.poll() is None

    def failure(self) -> CaptureFailed | None:
        """Why it ended without being told to; None while it runs, or after `stop`."""
        if self._child is None or self._stopping or self._child.poll() is None:
            return None
        for reader in self._readers:
            reader.join(1)
        return self._failure_from_words() or CaptureFailed(
            f"the capture process ended by itself ({_manner(self._child.returncode)}){self._last_words()}",
            mend="The record up to this moment is kept; run the session again.",
        )

    def stop(self, deadline_seconds: float = STOP_SECONDS) -> bool:
        """End the capture and wait for it. True when it closed its lane itself, False when it died or was killed."""
        if self._child is None:
            return False
        if self._child.poll() is None:
            self._stopping = True
        return self._end(deadline_seconds)

    def _end(self, deadline_seconds: float) -> bool:
        child = self._child
        assert child is not None  # noqa: S101  only called once there is a child
        deadline = Deadline(self._clock, deadline_seconds)
        if child.stdin is not None:
            child.stdin.close()
        if not _ended_within(child, deadline.remaining()):
            _kill(child)
        for reader, stream in zip(self._readers, (child.stdout, child.stderr), strict=True):
            reader.join(1)
            # To close a stream that is being read would wait for the read.
            if stream is not None and not reader.is_alive():
                stream.close()
        return child.returncode == 0

    def _await_ready(self) -> int:
        try:
            line = self._output.get(timeout=self._deadline_seconds)
        except Empty:
            raise CaptureFailed(
                f"the capture process did not listen within {self._deadline_seconds:g} s{self._last_words()}",
                mend="The machine may be too busy: run fewer sessions at once, or allow it more time.",
            ) from None
        answer = _parse(line.text)
        port = answer.get("port")
        if answer.get("ready") is True and isinstance(port, int):
            return port
        failure = _failure_from(answer)
        if failure is None and self._child is not None:
            _ended_within(self._child, 1)
            failure = self.failure()
        raise failure or CaptureFailed(
            f"the capture process gave a strange answer{self._last_words()}", mend="Run `make setup`, then run again."
        )

    def _failure_from_words(self) -> CaptureFailed | None:
        while True:
            try:
                line = self._output.get_nowait()
            except Empty:
                return None
            failure = _failure_from(_parse(line.text))
            if failure is not None:
                return failure

    def _note_error(self, line: str | None) -> None:
        if line:
            self._errors.append(line)

    def _last_words(self) -> str:
        words = "\n".join(self._errors)
        return f"; it said:\n{words}" if words else ""


def _read(stream: IO[bytes] | None, line_length: int, take: Callable[[str | None], None]) -> Thread:
    """Read a stream to its end in a thread, so that the child never waits for us."""

    def run() -> None:
        while stream is not None:
            try:
                piece = stream.readline(line_length)
            except (OSError, ValueError):
                break  # closed by `stop`
            if not piece:
                break
            take(piece.decode("utf-8", "replace").rstrip("\r\n"))
        take(None)

    thread = Thread(target=run, name="capture output", daemon=True)
    thread.start()
    return thread


def _kill(child: subprocess.Popen[bytes]) -> None:
    """With everything it may have started: it leads a group of its own."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait(_KILL_SECONDS)


def _ended_within(child: subprocess.Popen[bytes], seconds: float) -> bool:
    try:
        child.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def _parse(line: str | None) -> dict[str, object]:
    try:
        answer = json.loads(line or "")
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _failure_from(answer: dict[str, object]) -> CaptureFailed | None:
    message, mend, exit_code = answer.get("message"), answer.get("mend"), answer.get("exit_code")
    if not isinstance(message, str):
        return None
    return CaptureFailed(message, mend=str(mend), exit_code=exit_code if isinstance(exit_code, int) else 70)


def _manner(returncode: int) -> str:
    return f"killed by signal {-returncode}" if returncode < 0 else f"exit code {returncode}"
