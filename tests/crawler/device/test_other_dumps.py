"""Packages, log lines, sockets, identifiers. The texts are ours, in the forms that devices write."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.device.dumps import (
    LogEvent,
    SocketRow,
    luhn_valid,
    parse_advertising_id,
    parse_apk_paths,
    parse_app_links,
    parse_locale,
    parse_log_line,
    parse_mac,
    parse_package,
    parse_packages,
    parse_parcel_text,
    parse_place,
    parse_properties,
    parse_socket_rows,
    parse_ssaid,
    parse_wifi,
)

PACKAGE = """\
Activity Resolver Table:
  Non-Data Actions:
      android.intent.action.MAIN:
        1f2e3d com.lanting.shop/.SplashActivity filter 99aa
Key Set Manager:
  [com.lanting.shop]
Packages:
  Package [com.lanting.shop] (d64f8e0):
    userId=10123
    pkg=Package{5be8c47 com.lanting.shop}
    codePath=/data/app/~~x==/com.lanting.shop-y==
    versionCode=5210 minSdk=24 targetSdk=33
    versionName=5.2.1 beta
    flags=[ HAS_CODE ALLOW_CLEAR_USER_DATA ]
    signatures=PackageSignatures{6c98c74 version:2, signatures:[B378e95c], past signatures:[]}
    pkgFlags=[ HAS_CODE ALLOW_CLEAR_USER_DATA ]
    requested permissions:
      android.permission.INTERNET
      android.permission.READ_CONTACTS: restricted=true
    install permissions:
      android.permission.INTERNET: granted=true
    User 0: ceDataInode=81 installed=true hidden=false
      gids=[3003]
      runtime permissions:
        android.permission.READ_CONTACTS: granted=false, flags=[ USER_SET|USER_SENSITIVE_WHEN_GRANTED]
        android.permission.CAMERA: granted=true
    User 999: ceDataInode=82 installed=true hidden=false
      runtime permissions:
        android.permission.READ_CONTACTS: granted=true
  Package [com.lanting.shop.extra] (99):
    userId=10124
    versionName=9.9
"""


def test_a_package() -> None:
    found = parse_package(PACKAGE, "com.lanting.shop")
    assert found is not None
    assert (found.version_name, found.version_code, found.target_sdk, found.uid) == ("5.2.1 beta", 5210, 33, 10123)
    assert found.requested_permissions == ("android.permission.INTERNET", "android.permission.READ_CONTACTS")
    assert [(p.name, p.granted, p.flags) for p in found.permissions] == [
        ("android.permission.CAMERA", True, ()),
        ("android.permission.READ_CONTACTS", False, ("USER_SENSITIVE_WHEN_GRANTED", "USER_SET")),
    ]
    assert (found.signer, found.system) == ("b378e95c", False)


def test_a_package_is_not_mistaken_for_its_neighbour() -> None:
    found = parse_package(PACKAGE, "com.lanting.shop.extra")
    assert found is not None
    assert (found.version_name, found.uid, found.permissions) == ("9.9", 10124, ())
    assert parse_package(PACKAGE, "com.lanting") is None


def test_android_14_calls_the_uid_app_id_and_marks_system_apps() -> None:
    text = "Packages:\n  Package [android.x] (1):\n    appId=1000\n    pkgFlags=[ SYSTEM HAS_CODE ]\n    versionName=null\n"
    found = parse_package(text, "android.x")
    assert found is not None
    assert (found.uid, found.system, found.version_name, found.version_code) == (1000, True, None, None)


def test_paths_and_lists() -> None:
    text = "package:/data/app/x/split_config.zh.apk\npackage:/data/app/x/base.apk\nError\n"
    assert parse_apk_paths(text) == ("/data/app/x/base.apk", "/data/app/x/split_config.zh.apk")
    assert parse_packages("package:b.c\npackage:a.b\npackage:not a name\n") == ("a.b", "b.c")


LINKS = """\
  com.lanting.shop:
    ID: 3f0b1c2d-0000-4000-8000-0123456789ab
    Signatures: [***]
    Domain verification state:
      M.Lanting.example: verified
      *.lanting-pay.example: legacy_failure
      lanting.example: 1024
    User 0:
      Verification link handling allowed: true
      Selection state:
        Disabled:
          other.example
