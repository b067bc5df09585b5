"""What a test may do to a running device from outside: faults, cut cables, deaths, crashes, a full disk."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from lab.device import LabDevice
from lab.faults import Faults

__all__ = ["Control", "ControlError"]

FAULTS = {field.name: field.type for field in fields(Faults)}


class ControlError(Exception):
    """The order cannot be carried out; the message says why."""


class Control:
    """Orders are JSON objects: `{"do": "drop"}`, `{"do": "fault", "dump_delay_ms": 500}` ..."""

    def __init__(self, device: LabDevice) -> None:
        self._device = device
        self._orders: dict[str, Callable[[Mapping[str, Any]], Awaitable[Any]]] = {
            "stop_answering": self._stop_answering,
            "crash": self._crash,
            "drop": self._drop,
            "fault": self._fault,
            "kill": self._kill,
            "kill_u2": self._kill_u2,
            "plug": self._plug,
            "reboot": self._reboot,
            "set_clock": self._set_clock,
            "shell": self._shell,
            "storage": self._storage,
            "unplug": self._unplug,
        }

    async def apply(self, order: Mapping[str, Any]) -> Any:
        """Carry one order out; what it has to say. Raises ControlError."""
        name = str(order.get("do", ""))
        found = self._orders.get(name)
        if found is None:
            raise ControlError(f"unknown order {name!r}; known: {', '.join(sorted(self._orders))}")
        return await found({key: value for key, value in order.items() if key not in ("do", "serial")})

    async def _drop(self, order: Mapping[str, Any]) -> None:
        """Cut every adb connection; adb may connect again."""
        self._device.adb.drop()

    async def _unplug(self, order: Mapping[str, Any]) -> None:
        """Cut adb and let nobody connect until `plug`."""
        self._device.adb.unplug()

    async def _plug(self, order: Mapping[str, Any]) -> None:
        await self._device.adb.plug()

    async def _kill_u2(self, order: Mapping[str, Any]) -> bool:
        return self._device.u2.kill()

    async def _kill(self, order: Mapping[str, Any]) -> None:
        """End an app's processes as the system does when memory is short."""
        await self._device.system.force_stop(str(order.get("package")), reason="low memory")

    async def _fault(self, order: Mapping[str, Any]) -> None:
        """Set fields of Faults; `hierarchy_file` reads the text from a file. Without fields everything is well again."""
        faults = self._device.faults
        if not order:
            for name, value in vars_of(Faults()).items():
                setattr(faults, name, value)
        for name, value in order.items():
            if name == "hierarchy_file":
                faults.hierarchy = Path(str(value)).read_text(encoding="utf-8", errors="surrogatepass")
            elif name in FAULTS:
                setattr(faults, name, value)
            else:
                raise ControlError(f"unknown fault {name!r}; known: {', '.join(FAULTS)}, hierarchy_file")

    async def _storage(self, order: Mapping[str, Any]) -> None:
        self._device.system.files.full = bool(order.get("full", True))

    async def _crash(self, order: Mapping[str, Any]) -> None:
        package = str(order.get("package"))
        exception = str(order.get("exception", "java.lang.NullPointerException"))
        message = str(order.get("message", "Attempt to invoke a method on a null object reference"))
        system = self._device.system
        system.spawn(system.crash(package, exception=exception, message=message))

    async def _stop_answering(self, order: Mapping[str, Any]) -> None:
        """The app stops answering: its ANR dialog appears."""
        system = self._device.system
        why = "Input dispatching timed out (Waited 5000ms for MotionEvent)"
        system.spawn(system.stop_answering(str(order.get("package")), why=why))

    async def _set_clock(self, order: Mapping[str, Any]) -> None:
        self._device.system.clock.offset_ns = int(order.get("offset_ms", 0)) * 1_000_000

    async def _reboot(self, order: Mapping[str, Any]) -> None:
        await self._device.reboot()

    async def _shell(self, order: Mapping[str, Any]) -> dict[str, Any]:
        output, code = await self._device.programs.run(str(order.get("command", "")))
        return {"output": output.decode("utf-8", "replace"), "code": code}


def vars_of(faults: Faults) -> dict[str, Any]:
    """The fields and their values."""
    return {name: getattr(faults, name) for name in FAULTS}
