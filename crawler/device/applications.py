"""Installing, starting and describing packages: command lines of the device and what their words mean."""

import re
import shlex
import zipfile
from pathlib import Path, PurePosixPath

from crawler.device.adb import AdbTransport
from crawler.device.apk_files import ApkPart, open_part, parts_of
from crawler.device.dumps import parse_apk_paths, parse_app_links, parse_package, parse_resolved_activity
from crawler.device.errors import CommandFailed, InstallFailed, NotAnApk, PackageMissing
from crawler.device.model import PackageInfo, ShellResult

__all__ = ["clear", "describe", "install", "launch", "running", "stop", "uninstall"]

_INSTALL_SECONDS = 300
_COMMAND_SECONDS = 20
_HASH_SECONDS = 60
_PACKAGE = re.compile(r"[A-Za-z_][\w.]{0,254}", re.ASCII)
_LAUNCH_FLAGS = "0x10200000"
"""NEW_TASK and RESET_TASK_IF_NEEDED: what a launcher sets when its icon is tapped."""
_SUCCESS = re.compile(r"^Success", re.MULTILINE)
_SESSION = re.compile(r"^Success: created install session \[(?P<number>\d+)\]", re.MULTILINE)
_REASON = re.compile(r"Failure \[(?P<reason>[A-Z_0-9]+)(?:[:\]]|$)")
_INSTALL_MENDS = {
    "INSTALL_FAILED_INSUFFICIENT_STORAGE": "Free some storage on the device, then install again.",
    "INSTALL_FAILED_USER_RESTRICTED": (
        "Allow installation over USB in the developer options (on Xiaomi phones 'Install via USB') and confirm on "
        "the screen when the device asks."
    ),
    "INSTALL_FAILED_UPDATE_INCOMPATIBLE": "Uninstall the app first: the installed one is signed by somebody else.",
    "INSTALL_FAILED_VERSION_DOWNGRADE": "Uninstall the app first: a newer version is installed.",
    "INSTALL_FAILED_NO_MATCHING_ABIS": "Use an APK (or a device) of the other processor type.",
    "INSTALL_FAILED_OLDER_SDK": "Use a device with a newer Android.",
    "INSTALL_FAILED_MISSING_SPLIT": (
        "This is one part of a split app: give its complete APK, or an archive (.apks, .xapk, .apkm) with all its parts."
    ),
    "INSTALL_PARSE_FAILED_NO_CERTIFICATES": "The APK is not signed: give the one that users get.",
}


def install(transport: AdbTransport, apk_path: Path) -> None:
    """Stream an APK, or an archive of an app's base and splits, into the package installer. Grants nothing: no -g, ever.

    Raises NotAnApk before the device is asked, and InstallFailed with the installer's own reason.
    """
    parts = parts_of(apk_path)
    # -r replaces, -t takes test builds, as developers hand them over.
    if len(parts) == 1:
        words = _stream(transport, f"cmd package install -r -t -S {parts[0].size}", parts[0])
    else:
        words = _install_together(transport, parts)
    if not _SUCCESS.search(words):
        raise _refused(apk_path, words)


def _install_together(transport: AdbTransport, parts: tuple[ApkPart, ...]) -> str:
    """What the installer said last: of the part that it did not take, or of the whole."""
    total = sum(part.size for part in parts)
    answer = transport.execute(f"cmd package install-create -r -t -S {total}", _COMMAND_SECONDS, max_output=1 << 20)
    words = answer.decode("utf-8", "replace").strip()
    created = _SESSION.search(words)
    if created is None:
        return words
    session, written = created["number"], False
    try:
        for index, part in enumerate(parts):
            # An archive's own names are hostile, and Android reads from the APK which part it is.
            command = f"cmd package install-write -S {part.size} {session} {index}_{_kind(part)}.apk -"
            words = _stream(transport, command, part)
            if not _SUCCESS.search(words):
                return words
        written = True
    finally:
        if not written:
            transport.shell(f"cmd package install-abandon {session}", _COMMAND_SECONDS)
    answer = transport.execute(f"cmd package install-commit {session}", _INSTALL_SECONDS, max_output=1 << 20)
    return answer.decode("utf-8", "replace").strip()


def _kind(part: ApkPart) -> str:
    name = PurePosixPath(part.member).name.lower()
    return "split" if name.startswith(("split", "config.")) else "base" if name.startswith("base") else "part"


def _stream(transport: AdbTransport, command: str, part: ApkPart) -> str:
    try:
        with open_part(part) as content:
            answer = transport.execute(command, _INSTALL_SECONDS, max_output=1 << 20, send=content)
    except zipfile.BadZipFile as error:
        raise NotAnApk(f"{part.member!r} in {part.file} is damaged: {error}") from error
    return answer.decode("utf-8", "replace").strip()


