"""The real adb binary against a lab device."""

import asyncio
import os
import socket
import threading
import time
import zipfile
from pathlib import Path

import pytest

from lab.packages import build_apk
from tests.lab.bench import AdbServer, Bench, running_device, write_app

pytestmark = pytest.mark.lab


def test_a_connected_device_says_what_it_is(bench: Bench) -> None:
    listed = bench.server.run("devices", "-l").stdout.decode()
    assert f"{bench.serial} " in listed
    assert "product:lt13_cn model:LT_A13 device:lt13" in listed
    assert bench.adb("get-state").stdout == b"device\n"
    assert b"shell_v2" in bench.adb("features").stdout


def test_the_port_is_never_one_that_adb_takes_for_an_emulator(bench: Bench) -> None:
    assert not 5555 <= bench.device.port <= 5585
    assert "emulator-" not in bench.server.run("devices").stdout.decode()


def test_a_shell_command_gives_output_errors_and_exit_code_apart(bench: Bench) -> None:
    done = bench.adb("shell", "echo out; echo problem >&2; exit 7")
    assert (done.stdout, done.stderr, done.returncode) == (b"out\n", b"problem\n", 7)


def test_an_unknown_command_is_said_as_android_says_it(bench: Bench) -> None:
    done = bench.adb("shell", "nosuchthing")
    assert done.stderr == b"/system/bin/sh: nosuchthing: inaccessible or not found\n"
    assert done.returncode == 127


def test_an_interactive_shell_obeys_line_by_line(bench: Bench) -> None:
    done = bench.adb("shell", "-T", data=b"cd /data/local\npwd\nexit 3\n")
    assert b"/data/local\n" in done.stdout
    assert done.returncode == 3


def test_five_megabytes_come_back_as_they_went(bench: Bench, tmp_path: Path) -> None:
    content = os.urandom(5_000_000)
    (tmp_path / "there").write_bytes(content)
    assert bench.adb("push", str(tmp_path / "there"), "/data/local/tmp/big").returncode == 0
    assert bench.adb("pull", "/data/local/tmp/big", str(tmp_path / "back")).returncode == 0
    assert (tmp_path / "back").read_bytes() == content
    assert bench.adb("exec-out", "cat /data/local/tmp/big").stdout == content
    assert bench.shell("stat -c %s /data/local/tmp/big") == "5000000\n"


def test_a_directory_is_pushed_and_pulled_with_all_below_it(bench: Bench, tmp_path: Path) -> None:
    for name in ("a.txt", "deep/er/b.txt"):
        (tmp_path / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "tree" / name).write_text(name)
    bench.adb("push", str(tmp_path / "tree"), "/sdcard/Download/")
    assert bench.shell("cat /sdcard/Download/tree/deep/er/b.txt") == "deep/er/b.txt"
    assert bench.adb("pull", "/sdcard/Download/tree", str(tmp_path / "copy")).returncode == 0
    assert (tmp_path / "copy" / "a.txt").read_text() == "a.txt"


def test_what_cannot_be_copied_is_refused_with_the_reason(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "x").write_text("x")
    refused = bench.adb("push", str(tmp_path / "x"), "/system/x")
    assert refused.returncode != 0
    assert b"Read-only file system" in refused.stderr
    missing = bench.adb("pull", "/data/local/tmp/nothing", str(tmp_path / "y"))
    assert b"No such file or directory" in missing.stderr


def test_exec_in_feeds_a_command_to_its_end(bench: Bench) -> None:
    bench.adb("exec-in", "cat > /data/local/tmp/fed", data=b"fed bytes")
    deadline = time.monotonic() + 5
    while bench.shell("cat /data/local/tmp/fed") != "fed bytes" and time.monotonic() < deadline:
        time.sleep(0.05)
    assert bench.shell("cat /data/local/tmp/fed") == "fed bytes"


