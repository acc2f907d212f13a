"""The lifespan of an ASGI application: startup, shutdown, and what was said in between.

Pure. The order is a table (``stages.LIFESPAN``); here stands which rule a message breaks that comes out of order.
"""

from __future__ import annotations

from collections.abc import Iterator

from inspector.contract.case import Case
from inspector.contract.fields import a, shown
from inspector.contract.rule import Rule, checks
from inspector.contract.stages import Stage
from inspector.model import Fault, Finding, Severity
from inspector.tagged import Opaque

_SCOPE, _STARTUP = "ASGI lifespan protocol 2.0, Scope", "ASGI lifespan protocol 2.0, Startup"
_SHUTDOWN, _STATE = "ASGI lifespan protocol 2.0, Shutdown", "ASGI lifespan protocol 2.0, Lifespan State"

SECOND = 1_000_000_000
#: Seconds for a startup or shutdown; some servers give up after 10, others wait for ever.
PATIENCE = 10

LS_01 = Rule(
    "ASGI-LS-01", "The application does not take part in the lifespan",
    "An application that has nothing to do at startup raises when it is called with a lifespan scope. Servers go on.",
    "Nothing, unless it was meant to: then look at the exception.",
    _SCOPE, Severity.NOTE,
)  # fmt: skip
LS_02 = Rule(
    "ASGI-LS-02", "The startup failed with an exception, and most servers start all the same",
    "An exception during startup counts as 'no lifespan': a server may go on, and send requests to an application that "
    "is not ready.",
    "Catch it, and send lifespan.startup.failed with a message: then the server stops.",
    _SCOPE, Severity.WARNING,
)  # fmt: skip
LS_03 = Rule(
    "ASGI-LS-03", "The application returned from its lifespan without an answer",
    "lifespan.startup is answered by lifespan.startup.complete or lifespan.startup.failed.",
    "Answer it, or raise if the lifespan is not supported.",
    _STARTUP, Severity.NOTE,
)  # fmt: skip
LS_04 = Rule(
    "ASGI-LS-04", "The startup took very long",
    "The server waits for lifespan.startup.complete before it takes requests; some give up after a while.",
    "Start slow work in a task of its own, and complete the startup before it is done.",
    _STARTUP, Severity.WARNING,
)  # fmt: skip
LS_05 = Rule(
    "ASGI-LS-05", "The startup was answered before it was asked for",
    "lifespan.startup.complete and failed answer lifespan.startup.",
    "Call receive first.",
    _STARTUP,
)  # fmt: skip
LS_06 = Rule(
    "ASGI-LS-06", "The startup was answered twice",
    "There is one answer to lifespan.startup.",
    "Send lifespan.startup.complete once.",
    _STARTUP,
)  # fmt: skip
LS_07 = Rule(
    "ASGI-LS-07", "The startup was said to be complete, and to have failed",
    "There is one answer to lifespan.startup: complete or failed.",
    "Decide before you send.",
    _STARTUP,
)  # fmt: skip
LS_08 = Rule(
    "ASGI-LS-08", "The application left its lifespan before the shutdown",
    "After lifespan.startup.complete the call waits for lifespan.shutdown. What was opened for it is closed when it "
    "returns, while requests still use it.",
    "Call receive once more, and clean up when lifespan.shutdown comes.",
    _SHUTDOWN, Severity.WARNING,
)  # fmt: skip
LS_09 = Rule(
    "ASGI-LS-09", "An exception ended the lifespan while the application was serving",
    "Nothing tells the server or the requests; the shutdown will never run.",
    "Catch it, or end the process if it cannot go on.",
    _SHUTDOWN, Severity.WARNING,
)  # fmt: skip
LS_10 = Rule(
    "ASGI-LS-10", "The shutdown was answered before it was asked for, or twice",
    "lifespan.shutdown.complete and failed answer lifespan.shutdown, once.",
    "Wait for lifespan.shutdown, then answer.",
    _SHUTDOWN,
)  # fmt: skip
LS_11 = Rule(
    "ASGI-LS-11", "The shutdown failed with an exception",
    "An error while cleaning up is told by lifespan.shutdown.failed.",
    "Catch it, and send lifespan.shutdown.failed with a message.",
    _SHUTDOWN, Severity.WARNING,
)  # fmt: skip
LS_12 = Rule(
    "ASGI-LS-12", "The application returned from the shutdown without an answer",
    "lifespan.shutdown is answered by lifespan.shutdown.complete or lifespan.shutdown.failed.",
    "Send lifespan.shutdown.complete at the end.",
    _SHUTDOWN, Severity.NOTE,
)  # fmt: skip
LS_13 = Rule(
    "ASGI-LS-13", "The shutdown took very long",
    "The server waits for lifespan.shutdown.complete; some end the process after a while.",
    "Limit the time for cleaning up.",
    _SHUTDOWN, Severity.WARNING,
)  # fmt: skip
LS_14 = Rule(
    "ASGI-LS-14", "A failure's message is not a str",
    "The message of lifespan.startup.failed and lifespan.shutdown.failed is text.",
    "Use str(error).",
    _STARTUP,
)  # fmt: skip
LS_15 = Rule(
    "ASGI-LS-15", "A key of the state is not a str",
    "scope['state'] is a dict whose keys are str.",
    "Name what you put into it.",
    _STATE,
)  # fmt: skip
LS_50 = Rule(
    "ASGI-LS-50", "The lifespan did not begin with its startup",
    "The first message that an application receives is lifespan.startup.",
    "This is the server's to mend.",
    _STARTUP, fault=Fault.SERVER,
)  # fmt: skip

