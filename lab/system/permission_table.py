"""Android 13's dangerous permissions: group, app op, and whether the dialog offers a use-time choice."""

from dataclasses import dataclass

__all__ = ["RUNTIME", "RuntimePermission", "group_of", "is_runtime"]

PREFIX = "android.permission."
GROUP_PREFIX = "android.permission-group."


@dataclass(frozen=True, slots=True)
class RuntimePermission:
    """`group` is the short name of the permission group, `op` the app op it controls."""

    group: str
    op: str
    foreground_choice: bool = False
    """The dialog offers "while using the app" and "only this time"."""


RUNTIME = {
    PREFIX + name: RuntimePermission(group, op, group in ("LOCATION", "CAMERA", "MICROPHONE"))
    for name, group, op in (
        ("ACCESS_BACKGROUND_LOCATION", "LOCATION", "FINE_LOCATION"),
        ("ACCESS_COARSE_LOCATION", "LOCATION", "COARSE_LOCATION"),
        ("ACCESS_FINE_LOCATION", "LOCATION", "FINE_LOCATION"),
        ("ACCESS_MEDIA_LOCATION", "READ_MEDIA_VISUAL", "ACCESS_MEDIA_LOCATION"),
        ("ACTIVITY_RECOGNITION", "ACTIVITY_RECOGNITION", "ACTIVITY_RECOGNITION"),
        ("ANSWER_PHONE_CALLS", "PHONE", "ANSWER_PHONE_CALLS"),
        ("BLUETOOTH_ADVERTISE", "NEARBY_DEVICES", "BLUETOOTH_ADVERTISE"),
        ("BLUETOOTH_CONNECT", "NEARBY_DEVICES", "BLUETOOTH_CONNECT"),
        ("BLUETOOTH_SCAN", "NEARBY_DEVICES", "BLUETOOTH_SCAN"),
        ("BODY_SENSORS", "SENSORS", "BODY_SENSORS"),
        ("CALL_PHONE", "PHONE", "CALL_PHONE"),
        ("CAMERA", "CAMERA", "CAMERA"),
        ("GET_ACCOUNTS", "CONTACTS", "GET_ACCOUNTS"),
        ("NEARBY_WIFI_DEVICES", "NEARBY_DEVICES", "NEARBY_WIFI_DEVICES"),
        ("POST_NOTIFICATIONS", "NOTIFICATIONS", "POST_NOTIFICATION"),
        ("READ_CALENDAR", "CALENDAR", "READ_CALENDAR"),
        ("READ_CALL_LOG", "CALL_LOG", "READ_CALL_LOG"),
        ("READ_CONTACTS", "CONTACTS", "READ_CONTACTS"),
        ("READ_EXTERNAL_STORAGE", "STORAGE", "READ_EXTERNAL_STORAGE"),
        ("READ_MEDIA_AUDIO", "READ_MEDIA_AURAL", "READ_MEDIA_AUDIO"),
        ("READ_MEDIA_IMAGES", "READ_MEDIA_VISUAL", "READ_MEDIA_IMAGES"),
        ("READ_MEDIA_VIDEO", "READ_MEDIA_VISUAL", "READ_MEDIA_VIDEO"),
        ("READ_PHONE_NUMBERS", "PHONE", "READ_PHONE_NUMBERS"),
        ("READ_PHONE_STATE", "PHONE", "READ_PHONE_STATE"),
        ("READ_SMS", "SMS", "READ_SMS"),
        ("RECEIVE_SMS", "SMS", "RECEIVE_SMS"),
        ("RECORD_AUDIO", "MICROPHONE", "RECORD_AUDIO"),
        ("SEND_SMS", "SMS", "SEND_SMS"),
        ("WRITE_CALENDAR", "CALENDAR", "WRITE_CALENDAR"),
        ("WRITE_CALL_LOG", "CALL_LOG", "WRITE_CALL_LOG"),
        ("WRITE_CONTACTS", "CONTACTS", "WRITE_CONTACTS"),
        ("WRITE_EXTERNAL_STORAGE", "STORAGE", "WRITE_EXTERNAL_STORAGE"),
    )
}


def is_runtime(permission: str) -> bool:
    """True for permissions an app must ask for."""
    return permission in RUNTIME


def group_of(permission: str) -> str:
    """The short group name, as in `LOCATION`; empty for install-time permissions."""
    known = RUNTIME.get(permission)
    return known.group if known else ""
