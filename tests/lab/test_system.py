"""The device's services by themselves: packages, permissions, activities, ops, logs, files, identity."""

import asyncio
import stat
import time
from pathlib import Path

import pytest

from lab.profile import load_profile
from lab.shell.dumpsys.activity import activities_dump, top_dump
from lab.shell.dumpsys.appops import appops_dump, operations_text
from lab.shell.dumpsys.package import package_dump
from lab.shell.dumpsys.window import window_dump
from lab.system import System
from lab.system.durations import duration
from lab.system.image import ssaid_document
from tests.lab.phone import APP, CAMERA, CONTACTS, CONTROLLER, OTHER, Phone, on_phone

# --- permissions


def test_the_second_refusal_is_final_and_asks_no_more(tmp_path: Path) -> None:
    async def work(phone: Phone) -> None:
        phone.surface.answer = "deny"
        asked = []
        for _ in range(3):
            assert await phone.system.permissions.request(APP, CAMERA) == "denied"
            asked.append(len([call for call in phone.surface.calls if call[0] == "permission"]))
        assert asked == [1, 2, 2]
        assert "CAMERA: granted=false, flags=[ USER_FIXED|" in package_dump(phone.system, APP)

    on_phone(tmp_path, work)


def test_a_grant_covers_its_group_and_ends_with_pm_clear(tmp_path: Path) -> None:
    async def work(phone: Phone) -> None:
        assert await phone.system.permissions.request(APP, CONTACTS) == "granted"
        assert await phone.system.permissions.request(APP, "android.permission.GET_ACCOUNTS") == "granted"
        assert len([call for call in phone.surface.calls if call[0] == "permission"]) == 1
        assert phone.system.permissions.check(APP, CONTACTS)
        await phone.system.clear(APP)
        assert not phone.system.permissions.check(APP, CONTACTS)
        assert ("clear", APP) in phone.surface.calls

    on_phone(tmp_path, work)


def test_only_this_time_ends_with_the_process(tmp_path: Path) -> None:
    async def work(phone: Phone) -> None:
        await phone.system.activities.start(APP)
        phone.surface.answer = "allow_once"
        assert await phone.system.permissions.request(APP, CAMERA) == "granted"
        assert phone.system.permissions.check(APP, CAMERA)
        await phone.system.force_stop(APP)
        assert not phone.system.permissions.check(APP, CAMERA)
        assert phone.system.permissions.may_ask(APP, CAMERA)

    on_phone(tmp_path, work)


def test_undeclared_and_install_time_permissions_never_ask(tmp_path: Path) -> None:
    async def work(phone: Phone) -> None:
        request = phone.system.permissions.request
        assert await request(APP, "android.permission.RECORD_AUDIO") == "denied"
        assert await request(APP, "android.permission.INTERNET") == "granted"
        assert await request("com.nobody", CAMERA) == "denied"
        assert phone.surface.calls == []

    on_phone(tmp_path, work)


def test_the_permission_dialog_lives_in_the_task_of_the_app_that_asks(tmp_path: Path) -> None:
    async def work(phone: Phone) -> None:
        await phone.system.activities.start(APP)
        asking = asyncio.ensure_future(phone.system.permissions.request(APP, CAMERA))
        await asyncio.sleep(0.01)
        dump = activities_dump(phone.system)
        grant = f"{CONTROLLER}/.permission.ui.GrantPermissionsActivity"
        top = next(line for line in dump.splitlines() if "topResumedActivity" in line)
        assert grant in top
        task = top.rpartition(" t")[2].rstrip("}")
        uid = phone.system.packages.get(APP).uid  # type: ignore[union-attr]
        assert f"#{task} type=standard A={uid}:{APP} " in dump
        assert f"launchedFromPackage={APP}" in dump
        assert await asking == "granted"
        assert f"{APP}/.MainActivity" in next(
            line for line in activities_dump(phone.system).splitlines() if "topResumed" in line
        )

    on_phone(tmp_path, work)


# --- activities and processes


