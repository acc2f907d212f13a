"""What the launch area tells of now: no supervisor, a failure, or a choice that can't run, each with what to press."""

from __future__ import annotations

import dataclasses

from app.launch.choice import CUSTOM, find_mode
from app.launch.controller import LaunchController
from app.launch.problem import Offer, Telling
from app.link import LinkState, SupervisorLink

LOOK = Offer("look", "Look again", "reload", "When you have changed something: see what is there now")
AGAIN = Offer("again", "Try again", "reload", "When you have changed something: once more, with the same settings")
OWN = Offer("own", "Use your own command", "terminal", "Type what starts it, such as python manage.py runserver")
NEW = Offer("supervisor", "Start a new one", "play", "Start another supervisor; what ran is not started by itself")


def telling(controller: LaunchController, link: SupervisorLink) -> Telling | None:
    """The gravest of what there is to say."""
    listed, mode = controller.listed, controller.choice.mode
    if link.state is LinkState.LOST and link.problem is not None:
        said = dataclasses.replace(link.problem, ways_out=link.problem.ways_out[:-1])  # the last is the offer
        return Telling(said, failure=True, offers=(NEW,), note="The window goes on showing the trace.")
    notice = controller.verdict.problem
    if controller.problem is not None and not (notice is not None and controller.only_told):
        offers, note = _failed(controller)
        return Telling(controller.problem, failure=True, offers=offers, note=note, listed=listed, mode=mode)
    if notice is not None:
        return Telling(notice, failure=False, offers=_cannot(controller), listed=listed, mode=mode)
    return None


def _cannot(controller: LaunchController) -> tuple[Offer, ...]:
    running = find_mode(controller.listed, controller.status.mode) if controller.status and controller.live else None
    return (Offer("stay", f"Stay with {running.title}", "back"), LOOK) if running else (LOOK,)


def _failed(controller: LaunchController) -> tuple[tuple[Offer, ...], str]:
    """What to press after a failure, and what goes on all the same."""
    status = controller.status
    if controller.live and status is not None:
        if controller.pill == "held":
            return (Offer("restart", "Start it now", "play"), Offer("stop", "Stop it", "stop")), ""
        if controller.only_told:
            return (), ""
        serving = find_mode(controller.listed, status.mode)
        note = f"{serving.title if serving else status.mode} still serves, as before."
        return (AGAIN,) if controller.failed is not None else (LOOK,) if controller.look_failed else (), note
    if controller.failed is None and (controller.listed is None or controller.look_failed):
        return (LOOK, OWN) if controller.choice.mode != CUSTOM.slug else (LOOK,), ""
    previous = controller.previous
    back = (Offer("back", f"Go back to {previous.title}", "back"),) if previous else ()
    return (AGAIN, *back), ""
