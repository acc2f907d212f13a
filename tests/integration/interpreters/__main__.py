"""Print the table: ``python -m tests.integration.interpreters [--python 3.12]... [--mode MODE]... [--keep FOLDER]``.

The exit status is 1 if anything is not as expected.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.integration.interpreters.environments import environment
from tests.integration.interpreters.staying import SITUATIONS, Stay, slugs, stay
from tests.support.environments import VERSIONS, interpreter

WIDTH = 15


def main() -> int:
    """Have each mode under each interpreter that there is, one after the other; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.integration.interpreters", description=__doc__)
    parser.add_argument("--python", action="append", metavar="VERSION", help="only this one, such as 3.12; repeatable")
    parser.add_argument("--mode", action="append", choices=slugs(), help="only this one; may be given several times")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the environments there for the next time")
    parser.add_argument("--verbose", action="store_true", help="let the servers print")
    options = parser.parse_args()
    stays: list[Stay] = []
    with _place(options.keep) as folder:
        for version in options.python or VERSIONS:
            python = interpreter(version)
            if python is None:
                print(f"{version}: there is no CPython {version} here")
                continue
            env = environment(version, python, folder)
            for slug in slugs(options.mode):
                stays.append(found := stay(env, slug, None if options.verbose else subprocess.DEVNULL))
                print(line(found), *found.differences, sep="\n  ", flush=True)
    print("\n".join(["", *table(stays), "", *_verdict(stays)]))
    return 1 if any(found.differences for found in stays) else 0


@contextmanager
def _place(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep.absolute()
        return
    with tempfile.TemporaryDirectory(prefix="gatescope-interpreters-") as place:
        yield Path(place)


def line(found: Stay) -> str:
    """A mode under an interpreter: how many facts of each cell are as expected."""
    start = f"{found.version:6}{found.slug:18}"
    if found.skipped:
        return f"{start}left out: {found.skipped}"
    columns = []
    for cell in found.cells.values():
        wrong = len(cell.differences)
        columns.append(f"{f'{wrong} DIFFER' if wrong else f'ok {len(cell.expected)}':{WIDTH}}")
    return f"{start}{''.join(columns)}{found.seconds:5.1f} s"


def table(stays: list[Stay]) -> Iterable[str]:
    """A line a mode and interpreter, a column a situation."""
    yield "".join([" " * 24, *(f"{name:{WIDTH}}" for name in SITUATIONS)])
    yield from map(line, stays)


def _verdict(stays: list[Stay]) -> Iterable[str]:
    had = [found for found in stays if not found.skipped]
    facts = sum(len(cell.expected) for found in had for cell in found.cells.values())
    wrong = sum(len(found.differences) for found in had)
    left_out = len(stays) - len(had)
    words = f"{wrong} not as expected" if wrong else "all as expected"
    yield f"{len(had)} modes under interpreters, {left_out} left out, {facts} facts, {words}"


if __name__ == "__main__":
    sys.exit(main())