def test_a_cold_start_writes_the_events_android_writes_in_order(tmp_path: Path) -> None:
    async def work(phone: Phone) -> None:
        await phone.system.activities.start(APP)
        tags = [event.partition(":")[0] for event in phone.events()]
        expected = [
            "wm_pause_activity", "wm_on_paused_called", "wm_task_created", "wm_create_task", "wm_task_moved",
            "wm_task_to_front", "wm_create_activity", "am_uid_running", "am_proc_start", "am_proc_bound", "am_uid_active",
            "wm_restart_activity", "wm_set_resumed_activity", "wm_on_create_called", "wm_on_start_called",
            "wm_on_resume_called", "wm_on_top_resumed_gained_called", "wm_activity_launch_time",
        ]  # fmt: skip
        assert tags == expected
        installed = phone.system.packages.get(APP)
        process = phone.system.applications.running(APP)
        assert installed is not None
        assert process is not None
        why = f"next-top-activity,{{{APP}/{APP}.MainActivity}}"
        assert f"am_proc_start: [0,{process.pid},{installed.uid},{APP},{why}]" in phone.events()
        assert f"am_uid_running: {installed.uid}" in phone.events()

    on_phone(tmp_path, work)


def test_a_warm_start_makes_no_process_and_no_window(tmp_path: Path) -> None:
    async def work(phone: Phone) -> None:
        activities = phone.system.activities
        await activities.start(APP)
        await activities.go_home()
        assert not phone.system.is_foreground(APP)
        before = len(phone.surface.windows)
        phone.system.logs.clear(("events",))
        await activities.start(APP)
        assert phone.system.is_foreground(APP)
        assert len(phone.surface.windows) == before
        assert not any(event.startswith("am_proc_start") for event in phone.events())
        assert any(event.startswith("wm_set_resumed_activity") for event in phone.events())

    on_phone(tmp_path, work)


def test_force_stop_kills_and_shows_what_was_below(tmp_path: Path) -> None:
    async def work(phone: Phone) -> None:
        await phone.system.activities.start(APP)
        pid = phone.system.applications.running(APP).pid  # type: ignore[union-attr]
        await phone.system.force_stop(APP)
        assert phone.system.applications.running(APP) is None
        assert phone.system.activities.top.package == "com.android.launcher3"
        assert any(event.startswith(f"am_kill: [0,{pid},{APP},") for event in phone.events())
        assert any(event.startswith(f"am_proc_died: [0,{pid},{APP},") for event in phone.events())
        assert phone.surface.windows == []

    on_phone(tmp_path, work)


def test_back_ends_the_activity_and_leaves_the_process(tmp_path: Path) -> None:
    async def work(phone: Phone) -> None:
        await phone.system.activities.start(APP)
        await phone.system.activities.finish_top(APP)
        assert phone.system.activities.task_of(APP) is None
        assert phone.system.applications.running(APP) is not None
        assert phone.surface.front == ""

    on_phone(tmp_path, work)


def test_a_window_that_was_stopped_while_it_opened_is_closed(tmp_path: Path) -> None:
    async def work(phone: Phone) -> None:
        opened = asyncio.Event()
        going_on = asyncio.Event()
        true_open = phone.surface.open_window

        async def slow(package: str, activity: str, url_path: str) -> None:
            opened.set()
            await going_on.wait()
            await true_open(package, activity, url_path)

        phone.surface.open_window = slow  # type: ignore[method-assign]
        starting = asyncio.ensure_future(phone.system.activities.start(APP))
        await opened.wait()
        await asyncio.wait_for(phone.system.force_stop(APP), 1)
        going_on.set()
        await starting
        assert phone.surface.windows == []

    on_phone(tmp_path, work)


def test_a_crash_is_logged_and_shown(tmp_path: Path) -> None:
    async def work(phone: Phone) -> None:
        await phone.system.activities.start(APP)
        await phone.system.crash(APP, exception="java.lang.IllegalStateException", message="x,y")
        crash = [entry.text for entry in phone.system.logs.entries(("crash",))]
        assert crash[0] == "FATAL EXCEPTION: main"
        assert crash[1].startswith(f"Process: {APP}, PID: ")
        assert any(event.startswith("am_crash: [") and APP in event for event in phone.events())
        assert ("crash", APP) in phone.surface.calls

    on_phone(tmp_path, work)


