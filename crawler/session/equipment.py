"""The equipment of a device over many sessions: authority, persona, identifiers, and the proxy of the session at hand.

What was found out once per app (whether TLS can be read, what the device's identifiers are) is told to every session of the
app, so that each session's record stands by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from crawler.device.driver import DeviceDriver
from crawler.device.identity import read_app_identity, read_identity
from crawler.device.persona import make_persona
from crawler.device.preparation import Preparation
from crawler.device.settle import wait_for
from crawler.device.trust import check_trust
from crawler.session.stage import Stage
from evidence.canonical import Json
from evidence.clock import Clock
from evidence.lanes import LaneWriter
from traffic.authority import ca_certificate, ca_subject_hash_old
from traffic.process import CaptureProcess

__all__ = ["Equipment", "prepare_device"]

_Told = list[tuple[str, Mapping[str, Json]]]


class Equipment:
    """One prepared device. `begin` and `conclude` belong to each session."""

    def __init__(self, driver: DeviceDriver, preparation: Preparation, clock: Clock) -> None:
        self._driver = driver
        self._preparation = preparation
        self._clock = clock
        self._package = ""
        self._told: _Told = []

    def begin(self, lane: LaneWriter, stage: Stage, capture: CaptureProcess, traffic_lane: Path) -> None:
        """Lead the device's traffic to this session's capture and write down what is known of the device."""
        self._preparation.record_to(lane.append)
        self._preparation.set_proxy(capture.port)
        if stage.package == self._package:
            for kind, data in self._told:
                lane.append(kind, data)
            return
        self._package, self._told = "", []

        def record(kind: str, data: Mapping[str, Json]) -> None:
            lane.append(kind, data)
            self._told.append((kind, data))

        def seen(token: str, seconds: float) -> bool:
            return bool(wait_for(lambda: _holds(traffic_lane, token), clock=self._clock, seconds=seconds))

        check_trust(self._driver, record, seen, store=self._preparation.store)
        read_identity(self._driver, stage.package, record)
        self._package = stage.package

    def conclude(self, lane: LaneWriter, package: str) -> None:
        """What the system made for the app while it ran, and the end of this session's facts about settings."""
        read_app_identity(self._driver, package, lane.append)
        self._preparation.record_to(None)


@contextmanager
def prepare_device(driver: DeviceDriver, home: Path, confdir: Path, clock: Clock) -> Iterator[Equipment]:
    """Prepare a device for inspections and bring it back afterwards. Raises DeviceError, EvidenceError."""
    certificate = ca_certificate(confdir)
    with Preparation(driver, home / "devices") as preparation:
        preparation.install_authority(certificate, f"{ca_subject_hash_old(certificate)}.0")
        preparation.stay_awake()
        preparation.plant(make_persona(driver.serial))
        preparation.plant_decoys(home / "decoys")
        yield Equipment(driver, preparation, clock)


def _holds(path: Path, token: str) -> bool:
    try:
        return token.encode() in path.read_bytes()
    except FileNotFoundError:
        return False
