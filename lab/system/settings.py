"""The settings provider: three tables of texts, with the history a listener may want."""

from collections.abc import Callable

from lab.profile import Profile

__all__ = ["NAMESPACES", "Settings"]

NAMESPACES = ("global", "secure", "system")


class Settings:
    """`get(namespace, key)` is None when unset. Listeners hear every change."""

    def __init__(self, profile: Profile, *, android_id: str, oaid: str, bluetooth: str) -> None:
        self.listeners: list[Callable[[str, str, str | None], None]] = []
        self._tables: dict[str, dict[str, str]] = {
            "global": _global(profile, oaid),
            "secure": _secure(profile, android_id, bluetooth),
            "system": _system(profile),
        }

    def get(self, namespace: str, key: str) -> str | None:
        """The value, or None when unset."""
        return self._tables[namespace].get(key)

    def put(self, namespace: str, key: str, value: str) -> None:
        """Set a value and tell the listeners."""
        self._tables[namespace][key] = value
        self._tell(namespace, key, value)

    def delete(self, namespace: str, key: str) -> bool:
        """True when there was something to delete."""
        existed = self._tables[namespace].pop(key, None) is not None
        if existed:
            self._tell(namespace, key, None)
        return existed

    def items(self, namespace: str) -> list[tuple[str, str]]:
        """All pairs of a table, sorted."""
        return sorted(self._tables[namespace].items())

    @property
    def proxy(self) -> tuple[str, int] | None:
        """The global HTTP proxy an app sees, or None. `:0` and an empty value mean none."""
        host, _, port = (self.get("global", "http_proxy") or "").rpartition(":")
        return (host, int(port)) if host and port.isdecimal() and int(port) else None

    def _tell(self, namespace: str, key: str, value: str | None) -> None:
        for listener in self.listeners:
            listener(namespace, key, value)


def _global(profile: Profile, oaid: str) -> dict[str, str]:
    return {
        "adb_enabled": "1",
        "airplane_mode_on": "0",
        "animator_duration_scale": "1.0",
        "auto_time": "1",
        "boot_count": "7",
        "bluetooth_on": "1",
        "development_settings_enabled": "1",
        "device_name": profile.model,
        "device_provisioned": "1",
        "mobile_data": "1",
        "pps_oaid": oaid,
        "pps_track_limit": "false",
        "private_dns_mode": "off",
        "stay_on_while_plugged_in": "0",
        "transition_animation_scale": "1.0",
        "verifier_verify_adb_installs": "0",
        "wifi_on": "1",
        "window_animation_scale": "1.0",
    }


def _secure(profile: Profile, android_id: str, bluetooth: str) -> dict[str, str]:
    return {
        "android_id": android_id,
        "accessibility_enabled": "0",
        "bluetooth_address": bluetooth,
        "bluetooth_name": profile.model,
        "default_input_method": "com.android.inputmethod.latin/.LatinIME",
        "enabled_input_methods": "com.android.inputmethod.latin/.LatinIME",
        "location_mode": "3",
        "mock_location": "0",
        "show_ime_with_hard_keyboard": "1",
        "user_setup_complete": "1",
    }


def _system(profile: Profile) -> dict[str, str]:
    return {
        "accelerometer_rotation": "0",
        "font_scale": "1.0",
        "pointer_location": "0",
        "screen_brightness": "102",
        "screen_brightness_mode": "0",
        "screen_off_timeout": "60000",
        "show_touches": "0",
        "system_locales": profile.locale,
        "user_rotation": "0",
        "volume_music": "5",
    }
