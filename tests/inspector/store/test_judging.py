"""When exchanges are judged: real rules on a real trace, the clock in the test's hand."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from inspector import contract, tagged
from inspector.model import Exchange, Message, State
from inspector.store import judgement, session
from inspector.store import judging as judging_module
from inspector.store.batch import BatchWriter
from inspector.store.judging import Judging
from inspector.store.reader import TraceReader
from inspector.store.snapshot import Snapshots

MS = 1_000_000


class Clock:
    """Goes on a little each time somebody looks."""

    def __init__(self) -> None:
        self.now = 10**12
        self.step = MS // 100

    def __call__(self) -> int:
        self.now += self.step
        return self.now


class Desk:
    """A trace, what writes its batches, and what judges them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock = Clock()
        self.connection = session.open_for_writing(path, append=path.exists())
        self.told: list[int] = []
        self.batches = BatchWriter(self.connection, self._wrote)
        self.judging = Judging(self.connection, self.batches.next_rev, self.clock)

    def _wrote(self, ids: object) -> None:
        self.judging.wrote(ids)  # type: ignore[arg-type]

    def write(self, *exchanges: Exchange) -> None:
        """A batch of these, each with what its application said."""
        rows = [message for made in exchanges for message in messages_of(made)]
        values = [tuple(getattr(message, name) for name in Message.__slots__) for message in rows]
        self.batches.write(self.batches.number + 1, Snapshots().take(exchanges, 1), values, {}, {})

    def work(self, most: int = 1000) -> list[float]:
        """Let it have all the time it wants; how long it rested each time."""
        rests = []
        for _ in range(most):
            rest = self.judging.step()
            if rest is None:
                return rests
            rests.append(rest)
            self.clock.now += round(rest * 1e9)
        raise AssertionError("it never comes to an end")

    def rows(self, sql: str) -> list[tuple[int, ...]]:
        return self.connection.execute(sql).fetchall()


def made(identity: int, *, state: str = State.DONE, twice: bool = False) -> Exchange:
    exchange = Exchange(identity, method="GET", target="/", interface="ASGI3", state=state, status=200)
    exchange.opened_ns, exchange.called_ns, exchange.closed_ns = 1, 2, 9
    exchange.context = tagged.dumps({"type": "http", "asgi": {"version": "3.0"}, "method": "GET", "path": "/"})
    exchange.messages = 2 + twice
    return exchange


def messages_of(exchange: Exchange) -> list[Message]:
    start = tagged.dumps({"status": 200, "headers": []})
    types = ["http.response.start"] * (exchange.messages - 1) + ["http.response.body"]
    return [
        Message(exchange.id, seq, 3 + seq, "app", "out", kind, info=start if kind.endswith("start") else "")
        for seq, kind in enumerate(types)
    ]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    path = tmp_path / "t.gatescope"
    with closing(session.open_for_writing(path, append=False)) as connection:
        session.begin(connection, {}, "test", monotonic_ns=1, wall_ns=2)
    desk = Desk(path)
    yield desk
    desk.connection.close()


def broken(desk: Desk) -> dict[int, set[str]]:
    """The rules of starting twice that each exchange breaks."""
    found: dict[int, set[str]] = {}
    for exchange, rule in desk.rows("SELECT exchange, rule FROM finding WHERE rule = 'ASGI-HTTP-02'"):
        found.setdefault(exchange, set()).add(str(rule))
    return found


def test_what_is_over_is_judged_and_what_breaks_rules_has_changed(desk):
    desk.write(made(1, twice=True), made(2), made(3, state=State.OPEN))
    desk.work()
    assert broken(desk) == {1: {"ASGI-HTTP-02"}}
    [(one, rev), (two, same)] = desk.rows("SELECT exchange, rev FROM judged ORDER BY exchange")
    assert (one, two) == (1, 2)
    assert [rev, same] == [row[0] for row in desk.rows("SELECT rev FROM exchange WHERE id < 3 ORDER BY id")]
    assert rev > 3  # a new change, by which those who look are told of it
    assert same <= 3 or desk.rows("SELECT 1 FROM finding WHERE exchange = 2")


def test_what_is_written_again_is_judged_again_and_what_was_found_before_goes(desk):
    desk.write(made(1, twice=True))
    desk.work()
    before = desk.rows("SELECT rev FROM exchange")[0][0]
    desk.connection.execute("DELETE FROM message")
    desk.write(made(1))
    desk.work()
    assert broken(desk) == {}
    assert desk.rows("SELECT rev FROM exchange")[0][0] > before + 1  # its row says one finding less


