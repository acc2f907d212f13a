"""The lifespan over ASGI: for each rule what breaks it, and the nearest that does not."""

from __future__ import annotations

from typing import Any

import pytest

from inspector.tagged import Opaque
from tests.support.cases import RETURN, found, got, holds, http, left, lifespan, sent, start

STARTUP, SHUTDOWN = got("lifespan.startup"), got("lifespan.shutdown")
UP, DOWN = sent("lifespan.startup.complete"), sent("lifespan.shutdown.complete")
FAILED = sent("lifespan.startup.failed", message="no database")
ERROR = left("OSError: no database")
CANCELLED = left("asyncio.exceptions.CancelledError")


def failed(message: Any):
    return lifespan(STARTUP, sent("lifespan.startup.failed", message=message))


def state(value: Any):
    return http(start(), sent("http.response.body", body=b"x"), RETURN, scope={"state": value})


FINE = lifespan(STARTUP, UP, SHUTDOWN, DOWN, RETURN)
TABLE = [
    ("ASGI-LS-01", "note", lifespan(ERROR), FINE),
    ("ASGI-LS-02", "warning", lifespan(STARTUP, ERROR), lifespan(STARTUP, FAILED, ERROR)),
    ("ASGI-LS-02", "warning", lifespan(STARTUP, ERROR), lifespan(STARTUP, CANCELLED)),
    ("ASGI-LS-03", "note", lifespan(STARTUP, RETURN), FINE),
    ("ASGI-LS-03", "note", lifespan(RETURN), lifespan(STARTUP, FAILED, RETURN)),
    ("ASGI-LS-04", "warning", lifespan(STARTUP, sent("lifespan.startup.complete", wait=11_000)),
     lifespan(STARTUP, sent("lifespan.startup.complete", wait=9_000))),
    ("ASGI-LS-05", "violation", lifespan(UP), lifespan(STARTUP, UP)),
    ("ASGI-LS-06", "violation", lifespan(STARTUP, UP, UP), lifespan(STARTUP, UP)),
    ("ASGI-LS-06", "violation", lifespan(STARTUP, FAILED, FAILED), lifespan(STARTUP, FAILED)),
    ("ASGI-LS-07", "violation", lifespan(STARTUP, UP, FAILED), lifespan(STARTUP, FAILED)),
    ("ASGI-LS-07", "violation", lifespan(STARTUP, FAILED, UP), lifespan(STARTUP, UP, UP)),
    ("ASGI-LS-08", "warning", lifespan(STARTUP, UP, RETURN), FINE),
    ("ASGI-LS-09", "warning", lifespan(STARTUP, UP, ERROR), lifespan(STARTUP, UP, CANCELLED)),
    ("ASGI-LS-10", "violation", lifespan(STARTUP, UP, DOWN), FINE),
    ("ASGI-LS-10", "violation", lifespan(STARTUP, UP, SHUTDOWN, DOWN, DOWN), FINE),
    ("ASGI-LS-11", "warning", lifespan(STARTUP, UP, SHUTDOWN, ERROR), lifespan(STARTUP, UP, SHUTDOWN, DOWN, ERROR)),
    ("ASGI-LS-12", "note", lifespan(STARTUP, UP, SHUTDOWN, RETURN), FINE),
    ("ASGI-LS-13", "warning", lifespan(STARTUP, UP, SHUTDOWN, sent("lifespan.shutdown.failed", wait=11_000)), FINE),
    ("ASGI-LS-14", "violation", failed(1), failed("1")),
    ("ASGI-LS-14", "violation", failed(Opaque("OSError", "OSError()")), failed(Opaque("LazyText", "'no database'"))),
    ("ASGI-LS-15", "violation", state({1: 2}), state({"1": 2})),
    ("ASGI-LS-50", "violation", lifespan(SHUTDOWN), FINE),
]  # fmt: skip


@pytest.mark.parametrize("sample", TABLE, ids=lambda sample: sample[0])
def test_rule(sample) -> None:
    holds(sample)


def test_a_right_life_breaks_nothing_and_nor_does_one_that_goes_on() -> None:
    assert found(FINE) == set()
    assert found(lifespan(STARTUP, UP, state="open")) == set()


def test_what_the_server_says_out_of_order_later_is_nobodys_fault_yet() -> None:
    assert found(lifespan(STARTUP, UP, STARTUP, SHUTDOWN, SHUTDOWN, DOWN, RETURN)) == set()


def test_of_what_was_not_recorded_whole_nothing_that_is_missing_is_told() -> None:
    assert found(lifespan(UP, RETURN, dropped=1)) == set()


def test_a_state_that_is_none() -> None:
    assert found(state(None)) == set()
