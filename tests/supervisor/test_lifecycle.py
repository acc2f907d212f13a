from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.model import WorkerState
from supervisor.lifecycle import (
    APP_TRANSITIONS,
    WORKER_TRANSITIONS,
    AppEvent,
    AppState,
    TransitionError,
    WorkerChange,
    app_after,
    worker_after,
)


def test_a_whole_life_of_an_application() -> None:
    state = AppState.STOPPED
    seen = []
    for event in (
        AppEvent.START, AppEvent.READY, AppEvent.SWITCH, AppEvent.SWITCHED, AppEvent.DIED, AppEvent.START,
        AppEvent.BOOT_FAILED, AppEvent.STOP, AppEvent.ENDED,
    ):  # fmt: skip
        state = app_after(state, event)
        seen.append(state.value)
    assert seen == [
        "starting", "running", "switching", "running", "crashed", "starting", "crashed", "stopping", "stopped",
    ]  # fmt: skip


@pytest.mark.parametrize(("state", "event"), sorted(set(itertools.product(AppState, AppEvent)) - set(APP_TRANSITIONS)))
def test_what_is_not_in_the_table_cannot_happen(state: AppState, event: AppEvent) -> None:
    with pytest.raises(TransitionError, match=state):
        app_after(state, event)


def test_every_state_can_be_left_and_stopped() -> None:
    for state in AppState:
        assert any(origin is state for origin, _ in APP_TRANSITIONS)
        if state is not AppState.STOPPING:
            assert app_after(state, AppEvent.STOP) is AppState.STOPPING


@given(st.lists(st.sampled_from(AppEvent)))
def test_the_messages_know_every_state(events: list[AppEvent]) -> None:
    state = AppState.STOPPED
    for event in events:
        if (state, event) in APP_TRANSITIONS:
            state = app_after(state, event)
    assert str(state) in ["starting", "running", "switching", "stopping", "stopped", "crashed"]


def test_a_worker_is_born_serves_and_dies_once() -> None:
    assert worker_after(WorkerState.STARTING, WorkerChange.READY) is WorkerState.READY
    assert worker_after(WorkerState.READY, WorkerChange.STOP) is WorkerState.STOPPING
    assert worker_after(WorkerState.STOPPING, WorkerChange.READY) is WorkerState.STOPPING
    for state in (WorkerState.STARTING, WorkerState.READY, WorkerState.STOPPING):
        assert WORKER_TRANSITIONS[state, WorkerChange.EXIT] is WorkerState.EXITED
    for change in WorkerChange:
        with pytest.raises(TransitionError, match="exited"):
            worker_after(WorkerState.EXITED, change)