@pytest.mark.parametrize("way", [(), ("--no-streaming",)], ids=["streamed", "pushed first"])
def test_an_apk_made_of_an_app_folder_installs(bench: Bench, tmp_path: Path, way: tuple[str, ...]) -> None:
    folder = write_app(tmp_path / "fresh", package="com.example.fresh")
    (tmp_path / "fresh.apk").write_bytes(build_apk(folder))
    done = bench.adb("install", *way, str(tmp_path / "fresh.apk"))
    assert b"Success" in done.stdout, done
    assert "package:com.example.fresh\n" in bench.shell("pm list packages -3")
    path = bench.shell("pm path com.example.fresh").removeprefix("package:").strip()
    assert bench.adb("pull", path, str(tmp_path / "back.apk")).returncode == 0
    assert (tmp_path / "back.apk").read_bytes() == (tmp_path / "fresh.apk").read_bytes()
    assert b"Success" in bench.adb("uninstall", "com.example.fresh").stdout
    assert "com.example.fresh" not in bench.shell("pm list packages")


def test_several_apks_install_as_one_session(bench: Bench, tmp_path: Path) -> None:
    folder = write_app(tmp_path / "split", package="com.example.split")
    (tmp_path / "base.apk").write_bytes(build_apk(folder))
    with zipfile.ZipFile(tmp_path / "split_config.zh.apk", "w") as archive:
        archive.writestr("resources.arsc", b"")
    done = bench.adb("install-multiple", str(tmp_path / "base.apk"), str(tmp_path / "split_config.zh.apk"))
    assert b"Success" in done.stdout, done
    assert "package:com.example.split" in bench.shell("pm list packages")


def test_a_file_that_is_no_apk_gives_the_real_failure(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "no.apk").write_bytes(b"this is no zip")
    done = bench.adb("install", str(tmp_path / "no.apk"))
    assert done.returncode != 0
    assert b"Failure [INSTALL_PARSE_FAILED_NOT_APK: Failed to parse /data/app/vmdl" in done.stdout + done.stderr


def test_a_full_storage_refuses_files_and_apps(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "app.apk").write_bytes(build_apk(write_app(tmp_path / "app", package="com.example.late")))
    bench.device.system.files.full = True
    try:
        assert b"INSTALL_FAILED_INSUFFICIENT_STORAGE" in bench.adb("install", str(tmp_path / "app.apk")).stderr
        assert b"No space left on device" in bench.adb("push", str(tmp_path / "app.apk"), "/data/local/tmp/").stderr
        assert "100%" in bench.shell("df /data")
    finally:
        bench.device.system.files.full = False


def test_a_reversed_port_leads_to_the_host_and_back(bench: Bench) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_echo_once, args=(listener,), daemon=True).start()
        host_port = listener.getsockname()[1]
        port = int(bench.adb("reverse", "tcp:0", f"tcp:{host_port}").stdout)
        assert f"tcp:{port} tcp:{host_port}" in bench.adb("reverse", "--list").stdout.decode()
        assert bench.run(lambda: _speak(bench, port, b"hello")) == b"HELLO"
        assert bench.adb("reverse", "--remove", f"tcp:{port}").returncode == 0
    assert b"not found" in bench.adb("reverse", "--remove", f"tcp:{port}").stderr
    assert bench.adb("reverse", "--list").stdout.strip() == b""


def test_a_reversed_port_can_be_named_and_moved_but_not_taken_twice(bench: Bench) -> None:
    assert bench.adb("reverse", "tcp:8765", "tcp:1").returncode == 0
    assert bench.adb("reverse", "--no-rebind", "tcp:8765", "tcp:2").returncode != 0
    assert bench.adb("reverse", "tcp:8765", "tcp:2").returncode == 0
    assert "tcp:8765 tcp:2" in bench.adb("reverse", "--list").stdout.decode()
    assert bench.adb("reverse", "--remove-all").returncode == 0


def test_a_reversed_port_whose_host_side_is_closed_ends_the_connection(bench: Bench) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        unused = listener.getsockname()[1]
    bench.adb("reverse", "tcp:8766", f"tcp:{unused}")
    assert bench.run(lambda: _speak(bench, 8766, b"hello")) == b""
    bench.adb("reverse", "--remove-all")


