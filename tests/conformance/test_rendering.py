"""What is made of a report: each rendering as a whole, what it counts, and what may not get through it."""

import json
import re
import xml.etree.ElementTree as ElementTree
from collections import Counter
from html.parser import HTMLParser
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from conformance.matrix import lines
from conformance.rendering import RENDERINGS
from conformance.rendering.badge import svg
from conformance.rendering.html import page
from conformance.rendering.junit import xml
from conformance.rendering.markdown import summary
from conformance.report_validation import validate
from tests.conformance.reports import ENDS, hostile, small

pytest_plugins = "pytester"

GOOD = dict.fromkeys(ENDS, "pass")


class Page(HTMLParser):
    """What a page consists of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def values(self, name: str) -> list[str]:
        """All values of an attribute."""
        return [str(attributes[name]) for _, attributes in self.tags if name in attributes]


def read(text: str) -> str:
    """The words of a page without its styles and its script."""
    return re.sub(r"(?s)<(style|script)\b.*?</\1>", "", text)


def test_the_small_report_is_one_that_a_run_could_write() -> None:
    validate(small())
    validate(small(GOOD))
    assert set(ENDS.values()) == set(small()["totals"])


@pytest.mark.parametrize("name", RENDERINGS)
def test_every_rendering_of_every_outcome(name: str, snapshot: SnapshotAssertion) -> None:
    """Catches whatever is lost, swapped or added between report.json and what people read."""
    assert read(RENDERINGS[name](small())) == snapshot


@pytest.mark.parametrize("name", RENDERINGS)
def test_hostile_text_is_shown_and_does_nothing(name: str) -> None:
    """Catches an expression that is not escaped, a terminal's colours, NUL, half a pair, and text that turns round."""
    text = RENDERINGS[name](hostile())
    text.encode("utf-8")
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202e]", text)
    if name != "badge.svg":  # which has no room for it
        assert all(part in text for part in ("alert(1)", "\\x00", "\\ud800"))
    if name.endswith((".html", ".svg", ".xml")):
        assert "<img" not in text
    if name.endswith((".svg", ".xml")):
        ElementTree.fromstring(text)


def test_hostile_text_adds_nothing_to_the_page() -> None:
    plain, other = Page(page(small())), Page(page(hostile()))
    assert not {"img", "onerror"} & ({tag for tag, _ in other.tags} | {name for _, each in other.tags for name in each})
    assert Counter(tag for tag, _ in other.tags)["script"] == Counter(tag for tag, _ in plain.tags)["script"] == 1
    assert "49" not in re.findall(r"\d+", other.text.partition("{{ 7*7")[2][:20])


def test_markdown_shows_hostile_text_as_text() -> None:
    text = summary(hostile())
    outside = re.sub(r"(?s)```.*?```|(?<![\\`])(`+)(?!`).+?(?<!`)\1(?!`)", "", text)
    assert not re.search(r"(?<!\\)<", outside)
    assert all(line.count("|") - line.count("\\|") in (0, 6) for line in outside.splitlines() if line.startswith("|"))


# --- the page


def test_the_page_asks_for_nothing_from_elsewhere() -> None:
    text = page(small())
    assert not re.search(r"""(?i)\b(src|srcset|action|data|poster)=|@import|url\(|<link|<base|fetch\(|import\(""", text)
    assert all(link.startswith("#") for link in Page(text).values("href"))
    assert "default-src 'none'" in text


def test_every_link_of_the_page_leads_somewhere_and_no_place_is_named_twice() -> None:
    found = Page(page(small()))
    places = found.values("id")
    assert {link.removeprefix("#") for link in found.values("href")} <= set(places)
    assert len(places) == len(set(places))


def test_the_page_is_read_without_javascript() -> None:
    """Catches content that only a script would write, or that is hidden until one runs."""
    found, report = Page(page(small())), small()
    for requirement in report["requirements"]:
        assert requirement["sentence"].replace("`", "") in found.text
        assert all(mutant in found.text for mutant in requirement["mutants"])
        assert all(scenario in found.text for scenario in requirement["scenarios"])
    for check in report["checks"]:
        for text in (check["reason"], check["reproduce"] or "", *(each["body"] for each in check["trace"] or ())):
            assert text in found.text
    hidden = [attributes for _, attributes in found.tags if "hidden" in attributes]
    assert [attributes["id"] for attributes in hidden] == ["filters"]


