"""A script for the target's own interpreter: imports a target, and says what it is and what there is beside it.

    python examine.py '{"target": "module:attr", "factory": false, "cwd": "...", "distributions": ["uvicorn", ...],
                        "parent": 4711}'

With ``parent``, the pid of the process that asks, it is killed when that one ends: importing may take for ever.
Prints one line of JSON on standard output; what the target prints while it is imported goes to standard error. Members:

- ``python``: the version. ``target``: the target, completed: its attribute may have been left out.
- ``factory``: whether the application is what the named object gives when it is called.
- ``interface``: ``WSGI ASGI3 ASGI2 RSGI aiohttp tornado factory class view unknown``, or empty with an error. ``of``:
  what a ``factory`` or ``class`` makes, as far as known.
- ``confidence``: ``certain``, ``likely`` or empty. ``evidence``: a sentence.
- ``framework``: its name, and ``framework_version``, or empty.
- ``distributions``: those asked for (without a question: all) that are installed: normalised name to version.
- ``environment``: ``folder`` that packages are installed into, whether it is ``writable``, ``shared``: whether it is an
  interpreter's own and no virtual environment's, and ``managed``: whether only the system may install there (PEP 668).
- ``error``: null, or ``kind`` (``no-module no-attribute raised not-callable``), ``message``, ``traceback`` of the
  user's frames, ``candidates``: names in the module that could have been meant.
"""

import importlib
import importlib.util
import json
import os
import re
import sys
import traceback

_HERE = os.path.dirname(os.path.abspath(__file__))
_PACKAGE = "_gatescope_probe"
_NOT_THE_USERS = (_HERE, "<frozen importlib", os.path.dirname(importlib.__file__))

#: Attributes to look for where a target names none, and to propose.
USUAL = ("app", "application", "asgi", "wsgi", "create_app", "make_app")


class TargetError(Exception):
    """The target cannot be had."""

    def __init__(self, kind, message, error=None, candidates=()):
        super().__init__(message)
        self.kind = kind
        self.trace = _users_traceback(error) if error is not None else ""
        self.candidates = list(candidates)


def _users_traceback(error):
    """The traceback without our frames and the import system's."""
    summary = traceback.TracebackException.from_exception(error)
    _trim(summary)
    return "".join(summary.format())


def _trim(summary):
    while summary is not None:
        summary.stack[:] = [frame for frame in summary.stack if not frame.filename.startswith(_NOT_THE_USERS)]
        _trim(summary.__cause__)
        summary = summary.__context__


def find(target, factory, interface):
    """The object that ``target`` names, called if ``factory``: ``(object, completed target, factory)``. Raises
    TargetError.
    """
    name, _, attribute = target.partition(":")
    if attribute.endswith("()"):
        attribute, factory = attribute[:-2], True
    module = _import(name)
    if not attribute:
        attribute = next((usual for usual in USUAL if callable(getattr(module, usual, None))), "app")
    found = module
    for part in attribute.split("."):
        try:
            found = getattr(found, part)
        except AttributeError as error:
            message = "module %s has no attribute %s" % (name, attribute)
            raise TargetError("no-attribute", message, error, _candidates(module, interface)) from None
    if not callable(found):
        message = "%s:%s is %s, which cannot be called" % (name, attribute, _kind(found))
        raise TargetError("not-callable", message, None, _candidates(module, interface))
    if factory:
        try:
            found = found()
        except (Exception, SystemExit) as error:
            message = "%s:%s() raised %s" % (name, attribute, _last_line(error))
            raise TargetError("raised", message, error) from None
    return found, "%s:%s" % (name, attribute), factory


def _import(name):
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(error.name + ".")):
            raise TargetError("no-module", "there is no module %s" % error.name, error) from None
        raise TargetError("raised", "importing %s raised %s" % (name, _last_line(error)), error) from None
    except (Exception, SystemExit) as error:
        raise TargetError("raised", "importing %s raised %s" % (name, _last_line(error)), error) from None


