"""What must be so before an action can be done, in words: said in its tooltip and in the palette while it can't.

Pure. By the action's id, or by what its id begins with. An action that says so itself (``needs``) is not here.
"""

from __future__ import annotations

_RUNNING = "Start the application first"
_CHOSEN = "Choose an application first"
_SELECTED = "Select an exchange in the table first"

NEEDS: dict[str, str] = {
    "launch.start-stop": "Choose an application and a server that can run it first",
    "launch.reload": _RUNNING,
    "launch.restart": _RUNNING,
    "launch.browse": _RUNNING,
    "launch.options": _CHOSEN,
    "launch.custom": _CHOSEN,
    "launch.copy-command": _CHOSEN,
    "launch.install": "Only for a server that is not there yet, and while nothing is being installed",
    "launch.capture": "Choose an application and type a filter above the table first",
    "launch.capture_all": "Everything is recorded",
    "launch.make-traffic": "Only for the demo applications, while one of them runs",
    "comparison.start": "Choose an application, have a recording of it, and add modes first",
    "comparison.cancel": "Only while a comparison runs",
    "comparison.open": "Compare modes first; the trace of a comparison that is in view is open already",
    "replay.start": "Only while something can be sent again, and no replay runs",
    "replay.cancel": "Only while a replay runs",
    "workers.copy-stacks": "Take a worker's stacks first",
}
#: For all whose id begins so.
_BEGINNINGS = {
    "compare.": "Compare something first",
    "comparison.": "Compare modes first",
    "launch.": _CHOSEN,
    "traffic.": _SELECTED,
    "workers.": "Select a worker that runs first",
}
_ELSE = "There is nothing here to do it with at the moment"


def needs(identity: str) -> str:
    """The words for an action."""
    if identity in NEEDS:
        return NEEDS[identity]
    return next((words for begins, words in _BEGINNINGS.items() if identity.startswith(begins)), _ELSE)