def test_an_app_that_hangs_may_be_closed(tmp_path: Path) -> None:
    async def work(phone: Phone) -> None:
        await phone.system.activities.start(APP)
        phone.surface.answer = "wait"
        await phone.system.stop_answering(APP, why="Input dispatching timed out")
        assert phone.system.applications.running(APP) is not None
        phone.surface.answer = "close"
        await phone.system.stop_answering(APP, why="Input dispatching timed out")
        assert phone.system.applications.running(APP) is None
        assert len([event for event in phone.events() if event.startswith("am_anr")]) == 2

    on_phone(tmp_path, work)


def test_the_dumps_agree_on_who_is_in_front(tmp_path: Path) -> None:
    async def work(phone: Phone) -> None:
        await phone.system.activities.start(OTHER)
        await phone.system.activities.start(APP)
        assert "mCurrentFocus=Window{" in window_dump(phone.system)
        focus = next(line for line in window_dump(phone.system).splitlines() if "mCurrentFocus" in line)
        assert focus.endswith(f" u0 {APP}/{APP}.MainActivity}}")
        assert [line for line in top_dump(phone.system).splitlines() if "ACTIVITY" in line][-1].split()[
            1
        ] == f"{APP}/.MainActivity"
        assert "SECURE" not in window_dump(phone.system)
        phone.surface.alert = f"Application Not Responding: {APP}"
        assert f" u0 Application Not Responding: {APP}}}" in window_dump(phone.system)
        phone.surface.alert = ""
        phone.surface.is_secure = True
        window = window_dump(phone.system).partition(f"{APP}/{APP}.MainActivity")[2]
        assert " SECURE " in window

    on_phone(tmp_path, work)


# --- ops


def test_ops_tell_when_in_which_state_and_how_long(tmp_path: Path) -> None:
    async def work(phone: Phone) -> None:
        appops = phone.system.appops
        phone.system.permissions.grant(APP, CAMERA)
        appops.note(APP, "READ_CONTACTS", foreground=False, rejected=True)
        appops.note(APP, "READ_CLIPBOARD", foreground=True)
        appops.begin(APP, "CAMERA", foreground=True)
        running = operations_text(phone.system, APP)
        appops.finish(APP, "CAMERA", foreground=True)
        lines = operations_text(phone.system, APP).splitlines()
        assert lines[0].startswith("READ_CONTACTS: ignore; rejectTime=+")
        assert lines[1].startswith("READ_CLIPBOARD: allow; time=+")
        assert "CAMERA: foreground; time=+" in running
        assert running.splitlines()[-1].endswith(" ago (running)")
        assert "; duration=" in lines[2]
        dump = appops_dump(phone.system, APP)
        assert "      READ_CLIPBOARD (allow): \n        null=[\n          Access: [top-s] 20" in dump
        assert "          Reject: [bg-s]20" in dump

    on_phone(tmp_path, work)


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (0, "0"),
        (5, "+5ms"),
        (1005, "+1s5ms"),
        (62003, "+1m2s3ms"),
        (-25_500, "-25s500ms"),
        (90_061_001, "+1d1h1m1s1ms"),
    ],
)
def test_durations_are_written_as_android_writes_them(milliseconds: int, text: str) -> None:
    assert duration(milliseconds) == text


# --- identity


def test_an_identity_follows_from_the_seed() -> None:
    one, same, other = (System(load_profile("aosp13"), seed=seed).identity for seed in (1, 1, 2))
    assert one.imei == same.imei != other.imei
    assert one.serial == same.serial != other.serial


def test_an_android_id_is_made_at_the_first_read_and_survives_pm_clear(tmp_path: Path) -> None:
    async def work(phone: Phone) -> None:
        identity = phone.system.identity
        installed = phone.system.packages.get(APP)
        assert installed is not None
        assert APP not in ssaid_document(identity)
        first = identity.ssaid(APP, uid=installed.uid, signer=installed.signer)
        assert f'value="{first}" package="{APP}"' in ssaid_document(identity)
        await phone.system.clear(APP)
        assert identity.ssaid(APP, uid=installed.uid, signer=installed.signer) == first
        other = phone.system.packages.get(OTHER)
        assert other is not None
        assert identity.ssaid(OTHER, uid=other.uid, signer=other.signer) == first, "the same signer, the same value"
        assert identity.ssaid("org.stranger", uid=10999, signer="f" * 64) != first
        assert len(first) == 16
        await phone.system.uninstall(APP)
        assert APP not in ssaid_document(identity)

    on_phone(tmp_path, work)


