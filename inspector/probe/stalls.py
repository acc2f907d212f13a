"""A watch over the event loop: when it runs one callback for so long that everybody else on it waits, where it was.

A timer of the loop beats while calls are under way. A thread sleeps until the next beat is overdue by the limit, which
in a healthy loop it never is: then it looks at the loop's thread, from outside, and tells the supervisor at once, and
again when the loop beats on. Without calls both stop. What it costs is a timer and half as many wakings of a thread,
whatever the number of calls.

A beat that is late because the process was stopped, or was given no processor, is not the callback's doing: then our
thread was late as well, and the process used no time. Nor is a loop that has many short things to do: the callback has
to be the same one for as long as the limit.

Nothing raises, keeps a loop or a process alive, or survives a fork.
"""

import _thread
import contextvars
import gc
import linecache
import os
import sys
import time

from .encode import encode

_HERE = os.path.dirname(os.path.abspath(__file__)) + os.sep
_clock = time.monotonic_ns
_process_time = time.process_time_ns
_sleep = time.sleep
_get_ident = _thread.get_ident
_allocate_lock = _thread.allocate_lock
_start_new_thread = _thread.start_new_thread

#: Seconds between beats, and that a beat may be late.
BEAT = 0.025
LIMIT = 0.05

#: Beats without a call under way after which the watch stops until the next one.
LINGER = 200

#: Seconds between two looks at a loop that is held up.
LOOK = 0.01

MOST_FRAMES = 100
_COROUTINE = 0x80  # inspect.CO_COROUTINE

_BEAT, _LIMIT = round(BEAT * 1e9), round(LIMIT * 1e9)

#: The number of the call that a task belongs to; tasks that it starts inherit it.
CALL = contextvars.ContextVar("gatescope_call", default=0)