def test_the_newest_come_first_and_while_batches_come_most_of_the_time_is_left_to_others(desk):
    desk.clock.step = MS  # each look at the clock costs a millisecond: a slice judges a few
    desk.write(*[made(number) for number in range(1, 101)])
    rest = desk.judging.step()
    assert rest is not None
    assert rest > 0.002
    assert desk.judging.step() > 0  # not before it has rested
    judged = set(desk.judging._done)
    assert judged
    assert min(judged) > 80
    desk.write(*[made(number) for number in range(101, 501)])  # more than it will keep up with
    desk.clock.now += 10**8
    assert desk.judging.step() > 3 * rest
    desk.clock.now += 10**9  # nothing came for a second
    assert desk.judging.step() == 0.0


def test_more_than_can_be_remembered_is_found_again(desk, monkeypatch):
    monkeypatch.setattr(judging_module, "_MOST_WAITING", 10)
    monkeypatch.setattr(judging_module, "_LOOK", 7)
    for first in range(1, 40, 8):
        desk.write(*[made(number) for number in range(first, first + 8)])
    desk.work()
    assert desk.rows("SELECT count(*) FROM judged") == [(40,)]


def test_what_an_earlier_recording_left_is_judged_by_the_next(desk, tmp_path):
    desk.write(*[made(number, twice=number == 2) for number in range(1, 6)])
    desk.connection.close()
    later = Desk(desk.path)
    later.work()
    assert later.rows("SELECT count(*) FROM judged") == [(5,)]
    assert broken(later) == {2: {"ASGI-HTTP-02"}}
    later.connection.close()


def test_in_the_end_there_is_so_much_time_and_no_more(desk, monkeypatch):
    monkeypatch.setattr(judging_module, "_GATHER", 5)
    desk.clock.step = MS
    desk.write(*[made(number) for number in range(1, 201)])
    desk.judging.finish(desk.clock.now + 20 * MS)
    [(count,)] = desk.rows("SELECT count(*) FROM judged")
    assert 0 < count < 200
    with TraceReader(desk.path) as reader:
        assert reader.findings.tally().missing == 200 - count


def test_exchanges_that_went_meanwhile_leave_nothing(desk):
    desk.write(made(1, twice=True), made(2, twice=True))
    desk.judging.step()
    assert desk.judging._done
    desk.connection.execute("DELETE FROM exchange WHERE id = 1")
    desk.judging.gone()
    desk.work()
    assert set(broken(desk)) == {2}
    assert desk.rows("SELECT exchange FROM judged") == [(2,)]


def test_rules_that_fail_fail_on_that_exchange_alone(desk, monkeypatch):
    real = contract.judge

    def judge(case):
        if case.exchange.id == 1:
            raise RecursionError("too deep")
        return real(case)

    monkeypatch.setattr(contract, "judge", judge)
    desk.write(made(1), made(2, twice=True))
    desk.work()
    assert set(broken(desk)) == {2}
    with TraceReader(desk.path) as reader:
        assert (reader.findings.tally().failed, reader.findings.tally().judged) == (1, 1)
    assert judgement.judge(desk.connection, 1).failed == "RecursionError: too deep"
    assert judgement.judge(desk.connection, 99) is None


def test_what_the_file_does_not_take_is_kept_for_the_next_time(desk):
    desk.write(made(1, twice=True))
    desk.judging.step()
    with closing(sqlite3.connect(desk.path, isolation_level=None)) as other:
        desk.connection.execute("PRAGMA busy_timeout = 1")
        other.execute("BEGIN IMMEDIATE")
        desk.clock.now += 10**9
        with pytest.raises(sqlite3.OperationalError):
            desk.judging.step()
        other.execute("COMMIT")
    desk.work()
    assert set(broken(desk)) == {1}


def test_of_a_long_exchange_the_beginning_is_judged_and_nothing_is_missed_after_it(desk, monkeypatch):
    monkeypatch.setattr(judgement, "MOST_MESSAGES", 1)
    desk.write(made(1, twice=True))
    found = judgement.judge(desk.connection, 1)
    assert not found.failed
    assert not {each.rule for each in found.findings} & {"ASGI-HTTP-02", "ASGI-HTTP-03", "ASGI-HTTP-04"}


def test_no_more_of_an_exchange_is_read_than_a_scribe_may_hold(desk, monkeypatch):
    desk.write(made(1, twice=True))
    desk.connection.execute("UPDATE message SET payload = zeroblob(1000), size = 1000")
    assert judgement.judge(desk.connection, 1).findings
    monkeypatch.setattr(judgement, "MOST_BYTES", 900)  # the first has more, and is the last that is looked at
    assert not {each.rule for each in judgement.judge(desk.connection, 1).findings} & {"ASGI-HTTP-02", "ASGI-HTTP-04"}
