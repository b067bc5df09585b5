"""How each kind of change on a device is undone. Everything here may run in a later process, after a kill or a reboot.

An undoing that finds its change gone already is content. Each answers one sentence for people.
Add a kind here => note it in preparation.py before the device is touched.
"""

import shlex
from collections.abc import Callable
from contextlib import suppress

from crawler.device.address_book import remove_contact
from crawler.device.authority import remove_authority
from crawler.device.driver import DeviceDriver
from crawler.device.errors import CommandFailed, PackageMissing
from crawler.device.journal import Change
from crawler.device.persona import Contact

__all__ = ["UNDO", "read_setting", "undo", "write_setting"]

_SECONDS = 15.0


def undo(driver: DeviceDriver, change: Change) -> str:
    """Undo one change; returns what was done. Raises DeviceError."""
    act = UNDO.get(change.kind)
    if act is None:
        raise CommandFailed(f"nobody knows how to undo a change of kind {change.kind!r}")
    return act(driver, change)


def read_setting(driver: DeviceDriver, namespace: str, key: str) -> str | None:
    """None when it is not set."""
    result = driver.shell(f"settings get {namespace} {key}", _SECONDS)
    value = result.output.strip()
    if not result.ok:
        raise CommandFailed(f"the setting {namespace}/{key} cannot be read: {value[-200:]}")
    return None if value in ("null", "") else value


def write_setting(driver: DeviceDriver, namespace: str, key: str, value: str | None) -> None:
    """None deletes it."""
    what = f"delete {namespace} {key}" if value is None else f"put {namespace} {key} {shlex.quote(value)}"
    result = driver.shell(f"settings {what}", _SECONDS)
    if not result.ok or "Exception" in result.output:
        raise CommandFailed(f"the setting {namespace}/{key} cannot be written: {result.output.strip()[-200:]}")


def _setting(driver: DeviceDriver, change: Change) -> str:
    namespace, key = str(change.detail["namespace"]), str(change.detail["key"])
    before = change.detail["before"]
    if (namespace, key) == ("global", "http_proxy"):
        return _proxy(driver, before)
    write_setting(driver, namespace, key, before)
    return (
        f"setting {namespace}/{key} is {before!r} again" if before is not None else f"setting {namespace}/{key} removed"
    )


def _proxy(driver: DeviceDriver, before: str | None) -> str:
    if before is not None and before != ":0":
        write_setting(driver, "global", "http_proxy", before)
        return f"proxy is {before} again"
    # Deleting the setting alone leaves the proxy in force until the next change of network; ":0" lifts it at once.
    write_setting(driver, "global", "http_proxy", ":0")
    for key in ("http_proxy", "global_http_proxy_host", "global_http_proxy_port", "global_http_proxy_exclusion_list"):
        write_setting(driver, "global", key, None)
    return "proxy removed"


def _reverse(driver: DeviceDriver, change: Change) -> str:
    host_port = int(str(change.detail["host_port"]))
    for device_port, target in driver.reverses():
        if target == host_port:
            driver.remove_reverse(device_port)
    return f"reversed port to {host_port} removed"


def _authority(driver: DeviceDriver, change: Change) -> str:
    remove_authority(driver, str(change.detail["name"]))
    return "certificate removed from the system's store"


def _contact(driver: DeviceDriver, change: Change) -> str:
    contact = Contact(name=str(change.detail["name"]), phone=str(change.detail["phone"]))
    remove_contact(driver, contact)
    return f"contact {contact.name} removed"


def _clipboard(driver: DeviceDriver, _: Change) -> str:
    # What was there before is not kept: it may be the owner's secret, and most devices do not tell it anyway.
    driver.set_clipboard(" ")
    return "clipboard emptied"


def _location(driver: DeviceDriver, change: Change) -> str:
    driver.shell("cmd location providers remove-test-provider gps", _SECONDS)
    mode = change.detail.get("mode") or "default"
    driver.shell(f"appops set com.android.shell android:mock_location {shlex.quote(mode)}", _SECONDS)
    return "test location removed"


def _decoy(driver: DeviceDriver, change: Change) -> str:
    package = str(change.detail["package"])
    with suppress(PackageMissing):
        driver.uninstall(package)
    return f"decoy {package} uninstalled"


UNDO: dict[str, Callable[[DeviceDriver, Change], str]] = {
    "authority": _authority,
    "clipboard": _clipboard,
    "contact": _contact,
    "decoy": _decoy,
    "location": _location,
    "reverse": _reverse,
    "setting": _setting,
}
