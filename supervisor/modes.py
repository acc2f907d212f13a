"""What a target and its environment allow: each mode ready, lendable, installable, adaptable or impossible, and why.

Pure. The words are for somebody who meets WSGI and ASGI for the first time: what would happen, why, and the ways out.
What an adapter loses is measured (a2wsgi 1.10), not guessed.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from supervisor.control.messages import ModeStatus, Problem, WayOut
from supervisor.lending import ADAPTER, Loan, Stock, borrow
from supervisor.servers.base import Launch, Mode
from supervisor.servers.catalogue import MODES, nearest
from supervisor.servers.command import version_tuple
from supervisor.servers.custom import CUSTOM

#: More processes than this on one machine is a slip of the hand.
MOST_WORKERS = 64
MOST_THREADS = 512
#: Ways out to offer at once.
MOST_WAYS = 2

#: Shown for what runs an application as it would in production, in the order to suggest.
PREFERRED = {
    "WSGI": ("gunicorn-sync", "gunicorn-gthread", "waitress", "granian-wsgi", "hypercorn-wsgi"),
    "ASGI": ("uvicorn", "gunicorn-uvicorn", "hypercorn", "granian", "daphne"),
}

LOST_ASGI_TO_WSGI = (
    "Lost on the way: WebSockets; lifespan (startup and shutdown never run); a client that goes away is not noticed; "
    "a request body sent in chunks arrives empty, except under waitress. Each request holds a thread of the server "
    "until its background work is done."
)
LOST_WSGI_TO_ASGI = (
    "Lost on the way: wsgi.file_wrapper and wsgi.input_terminated; the reason phrase of the status line; a second "
    "start_response is ignored. The application runs in a pool of ten threads in each process."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A target as it was found: what it is, and what its environment has.

    ``interface`` is ``WSGI``, ``ASGI3``, ``ASGI2`` or empty when nobody could tell. ``distributions`` maps normalised
    names to versions. ``closed``: why nothing can be put into its environment, a sentence; empty: it can. ``shared``:
    whether it is an interpreter itself and no virtual environment. ``stock``:
    what Gatescope's own environment could lend it.
    """

    target: str
    interface: str
    framework: str = ""
    python: str = "python"
    factory: bool = False
    distributions: Mapping[str, str] = field(default_factory=dict)
    remark: str = ""  #: what says so
    python_version: str = ""
    uv: bool = True  #: whether uv is there, to install with where pip is not
    closed: str = ""
    shared: bool = False
    stock: Stock = field(default_factory=dict)

    @property
    def family(self) -> str:
        """``WSGI``, ``ASGI`` or empty."""
        return self.interface.rstrip("23")

    @property
    def called(self) -> str:
        """What to call the application in a sentence."""
        if self.framework:
            return f"{self.target} (a {self.framework} application)"
        return self.target


def lacking(mode: Mode, subject: Subject) -> tuple[str, ...]:
    """What ``mode`` needs and the target's environment has not, as requirements: ``gevent``, ``gunicorn>=25.1``."""
    found = [text for name, text in _needs(mode, subject).items() if name not in subject.distributions]
    if too_old(mode, subject):
        found.insert(0, _requirement(mode, mode.needs[0]))
    return tuple(found)


def _needs(mode: Mode, subject: Subject) -> dict[str, str]:
    """Requirements by their names: the server's, and the adapter where the two speak different interfaces."""
    names = mode.needs if speaks(mode, subject) or not subject.family else (*mode.needs, ADAPTER)
    return {name: _requirement(mode, name) for name in names}


def too_old(mode: Mode, subject: Subject) -> str:
    """The version of the server in the target's environment where that is from before ``mode``, else empty."""
    version = subject.distributions.get(mode.needs[0], "") if mode.least else ""
    return version if () < version_tuple(version) < mode.least else ""


def _requirement(mode: Mode, name: str) -> str:
    if mode.least and name == mode.needs[0]:
        return f"{name}>={'.'.join(map(str, mode.least))}"
    return name


def loan(mode: Mode, subject: Subject) -> Loan:
    """What Gatescope lends ``subject`` in ``mode``: nothing where nothing lacks, and else all of it, or why not."""
    if not lacking(mode, subject):
        return Loan()
    server_is_lent = not mode.needs or mode.needs[0] not in subject.distributions
    return borrow(
        _needs(mode, subject).values(),
        also=mode.companions if server_is_lent else (),
        has=subject.distributions,
        python=subject.python_version,
        stock=subject.stock,
    )