def test_imei_and_iccid_carry_their_check_digit() -> None:
    identity = System(load_profile("aosp13"), seed=9).identity
    for digits in (identity.imei, identity.imei2, identity.iccid):
        total = sum(
            int(digit) if place % 2 == 0 else sum(map(int, str(2 * int(digit))))
            for place, digit in enumerate(digits[::-1])
        )
        assert total % 10 == 0


def test_the_device_clock_is_its_own(tmp_path: Path) -> None:
    system = System(load_profile("retail"), seed=1)
    assert abs(system.clock.wall_ns() - time.time_ns() + 2_630_000_000) < 50_000_000
    assert system.clock.local().strftime("%z") == "+0800"


# --- files


def test_system_is_read_only_and_data_belongs_to_its_owners() -> None:
    files = System(load_profile("retail"), seed=1).files
    with pytest.raises(OSError, match="Read-only file system"):
        files.write("/system/bin/x", b"")
    with pytest.raises(OSError, match="Permission denied"):
        files.listing("/data/system", uid=2000)
    files.write("/data/local/tmp/x", b"abc", uid=2000)
    assert files.read("/data/local/tmp/x") == b"abc"
    with pytest.raises(OSError, match="Permission denied"):
        files.write("/data/system/x", b"", uid=2000)


def test_links_and_dots_are_followed_but_not_for_ever() -> None:
    files = System(load_profile("aosp13"), seed=1).files
    files.write("/sdcard/Download/a", b"1")
    assert files.read("/storage/emulated/0/Download/../Download/./a") == b"1"
    files.symbolic_link("loop", "/data/local/tmp/loop")
    with pytest.raises(OSError, match="Too many"):
        files.read("/data/local/tmp/loop")
    assert stat.S_ISLNK(files.node("/data/local/tmp/loop", follow=False).mode)


def test_mounts_cover_and_uncover() -> None:
    files = System(load_profile("aosp13"), seed=1).files
    files.put("/system/etc/security/cacerts/old.0", files.write("/data/local/tmp/c", b"old"))
    files.mount("/system/etc/security/cacerts", kind="tmpfs", source="tmpfs")
    assert files.listing("/system/etc/security/cacerts") == {}
    files.write("/system/etc/security/cacerts/new.0", b"new")
    files.unmount("/system/etc/security/cacerts")
    assert list(files.listing("/system/etc/security/cacerts")) == ["old.0"]
    with pytest.raises(OSError, match="Invalid argument"):
        files.unmount("/system/etc/security/cacerts")


def test_storage_ends() -> None:
    files = System(load_profile("aosp13"), seed=1).files
    with pytest.raises(OSError, match="No space left"):
        files.write("/data/local/tmp/huge", bytes(files.capacity + 1))
    files.full = True
    with pytest.raises(OSError, match="No space left"):
        files.write("/data/local/tmp/tiny", b"x")


def test_a_restart_forgets_processes_logs_and_mounts_but_no_data(tmp_path: Path) -> None:
    async def work(phone: Phone) -> None:
        system = phone.system
        await system.activities.start(APP)
        system.files.write("/data/local/tmp/kept", b"1")
        system.files.mount("/system/etc/security/cacerts", kind="tmpfs", source="tmpfs")
        system.settings.put("global", "http_proxy", "127.0.0.1:1")
        await system.restart()
        assert system.applications.running(APP) is None
        assert system.logs.entries(("events", "main", "system")) == []
        assert len(system.files.mounts) == 1
        assert system.files.read("/data/local/tmp/kept") == b"1"
        assert system.settings.proxy == ("127.0.0.1", 1)

    on_phone(tmp_path, work)


@pytest.mark.parametrize(
    ("value", "proxy"),
    [("10.0.0.1:8080", ("10.0.0.1", 8080)), (":0", None), ("", None), ("nonsense", None), ("host:", None)],
)
def test_the_global_proxy_is_read_as_android_reads_it(value: str, proxy: tuple[str, int] | None) -> None:
    settings = System(load_profile("aosp13"), seed=1).settings
    settings.put("global", "http_proxy", value)
    assert settings.proxy == proxy
