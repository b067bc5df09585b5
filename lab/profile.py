"""What kind of device a lab device is: Android version, screen, wording, who may do what. Data, not code."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lab.definition import DefinitionError
from lab.reading import Fault, TableReader

__all__ = ["Profile", "load_profile"]

PROFILES = Path(__file__).parent / "profiles"


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A device model. Identity (serial, IMEI ...) comes from the device's seed, not from here."""

    name: str
    android: str
    sdk: int
    manufacturer: str
    brand: str
    model: str
    device: str
    product: str
    build: str
    width: int
    height: int
    density: int
    locale: str
    timezone: str
    utc_offset_minutes: int
    adb_root: bool
    """adbd runs as root, as on an emulator after `adb root`."""
    su: bool
    """A `su` binary answers."""
    clock_offset_ms: int
    """How far the device's wall clock is from the host's."""
    launcher: str
    """component of the home screen, package/activity"""
    browser: str
    permission_controller: str
    system_ui: str
    settings_app: str
    properties: Mapping[str, str]
    """Further system properties; they win over the derived ones."""

    @property
    def scale(self) -> float:
        """Device pixels per CSS pixel."""
        return self.density / 160

    @property
    def language(self) -> str:
        """`zh` of `zh-CN`."""
        return self.locale.partition("-")[0]


def load_profile(name: str | Path) -> Profile:
    """Read a shipped profile by name, or any TOML file by path. Raises DefinitionError."""
    path = Path(name) if str(name).endswith(".toml") else PROFILES / f"{name}.toml"
    if not path.is_file():
        known = ", ".join(sorted(each.stem for each in PROFILES.glob("*.toml")))
        raise DefinitionError([Fault(str(path), "there is no such profile", f"use one of {known}, or a .toml file")])
    faults: list[Fault] = []
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DefinitionError([Fault(str(path), f"is not TOML: {error}", "mend the syntax at that line")]) from error
    profile = _profile(path.stem, TableReader(str(path), table, faults))
    if faults:
        raise DefinitionError(faults)
    return profile


def _profile(name: str, reader: TableReader) -> Profile:
    component = r"[\w.]+/[\w.$]+"
    profile = Profile(
        name=name,
        android=reader.text("android", example="13"),
        sdk=reader.integer("sdk", minimum=24, maximum=99),
        manufacturer=reader.text("manufacturer", example="Lanting"),
        brand=reader.text("brand", example="Lanting"),
        model=reader.text("model", example="LT-A13"),
        device=reader.text("device", example="lt13"),
        product=reader.text("product", example="lt13_cn"),
        build=reader.text("build", example="TP1A.220624.014"),
        width=reader.integer("width", minimum=240, maximum=4320),
        height=reader.integer("height", minimum=320, maximum=7680),
        density=reader.integer("density", minimum=120, maximum=640),
        locale=reader.text("locale", pattern=r"[a-z]{2}-[A-Z]{2}", example="zh-CN"),
        timezone=reader.text("timezone", example="Asia/Shanghai"),
        utc_offset_minutes=reader.integer("utc_offset_minutes", minimum=-720, maximum=840),
        adb_root=reader.flag("adb_root"),
        su=reader.flag("su"),
        clock_offset_ms=reader.integer("clock_offset_ms", default=0, minimum=-86_400_000, maximum=86_400_000),
        launcher=reader.text("launcher", pattern=component, example="com.android.launcher3/.Launcher"),
        browser=reader.text("browser", pattern=component, example="com.android.browser/.BrowserActivity"),
        permission_controller=reader.text("permission_controller", example="com.android.permissioncontroller"),
        system_ui=reader.text("system_ui", example="com.android.systemui"),
        settings_app=reader.text("settings_app", pattern=component, example="com.android.settings/.Settings"),
        properties=reader.values("properties"),
    )
    reader.close()
    return profile
