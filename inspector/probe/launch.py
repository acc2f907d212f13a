"""Runs a server as its own command line would, with the probe inside. Started as ``python launch.py`` by the
supervisor.

It stays ``__main__``, and is light: multiprocessing's spawned children (uvicorn's workers) run it again as
``__mp_main__`` before anything else, which is how the probe gets into them; gunicorn's upgrade in place runs it again
as the same command. The rest of the probe is loaded by file path under a private name, so that ``import app`` or
``import supervisor`` in the user's project finds the user's.
"""

import importlib.util
import json
import os
import signal
import sys

_HERE = os.path.dirname(os.path.abspath(__file__))
_PACKAGE = "_gatescope_probe"
_VARIABLE = "GATESCOPE_LAUNCH"


def _load_package():
    """The probe's package, under its private name."""
    if _PACKAGE not in sys.modules:
        path = os.path.join(_HERE, "__init__.py")
        spec = importlib.util.spec_from_file_location(_PACKAGE, path, submodule_search_locations=[_HERE])
        module = importlib.util.module_from_spec(spec)
        sys.modules[_PACKAGE] = module
        spec.loader.exec_module(module)
    return sys.modules[_PACKAGE]


def _set_path(folder):
    """Look for modules where the server's own command would: first in the project, and never beside this file."""
    if sys.path and os.path.abspath(sys.path[0]) == _HERE:
        del sys.path[0]
    sys.path.insert(0, folder)


def _session(config):
    _load_package()
    from _gatescope_probe import session

    return session.Session(config)


def _become(config):
    """Become the command that somebody wrote, tied to the supervisor's life, with the probe waiting in its Pythons."""
    _load_package()
    from _gatescope_probe.family import die_with_parent

    die_with_parent(config["parent"])
    for name in ("SIGPIPE", "SIGXFZ", "SIGXFSZ"):  # Python ignores them, and what is ignored stays so
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_DFL)
    path = os.environ.get("PYTHONPATH")
    hook = os.path.join(_HERE, "hook")
    os.environ["PYTHONPATH"] = hook + os.pathsep + path if path else hook
    os.environ[_VARIABLE] = json.dumps(config)
    try:
        os.execv(config["argv"][0], config["argv"])
    except OSError as error:
        return "gatescope: %s cannot be run: %s" % (config["argv"][0], error.strerror)


def _main():
    config = json.loads(os.environ.pop(_VARIABLE))
    if config["server"] == "custom":
        return _become(config)
    _set_path(config.get("cwd") or os.getcwd())
    session = _session(config)
    # Whoever runs this command again must get here again.
    sys.argv = [os.path.abspath(__file__)] + config["argv"][1:]
    from _gatescope_probe import servers

    server = servers.find(config["server"])
    session.begin()
    server.install(session)
    return server.run(session)


def _spawned():
    config = json.loads(os.environ.pop(_VARIABLE))
    if os.getppid() != config.get("master"):
        return
    session = _session(config)
    from _gatescope_probe import servers

    session.begin_spawned()
    servers.find(config["server"]).install(session)


if __name__ == "__main__":
    sys.exit(_main())
elif __name__ == "__mp_main__" and _VARIABLE in os.environ:
    _spawned()
