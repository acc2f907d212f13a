"""The table as tests: one a mode, whose failure names the cells and facts that are not as expected."""

from __future__ import annotations

import importlib.metadata
import json

import pytest

from supervisor.servers.catalogue import MODES
from tests.integration.lifecycle import __main__ as command
from tests.integration.lifecycle.observing import Observation, observe
from tests.integration.lifecycle.table import ROWS, Situation


def test_every_mode_is_in_the_table() -> None:
    assert {row.start(slug, "")["mode"] for slug, row in ROWS.items()} == {*MODES, "custom"}


@pytest.mark.parametrize("slug", ROWS)
def test_each_cell_is_as_expected(slug: str) -> None:
    for name in MODES[slug].needs if slug in MODES else (ROWS[slug].needs,):
        try:
            importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            pytest.skip(f"{name} is not installed")
    differences = observe(slug).differences
    assert not differences, "\n".join(differences)


def test_what_differs_is_named() -> None:
    found = Observation("wsgiref")
    cell = found.cells[Situation.SERVE]
    found.in_sequence([(situation, lambda facts=cell.expected: facts) for situation, cell in found.cells.items()])
    assert found.differences == []
    cell.seen["recorded"] = "post: no input.read"
    assert found.differences == ["wsgiref, serve: recorded: expected 'whole', seen 'post: no input.read'"]
    assert any("whole" in line and "SEEN: post: no input.read" in line for line in command.text(found))
    assert (
        sum("as expected" in line for line in command.text(found))
        == sum(len(cell.expected) for cell in found.cells.values()) - 1
    )
    assert "1 DIFFER" in "".join(command.table([found]))
    assert [json.loads(line)["situation"] for line in command.as_json(found) if '"as_expected": false' in line] == [
        "serve"
    ]


def test_a_sequence_ends_where_it_cannot_go_on() -> None:
    found = Observation("wsgiref")

    def fails() -> dict[str, str | int | bool]:
        raise AssertionError("waited in vain for a worker")

    found.in_sequence([(Situation.START, fails), (Situation.SERVE, lambda: {"answers": "never asked"})])
    assert found.cells[Situation.START].seen == {"error": "AssertionError: waited in vain for a worker"}
    assert found.cells[Situation.SERVE].seen == {}
    assert found.differences[:2] == [
        "wsgiref, start: error: expected None, seen 'AssertionError: waited in vain for a worker'",
        "wsgiref, serve: reached: expected True, seen False",
    ]
