"""Changes a device for an inspection, and brings it back: at the end, or by `restore` after any death of the program.

Every change is in the journal on the host before the device is touched, and every one of them is a fact.
"""

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from crawler.device.authority import authority_installed, install_authority
from crawler.device.decoys import Decoy, install_decoys
from crawler.device.driver import DeviceDriver
from crawler.device.errors import CommandFailed, DeviceError, DeviceLost, PreparationFailed
from crawler.device.journal import Change, Journal
from crawler.device.persona import Persona
from crawler.device.planting import Planted, plant
from crawler.device.undo import read_setting, undo, write_setting
from evidence.canonical import Json
from evidence.errors import EvidenceError

__all__ = ["Preparation", "Record", "Store", "restore"]

_LOG = logging.getLogger(__name__)
_AWAKE_WHILE_PLUGGED = "7"
"""On AC, USB and wireless chargers."""
_SCREEN_OFF_MS = "1800000"

Record = Callable[[str, Mapping[str, Json]], object]
"""Takes a fact's kind and data; `LaneWriter.append` is one."""
Store = Literal["system", "none"]
"""Where our certificate stands: among those that every app trusts, or nowhere."""


class Preparation:
    """The changes of one device that are in force, inside a `with` block over one session or many.

    Entering undoes what an earlier, killed process left behind. Facts go to the lane that was named last; naming one
    also tells it everything that is in force already.
    """

    def __init__(self, driver: DeviceDriver, state_directory: Path):
        self._driver = driver
        self._journal = Journal(state_directory, driver.serial)
        self._record: Record | None = None
        self._in_force: list[tuple[str, dict[str, Json]]] = []
        self.store: Store = "none"
        self.device_port: int | None = None
        """The port on the device that leads to the capture."""

    def __enter__(self) -> Self:
        """Raises DeviceBusy when another process prepares this device, PreparationFailed."""
        self._journal.__enter__()
        try:
            _undo_all(self._driver, self._journal, None)
        except BaseException:
            self._journal.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            _undo_all(self._driver, self._journal, self._record)
        except DeviceError as failure:
            # The journal stays: `restore` will do it when the device is back. An earlier error is the better story.
            _LOG.warning("%s is not brought back yet: %s", self._driver.serial, failure)
            if error is None:
                raise
        finally:
            self._journal.close()

    def record_to(self, record: Record | None) -> None:
        """Where facts go from now on; None when no lane is open."""
        self._record = record
        for kind, data in self._in_force if record is not None else ():
            self._tell(kind, data)

    def set_proxy(self, host_port: int) -> int:
        """Lead the device's HTTP traffic to a port of this host. Returns the port used on the device.

        Calling it again moves the proxy to the new port.
        """
        self._note_once(Change(kind="reverse", detail={"host_port": str(host_port)}))
        there = [port for port, target in self._driver.reverses() if target == host_port]
        device_port = there[0] if there else self._driver.reverse(host_port)
        self.device_port = device_port
        self._note_fact("adb", f"reverse tcp:{device_port}", None, f"tcp:{host_port}")
        self._change_setting("global", "http_proxy", f"127.0.0.1:{device_port}")
        self._forget_other_reverses(host_port)
        return device_port

    def install_authority(self, certificate: bytes, name: str) -> Store:
        """Let every app trust the capture, where the device allows it. `name`: `<subject_hash_old>.0`."""
        if authority_installed(self._driver, name):
            self.store = "system"
        elif self._driver.info().rooted:
            self._note_once(Change(kind="authority", detail={"name": name}))
            try:
                install_authority(self._driver, certificate, name)
            except CommandFailed as error:
                self._tell("Trouble", {"where": "certificate", "what": str(error)[:2000], "mend": error.mend})
            else:
                self.store = "system"
                self._note_fact("trust", "system certificates", None, name)
        return self.store

    def stay_awake(self) -> None:
        """Keep the screen on while the device is plugged in, switch it on and lift an unsecured lock screen."""
        self._change_setting("global", "stay_on_while_plugged_in", _AWAKE_WHILE_PLUGGED)
        self._change_setting("system", "screen_off_timeout", _SCREEN_OFF_MS)
        self._driver.shell("input keyevent 224; wm dismiss-keyguard")

    def plant(self, persona: Persona) -> tuple[Planted, ...]:
        """Plant a persona. What the device does not take becomes IdentifierUnknown."""
        planted = plant(self._driver, self._journal, persona)
        for item in planted:
            if item.failure is None:
                fact: dict[str, Json] = {"name": item.name, "value": item.value, "where": item.where}
                self._put_in_force("IdentifierPlanted", {**fact, "scope": item.scope})
            else:
                self._put_in_force("IdentifierUnknown", {"name": item.name, "reason": item.failure[:1000]})
        return planted

    def plant_decoys(self, folder: Path) -> tuple[Decoy, ...]:
        """Install the decoy apps of a folder. What could not be installed becomes IdentifierUnknown."""
        decoys = install_decoys(self._driver, self._journal, folder)
        for decoy in decoys:
            if decoy.failure is None:
                self._put_in_force(
                    "IdentifierPlanted",
                    {"name": "package_list", "value": decoy.package, "where": "installed apps", "scope": None},
                )
            else:
                reason = f"decoy {decoy.file}: {decoy.failure}"
                self._put_in_force("IdentifierUnknown", {"name": "package_list", "reason": reason[:1000]})
        return decoys

    def _change_setting(self, namespace: str, key: str, value: str) -> None:
        before = read_setting(self._driver, namespace, key)
        noted = any(
            change.kind == "setting" and (change.detail["namespace"], change.detail["key"]) == (namespace, key)
            for change in self._journal.changes
        )
        if not noted:
            self._journal.note(Change(kind="setting", detail={"namespace": namespace, "key": key, "before": before}))
        write_setting(self._driver, namespace, key, value)
        self._note_fact(namespace, key, before, value)

    def _forget_other_reverses(self, host_port: int) -> None:
        """Former captures' ports lead nowhere any more."""
        for change in self._journal.changes:
            if change.kind == "reverse" and change.detail["host_port"] != str(host_port):
                undo(self._driver, change)
                self._journal.forget(change)

    def _note_once(self, change: Change) -> None:
        if change not in self._journal.changes:
            self._journal.note(change)

    def _note_fact(self, namespace: str, key: str, before: str | None, after: str) -> None:
        self._put_in_force("SettingChanged", {"namespace": namespace, "key": key, "before": before, "after": after})

    def _put_in_force(self, kind: str, data: dict[str, Json]) -> None:
        """A later change of the same thing takes the place of an earlier one; values of a persona stand side by side."""
        if kind == "SettingChanged":
            self._in_force = [
                (other, held)
                for other, held in self._in_force
                if other != kind or (held["namespace"], held["key"]) != (data["namespace"], data["key"])
            ]
        self._in_force.append((kind, data))
        self._tell(kind, data)

    def _tell(self, kind: str, data: Mapping[str, Json]) -> None:
        if self._record is not None:
            self._record(kind, data)