def _last_line(error):
    return traceback.format_exception_only(type(error), error)[-1].strip()


def _kind(thing):
    """``a str``, ``an int``, ``None``."""
    if thing is None:
        return "None"
    name = type(thing).__name__
    return "%s %s" % ("an" if name[0] in "aeiouAEIOU" else "a", name)


def _candidates(module, interface):
    """Names in ``module`` that could have been meant."""
    found = []
    for name, value in sorted(vars(module).items()):
        if name.startswith("_") or not callable(value) or isinstance(value, type(sys)):
            continue
        if name in USUAL or (not isinstance(value, type) and interface.classify(value).framework):
            found.append(name)
    return found


def distributions(names):
    """Normalised names and versions of what is installed of ``names``, or of everything."""
    from importlib import metadata

    wanted = None if names is None else {_normalised(name) for name in names}
    found = {}
    for distribution in metadata.distributions():
        name = _normalised(distribution.metadata["Name"] or "")
        if name and (wanted is None or name in wanted):
            found.setdefault(name, distribution.version)  # the first on the path is the one that is imported
    return found


def _normalised(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def environment():
    """Whether and where something can be installed for this interpreter."""
    import sysconfig

    folder = existing = sysconfig.get_path("purelib")
    while not os.path.exists(existing):
        existing = os.path.dirname(existing)
    marker = os.path.join(sysconfig.get_path("stdlib"), "EXTERNALLY-MANAGED")
    return {
        "folder": folder,
        "writable": os.access(existing, os.W_OK),
        "shared": sys.prefix == sys.base_prefix,
        "managed": sys.prefix == sys.base_prefix and os.path.exists(marker),
    }


def examine(question, interface):
    """The answer to ``question``, both dicts as described above."""
    answer = {
        "python": ".".join(map(str, sys.version_info[:3])),
        "target": question["target"],
        "factory": bool(question.get("factory")),
        "interface": "",
        "of": "",
        "confidence": "",
        "evidence": "",
        "framework": "",
        "framework_version": "",
        "error": None,
    }
    installed = distributions(None)
    try:
        found, answer["target"], answer["factory"] = find(question["target"], answer["factory"], interface)
        result = interface.classify(found)
        for name in ("interface", "of", "confidence", "evidence", "framework"):
            answer[name] = getattr(result, name)
        answer["framework_version"] = installed.get(result.distribution, "")
        if not callable(found):
            raise TargetError("not-callable", "the factory returned %s" % _kind(found))
    except TargetError as error:
        answer["error"] = {
            "kind": error.kind,
            "message": str(error),
            "traceback": error.trace,
            "candidates": error.candidates,
        }
    wanted = question.get("distributions")
    chosen = installed if wanted is None else {_normalised(name) for name in wanted}
    answer["distributions"] = {name: version for name, version in installed.items() if name in chosen}
    answer["environment"] = environment()
    return answer


def _load_package():
    path = os.path.join(_HERE, "__init__.py")
    spec = importlib.util.spec_from_file_location(_PACKAGE, path, submodule_search_locations=[_HERE])
    package = sys.modules[_PACKAGE] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(package)


def main():
    """Answer on the real standard output; the target gets standard error for its own."""
    question = json.loads(sys.argv[1])
    answers = os.dup(1)
    os.dup2(2, 1)
    if sys.path and os.path.abspath(sys.path[0]) == _HERE:
        del sys.path[0]
    _load_package()
    if question.get("parent"):
        importlib.import_module(_PACKAGE + ".family").die_with_parent(question["parent"])
    sys.path.insert(0, question.get("cwd") or os.getcwd())
    interface = importlib.import_module(_PACKAGE + ".interface")
    del sys.argv[1:]
    line = json.dumps(examine(question, interface)) + "\n"
    with os.fdopen(answers, "w") as out:
        out.write(line)
    sys.stderr.flush()
    os._exit(0)  # not through the target's threads and exit handlers: it was never to run


if __name__ == "__main__":
    main()
