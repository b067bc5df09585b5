"""content: the contacts provider (raw_contacts and data), and reading settings."""

import re

from lab.shell.context import Command, Context
from lab.system.identity import Contact, Identity
from lab.system.settings import NAMESPACES

__all__ = ["COMMANDS"]

RAW = ("content://com.android.contacts/raw_contacts",)
DATA = ("content://com.android.contacts/data", "content://com.android.contacts/data/phones")
CONTACTS = ("content://com.android.contacts/contacts", "content://contacts/people")
NAME_TYPE = "vnd.android.cursor.item/name"
PHONE_TYPE = "vnd.android.cursor.item/phone_v2"
Row = dict[str, str]
CONDITION = re.compile(r"\s*\(?\s*(\w+)\s*(=|LIKE|like)\s*('(?:[^']|'')*'|\"[^\"]*\"|[\w+.@-]+)\s*\)?\s*")


class _Words:
    def __init__(self, words: list[str]) -> None:
        self.values: dict[str, str] = {}
        self.binds: dict[str, str] = {}
        while words:
            option = words.pop(0)
            value = words.pop(0) if words else ""
            if option == "--bind":
                key, _, rest = value.partition(":")
                self.binds[key] = rest.partition(":")[2]
            else:
                self.values[option] = value

    @property
    def uri(self) -> str:
        return self.values.get("--uri", "").rstrip("/").partition("?")[0]


async def _content(context: Context) -> int:
    words = list(context.arguments[1:])
    action = words.pop(0) if words else ""
    given = _Words(words)
    try:
        if action == "query":
            return await _query(context, given)
        if action == "insert":
            return await _insert(context, given)
        if action in ("delete", "update"):
            return await _change(context, given, action)
    except ValueError as error:
        return await context.complain(f"Error while accessing provider:{given.uri}\n{error}", code=0)
    return await context.complain(f"[ERROR] Unsupported operation: {action}", code=0)


async def _query(context: Context, given: _Words) -> int:
    rows = [row for row in _rows(context, given.uri) if _matches(row, given.values.get("--where", ""))]
    wanted = [name for name in given.values.get("--projection", "").split(":") if name]
    if not rows:
        await context.print("No result found.\n")
    for number, row in enumerate(rows):
        shown = ", ".join(f"{name}={row.get(name, 'NULL')}" for name in (wanted or row))
        await context.print(f"Row: {number} {shown}\n")
    return 0


def _rows(context: Context, uri: str) -> list[Row]:
    identity = context.system.identity
    base, _, last = uri.rpartition("/")
    if last.isdecimal() and base in (*RAW, *CONTACTS):
        return [row for row in _rows(context, base) if row["_id"] == last]
    if uri in RAW or uri in CONTACTS:
        return [
            {
                "_id": str(each.identifier),
                "contact_id": str(each.identifier),
                "display_name": each.name or "NULL",
                "deleted": "0",
            }
            for each in identity.contacts
        ]
    if uri in DATA:
        return [row for each in identity.contacts for row in _data_rows(each)]
    if uri.startswith("content://settings/"):
        namespace = uri.split("/")[3]
        if namespace in NAMESPACES:
            pairs = context.system.settings.items(namespace)
            return [{"_id": str(index), "name": name, "value": value} for index, (name, value) in enumerate(pairs, 1)]
    raise ValueError(
        f"java.lang.IllegalStateException: Could not find provider: {uri.removeprefix('content://').partition('/')[0]}"
    )


def _data_rows(contact: Contact) -> list[Row]:
    common = {
        "raw_contact_id": str(contact.identifier),
        "contact_id": str(contact.identifier),
        "display_name": contact.name,
    }
    rows = (
        [{"_id": f"{contact.identifier}0", "mimetype": NAME_TYPE, "data1": contact.name, **common}]
        if contact.name
        else []
    )
    return rows + [
        {"_id": f"{contact.identifier}{index}", "mimetype": PHONE_TYPE, "data1": phone, **common}
        for index, phone in enumerate(contact.phones, 1)
    ]


async def _insert(context: Context, given: _Words) -> int:
    identity = context.system.identity
    if given.uri in RAW:
        identity.contacts.append(Contact(identifier=identity.next_contact(), name=""))
    elif given.uri in DATA:
        _attach(identity, given.binds)
    elif given.uri.startswith("content://settings/") and given.uri.split("/")[3] in NAMESPACES:
        context.system.settings.put(given.uri.split("/")[3], given.binds["name"], given.binds["value"])
    else:
        raise ValueError(f"java.lang.IllegalStateException: Could not find provider: {given.uri}")
    return 0


def _attach(identity: Identity, binds: Row) -> None:
    wanted = binds.get("raw_contact_id", "")
    for index, contact in enumerate(identity.contacts):
        if str(contact.identifier) == wanted:
            value = binds.get("data1", "")
            if binds.get("mimetype") == PHONE_TYPE:
                changed = Contact(identifier=contact.identifier, name=contact.name, phones=(*contact.phones, value))
            else:
                changed = Contact(identifier=contact.identifier, name=value, phones=contact.phones)
            identity.contacts[index] = changed
            return
    raise ValueError(f"java.lang.IllegalArgumentException: raw_contact_id {wanted} does not exist")


async def _change(context: Context, given: _Words, action: str) -> int:
    identity = context.system.identity
    where = given.values.get("--where", "")
    found = [row for row in _rows(context, given.uri) if _matches(row, where)]
    if given.uri.startswith("content://settings/"):
        for row in found:
            context.system.settings.delete(given.uri.split("/")[3], row["name"])
    elif action == "delete":
        gone = {row.get("raw_contact_id", row["_id"]) for row in found}
        identity.contacts = [each for each in identity.contacts if str(each.identifier) not in gone]
    return 0


def _matches(row: Row, where: str) -> bool:
    """Conditions joined by AND; raises ValueError for SQL that goes further."""
    if not where.strip():
        return True
    for part in re.split(r"\s+AND\s+", where, flags=re.IGNORECASE):
        match = CONDITION.fullmatch(part)
        if match is None:
            raise ValueError(f'android.database.sqlite.SQLiteException: near "{part}": syntax error')
        column, operator, literal = match.groups()
        value = literal[1:-1].replace("''", "'") if literal[0] in "'\"" else literal
        if operator == "=" and row.get(column) != value:
            return False
        if operator != "=" and not re.fullmatch(
            re.escape(value).replace("%", ".*"), row.get(column, ""), re.IGNORECASE
        ):
            return False
    return True


COMMANDS: dict[str, Command] = {"content": _content}
