"""The states of an application and of a worker, as tables.

Pure. A transition that is not in the table is a mistake of ours and raises, so that no state is ever a surprise.
"""

from __future__ import annotations

import enum

from inspector.model import WorkerState


class AppState(enum.StrEnum):
    """An application under supervision. ``crashed``: not serving, and it did not mean to."""

    STOPPED = "stopped"
    STARTING = "starting"
    RUNNING = "running"
    SWITCHING = "switching"
    STOPPING = "stopping"
    CRASHED = "crashed"


class AppEvent(enum.StrEnum):
    """What happens to an application."""

    START = "start"  #: somebody asks for it
    READY = "ready"  #: its instance serves
    BOOT_FAILED = "boot failed"  #: its instance will not serve
    SWITCH = "switch"  #: a second instance is being made beside the first
    SWITCHED = "switched"  #: the second one serves, or was given up: either way one serves
    DIED = "died"  #: the serving instance ended and is not made anew
    RESTART = "restart"  #: its instance is ended, and another made after that
    STOP = "stop"  #: somebody asks for the end
    ENDED = "ended"  #: everything of it is gone


class WorkerChange(enum.StrEnum):
    """What happens to a worker."""

    READY = "ready"
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    EXIT = "exit"


APP_TRANSITIONS: dict[tuple[AppState, AppEvent], AppState] = {
    (AppState.STOPPED, AppEvent.START): AppState.STARTING,
    (AppState.CRASHED, AppEvent.START): AppState.STARTING,
    (AppState.STARTING, AppEvent.READY): AppState.RUNNING,
    (AppState.STARTING, AppEvent.BOOT_FAILED): AppState.CRASHED,
    (AppState.STARTING, AppEvent.STOP): AppState.STOPPING,
    (AppState.RUNNING, AppEvent.SWITCH): AppState.SWITCHING,
    (AppState.RUNNING, AppEvent.RESTART): AppState.STARTING,
    (AppState.RUNNING, AppEvent.DIED): AppState.CRASHED,
    (AppState.RUNNING, AppEvent.STOP): AppState.STOPPING,
    (AppState.SWITCHING, AppEvent.SWITCHED): AppState.RUNNING,
    (AppState.SWITCHING, AppEvent.DIED): AppState.CRASHED,
    (AppState.SWITCHING, AppEvent.STOP): AppState.STOPPING,
    (AppState.CRASHED, AppEvent.STOP): AppState.STOPPING,
    (AppState.STOPPED, AppEvent.STOP): AppState.STOPPING,
    # A switch that gets ready after the old instance died brings the application back.
    (AppState.CRASHED, AppEvent.SWITCHED): AppState.RUNNING,
    (AppState.STOPPING, AppEvent.ENDED): AppState.STOPPED,
}

WORKER_TRANSITIONS: dict[tuple[WorkerState, WorkerChange], WorkerState] = {
    (WorkerState.STARTING, WorkerChange.READY): WorkerState.READY,
    (WorkerState.STARTING, WorkerChange.STOP): WorkerState.STOPPING,
    (WorkerState.STARTING, WorkerChange.EXIT): WorkerState.EXITED,
    (WorkerState.READY, WorkerChange.STOP): WorkerState.STOPPING,
    (WorkerState.READY, WorkerChange.EXIT): WorkerState.EXITED,
    (WorkerState.READY, WorkerChange.PAUSE): WorkerState.PAUSED,
    (WorkerState.PAUSED, WorkerChange.RESUME): WorkerState.READY,
    (WorkerState.PAUSED, WorkerChange.STOP): WorkerState.STOPPING,
    (WorkerState.PAUSED, WorkerChange.EXIT): WorkerState.EXITED,
    # Told to stop while it was still starting: what it says about being ready no longer matters.
    (WorkerState.STOPPING, WorkerChange.READY): WorkerState.STOPPING,
    (WorkerState.STOPPING, WorkerChange.STOP): WorkerState.STOPPING,
    (WorkerState.STOPPING, WorkerChange.EXIT): WorkerState.EXITED,
}


class TransitionError(Exception):
    """Something happened that cannot happen in that state."""


def app_after(state: AppState, event: AppEvent) -> AppState:
    """The state of an application in ``state`` after ``event``. Raises TransitionError."""
    try:
        return APP_TRANSITIONS[state, event]
    except KeyError:
        raise TransitionError(f"an application that is {state} cannot take {event!r}") from None


def worker_after(state: WorkerState, change: WorkerChange) -> WorkerState:
    """The state of a worker in ``state`` after ``change``. Raises TransitionError."""
    try:
        return WORKER_TRANSITIONS[state, change]
    except KeyError:
        raise TransitionError(f"a worker that is {state} cannot take {change!r}") from None
