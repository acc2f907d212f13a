"""The command line: ``gatescope``. Parses arguments and hands over to the module of the command.

Each command's module is imported when it is used, so that ``--help`` and reading a trace start at once; nothing here
imports the window.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
import sys
from collections.abc import Sequence

from supervisor.printing import fill_standard_streams

EPILOG = """\
TARGET is module:attribute (main:app), a folder whose applications are to be found, or demo:NAME.
Exit status: 0 done, 1 failed, 2 wrong usage or a request that can never work as asked.
"""


RUN_EPILOG = f"""\
What follows -- goes to the server's own command line: -- --timeout 5
TARGET may also be the name of an application that pyproject.toml has settings for, here:
  [tool.gatescope.apps.NAME]  target mode workers threads adapt factory env env_file cwd listen python args command
  root_path reload drain capture
{EPILOG}"""

SWITCH_EPILOG = """\
What is not said stays as it is: --env and --env-file add to the variables it has, what follows -- takes the place of
the arguments that its server has.
"""

#: Commands whose modules bring much along, and what they are for: nothing is imported to list them.
ELSEWHERE = {
    "ls": "list the exchanges of a trace",
    "show": "everything about one exchange",
    "findings": "rules of WSGI and ASGI that were broken",
    "workers": "the workers of a trace, their lives and how they ended",
    "logs": "what servers and applications printed",
    "export": "write exchanges in another format",
    "import": "make a trace of a HAR file",
    "replay": "send a recording again and compare the answers",
    "compare": "replay a recording under several modes and measure each",
    "diff": "compare the answers of two recordings",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command in ``arguments``; its exit status."""
    fill_standard_streams()
    words = list(sys.argv[1:] if arguments is None else arguments)
    words, rest = _split(words)
    options = parser(words[0] if words else "").parse_args(words)
    if rest is not None:
        options.args = rest
    try:
        return int(options.run(options) or 0)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # `gatescope ... | head`: nobody reads on
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _split(words: list[str]) -> tuple[list[str], list[str] | None]:
    """``run ... -- ARGS``: what is before, and what is for the server. Other commands have ``--`` as always."""
    if words[:1] not in (["run"], ["switch"]) or "--" not in words:
        return words, None
    at = words.index("--")
    return words[:at], words[at + 1 :]


