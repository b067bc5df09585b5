"""What leaves the device: by which way, believed by whom, recorded as what."""

import asyncio
import base64
import contextlib
import gzip
import hashlib
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import h11
import pytest

from lab.definition import load_app
from lab.key import AnswerKey
from lab.net import Network, Sink, served_pages
from lab.net.certificates import Authority
from lab.net.messages import Request, ask
from lab.net.plaintext import search
from lab.net.streams import PlainStream, Resumed, TlsStream
from lab.net.trust import NotPinned, TrustStore
from lab.profile import load_profile
from lab.system.core import System
from lab.system.nodes import file
from tests.lab.handset import write_app

PACKAGE = "com.lanting.shop"
COMPANION = """
[[companions]]
package = "com.neighbour.news"
when = "app_started"
after_ms = 0
url = "https://report.neighbour.test/v1"
sends = ["android_id", "imei"]
form = "{form}"
"""
SYSTEM_STORE, USER_STORE = "/system/etc/security/cacerts", "/data/misc/user/0/cacerts-added"
pytestmark = pytest.mark.lab


class World:
    """A device's network without a screen, and a client that speaks to it as Chromium does."""

    def __init__(self, directory: Path, app: Path) -> None:
        self.system = System(load_profile("aosp13"), seed=3)
        self.system.preinstall([load_app(app)])
        installed = self.system.packages.get(PACKAGE)
        assert installed is not None
        self.app, self.uid = installed, installed.uid
        self.sink = Sink(directory / "sink", served_pages([app]))
        self.key = AnswerKey(directory / "key.jsonl")
        self.middle = Authority("Proxy CA")
        self.proxied: list[str] = []

    async def start(self) -> None:
        await self.sink.start()
        self.network = Network(self.system, self.key, self.sink)

    async def stop(self) -> None:
        await self.network.close()
        await self.sink.close()
        await self.system.stop()
        self.key.close()

    def through_proxy(self) -> None:
        """Sets the device's proxy to one behind `adb reverse`, that opens TLS as an inspecting proxy does."""

        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(OSError, ssl.SSLError, h11.RemoteProtocolError):
                await self._intercept(PlainStream(reader, writer))
            writer.close()

        self.system.reverse_listeners[8899] = handle
        self.system.settings.put("global", "http_proxy", "127.0.0.1:8899")

    async def _intercept(self, client: PlainStream) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += await client.read(1)
        target = head.split(b" ")[1].decode()
        self.proxied.append(target)
        if not head.startswith(b"CONNECT"):
            await client.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            return
        await client.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        first = await client.read()
        stream: Any = Resumed(client, first)
        if first[:1] == b"\x16":
            stream = TlsStream(stream, self.middle.server_context(target.partition(":")[0]), server_side=True)
            await stream.handshake()
        while True:
            head = await stream.read()
            if not head:
                return
            self.proxied.append(head.split(b"\r\n")[0].decode())
            await stream.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    def trust_the_proxy(self, store: str) -> None:
        self.system.files.put(f"{store}/9a8b7c6d.0", file(b"some words before\n" + self.middle.pem))

    async def post(self, url: str, body: bytes, **headers: str) -> tuple[int, bytes]:
        """As the app's browser context would: CONNECT and TLS for https, absolute form for http."""
        port = await self.network.proxy_port(self.uid)
        stream: Any = PlainStream(*await asyncio.open_connection("127.0.0.1", port))
        scheme, _, rest = url.partition("://")
        authority, _, path = rest.partition("/")
        host, _, number = authority.partition(":")
        target = url
        if scheme == "https":
            await stream.write(f"CONNECT {host}:{number or 443} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            answer = await stream.read()
            if b" 200 " not in answer:
                raise ConnectionError(answer.decode())
            stream = TlsStream(stream, _careless(), server_side=False, hostname=host)
            await stream.handshake()
            target = f"/{path}"
        extra = tuple((name.replace("_", "-").encode(), value.encode()) for name, value in headers.items())
        request = Request(method="POST", target=target, headers=((b"Host", host.encode()), *extra), body=body)
        answered = await ask(stream, request)
        content = b"".join([piece async for piece in answered.body()])
        await stream.close()
        return answered.status, content

    def events(self, kind: str) -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in self.key.path.read_bytes().splitlines()]
        return [line for line in lines if line["event"] == kind]