def test_the_tables_of_the_page_have_headers() -> None:
    found = Page(page(small()))
    assert {attributes.get("scope") for tag, attributes in found.tags if tag == "th"} == {"row", "col", "colgroup"}


def test_an_outcome_is_told_in_words_or_letters_and_not_by_colour_alone() -> None:
    cells = re.findall(r'<td class="k c\d+ (\w+)"[^>]*>(?:<b>)?([^<\n]*)', page(small()))
    assert {kind for kind, text in cells if not text} == {"none"}
    assert {text.partition(" ")[2] for kind, text in cells if kind == "bad"} == {"F1", "F1 U1", "H1 x1"}
    assert {text for kind, text in re.findall(r'c\d+ (pass)">([^<\n]*)', page(small(GOOD)))} == {"1/1", "2/2", "3/3"}
    assert {text for kind, text in cells if kind == "idle"} == {"n1"}


def test_a_requirement_that_nothing_checks_is_seen() -> None:
    report = small()
    lost = report["requirements"][0] | {"id": "TOY-3", "scenarios": [], "mutants": []}
    assert "untracked</span>" not in page(report)
    text = page(report | {"requirements": [*report["requirements"], lost]})
    assert text.count("untracked</span>") == 1
    assert 'data-untracked data-unbroken><th scope="row" class="id">TOY-3' in text


def large(outcome: str) -> dict[str, Any]:
    """A report of 5,900 checks, 450 requirements and six targets."""
    report = small()
    pattern = next(check for check in report["checks"] if check["outcome"] == outcome)
    requirements, checks = [], []
    for number in range(450):
        names = [f"area_{number % 80}/test_that_{number}_holds_in_every_case_{each}" for each in range(2)]
        requirements.append(
            report["requirements"][0] | {"id": f"TOY-{number}", "scenarios": names, "chapter": f"c{number // 20}"}
        )
    for number in range(5900):
        target, surface = f"target-{number % 6}", ("sync", "aio", "parity")[number % 3]
        requirement = requirements[number % 450]
        area, _, scenario = requirement["scenarios"][number % 2].partition("/")
        place = {"area": area, "scenario": scenario, "target": target, "surface": surface}
        identity = f"{area}/{scenario}[{target}-{surface}]-{number}"
        checks.append(pattern | place | {"id": identity, "requirements": [requirement["id"]]})
    cells = {(check["target"], check["surface"]) for check in checks}
    areas = [{"area": "a", "profile": None, "target": t, "surface": s, "declared": 1} for t, s in sorted(cells)]
    return report | {"requirements": requirements, "checks": checks, "areas": areas}


@pytest.mark.parametrize("outcome", ["pass", "fail"])
def test_the_page_of_the_whole_suite_stays_small(outcome: str) -> None:
    """Catches a page that grows with what is explained: of 5,900 failures the first are told in full."""
    assert len(page(large(outcome)).encode()) < 3_000_000


# --- JUnit


def test_every_check_is_a_test_case_and_the_totals_are_right() -> None:
    report = small()
    root = ElementTree.fromstring(xml(report))
    cases = root.findall(".//testcase")
    told = {f"{case.get('classname', '').removeprefix('conformance.')}/{case.get('name')}" for case in cases}
    assert told == set(ENDS)
    for element in (root, *root.findall("testsuite")):
        inside = element.findall(".//testcase")
        assert int(element.get("tests", 0)) == len(inside)
        for name, tag in {"failures": "failure", "errors": "error", "skipped": "skipped"}.items():
            assert int(element.get(name, -1)) == sum(case.find(tag) is not None for case in inside)
        assert float(element.get("time", 0)) == sum(float(case.get("time", 0)) for case in inside)
    ends = {child.get("type"): child.tag for case in cases for child in case}
    assert ends == {
        "fail": "failure",
        "unexpected-pass": "failure",
        "harness-error": "error",
        "not-applicable": "skipped",
        "could-not-run": "skipped",
        "expected-fail": "skipped",
    }