def installation(mode: Mode, subject: Subject) -> tuple[str, ...]:
    """The command that puts what ``mode`` lacks into the target's environment; empty: nothing lacks, or none can."""
    names = lacking(mode, subject)
    if not names or cannot_install(subject):
        return ()
    if "pip" in subject.distributions:
        return (subject.python, "-m", "pip", "install", *names)
    return ("uv", "pip", "install", "--python", subject.python, *names)  # environments that uv makes


def install_command(mode: Mode, subject: Subject) -> str:
    """``installation`` as one would type it."""
    return shlex.join(installation(mode, subject))


def installation_refusal(mode: Mode, subject: Subject) -> Problem | None:
    """Why what ``mode`` lacks cannot be installed, or None."""
    if not (why := cannot_install(subject)):
        return None
    what = f"{_listed(lacking(mode, subject))} cannot be installed for {subject.target}."
    return Problem(what=what, why=why, ways_out=_install(mode, subject), usage=True)


def cannot_install(subject: Subject) -> str:
    """Why nothing can be put into the target's environment, a sentence; empty: it can."""
    if subject.closed or "pip" in subject.distributions or subject.uv:
        return subject.closed
    return "Its environment has no pip, and there is no uv."


def survey(subject: Subject, launch: Launch) -> tuple[ModeStatus, ...]:
    """Every mode for ``subject``; ``launch`` says for which numbers and address to write the commands."""
    return tuple(_status(mode, subject, launch) for mode in MODES.values())


def _status(mode: Mode, subject: Subject, launch: Launch) -> ModeStatus:
    state, reason, ways_out = _judge(mode, subject)
    lent = loan(mode, subject).named if state in ("lendable", "adaptable") else ()
    return ModeStatus(
        slug=mode.slug,
        title=mode.title,
        interface=mode.interface,
        state=state,
        reason=reason,
        ways_out=ways_out,
        workers=mode.workers,
        threads=mode.threads,
        command=mode.production(_tailored(mode, launch, adapted=state == "adaptable")),
        lent=lent,
    )


def _tailored(mode: Mode, launch: Launch, *, adapted: bool) -> Launch:
    workers, threads = launch.workers if mode.workers else 1, launch.threads if mode.threads else 1
    return replace(launch, adapted=adapted, workers=workers, threads=threads)


def _judge(mode: Mode, subject: Subject) -> tuple[str, str, tuple[WayOut, ...]]:
    if not subject.family:
        why = f"{subject.called} is neither a WSGI nor an ASGI application, as far as one can see. {subject.remark}"
        return "impossible", why.rstrip(), ()
    if not speaks(mode, subject):
        if subject.interface != "ASGI2" and not _can_be_had(mode, subject):
            why = f"{explain(mode, subject)} {_not_to_be_had(mode, subject, loan(mode, subject))}"
            return "impossible", why, ways_out(mode, subject)
        state = "impossible" if subject.interface == "ASGI2" else "adaptable"
        return state, explain(mode, subject), ways_out(mode, subject)
    if not lacking(mode, subject):
        return "ready", mode.why, ()
    borrowed, barred = loan(mode, subject), cannot_install(subject)
    if not borrowed.obstacle:
        return "lendable", f"{_missing(mode, subject)} {_lent(borrowed)}", () if barred else _install(mode, subject)
    state = "impossible" if barred else "installable"
    return state, _not_to_be_had(mode, subject, borrowed), _install(mode, subject)


def speaks(mode: Mode, subject: Subject) -> bool:
    """Whether ``mode`` calls applications as ``subject`` is to be called."""
    return not mode.interface or (mode.interface == subject.family and (mode.asgi2 or subject.interface != "ASGI2"))


def _missing(mode: Mode, subject: Subject) -> str:
    if version := too_old(mode, subject):
        return f"{lacking(mode, subject)[0]} is needed; the target's environment ({subject.python}) has {version}."
    names = lacking(mode, subject)
    verb = "are" if len(names) > 1 else "is"
    return f"{_listed(names)} {verb} not installed in the target's environment ({subject.python})."


