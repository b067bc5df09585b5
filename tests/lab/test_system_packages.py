"""Packing, manifests, installation: what becomes an app on the device and what is refused."""

import io
import zipfile
from pathlib import Path

import pytest

from lab.definition import load_app
from lab.manifest import Manifest, ManifestError, manifest_bytes, read_manifest
from lab.packages import InstallRefused, build_apk, read_apk
from lab.profile import load_profile
from lab.system import System
from lab.system.installer import InstallChoices
from tests.lab.bench import write_app
from tests.lab.phone import APP, CAMERA, Phone, on_phone


def test_the_same_folder_packs_to_the_same_bytes(tmp_path: Path) -> None:
    folder = write_app(tmp_path / "app")
    assert build_apk(folder) == build_apk(folder)


def test_a_packed_app_unpacks_to_itself(tmp_path: Path) -> None:
    folder = write_app(tmp_path / "app", permissions=f'["{CAMERA}"]')
    (folder / "web" / "css").mkdir()
    (folder / "web" / "css" / "a.css").write_text("body{}")
    found = read_apk(build_apk(folder), name="x.apk", unpack_to=tmp_path)
    assert not isinstance(found, Manifest)
    assert (found.package, found.permissions) == (APP, (CAMERA,))
    assert (found.folder / "web" / "css" / "a.css").read_text() == "body{}"


def test_the_binary_manifest_says_what_the_app_is(tmp_path: Path) -> None:
    definition = load_app(write_app(tmp_path / "app", label="标签 <&>", permissions=f'["{CAMERA}"]', target_sdk="28"))
    manifest = read_manifest(manifest_bytes(definition))
    assert manifest.package == APP
    assert (manifest.version_code, manifest.version_name, manifest.target_sdk) == (123, "1.2.3", 28)
    assert manifest.permissions == (CAMERA,)
    assert manifest.activities == (f"{APP}.MainActivity",)
    assert manifest.label == "标签 <&>"


@pytest.mark.parametrize("cut", [0, 4, 9, 40, 200, -1])
def test_a_damaged_manifest_is_refused(tmp_path: Path, cut: int) -> None:
    whole = manifest_bytes(load_app(write_app(tmp_path / "app")))
    with pytest.raises(ManifestError):
        read_manifest(whole[:cut])


def archive(entries: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in entries.items():
            made.writestr(name, content)
    return buffer.getvalue()


def hostile_archives(root: Path) -> dict[str, tuple[bytes, str]]:
    """kind -> the archive and the end of the code it is refused with."""
    folder = write_app(root / "victim")
    parts = {"AndroidManifest.xml": manifest_bytes(load_app(folder)), "app.toml": (folder / "app.toml").read_bytes()}
    return {
        "no zip": (b"plain", "NOT_APK"),
        "empty zip": (archive({}), "UNEXPECTED_EXCEPTION"),
        "text manifest": (archive({"AndroidManifest.xml": b"<manifest/>"}), "MANIFEST_MALFORMED"),
        "no pages": (archive(parts), "MANIFEST_MALFORMED"),
        "broken app.toml": (archive({**parts, "app.toml": b"["}), "MANIFEST_MALFORMED"),
        "escaping path": (archive({**parts, "web/../../evil": b"x"}), "INVALID_APK"),
        "bomb": (archive({**parts, "web/index.html": bytes(80 * 1024 * 1024)}), "INSUFFICIENT_STORAGE"),
    }


@pytest.mark.parametrize(
    "kind", ["no zip", "empty zip", "text manifest", "no pages", "broken app.toml", "escaping path", "bomb"]
)
def test_hostile_archives_are_refused_with_the_installers_words(tmp_path: Path, kind: str) -> None:
    data, code = hostile_archives(tmp_path)[kind]
    with pytest.raises(InstallRefused) as caught:
        read_apk(data, name="base.apk", unpack_to=tmp_path)
    assert caught.value.code.endswith(code)
    assert not (tmp_path.parent / "evil").exists()


def test_an_update_keeps_uid_and_grants_and_an_older_version_is_refused(tmp_path: Path) -> None:
    async def work(phone: Phone) -> None:
        system = phone.system
        system.permissions.grant(APP, CAMERA)
        before = system.packages.get(APP)
        assert before is not None
        newer = write_app(tmp_path / "newer", permissions=f'["{CAMERA}"]')
        text = (newer / "app.toml").read_text(encoding="utf-8")
        (newer / "app.toml").write_text(text.replace("version_code = 123", "version_code = 200"), encoding="utf-8")
        await system.activities.start(APP)
        assert await system.installer.install(build_apk(newer), InstallChoices()) == APP
        after = system.packages.get(APP)
        assert after is not None
        assert (after.uid, after.definition.version_code) == (before.uid, 200)
        assert system.permissions.check(APP, CAMERA)
        assert system.applications.running(APP) is None
        with pytest.raises(InstallRefused, match="INSTALL_FAILED_VERSION_DOWNGRADE"):
            await system.installer.install(build_apk(write_app(tmp_path / "older")), InstallChoices())

    on_phone(tmp_path, work)


def test_a_companion_has_a_uid_of_its_own_and_no_icon(tmp_path: Path) -> None:
    folder = write_app(tmp_path / "host")
    with (folder / "app.toml").open("a", encoding="utf-8") as manifest:
        manifest.write('[[companions]]\npackage = "com.neighbour.news"\nlabel = "邻闻"\nurl = "https://n.test/x"\n')
    system = System(load_profile("aosp13"), seed=1)
    system.preinstall([load_app(folder)])
    neighbour = system.packages.get("com.neighbour.news")
    assert neighbour is not None
    assert neighbour.uid > 10000
    assert [app.package for app in system.packages.launchable()] == [APP]
    assert system.files.read(neighbour.apk_path).startswith(b"PK")


def test_a_real_apk_is_installed_as_what_its_manifest_says(tmp_path: Path) -> None:
    uiautomator2 = pytest.importorskip("uiautomator2")
    apk = Path(uiautomator2.__file__).parent / "assets" / "app-uiautomator.apk"
    if not apk.is_file():
        pytest.skip("this uiautomator2 carries no APK")

    async def work(phone: Phone) -> None:
        assert await phone.system.installer.install(apk.read_bytes(), InstallChoices()) == "com.github.uiautomator"
        installed = phone.system.packages.get("com.github.uiautomator")
        assert installed is not None
        assert "android.permission.INTERNET" in installed.install_permissions
        assert phone.system.files.read(installed.apk_path) == apk.read_bytes()
        assert await phone.system.activities.start("com.github.uiautomator")

    on_phone(tmp_path, work)
