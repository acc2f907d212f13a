"""What happened, in plain lines."""

from __future__ import annotations

from app.traffic.narrative import Placed, headline, story
from inspector.calls import error_sentence
from inspector.model import Exchange, Kind, ProbeCost, State

MS = 1_000_000
PLACED = Placed(2, 4711, 3, "gunicorn-sync")


def done(**more: object) -> Exchange:
    values: dict[str, object] = {
        "id": 7, "state": State.DONE, "method": "GET", "target": "/slow", "status": 200, "interface": "WSGI",
        "opened_ns": 1 * MS, "forwarded_ns": 2 * MS, "called_ns": 90 * MS, "started_ns": 95 * MS, "closed_ns": 101 * MS,
    }  # fmt: skip
    return Exchange(**{**values, **more})  # type: ignore[arg-type]


def test_headline_says_what_was_asked_and_what_came_of_it() -> None:
    assert headline(done()) == "GET /slow → 200 OK"
    assert headline(done(status=0, state=State.OPEN)) == "GET /slow → still running"
    assert headline(done(status=0, state=State.FAILED)) == "GET /slow → failed"
    assert headline(done(kind=Kind.LIFESPAN)) == "Lifespan of a worker: ended"


def test_story_of_a_request_that_queued() -> None:
    assert story(done(task="MainThread"), PLACED) == [
        "Served through WSGI by worker 2 (pid 4711, generation 3) under gunicorn-sync, in MainThread.",
        "Took 100 ms; bodies: 0 B in, 0 B out.",
        "88 % of it was queueing in the server before the application was called.",
    ]


def test_story_of_what_still_runs() -> None:
    running = done(state=State.OPEN, closed_ns=0, started_ns=0)
    assert "Running for 999 ms so far." in story(running, PLACED, now=1000 * MS)
    waiting = done(state=State.OPEN, closed_ns=0, started_ns=0, called_ns=0)
    assert story(waiting, Placed())[:2] == [
        "The application has not been called yet: the request waits at the client or in the server.",
        "Still open when recording stopped.",
    ]


def test_only_http_has_a_body_each_way() -> None:
    assert "Took 100 ms." in story(done(kind=Kind.WEBSOCKET), PLACED)
    assert "Took 100 ms; bodies: 0 B in, 0 B out." in story(done(kind=Kind.SSE), PLACED)


def test_story_of_failures() -> None:
    failed = done(
        state=State.FAILED, error="its worker was killed by SIGKILL", exception="Traceback\nValueError: no", dropped=3,
        interface="", replay_of=4, replay_run=1, returned_ns=150 * MS,
    )  # fmt: skip
    told = story(failed, Placed())
    assert told[0] == "Served through the application by a worker."
    assert "The application held its worker for another 49.0 ms after the last byte." in told
    assert "An exception left the application after its response had begun: ValueError: no" in told
    assert "It failed: its worker was killed by SIGKILL." in told
    assert "A replay of exchange 4, in run 1." in told
    assert "An edited request, made of exchange 4." in story(done(replay_of=4), PLACED)
    assert any(line.startswith("Not everything was recorded: 3 ") for line in told)
    raised = "Traceback\nValueError: no"
    told = story(done(state=State.FAILED, exception=raised, error=error_sentence(raised)), PLACED)
    assert [line for line in told if "ValueError" in line] == [
        "An exception left the application after its response had begun: ValueError: no"
    ]  # and not once more as what failed
    crashed = done(state=State.FAILED, started_ns=0, returned_ns=91 * MS, closed_ns=900 * MS)
    assert not any("server" in line for line in story(crashed, PLACED))  # how long its end took to be seen is no cause
    early = story(done(exception="KeyError: 1", started_ns=0), PLACED)
    assert "An exception left the application before it had answered: KeyError: 1" in early


def test_story_without_a_call_or_a_longest_phase() -> None:
    assert story(done(called_ns=0, started_ns=0), Placed())[0] == (
        "The application was not seen to be called for this request."
    )
    even = done(forwarded_ns=34 * MS, called_ns=67 * MS, started_ns=95 * MS)
    assert len(story(even, PLACED)) == 2
    assert len(story(done(forwarded_ns=0, called_ns=0, started_ns=0), PLACED)) == 2


def test_the_probe_says_its_share_of_a_call_that_is_over() -> None:
    placed = Placed(2, 4711, 3, "gunicorn-sync", cost=ProbeCost(21_000, 5 * MS, 64))
    answered = {"returned_ns": 94_100_000}
    assert "The probe's share: about 21 µs of the call's 4.1 ms, 0.5 %." in story(done(**answered), placed)
    for other, where in (
        (done(**answered), PLACED),  # not measured
        (done(), placed),  # not over
        (done(kind=Kind.SSE, **answered), placed),
        (done(returned_ns=90 * MS + 20_000), placed),  # quicker than most
    ):
        assert not any("probe" in line for line in story(other, where))
