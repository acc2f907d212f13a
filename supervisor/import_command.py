"""``gatescope import FILE.har``: makes a trace of what something else recorded. Starts nothing, knows no supervisor.

Exit status: 0 done, 1 the file can't be read or the trace can't be written, 2 wrong usage.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from dataclasses import astuple, replace
from pathlib import Path

from inspector.har_import import HarError, entries, exchange_of, messages_of
from inspector.store.errors import TraceError
from inspector.store.writer import TraceWriter

_AT_ONCE = 200  #: exchanges handed to the writer before it is waited for


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command. Its ``run`` takes the arguments and gives the exit status."""
    parser = commands.add_parser("import", help="make a trace of a HAR file")
    parser.add_argument("file", metavar="FILE.har", help="as browsers and other proxies write it")
    parser.add_argument("-o", "--output", default="", metavar="TRACE", help="the trace (FILE.gatescope)")
    parser.add_argument("--force", action="store_true", help="replace the trace if it is there")
    parser.set_defaults(run=_import)


def _import(options: argparse.Namespace) -> int:
    source = Path(options.file)
    target = Path(options.output) if options.output else source.with_suffix(".gatescope")
    if target.exists() and not options.force:
        return _fail(f"{target} is there already. Name another with -o, or replace it with --force.")
    try:
        listed = entries(source.read_text(encoding="utf-8", errors="replace"))
        with tempfile.TemporaryDirectory(dir=target.parent) as folder:  # a trace is there whole, or not at all
            made = Path(folder) / target.name
            count = _write(listed, made)
            os.replace(made, target)
    except OSError as error:
        return _fail(f"{error.filename or source}: {error.strerror or error}.")
    except (HarError, TraceError) as error:
        return _fail(f"{source} is not what it should be. {error}")
    left = len(listed) - count
    sys.stdout.write(f"{target}: {count:,} exchanges{f', {left:,} left out that made no sense' if left else ''}\n")
    return 0


def _write(listed: list[object], path: Path) -> int:
    """Write what makes sense of the entries; how many did."""
    now = time.time_ns()  # one reading for both clocks: the file's times are wall times, and stay what they are
    writer = TraceWriter(path, monotonic_ns=lambda: now, wall_ns=lambda: now)
    count = 0
    try:
        for entry in listed:
            try:
                made = exchange_of(entry, 0, head=writer.body_head, tail=writer.body_tail)
            except HarError:
                continue
            made.id = writer.new_id("exchange")
            for message in messages_of(entry, made, head=writer.body_head, tail=writer.body_tail):
                writer.message(made, astuple(replace(message, side=str(message.side))))
            writer.touch(made)
            count += 1
            if count % _AT_ONCE == 0:
                writer.flush()
    finally:
        writer.close()
    if writer.problem:
        raise TraceError(writer.problem)
    return count


def _fail(text: str) -> int:
    sys.stderr.write(f"gatescope: {text}\n")
    return 1
