"""Putting a persona onto a device. What a device does not take is told, item by item, and is not an error."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from crawler.device.address_book import insert_contact
from crawler.device.driver import DeviceDriver
from crawler.device.errors import CommandFailed, DeviceError, DeviceLost
from crawler.device.journal import Change, Journal
from crawler.device.persona import Contact, Persona

__all__ = ["Planted", "plant"]

_SECONDS = 15.0
_LOCATION_SDK = 31
"""`cmd location providers` came with Android 12."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """One value of the persona: where it stands now, or why it does not."""

    name: str
    """A kind of data, as the matcher calls it: contact_name, clipboard, latitude ..."""
    value: str
    where: str
    scope: str | None = None
    failure: str | None = None


def plant(driver: DeviceDriver, journal: Journal, persona: Persona) -> tuple[Planted, ...]:
    """Each item is noted in the journal before it is planted. Raises DeviceLost only."""
    planted: list[Planted] = []
    for contact in persona.contacts:
        planted += _plant_contact(driver, journal, contact)
    if persona.clipboard is not None:
        planted.append(_plant_clipboard(driver, journal, persona.clipboard))
    if persona.latitude is not None and persona.longitude is not None:
        planted += _plant_location(driver, journal, persona.latitude, persona.longitude)
    return tuple(planted)


def _plant_contact(driver: DeviceDriver, journal: Journal, contact: Contact) -> list[Planted]:
    journal.note(Change(kind="contact", detail={"name": contact.name, "phone": contact.phone}))
    failure = _failure_of(lambda: insert_contact(driver, contact))
    return [
        Planted(name=name, value=value, where="address book", scope=contact.name, failure=failure)
        for name, value in (("contact_name", contact.name), ("contact_phone", contact.phone))
    ]


def _plant_clipboard(driver: DeviceDriver, journal: Journal, text: str) -> Planted:
    journal.note(Change(kind="clipboard", detail={}))
    failure = _failure_of(lambda: driver.set_clipboard(text))
    return Planted(name="clipboard", value=text, where="clipboard", failure=failure)


def _plant_location(driver: DeviceDriver, journal: Journal, latitude: str, longitude: str) -> list[Planted]:
    def insert() -> None:
        if driver.info().sdk < _LOCATION_SDK:
            raise CommandFailed("this Android takes no test location over adb")
        # The before-mode is only ever "default" or "deny" for the shell; default is what a fresh device has.
        journal.note(Change(kind="location", detail={"mode": "default"}))
        for command in (
            "appops set com.android.shell android:mock_location allow",
            "cmd location providers add-test-provider gps",
            "cmd location providers set-test-provider-enabled gps true",
            f"cmd location providers set-test-provider-location gps --location {latitude},{longitude}",
        ):
            result = driver.shell(command, _SECONDS)
            if not result.ok or re.search(r"Exception|Unknown|Error", result.output):
                raise CommandFailed(f"`{command.split()[0]}` failed: {result.output.strip()[-200:]}")

    failure = _failure_of(insert)
    return [
        Planted(name=name, value=value, where="GPS test provider", scope="planted place", failure=failure)
        for name, value in (("latitude", latitude), ("longitude", longitude))
    ]


def _failure_of(act: Callable[[], None]) -> str | None:
    try:
        act()
    except DeviceLost:
        raise
    except DeviceError as error:
        return str(error)
    return None
