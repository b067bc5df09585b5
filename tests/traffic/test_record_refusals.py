"""What counts as a refusal of the capture's certificate, and what does not."""

from __future__ import annotations

from evidence.canonical import Json
from evidence.clock import Instant
from evidence.lanes import Entry
from traffic.refusals import read_tls_refusals

SECOND = 1_000_000_000


class Facts:
    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def add(self, kind: str, at_ns: int, **data: Json) -> None:
        seq = len(self.entries)
        at = Instant(mono_ns=at_ns, wall_ns=0)
        self.entries.append(Entry(lane="traffic", seq=seq, prev="", at=at, kind=kind, data=data, digest=f"d{seq}"))

    def silent(self, connection: str, host: str, *, lifetime_ns: int, at_ns: int = 0) -> None:
        self.add("TlsEstablished", at_ns, connection=connection, sni=host)
        self.add("ClientDisconnected", at_ns + lifetime_ns, connection=connection, requests=0)


def test_two_silent_connections_are_a_refusal() -> None:
    facts = Facts()
    facts.silent("c1", "pinned.test", lifetime_ns=SECOND // 20, at_ns=7)
    facts.silent("c2", "pinned.test", lifetime_ns=SECOND // 20, at_ns=SECOND)
    (refusal,) = read_tls_refusals(facts.entries)
    assert (refusal.host, refusal.kind, refusal.count) == ("pinned.test", "closed_after_handshake", 2)
    assert refusal.first.mono_ns == 7
    assert [reference.seq for reference in refusal.entries] == [0, 1, 2, 3]


def test_a_lifetime_of_a_second_is_none() -> None:
    facts = Facts()
    facts.silent("c1", "slow.test", lifetime_ns=SECOND)
    facts.silent("c2", "slow.test", lifetime_ns=SECOND)
    assert read_tls_refusals(facts.entries) == ()


def test_connections_whose_end_is_unknown_do_not_count() -> None:
    facts = Facts()
    facts.silent("c1", "killed.test", lifetime_ns=5)
    facts.add("TlsEstablished", 0, connection="c2", sni="killed.test")
    assert read_tls_refusals(facts.entries) == ()


def test_raw_content_on_the_host_is_a_success() -> None:
    facts = Facts()
    facts.silent("c1", "mqtt.test", lifetime_ns=5)
    facts.silent("c2", "mqtt.test", lifetime_ns=5)
    facts.add("TlsEstablished", 0, connection="c3", sni="mqtt.test")
    facts.add("RawTraffic", 0, connection="c3", state="closed", up=10)
    assert read_tls_refusals(facts.entries) == ()


def test_hosts_are_counted_apart() -> None:
    facts = Facts()
    facts.silent("c1", "a.test", lifetime_ns=5)
    facts.silent("c2", "b.test", lifetime_ns=5)
    assert read_tls_refusals(facts.entries) == ()


def test_a_refusal_counts_although_another_connection_succeeds() -> None:
    """Two libraries in one app: one trusts the system's store, one does not."""
    facts = Facts()
    facts.add("TlsRefused", 3, connection="c1", sni="mixed.test", reason="unknown ca")
    facts.add("TlsEstablished", 4, connection="c2", sni="mixed.test")
    facts.add("RequestStarted", 5, connection="c2")
    (refusal,) = read_tls_refusals(facts.entries)
    assert (refusal.kind, refusal.count, refusal.reason) == ("refused", 1, "unknown ca")


def test_without_a_name_the_address_that_was_asked_for_is_the_host() -> None:
    facts = Facts()
    facts.add("TunnelAsked", 0, connection="c1", host="203.0.113.5", port=443)
    facts.add("TlsRefused", 1, connection="c1", sni=None, reason="reset")
    assert read_tls_refusals(facts.entries)[0].host == "203.0.113.5"


def test_the_probe_is_never_a_refusal() -> None:
    facts = Facts()
    facts.add("TlsRefused", 0, connection="c1", sni="probe.appwitness.invalid", reason="unknown ca")
    assert read_tls_refusals(facts.entries) == ()