def test_a_log_is_followed_as_it_grows(bench: Bench) -> None:
    bench.shell("am start -n com.example.other/.MainActivity")
    with bench.server.open("-s", bench.serial, "logcat", "-b", "events", "-v", "epoch", "-T", "1") as following:
        assert following.stdout is not None
        following.stdout.readline()
        bench.shell("am start -n com.example.app/.MainActivity")
        try:
            lines = iter(following.stdout.readline, b"")
            line = next(line for line in lines if b"am_proc_start" in line and b"com.example.app" in line)
        finally:
            following.kill()
    seconds = float(line.split()[0])
    assert abs(seconds - bench.device.system.clock.wall_ns() / 1e9) < 10
    bench.shell("am force-stop com.example.app")


def test_two_devices_answer_through_one_adb_server(bench: Bench, private_adb: AdbServer, tmp_path: Path) -> None:
    with running_device(tmp_path, private_adb, profile="retail", seed=8) as other:
        serials = {each.shell("getprop ro.serialno") for each in (bench, other)}
        assert len(serials) == 2
        assert other.shell("id -u") == "2000\n"
        assert b"more than one device" in private_adb.run("shell", "id").stderr


def test_a_retail_phone_gives_no_root(private_adb: AdbServer, tmp_path: Path) -> None:
    with running_device(tmp_path, private_adb, profile="retail") as retail:
        assert b"cannot run as root in production builds" in retail.adb("root").stdout
        assert retail.adb("shell", "su -c id").returncode == 127
        assert "Permission denied" in retail.adb("shell", "cat /data/system/users/0/settings_ssaid.xml").stderr.decode()
        assert "Permission denied" in retail.adb("shell", "ls /data/data/com.example.app").stderr.decode()
        assert b"Permission denied" in retail.adb("shell", "mount -t tmpfs tmpfs /system/etc").stderr


def test_a_dropped_connection_comes_back(bench: Bench) -> None:
    bench.adb("reverse", "tcp:9999", "tcp:1")

    async def drop() -> None:
        bench.device.adb.drop()

    bench.run(drop)
    deadline = time.monotonic() + 15
    while bench.adb("get-state").stdout != b"device\n" and time.monotonic() < deadline:
        bench.server.run("connect", bench.serial)
        time.sleep(0.1)
    assert bench.shell("echo back") == "back\n"
    assert 9999 not in bench.device.system.reverse_listeners


def test_a_closed_stream_ends_its_command(bench: Bench) -> None:
    with bench.server.open("-s", bench.serial, "shell", "while :; do sleep 0.05; done") as endless:
        deadline = time.monotonic() + 5
        while "while :" not in bench.shell("ps -A -o ARGS") and time.monotonic() < deadline:
            time.sleep(0.05)
        endless.kill()
    while "while :" in bench.shell("ps -A -o ARGS") and time.monotonic() < deadline:
        time.sleep(0.05)
    assert "while :" not in bench.shell("ps -A -o ARGS")


def test_shell_calls_are_quick(bench: Bench) -> None:
    """Far above what it costs (about 4 ms), far below what a slow device costs."""
    started = time.monotonic()
    for _ in range(20):
        bench.adbutils.open_transport(timeout=5).close()
        bench.shell("cat /proc/uptime")
    assert time.monotonic() - started < 4


def test_nonsense_on_the_adb_port_harms_nobody(bench: Bench) -> None:
    with socket.create_connection(("127.0.0.1", bench.device.port)) as stranger:
        stranger.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        stranger.settimeout(5)
        assert stranger.recv(100) == b""
    assert bench.shell("echo well") == "well\n"


def _echo_once(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.sendall(connection.recv(100).upper())


async def _speak(bench: Bench, port: int, words: bytes) -> bytes:
    """What a process on the device hears when it connects to a port there and says something."""
    ours, theirs = socket.socketpair()
    handler = bench.device.system.reverse_listeners[port]
    work = asyncio.ensure_future(handler(*await asyncio.open_connection(sock=theirs)))
    reader, writer = await asyncio.open_connection(sock=ours)
    writer.write(words)
    answer = await asyncio.wait_for(reader.read(100), 5)
    writer.close()
    await asyncio.wait_for(work, 5)
    return answer
