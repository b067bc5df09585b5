"""Jobs in the background: how they are named, killed, and which of them outlive their shell."""

import asyncio

from lab.shell.syntax import AndOr, Function, Simple

__all__ = ["cancel", "finish", "first_word", "outlives"]


def cancel(task: asyncio.Task[int]) -> None:
    """What a signal does to a job."""
    task.cancel()


def outlives(item: AndOr) -> bool:
    """A job that holds none of the shell's outputs, or was told to ignore the hang-up, goes on without it."""
    command = item.first.commands[-1]
    if isinstance(command, Simple) and command.words[:1] in (("nohup",), ("setsid",)):
        return True
    return not isinstance(command, Function) and any(each.descriptor == 1 for each in command.redirects)


async def finish(tasks: list[asyncio.Task[int]]) -> None:
    """Let the writers of an abandoned pipe end; a program that does not write again is killed."""
    if tasks:
        await asyncio.wait(tasks, timeout=0.05)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def first_word(item: AndOr) -> str:
    """What ps shows for the job."""
    command = item.first.commands[0]
    return " ".join(command.words) if isinstance(command, Simple) else "sh"
