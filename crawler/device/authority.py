"""Putting a certificate authority among those that all apps trust, on rooted devices, and taking it out again.

Until Android 13 the store is /system/etc/security/cacerts: a memory file system with the old certificates and ours is
mounted over it. Where /apex/com.android.conscrypt/cacerts exists (Android 14, and 13 with module updates) apps read
that one, and each sees the mounts of the zygote it came from: the store is then bound there in every zygote's mount
namespace and in that of every running app. The path decides, not the version. A reboot undoes all of it.

Chrome believes a certificate of the system store only with certificate transparency, one of the user's store without:
ours goes into both.
"""

import re
import shlex

from crawler.device.driver import DeviceDriver
from crawler.device.errors import CommandFailed

__all__ = ["authority_installed", "install_authority", "remove_authority"]

_STORE = "/system/etc/security/cacerts"
_APEX_STORE = "/apex/com.android.conscrypt/cacerts"
_USER_STORE = "/data/misc/user/0/cacerts-added"
_WORK = "/data/local/tmp/appwitness-authority"
_SECONDS = 60.0
_NAME = re.compile(r"[0-9a-f]{8}\.\d{1,2}")

_IN_EVERY_NAMESPACE = """
if [ -d {apex} ]; then
  for zygote in $(pidof zygote; pidof zygote64); do
    for process in $zygote $(ps -A -o PID,PPID | grep -E " +$zygote\\$" | grep -oE "^ *[0-9]+"); do
      {action}
    done
  done
fi
"""
_INSTALL = """
rm -rf {work}/old
mkdir -p {work}/old || exit 1
from={store}
if [ -d {apex} ]; then from={apex}; fi
if [ -n "$(ls $from)" ]; then cp $from/* {work}/old/ || exit 1; fi
mount -t tmpfs tmpfs {store} || exit 1
if [ -n "$(ls {work}/old)" ]; then cp {work}/old/* {store}/ || umount {store}; fi
cp {work}/{name} {store}/{name}
chown root:root {store}/*
chmod 644 {store}/*
chcon u:object_r:system_file:s0 {store}/*
rm -rf {work}/old
mkdir -p {user}
cp {work}/{name} {user}/{name}
chown system:system {user}/{name}
chmod 644 {user}/{name}
"""
_BIND = "nsenter --mount=/proc/$process/ns/mnt -- /system/bin/mount -o bind {store} {apex}"
_UNBIND = "nsenter --mount=/proc/$process/ns/mnt -- /system/bin/umount {apex}"
_REMOVE = """
rm -f {user}/{name}
rm -rf {work}
if grep -q " {store} tmpfs " /proc/mounts; then umount {store}; fi
"""


def install_authority(driver: DeviceDriver, certificate: bytes, name: str) -> None:
    """Make every app trust it. `name`: as the store names it, `<subject_hash_old>.0`. Raises CommandFailed."""
    _check(name)
    driver.push(certificate, f"{_WORK}/{name}")
    script = _filled(_INSTALL, name) + _everywhere(_BIND)
    result = driver.root_shell(f"sh -c {shlex.quote(script)}", _SECONDS)
    if not authority_installed(driver, name):
        raise CommandFailed(f"the certificate could not be put into the system's store: {result.output.strip()[-300:]}")


def authority_installed(driver: DeviceDriver, name: str) -> bool:
    """Whether the store that apps read holds it."""
    _check(name)
    script = f"if [ -d {_APEX_STORE} ]; then ls {_APEX_STORE}/{name}; else ls {_STORE}/{name}; fi"
    if not driver.info().rooted:
        return driver.shell(script).ok
    # In the eyes of an app: of the zygote that it would come from.
    zygote = driver.shell("pidof zygote64 || pidof zygote").output.split()
    if zygote and zygote[0].isdecimal() and driver.shell(f"test -d {_APEX_STORE}").ok:
        return driver.root_shell(f"nsenter --mount=/proc/{zygote[0]}/ns/mnt -- ls {_APEX_STORE}/{name}").ok
    return driver.root_shell(script).ok


def remove_authority(driver: DeviceDriver, name: str) -> None:
    """Undo install_authority, also half of one. Harmless when nothing is there."""
    _check(name)
    script = _everywhere(_UNBIND) + _filled(_REMOVE, name)
    result = driver.root_shell(f"sh -c {shlex.quote(script)}", _SECONDS)
    left = driver.root_shell(f'grep " {_STORE} tmpfs " /proc/mounts', _SECONDS)
    if left.ok:
        raise CommandFailed(
            f"the certificate store could not be brought back: {result.output.strip()[-300:]}",
            mend="Restart the device: that removes the certificate.",
        )


def _everywhere(action: str) -> str:
    filled = action.format(store=_STORE, apex=_APEX_STORE)
    return _IN_EVERY_NAMESPACE.format(apex=_APEX_STORE, action=filled)


def _filled(script: str, name: str) -> str:
    return script.format(store=_STORE, apex=_APEX_STORE, user=_USER_STORE, work=_WORK, name=name)


def _check(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise CommandFailed(f"{name!r} is no name of a certificate in Android's store")
