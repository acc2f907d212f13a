"""The cells of applications in trouble: one that cannot be loaded, and one that blocks its worker for ever."""

from __future__ import annotations

import time
from pathlib import Path

from inspector.model import Worker
from supervisor.control.messages import (
    AppStatus,
    DumpStacks,
    Problem,
    StacksDumped,
    StartApp,
    StopApp,
    TargetSpec,
)
from tests.integration.lifecycle import subject
from tests.integration.lifecycle.scene import MARK, Scene, until, words
from tests.integration.lifecycle.table import ROWS, Facts
from tests.support.load import Sent, ask

#: Seconds after which a request without an answer waits.
PROMPT = 0.7
#: Seconds for one that is to be answered, and for what comes after a limit, on a busy machine.
SLOW = 10.0


def boot_error(scene: Scene, slug: str, folder: Path) -> Facts:
    """Start what cannot be loaded, in as many workers as would make a loop of it."""
    problem = _start(scene, slug, "late:app", folder, workers=2 if ROWS[slug].many else 1)
    assert isinstance(problem, Problem), problem
    tried = subject.loads(folder)
    status = scene.status()
    code, body = ask(status.url)
    left = len(scene.processes())
    return {
        "refused": f"{problem.what} {problem.why}",
        "shows": _shown(problem.detail),
        "state": status.state,
        "answers": f"{code} with {'the reason' if b'the sky is falling' in body else repr(body)}",
        "cause": ", ".join(sorted({worker.cause for worker in _buried(scene)})),
        "outcome": words(scene.trace.instances()[-1].outcome, "could not load the application"),
        "processes left": left,
        "tried again": subject.loads(folder) != tried or tried > 2 * ROWS[slug].many + 2,
    }


def hang(scene: Scene, slug: str, folder: Path) -> Facts:
    """Block the worker; look into it; wait for its master to give it up, if that one does; stop it all the same."""
    row = ROWS[slug]
    started = _start(scene, slug, "life:app", folder / "hang", workers=1)
    assert isinstance(started, AppStatus), started
    sent, facts = Sent(started.url, "/block?1"), Facts()
    _, worker = scene.in_hand("/block?1")
    facts["stack"] = _stack(scene, worker)
    other = Sent(started.url, "/other")
    answered = other.answer(SLOW if row.others else PROMPT)
    facts["another request"] = "answered" if answered and answered[0] == 200 else "waits"
    if row.gives_up:
        facts |= _given_up(scene, worker, sent, other)
        sent.leave()
        sent = Sent(started.url, "/block?2")
        _, worker = scene.in_hand("/block?2")
    other.leave()
    sent.leave()
    return facts | _stopped(scene, worker, row.limit)


def _start(scene: Scene, slug: str, target: str, folder: Path, *, workers: int) -> AppStatus | Problem:
    spec = TargetSpec(target=target, cwd=str(folder), env=((MARK, scene.mark),))
    options = ROWS[slug].start(slug, target)
    return scene.tell(StartApp, target=spec, name=scene.name, workers=workers, trace=str(scene.path), **options)


def _shown(traceback: str) -> str:
    ours = [line for line in traceback.splitlines() if "inspector/probe" in line or "_gatescope_probe" in line]
    raised = 'late.py", line 9, in load' in traceback
    return "the line that raised, none of ours" if raised and not ours else traceback


def _buried(scene: Scene) -> list[Worker]:
    """The workers of an instance that is over."""
    until(lambda: (found := scene.trace.instances()) and found[-1].ended_ns, "the end of the instance")
    return scene.ended(worker.pid for worker in scene.workers())


def _stack(scene: Scene, worker: Worker) -> str:
    dump = scene.client.ask(DumpStacks(id=scene.client.next_id(), slot=worker.slot, app=scene.name))
    assert isinstance(dump, StacksDumped)
    functions = [frame.function for stack in dump.stacks for frame in stack.frames if "life.py" in frame.file]
    return "in block" if "block" in functions else ", ".join(functions) or "nowhere"


def _given_up(scene: Scene, worker: Worker, sent: Sent, other: Sent) -> Facts:
    [dead] = scene.ended([worker.pid])
    exchange = scene.over("/block?1")
    answer, waited = sent.answer(), other.answer()
    return {
        "given up": f"{dead.cause}, {'the request' if exchange.id in dead.in_hand else 'nothing'} in hand",
        "client": "cut or 500" if answer and answer[0] in (0, 500, 502) else f"{answer}",
        "waiting one": str(waited[0]) if waited else "waits",
    }


def _stopped(scene: Scene, worker: Worker, limit: int) -> Facts:
    began = time.monotonic()
    status = scene.tell(StopApp, app=scene.name)
    took = time.monotonic() - began
    left = len(scene.processes())
    assert isinstance(status, AppStatus), status
    [dead] = scene.ended([worker.pid])
    return {
        "stopped": f"within its limit of {limit} s" if took < limit + SLOW else f"after {took:.1f} s",
        "cause": dead.cause,
        "processes left": left,
        "state": status.state,
        "record": scene.exchanges("/block?2" if scene.exchanges("/block?2") else "/block?1")[-1].state,
    }
