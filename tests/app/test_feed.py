"""The feed over real trace files: opening, following, asking, and letting go."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QThread
from pytestqt.qtbot import QtBot

from app import feed as feed_module
from app.feed import FeedFailure, TraceFeed
from inspector.model import State
from inspector.query import parse
from inspector.store.reader import ExchangeRow
from tests.support.made_trace import MadeTrace

DEADLINE = 10_000  #: ms


@pytest.fixture
def feed(qtbot: QtBot) -> Iterator[TraceFeed]:
    made = TraceFeed()
    yield made
    made.close()


class Seen:
    """What a feed reported, by exchange."""

    def __init__(self, feed: TraceFeed) -> None:
        self.rows: dict[int, ExchangeRow] = {}
        self.batches: list[int] = []
        feed.rows_changed.connect(self.take)

    def take(self, rows: list[ExchangeRow]) -> None:
        self.batches.append(len(rows))
        self.rows.update((row.id, row) for row in rows)


def answer(qtbot: QtBot, ask: Any) -> Any:
    """What ``ask(callback)`` was answered."""
    got: list[Any] = []
    ask(got.append)
    qtbot.waitUntil(lambda: bool(got), timeout=DEADLINE)
    return got[0]


def test_what_is_in_the_trace_is_delivered_and_counted(qtbot: QtBot, feed: TraceFeed, trace: MadeTrace) -> None:
    made = trace.traffic(5)
    assert trace.writer.flush()
    seen = Seen(feed)
    with qtbot.waitSignals([feed.opened, feed.counts_changed], timeout=DEADLINE):
        feed.open(trace.path)
    qtbot.waitUntil(lambda: len(seen.rows) == 5, timeout=DEADLINE)
    assert [seen.rows[e.id].target for e in made] == [e.target for e in made]


def test_who_comes_late_is_told_what_is_open(qtbot: QtBot, feed: TraceFeed, trace: MadeTrace) -> None:
    first: list[str] = []
    late: list[str] = []
    feed.follow(first.append)
    feed.open(trace.path, live=False)
    qtbot.waitUntil(lambda: feed.is_open, timeout=DEADLINE)
    feed.follow(late.append)
    assert late == []  # not before it has been put together
    qtbot.waitUntil(lambda: first == late == [str(trace.path)], timeout=DEADLINE)


def test_a_live_trace_is_followed_from_the_first_byte_of_a_request(
    qtbot: QtBot, feed: TraceFeed, trace: MadeTrace
) -> None:
    seen = Seen(feed)
    feed.open(trace.path)
    made = trace.begin(1)
    qtbot.waitUntil(lambda: made.id in seen.rows, timeout=DEADLINE)
    assert seen.rows[made.id].state == State.OPEN
    trace.finish(made)
    qtbot.waitUntil(lambda: seen.rows[made.id].state == State.DONE, timeout=DEADLINE)
    assert seen.rows[made.id].status == 200


def test_a_trace_that_is_not_there_yet_is_waited_for(qtbot: QtBot, feed: TraceFeed, tmp_path: Path) -> None:
    path = tmp_path / "late.gatescope"
    feed.open(path)
    with qtbot.waitSignal(feed.opened, timeout=DEADLINE):
        made = MadeTrace(path)
    made.close()


@pytest.mark.parametrize("content", [None, b"not a database at all" * 100])
def test_what_is_no_trace_is_refused_in_words(
    qtbot: QtBot, feed: TraceFeed, tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "odd.gatescope"
    if content is not None:
        path.write_bytes(content)
    with qtbot.waitSignal(feed.failed, timeout=DEADLINE) as caught:
        feed.open(path, live=False)
    [failure] = caught.args or []
    assert isinstance(failure, FeedFailure)
    assert failure.what
    assert not feed.is_open


def test_questions_are_answered_in_this_thread(qtbot: QtBot, feed: TraceFeed, trace: MadeTrace) -> None:
    made = trace.exchange(1)
    assert trace.writer.flush()
    feed.open(trace.path)
    whole = answer(qtbot, lambda callback: feed.load_exchange(made.id, callback))
    assert whole.response_body.head == made.response_body.head
    assert len(answer(qtbot, lambda callback: feed.load_messages(made.id, 1, callback))) == made.messages - 1
    assert [row.id for row in answer(qtbot, lambda callback: feed.load_rows([made.id], callback))] == [made.id]
    assert list(answer(qtbot, lambda callback: feed.run_query(parse("status:200"), callback))) == [made.id]
    assert answer(qtbot, lambda callback: feed.load_exchange(99, callback)) is None


def test_only_the_newest_question_of_a_kind_is_answered(qtbot: QtBot, feed: TraceFeed, trace: MadeTrace) -> None:
    ids = [made.id for made in trace.traffic(30)]
    assert trace.writer.flush()
    with qtbot.waitSignal(feed.opened, timeout=DEADLINE):
        feed.open(trace.path, live=False)
    got: list[int] = []
    feed.ask(lambda _reader: QThread.msleep(50), lambda _none: None)
    for identity in ids:
        feed.load_exchange(identity, lambda exchange: got.append(exchange.id if exchange else 0))
    qtbot.waitUntil(lambda: ids[-1] in got, timeout=DEADLINE)
    assert got == [ids[-1]]


def test_a_long_trace_comes_in_batches_and_from_its_newest_part(
    qtbot: QtBot, feed: TraceFeed, trace: MadeTrace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_module, "BATCH", 20)
    monkeypatch.setattr(feed_module, "HISTORY", 50)
    made = trace.traffic(80, messages=False)
    assert trace.writer.flush()
    seen = Seen(feed)
    feed.open(trace.path, live=False)
    qtbot.waitUntil(lambda: made[-1].id in seen.rows and len(seen.rows) >= 50, timeout=DEADLINE)
    assert max(seen.batches) == 20
    assert made[0].id not in seen.rows


def test_who_never_caught_up_skips_what_it_is_too_far_behind(
    qtbot: QtBot, feed: TraceFeed, trace: MadeTrace, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, rows in (("BATCH", 5), ("LIVE_HISTORY", 10), ("BEHIND", 20)):
        monkeypatch.setattr(feed_module, name, rows)
    trace.traffic(30)
    assert trace.writer.flush()
    seen, newest = Seen(feed), []

    def write_on(_rows: list[ExchangeRow]) -> None:
        if not newest:
            newest.extend(trace.traffic(60))
            assert trace.writer.flush()

    feed.rows_changed.connect(write_on)
    with qtbot.waitSignal(feed.rows_skipped, timeout=DEADLINE):
        feed.open(trace.path)
    qtbot.waitUntil(lambda: newest[-1].id in seen.rows, timeout=DEADLINE)
    assert newest[0].id not in seen.rows


def test_nobody_is_told_while_nobody_looks(qtbot: QtBot, feed: TraceFeed, trace: MadeTrace) -> None:
    with qtbot.waitSignal(feed.counts_changed, timeout=DEADLINE):
        feed.open(trace.path)
    feed.set_visible(False)
    seen = Seen(feed)
    made = trace.exchange(1)
    assert trace.writer.flush()
    answer(qtbot, lambda callback: feed.load_rows([made.id], callback))  # the reader's thread goes on answering
    assert seen.rows == {}
    feed.set_visible(True)
    qtbot.waitUntil(lambda: made.id in seen.rows, timeout=DEADLINE)


def test_closing_ends_the_thread_and_drops_what_was_asked(qtbot: QtBot, feed: TraceFeed, trace: MadeTrace) -> None:
    with qtbot.waitSignal(feed.opened, timeout=DEADLINE):
        feed.open(trace.path)
    thread = feed.findChild(QThread) or feed._thread
    assert thread is not None
    got: list[object] = []
    feed.load_rows([1], got.append)
    with qtbot.waitSignal(feed.closed, timeout=DEADLINE):
        feed.close()
    assert thread.isFinished()
    feed.load_rows([1], got.append)
    feed.close()
    qtbot.wait(50)
    assert got == []


def test_another_trace_takes_the_place_of_the_first(
    qtbot: QtBot, feed: TraceFeed, trace: MadeTrace, tmp_path: Path
) -> None:
    trace.traffic(3)
    other = MadeTrace(tmp_path / "b.gatescope", asgi=False)
    made = other.exchange(2)
    assert trace.writer.flush()
    assert other.writer.flush()
    with qtbot.waitSignal(feed.opened, timeout=DEADLINE):
        feed.open(trace.path)
    seen = Seen(feed)
    feed.open(other.path)
    qtbot.waitUntil(lambda: made.id in seen.rows, timeout=DEADLINE)
    assert seen.rows[made.id].mode == "gunicorn-sync"
    assert feed.path == str(other.path)
    other.close()


def test_a_question_that_goes_wrong_is_reported_and_the_next_is_answered(
    qtbot: QtBot, feed: TraceFeed, trace: MadeTrace
) -> None:
    with qtbot.waitSignal(feed.opened, timeout=DEADLINE):
        feed.open(trace.path)
    with qtbot.waitSignal(feed.failed, timeout=DEADLINE) as caught:
        feed.ask(lambda _reader: 1 // 0, lambda _never: None)
    assert caught.args is not None
    assert "ZeroDivisionError" in caught.args[0].why
    assert answer(qtbot, lambda callback: feed.load_rows([], callback)) == []
