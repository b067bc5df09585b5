"""Finds the remote procedure behind a JSON-RPC call and checks its parameters."""

import re
from collections.abc import Awaitable, Callable, Mapping
from inspect import iscoroutinefunction, signature
from typing import Any

from lab.u2.procedures import WRONG_PARAMETERS, Procedures, RpcError
from lab.u2.selectors import SelectorError

__all__ = ["Automator"]

NO_METHOD = -32601
HUMP = re.compile(r"(?<!^)([A-Z])")


class Automator:
    """`call` runs one procedure by its wire name."""

    def __init__(self, procedures: Procedures) -> None:
        self._procedures: Mapping[str, Callable[..., Awaitable[Any]]] = {
            name: getattr(procedures, name)
            for name, member in vars(Procedures).items()
            if not name.startswith("_") and iscoroutinefunction(member)
        }

    async def call(self, method: str, parameters: Any) -> Any:
        """Positional or named parameters; raises RpcError."""
        procedure = self._procedures.get(HUMP.sub(r"_\1", method).lower())
        if procedure is None:
            raise RpcError("method not found", f"method {method!r} not found", NO_METHOD)
        try:
            named = isinstance(parameters, dict)
            bound = signature(procedure).bind(**parameters) if named else signature(procedure).bind(*(parameters or []))
        except TypeError as error:
            raise RpcError("method parameters invalid", str(error), WRONG_PARAMETERS) from error
        try:
            return await procedure(*bound.args, **bound.kwargs)
        except SelectorError as error:
            raise RpcError("java.util.regex.PatternSyntaxException", str(error)) from error
        except (ValueError, TypeError, IndexError, KeyError) as error:
            raise RpcError("method parameters invalid", str(error), WRONG_PARAMETERS) from error
        except (OSError, RuntimeError, TimeoutError) as error:
            # The screen failed, not the connection: an answer must still go back over it.
            raise RpcError("java.lang.RuntimeException", str(error)) from error