def parser(command: str = "-h") -> argparse.ArgumentParser:
    """The parser of all commands; those of other modules are complete only if ``command`` is none of ours."""
    top = argparse.ArgumentParser(
        prog="gatescope",
        description="See everything that a Python web server and its application say to each other.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action=_Version, nargs=0, help="say which, and what it runs on")
    top.set_defaults(run=_window, window=[])
    commands = top.add_subparsers(title="commands", metavar="COMMAND")
    _add_window(commands)
    _add_run(commands)
    _add_modes(commands)
    _add_install(commands)
    _add_drive(commands)
    if not command or command.startswith("-") or command in commands.choices:
        for name, about in ELSEWHERE.items():
            commands.add_parser(name, help=about)
    else:
        _add_others(commands)
    return top


class _Version(argparse.Action):
    """``--version``: what to write into a report of a fault."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        """Say it and end."""
        import platform
        from importlib import metadata

        def version(name: str) -> str:
            try:
                return f"{name} {metadata.version(name)}"
            except metadata.PackageNotFoundError:
                return f"no {name}"

        python = f"Python {platform.python_version()} ({sys.executable})"
        print(f"{version('gatescope')}\n{python}\n{version('PySide6-Essentials')}\n{platform.platform()}")  # noqa: T201
        parser.exit()


def _add_window(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    opening = commands.add_parser("open", help="the window, on a trace or a project folder")
    opening.add_argument("what", nargs="?", default="", metavar="TRACE|PROJECT")
    opening.set_defaults(run=_open)
    demo = commands.add_parser("demo", help="the window, on the demo applications; without a display, the same in text")
    demo.set_defaults(run=_demo)


def _add_run(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    run = commands.add_parser("run", help="run an application without a window", epilog=RUN_EPILOG,
                              formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    _target_options(run)
    run.add_argument("--mode", default="", help="the server mode, see: gatescope modes TARGET (the project's)")
    run.add_argument("--command", default="", dest="custom", metavar="WORDS", help="for the mode custom: what to run, "
                     "with {host} and {port} where the address goes")  # fmt: skip
    run.add_argument("--workers", type=int, metavar="N", help="worker processes (1)")
    run.add_argument("--threads", type=int, metavar="N", help="threads in each, where the mode has them")
    run.add_argument("--adapt", action="store_true", help="put an adapter between an application and a server "
                     "that do not speak the same interface")  # fmt: skip
    run.add_argument("--listen", default="", metavar="HOST:PORT", help="where to serve (127.0.0.1, a free port)")
    run.add_argument(
        "--drain", type=int, metavar="SECONDS", help="how long requests may take to finish when it is replaced (30)"
    )
    run.add_argument("--root-path", default="", metavar="PATH", help="what it is mounted at; the server tells it so")
    run.add_argument("--reload", action="store_true", help="load the code anew when a file of the project changes, "
                     "without losing a request")  # fmt: skip
    run.add_argument("--trace", default="", metavar="FILE", help="record to this file")
    run.add_argument("--capture", metavar="FILTER", help="record only what this filter lets through, judged when it is "
                     "over, see: gatescope ls --help")  # fmt: skip
    run.add_argument("--name", default="", help="what to call the application")
    run.add_argument("--control", default="", metavar="PATH", help="where to put the control socket")
    run.add_argument("--json", action="store_true", help="print an object a line")
    run.set_defaults(run=_run, args=[])
    run.usage = f"{run.format_usage().removeprefix('usage: ').rstrip()} [-- ARGS]"


def _add_modes(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    listing = commands.add_parser("modes", help="what can run an application, and why the rest cannot", epilog=EPILOG)
    _target_options(listing)
    listing.add_argument("mode", nargs="?", default="", metavar="MODE", help="only this one, and all about it")
    listing.add_argument("--why", action="store_true", help="all about each: reasons, and what to do")
    listing.add_argument("--workers", type=int, default=1, metavar="N", help="to write the commands for")
    listing.add_argument("--threads", type=int, default=1, metavar="N", help="to write the commands for")
    listing.add_argument("--json", action="store_true", help="print an object a line")
    listing.set_defaults(run=_modes)


def _add_install(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    install = commands.add_parser("install", help="put the server of a mode into an application's environment",
                                  epilog=EPILOG)  # fmt: skip
    _target_options(install)
    install.add_argument("mode", metavar="MODE", help="what it is to run in, see: gatescope modes TARGET")
    install.add_argument("--yes", action="store_true", help="also into an interpreter that is no virtual environment")
    install.add_argument("--json", action="store_true", help="print an object a line")
    install.set_defaults(run=_install)


def _add_drive(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--app", default="", metavar="NAME", help="which application (the only one there is)")
    shared.add_argument("--control", default="", metavar="PATH", help="socket of the supervisor (the one that runs)")
    shared.add_argument("--json", action="store_true", help="print an object a line")
    status = commands.add_parser("status", parents=[shared], help="how running applications stand")
    switch = commands.add_parser("switch", parents=[shared], epilog=SWITCH_EPILOG,
                                 help="another server mode or other options, without losing a request",
                                 formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    _switch_options(switch)
    reload = commands.add_parser("reload", parents=[shared], help="the code anew, without losing a request")
    restart = commands.add_parser("restart", parents=[shared], help="end the server and start it anew; requests wait")
    scale = commands.add_parser("scale", parents=[shared], help="another number of workers, without losing a request")
    scale.add_argument("workers", type=int, metavar="N")
    kill = commands.add_parser("kill-worker", parents=[shared], help="kill a worker, to see what becomes of it")
    kill.add_argument("--signal", default="KILL", metavar="NAME", help="another signal (KILL)")
    pause = commands.add_parser("pause", parents=[shared], help="stop a worker where it is (SIGSTOP)")
    resume = commands.add_parser("resume", parents=[shared], help="let a paused worker go on (SIGCONT)")
    stacks = commands.add_parser("stacks", parents=[shared], help="what each thread and task of a worker is doing")
    for of_worker in (kill, pause, resume, stacks):
        of_worker.add_argument("slot", type=int, metavar="SLOT", help="the worker's number, see: gatescope status")
    capture = commands.add_parser("capture", parents=[shared], help="what is recorded from now on")
    capture.add_argument("filter", nargs="*", metavar="FILTER", help="only what it lets through, judged when it is "
                         "over; none: everything")  # fmt: skip
    stop = commands.add_parser("stop", parents=[shared], help="stop an application; --all: and what runs it")
    stop.add_argument("--all", action="store_true", help="end the supervisor with all its applications")
    stop.add_argument("--now", action="store_true", help="don't wait for requests that are being answered")
    for command in (status, switch, reload, restart, scale, kill, pause, resume, stacks, capture, stop):
        command.set_defaults(run=_drive, drive=command.prog.split()[-1])


def _switch_options(switch: argparse.ArgumentParser) -> None:
    switch.add_argument("mode", nargs="?", default="", metavar="MODE", help="(as it is)")
    switch.add_argument("--workers", type=int, default=0, metavar="N", help="(as it is)")
    switch.add_argument("--threads", type=int, default=0, metavar="N", help="(as it is)")
    switch.add_argument("--command", default="", dest="custom", metavar="WORDS", help="for the mode custom, see there")
    switch.add_argument("--adapt", action="store_true", help="put an adapter between, see: gatescope run --help")
    switch.add_argument("--root-path", metavar="PATH", help="what it is mounted at (as it is)")
    switch.add_argument("--reload", action=argparse.BooleanOptionalAction, help="load changed code anew (as it is)")
    switch.add_argument("--drain", type=int, metavar="SECONDS", help="how long requests may take to finish (as it is)")
    _environment_options(switch)
    switch.set_defaults(args=None)
    switch.usage = f"{switch.format_usage().removeprefix('usage: ').rstrip()} [-- ARGS]"


def _environment_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--env", action="append", default=[], metavar="K=V", help="for its environment; repeatable")
    command.add_argument("--env-file", action="append", default=[], metavar="FILE", help="a file of such; repeatable")


def _add_others(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    for name in ("trace_commands", "import_command", "replay_commands", "compare_commands"):
        if importlib.util.find_spec(f"supervisor.{name}") is not None:
            importlib.import_module(f"supervisor.{name}").register(commands)


def _target_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("target", metavar="TARGET", help="module:attribute, a folder, or demo:NAME")
    command.add_argument("--python", default="", metavar="EXE", help="the interpreter (the project's own)")
    command.add_argument("--cwd", default="", metavar="DIR", help="the folder to run and import it in")
    _environment_options(command)
    command.add_argument("--factory", action="store_true", help="TARGET is a function that makes the application")


# Imports are inside: what a command does not need is not loaded.


def _run(options: argparse.Namespace) -> int:
    from supervisor.run_command import run

    return run(options)


def _modes(options: argparse.Namespace) -> int:
    from supervisor.modes_command import run

    return run(options)


def _install(options: argparse.Namespace) -> int:
    from supervisor.install_command import run

    return run(options)


def _drive(options: argparse.Namespace) -> int:
    from supervisor.drive_commands import run

    return run(options)


def _demo(options: argparse.Namespace) -> int:
    displayed = any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))
    if displayed or sys.platform in ("darwin", "win32"):
        options.window = ["demo"]
        return _window(options)
    from supervisor.demo_command import run

    return run()


def _open(options: argparse.Namespace) -> int:
    options.window = ["open", options.what] if options.what else []
    return _window(options)


def _window(options: argparse.Namespace) -> int:  # noqa: RET503 - execv does not return
    """Become the window: this process is replaced, and nothing of it stays in memory."""
    if importlib.util.find_spec("PySide6") is None:
        print("gatescope: the window needs PySide6, which is not installed here.", file=sys.stderr)  # noqa: T201
        print("  pip install PySide6-Essentials", file=sys.stderr)  # noqa: T201
        return 1
    # -P: a module of the user's called app, in the folder we are in, is not the window.
    os.execv(sys.executable, [sys.executable, "-P", "-m", "app", *options.window])  # noqa: S606


if __name__ == "__main__":
    sys.exit(main())
