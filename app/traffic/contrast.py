"""How an environ or scope differs from another one: of the exchange before, or of the same request under another mode.

Pure. Two of one interface are compared key by key; of a WSGI and an ASGI one what both have is compared, whatever it is
called there: PATH_INFO with path, HTTP_HOST with the host field. What is in another form there but means the same is no
difference.
"""

from __future__ import annotations

from typing import Any

from app.traffic.handover import Remark, cgi_key, mapping, pairs
from inspector import tagged

#: What a key of the environ is called in a scope.
_CANONICAL = {
    "REQUEST_METHOD": ("method",),
    "SERVER_PROTOCOL": ("http_version",),
    "wsgi.url_scheme": ("scheme",),
    "SCRIPT_NAME": ("root_path",),
    "PATH_INFO": ("path",),
    "QUERY_STRING": ("query_string",),
    "REMOTE_ADDR": ("client", "host"),
    "REMOTE_PORT": ("client", "port"),
    "SERVER_NAME": ("server", "host"),
    "SERVER_PORT": ("server", "port"),
}

Path = tuple[str, ...]


def against_other(interface: str, context: str, other_interface: str, other_context: str) -> list[Remark]:
    """What is not the same in ``context`` as in ``other_context``; empty when one of them is not known."""
    here, there = mapping(context), mapping(other_context)
    if not here or not there:
        return []
    if (interface == "WSGI") == (other_interface == "WSGI"):
        flat, flat_there = _flat(interface, here), _flat(interface, there)
        return [remark for key in {**flat, **flat_there} if (remark := _remark(key, key, flat, flat_there))]
    ours, theirs = _meanings(interface, here), _meanings(other_interface, there)
    remarks = []
    for meaning in {**ours, **theirs}:
        if meaning[0] != "headers" and (meaning not in ours or meaning not in theirs):
            continue  # what only one of the interfaces has says nothing of this request
        remark = _remark(meaning, _place(interface, meaning), ours, theirs)
        if remark is not None:
            remarks.append(remark)
    return remarks


def by_meaning(interface: str, context: str) -> dict[Path, tuple[Path, str]]:
    """What a request is, in the words of a scope: for each where it stands in ``context``, and its value as text."""
    found = _meanings(interface, mapping(context))
    return {meaning: (_place(interface, meaning), value) for meaning, value in found.items()}


def _remark(key: Path, path: Path, here: dict[Path, str], there: dict[Path, str]) -> Remark | None:
    if key not in there:
        return Remark(path, "added", "Not there.")
    if key not in here:
        return Remark(path, "dropped", f"There it is {there[key]}.")
    if here[key] == there[key]:
        return None
    return Remark(path, "changed", f"There it is {there[key]}.")


def _flat(interface: str, context: dict[str, Any]) -> dict[Path, str]:
    """Every value by its path; header fields by their names, objects by their types."""
    found: dict[Path, str] = {}
    for key, value in context.items():
        if key == "headers" and interface != "WSGI":
            found.update((("headers", name), repr(text)) for name, text in _joined(pairs(value)).items())
        elif isinstance(value, dict):
            found.update(((key, str(inner)), _short(item)) for inner, item in value.items())
        else:
            found[(key,)] = _short(value)
    return found


def _short(value: Any) -> str:
    return f"a {value.type}" if isinstance(value, tagged.Opaque) else repr(value)


def _joined(fields: list[tuple[str, str]]) -> dict[str, str]:
    joined: dict[str, list[str]] = {}
    for name, value in fields:
        joined.setdefault(name.lower(), []).append(value)
    return {name: ", ".join(values) for name, values in joined.items()}


def _meanings(interface: str, context: dict[str, Any]) -> dict[Path, str]:
    """What a request is, in the words of a scope, each value as text."""
    return _environ_meanings(context) if interface == "WSGI" else _scope_meanings(context)


def _environ_meanings(environ: dict[str, Any]) -> dict[Path, str]:
    found: dict[Path, str] = {}
    for key, value in environ.items():
        if key in _CANONICAL:
            found[_CANONICAL[key]] = repr(_as_scope(key, str(value)))
        elif key.startswith("HTTP_") or key in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            name = key.removeprefix("HTTP_").replace("_", "-").lower()
            if value != "":  # an empty CONTENT_TYPE is one that was not sent
                found[("headers", name)] = repr(str(value))
    if ("root_path",) in found and ("path",) in found:  # a scope's path has the mount in it
        mount, path = str(environ["SCRIPT_NAME"]), str(environ["PATH_INFO"])
        found[("path",)] = repr(_as_scope("PATH_INFO", mount + path))
    return found


def _as_scope(key: str, value: str) -> str:
    if key == "SERVER_PROTOCOL":
        return value.removeprefix("HTTP/")
    if key in ("PATH_INFO", "SCRIPT_NAME"):
        return value.encode("latin-1", "replace").decode("utf-8", "replace")
    return value


def _scope_meanings(scope: dict[str, Any]) -> dict[Path, str]:
    found: dict[Path, str] = {}
    for key, value in scope.items():
        if key in ("client", "server"):
            if isinstance(value, list | tuple) and len(value) == 2:
                found[(key, "host")], found[(key, "port")] = repr(str(value[0])), repr(str(value[1]))
        elif key == "headers":
            found.update((("headers", name), repr(text)) for name, text in _joined(pairs(value)).items())
        elif (key,) in _CANONICAL.values():
            found[(key,)] = repr(value.decode("latin-1") if isinstance(value, bytes) else str(value))
    return found


def _place(interface: str, meaning: Path) -> Path:
    """Where it stands in an environ or scope."""
    if interface != "WSGI":
        return meaning if meaning[0] == "headers" else meaning[:1]
    if meaning[0] == "headers":
        return (cgi_key(meaning[1]),)
    return (next(key for key, canonical in _CANONICAL.items() if canonical == meaning),)
