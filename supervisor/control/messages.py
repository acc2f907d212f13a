"""Every message between the supervisor and those who drive it (the window, the command line).

Pure. Commands are imperative and carry an ``id`` that their one reply repeats; events are past tense and unasked.
The codec (``supervisor.control.codec``) writes one JSON object a line: ``{"type": class name, **fields}``.
The first message in each direction is ``Hello`` / ``Welcome``, with the integer ``PROTOCOL_VERSION``.
Fields hold only JSON's types, tuples, and the dataclasses of this module.
"""

from __future__ import annotations

from dataclasses import dataclass, field

PROTOCOL_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetSpec:
    """What the user asked to run. ``target`` is ``module:attr``, a folder, or ``demo:NAME``; empty fields: find out.

    ``env_files`` are read when it is started, and ``env`` goes before them.
    """

    target: str
    python: str = ""
    cwd: str = ""
    env: tuple[tuple[str, str], ...] = ()
    factory: bool = False
    env_files: tuple[str, ...] = ()  #: paths, from the folder that it is run in


@dataclass(frozen=True, slots=True, kw_only=True)
class WayOut:
    """Something the user can do about a refusal: words, and where it applies, a mode to take or a command to run."""

    text: str
    mode: str = ""
    adapt: bool = False
    command: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why something did not work: what happened, why, and what to do. ``detail`` is long (a traceback), or empty.

    ``usage`` tells a request that can never work as asked (exit status 2) from one that failed (1).
    """

    what: str
    why: str = ""
    ways_out: tuple[WayOut, ...] = ()
    detail: str = ""
    usage: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerStatus:
    """A worker now. ``rss`` in bytes, ``cpu`` in percent of one core, ``in_hand`` are exchange ids."""

    slot: int
    generation: int
    pid: int
    state: str
    restarts: int = 0
    cpu: float = 0.0
    rss: int = 0
    in_hand: tuple[int, ...] = ()
    last_outcome: str = ""  #: how the slot's previous process ended
    probe_ns: int = 0  #: what the probe itself costs a call, nanoseconds, as a rule; 0: not measured yet
    call_ns: int = 0  #: how long such a call takes, with that


@dataclass(frozen=True, slots=True, kw_only=True)
class AppStatus:
    """An application under supervision, as it stands.

    ``state``: ``starting running switching stopping stopped crashed``.
    """

    name: str
    target: TargetSpec
    interface: str = ""
    framework: str = ""
    python_version: str = ""
    mode: str = ""
    workers: int = 1
    threads: int = 1
    adapted: bool = False
    lent: tuple[str, ...] = ()  #: distributions that come from Gatescope's own environment
    state: str = "stopped"
    url: str = ""
    command: str = ""  #: what one would type in production
    trace: str = ""  #: path
    pid: int = 0  #: of the server's master
    instance: int = 0
    problem: Problem | None = None
    processes: tuple[WorkerStatus, ...] = ()
    recorded: int = 0  #: exchanges
    in_flight: int = 0
    dropped: int = 0
    root_path: str = ""  #: what the application is mounted at
    reload: bool = False  #: whether the project's files are watched, to load the code anew when one changes
    capture: str = ""  #: the filter of what is recorded; empty: everything
    not_captured: int = 0  #: exchanges that were over and did not pass it
    args: tuple[str, ...] = ()  #: for the server's own command line, besides what the mode says
    probe_ns: int = 0  #: as in ``WorkerStatus``, of the middle one of its workers
    call_ns: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeStatus:
    """One mode for one target. ``state``: ``ready lendable installable adaptable impossible``; ``reason`` in words.

    A lendable one can be started as it is: what the target's environment lacks comes from Gatescope's own.
    """

    slug: str
    title: str
    interface: str
    state: str
    reason: str = ""
    ways_out: tuple[WayOut, ...] = ()
    workers: bool = False  #: whether the number of workers can be chosen
    threads: bool = False
    command: str = ""
    lent: tuple[str, ...] = ()  #: what would come from Gatescope's own environment, with versions


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayStatus:
    """How far a replay is."""

    run: int
    app: str
    state: str  #: running, finished, cancelled, failed
    total: int
    sent: int
    same: int
    different: int
    failed: int
    error: str = ""
    trace: str = ""  #: path of the one that it is recorded in; ``run`` is its number there


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialMode:
    """A mode to be tried in a comparison. ``threads`` 0: as many as the mode has by itself."""

    mode: str
    workers: int = 1
    threads: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialStatus:
    """How far a mode's turn in a comparison is. ``state`` is that of an ``inspector.model.Trial``."""

    mode: str
    workers: int
    threads: int
    round: int
    state: str = "waiting"
    total: int = 0
    sent: int = 0
    different: int = 0
    failed: int = 0
    problem: Problem | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonStatus:
    """How far a comparison is. ``state``: running, finished, cancelled, failed.

    ``trace`` holds what was found, and is whole once the comparison does not run any more.
    """

    number: int
    target: TargetSpec
    source: str
    trace: str
    state: str
    rounds: int
    trials: tuple[TrialStatus, ...] = ()
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One call that has not returned. ``code`` is the source line, where it could be read."""

    file: str
    line: int
    function: str
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """What a thread or a task is in the middle of, the outermost call first.

    ``kind``: ``thread`` or ``task``. ``state``: of a thread ``main`` or empty, of a task ``running`` or ``waiting``.
    ``exchange``: the request it works on, 0 if none is known.
    """

    kind: str
    name: str
    state: str = ""
    exchange: int = 0
    frames: tuple[Frame, ...] = ()


# --- commands ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """First message of whoever connects."""

    id: int
    version: int = PROTOCOL_VERSION


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribe:
    """From now on send events (``AppChanged``, ``ReplayChanged``, ``ComparisonChanged``, ``OutputWritten``)."""

    id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ListModes:
    """Answered with ``ModesListed``."""

    id: int
    target: TargetSpec
    workers: int = 1
    threads: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class StartApp:
    """Start an application under a name of its own. Answered when it serves, or could not be started.

    ``name`` empty: made from the target. ``mode``, ``workers``, ``threads``, ``listen`` and ``args`` that are empty or
    None: as the project's settings say, else the least. ``listen``: ``HOST:PORT``, port 0 for a free one. ``trace``:
    path, empty for one of our own. ``args``: for the server's own command line. ``custom``: the command of the mode of
    that name, with ``{host}`` and ``{port}`` where the address goes. ``root_path``: what the application is mounted at.
    ``reload``: load the code anew when a file of the project changes. ``drain``: seconds that requests in flight may
    take to finish on an instance that is replaced or stopped. ``capture``: a filter, see ``SetCapture``.
    """

    id: int
    target: TargetSpec
    mode: str = ""
    name: str = ""
    workers: int | None = None
    threads: int | None = None
    adapt: bool = False
    listen: str = ""
    trace: str = ""
    args: tuple[str, ...] = ()
    custom: str = ""
    root_path: str = ""
    reload: bool = False
    drain: int | None = None
    capture: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchMode:
    """Replace an application's instance by one in another mode, or with other options, without dropping a request.

    What is empty, 0 or None stays as it is; arguments stay only for the same server. ``target``: with other variables,
    folder or interpreter, or another application altogether, under the same name and address, into the same trace.
    """

    id: int
    mode: str = ""
    app: str = ""  #: empty: the only one there is
    workers: int = 0  #: 0: as it is
    threads: int = 0
    adapt: bool = False
    custom: str = ""  #: the command of mode ``custom``
    target: TargetSpec | None = None
    args: tuple[str, ...] | None = None  #: for the server's own command line
    root_path: str | None = None
    reload: bool | None = None
    drain: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallServer:
    """Put what ``mode`` lacks into the target's environment. It ends when the client that asked goes.

    ``InstallProgress`` tells that client, and no other, of it meanwhile.
    """

    id: int
    target: TargetSpec
    mode: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReloadApp:
    """Load the code anew without dropping a request."""

    id: int
    app: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestartApp:
    """End an application's processes, then start them anew; requests that come meanwhile wait."""

    id: int
    app: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleApp:
    """Have another number of workers, without dropping a request. Answered when the new ones are ready."""

    id: int
    workers: int
    app: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalWorker:
    """Send a worker a signal: a name with or without ``SIG``, or a number."""

    id: int
    slot: int
    app: str = ""
    signal: str = "SIGKILL"


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseWorker:
    """Stop a worker where it is (SIGSTOP). Its state becomes ``paused``."""

    id: int
    slot: int
    app: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeWorker:
    """Let a paused worker go on (SIGCONT)."""

    id: int
    slot: int
    app: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DumpStacks:
    """What each thread and asyncio task of a worker is doing. Answered with ``StacksDumped``."""

    id: int
    slot: int
    app: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StopApp:
    """Let requests in flight finish, then stop. The application stays listed, as stopped.

    ``now``: without waiting for them, also when a stop is under way that waits.
    """

    id: int
    app: str = ""
    now: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SetCapture:
    """From now on record of an application only what ``filter`` lets through, empty for everything.

    An exchange is recorded while it is open and judged when it is over. What was recorded before stays.
    """

    id: int
    filter: str
    app: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GetStatus:
    """Answered with ``StatusReported``."""

    id: int
    app: str = ""  #: empty: all


