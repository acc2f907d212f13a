"""The commands that read traces: ``ls``, ``show``, ``findings``, ``workers``, ``logs``, ``export``.

Parses their arguments, opens the trace and prints; what things look like is decided in ``inspector.export``. Starts
nothing and knows no supervisor.

Exit status: 0 done, 1 the trace cannot be read or what was asked for is not in it, 2 wrong usage.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import wraps
from importlib import metadata
from itertools import chain
from pathlib import Path

from inspector.export import listing
from inspector.export.curl import to_curl
from inspector.export.har import to_har
from inspector.export.record import Record, exchange_record, full_record, log_record, to_line, worker_record
from inspector.export.stalls import during
from inspector.levels import LEVELS
from inspector.model import Instance, Stall, Worker, WorkerEvent, by_time
from inspector.query import Query, QueryError, parse
from inspector.store.annotations import Note
from inspector.store.findings import Wanted
from inspector.store.reader import LogFilter, TraceError, TraceReader

_PAGE = 500
_EXAMPLES = 5  #: findings of a rule that are told in text
_FILTER = """\
FILTER: words that must all hold. A bare word is looked for in the target; field:value compares.
  method:POST  path:/api  path:~^/api/\\d+$  status:5xx  status:404,410  duration:>200ms  size:>10k
  kind:ws  state:open  is:failed  is:error  worker:3  pid:4711  mode:gunicorn  replay:1  id:12..20
  header.x-request-id:abc  scope.path:/x  environ.REMOTE_ADDR:10.  -path:/health  not a  a or b  ( )
  finding:any  finding:violation  finding:server  finding:ASGI-HTTP  finding:none
After the trace, a filter that begins with "-" needs "--" before it, or "not" instead.
"""

Handler = Callable[[argparse.Namespace], int]


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands. Each parser's ``handler`` (and ``run``) takes the arguments and gives the exit status."""
    ls = _parser(commands, "ls", _ls, "list the exchanges of a trace", epilog=_FILTER)
    _add_filter(ls)
    _add_json(ls)
    show = _parser(commands, "show", _show, "everything about one exchange")
    show.add_argument("id", type=int, metavar="ID", help="the exchange's number, as gatescope ls prints it")
    _add_json(show)
    findings = _parser(commands, "findings", _findings, "rules of WSGI and ASGI that were broken", epilog=_FILTER)
    findings.add_argument("--again", action="store_true", help="judge all anew: the recording may have been judged by "
                          "another Gatescope, whose rules were others")  # fmt: skip
    _add_filter(findings)
    _add_json(findings)
    workers = _parser(commands, "workers", _workers, "the workers of a trace, their lives and how they ended")
    _add_json(workers)
    logs = _parser(commands, "logs", _logs, "what servers and applications printed")
    logs.add_argument("--level", choices=LEVELS, default="", help="only lines of this level and above")
    logs.add_argument("--worker", type=int, metavar="SLOT", help="only lines of the workers in this slot")
    _add_json(logs)
    export = _parser(commands, "export", _export, "write exchanges in another format", epilog=_FILTER)
    _add_filter(export)
    export.add_argument("--format", choices=("har", "curl"), required=True)
    export.add_argument("-o", "--output", metavar="FILE", default="-", help="where to (standard output)")
    export.add_argument("--secrets", action="store_true", help="leave credentials, cookies and secret parameters of "
                        "the query (token, key, password, code, ...) as they were; else they are masked")  # fmt: skip


def _parser(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    handler: Handler,
    about: str,
    epilog: str = "",
) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        name, help=about, description=f"{about[0].upper()}{about[1:]}.", epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("trace", metavar="TRACE", help="a trace file")
    parser.set_defaults(handler=handler, run=handler)
    return parser


