"""Readers of what a device prints. Text in, values out: nothing here talks to a device, nothing raises on junk."""

from crawler.device.dumps.appops import OpSample, parse_ops
from crawler.device.dumps.durations import parse_ago, parse_span
from crawler.device.dumps.identifiers import (
    luhn_valid,
    parse_advertising_id,
    parse_locale,
    parse_mac,
    parse_parcel_text,
    parse_place,
    parse_properties,
    parse_ssaid,
    parse_wifi,
)
from crawler.device.dumps.logs import EVENT_TAGS, LogEvent, parse_log_line
from crawler.device.dumps.packages import (
    PackageDump,
    parse_apk_paths,
    parse_app_links,
    parse_package,
    parse_packages,
)
from crawler.device.dumps.sockets import SocketRow, parse_socket_rows
from crawler.device.dumps.windows import (
    ACTIVITY_LINES,
    WINDOW_LINES,
    forbids_pictures,
    parse_focused_window,
    parse_foreground,
    parse_resolved_activity,
)

__all__ = [
    "ACTIVITY_LINES",
    "EVENT_TAGS",
    "WINDOW_LINES",
    "LogEvent",
    "OpSample",
    "PackageDump",
    "SocketRow",
    "forbids_pictures",
    "luhn_valid",
    "parse_advertising_id",
    "parse_ago",
    "parse_apk_paths",
    "parse_app_links",
    "parse_focused_window",
    "parse_foreground",
    "parse_locale",
    "parse_log_line",
    "parse_mac",
    "parse_ops",
    "parse_package",
    "parse_packages",
    "parse_parcel_text",
    "parse_place",
    "parse_properties",
    "parse_resolved_activity",
    "parse_socket_rows",
    "parse_span",
    "parse_ssaid",
    "parse_wifi",
]
