"""``gatescope compare`` and ``gatescope diff``: their arguments. What they do is imported when it is used."""

from __future__ import annotations

import argparse

from supervisor.replay_commands import target_options

COMPARE_EPILOG = """\
MODES: modes with commas between, the number of workers behind a star, of threads behind an x:
  gunicorn-sync*2,gunicorn-gthread*2x8,uvicorn,granian*4
Each mode is tried alone, in turn with the others. Without a filter every HTTP exchange of TRACE is sent, replays left
out. What is found is recorded too: gatescope open OUT shows it. Exit status: 0 done, 1 no mode could be measured, or
--fail-on-diff and something differs or failed, 2 wrong usage, 130 interrupted; what was measured by then is shown.
"""
DIFF_EPILOG = """\
Exchanges are paired by method and target, in the order in which they began. Exit status: 0 all answers are the same
and each exchange has a partner, 1 something differs, 2 wrong usage, or a trace cannot be read.
"""


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands to the parser."""
    compare = commands.add_parser(
        "compare", help="replay a recording under several modes and measure each", epilog=COMPARE_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    compare.add_argument("source", metavar="TRACE", help="the recording")
    compare.add_argument("filter", metavar="FILTER", nargs="?", default="", help="which exchanges, see: gatescope ls")
    compare.add_argument("--target", required=True, metavar="TARGET", help="the application: module:attribute, a "
                         "folder, or demo:NAME")  # fmt: skip
    compare.add_argument("--modes", required=True, metavar="MODES", help="see below, and: gatescope modes TARGET")
    target_options(compare)
    _how(compare)
    compare.set_defaults(run=_compare)
    diff = commands.add_parser(
        "diff", help="compare the answers of two recordings", epilog=DIFF_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    diff.add_argument("one", metavar="TRACE_A", help="a recording")
    diff.add_argument("other", metavar="TRACE_B", help="another one")
    diff.add_argument("filter", metavar="FILTER", nargs="?", default="", help="which exchanges of both, see: "
                      "gatescope ls")  # fmt: skip
    diff.add_argument("--ignore", action="append", default=[], metavar="NAME", help="a header, or a place in JSON "
                      "such as '$.items[*].id', that may differ; repeatable")  # fmt: skip
    diff.add_argument("--header-order", action="store_true", help="the order of header fields counts, too")
    diff.add_argument("--replays-too", action="store_true", help="also what is a replay itself")
    diff.add_argument("--json", action="store_true", help="print an object a line")
    diff.set_defaults(run=_diff)


def _how(compare: argparse.ArgumentParser) -> None:
    compare.add_argument("--speed", default="max", metavar="original|N|max", help="the recorded pace, N times faster, "
                         "or as fast as answers come (max)")  # fmt: skip
    compare.add_argument("--concurrency", type=int, default=8, metavar="N", help="requests under way at once at full "
                         "speed (8); 1 keeps the recorded order")  # fmt: skip
    compare.add_argument("--rounds", type=int, default=0, metavar="N", help="how often each mode is tried (3 at full "
                         "speed, else 1)")  # fmt: skip
    compare.add_argument("--ignore", action="append", default=[], metavar="NAME", help="a header, or a place in JSON "
                         "such as '$.items[*].id', that may differ; repeatable")  # fmt: skip
    compare.add_argument("--trace", default="", metavar="OUT", help="record to this new file "
                         "(TRACE.modes.gatescope beside TRACE, numbered)")  # fmt: skip
    compare.add_argument("--fail-on-diff", action="store_true", help="exit with 1 if an answer differs or fails")
    compare.add_argument("--json", action="store_true", help="print an object a line")


def _compare(options: argparse.Namespace) -> int:
    from supervisor.compare_session import run

    return run(options)


def _diff(options: argparse.Namespace) -> int:
    from supervisor.diff_session import run

    return run(options)
