"""What this process is in the middle of: the stack of each thread and of each asyncio task, as plain values.

Taken by one thread of all others, so that a hanging main thread does not matter. Imports nothing that is not loaded
already, and runs no code of the application's: names and frames are read, never printed or compared.
"""

import os
import sys

_HERE = os.path.dirname(os.path.abspath(__file__)) + os.sep

#: Frames of one stack, and stacks in all: a dump of a deep recursion or of a thousand tasks is still read by a person.
MOST_FRAMES = 200
MOST_STACKS = 500

#: Attempts to list a set that other threads change.
ATTEMPTS = 100


def dump():
    """A list of dicts: ``kind`` (``thread`` or ``task``), ``name``, ``state`` and ``frames``, the outermost first; a
    frame is ``[file, line, function]``. Frames of the probe are left out, and threads that have no others.
    """
    return (_threads() + _tasks())[:MOST_STACKS]


def _threads():
    threading = sys.modules.get("threading")
    names = {}
    main = None
    if threading is not None:
        names = {ident: thread._name for ident, thread in list(threading._active.items())}
        main = threading.main_thread().ident
    found = []
    for ident, frame in sys._current_frames().items():
        frames = _stack(frame)
        if frames:
            name = str(names.get(ident, "thread %d" % ident))
            found.append({"kind": "thread", "name": name, "state": "main" if ident == main else "", "frames": frames})
    found.sort(key=lambda stack: (stack["state"] != "main", stack["name"]))
    return found


def _stack(frame):
    frames = []
    while frame is not None and len(frames) < MOST_FRAMES:
        if not frame.f_code.co_filename.startswith(_HERE):
            frames.append(_entry(frame))
        frame = frame.f_back
    frames.reverse()
    return frames


def _entry(frame):
    code = frame.f_code
    return [code.co_filename, frame.f_lineno or 0, getattr(code, "co_qualname", code.co_name)]


def _tasks():
    asyncio = sys.modules.get("asyncio.tasks")
    if asyncio is None:
        return []
    found = []
    for task in _all_tasks(asyncio):
        coro = task.get_coro()
        if task.done() or coro is None:
            continue
        frames, running = _chain(coro)
        state = "running" if running else "waiting"
        found.append({"kind": "task", "name": str(task.get_name()), "state": state, "frames": frames})
    found.sort(key=lambda stack: (len(stack["name"]), stack["name"]))
    return found


def _all_tasks(asyncio):
    """The tasks of all loops. Where asyncio keeps them has changed with its versions; the collector knows them all."""
    found = {}
    for name in ("_all_tasks", "_scheduled_tasks", "_eager_tasks"):
        for task in _listed(getattr(asyncio, name, None)):
            found[id(task)] = task
    if not found:
        import gc

        # Not isinstance: that asks an object's __class__, which may be the application's code.
        found = {id(one): one for one in gc.get_objects() if issubclass(type(one), asyncio.Task)}
    return list(found.values())


def _listed(tasks):
    if not hasattr(tasks, "__iter__"):
        return []
    for _ in range(ATTEMPTS):
        try:
            return list(tasks)
        except RuntimeError:  # it changed on the way
            pass
    return []


def _chain(coro):
    """The frames of a coroutine and of what it awaits, and whether it runs just now."""
    frames = []
    running = False
    while coro is not None and len(frames) < MOST_FRAMES:
        frame = None
        for prefix, awaited in (("cr", "cr_await"), ("gi", "gi_yieldfrom"), ("ag", "ag_await")):
            if hasattr(coro, prefix + "_frame"):
                frame = getattr(coro, prefix + "_frame")
                running = running or bool(getattr(coro, prefix + "_running"))
                inner = getattr(coro, awaited)
                break
        if frame is None:
            break
        if not frame.f_code.co_filename.startswith(_HERE):
            frames.append(_entry(frame))
        coro = inner
    return frames, running