def _listed(names: tuple[str, ...]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _lent(borrowed: Loan) -> str:
    return f"Gatescope lends its own, behind everything that the environment has: {', '.join(borrowed.named)}."


def _not_to_be_had(mode: Mode, subject: Subject, borrowed: Loan) -> str:
    """What lacks, and why neither a loan nor, where that is so, an installation helps."""
    sentences = [_missing(mode, subject)]
    if not too_old(mode, subject):  # what is there goes before what would be lent, which is said already
        sentences.append(f"It cannot be lent: {borrowed.obstacle}.")
    if why := cannot_install(subject):
        sentences.append(f"Nor can it be installed: {why[:1].lower()}{why[1:]}")
    return " ".join(sentences)


def _install(mode: Mode, subject: Subject) -> tuple[WayOut, ...]:
    """How to get what ``mode`` lacks into the target's environment, or what has to be done before."""
    if command := install_command(mode, subject):
        return (WayOut(text="Install it.", mode=mode.slug, command=command),)
    if not subject.closed and cannot_install(subject):
        pip = shlex.join([subject.python, "-m", "ensurepip"])
        return (WayOut(text="Put pip into the environment first.", command=pip),)
    return (WayOut(text="Make the application an environment of its own, and name it.", command="--python .venv"),)


def explain(mode: Mode, subject: Subject) -> str:
    """Why ``mode`` does not run ``subject``, whose interface it does not speak: what would happen, and why."""
    server = mode.slug.split("-")[0]
    name = _callable(subject)
    if subject.family == mode.interface:
        return (
            f"{subject.called} is an application of the old ASGI 2, to be called twice: with the scope, then with "
            f"receive and send. {mode.slug} calls only those of ASGI 3, once with all three, and would answer every "
            f"request with status 500."
        )
    if subject.family == "ASGI":
        return (
            f"{subject.called} is ASGI: a coroutine to be called with scope, receive and send, and awaited. "
            f"{mode.slug} speaks WSGI and calls it with two arguments, environ and start_response. "
            f"{server} would start as if all were well and then answer every request with status 500; its log would "
            f"say: TypeError: {name}() missing 1 required positional argument: 'send'."
        )
    plain = f"{subject.called} is WSGI: a plain function of environ and start_response that returns the body."
    if mode.asgi2:
        remark = ", remark that the lifespan protocol appears unsupported," if mode.lifespan else ""
        return (
            f"{plain} {mode.slug} speaks ASGI: it takes it for an application of the old ASGI 2 and calls it with one "
            f"argument, scope. {server} would start{remark} and then answer every request with status 500; its log "
            f"would say: TypeError: {name}() missing 1 required positional argument: 'start_response'."
        )
    taken = 3 if subject.framework else 2  # a method has its own object besides
    return (
        f"{plain} {mode.slug} speaks ASGI and calls it with three arguments, scope, receive and send. {server} would "
        f"start as if all were well and then answer every request with status 500; its log would say: TypeError: "
        f"{name}() takes {taken} positional arguments but {taken + 1} were given."
    )


def _callable(subject: Subject) -> str:
    """What Python calls the application in a TypeError."""
    if subject.framework == "Django":
        return f"{subject.family}Handler.__call__"
    return f"{subject.framework}.__call__" if subject.framework else subject.target.rpartition(":")[2]


def ways_out(mode: Mode, subject: Subject) -> tuple[WayOut, ...]:
    """What to do instead of running ``subject`` in ``mode``: a mode that speaks its interface, or an adapter."""
    server = mode.slug.split("-")[0]
    fitting = [MODES[slug] for slug in PREFERRED[subject.family] if speaks(MODES[slug], subject)]
    fitting = [one for one in fitting if _can_be_had(one, subject)]
    # The same server by another mode comes first: the reader wanted that server.
    fitting.sort(key=lambda one: one.slug.split("-")[0] != server)
    found = [
        _way(f"Take {one.slug}, which speaks {one.interface}: {one.why}", one, subject) for one in fitting[:MOST_WAYS]
    ]
    if subject.interface != "ASGI2" and _can_be_had(mode, subject):
        lost = LOST_ASGI_TO_WSGI if subject.family == "ASGI" else LOST_WSGI_TO_ASGI
        text = f"Keep {mode.slug} and put an adapter ({ADAPTER}) between the two. {lost}"
        found.append(replace(_way(text, mode, subject), adapt=True))
    return tuple(found)


def _can_be_had(mode: Mode, subject: Subject) -> bool:
    return not loan(mode, subject).obstacle or not cannot_install(subject)


def _way(text: str, mode: Mode, subject: Subject) -> WayOut:
    """To take ``mode``, with the command that has to be run before, unless what lacks is lent."""
    command = install_command(mode, subject) if loan(mode, subject).obstacle else ""
    return WayOut(text=text, mode=mode.slug, command=command)


def likely(subject: Subject) -> tuple[WayOut, ...]:
    """Modes to offer somebody who has named none: what would serve ``subject`` in production and can start as it is."""
    found = [MODES[slug] for slug in PREFERRED.get(subject.family, ()) if speaks(MODES[slug], subject)]
    ready = [mode for mode in found if not loan(mode, subject).obstacle]
    return tuple(WayOut(text=f"{mode.title}: {mode.why}", mode=mode.slug) for mode in ready[: MOST_WAYS + 1])


def find(slug: str) -> Mode | Problem:
    """The mode called ``slug``, or what is wrong with it."""
    if slug in MODES:
        return MODES[slug]
    if slug == CUSTOM.slug:
        return CUSTOM
    guess = nearest(slug)
    out = (WayOut(text=f"Did you mean {guess}?", mode=guess),) if guess else ()
    return Problem(
        what=f"There is no mode called {slug!r}.",
        why=f"The modes are: {', '.join((*MODES, CUSTOM.slug))}.",
        ways_out=out,
        usage=True,
    )


def refusal(mode: Mode, subject: Subject, *, workers: int, threads: int, adapt: bool) -> Problem | None:
    """Why ``subject`` cannot be started in ``mode`` as asked, or None."""
    if problem := _numbers(mode, workers, threads):
        return problem
    if not mode.interface:
        return None
    if not subject.family:
        _, why, _ = _judge(mode, subject)
        return Problem(what=f"{subject.target} cannot be run.", why=why, usage=True)
    if not speaks(mode, subject) and (not adapt or subject.interface == "ASGI2"):
        what = f"{mode.slug} cannot run {subject.target}."
        return Problem(what=what, why=explain(mode, subject), ways_out=ways_out(mode, subject), usage=True)
    if (borrowed := loan(mode, subject)).obstacle:
        what = f"{mode.slug} is not ready for {subject.target}."
        why = _not_to_be_had(mode, subject, borrowed)
        return Problem(what=what, why=why, ways_out=_install(mode, subject), usage=True)
    return None


def _numbers(mode: Mode, workers: int, threads: int) -> Problem | None:
    if not 1 <= workers <= MOST_WORKERS:
        return Problem(what=f"{workers} workers?", why=f"It must be from 1 to {MOST_WORKERS}.", usage=True)
    if not 1 <= threads <= MOST_THREADS:
        return Problem(what=f"{threads} threads?", why=f"It must be from 1 to {MOST_THREADS}.", usage=True)
    if mode.unknown and max(workers, threads) > 1:
        what = (
            f"{mode.slug} cannot have {workers} workers." if workers > 1 else f"{mode.slug} has no threads to choose."
        )
        why = "How many processes and threads a command of yours starts is for its own options to say."
        way = WayOut(
            text="Put a command with other options in its place.", command=f"gatescope switch {mode.slug} --command ..."
        )
        return Problem(what=what, why=why, ways_out=(way,), usage=True)
    if workers > 1 and not mode.workers:
        others = [slug for slug in PREFERRED[mode.interface] if MODES[slug].workers][:MOST_WAYS]
        out = tuple(WayOut(text=f"Take {slug}, which runs several.", mode=slug) for slug in others)
        what = f"{mode.slug} cannot have {workers} workers."
        return Problem(what=what, why=f"{mode.title} is always one process.", ways_out=out, usage=True)
    if threads > 1 and not mode.threads:
        others = [slug for slug in PREFERRED[mode.interface] if MODES[slug].threads][:MOST_WAYS]
        out = tuple(WayOut(text=f"Take {slug}, which has threads.", mode=slug) for slug in others)
        what = f"{mode.slug} cannot have {threads} threads."
        return Problem(what=what, why=f"{mode.why} The number of threads is not for it.", ways_out=out, usage=True)
    return None
