"""The report says who received each request, where that is, and what nobody saw."""

from __future__ import annotations

import html
import re

import pytest

from crawler.session.case import judge_again
from evidence.canonical import Json
from tests.crawler.report.made_case import ANDROID_ID, KEY, UID, Film, build_case, picture, tree
from traffic import recipients
from traffic.address_data import AddressData

HEADER = "# Generated: Thu, 25 Jun 2026 04:33:59 GMT\n# Vendor: Made Up\n# License: CC BY-SA 4.0\n"
MAINLAND, ABROAD, TAIWAN = "114.114.114.114", "8.8.8.8", "168.95.1.1"
PLACES = {MAINLAND: "CN", ABROAD: "US", TAIWAN: "TW"}


def answer(film: Film, address: str | None, **headers: str) -> None:
    server: dict[str, Json] = {"host": "x", "port": 443, "address": address}
    pairs: list[Json] = [[name.replace("_", "-"), value] for name, value in headers.items()]
    film.traffic.append(
        "ResponseReceived",
        {"flow": f"f{film.flows}", "status": 200, "headers": pairs, "body": None, "body_length": 0, "server": server},
    )


def cold_start(film: Film) -> None:
    now = film.clock.now()
    sample = {"host_mono_ns": now.mono_ns, "host_wall_ns": now.wall_ns, "rtt_ns": 5_000_000}
    film.device.append("ClockSampled", {**sample, "device_wall_ns": now.wall_ns - 1_500_000_000})
    film.step("launch", "open")
    film.look(picture(card="用户协议和隐私政策"), tree("consent"))
    film.wait(1)
    film.send("api.xiaoyu-reader.test", f"/v1/start?id={ANDROID_ID}")
    answer(film, ABROAD)
    film.send("log.umsns.com", f"/collect?id={ANDROID_ID}")
    answer(film, MAINLAND)
    film.send("www.lanting.test", "/x")
    answer(film, TAIWAN)
    film.send("cdn.xiaoyu-reader.test", "/x")
    answer(film, MAINLAND, EagleId="7a")
    film.send("api2.amplitude.com", "/2/httpapi", b'{"events":[{"device_id":"<b>a81c77f0e2d4"}]}')
    row: Json = {"uid": UID, "local_port": 45001, "remote": ABROAD, "remote_port": 5222, "state": "ESTABLISHED"}
    at = film.clock.monotonic_ns()
    film.device.append("SocketsSeen", {"started": at, "finished": at, "rows": [], "direct": [row]})
    film.wait(5)
    film.look(picture(card="用户协议和隐私政策"), tree("consent"))


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("data")
    numbers = sorted(
        (sum(int(part) << (24 - 8 * at) for at, part in enumerate(a.split("."))), c) for a, c in PLACES.items()
    )
    (folder / "geoip").write_text(HEADER + "".join(f"{n},{n},{code}\n" for n, code in numbers), encoding="utf-8")
    data = AddressData.open(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recipients, "address_data", lambda: data)
        case = build_case(tmp_path_factory.mktemp("case") / "xiaoyu", plays={"S01-cold-start": cold_start})
        judge_again(case, KEY)
    return (case / "report.html").read_text(encoding="utf-8")


def row_of(source: str, host: str) -> str:
    table = source[source.index('<table class="requests">') :]
    return next(re.sub(r"<[^>]+>", " ", row) for row in re.findall(r"<tr>.*?</tr>", table, re.S) if host in row)


@pytest.mark.parametrize(
    ("host", "told"),
    [
        ("api.xiaoyu-reader.test", ("境外（US）", "abroad (US)", ABROAD)),
        ("log.umsns.com", ("友盟社会化分享", "中国内地", "mainland China", MAINLAND)),
        ("www.lanting.test", ("中国台湾", "Taiwan, China", TAIWAN)),
        ("cdn.xiaoyu-reader.test", ("不确定", "uncertain", MAINLAND)),
        ("api2.amplitude.com", ("Amplitude", "不确定", "events.device_id")),
    ],
)
def test_each_request_says_who_received_it_and_where(source: str, host: str, told: tuple[str, ...]) -> None:
    row = html.unescape(row_of(source, host))
    for words in told:
        assert words in row


def test_a_finding_says_it_with_source_and_date(source: str) -> None:
    card = source[source.index('id="finding-1"') :].partition("</section>")[0]
    assert "Made Up location database, 2026-06-25, CC BY-SA 4.0" in card
    assert "abroad (US)" in card


def test_what_limits_the_session_is_stated(source: str) -> None:
    assert f"{ABROAD}:5222 (US)" in source
    assert "设备时钟与主机相差-1500.0毫秒（误差±2.5毫秒，1次采样）" in source
    assert "device clock -1500.0 ms against the host&#39;s (±2.5 ms, 1 samples)" in source


def test_leads_are_told_apart_from_findings(source: str) -> None:
    leads = source[source.index("Leads: for a person") :].partition("</section>")[0]
    assert "events.device_id" in leads
    assert "a81c77f0e2d4" not in source