_AFTER_STARTUP = frozenset((Stage.RUNNING, Stage.FAILED, Stage.STOPPING, Stage.STOPPED))
#: An exception that left the application, by the stage; where none is named it did what it had to.
_RAISED = {
    Stage.NEW: (LS_01, "before lifespan.startup"), Stage.STARTING: (LS_02, "during the startup"),
    Stage.RUNNING: (LS_09, "between startup and shutdown"), Stage.STOPPING: (LS_11, "during the shutdown"),
}  # fmt: skip
_RETURNED = {
    Stage.NEW: (LS_03, "before lifespan.startup"), Stage.STARTING: (LS_03, "after lifespan.startup"),
    Stage.RUNNING: (LS_08, "after lifespan.startup.complete"), Stage.STOPPING: (LS_12, "after lifespan.shutdown"),
}  # fmt: skip


@checks(LS_05, LS_06, LS_07, LS_10, LS_50, on=("lifespan",))
def answers_in_order(case: Case) -> Iterator[Finding]:
    """One answer to each question, and after it."""
    if not case.complete:
        return
    completed = next((e.seq for e in case.app if e.type == "lifespan.startup.complete"), None)
    for event, stage, step in case.walk.strays:
        rule: Rule | None = None
        if step in ("lifespan.shutdown.complete", "lifespan.shutdown.failed"):
            rule = LS_10
        elif step == "lifespan.shutdown":
            rule = LS_50 if stage is Stage.NEW else None
        elif stage in _AFTER_STARTUP and step.startswith("lifespan.startup."):
            before = completed is not None and completed < event.seq
            rule = LS_06 if before == step.endswith("complete") else LS_07
        elif step.startswith("lifespan.startup."):
            rule = LS_05
        if rule is not None:
            yield rule.broken(case, event, f"{event.type}, when the application was {stage}.")


@checks(LS_01, LS_02, LS_03, LS_08, LS_09, LS_11, LS_12, on=("lifespan",))
def ends_after_the_shutdown(case: Case) -> Iterator[Finding]:
    """Where did the call end, and how?"""
    if not case.complete or case.ended is None:
        return
    stage = case.walk.last
    if case.ended.type == "return":
        if stage in _RETURNED:
            rule, when = _RETURNED[stage]
            yield rule.broken(case, case.ended, f"It returned {when}.")
        return
    error = str(case.ended.info.get("exception", "an exception"))
    if stage in _RAISED and "Cancelled" not in error.partition(":")[0]:
        rule, when = _RAISED[stage]
        yield rule.broken(case, case.ended, f"It raised {when}: {error[:200]}")


@checks(LS_04, LS_13, on=("lifespan",))
def is_quick(case: Case) -> Iterator[Finding]:
    """How long did each answer take?"""
    asked: dict[str, int] = {}
    for event in case.app:
        if event.type in ("lifespan.startup", "lifespan.shutdown"):
            asked[event.type] = event.t_ns
            continue
        rule = LS_04 if event.type.startswith("lifespan.startup.") else LS_13
        since = asked.pop(event.type.rpartition(".")[0], 0)
        if since and event.t_ns - since > PATIENCE * SECOND:
            yield rule.broken(case, event, f"It took {(event.t_ns - since) / SECOND:.0f} s.")


@checks(LS_14, on=("lifespan",))
def says_why(case: Case) -> Iterator[Finding]:
    """Is the message of a failure text?"""
    for event in case.app:
        message = event.info.get("message", "")
        if event.type.endswith(".failed") and not (isinstance(message, str) or _is_text(message)):
            yield LS_14.broken(case, event, f"The message is {a(message)}: {shown(message)}.")


@checks(LS_15, on=("http", "websocket"))
def names_its_state(case: Case) -> Iterator[Finding]:
    """Are the keys of the state names?"""
    state = case.context.get("state")
    if isinstance(state, dict):
        for key in state:
            if not isinstance(key, str):
                yield LS_15.broken(case, None, f"The state has the key {shown(key)}.")


def _is_text(message: object) -> bool:
    return isinstance(message, Opaque) and message.text[:1] in ("'", '"')