def _careless() -> ssl.SSLContext:
    """Chromium in the lab believes everybody: the app's own trust is decided on the other side."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@asynccontextmanager
async def world(directory: Path, *, trust: str = "system", tables: str = "") -> AsyncIterator[World]:
    app = write_app(
        directory, PACKAGE, "<h1>ok</h1>", more="target_sdk = 28", tables=f'[network]\ntrust = "{trust}"\n{tables}'
    )
    pages = app / "server" / "www.lanting.test"
    pages.mkdir(parents=True)
    (pages / "privacy.html").write_text("<h1>隐私政策</h1>", encoding="utf-8")
    found = World(directory, app)
    await found.start()
    try:
        yield found
    finally:
        await found.stop()


def test_directly_to_the_sink_and_into_the_key(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with world(tmp_path) as here:
            imei = here.system.identity.imei
            status, body = await here.post("https://api.lanting.test/v1", f'{{"imei":"{imei}"}}'.encode(), x_n="1")
            assert (status, json.loads(body)["code"]) == (200, 0)
            [sent] = here.events("sent")
            assert (sent["host"], sent["path"], sent["package"], sent["consent"]) == (
                "api.lanting.test",
                "/v1",
                PACKAGE,
                "none",
            )
            assert sent["identifiers"] == [{"kind": "imei", "form": "plain", "path": ["body"]}]
            assert imei.encode() in (here.key.path.parent / sent["body"]).read_bytes()

    asyncio.run(scenario())


def test_through_a_reversed_port_when_the_proxy_is_set(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with world(tmp_path) as here:
            here.through_proxy()
            here.trust_the_proxy(SYSTEM_STORE)
            assert await here.post("https://api.lanting.test/v1", b"a") == (200, b"ok")
            assert await here.post("http://log.lanting.test:8080/x?y=1", b"b") == (200, b"ok")
            assert here.proxied == [
                "api.lanting.test:443",
                "POST /v1 HTTP/1.1",
                "http://log.lanting.test:8080/x?y=1",
            ]
            assert all(sent["through_proxy"] for sent in here.events("sent"))
            here.system.settings.put("global", "http_proxy", ":0")
            status, _ = await here.post("https://api.lanting.test/v1", b"a")  # not by the connection kept so far
            assert status == 200
            assert len(here.proxied) == 3

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("trust", "store", "sends"),
    [
        ("system", SYSTEM_STORE, True),
        ("system", USER_STORE, False),
        ("user", USER_STORE, True),
        ("user", "", False),
        ("pinned", SYSTEM_STORE, False),
        ("pinned", "", False),
    ],
)
def test_an_app_believes_what_its_manifest_says(tmp_path: Path, trust: str, store: str, sends: bool) -> None:
    async def scenario() -> None:
        async with world(tmp_path, trust=trust) as here:
            here.through_proxy()
            if store:
                here.trust_the_proxy(store)
            if sends:
                assert await here.post("https://api.lanting.test/v1", b"a") == (200, b"ok")
                return
            with pytest.raises((OSError, ssl.SSLError)):
                await here.post("https://api.lanting.test/v1", b"a")
            assert here.proxied == ["api.lanting.test:443"]
            assert here.events("sent") == []
            [refused] = here.events("not_sent")
            assert ("pinning" if trust == "pinned" and store else "CERTIFICATE_VERIFY_FAILED") in refused["reason"]

    asyncio.run(scenario())


def test_a_pinned_app_is_content_with_its_own_server(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with world(tmp_path, trust="pinned") as here:
            assert (await here.post("https://api.lanting.test/v1", b"a"))[0] == 200

    asyncio.run(scenario())


def test_an_early_connection_is_used_by_the_request_that_follows(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with world(tmp_path) as here:
            here.through_proxy()
            here.trust_the_proxy(SYSTEM_STORE)
            await here.network.connect(here.uid, "api.lanting.test", 443)
            assert here.proxied == ["api.lanting.test:443"]
            assert here.events("sent") == []
            await here.post("https://api.lanting.test/v1", b"a")
            assert [each for each in here.proxied if each.startswith("POST")] == ["POST /v1 HTTP/1.1"]

    asyncio.run(scenario())


def test_sockets_are_listed_as_the_kernel_prints_them(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with world(tmp_path) as here:
            here.through_proxy()
            here.trust_the_proxy(SYSTEM_STORE)
            await here.network.connect(here.uid, "api.lanting.test", 443)
            rows = [line.split() for line in here.network.tcp6().splitlines()[1:]]
            assert [(row[2], row[3], row[7]) for row in rows] == [
                ("0000000000000000FFFF00000100007F:22C3", "01", str(here.uid))
            ]
            four = [line.split() for line in here.network.tcp().splitlines()[1:]]
            assert [(row[1], row[3], row[7]) for row in four] == [
                ("0100007F:22C3", "0A", "0"),
                ("0100007F:22C3", "01", "0"),
            ]
            assert four[1][2] == rows[0][1].removeprefix("0000000000000000FFFF0000")
            assert all(len(line) == 149 for line in here.network.tcp().splitlines())
            here.system.applications.tell("died", PACKAGE, here.uid)
            await asyncio.sleep(0.05)
            [closed] = [line.split() for line in here.network.tcp6().splitlines()[1:]]
            assert (closed[3], closed[7]) == ("06", "0")

    asyncio.run(scenario())


@pytest.mark.parametrize("form", ["json", "form", "query"])
def test_companions_send_the_same_values_under_their_own_uid(tmp_path: Path, form: str) -> None:
    async def scenario() -> None:
        async with world(tmp_path, tables=COMPANION.format(form=form)) as here:
            here.system.applications.tell("started", PACKAGE, here.uid)
            for _ in range(100):
                await asyncio.sleep(0.02)
                if here.events("sent"):
                    break
            [sent] = here.events("sent")
            assert sent["package"] == "com.neighbour.news"
            assert sent["uid"] != here.uid
            assert {each["kind"] for each in sent["identifiers"]} == {"android_id", "imei"}

    asyncio.run(scenario())


def test_the_bundle_is_served_to_its_own_uid_alone_and_never_counts(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with world(tmp_path) as here:
            assert await here.post(f"https://{PACKAGE}.app.lab/", b"") == (200, b"<h1>ok</h1>")
            status, _ = await here.post(f"https://{PACKAGE}.app.lab/..%2f..%2fapp.toml", b"")
            assert status == 404
            with pytest.raises(ConnectionError, match="502"):
                await here.post("https://com.other.app.app.lab/", b"")
            assert here.events("sent") == []
            assert here.sink.requests == 0

    asyncio.run(scenario())


def test_no_network_no_traffic(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with world(tmp_path) as here:
            here.system.settings.put("global", "airplane_mode_on", "1")
            with pytest.raises(ConnectionError, match="502"):
                await here.post("https://api.lanting.test/v1", b"a")
            here.system.settings.put("global", "airplane_mode_on", "0")
            here.system.settings.put("global", "http_proxy", "127.0.0.1:1")
            with pytest.raises(ConnectionError, match="502"):
                await here.post("https://api.lanting.test/v1", b"a")

    asyncio.run(scenario())


def test_the_sink_serves_what_an_app_brings_for_its_hosts(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with world(tmp_path) as here:
            status, body = await here.post("https://www.lanting.test/privacy.html", b"")
            assert (status, body.decode()) == (200, "<h1>隐私政策</h1>")
            _, page = await here.post("https://www.lanting.test/none.html", b"", accept="text/html")
            assert b"www.lanting.test" in page

    asyncio.run(scenario())


def test_consent_is_told_as_it_stood_when_the_first_byte_left(tmp_path: Path) -> None:
    key = AnswerKey(tmp_path / "key.jsonl")
    key.consent(PACKAGE, 10200, "accepted", 2000)
    key.consent(PACKAGE, 10200, "shown", 1000)  # arrived late, happened first
    states = [key.consent_at(PACKAGE, at) for at in (999, 1000, 1999, 2000)]
    assert states == ["none", "shown", "shown", "accepted"]
    key.forget(PACKAGE)
    assert key.consent_at(PACKAGE, 3000) == "none"
    key.close()


def test_broken_certificates_in_the_folder_are_skipped(tmp_path: Path) -> None:
    system = System(load_profile("aosp13"), seed=1)
    good, world_root = Authority("Good"), Authority("World")
    broken = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    system.files.put(f"{SYSTEM_STORE}/bad.0", file(broken))
    system.files.put(f"{SYSTEM_STORE}/good.0", file(good.pem))
    store = TrustStore(system.files, world_root.pem)
    names = {str(each["subject"]) for each in store.client_context("system").get_ca_certs()}
    assert len(names) == 2
    with pytest.raises(NotPinned):
        store.check_pin(ssl.PEM_cert_to_DER_cert(good.pem.decode()))


def test_digests_in_every_usual_spelling_are_found(tmp_path: Path) -> None:
    imei, mac = "865781665687611", "5c:aa:bb:cc:dd:ee"
    known = {"imei": (imei,), "mac": (mac,)}
    upper = hashlib.md5(mac.upper().encode(), usedforsecurity=False).hexdigest().upper()
    wrapped = base64.b64encode(gzip.compress(json.dumps({"d": {"i": imei}}).encode())).decode()
    found = search(
        {"url": f"/p?m={upper}".encode(), "body": f"sv=3&data={wrapped}".replace("+", "%2B").encode()}, known
    )
    assert {(each.kind, each.form) for each in found} == {("imei", "plain"), ("mac", "md5")}
    assert search({"body": b"nothing here 865781665687612"}, known) == ()


def test_three_names_of_other_apps_are_a_list_of_apps() -> None:
    names = ("com.a.one", "com.b.two", "com.c.three", "com.d.four")
    bodies = {count: json.dumps({"apps": names[:count]}).encode() for count in (2, 3)}
    assert [search({"body": body}, {}, names) != () for body in bodies.values()] == [False, True]


def test_a_bomb_is_unpacked_only_so_far(tmp_path: Path) -> None:
    bomb = gzip.compress(bytes(64 * 1024 * 1024))
    assert search({"body": bomb}, {"imei": ("865781665687611",)}) == ()
