"""The phases of an exchange as SQL over ``e``, the narrow exchange table: nanoseconds, NULL for one that is not over.

Pure. The same cut as ``inspector.export.phases`` makes of one exchange, said for many at once: a million of them are
not to be fetched to be filtered. A phase begins where all before it have ended.
"""

from __future__ import annotations


def _known(column: str) -> str:
    return f"nullif(e.{column}_ns, 0)"


def _least(one: str, other: str) -> str:
    """The earlier of two moments; of one that is not known the other."""
    return f"coalesce(min({one}, {other}), {one}, {other})"


def _from(position: str, end: str) -> str:
    return f"max({end} - {position}, 0)"


_CALLED, _WIRE = "e.called_ns > 0", "e.forwarded_ns > 0"
_OVER = f"coalesce({_known('closed')}, CASE WHEN {_CALLED} AND NOT {_WIRE} THEN {_known('returned')} END)"
_ENDED = f"CASE WHEN {_CALLED} THEN {_known('returned')} END"
_BEGUN = _least(f"coalesce({_known('started')}, {_least(_known('first_byte'), _ENDED)})", _OVER)
#: ``_BEGUN`` is when it was cut off, where there was no response: so it is the end of what came before it.
_RESPONDED = "e.kind <> 'websocket' AND (e.started_ns > 0 OR e.first_byte_ns > 0)"

_OPENED = f"coalesce({_known('opened')}, e.called_ns)"
_FORWARDED = f"CASE WHEN {_CALLED} THEN {_known('forwarded')} ELSE coalesce({_known('forwarded')}, {_BEGUN}) END"
_SENT_ON = f"coalesce(max({_OPENED}, {_FORWARDED}), {_OPENED})"
_REACHED = f"max({_SENT_ON}, e.called_ns * ({_WIRE}))"
_STARTED = f"max({_REACHED}, {_BEGUN})"

_HELD = f"max(e.held_ns, CASE WHEN e.answered_ns > 0 THEN {_OVER} - e.answered_ns ELSE 0 END)"
_FREE = f"max({_BEGUN}, {_OVER} - {_HELD})"
_HANDED = (
    f"CASE WHEN {_CALLED} THEN min({_FREE}, coalesce({_known('last_app')}, {_known('returned')}, {_FREE}))"
    f" ELSE {_FREE} END"
)
_SENT = f"max({_STARTED}, {_HANDED})"

#: Nearly all that are over: everything was seen, in its order. For those the last phases take few words.
_ORDERED = (
    "e.closed_ns >= e.last_app_ns AND e.last_app_ns >= e.started_ns AND e.started_ns >= e.called_ns"
    " AND e.called_ns >= e.forwarded_ns AND e.forwarded_ns >= e.opened_ns AND e.opened_ns > 0"
    " AND e.kind <> 'websocket'"
)
_ORDERED_HELD = "max(e.held_ns, (e.closed_ns - e.answered_ns) * (e.answered_ns > 0))"
_ORDERED_FREE = f"e.closed_ns - {_ORDERED_HELD}"


def _last(ordered: str, general: str) -> str:
    return f"CASE WHEN {_ORDERED} THEN {ordered} {general} END"


#: By the names of the filter language's fields.
PHASES: dict[str, str] = {
    "wait": f"CASE WHEN {_WIRE} OR NOT {_CALLED} THEN {_from(_OPENED, _FORWARDED)} END",
    "queue": f"CASE WHEN {_CALLED} AND {_WIRE} THEN {_from(_SENT_ON, 'e.called_ns')} END",
    "application": f"CASE WHEN {_CALLED} THEN {_from(_REACHED, _BEGUN)} END",
    "sending": _last(
        f"max(min(e.last_app_ns, {_ORDERED_FREE}) - e.started_ns, 0)",
        f"WHEN {_RESPONDED} THEN {_from(_STARTED, _HANDED)}",
    ),
    "buffered": _last(
        f"max({_ORDERED_FREE} - e.last_app_ns, 0)",
        f"WHEN {_RESPONDED} AND {_CALLED} THEN {_from(_SENT, _FREE)}"
        f" WHEN e.kind <> 'websocket' AND {_CALLED} THEN {_from(_STARTED, _OVER)}",
    ),
    # of an exchange that is not over what is known until now
    "held": _last(
        f"min({_ORDERED_HELD}, e.closed_ns - e.started_ns)",
        f"WHEN {_RESPONDED} THEN coalesce({_from(f'max({_SENT}, {_FREE})', _OVER)}, e.held_ns)",
    ),
    "after": f"CASE WHEN {_CALLED} THEN {_from(f'max({_STARTED}, {_OVER})', _known('returned'))} END",
}