def _refused(apk_path: Path, words: str) -> InstallFailed:
    found = _REASON.search(words)
    reason = found["reason"] if found else "UNKNOWN"
    return InstallFailed(
        f"{apk_path.name} could not be installed: {_last_line(words) or 'the device says nothing'}",
        reason=reason,
        mend=_INSTALL_MENDS.get(reason),
    )


def uninstall(transport: AdbTransport, package: str) -> None:
    result = transport.shell(f"pm uninstall {_quoted(package)}", _COMMAND_SECONDS * 3)
    if "Success" not in result.output:
        _require_installed(transport, package)
        raise CommandFailed(f"{package} could not be uninstalled: {_last_line(result.output)}")


def clear(transport: AdbTransport, package: str) -> None:
    """Data, permissions and the record of permission answers, as after an installation."""
    result = transport.shell(f"pm clear {_quoted(package)}", _COMMAND_SECONDS * 3)
    if not _SUCCESS.search(result.output):
        _require_installed(transport, package)
        raise CommandFailed(f"the data of {package} could not be cleared: {_last_line(result.output)}")


def launch(transport: AdbTransport, package: str) -> None:
    """Start what a tap on the app's icon starts."""
    component = _launcher_activity(transport, package)
    if component is None:
        _launch_by_monkey(transport, package)
        return
    command = (
        f"am start -a android.intent.action.MAIN -c android.intent.category.LAUNCHER -f {_LAUNCH_FLAGS} "
        f"-n {shlex.quote(component)}"
    )
    result = transport.shell(command, _COMMAND_SECONDS)
    if not result.ok or re.search(r"^(?:Error\b|.*Exception)", result.output, re.MULTILINE):
        raise CommandFailed(f"{package} could not be started: {_last_line(result.output)}")


def stop(transport: AdbTransport, package: str) -> None:
    transport.shell(f"am force-stop {_quoted(package)}", _COMMAND_SECONDS)


def running(transport: AdbTransport, package: str) -> bool:
    """Whether the package's main process lives."""
    result = transport.shell(f"pidof {_quoted(package)}", _COMMAND_SECONDS)
    return re.search(r"^\d+", result.output, re.MULTILINE) is not None


def describe(transport: AdbTransport, package: str) -> PackageInfo:
    paths = _apk_paths(transport, package)
    dump = parse_package(transport.shell(f"dumpsys package {_quoted(package)}", _COMMAND_SECONDS).output, package)
    if dump is None:
        raise CommandFailed(f"the device does not describe {package}, though it is installed")
    return PackageInfo(
        package=package,
        version_name=dump.version_name,
        version_code=dump.version_code,
        target_sdk=dump.target_sdk,
        uid=dump.uid,
        label=None,
        apk_paths=paths,
        apk_sha256=_sha256(transport, paths[0]),
        requested_permissions=dump.requested_permissions,
        permissions=dump.permissions,
        signer=dump.signer,
        system=dump.system,
        links=parse_app_links(transport.shell(f"pm get-app-links {_quoted(package)}", _COMMAND_SECONDS).output),
    )


def _apk_paths(transport: AdbTransport, package: str) -> tuple[str, ...]:
    paths = parse_apk_paths(transport.shell(f"pm path {_quoted(package)}", _COMMAND_SECONDS).output)
    if not paths:
        raise PackageMissing(f"{package} is not installed on {transport.serial}")
    return paths


def _require_installed(transport: AdbTransport, package: str) -> None:
    _apk_paths(transport, package)


def _sha256(transport: AdbTransport, path: str) -> str | None:
    result = transport.shell(f"sha256sum {shlex.quote(path)}", _HASH_SECONDS)
    found = re.match(r"([0-9a-f]{64})\b", result.output.strip())
    return found[1] if found else None


def _launcher_activity(transport: AdbTransport, package: str) -> str | None:
    command = (
        "cmd package resolve-activity --brief -a android.intent.action.MAIN -c android.intent.category.LAUNCHER "
        + _quoted(package)
    )
    component = parse_resolved_activity(transport.shell(command, _COMMAND_SECONDS).output)
    # With several launcher activities Android answers with its chooser instead.
    return component if component is not None and component.startswith(package + "/") else None


def _launch_by_monkey(transport: AdbTransport, package: str) -> None:
    _require_installed(transport, package)
    command = f"monkey -p {_quoted(package)} -c android.intent.category.LAUNCHER 1"
    result: ShellResult = transport.shell(command, _COMMAND_SECONDS)
    if not result.ok or "No activities found" in result.output:
        raise CommandFailed(
            f"{package} has nothing to start: no launcher activity",
            mend="Name an app that has an icon in the launcher.",
        )


def _quoted(package: str) -> str:
    if not _PACKAGE.fullmatch(package):
        raise PackageMissing(f"{package!r} is not a package name", mend="Package names look like com.example.app.")
    return package


def _last_line(words: str) -> str:
    lines = [line.strip() for line in words.splitlines() if line.strip()]
    return lines[-1][:300] if lines else ""
