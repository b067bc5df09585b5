"""A host leads to its product; a rented or shared domain never does; the app's own hosts are the app's."""

from __future__ import annotations

import tomllib
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traffic.attribution import (
    attribute,
    first_party_domains,
    known_sdks,
    load_table,
    package_label,
    registrable_domain,
)

PACKAGE = "com.lanting.shop"

CHINESE = {
    "ulogs.umeng.com": "umeng_analytics",
    "plbslog.umeng.com": "umeng_analytics",
    "cnlogs.umengcloud.com": "umeng_analytics",
    "umini.shujupie.com": "umeng_mini",
    "aspect-upush.umeng.com": "umeng_push",
    "honey.datasink.sensorsdata.cn": "sensors",
    "api.growingio.com": "growingio",
    "tdsdk.xdrig.com": "talkingdata",
    "tdsdk.cpatrk.net": "talkingdata",
    "u.zhugeapi.com": "zhuge",
    "receiver.ta.thinkingdata.cn": "thinkingdata",
    "toblog.ctobsnssdk.com": "bytedance_applog",
    "mcs.volceapplog.com": "bytedance_applog",
    "log.snssdk.com": "bytedance_applog",
    "hmma.baidu.com": "baidu_mtj",
    "oth.eve.mdt.qq.com": "tencent_beacon",
    "android.bugly.qq.com": "bugly",
    "aegis.qq.com": "tencent_aegis",
    "metrics.data.hicloud.com": "huawei_analytics",
    "data.mistat.xiaomi.com": "xiaomi_stat",
    "tracking.miui.com": "xiaomi_stat",
    "sdk.jpush.cn": "jpush",
    "s.jpush.cn": "jpush",
    "sdk.open.phone.igexin.com": "getui",
    "c-hzgt2.getui.com": "getui",
    "register.xmpush.xiaomi.com": "mipush",
    "grs.dbankcloud.com": "hms_push",
    "push.hihonorcloud.com": "honor_push",
    "api-push.vivo.com.cn": "vivo_push",
    "conn1.push.heytapmobi.com": "oppo_push",
    "tpns.tencent.com": "tpns",
    "m.data.mob.com": "mobtech",
    "nav.cn.ronghub.com": "rongcloud",
    "a1.easemob.com": "easemob",
    "api-access.pangolin-sdk-toutiao.com": "pangle",
    "mi.gdt.qq.com": "gdt",
    "mobads.baidu.com": "baidu_ads",
    "open.e.kuaishou.com": "kuaishou_ads",
    "ulog-sdk.gifshow.com": "kuaishou_ads",
    "adservice.sigmob.cn": "sigmob",
    "analytics.rayjump.com": "mintegral",
    "log.reyun.com": "reyun",
    "api.openinstall.io": "openinstall",
    "cdn.shuzilm.cn": "shuzilm",
    "fp-it.fengkongcloud.com": "shumei",
    "c.dun.163yun.com": "netease_yidun",
    "api.geetest.com": "geetest",
    "cn-fp.tongdun.net": "tongdun",
    "adashx.m.taobao.com": "alibaba_utdid",
    "restapi.amap.com": "amap",
    "loc.map.baidu.com": "baidu_lbs",
    "lbs.map.qq.com": "tencent_lbs",
    "open.weixin.qq.com": "wechat_open",
    "api.weibo.com": "weibo_open",
    "mobilegw.alipay.com": "alipay",
    "wap.cmpassport.com": "cmic_onekey",
    "cfg.imtt.qq.com": "x5_tbs",
    "a1b2c3d4.lc-cn-n1-shared.com": "leancloud",
    "honey-default-cn.rum.aliyuncs.com": "arms_rum",
    "stream.dcloud.net.cn": "dcloud",
    "ap-web-1.agora.io": "agora",
}
FOREIGN = {
    "firebaseinstallations.googleapis.com": "firebase",
    "firebase-settings.crashlytics.com": "firebase",
    "app-measurement.com": "google_analytics",
    "googleads.g.doubleclick.net": "admob",
    "graph.facebook.com": "facebook",
    "t.appsflyersdk.com": "appsflyer",
    "app.adjust.com": "adjust",
    "api2.branch.io": "branch",
    "api2.amplitude.com": "amplitude",
    "api.mixpanel.com": "mixpanel",
    "api.segment.io": "segment",
    "o123456.ingest.sentry.io": "sentry",
    "notify.bugsnag.com": "bugsnag",
    "onesignal.com": "onesignal",
    "sdk.iad-01.braze.com": "braze",
    "browser-intake-datadoghq.eu": "datadog",
    "eu1.clevertap-prod.com": "clevertap",
    "ms.applovin.com": "applovin",
}
SHARED = {
    "bucket.oss-cn-hangzhou.aliyuncs.com": "阿里云",
    "honeyproj.cn-hangzhou.log.aliyuncs.com": "阿里云",
    "app-1250000000.cos.ap-guangzhou.myqcloud.com": "腾讯",
    "www.qq.com": "腾讯",
    "h5api.m.taobao.com": "阿里巴巴",
    "ib.snssdk.com": "字节跳动",
    "www.baidu.com": "百度",
    "storage.googleapis.com": "Google",
    "d111111abcdef8.cloudfront.net": "Amazon",
    "store.vivo.com.cn": "vivo",
    "m.weibo.cn": "新浪",
}


@pytest.mark.parametrize(("host", "sdk"), [*CHINESE.items(), *FOREIGN.items()])
def test_a_host_leads_to_its_product(host: str, sdk: str) -> None:
    found = attribute(host, PACKAGE)
    assert (found.kind, found.sdk_id) == ("sdk", sdk)
    assert found.company
    assert found.purpose_zh
    assert found.purpose_en