@dataclass(frozen=True, slots=True, kw_only=True)
class StartReplay:
    """Send recorded exchanges again through an application's proxy.

    ``exchanges`` empty: all in the trace. ``source``: path of another trace; empty: the application's own.
    ``speed``: ``original``, a factor such as ``2``, or ``max``. ``ignore``: what may differ besides what always may:
    names of headers, and places in JSON such as ``$.items[*].id``.
    """

    id: int
    app: str = ""
    exchanges: tuple[int, ...] = ()
    source: str = ""
    speed: str = "max"
    concurrency: int = 1
    ignore: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Resend:
    """Send one request through an application's proxy as it is written here. Answered with ``Resent``.

    Nothing is added and nothing put right. ``exchange`` of the trace ``source`` (path) is what it was made of.
    ``target``, ``headers`` and ``version`` are bytes as latin-1, ``body`` is base64.
    """

    id: int
    method: str
    target: str
    app: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    version: str = "1.1"
    source: str = ""
    exchange: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayBeside:
    """Send one exchange to an application that is started for it alone, beside those that run, and ended after it.

    ``source`` is the trace that has the exchange, ``trace`` where this is recorded; paths both. ``BesideProgress``
    tells the client that asked of its steps. It ends when that client goes.
    """

    id: int
    target: TargetSpec
    mode: str
    source: str
    exchange: int
    trace: str
    adapt: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelReplay:
    """Stop a replay; what was sent stays. ``run`` is its number in the trace that it is recorded in."""

    id: int
    run: int
    trace: str = ""  #: path; empty: whichever has one under way


