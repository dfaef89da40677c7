"""The checks as JUnit's test cases, one suite for each area. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from conformance.characters import one_line, printable
from conformance.trace import told

# what JUnit knows; what neither passed nor failed is skipped, and its type says how
TAGS: Final = {
    "fail": "failure",
    "unexpected-pass": "failure",
    "harness-error": "error",
    "not-applicable": "skipped",
    "could-not-run": "skipped",
    "expected-fail": "skipped",
}
COUNTED: Final = {"failures": "failure", "errors": "error", "skipped": "skipped"}


def xml(report: Mapping[str, Any]) -> str:
    """The report for a tool that reads JUnit.

    Args:
        report: dict.

    Returns:
        str: XML, every check that ended a test case.
    """
    root = Element("testsuites", {"name": "conformance", **_numbers(report["checks"])})
    for area in dict.fromkeys(check["area"] for check in report["checks"]):
        checks = [check for check in report["checks"] if check["area"] == area]
        suite = SubElement(root, "testsuite", {"name": printable(area), **_numbers(checks)})
        for check in checks:
            _add(suite, check)
    indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{tostring(root, encoding="unicode")}\n'


def _numbers(checks: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    tags = [TAGS.get(check["outcome"]) for check in checks]
    seconds = sum(check["seconds"] for check in checks)
    counts = {name: str(tags.count(tag)) for name, tag in COUNTED.items()}
    return {"tests": str(len(checks)), **counts, "time": f"{seconds:.3f}"}


def _add(suite: Element, check: Mapping[str, Any]) -> None:
    name = printable(check["id"].partition("/")[2])
    attributes = {"classname": printable(f"conformance.{check['area']}"), "name": name}
    case = SubElement(suite, "testcase", {**attributes, "time": f"{check['seconds']:.3f}"})
    if tag := TAGS.get(check["outcome"]):
        ending = SubElement(case, tag, {"type": check["outcome"], "message": one_line(check["reason"], 500)})
        ending.text = printable(_text(check)) or None


def _text(check: Mapping[str, Any]) -> str:
    wire = ["on the wire:", *told(check["trace"])] if check["trace"] else []
    again = [f"reproduce: {check['reproduce']}"] if check["reproduce"] else []
    return "\n".join([*([check["details"]] if check["details"] else []), *wire, *again])