"""


def test_the_domains_an_app_claims() -> None:
    assert parse_app_links(LINKS) == ("lanting-pay.example", "lanting.example", "m.lanting.example")
    assert parse_app_links("Unknown command: get-app-links") == ()
    assert parse_app_links("  com.a.b:\n    ID: x\n    Signatures: [***]\n") == ()


START = (
    "1666775127.753  1765  1866 I am_proc_start: [0,4660,10123,com.lanting.shop:push,service,{com.lanting.shop/.Push}]"
)


def test_a_process_start() -> None:
    event = parse_log_line(START)
    assert event is not None
    assert event.kind == "ProcessStarted"
    assert event.data == {
        "package": "com.lanting.shop",
        "process": "com.lanting.shop:push",
        "pid": 4660,
        "uid": 10123,
        "why": "service {com.lanting.shop/.Push}",
    }
    assert event.device_ns == 1_666_775_127_753_000_000


def test_a_process_with_a_name_of_its_own_belongs_to_the_package_of_its_component() -> None:
    event = parse_log_line(START.replace("com.lanting.shop:push", "remote.worker"))
    assert event is not None
    assert event.data["package"] == "com.lanting.shop"


@pytest.mark.parametrize(
    ("message", "kind", "part"),
    [
        ("am_proc_died: [0,4660,com.lanting.shop,900,17]", "ProcessDied", {"package": "com.lanting.shop", "pid": 4660}),
        ("am_kill : [0,4660,com.lanting.shop,0,stop com.lanting.shop]", "ProcessDied", {"pid": 4660}),
        (
            "am_crash: [4660,0,com.lanting.shop,952,java.lang.IllegalStateException,a, b, c,A.java,12]",
            "AppCrashed",
            {"package": "com.lanting.shop"},
        ),
        ("am_anr  : [0,4660,com.lanting.shop,952,Input dispatching timed out]", "AppNotResponding", {}),
        (
            "wm_set_resumed_activity: [0,com.lanting.shop/.Main,minimalResumeActivityLocked]",
            "ActivityResumed",
            {"package": "com.lanting.shop", "activity": "com.lanting.shop.Main"},
        ),
        ("am_set_resumed_activity: [0,com.a/com.b.Main,x]", "ActivityResumed", {"activity": "com.b.Main"}),
    ],
)
def test_other_events(message: str, kind: str, part: dict[str, object]) -> None:
    event = parse_log_line(f"10-26 15:05:27.753  1765  1866 I {message}")
    assert event is not None
    assert event.kind == kind
    assert part.items() <= event.data.items()
    assert event.device_ns is None


@pytest.mark.parametrize(
    "line",
    [
        "",
        "--------- beginning of events",
        "1666775127.753  1765  1866 I other_tag: [0,1,2]",
        "1666775127.753  1765  1866 I am_proc_start: [0,x,10123,com.x,y,z]",
        "1666775127.753  1765  1866 I am_proc_start: 0,4660",
        "1666775127.753  1765  1866 I wm_set_resumed_activity: [0,,]",
    ],
)
def test_other_lines_are_passed_over(line: str) -> None:
    assert parse_log_line(line) is None


SOCKETS = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   3: 0100007F:C3E2 0100007F:1F90 01 00000000:00000000 00:00000000 00000000 10123        0 45678 1 20 4 30 10 -1
   4: 0F02000A:D431 5EB0FB8E:01BB 06 00000000:00000000 03:00001770 00000000     0        0 0 3
   7: 0000000000000000FFFF00000100007F:C3E4 0000000000000000FFFF00000100007F:1F90 02 00000001:00000000 01:00000064 0000001 10123 0
   8: B80D01200000000000000000010000FF:C3E5 B80D01200000000000000000020000FF:01BB 63 00000000:00000000 00:00000000 00000000 1000 0
"""


def test_socket_rows() -> None:
    assert sorted(parse_socket_rows(SOCKETS.splitlines())) == [
        SocketRow(uid=0, local_port=0xD431, remote="142.251.176.94", remote_port=443, state="TIME_WAIT"),
        SocketRow(uid=1000, local_port=0xC3E5, remote="2001:db8::ff00:2", remote_port=443, state="99"),
        SocketRow(uid=10123, local_port=0xC3E2, remote="127.0.0.1", remote_port=8080, state="ESTABLISHED"),
        SocketRow(uid=10123, local_port=0xC3E4, remote="127.0.0.1", remote_port=8080, state="SYN_SENT"),
    ]


PARCEL = """\
Result: Parcel(
  0x00000000: 00000000 0000000f 00360038 00310034 '........8.6.4.1.'
  0x00000010: 00320039 00350033 00370036 00390038 '9.2.3.5.6.7.8.9.'
  0x00000020: 00320031 00000033                   '1.2.3...        ')
"""