@dataclass(frozen=True, slots=True, kw_only=True)
class StartComparison:
    """Replay a recording under several modes, one after the other, and measure each. Answered when it has begun.

    The target is started anew in each mode, beside whatever runs. ``source``: path of the recording. ``exchanges``,
    else ``filter``, say what of it is sent; both empty: all. ``rounds``: so often is each mode tried, in turn with the
    others; 0: as often as is worth it at that ``speed``. ``trace``: a new file for what is found; empty: one of our
    own. ``speed`` and ``ignore`` as in ``StartReplay``. ``adapt``: where a mode needs it.
    """

    id: int
    target: TargetSpec
    source: str
    modes: tuple[TrialMode, ...]
    exchanges: tuple[int, ...] = ()
    filter: str = ""
    speed: str = "max"
    concurrency: int = 8
    rounds: int = 0
    adapt: bool = False
    ignore: tuple[str, ...] = ()
    trace: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelComparison:
    """Stop a comparison; what was measured stays. Answered when its trace is whole."""

    id: int
    comparison: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeTraffic:
    """Drive the demo's paths through an application's proxy for ``seconds``."""

    id: int
    app: str = ""
    seconds: float = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shutdown:
    """Stop every application and end the supervisor."""

    id: int


# --- replies ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Welcome:
    """Reply to ``Hello``."""

    id: int
    version: int
    pid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The command is done."""

    id: int
    app: AppStatus | None = None
    replay: ReplayStatus | None = None
    comparison: ComparisonStatus | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The command is not done, and why."""

    id: int
    problem: Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReported:
    """Reply to ``GetStatus``."""

    id: int
    apps: tuple[AppStatus, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A table ``[tool.gatescope.apps.NAME]`` of the project: what it would be started with."""

    name: str
    target: TargetSpec
    mode: str = ""
    workers: int | None = None
    threads: int | None = None
    adapt: bool = False
    args: tuple[str, ...] = ()
    custom: str = ""  #: the command of mode ``custom``
    listen: str = ""
    root_path: str = ""
    reload: bool = False
    capture: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An application found in the project's folder, without running it."""

    target: str  #: import string
    interface: str = ""
    framework: str = ""
    factory: bool = False
    file: str = ""  #: where it stands, from the folder
    cwd: str = ""  #: the folder that it is to be imported from, a whole path


@dataclass(frozen=True, slots=True, kw_only=True)
class ModesListed:
    """Reply to ``ListModes``."""

    id: int
    target: TargetSpec  #: completed: import string, interpreter, folder
    interface: str
    framework: str
    python_version: str
    modes: tuple[ModeStatus, ...]
    problem: Problem | None = None
    presets: tuple[Preset, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    env_files: tuple[str, ...] = ()  #: files of variables that lie in the folder, such as ``.env``


@dataclass(frozen=True, slots=True, kw_only=True)
class StacksDumped:
    """Reply to ``DumpStacks``. ``at_ns`` is the time of the dump."""

    id: int
    app: str
    slot: int
    generation: int
    pid: int
    at_ns: int
    stacks: tuple[Stack, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resent:
    """Reply to ``Resend``, as soon as the request has begun: ``exchange`` of ``trace`` is it, answered or not yet."""

    id: int
    exchange: int
    trace: str


# --- events -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class AppChanged:
    """An application's state, workers or figures changed. Sent at most ten times a second for each application."""

    app: AppStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayChanged:
    """A replay moved on. Sent at most ten times a second for each."""

    replay: ReplayStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonChanged:
    """A comparison moved on. Sent at most ten times a second for each."""

    comparison: ComparisonStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallProgress:
    """An installation said more. ``command`` is what runs; the reply to ``InstallServer`` says how it ended."""

    id: int  #: of the command
    command: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BesideProgress:
    """What a ``ReplayBeside`` is doing, in words for the user."""

    id: int  #: of the command
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputWritten:
    """Lines a server or an application printed, gathered."""

    app: str
    lines: tuple[str, ...] = field(default=())


Command = (
    Hello | Subscribe | ListModes | StartApp | SwitchMode | InstallServer | ReloadApp | RestartApp | ScaleApp
    | SignalWorker | PauseWorker | ResumeWorker | DumpStacks | StopApp | GetStatus | StartReplay | CancelReplay
    | Resend | ReplayBeside | StartComparison | CancelComparison | MakeTraffic | SetCapture | Shutdown
)  # fmt: skip
Reply = Welcome | Finished | Refused | StatusReported | ModesListed | StacksDumped | Resent
Event = AppChanged | ReplayChanged | ComparisonChanged | InstallProgress | BesideProgress | OutputWritten
