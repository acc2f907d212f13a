"""Event loops that were held up, in words."""

from __future__ import annotations

import pytest

from inspector.export.stalls import during, place, sentence, stall_record
from inspector.model import Exchange, Stall, State

MS = 1_000_000
SERVER = '  File "/env/lib/python3.12/site-packages/uvicorn/x.py", line 9, in run_asgi\n    await app()\n'
STACK = SERVER + '  File "/srv/shop/main.py", line 42, in handler\n    time.sleep(0.3)\n'
STALL = Stall(1, 10 * MS, 322 * MS, 7, STACK)


@pytest.mark.parametrize(
    ("stack", "expected"),
    [(STACK, "handler main.py:42"), (SERVER, "run_asgi x.py:9"), (STACK + SERVER, "handler main.py:42"), ("", "")],
)
def test_the_place_is_the_users_own_where_there_is_one(stack: str, expected: str) -> None:
    assert place(stack) == expected


def test_sentences() -> None:
    assert sentence(STALL) == "event loop blocked 312 ms in handler main.py:42, by exchange 7"
    assert sentence(STALL, 7) == "event loop blocked 312 ms in handler main.py:42, by this exchange"
    assert sentence(STALL, 8) == "event loop blocked 312 ms in handler main.py:42, by exchange 7"
    assert sentence(Stall(1, 5, 0)) == "event loop blocked and did not come back"


def test_what_an_exchange_waited_in() -> None:
    after, before, lasting = Stall(1, 60 * MS, 70 * MS), Stall(1, 1, 2), Stall(1, 20 * MS, 0)
    found = [before, STALL, lasting, after]
    over = Exchange(1, opened_ns=15 * MS, closed_ns=50 * MS, state=State.DONE)
    assert during(found, over) == [STALL, lasting]
    assert during(found, Exchange(1, called_ns=15 * MS, state=State.OPEN)) == [STALL, lasting, after]


def test_as_json() -> None:
    assert stall_record(STALL) == {
        "from_ns": 10 * MS, "until_ns": 322 * MS, "blocked": 312.0, "exchange": 7, "place": "handler main.py:42",
        "stack": STACK,
    }  # fmt: skip
    lasting = stall_record(Stall(1, 5, 0))
    assert (lasting["until_ns"], lasting["blocked"]) == (None, None)
