"""The rows of a scenario: counted, kept until its end, told in the report and in what is made of it."""

import pytest

from conformance import fault_table
from conformance.outcomes import HarnessError
from conformance.rendering import RENDERINGS
from conformance.report import validate
from conformance.rows import Rows
from tests.conformance.reports import small

FELL = {"tried": 3, "held": 2, "fallen": ["429, streamed <b>"]}
HELD = {"tried": 3, "held": 3, "fallen": []}


def test_a_row_that_falls_does_not_end_the_scenario() -> None:
    rows = Rows()
    with rows.row("first"), pytest.raises(ZeroDivisionError):
        pass  # raises pytest's own failure, which is no Exception
    with rows.row("second"):
        assert not rows.tried, "one is not two"
    with rows.row("third"):
        pass
    assert rows.tally() == {"tried": 3, "held": 1, "fallen": ["first", "second"]}
    with pytest.raises(
        AssertionError, match=r"(?s)2 of 3 rows fell:\n  first: .*DID NOT RAISE.*\n  second: one is not"
    ) as e:
        rows.require()
    assert any("test_rows" in str(entry.path) for entry in e.traceback[1:])


def test_rows_that_all_hold_are_fine_and_no_rows_are_no_table() -> None:
    rows = Rows()
    assert rows.tally() is None
    with rows.row("only"):
        pass
    rows.require()
    assert rows.tally() == {"tried": 1, "held": 1, "fallen": []}


@pytest.mark.parametrize("raised", [HarnessError("mine"), KeyboardInterrupt(), SystemExit()])
def test_what_is_no_fault_of_the_target_is_not_kept(raised: BaseException) -> None:
    with pytest.raises(type(raised)), Rows().row("only"):
        raise raised


def test_two_rows_of_one_name_are_refused() -> None:
    rows = Rows()
    with rows.row("twice"):
        pass
    with pytest.raises(HarnessError, match="two rows are called 'twice'"), rows.row("twice"):
        pass


def test_the_table_has_a_line_a_scenario_and_a_column_a_surface() -> None:
    report = small(
        {"area/test_good[alpha-sync]": "pass", "area/test_good[alpha-aio]": "pass", "area/test_bad[alpha-sync]": "fail"}
    )
    for check, rows in zip(report["checks"], (HELD, HELD, FELL), strict=True):
        check["rows"] = rows
    validate(report)
    found = fault_table.table(report)
    assert found is not None
    assert found.columns == [("alpha", "sync"), ("alpha", "aio")]
    told = [(name, [cell.text for cell in cells]) for name, cells in found.lines]
    assert told == [("area: bad", ["2/3", "-"]), ("area: good", ["3/3", "3/3"]), ("total", ["5/6", "3/3"])]
    for name in ("matrix.txt", "summary.md", "matrix.html"):
        text = RENDERINGS[name](report)
        assert fault_table.TITLE in text
        assert "5/6" in text
    assert "429, streamed &lt;b&gt;" in RENDERINGS["matrix.html"](report)


def test_without_rows_there_is_no_table() -> None:
    report = small()
    assert fault_table.table(report) is None
    assert all(fault_table.TITLE not in render(report) for render in RENDERINGS.values())


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        ({"tried": 4, "held": 2, "fallen": ["one"]}, "tried 4 rows, of which 2 held and 1 fell"),
        ({"tried": 2, "held": 1, "fallen": ["one"]}, "ended in pass, and the row 'one' fell"),
        ({"tried": 0, "held": 0, "fallen": []}, "does not match its schema"),
    ],
)
def test_a_report_whose_rows_do_not_add_up_is_refused(rows: dict[str, object], complaint: str) -> None:
    report = small({"area/test_good[alpha-sync]": "pass"})
    report["checks"][0]["rows"] = rows
    with pytest.raises(HarnessError, match=complaint):
        validate(report)
