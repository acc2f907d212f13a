"""What to replay an exchange on to see it under the other interface: which application, and in which mode.

Pure. A demo has a twin written for the other interface; everything else is the same application, through an adapter.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from supervisor.control.messages import ModesListed, ModeStatus, TargetSpec

#: The demo that answers the same paths over the other interface.
TWINS = {
    "wsgi": "asgi", "asgi": "wsgi", "flask": "fastapi", "fastapi": "flask", "starlette": "flask",
    "django-wsgi": "django-asgi", "django-asgi": "django-wsgi",
}  # fmt: skip

#: The modes to take first: the ones that start quickest and add the least of their own.
_FIRST = {
    "WSGI": ("gunicorn-gthread", "waitress", "gunicorn-sync", "wsgiref"),
    "ASGI": ("uvicorn", "hypercorn", "granian", "daphne"),
}
_CAN_RUN = ("ready", "lendable", "adaptable")
_DEMO = "demo:"


@dataclass(frozen=True, slots=True)
class Offer:
    """One way to run it: ``words`` tells the user what it is."""

    target: TargetSpec
    mode: str
    adapt: bool
    words: str


def other_interface(interface: str) -> str:
    """``WSGI`` for what was ASGI, and the other way round; of an exchange that no probe saw nobody knows."""
    if not interface:
        return ""
    return "ASGI" if interface == "WSGI" else "WSGI"


def twin(spec: TargetSpec) -> TargetSpec | None:
    """The demo that is to ``spec`` what the other interface is to its own; None for what is no demo."""
    found = TWINS.get(spec.target.removeprefix(_DEMO)) if spec.target.startswith(_DEMO) else None
    return replace(spec, target=f"{_DEMO}{found}") if found else None


def offers(spec: TargetSpec, listed: ModesListed, interface: str) -> list[Offer]:
    """How ``spec``, which ``listed`` is about, can be run so that its server speaks ``interface``; the best first."""
    modes = _in_order([mode for mode in listed.modes if mode.interface == interface and mode.state in _CAN_RUN])
    found: list[Offer] = []
    pair = twin(spec)
    if pair is not None:
        words = f"its twin {pair.target}, the same paths written for {interface}"
        found += [Offer(pair, mode.slug, False, f"{mode.title}, {words}") for mode in modes]
    for mode in modes:
        adapted = mode.state == "adaptable"
        words = "the same application, adapted by a2wsgi" if adapted else "the same application, as it is"
        found.append(Offer(spec, mode.slug, adapted, f"{mode.title}, {words}"))
    return found


def _in_order(modes: Iterable[ModeStatus]) -> list[ModeStatus]:
    def rank(mode: ModeStatus) -> int:
        first = _FIRST.get(mode.interface, ())
        return first.index(mode.slug) if mode.slug in first else len(first)

    return sorted(modes, key=rank)


def note(interface: str, *, adapted: bool) -> str:
    """What the reader must know of the side that was run for the comparison."""
    if not adapted:
        return ""
    if interface == "ASGI":
        return (
            "a2wsgi runs the WSGI application in a thread for the ASGI server: the messages are the adapter's, the end "
            "always comes in a message of its own, and a client that leaves is not noticed."
        )
    return (
        "a2wsgi runs the ASGI application on an event loop in a thread beside the WSGI server's: lifespan is never "
        "run, the WSGI thread waits until the application has returned, and a client that leaves is not noticed."
    )