def _add_filter(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("filter", nargs="*", metavar="FILTER", help="which exchanges (all), see below")
    parser.add_argument("--deleted", action="store_true", help="those too that were deleted in the window")


def _add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON object a line")


class _UsageError(Exception):
    """What was asked for makes no sense; the text says why."""


def _reported(handler: Handler) -> Handler:
    """``handler`` with its failures told on standard error, and a reader that stops listening taken for the end."""

    @wraps(handler)
    def wrapped(options: argparse.Namespace) -> int:
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")  # a terminal that cannot show a letter gets its escape
        try:
            status = handler(options)
            sys.stdout.flush()
        except BrokenPipeError:
            # What Python still holds for standard output is written at exit: to nowhere.
            with contextlib.suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        except _UsageError as error:
            return _complain(str(error), 2)
        except TraceError as error:
            return _complain(str(error), 1)
        except OSError as error:
            return _complain(f"{error.strerror or error}: {error.filename or 'output'}", 1)
        return status

    return wrapped


def _complain(text: str, status: int) -> int:
    print(f"gatescope: {listing_safe(text)}", file=sys.stderr)  # noqa: T201
    return status


def listing_safe(text: str) -> str:
    """``text`` line by line without what a terminal would act on."""
    return "\n".join(listing.visible(line) for line in text.split("\n"))


def _say(line: str, style: listing.Style | None = None) -> None:
    """Print a line. Whatever was recorded passes here on its way to a terminal, so here it loses its power over it."""
    print(listing.for_terminal(line, style or listing.Style()))  # noqa: T201


# --- the commands -----------------------------------------------------------------------------------------------------


@_reported
def _ls(options: argparse.Namespace) -> int:
    query = _query(options.filter)
    with TraceReader(options.trace, deleted=options.deleted) as reader:
        reader.findings.judge_for(query)
        ids = reader.ids(query)
        if options.json:
            for record in _records(reader, ids):
                _say(to_line(exchange_record(record)))
            return 0
        style, meta = _style(), reader.meta()
        _say(listing.listing_head(style), style)
        for start in range(0, len(ids), _PAGE):
            for row in reader.rows(ids[start : start + _PAGE]):
                wall = meta.wall(row.opened_ns or row.called_ns, row.id)
                _say(listing.listing_line(row, wall, style), style)
        _say(style.paint(_summary(reader, len(ids)), "dim"), style)
    return 0


def _summary(reader: TraceReader, shown: int) -> str:
    counts = reader.counts()
    parts = [f"{shown} of {counts.exchanges} exchanges", f"{counts.open} open", f"{counts.messages} messages"]
    parts += [f"{count} {what} dropped" for what, count in sorted(counts.dropped.items())]
    return ", ".join(parts)


@_reported
def _show(options: argparse.Namespace) -> int:
    with TraceReader(options.trace) as reader:
        record = next(_records(reader, [options.id]), None)
        if record is None:
            ids = reader.ids()
            why = f"It holds {len(ids)} exchanges" + (f", numbered {ids[0]} to {ids[-1]}." if ids else ".")
            raise TraceError(f"There is no exchange {options.id} in {options.trace}.", why, "See: gatescope ls TRACE")
        if record.exchange.worker:
            stalls = during(reader.stalls(record.exchange.worker), record.exchange)
            record = replace(record, stalls=stalls)
        if options.json:
            _say(to_line(full_record(record)))
            return 0
        from inspector.export import findings_text  # late: see ``_findings``

        style = _style()
        for line in chain(listing.exchange_text(record, style), findings_text.exchange_lines(record.findings, style)):
            _say(line, style)
    return 0


@_reported
def _findings(options: argparse.Namespace) -> int:
    from inspector.export import findings_text  # late: with all the rules, which other commands do without
    from inspector.export.findings import finding_record

    query = _query(options.filter)
    with TraceReader(options.trace, deleted=options.deleted) as reader:
        reader.findings.judge_rest(again=options.again)
        wanted = Wanted(query)
        if options.json:
            meta = reader.meta()
            for row in reader.findings.each(wanted):
                _say(to_line(finding_record(row.finding, meta.wall(row.finding.t_ns, row.finding.exchange) / 1e9)))
            return 0
        style, broken = _style(), reader.findings.rules(wanted)
        for rule in broken:
            found = reader.findings.rows(replace(wanted, rule=rule.rule), limit=_EXAMPLES)
            for line in (*findings_text.rule_lines(rule, found, style), ""):
                _say(line, style)
        _say(style.paint(findings_text.summary(broken, reader.findings.tally()), "dim"), style)
    return 0


@_reported
def _workers(options: argparse.Namespace) -> int:
    with TraceReader(options.trace) as reader:
        instances = {instance.id: instance for instance in reader.instances()}
        workers, meta = reader.workers(), reader.meta()
        events = _by_worker(reader.worker_events())
        stalls: dict[int, list[Stall]] = {}
        for stall in reader.stalls():
            stalls.setdefault(stall.worker, []).append(stall)
        if options.json:
            for worker in workers:
                began = meta.wall(worker.born_ns) / 1e9 if worker.born_ns else 0.0
                instance = instances.get(worker.instance)
                restarts = max(0, worker.generation - 1)
                told, held = events.get(worker.id, ()), stalls.get(worker.id, ())
                _say(to_line(worker_record(worker, instance, told, restarts, began, held)))
            return 0
    style = _style()
    _say(listing.workers_head(style), style)
    for worker in workers:
        line = listing.worker_line(worker, _mode(instances, worker.instance), meta.wall(worker.born_ns), style)
        _say(line, style)
        for words in listing.worker_stalls(stalls.get(worker.id, [])):
            _say(words, style)
        for words in listing.worker_last_words(events.get(worker.id, ())):
            _say(words, style)
    return 0


@_reported
def _logs(options: argparse.Namespace) -> int:
    with TraceReader(options.trace) as reader:
        workers = {worker.id: worker for worker in reader.workers()}
        chosen = tuple(id for id, worker in workers.items() if worker.slot == options.worker)
        if options.worker is not None and not chosen:
            raise _UsageError(_no_worker(options.worker, {worker.slot for worker in workers.values()}))
        ids = reader.log_ids(LogFilter(level=options.level, workers=None if options.worker is None else chosen))
        style, meta = _style(), reader.meta()
        for start in range(0, len(ids), _PAGE):
            for line in reader.log_rows(ids[start : start + _PAGE]):
                worker, wall = workers.get(line.worker), meta.wall(line.t_ns)
                if options.json:
                    _say(to_line(log_record(line, worker, wall / 1e9)))
                else:
                    _say(listing.log_line(line, worker, wall, style), style)
    return 0


@_reported
def _export(options: argparse.Namespace) -> int:
    query = _query(options.filter)
    with TraceReader(options.trace, deleted=options.deleted) as reader, _output(options.output) as write:
        reader.findings.judge_for(query)
        ids = reader.ids(query)
        if options.format == "har":
            records = _records(reader, ids)
            pieces: Iterable[str] = to_har(records, version=_version(), secrets=options.secrets)
        else:
            records = _records(reader, ids, messages=False)
            pieces = (
                to_curl(record.exchange, proxy=record.proxy, secrets=options.secrets) + "\n" for record in records
            )
        for piece in pieces:
            write(piece)
    return 0


# --- parts ------------------------------------------------------------------------------------------------------------


def _no_worker(slot: int, there: set[int]) -> str:
    listed = f"Those that it has: {', '.join(map(str, sorted(there)))}." if there else "It has none at all."
    return f"There is no worker {slot} in the trace.\n  {listed}"


def _query(words: list[str]) -> Query | None:
    """One argument is a whole filter; several are joined, as they were typed without quotes."""
    text = " ".join(words)
    try:
        return parse(text) if text.strip() else None
    except QueryError as error:
        raise _UsageError(f"{error.message}\n  {text}\n  {' ' * error.position}^") from None


def _records(reader: TraceReader, ids: Iterable[int], *, messages: bool = True) -> Iterator[Record]:
    """The exchanges with these ids and what belongs to them; those that are gone by now are left out."""
    meta = reader.meta()
    instances = {instance.id: instance for instance in reader.instances()}
    workers: dict[int, Worker] = {worker.id: worker for worker in reader.workers()}
    notes, nothing = reader.annotations(), Note()
    for identity in ids:
        exchange = reader.exchange(identity)
        if exchange is None:
            continue
        found = by_time(reader.messages(identity)) if messages else []
        wall = meta.wall(exchange.opened_ns or exchange.called_ns, identity)
        instance = instances.get(exchange.instance)
        mode, url = (instance.mode, instance.url) if instance else ("", "")
        note = notes.get(identity, nothing)
        worker = workers.get(exchange.worker)
        broken = reader.findings.of(identity) if messages else ()
        yield Record(
            exchange, found, worker, mode, wall, url, mark=note.mark, comment=note.comment, findings=broken
        )  # fmt: skip


def _mode(instances: dict[int, Instance], identity: int) -> str:
    instance = instances.get(identity)
    return instance.mode if instance else ""


def _by_worker(events: Iterable[WorkerEvent]) -> dict[int, list[WorkerEvent]]:
    found: dict[int, list[WorkerEvent]] = {}
    for event in events:
        found.setdefault(event.worker, []).append(event)
    return found


def _style() -> listing.Style:
    """Colours for a terminal that wants them (https://no-color.org), 100 columns for everything else."""
    terminal = sys.stdout.isatty()
    width = shutil.get_terminal_size((100, 24)).columns if terminal else 100
    return listing.Style(width, terminal and not os.environ.get("NO_COLOR"))


@contextlib.contextmanager
def _output(path: str) -> Iterator[Callable[[str], object]]:
    """Where an export goes. A file appears when it is complete, so that what was there before survives a failure."""
    if path == "-":
        yield sys.stdout.write
        return
    target = Path(path)
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    except OSError as error:
        raise _about(path, error) from None
    try:
        with open(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
            yield file.write
        Path(name).replace(target)
    except BaseException as error:
        Path(name).unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise _about(path, error) from None
        raise


def _about(path: str, error: OSError) -> OSError:
    """The same of the file that the user named: the one beside it is our affair."""
    return OSError(error.errno, error.strerror or str(error), path)


def _version() -> str:
    try:
        return metadata.version("gatescope")
    except metadata.PackageNotFoundError:
        return "0"