def test_enough_hosts_are_known() -> None:
    assert len(CHINESE) >= 57
    assert len(FOREIGN) >= 13
    table = tomllib.loads((files("traffic") / "data" / "sdks.toml").read_text(encoding="utf-8"))
    assert len(table["sdk"]) >= 150


@pytest.mark.parametrize(("host", "company"), SHARED.items())
def test_a_shared_domain_names_no_product(host: str, company: str) -> None:
    found = attribute(host, PACKAGE)
    assert (found.kind, found.sdk_id, found.company) == ("shared_cloud", None, company)


@pytest.mark.parametrize(
    ("host", "package", "kind"),
    [
        ("api.lanting.test", "com.lanting.shop", "first_party"),
        ("lanting.test", "com.lanting.shop", "first_party"),
        ("cdn.lanting.com.cn", "com.lanting.shop", "first_party"),
        ("img.lanting.example", "cn.lanting", "first_party"),
        ("api.lanting.test", "com.other.shop", "unknown"),
        ("lanting.evil.test", "com.lanting.shop", "unknown"),
        ("api.lantingx.test", "com.lanting.shop", "unknown"),
        ("api.shop.test", "com.lanting.shop", "unknown"),
        ("www.baidu.com", "com.baidu.searchbox", "first_party"),
        ("192.168.1.7", "com.lanting.shop", "unknown"),
        ("2001:db8::7", "com.lanting.shop", "unknown"),
        ("localhost", "com.lanting.shop", "unknown"),
        ("API.Lanting.TEST.", "com.lanting.shop", "first_party"),
    ],
)
def test_the_app_itself(host: str, package: str, kind: str) -> None:
    assert attribute(host, package).kind == kind


def test_given_hosts_are_the_apps_own() -> None:
    given = ("api.partner.test", "*.assets.test")
    assert attribute("api.partner.test", PACKAGE, given).kind == "first_party"
    assert attribute("x.assets.test", PACKAGE, given).kind == "first_party"
    assert attribute("other.partner.test", PACKAGE, given).kind == "unknown"
    # What is said of a host outweighs the table: an app may be its own analytics company.
    assert attribute("ulogs.umeng.com", PACKAGE, ("umeng.com",)).kind == "first_party"


def test_an_apps_links_give_its_domains() -> None:
    links = [
        "https://www.lanting.com.cn/privacy?x=1",
        "m.lanting.com.cn",
        "*.partner.test",
        "https://u@shop.test:8443/",
    ]
    assert first_party_domains(links) == ("lanting.com.cn", "partner.test", "shop.test")


ELSEWHERE = ("https://lanting.app.link/x", "https://docs.qq.com/doc", "https://x.oss-cn-hangzhou.aliyuncs.com/p.html")
NOWHERE = ("10.0.0.1", "", "localhost", "javascript:alert(1)", "https://", "https://[2001:db8::1]/", "com", "a b.test")


@pytest.mark.parametrize("link", [*ELSEWHERE, *NOWHERE, "https://ulogs.umeng.com"])
def test_a_link_elsewhere_says_nothing(link: str) -> None:
    assert first_party_domains([link]) == ()


@given(st.lists(st.text(max_size=40), max_size=5))
def test_nonsense_links_give_no_shared_domain(links: list[str]) -> None:
    for domain in first_party_domains(links):
        assert attribute(domain, "single").kind == "unknown"


def test_the_sdks_are_known_by_their_ids() -> None:
    assert {"umeng_analytics", "firebase"} <= known_sdks()
    assert "aliyun" not in known_sdks()


@pytest.mark.parametrize(
    ("host", "registrable"),
    [
        ("api.lanting.test", "lanting.test"),
        ("a.b.lanting.example", "lanting.example"),
        ("a.b.com.cn", "b.com.cn"),
        ("x.y.co.uk", "y.co.uk"),
        ("com.cn", "com.cn"),
        ("10.0.0.1", "10.0.0.1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("localhost", "localhost"),
        ("", ""),
    ],
)
def test_the_registrable_domain(host: str, registrable: str) -> None:
    assert registrable_domain(host) == registrable


@pytest.mark.parametrize(
    ("package", "label"),
    [
        ("com.lanting.shop", "lanting"),
        ("cn.com.lanting.shop", "lanting"),
        ("com.lan_ting.shop", "lan-ting"),
        ("com.example.shop", None),
        ("com.android.app", None),
        ("io.qq", None),
        ("single", None),
        ("", None),
    ],
)
def test_the_developer_in_a_package_name(package: str, label: str | None) -> None:
    assert package_label(package) == label


@given(st.text(max_size=40), st.text(max_size=20))
def test_nonsense_is_nobody(host: str, package: str) -> None:
    assert attribute(host, package).kind in ("unknown", "first_party", "sdk", "shared_cloud")


def test_a_host_is_matched_at_its_dots() -> None:
    assert attribute("notumeng.com", PACKAGE).kind == "unknown"
    assert attribute("umeng.com.evil.test", PACKAGE).kind == "unknown"


def test_faults_of_a_table_are_named_together() -> None:
    text = """
    [category.ads]
    zh = "a"
    en = "b"
    purpose_zh = "c"
    purpose_en = "d"
    [[sdk]]
    id = "one"
    zh = "x"
    en = "x"
    company = "x"
    category = "nonsense"
    hosts = ["no host"]
    [[sdk]]
    id = "one"
    zh = "x"
    """
    with pytest.raises(ValueError, match="unknown category") as caught:
        load_table(text)
    assert "'no host' is no host name" in str(caught.value)
    assert "must have" in str(caught.value)
