"""System properties: what getprop prints and setprop may change."""

from collections.abc import Iterator, Mapping

from lab.profile import Profile

__all__ = ["Properties"]


class Properties:
    """`ro.` values are written once, as on a phone."""

    def __init__(self, profile: Profile, *, serial: str) -> None:
        self._values: dict[str, str] = {
            **_running(profile),
            **_built(profile, serial),
            **profile.properties,
        }

    def get(self, name: str, default: str = "") -> str:
        """The value, or `default` when unset."""
        return self._values.get(name, default)

    def set(self, name: str, value: str) -> bool:
        """False when the property is read-only and set."""
        if name.startswith("ro.") and name in self._values:
            return False
        self._values[name] = value
        return True

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(sorted(self._values.items()))


def _built(profile: Profile, serial: str) -> Mapping[str, str]:
    """What the vendor's build wrote down."""
    kind = profile.properties.get("ro.build.type", "user")
    tags = profile.properties.get("ro.build.tags", "release-keys")
    fingerprint = (
        f"{profile.brand}/{profile.product}/{profile.device}:{profile.android}/{profile.build}/8808248:{kind}/{tags}"
    )
    return {
        "ro.bootloader": "unknown",
        "ro.boot.serialno": serial,
        "ro.build.characteristics": "default",
        "ro.build.date.utc": "1663150000",
        "ro.build.display.id": f"{profile.product}-{kind} {profile.android} {profile.build} 8808248 {tags}",
        "ro.build.fingerprint": fingerprint,
        "ro.build.id": profile.build,
        "ro.build.product": profile.device,
        "ro.build.type": kind,
        "ro.build.user": "build",
        "ro.build.version.codename": "REL",
        "ro.build.version.incremental": "8808248",
        "ro.build.version.release": profile.android,
        "ro.build.version.release_or_codename": profile.android,
        "ro.build.version.sdk": str(profile.sdk),
        "ro.build.version.security_patch": "2022-09-05",
        "ro.crypto.state": "encrypted",
        "ro.crypto.type": "file",
        "ro.hardware": profile.device,
        "ro.product.board": profile.device,
        "ro.product.brand": profile.brand,
        "ro.product.build.fingerprint": fingerprint,
        "ro.product.cpu.abi": "arm64-v8a",
        "ro.product.cpu.abilist": "arm64-v8a,armeabi-v7a,armeabi",
        "ro.product.device": profile.device,
        "ro.product.first_api_level": str(profile.sdk),
        "ro.product.locale": profile.locale,
        "ro.product.manufacturer": profile.manufacturer,
        "ro.product.model": profile.model,
        "ro.product.name": profile.product,
        "ro.serialno": serial,
        "ro.sf.lcd_density": str(profile.density),
        "ro.treble.enabled": "true",
        "ro.vendor.build.fingerprint": fingerprint,
        "ro.zygote": "zygote64_32",
    }


def _running(profile: Profile) -> Mapping[str, str]:
    """What services have set since boot."""
    return {
        "dalvik.vm.heapgrowthlimit": "192m",
        "dalvik.vm.heapsize": "512m",
        "dev.bootcomplete": "1",
        "gsm.operator.alpha": "中国移动",
        "gsm.operator.numeric": "46000",
        "gsm.sim.operator.numeric": "46000",
        "gsm.sim.state": "LOADED,ABSENT",
        "init.svc.adbd": "running",
        "init.svc.bootanim": "stopped",
        "net.bt.name": "Android",
        "persist.sys.locale": profile.locale,
        "persist.sys.timezone": profile.timezone,
        "sys.boot_completed": "1",
        "sys.user.0.ce_available": "true",
        "wifi.interface": "wlan0",
    }
