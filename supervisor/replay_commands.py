"""``gatescope replay``: its arguments. What it does is in ``replay_session``, which is imported when it is used."""

from __future__ import annotations

import argparse

EPILOG = """\
Without a filter every request and WebSocket of TRACE is sent, replays left out. At full speed what a WebSocket's
client said is said when the server has said as much as it had then; at a pace, at its time.
Exit status: 0 done, 1 it could not be done, or --fail-on-diff and something differs or failed, 2 wrong usage.
"""


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    replay = commands.add_parser(
        "replay", help="send a recording again and compare the answers", epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    replay.add_argument("source", metavar="TRACE", help="the recording")
    replay.add_argument("filter", metavar="FILTER", nargs="?", default="", help="which exchanges, see: gatescope ls")
    _where(replay)
    _how(replay)
    replay.set_defaults(run=_replay)


def _where(replay: argparse.ArgumentParser) -> None:
    where = replay.add_mutually_exclusive_group(required=True)
    where.add_argument("--url", default="", metavar="URL", help="a server that runs, ours or not: http:// or "
                       "https://")  # fmt: skip
    where.add_argument("--target", default="", metavar="TARGET", help="an application to run for it: module:attribute, "
                       "a folder, or demo:NAME; with --mode")  # fmt: skip
    replay.add_argument("--mode", default="", help="the server mode to run --target in, see: gatescope modes TARGET")
    replay.add_argument("--workers", type=int, default=1, metavar="N", help="worker processes (1)")
    replay.add_argument("--threads", type=int, default=0, metavar="N", help="threads in each, where the mode has them")
    target_options(replay)


def target_options(command: argparse.ArgumentParser) -> None:
    """How an application is run that ``--target`` names."""
    command.add_argument("--adapt", action="store_true", help="put an adapter between an application and a server that "
                         "do not speak the same interface")  # fmt: skip
    command.add_argument("--python", default="", metavar="EXE", help="the interpreter (the project's own)")
    command.add_argument("--cwd", default="", metavar="DIR", help="the folder to run and import it in")
    command.add_argument("--env", action="append", default=[], metavar="K=V", help="for its environment; repeatable")
    command.add_argument("--factory", action="store_true", help="TARGET is a function that makes the application")


def _how(replay: argparse.ArgumentParser) -> None:
    replay.add_argument("--speed", default="max", metavar="original|N|max", help="the recorded pace, N times faster, "
                        "or as fast as answers come (max)")  # fmt: skip
    replay.add_argument("--concurrency", type=int, default=1, metavar="N", help="requests under way at once at full "
                        "speed (1: one after the other)")  # fmt: skip
    replay.add_argument("--timeout", type=float, default=30.0, metavar="S", help="seconds for an answer (30)")
    replay.add_argument(
        "--own-host", action="store_true", help="send the host of the new address, not the recorded one"
    )
    replay.add_argument("--ignore", action="append", default=[], metavar="NAME", help="a header, or a place in JSON "
                        "such as '$.items[*].id', that may differ; repeatable")  # fmt: skip
    replay.add_argument("--header-order", action="store_true", help="the order of header fields counts, too")
    replay.add_argument("--replays-too", action="store_true", help="also what is a replay itself")
    replay.add_argument("--trace", default="", metavar="OUT", help="record the answers to this file "
                        "(TRACE.replay.gatescope beside TRACE, numbered)")  # fmt: skip
    replay.add_argument("--fail-on-diff", action="store_true", help="exit with 1 if an answer differs or fails")
    replay.add_argument("--json", action="store_true", help="print an object a line")


def _replay(options: argparse.Namespace) -> int:
    from supervisor.replay_session import run

    return run(options)
