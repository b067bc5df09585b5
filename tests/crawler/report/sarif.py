"""What SARIF 2.1.0 asks of the objects that we write: which properties each may have, which it must, what goes with what."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["sarif_faults"]

_TEXT = {"text", "markdown", "id", "arguments", "properties"}
# Object → (must have, may have). From section 3 of the standard; what we do not write is left out on purpose.
_FORMS: dict[str, tuple[set[str], set[str]]] = {
    "log": ({"version", "runs"}, {"$schema", "properties"}),
    "run": (
        {"tool"},
        {"results", "invocations", "originalUriBaseIds", "automationDetails", "properties", "columnKind", "language"},
    ),
    "tool": ({"driver"}, {"extensions", "properties"}),
    "driver": ({"name"}, {"version", "semanticVersion", "informationUri", "rules", "notifications", "properties"}),
    "rule": (
        {"id"},
        {"name", "shortDescription", "fullDescription", "help", "helpUri", "defaultConfiguration", "properties"},
    ),
    "configuration": (set(), {"enabled", "level", "rank", "parameters", "properties"}),
    "result": (
        {"message"},
        {"ruleId", "ruleIndex", "kind", "level", "locations", "partialFingerprints", "suppressions", "properties"},
    ),
    "location": (set(), {"id", "physicalLocation", "logicalLocations", "message", "properties"}),
    "physical": ({"artifactLocation"}, {"region", "contextRegion", "properties"}),
    "artifact": (set(), {"uri", "uriBaseId", "index", "description", "properties"}),
    "region": (set(), {"startLine", "startColumn", "endLine", "endColumn", "properties"}),
    "logical": (set(), {"name", "fullyQualifiedName", "kind", "index", "properties"}),
    "suppression": ({"kind"}, {"status", "justification", "location", "guid", "properties"}),
    "invocation": ({"executionSuccessful"}, {"toolExecutionNotifications", "exitCode", "properties"}),
    "notification": ({"message"}, {"level", "descriptor", "locations", "timeUtc", "properties"}),
    "descriptor": (set(), {"id", "index", "guid", "properties"}),
    "automation": (set(), {"id", "guid", "description", "properties"}),
}
_LEVELS = {"none", "note", "warning", "error"}


def sarif_faults(document: Mapping[str, Any]) -> list[str]:
    """Everything that is not as the standard asks."""
    return list(_log(document))


def _form(kind: str, value: object, place: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{place} is no object"
        return
    must, may = _FORMS[kind]
    yield from (f"{place} lacks {name}" for name in must - value.keys())
    yield from (f"{place} may not have {name}" for name in value.keys() - must - may)


def _message(value: object, place: str) -> Iterator[str]:
    if not isinstance(value, dict) or not isinstance(value.get("text"), str) or not value["text"]:
        yield f"{place} has no text"
    elif value.keys() - _TEXT:
        yield f"{place} has more than a text"


def _log(document: Mapping[str, Any]) -> Iterator[str]:
    yield from _form("log", document, "log")
    if document.get("version") != "2.1.0":
        yield "the version is not 2.1.0"
    if not re.match("https://", document.get("$schema", "https://")):
        yield "$schema is no address"
    for number, run in enumerate(document.get("runs", ())):
        yield from _run(run, f"runs[{number}]")


def _run(run: dict[str, Any], place: str) -> Iterator[str]:
    yield from _form("run", run, place)
    yield from _form("tool", run["tool"], f"{place}.tool")
    driver = run["tool"]["driver"]
    yield from _form("driver", driver, f"{place}.driver")
    rules = driver.get("rules", [])
    for rule in rules:
        yield from _form("rule", rule, f"{place} rule")
        for name in {"shortDescription", "fullDescription", "help"} & rule.keys():
            yield from _message(rule[name], f"{place} {rule['id']}.{name}")
        if "defaultConfiguration" in rule:
            yield from _form("configuration", rule["defaultConfiguration"], f"{place} {rule['id']}")
    if len({rule["id"] for rule in rules}) != len(rules):
        yield f"{place} names a rule twice"
    if "automationDetails" in run:
        yield from _form("automation", run["automationDetails"], f"{place}.automationDetails")
    for base, at in run.get("originalUriBaseIds", {}).items():
        yield from _form("artifact", at, f"{place}.originalUriBaseIds.{base}")
        if "uri" in at and not at["uri"].endswith("/"):
            yield f"{place}: a base ends in a slash"
    for invocation in run.get("invocations", ()):
        yield from _form("invocation", invocation, f"{place} invocation")
        for told in invocation.get("toolExecutionNotifications", ()):
            yield from _form("notification", told, f"{place} notification")
            yield from _message(told["message"], f"{place} notification")
            yield from _form("descriptor", told.get("descriptor", {}), f"{place} descriptor")
            if told.get("level") not in _LEVELS:
                yield f"{place} notification has no known level"
    for number, result in enumerate(run.get("results", ())):
        yield from _result(result, rules, set(run.get("originalUriBaseIds", {})), f"{place}.results[{number}]")


def _result(result: dict[str, Any], rules: list[dict[str, Any]], bases: set[str], place: str) -> Iterator[str]:
    yield from _form("result", result, place)
    yield from _message(result["message"], f"{place}.message")
    kind, level = result.get("kind", "fail"), result.get("level", "warning")
    if kind not in ("fail", "review", "informational", "open", "notApplicable") or level not in _LEVELS:
        yield f"{place}: {kind}, {level}"
    if (kind != "fail") != (level == "none"):
        yield f"{place}: whatever is no failure has the level none, and only that"
    if not 0 <= result.get("ruleIndex", 0) < len(rules) or rules[result.get("ruleIndex", 0)]["id"] != result["ruleId"]:
        yield f"{place}: the index leads to another rule"
    if not all(isinstance(value, str) for value in result.get("partialFingerprints", {}).values()):
        yield f"{place}: a fingerprint is a text"
    for suppression in result.get("suppressions", ()):
        yield from _form("suppression", suppression, f"{place} suppression")
        if suppression["kind"] not in ("inSource", "external"):
            yield f"{place}: no such kind of suppression"
    for at in result.get("locations", ()):
        yield from _location(at, bases, f"{place} location")


def _location(at: dict[str, Any], bases: set[str], place: str) -> Iterator[str]:
    yield from _form("location", at, place)
    if "message" in at:
        yield from _message(at["message"], place)
    for logical in at.get("logicalLocations", ()):
        yield from _form("logical", logical, place)
    if "physicalLocation" not in at:
        return
    physical = at["physicalLocation"]
    yield from _form("physical", physical, place)
    artifact = physical["artifactLocation"]
    yield from _form("artifact", artifact, place)
    if not re.fullmatch(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})+", artifact.get("uri", "")):
        yield f"{place}: {artifact.get('uri')!r} is no URI reference"
    if re.search(r"(?:^|/)\.\.(?:/|$)|^/|^[a-z]+:", artifact.get("uri", "")):
        yield f"{place}: {artifact['uri']!r} leads elsewhere"
    if "uriBaseId" in artifact and artifact["uriBaseId"] not in bases:
        yield f"{place}: the base is not named"
    region = physical.get("region", {"startLine": 1})
    yield from _form("region", region, place)
    if not isinstance(region.get("startLine"), int) or region["startLine"] < 1:
        yield f"{place}: lines are counted from 1"
