"""How the probe gets into the processes of a command that somebody wrote: Python imports this at its start, because its
folder comes first in PYTHONPATH.

To a process that is no server it costs next to nothing: one variable is read, and a finder waits for the modules that
serve. When one of them is imported, the rest of the probe is loaded and puts its hooks into it (``guest.py``). What led
here is out of the environment and the path before the application can see it, and back in those of the processes that
are started from here: a reloader's child is the one that serves. Never in the way: what cannot be hooked is said and
runs without us. Must know nothing of any server but the names of its modules.
"""

import os
import sys

_HERE = os.path.dirname(os.path.abspath(__file__))
_PROBE = os.path.dirname(_HERE)
_PACKAGE = "_gatescope_probe"
_NAME = "sitecustomize"
_VARIABLE = b"GATESCOPE_LAUNCH"
_PATH = b"PYTHONPATH"

#: What is imported by whoever is about to serve; ``servers.HOOKED`` has what is then done.
SERVING = frozenset(
    (
        "daphne.server", "django.utils.autoreload", "granian.server.mp", "gunicorn.app.base", "hypercorn.asyncio.run",
        "hypercorn.run", "uvicorn", "waitress.server", "werkzeug._reloader", "werkzeug.serving",
        "wsgiref.simple_server",
    )
)  # fmt: skip


class Heritage:
    """Gives what was found in the environment to the processes that are started from this one.

    Attributes: ``word``: the value of the variable; ``started``: called with the pid of each process started anew;
    ``session``: of this process, once a module that serves was imported (``guest.Guest``). The functions that start one
    are replaced until ``serving`` (a process that serves starts nothing of ours, but it may become another program) or
    ``end``.
    """

    def __init__(self, word):
        self.word = word
        self.started = None
        self.session = None
        self._originals = []

    def begin(self):
        """Stand before the functions that start or become another program."""
        self._replace(os, "execv", self._execv)
        self._replace(os, "execve", self._execve)
        for name in ("posix_spawn", "posix_spawnp"):
            if hasattr(os, name):
                self._replace(os, name, self._posix_spawn)
        self._replace(os, "system", self._system)
        try:
            import _posixsubprocess
        except ImportError:
            return
        self._replace(_posixsubprocess, "fork_exec", self._fork_exec)
        subprocess = sys.modules.get("subprocess")
        if hasattr(subprocess, "_fork_exec"):  # it took it by name, before us
            self._replace(subprocess, "_fork_exec", self._fork_exec)

    def serving(self):
        """From now on only what this process itself becomes inherits."""
        self._restore([one for one in self._originals if not one[1].startswith("exec")])

    def end(self):
        """Nobody inherits any more."""
        self._restore(self._originals[:])

    def _replace(self, module, name, make):
        original = getattr(module, name)
        ours = make(original)
        self._originals.append((module, name, original, ours))
        setattr(module, name, ours)

    def _restore(self, replaced):
        for one in replaced:
            module, name, original, ours = one
            self._originals.remove(one)
            if getattr(module, name) is ours:
                setattr(module, name, original)

    def _with(self, environment):
        """A copy of ``environment`` (None: our own) that says what ours said, in bytes."""
        found = os.environ if environment is None else environment
        found = {os.fsencode(name): os.fsencode(found[name]) for name in found}
        here, path = os.fsencode(_HERE), found.get(_PATH, b"")
        if path.split(os.fsencode(os.pathsep))[0] != here:
            found[_PATH] = here + (os.fsencode(os.pathsep) + path if path else b"")
        found[_VARIABLE] = os.fsencode(self.word)
        return found

    def _born(self, pid):
        if self.started is not None:
            self.started(pid)
        return pid

    def _execv(self, original):  # noqa: ARG002  (what becomes of it needs an environment)
        def execv(path, args):
            return os.execve(path, args, os.environ)

        return execv

    def _execve(self, original):
        def execve(path, args, env):
            return original(path, args, self._with(env))

        return execve

    def _posix_spawn(self, original):
        def posix_spawn(path, argv, env, **options):
            return self._born(original(path, argv, self._with(env), **options))

        return posix_spawn

    def _fork_exec(self, original):
        def fork_exec(*args):
            env = args[5]
            found = None if env is None else dict(entry.split(b"=", 1) for entry in env)
            entries = [b"%b=%b" % entry for entry in self._with(found).items()]
            return self._born(original(*args[:5], entries, *args[6:]))

        return fork_exec

    def _system(self, original):
        def system(command):
            before = dict(os.environb)
            os.environb.update(self._with(None))
            try:
                return original(command)
            finally:
                for name in (_VARIABLE, _PATH):
                    if name in before:
                        os.environb[name] = before[name]
                    else:
                        del os.environb[name]

        return system


class Lookout:
    """A meta path finder that finds nothing itself: it has the modules in ``SERVING`` hooked when they are imported."""

    def __init__(self, heritage):
        self._heritage = heritage
        self._looking = set()

    def find_spec(self, name, path=None, target=None):
        """The import system's question, which the other finders answer."""
        if name not in SERVING or name in self._looking:
            return None
        self._looking.add(name)
        try:
            spec = self._found(name, path, target)
        finally:
            self._looking.discard(name)
        if spec is not None:
            self._await(name, spec.loader)
        return spec

    def _found(self, name, path, target):
        for finder in sys.meta_path:
            if finder is not self and hasattr(finder, "find_spec"):
                spec = finder.find_spec(name, path, target)
                if spec is not None:
                    return spec
        return None

    def _await(self, name, loader):
        """Have ``loader``, which is the module's own, call us once when it has run the module; it stays what it is."""
        original = getattr(loader, "exec_module", None)

        def exec_module(module):
            if module.__name__ == name:
                loader.__dict__.pop("exec_module", None)
            original(module)
            if module.__name__ == name:
                self._hook(name)

        if original is not None and hasattr(loader, "__dict__") and not isinstance(loader, type):
            loader.exec_module = exec_module

    def _hook(self, name):
        try:
            _load_package()
            from _gatescope_probe import guest

            guest.hook(name, self._heritage)
        except Exception as error:  # another version than those we know: it serves all the same
            sys.stderr.write("gatescope: the probe could not be put into %s: %r\n" % (name, error))


def _load_package():
    """The probe's package, under its private name."""
    if _PACKAGE not in sys.modules:
        from importlib.util import module_from_spec, spec_from_file_location

        path = os.path.join(_PROBE, "__init__.py")
        spec = spec_from_file_location(_PACKAGE, path, submodule_search_locations=[_PROBE])
        module = module_from_spec(spec)
        sys.modules[_PACKAGE] = module
        spec.loader.exec_module(module)


def _leave_the_path():
    """Take our folder out of where modules are looked for, here and in what the application sees."""
    sys.path[:] = [entry for entry in sys.path if entry != _HERE]
    rest = [entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry and entry != _HERE]
    if rest:
        os.environ["PYTHONPATH"] = os.pathsep.join(rest)
    else:
        os.environ.pop("PYTHONPATH", None)


def _make_way():
    """Let the ``sitecustomize`` run that would have run without us."""
    ours = sys.modules.pop(_NAME, None)
    try:
        __import__(_NAME)
    except ImportError as error:
        if error.name != _NAME:
            raise
    finally:
        sys.modules.setdefault(_NAME, ours)


def _begin():
    word = os.environ.pop(_VARIABLE.decode(), None)
    _leave_the_path()
    if word:
        heritage = Heritage(word)
        heritage.begin()
        sys.meta_path.insert(0, Lookout(heritage))
    _make_way()


if __name__ == _NAME:
    _begin()