def test_the_text_in_a_parcel() -> None:
    assert parse_parcel_text(PARCEL) == "864192356789123"
    assert parse_parcel_text("Result: Parcel(00000000 00000001 00000041   '........A...')") == "A"
    assert parse_parcel_text("Result: Parcel(00000000 ffffffff   '........')") is None
    assert parse_parcel_text("Result: Parcel(fffffffc 00000001 00000041 '........')") is None
    assert parse_parcel_text("Result: Parcel(00000000 000000ff 00000041 '........')") is None


def test_check_digits() -> None:
    assert luhn_valid("490154203237518")
    assert not luhn_valid("490154203237519")
    assert not luhn_valid("49015420323751x")
    assert not luhn_valid("")


def test_wifi() -> None:
    status = (
        'WifiInfo: SSID: "Lanting Office, 5G", BSSID: 8C:85:90:3e:d1:4a, MAC: 02:00:00:00:00:00, IP: /192.168.1.7, '
        "Supplicant state: COMPLETED"
    )
    assert parse_wifi(status) == {
        "ssid": "Lanting Office, 5G",
        "bssid": "8c:85:90:3e:d1:4a",
        "ip_address": "192.168.1.7",
    }
    assert parse_wifi("mWifiInfo SSID: <unknown ssid>, BSSID: 00:00:00:00:00:00, IP: /0.0.0.0") == {}


def test_addresses() -> None:
    assert parse_mac("link/ether 8C:85:90:3E:D1:4A brd ff:ff:ff:ff:ff:ff") == "8c:85:90:3e:d1:4a"
    assert parse_mac("02:00:00:00:00:00") is None
    assert parse_mac("Permission denied") is None


def test_ssaid_of_one_package() -> None:
    text = (
        '<settings version="-1"><setting id="2" name="10123" value="9f3c1b7ad2e4568c" package="com.lanting.shop" '
        'defaultValue="9f3c1b7ad2e4568c" /><setting package="com.other" value="0123456789ABCDEF" /></settings>'
    )
    assert parse_ssaid(text, "com.lanting.shop") == "9f3c1b7ad2e4568c"
    assert parse_ssaid(text, "com.other") == "0123456789abcdef"
    assert parse_ssaid(text, "com.absent") is None


def test_other_identifiers() -> None:
    assert parse_advertising_id('<string name="adid_key">7C9E6679-7425-40DE-944B-E07FC1F90AE7</string>') == (
        "7c9e6679-7425-40de-944b-e07fc1f90ae7"
    )
    assert parse_advertising_id("00000000-0000-0000-0000-000000000000") is None
    assert parse_place("last location=Location[gps 31.230416,121.473701 hAcc=5.0]") == (
        "gps",
        "31.230416",
        "121.473701",
    )
    assert parse_place("Location[gps 91.230416,121.473701]") is None


def test_properties_and_locale() -> None:
    properties = parse_properties("[ro.product.model]: [LT-A13]\n[a]: []\nbroken\n[persist.sys.locale]: [zh-CN]\n")
    assert properties == {"ro.product.model": "LT-A13", "a": "", "persist.sys.locale": "zh-CN"}
    assert parse_locale(properties) == "zh-CN"
    assert parse_locale({"persist.sys.language": "de", "persist.sys.country": "AT"}) == "de-AT"
    assert parse_locale({}) == ""


LINES = st.sampled_from(
    [*PACKAGE.splitlines(), *SOCKETS.splitlines(), *PARCEL.splitlines(), START, "[", "]", '<setting value="']
)


@given(st.one_of(st.text(), st.lists(st.one_of(LINES, st.text(max_size=40))).map("\n".join)))
def test_nothing_raises_on_junk(text: str) -> None:
    parse_package(text, "com.lanting.shop")
    parse_apk_paths(text)
    parse_packages(text)
    parse_app_links(text)
    parse_app_links(f"Domain verification state:\n{text}")
    parse_socket_rows(text.splitlines())
    parse_properties(text)
    parse_parcel_text(text)
    parse_mac(text)
    parse_wifi(text)
    parse_ssaid(text, "com.lanting.shop")
    parse_advertising_id(text)
    parse_place(text)
    luhn_valid(text)
    for line in text.splitlines():
        event = parse_log_line(line)
        assert event is None or isinstance(event, LogEvent)


@given(st.text(alphabet="0123456789.,- :[]", max_size=60).map(lambda words: f"{words} 1 2 I am_crash: [0,1,{words}]"))
def test_times_of_any_form_are_read_or_left(line: str) -> None:
    event = parse_log_line(line)
    assert event is None or event.device_ns is None or event.device_ns >= 0
