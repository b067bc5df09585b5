"""The device's address book, through the `content` command."""

import re
import shlex

from crawler.device.driver import DeviceDriver
from crawler.device.errors import CommandFailed
from crawler.device.persona import Contact

__all__ = ["insert_contact", "remove_contact"]

_SECONDS = 15.0
_RAW_CONTACTS = "content://com.android.contacts/raw_contacts"
_DATA = "content://com.android.contacts/data"
_NAME_TYPE = "vnd.android.cursor.item/name"
_PHONE_TYPE = "vnd.android.cursor.item/phone_v2"


def insert_contact(driver: DeviceDriver, contact: Contact) -> None:
    """Raises CommandFailed when the device's address book does not take it."""
    before = _newest(driver)
    # Without an account: such a contact stays on the device and is never synchronised to anybody's cloud.
    _content(driver, f"insert --uri {_RAW_CONTACTS} --bind account_type:n: --bind account_name:n:")
    identifier = _newest(driver)
    if identifier is None or identifier == before:
        raise CommandFailed("the address book took no new contact")
    for kind, value in ((_NAME_TYPE, contact.name), (_PHONE_TYPE, contact.phone)):
        binds = f"--bind raw_contact_id:i:{identifier} --bind mimetype:s:{kind} --bind data1:s:{shlex.quote(value)}"
        _content(driver, f"insert --uri {_DATA} {binds}")


def remove_contact(driver: DeviceDriver, contact: Contact) -> None:
    """Found by name and number together, so that no contact of the owner can be meant."""
    found = _with_data(driver, contact.phone) & _with_data(driver, contact.name)
    for identifier in sorted(found):
        _content(driver, f"delete --uri {_RAW_CONTACTS} --where {shlex.quote(f'_id={identifier}')}")


def _newest(driver: DeviceDriver) -> int | None:
    text = _content(driver, f"query --uri {_RAW_CONTACTS} --projection _id")
    return max((int(number) for number in re.findall(r"\b_id=(\d{1,15})", text)), default=None)


def _with_data(driver: DeviceDriver, value: str) -> set[int]:
    where = shlex.quote(f"data1='{value}'")
    text = _content(driver, f"query --uri {_DATA} --projection raw_contact_id --where {where}")
    return {int(number) for number in re.findall(r"raw_contact_id=(\d{1,15})", text)}


def _content(driver: DeviceDriver, arguments: str) -> str:
    result = driver.shell(f"content {arguments}", _SECONDS)
    if not result.ok or re.search(r"^(?:Error|\[ERROR\])|Exception", result.output, re.MULTILINE):
        raise CommandFailed(f"the address book refuses: {result.output.strip()[-300:]}")
    return result.output