class Loops:
    """The watch of one process, over the loop that serves. ``asleep``: whoever begins a call has to ``rouse`` it."""

    __slots__ = (
        "_base", "_beaten", "_emitter", "_ident", "_idle", "_lifespans", "_loop", "_overdue", "_started", "_turn",
        "_used", "_wake", "asleep",
    )  # fmt: skip

    def __init__(self, emitter):
        self._emitter = emitter
        self.forget()

    def forget(self):
        """After a fork: the thread is not here, and a loop that goes on is not ours to watch."""
        self.asleep = True
        self._started = False
        self._wake = self._loop = self._base = None
        self._ident = self._idle = self._lifespans = self._beaten = self._used = 0
        self._overdue = None  # from when until when the last beat but one was waited for, if long
        self._turn = object()  # a beat that brings another has been forgotten

    def lifespan(self):
        """One call more that lasts as long as the loop, and is no reason to stay awake."""
        self._lifespans += 1

    def rouse(self):
        """In the thread of a loop: a call begins, so watch this loop."""
        try:
            loop = _running_loop()
            if loop is None:  # trio's, or none
                return
            self._loop, self._ident, self._base = loop, _get_ident(), _base(sys._getframe())
            self._idle, self._beaten, self._used, self._turn = 0, _clock(), _process_time(), object()
            loop.call_later(BEAT, self._beat, self._turn)
            self.asleep = False
            if self._started:
                self._wake.release()
            else:
                self._wake = _allocate_lock()
                self._wake.acquire()
                self._started = True
                _start_new_thread(self._watch, (self._wake,))
        except Exception:  # the loop is closing, there is no thread to be had, or ours has not yet gone to sleep
            pass

    # --- in the loop's thread -----------------------------------------------------------------------------------------

    def _beat(self, turn):
        if turn is not self._turn:
            return
        now, used = _clock(), _process_time()
        late = now - self._beaten - _BEAT
        if late > _LIMIT and used - self._used > _LIMIT:
            self._overdue = (self._beaten, now)
        self._beaten, self._used = now, used
        busy = len(self._emitter._pending) > self._lifespans
        self._idle = 0 if busy else self._idle + 1
        if self._idle > LINGER or not self._emitter.open:
            self.asleep = True
            return
        try:
            self._loop.call_later(BEAT, self._beat, turn)
        except Exception:  # it is closing
            self.asleep = True

    # --- in our own ---------------------------------------------------------------------------------------------------

    def _watch(self, wake):
        while self._wake is wake:
            try:
                if self.asleep:
                    wake.acquire()
                self._wait()
            except Exception:  # an interpreter that ends
                _sleep(LIMIT)

    def _wait(self):
        """Until the next beat is overdue; if it is, watch until it comes."""
        beaten, used, turn = self._beaten, self._used, self._turn
        due = beaten + _BEAT + _LIMIT
        ahead = due - _clock()
        if ahead > 0:
            _sleep(ahead / 1e9)
        if self._over(turn):
            return
        late = _clock() - due
        if self._beaten != beaten:
            self._miss()
        elif late < _LIMIT:
            self._follow(beaten, sure=False)
        elif _process_time() - used < _LIMIT:
            self._excuse(beaten)
        else:  # native code did not let us run
            self._follow(beaten, sure=True)

    def _miss(self):
        """The beat has come. If late, native code has let nobody look, and all there is to tell is how long it was."""
        overdue, self._overdue = self._overdue, None
        if overdue is not None:
            self._tell(overdue[0] + _BEAT // 2, overdue[1], 0, "")

    def _over(self, turn):
        """Whether there is nothing to watch any more."""
        if self._turn is turn and not self.asleep and self._loop.is_closed():
            self.asleep = True
        return self.asleep or self._turn is not turn

    def _excuse(self, beaten):
        """The whole process did not run: give the loop a moment, in which it is not to blame."""
        for _ in range(5):
            if self._beaten == beaten:
                _sleep(LOOK)
        if self._beaten == beaten:
            self._beaten, self._used = _clock(), _process_time()

    def _follow(self, beaten, sure):
        """Look on until the loop beats again."""
        stall = _Stall(self._loop, self._ident, self._base, beaten + _BEAT // 2, sure)
        pause, turn, seen, used, stopped, blind = LOOK, self._turn, _clock(), _process_time(), False, False
        while self._beaten == beaten and not stopped and not self._over(turn):
            if stall.look(_clock()):
                self._tell(stall.since, 0, stall.call, stall.stack)
            _sleep(pause)
            now, now_used = _clock(), _process_time()
            late = now - seen - pause * 1e9
            stopped = late > 2 * _LIMIT and now_used - used < _LIMIT
            if not stopped:
                blind = blind or late > _LIMIT
                stall.sure = stall.sure or blind
                seen, used = now, now_used
            pause = min(pause * 1.2, LIMIT)
        if stall.stack:
            self._tell(stall.since, seen if stopped else max(seen, self._beaten), stall.call, "")
        elif blind:
            self._miss()
        self._overdue = None
        if stopped:
            self._excuse(beaten)

    def _tell(self, since, until, call, stack):
        self._emitter.now(encode(("stall", since, until, call, stack)))


class _Stall:
    """One callback that holds a loop up, once it has for long enough: ``since`` when, of which ``call``, ``stack``.

    ``sure``: that it has is known, and need not be seen twice.
    """

    __slots__ = ("_base", "_holder", "_ident", "_loop", "call", "since", "stack", "sure")

    def __init__(self, loop, ident, base, since, sure):
        self._loop, self._ident, self._base = loop, ident, base
        self._holder = None
        self.sure = sure
        self.since = since
        self.call = 0
        self.stack = ""

    def look(self, now):
        """Look at the loop's thread; true when this look made it a stall, that is, once at most."""
        if self.stack:
            return False
        frames = _frames_within(sys._current_frames().get(self._ident), self._base)
        task = _current_task(self._loop)
        holder = id(task) if task is not None else id(frames[0]) if frames else 0
        before, self._holder = self._holder, holder
        if not frames or before not in (None, holder):  # it waits for something to do, or has begun something else
            self.since = now
        if not frames or now - self.since < _LIMIT or (before is None and not self.sure):
            return False
        self.call, self.stack = _call(frames, task), _text(frames)
        return True


def _running_loop():
    asyncio = sys.modules.get("asyncio.events")
    return asyncio._get_running_loop() if asyncio is not None else None


def _current_task(loop):
    try:
        return sys.modules["asyncio.tasks"].current_task(loop)
    except Exception:
        return None


def _base(frame):
    """Of a frame in a callback: the code that runs the loop, asyncio's own or what called uvloop's. It is below the
    outermost coroutine, or below asyncio's ``Handle._run``, which is below that.
    """
    outermost = frame
    while frame is not None:
        if frame.f_code.co_flags & _COROUTINE:
            outermost = frame
        frame = frame.f_back
    base = outermost.f_back
    if base is not None and _runs_a_callback(base):
        base = base.f_back
    return base.f_code if base is not None else None


def _runs_a_callback(frame):
    return frame.f_code.co_name == "_run" and frame.f_code.co_filename.endswith("events.py")


def _frames_within(frame, base):
    """The frames of the callback that a loop is in, the outermost first; empty while it is in none."""
    frames = []
    while frame is not None and frame.f_code is not base:
        frames.append(frame)
        frame = frame.f_back
    if frames and frames[-1].f_code.co_filename.endswith("selectors.py"):
        return []
    frames.reverse()
    return frames


def _call(frames, task):
    """The number of the call that ``frames`` belong to; 0 if it cannot be known."""
    for frame in frames:
        if frame.f_code.co_filename.startswith(_HERE):
            channel = frame.f_locals.get("channel")
            if channel is not None:
                return channel.number
    for context in _contexts(frames, task):
        number = context.get(CALL)
        if number:
            return number
    return 0


def _contexts(frames, task):
    """What a task or callback runs in. Before 3.12 a task does not say; only the collector of garbage knows."""
    if task is not None:
        yield from (held for held in gc.get_referents(task) if type(held) is contextvars.Context)
    if _runs_a_callback(frames[0]):
        context = getattr(frames[0].f_locals.get("self"), "_context", None)
        if type(context) is contextvars.Context:
            yield context


def _text(frames):
    """As a traceback prints them. The loop's own frame and ours are left out."""
    shown = frames[1:] if _runs_a_callback(frames[0]) else frames
    places = [(frame.f_code.co_filename, frame.f_lineno or 0, frame.f_code.co_name) for frame in shown[-MOST_FRAMES:]]
    lines = []
    for place in places:
        if not place[0].startswith(_HERE):
            lines.append('  File "%s", line %d, in %s\n' % place)
            source = linecache.getline(place[0], place[1]).strip()
            lines.append("    %s\n" % source if source else "")
    return "".join(lines) or "  (nothing in Python)\n"
