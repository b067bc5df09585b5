"""Does what an app sends over TLS arrive readable? Found out by a real request of the device's browser.

A capture that apps do not trust sees nothing of them; that is a fact about our view, never about the app.
"""

import re
import secrets
import shlex
from collections.abc import Callable
from contextlib import suppress

from crawler.device.driver import DeviceDriver
from crawler.device.errors import CommandFailed
from crawler.device.model import Foreground
from crawler.device.preparation import Record, Store
from traffic.probe import PROBE_HOST

__all__ = ["check_trust"]

_SECONDS = 15.0
_PLAIN_SECONDS = 8.0
_COMMAND_SECONDS = 20.0
_NOT_OBSERVABLE = "TLS not observable"


def check_trust(
    driver: DeviceDriver,
    record: Record,
    seen: Callable[[str, float], bool],
    *,
    store: Store,
    seconds: float = _SECONDS,
) -> bool:
    """Open a page over TLS and see whether the capture reads its request. Writes TrustChecked; True when it does.

    `seen(token, seconds)`: waits until a request whose path is `/<token>` was read, at most that long.
    `store`: where the certificate stands. A browser also trusts what its user installed, apps do not: only a
    certificate in the system's store counts.
    """
    before = driver.foreground()
    reason = _find_fault(driver, seen, store, seconds)
    _bring_back(driver, before)
    record("TrustChecked", {"ok": reason is None, "store": store, "reason": reason or "a probe over TLS was read"})
    return reason is None


def _find_fault(driver: DeviceDriver, seen: Callable[[str, float], bool], store: Store, seconds: float) -> str | None:
    if store != "system":
        return f"{_NOT_OBSERVABLE}: the capture's certificate is not among those that every app trusts (no root access)"
    if not _open(driver, "https", token := secrets.token_hex(16)):
        return f"{_NOT_OBSERVABLE}: unknown, because no app of the device opens web pages"
    if seen(token, seconds):
        return None
    if _open(driver, "http", token := secrets.token_hex(16)) and seen(token, _PLAIN_SECONDS):
        return (
            f"{_NOT_OBSERVABLE}: the browser reaches the proxy, but does not trust it, though the certificate is in "
            "the system's store"
        )
    return (
        f"{_NOT_OBSERVABLE}: no request of the browser arrived, neither over TLS nor in plain (it may show a first-run "
        "page, or ignore the proxy)"
    )


def _open(driver: DeviceDriver, scheme: str, token: str) -> bool:
    url = f"{scheme}://{PROBE_HOST}/{token}"
    result = driver.shell(f"am start -a android.intent.action.VIEW -d {shlex.quote(url)}", _COMMAND_SECONDS)
    return result.ok and not re.search(r"^Error\b|unable to resolve|Exception", result.output, re.MULTILINE)


def _bring_back(driver: DeviceDriver, before: Foreground | None) -> None:
    """End what the probe opened and show again what was there."""
    now = driver.foreground()
    if now is None or (before is not None and now.package == before.package):
        return
    driver.stop(now.package)
    if _shows(driver, before):
        return
    driver.press("home")
    if before is not None and not _shows(driver, before):
        # As a tap on its icon: an app that was there comes back as it was left.
        with suppress(CommandFailed):
            driver.launch(before.package)


def _shows(driver: DeviceDriver, wanted: Foreground | None) -> bool:
    now = driver.foreground()
    return now is not None and wanted is not None and now.package == wanted.package
