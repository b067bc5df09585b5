"""app.toml and profiles: what is read, and how faults are told."""

from pathlib import Path

import pytest

from lab.definition import CATEGORIES, DefinitionError, load_app, load_catalogue
from lab.profile import load_profile
from tests.lab.bench import write_app

FULL = """
package = "com.lanting.shop"
label = "澜庭商城"
version_name = "5.2.1"
version_code = 5210
category = "网上购物类"
target_sdk = 30
permissions = ["android.permission.CAMERA"]
opaque = true
secure = true
hosts = ["api.lanting.test", "api.lanting.test:8443"]

[[activities]]
name = ".SplashActivity"
page = "index.html"
main = true

[[activities]]
name = "com.other.Widget"
page = "index.html?x=1#y"

[[sdks]]
name = "某统计"
hosts = ["log.stat.test"]

[network]
trust = "pinned"

[[companions]]
package = "android"
url = "https://system.test/report"
sends = ["android_id"]

[truth]
findings = ["M1-05", "N-02"]
note = "sends before consent"
"""


def folder(root: Path, text: str, name: str = "app") -> Path:
    made = root / name
    (made / "web").mkdir(parents=True)
    (made / "web" / "index.html").write_text("x")
    (made / "app.toml").write_text(text, encoding="utf-8")
    return made


def test_everything_that_may_be_said_is_read(tmp_path: Path) -> None:
    app = load_app(folder(tmp_path, FULL))
    assert (app.package, app.label, app.version_code, app.category) == (
        "com.lanting.shop",
        "澜庭商城",
        5210,
        "网上购物",
    )
    assert (app.opaque, app.secure, app.trust, app.target_sdk) == (True, True, "pinned", 30)
    assert app.main_activity.name == ".SplashActivity"
    assert app.sdks[0].hosts == ("log.stat.test",)
    assert (app.companions[0].package, app.companions[0].when, app.companions[0].form) == (
        "android",
        "app_started",
        "json",
    )
    assert app.truth.findings == ("M1-05", "N-02")


@pytest.mark.parametrize("name", [".SplashActivity", "SplashActivity", "com.lanting.shop.SplashActivity"])
def test_an_activity_is_found_by_every_way_of_naming_it(tmp_path: Path, name: str) -> None:
    assert load_app(folder(tmp_path, FULL)).activity(name) is not None


def test_an_unknown_activity_is_none(tmp_path: Path) -> None:
    assert load_app(folder(tmp_path, FULL)).activity(".Nothing") is None


def test_there_are_thirty_nine_categories() -> None:
    assert len(set(CATEGORIES)) == 39


def test_every_fault_is_told_at_once_with_place_and_mend(tmp_path: Path) -> None:
    faulty = """
    package = "shop"
    version_name = 5
    version_code = 0
    category = "网上购买"
    permissions = "CAMERA"
    lable = "x"
    [[activities]]
    name = "bad name"
    page = "missing.html"
    [[activities]]
    name = ".Two"
    page = "../app.toml"
    [network]
    trust = "everybody"
    [[companions]]
    package = "no"
    url = "ftp://x"
    when = "sometimes"
    [truth]
    findings = ["wrong"]
    """
    with pytest.raises(DefinitionError) as caught:
        load_app(folder(tmp_path, faulty))
    told = {fault.place.partition("app.toml: ")[2]: fault for fault in caught.value.faults}
    assert set(told) == {
        "package", "label", "version_name", "version_code", "category", "permissions", "lable", "activities",
        "activities[0].name", "activities[0].page", "activities[1].page", "network.trust", "companions[0].package",
        "companions[0].url", "companions[0].when", "truth.findings",
    }  # fmt: skip
    assert "网上购物" in told["category"].mend
    assert told["lable"].mend == "did you mean label?"
    assert all(fault.what and fault.mend for fault in caught.value.faults)


@pytest.mark.parametrize(
    ("text", "word"),
    [("package = ", "TOML"), (b"\xff\xfe", "UTF-8"), (None, "cannot be read")],
    ids=["broken TOML", "not UTF-8", "absent"],
)
def test_an_unreadable_manifest_is_one_fault(tmp_path: Path, text: str | bytes | None, word: str) -> None:
    made = folder(tmp_path, "")
    if text is None:
        (made / "app.toml").unlink()
    else:
        (made / "app.toml").write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(DefinitionError, match=word):
        load_app(made)


def test_one_main_activity_is_required(tmp_path: Path) -> None:
    text = FULL.replace("main = true\n", "")
    with pytest.raises(DefinitionError, match="0 are marked main"):
        load_app(folder(tmp_path, text))


def test_a_catalogue_tells_the_faults_of_all_its_apps(tmp_path: Path) -> None:
    write_app(tmp_path / "good")
    write_app(tmp_path / "twin")
    folder(tmp_path, "package = 1", "bad")
    (tmp_path / "empty").mkdir()
    (tmp_path / "_drafts").mkdir()
    with pytest.raises(DefinitionError) as caught:
        load_catalogue(tmp_path)
    text = str(caught.value)
    assert "is also used by good" in text
    assert "bad/app.toml: package" in text
    assert "empty: has no app.toml" in text
    assert "_drafts" not in text


def test_a_catalogue_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="is not a directory"):
        load_catalogue(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["aosp13", "aosp13en", "retail"])
def test_the_shipped_profiles_are_sound(name: str) -> None:
    profile = load_profile(name)
    assert (profile.width, profile.height, profile.scale) == (720, 1600, 2.0)
    assert profile.language == ("en" if name == "aosp13en" else "zh")
    assert profile.adb_root == (name != "retail")


def test_an_unknown_profile_names_the_known_ones() -> None:
    with pytest.raises(DefinitionError, match="aosp13, aosp13en, retail"):
        load_profile("pixel")


def test_a_profile_of_ones_own_is_read_strictly(tmp_path: Path) -> None:
    shipped = (Path(__file__).parents[2] / "lab" / "profiles" / "retail.toml").read_text(encoding="utf-8")
    own = tmp_path / "own.toml"
    own.write_text(shipped.replace('locale = "zh-CN"', 'locale = "en-US"'), encoding="utf-8")
    assert load_profile(own).language == "en"
    own.write_text(shipped.replace("density = 320", 'density = "high"\ndensty = 1'), encoding="utf-8")
    with pytest.raises(DefinitionError) as caught:
        load_profile(own)
    assert len(caught.value.faults) == 2