def test_junit_has_the_shape_that_pytest_writes(pytester: pytest.Pytester) -> None:
    """Catches a tag, a nesting or an attribute that readers of pytest's own file do not know."""
    pytester.makepyfile("import pytest\ndef test_a(): assert 0\ndef test_b(): pytest.skip('no')\ndef test_c(): pass")
    pytester.runpytest_subprocess("--junitxml=theirs.xml", "--disable-plugin-autoload")
    theirs = _shape(ElementTree.parse(pytester.path / "theirs.xml").getroot())
    ours = _shape(ElementTree.fromstring(xml(small())))
    assert set(ours) <= {*theirs, "testsuites/testsuite/testcase/error"}
    known = {"testsuites": theirs["testsuites/testsuite"] | {"name"}}  # as others write it; pytest has only the name
    for path, names in ours.items():
        assert names <= known.get(path, theirs.get(path, set()) | {"type", "message"}), path


def _shape(root: ElementTree.Element) -> dict[str, set[str]]:
    """The attributes of each kind of element, by its path."""
    found: dict[str, set[str]] = {}

    def look(element: ElementTree.Element, path: str) -> None:
        found.setdefault(path, set()).update(element.keys())
        for child in element:
            look(child, f"{path}/{child.tag}")

    look(root, root.tag)
    return found


# --- the badge


@pytest.mark.parametrize(
    ("passed", "declared", "told"),
    [(5911, 5912, "5911/5912"), (0, 5912, "0/5912"), (5912, 5912, "5912/5912"), (0, 0, "0/0")],
)
def test_the_badge_prints_both_numbers_and_rounds_neither(passed: int, declared: int, told: str) -> None:
    report = small() | {"declared": declared}
    report["totals"]["pass"] = passed
    drawn = svg(report)
    assert re.findall(r"\d+/\d+", drawn) == [told] * 3
    assert "%" not in drawn


def test_the_badge_says_the_verdict_in_words_and_in_colour() -> None:
    found = {}
    for verdict in ("conformant", "not conformant", None):
        drawn = svg(small() | {"verdict": verdict})
        assert f" {verdict or 'no verdict'}</text>" in drawn
        found[verdict] = re.findall(r'fill="(#[0-9a-f]{6})"/>\n<g', drawn)[0]
    assert len(set(found.values())) == 3


def test_the_badge_of_a_profile_counts_and_names_it_alone() -> None:
    report = small() | {"scope": ["core"], "verdict": "conformant in core"}
    totals = {**dict.fromkeys(report["totals"], 0), "pass": 7}
    report["profiles"] = [
        {"name": "core", "declared": 8, "totals": totals},
        {"name": "mcp", "declared": 5, "totals": totals},
    ]
    assert "<title>conformance core: 7/8 conformant</title>" in svg(report)


# --- the matrix as text, and the summary


def test_the_matrix_counts_against_what_was_declared() -> None:
    report = small()
    report["areas"][0]["declared"] = 40
    told = "\n".join(lines(report, 120))
    assert "1/40 F1" in told
    assert "1/41 F1 U1" in told


def test_the_matrix_of_profiles_leaves_out_the_others() -> None:
    report = small() | {"scope": ["core"], "profiles": []}
    for each in report["areas"]:
        each["profile"] = "core" if each["area"] == "area" else "mcp"
    told = "\n".join(lines(report, 120))
    assert "│ area " in told
    assert "│ other " not in told


def test_a_summary_stays_short_and_shows_the_first_failures() -> None:
    report = large("fail")
    text = summary(report)
    assert len(text) < 20_000
    assert text.count("**fail**") == 10
    assert "10 of 5900" in text


def test_a_report_survives_json() -> None:
    """Catches a rendering that needs what JSON does not keep."""
    stored = json.loads(json.dumps(small()))
    assert all(render(stored) == render(small()) for render in RENDERINGS.values())
