"""Asking a loop on the device, over one stream, again and again.

Each question is a line, each answer ends with a line of its own: the host knows that what the answer tells was so
between the sending of the question and the arrival of the answer. A new shell for each question would cost the
device two processes and us a round trip more.
"""

import shlex
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from crawler.device.driver import DeviceDriver
from crawler.device.errors import CommandFailed, DeviceLost, DeviceTimeout
from evidence.clock import Deadline, Instant

__all__ = ["Answer", "Conversation"]

_END = b"=.=\n"
_MAX_ANSWER = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the device said, and between which two moments of the host it was so."""

    text: str
    asked: Instant
    answered: Instant


class Conversation:
    """A loop on the device that runs one command line for each question."""

    def __init__(self, driver: DeviceDriver, command: str):
        self._clock = driver.clock
        self._serial = driver.serial
        # By `sh`, whatever the user's shell is; the loop ends with its input.
        # Answer and end in one write: two would cost 40 ms, the second being held back until the first is acknowledged.
        loop = f'while read -r question; do echo "$({command})\n=.="; done'
        self._stream = driver.stream(f"sh -c {shlex.quote(loop)}")
        self._rest = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def ask(self, seconds: float) -> Answer:
        """Raises DeviceLost when the loop has ended, DeviceTimeout when it does not answer; it is of no use then."""
        deadline = Deadline(self._clock, seconds)
        asked = self._clock.now()
        self._stream.write(b"?\n")
        while _END not in self._rest:
            piece = self._stream.read(deadline.remaining())
            if piece is None:
                raise DeviceTimeout(f"device {self._serial} did not answer within {seconds:g} s")
            if not piece:
                raise DeviceLost(f"device {self._serial} ended the conversation: {_tail(self._rest)}")
            self._rest += piece
            if len(self._rest) > _MAX_ANSWER:
                raise CommandFailed(f"device {self._serial} answers more than {_MAX_ANSWER} bytes")
        answered = self._clock.now()
        text, _, self._rest = self._rest.partition(_END)
        return Answer(text=text.decode("utf-8", "replace"), asked=asked, answered=answered)

    def close(self) -> None:
        self._stream.close()


def _tail(output: bytes) -> str:
    return output[-200:].decode("utf-8", "replace").strip() or "it says nothing"
