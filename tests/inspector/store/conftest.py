"""Traces to write to and to read, closed when the test is over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, Protocol

import pytest

from inspector.store.reader import TraceReader
from inspector.store.writer import TraceWriter


class OpenWriter(Protocol):
    def __call__(self, name: str = ..., **options: Any) -> TraceWriter: ...


class OpenReader(Protocol):
    def __call__(self, path: Path) -> TraceReader: ...


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def open_writer(tmp_path: Path, stack: ExitStack) -> OpenWriter:
    def open_one(name: str = "t.gatescope", **options: Any) -> TraceWriter:
        return stack.enter_context(closing(TraceWriter(tmp_path / name, **options)))

    return open_one


@pytest.fixture
def open_reader(stack: ExitStack) -> OpenReader:
    def open_one(path: Path) -> TraceReader:
        return stack.enter_context(TraceReader(path))

    return open_one
