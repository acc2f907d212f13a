"""The tree of broken rules: what stays where it is, and what is below a rule."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from app.findings.model import COLUMNS, COUNT, EXCHANGES, FAULT, FIRST, LAST, RULE, TITLE, BrokenModel
from inspector.contract import RULES
from inspector.model import Finding
from inspector.store.findings import BrokenRule, FoundRow

KNOWN = RULES["ASGI-HTTP-02"]


def rule(name: str, *, violations: int = 0, warnings: int = 0, notes: int = 0, by_server: int = 0) -> BrokenRule:
    count = violations + warnings + notes
    return BrokenRule(name, count, count, violations, warnings, notes, by_server, 5, 9, 1, 2)


def row(exchange: int, name: str = KNOWN.id, seq: int = 3, method: str = "GET") -> FoundRow:
    found = Finding(exchange, name, "violation", "application", seq, 7, "seen")
    return FoundRow(found, method, "/a" if method else "", 200, "http" if method else "lifespan", "done")


def clock(t_ns: int, exchange: int) -> str:
    return f"{t_ns}@{exchange}"


def titles(model: BrokenModel, parent: QModelIndex | None = None) -> list[str]:
    parent = parent or QModelIndex()
    return [model.index(at, 0, parent).data() for at in range(model.rowCount(parent))]


def names(model: BrokenModel) -> list[str]:
    return [model.index(at, RULE).data() for at in range(model.rowCount())]


def test_rules_keep_their_places_while_others_come_and_go(qtbot: QtBot) -> None:
    model = BrokenModel()
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    one, two = rule("B-1", violations=2), rule("A-1", notes=5)
    model.show([two, one], RULES, 10, clock)
    assert names(model) == ["B-1", "A-1"]  # the gravest first
    kept = QPersistentModelIndex(model.index(1, 0))
    model.show([two, replace(one, count=3), rule("A-0", violations=1)], RULES, 10, clock)
    assert names(model) == ["A-0", "B-1", "A-1"]
    assert kept.row() == 2
    model.show([rule("A-0", violations=1, by_server=1), one, two], RULES, 10, clock)
    assert names(model) == ["B-1", "A-1", "A-0"]  # what the server alone breaks comes last, however grave
    model.show([rule("A-1", violations=1)], RULES, 10, clock)  # graver than it was
    assert names(model) == ["A-1"]
    model.show([], {}, 0, clock)
    assert model.rowCount() == 0
    assert not model.hasChildren()
    del tester


def test_cells_of_a_rule(qtbot: QtBot) -> None:
    model = BrokenModel()
    model.show([rule(KNOWN.id, violations=3, warnings=1, by_server=1)], RULES, 8, clock)
    cells = [model.index(0, column).data() for column in range(len(COLUMNS))]
    assert cells[TITLE] == KNOWN.title
    assert (cells[RULE], cells[FAULT], cells[COUNT], cells[EXCHANGES]) == (KNOWN.id, "Both", "4", "4 (50 %)")
    assert (cells[FIRST], cells[LAST]) == ("5@1", "9@2")
    assert model.index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole) == f"Violation: {KNOWN.title}"
    assert "3 violations, 1 warning" in model.index(0, 0).data(Qt.ItemDataRole.ToolTipRole)
    assert model.index(0, 0).data(Qt.ItemDataRole.DecorationRole) is not None
    for column, (title, meaning) in enumerate(COLUMNS):
        assert model.headerData(column, Qt.Orientation.Horizontal, Qt.ItemDataRole.DisplayRole) == title
        assert meaning in model.headerData(column, Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole)
    model.show([rule("NEW-1", notes=1, by_server=1)], RULES, 1000, clock)
    assert "does not know" in model.index(0, 0).data()
    assert (model.index(0, FAULT).data(), model.index(0, EXCHANGES).data()) == ("Server", "1")


def test_what_is_below_a_rule_is_asked_for_and_again_when_there_is_more(qtbot: QtBot) -> None:
    model = BrokenModel()
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    asked: list[str] = []
    model.rows_wanted.connect(asked.append)
    model.show([rule(KNOWN.id, violations=2), rule("Z-1", violations=1)], RULES, 10, clock)
    first = model.index(0, 0)
    assert model.hasChildren(first)
    assert model.canFetchMore(first)
    model.fetchMore(first)
    model.fetchMore(first)
    assert asked.count(KNOWN.id) == 1
    model.show_rows(KNOWN.id, [row(5), row(4, seq=-1, method="")])
    assert titles(model, first)[0].startswith("#5  GET /a  seen")
    assert titles(model, first)[1].startswith("#4  lifespan")
    assert model.index(1, RULE, first).data() == "the call as a whole"
    assert model.index(0, LAST, first).data() == "7@5"
    assert model.parent(model.index(0, 0, first)) == first
    assert model.found(model.index(0, 0, first)) == row(5)
    assert model.broken(model.index(0, 0, first)) == rule(KNOWN.id, violations=2)
    assert model.find(KNOWN.id, row(4, seq=-1).finding) == model.index(1, 0, first)
    assert not model.find(KNOWN.id, row(99).finding).isValid()
    assert not model.find("none").isValid()
    model.show([rule(KNOWN.id, violations=7), rule("Z-1", violations=1)], RULES, 10, clock)
    assert asked.count(KNOWN.id) == 2
    model.show_rows(KNOWN.id, [row(6), row(5)])
    assert titles(model, first)[-1] == "and 5 more: Enter shows all in the table"
    assert model.found(model.index(2, 0, first)) is None
    model.show_rows("gone", [row(1)])
    model.show([rule("Z-1", violations=1)], RULES, 10, clock)
    assert names(model) == ["Z-1"]
    del tester
