"""Exchanges and workers as text for a terminal.

Pure. Whatever was recorded is shown with its control characters made visible: a trace cannot drive the terminal. Lines
fit the width they are given where a line is a row of a table; bodies and tracebacks keep their own lines.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inspector import tagged
from inspector.export.record import Record
from inspector.export.stalls import sentence
from inspector.export.timings import MEANINGS, moment, timings
from inspector.heads import parse_head
from inspector.levels import plain
from inspector.model import (
    PEACEFUL_CAUSES,
    Body,
    LogLine,
    Message,
    Severity,
    Stall,
    State,
    Worker,
    WorkerEvent,
    WorkerState,
)

if TYPE_CHECKING:
    from inspector.store.rows import ExchangeRow

_STALLS = 3  #: of one worker that are told
_BODY_LINES = 200
_HEX_BYTES = 256
_WITHOUT_STATUS: dict[str, str] = {State.OPEN: "open", State.FAILED: "cut"}
_COLOURS = {"red": "31", "green": "32", "yellow": "33", "cyan": "36", "dim": "2", "bold": "1"}
_GRAVITY: dict[str, str] = {Severity.VIOLATION: "red", Severity.WARNING: "yellow", Severity.NOTE: "dim"}
_PAINT = re.compile("(" + "|".join(rf"\x1b\[{code}m" for code in ("0", *_COLOURS.values())) + ")")


@dataclass(frozen=True, slots=True)
class Style:
    """How a terminal takes text: its columns, and whether it takes colours."""

    width: int = 100
    colours: bool = False

    def paint(self, text: str, colour: str) -> str:
        """``text`` in a colour, where there are colours."""
        return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m" if self.colours and colour else text

    def title(self, text: str) -> str:
        """A line above a block."""
        return self.paint(text, "bold")


# --- words ------------------------------------------------------------------------------------------------------------


def visible(text: str) -> str:
    """``text`` on one line, with what a terminal would act on as escapes."""
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else _escape(letter) for letter in text)


def for_terminal(line: str, style: Style) -> str:
    """A line as it may be printed: our colours, where there are any, and no other control character acts."""
    if line.isprintable():
        return line
    if not style.colours:
        return visible(line)
    parts = _PAINT.split(line)  # text, colour, text, ...
    return "".join(part if index % 2 else visible(part) for index, part in enumerate(parts)) + "\x1b[0m"


def _escape(letter: str) -> str:
    return letter.encode("unicode_escape").decode()


def cut(text: str, width: int) -> str:
    """``text`` in at most ``width`` columns."""
    return text if len(text) <= width else text[: max(0, width - 1)] + "…"


def duration(ms: float | None) -> str:
    """Milliseconds for people."""
    if ms is None:
        return "…"
    if ms < 1000:
        return f"{ms:.1f} ms"
    return f"{ms / 1000:.2f} s" if ms < 60_000 else f"{int(ms // 60_000)} m {ms % 60_000 / 1000:02.0f} s"


def size(count: int) -> str:
    """Bytes for people."""
    for unit, factor in (("G", 2**30), ("M", 2**20), ("k", 2**10)):
        if count >= factor:
            return f"{count / factor:.1f}{unit}"
    return str(count)


def clock(wall_ns: int, *, date: bool = False) -> str:
    """A time of day in UTC, with the day where ``date``."""
    at = moment(wall_ns)
    return f"{at:{'%Y-%m-%d ' if date else ''}%H:%M:%S}.{at.microsecond // 1000:03d}"


# --- the list ---------------------------------------------------------------------------------------------------------


def listing_head(style: Style) -> str:
    """The line above ``listing_line``s."""
    head = _listing("ID", "AT (UTC)", "METHOD", "STATUS", "KIND", "WORKER", "TOOK", "SIZE", "RULES", "TARGET")
    return style.paint(head, "dim")


def listing_line(row: ExchangeRow, wall_ns: int, style: Style) -> str:
    """One exchange on one line."""
    worker = f"{row.worker_slot}.{row.worker_generation}" if row.worker_slot else "-"
    status = str(row.status) if row.status else _WITHOUT_STATUS.get(row.state, "-")
    kind = "ws" if row.kind == "websocket" else row.kind
    left = _listing(
        str(row.id), clock(wall_ns), cut(visible(row.method), 7), "\0", cut(visible(kind), 8), worker,
        duration(row.duration_ms), size(row.response_size), "\1", "",
    )  # fmt: skip
    line = left + cut(visible(row.target), max(10, style.width - len(left) - 9))
    broken = style.paint(f"{row.findings or '':>5}", _GRAVITY.get(row.gravest_own, "dim") if row.findings else "")
    return line.replace("\0", style.paint(f"{status:<6}", _status_colour(row.status, row.state))).replace("\1", broken)


def _listing(*cells: str) -> str:
    number, time, method, status, kind, worker, took, length, broken, target = cells
    marked = status if status == "\0" else f"{status:<6}"
    rules = broken if broken == "\1" else f"{broken:>5}"
    return f"{number:>6} {time:<12} {method:<7} {marked} {kind:<8} {worker:<6} {took:>9} {length:>7} {rules}  {target}"


def _status_colour(status: int, state: str) -> str:
    if state == State.FAILED or status >= 500:
        return "red"
    if state == State.OPEN:
        return "cyan"
    return "yellow" if status >= 400 else "green"


# --- one exchange -----------------------------------------------------------------------------------------------------


def exchange_text(record: Record, style: Style) -> Iterator[str]:
    """Everything about one exchange, line by line."""
    exchange = record.exchange
    status = exchange.status or ("no response yet" if exchange.state == State.OPEN else "no response")
    line = (
        f"exchange {exchange.id}: {visible(exchange.method)} {visible(exchange.target)} -> {status} ({exchange.state})"
    )
    yield style.title(line)
    yield from _fields(_facts(record))
    parts = timings(exchange)
    if parts:
        yield from ("", style.title("Time"))
        yield from (
            f"  {name:<8} {duration(ms):>8}  {style.paint(MEANINGS[name], 'dim')}" for name, ms in parts.items()
        )
    if record.stalls:
        yield from ("", style.title("Event loop"))
        yield from (f"  {visible(sentence(stall, exchange.id))}" for stall in record.stalls)
    yield from _side("Request", exchange.request_head, exchange.request_body, style)
    yield from _side("Response", exchange.response_head, exchange.response_body, style)
    yield from _context(exchange.context, exchange.interface, style)
    yield from _messages(record, style)
    if exchange.exception:
        yield from ("", style.title("Exception"))
        yield from (f"  {visible(text)}" for text in exchange.exception.splitlines())


def _facts(record: Record) -> list[tuple[str, str]]:
    exchange, worker = record.exchange, record.worker
    facts = [
        ("kind", f"{exchange.kind}, HTTP/{exchange.http_version}"),
        ("began", f"{clock(record.wall_ns, date=True)} UTC"),
        ("client", exchange.client),
        ("mode", f"{record.mode} (instance {exchange.instance})" if exchange.instance else ""),
        ("worker", _worker(worker) if worker else ""),
        ("ran in", exchange.task),
        ("interface", exchange.interface),
        ("replay", f"of exchange {exchange.replay_of}, run {exchange.replay_run}" if exchange.replay_run else ""),
        ("dropped", f"{exchange.dropped} messages or payloads were not recorded" if exchange.dropped else ""),
        ("error", exchange.error),
    ]
    return [(name, visible(value)) for name, value in facts if value]


def _worker(worker: Worker) -> str:
    now = worker.outcome or worker.cause or worker.state
    return f"slot {worker.slot}, generation {worker.generation}, pid {worker.pid} ({now})"


def _fields(facts: list[tuple[str, str]]) -> Iterator[str]:
    width = max((len(name) for name, _ in facts), default=0)
    yield from (f"  {name:<{width}}  {value}" for name, value in facts)


def _side(title: str, raw: bytes, body: Body, style: Style) -> Iterator[str]:
    if not raw and not body.size:
        return
    head = parse_head(raw)
    yield from ("", style.title(title))
    yield f"  {visible(head.first)}"
    yield from (f"  {style.paint(visible(name), 'cyan')}: {visible(value)}" for name, value in head.headers)
    if body.size:
        yield f"  {style.paint(_about(body), 'dim')}"
        yield from _bytes(body.head)
        if body.tail:
            yield "    …"
            yield from _bytes(body.tail)


def _about(body: Body) -> str:
    kept = f", the first {len(body.head)} and last {len(body.tail)} kept" if body.truncated else ""
    return f"body: {body.size} bytes{kept}" + (f", sha256 {body.sha256}" if body.sha256 else "")


def _bytes(raw: bytes) -> Iterator[str]:
    """Text as lines, anything else as the first rows of a hex dump."""
    try:
        lines = raw.decode().splitlines()
    except UnicodeDecodeError:
        yield from _hex(raw)
        return
    yield from (f"    {visible(line)}" for line in lines[:_BODY_LINES])
    if len(lines) > _BODY_LINES:
        yield f"    … {len(lines) - _BODY_LINES} more lines"


def _hex(raw: bytes) -> Iterator[str]:
    for start in range(0, min(len(raw), _HEX_BYTES), 16):
        row = raw[start : start + 16]
        letters = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        yield f"    {start:06x}  {row.hex(' '):<47}  {letters}"
    if len(raw) > _HEX_BYTES:
        yield f"    … {len(raw) - _HEX_BYTES} more bytes"


def _context(context: str, interface: str, style: Style) -> Iterator[str]:
    if not context:
        return
    yield from ("", style.title("environ" if interface == "WSGI" else "scope"))
    try:
        value = tagged.loads(context)
    except (ValueError, TypeError, AttributeError, RecursionError):
        value = context
    if isinstance(value, dict):
        yield from (f"  {visible(str(key))} = {_short(item, 300)}" for key, item in value.items())
    else:
        yield f"  {_short(value, 300)}"


def _short(value: Any, width: int) -> str:
    return cut(visible(repr(value)), width)


def _messages(record: Record, style: Style) -> Iterator[str]:
    """In order, each with the time since the exchange began and since the message before it."""
    if not record.messages:
        return
    begun = record.exchange.opened_ns or record.exchange.called_ns or record.messages[0].t_ns
    yield from ("", style.title(f"Messages ({len(record.messages)})"))
    head = f"  {'#':>4} {'AT, MS':>10} {'SINCE LAST':>10} {'':<6} {'TYPE':<22} {'BYTES':>6}  WHAT"
    yield style.paint(head, "dim")
    times = [begun, *(message.t_ns for message in record.messages)]
    for message, (before, now) in zip(record.messages, itertools.pairwise(times), strict=True):
        arrow = "->" if message.direction == "in" else "<-"
        left = (
            f"  {message.seq:>4} {(now - begun) / 1e6:>10.3f} {(now - before) / 1e6:>+10.3f} "
            f"{cut(message.side, 4):<4}{arrow} {cut(visible(message.type), 22):<22} {size(message.size):>6}  "
        )
        yield left + cut(_what(message), max(20, style.width - len(left)))


def _what(message: Message) -> str:
    parts = [visible(message.info)] if message.info else []
    if message.payload:
        parts.append(repr(message.payload[:200]) + ("…" if message.size > 200 else ""))
    return " ".join(parts)


# --- output -----------------------------------------------------------------------------------------------------------

_LEVEL_COLOURS = {"debug": "dim", "warning": "yellow", "error": "red", "critical": "red"}


def log_line(line: LogLine, worker: Worker | None, wall_ns: int, style: Style) -> str:
    """One line of output: when, whose, how grave, and its text, whose own colours are left out."""
    who = f"{worker.slot}.{worker.generation}" if worker else "-"
    words = style.paint(visible(plain(line.text)), _LEVEL_COLOURS.get(line.level, ""))
    return f"{clock(wall_ns)} {who:<6} {cut(visible(line.level), 8):<8} {words}"


# --- workers ----------------------------------------------------------------------------------------------------------


def workers_head(style: Style) -> str:
    """The line above ``worker_line``s."""
    line = (
        f"{'INSTANCE':<22} {'SLOT':>4} {'GEN':>3} {'PID':>7} {'STATE':<8} {'BEGAN (UTC)':<12} {'LIFE':>9}  HOW IT ENDED"
    )
    return style.paint(line, "dim")


def worker_line(worker: Worker, mode: str, wall_ns: int, style: Style) -> str:
    """One serving process on one line; what it had in hand when it ended is on it."""
    life = duration((worker.ended_ns - worker.born_ns) / 1e6) if worker.ended_ns and worker.born_ns else "-"
    instance = cut(f"{worker.instance} {visible(mode)}", 22)
    left = (
        f"{instance:<22} {worker.slot:>4} {worker.generation:>3} {worker.pid:>7} {cut(worker.state, 8):<8} "
        f"{clock(wall_ns) if worker.born_ns else '-':<12} {life:>9}  "
    )
    hands = f"; in hand: {', '.join(map(str, worker.in_hand))}" if worker.in_hand else ""
    bad = worker.state == WorkerState.EXITED and worker.cause not in PEACEFUL_CAUSES
    return left + style.paint(visible((worker.outcome or worker.cause) + hands), "red" if bad else "")


def worker_stalls(stalls: Sequence[Stall]) -> Iterator[str]:
    """The longest times that a worker's event loop was held up, indented below its line."""
    longest = sorted(stalls, key=lambda stall: stall.until_ns - stall.from_ns if stall.until_ns else 2**62)[-_STALLS:]
    for stall in reversed(longest):
        yield f"    {visible(sentence(stall))}"
    if len(stalls) > len(longest):
        yield f"    and {len(stalls) - len(longest)} shorter times"


def worker_last_words(events: Iterable[WorkerEvent]) -> Iterator[str]:
    """What a worker left behind, indented below its line: each request that it had in hand, and where it crashed."""
    for event in events:
        if event.event != "exited":
            continue
        held, stack = event.detail.get("held"), event.detail.get("stack")
        for one in held if isinstance(held, list) else ():
            if isinstance(one, dict):
                yield f"    #{_held(one)}"
        if isinstance(stack, str):
            yield from (f"    {visible(line)}" for line in stack.splitlines() if line.strip())


def _held(one: dict[str, Any]) -> str:
    last = f"; last message {one['last']}, {_milliseconds(one.get('last_age_ms'))} before" if one.get("last") else ""
    what = " ".join(str(one.get(name, "")) for name in ("exchange", "method", "path"))
    return visible(f"{what} had been in hand for {_milliseconds(one.get('elapsed_ms'))}{last}")


def _milliseconds(value: object) -> str:
    return duration(value) if isinstance(value, int | float) and 0 <= value < 1e15 else "?"