def restore(driver: DeviceDriver, state_directory: Path) -> tuple[str, ...]:
    """Undo what a killed process left changed on a device; returns one sentence for each change.

    Raises DeviceBusy while another process inspects the device, PreparationFailed when something resists.
    """
    with Journal(state_directory, driver.serial) as journal:
        return _undo_all(driver, journal, None)


def _undo_all(driver: DeviceDriver, journal: Journal, record: Record | None) -> tuple[str, ...]:
    """Latest first. One that fails does not keep the others from being undone."""
    done: list[str] = []
    resisting: list[DeviceError] = []
    for change in reversed(journal.changes):
        try:
            done.append(undo(driver, change))
        except DeviceLost:
            raise
        except DeviceError as error:
            resisting.append(error)
            continue
        journal.forget(change)
        if record is not None:
            # A full disk must not keep the device from being brought back.
            with suppress(EvidenceError):
                record("SettingRestored", _restored(change))
    if resisting:
        raise PreparationFailed(
            f"{len(resisting)} change(s) on {driver.serial} could not be undone: "
            + "; ".join(str(error) for error in resisting),
            mend=resisting[0].mend,
        )
    return tuple(done)


def _restored(change: Change) -> dict[str, Json]:
    if change.kind == "setting":
        return {key: change.detail[key] for key in ("namespace", "key", "before")}
    key = change.detail.get("name") or change.detail.get("host_port") or change.kind
    return {"namespace": change.kind, "key": key, "before": None}
