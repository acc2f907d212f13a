"""The rules about the environ, as far as it can be judged by itself: what must be in it, and what its values look like.

Pure. The environ is the server's work, so that what is wrong with it is the server's fault. Whether it tells what was
on the wire is asked in ``wsgi_request``.

Sources: PEP 3333, "environ Variables"; RFC 3875 (CGI 1.1), which that builds on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from inspector.contract.fields import told
from inspector.contract.rule import Rule
from inspector.contract.wsgi_call import Call, looks, number, shown
from inspector.model import Fault, Finding, Severity

_SERVER = Fault.SERVER
_ENVIRON = "PEP 3333, environ Variables"
_MEND = "This is for the server to mend: look for a newer version, report it there, or run the application elsewhere."

METHOD = Rule(
    "WSGI-ENV-02", "There is no REQUEST_METHOD",
    "The server tells the request's method, such as GET, in REQUEST_METHOD; it is never left out and never empty.",
    _MEND, _ENVIRON, fault=_SERVER,
)  # fmt: skip
NAME = Rule(
    "WSGI-ENV-03", "There is no usable SERVER_NAME",
    "SERVER_NAME is there and not empty: without a Host header, applications build their own address from it.",
    "Tell the server its name or address, or send a Host header with each request.",
    "PEP 3333, environ Variables and URL Reconstruction", fault=_SERVER,
)  # fmt: skip
PORT = Rule(
    "WSGI-ENV-04", "There is no SERVER_PORT",
    "SERVER_PORT is there and not empty, also where the server listens on a Unix socket.",
    _MEND, _ENVIRON, fault=_SERVER,
)  # fmt: skip
PROTOCOL = Rule(
    "WSGI-ENV-05", "SERVER_PROTOCOL is missing, or is not an HTTP version",
    "SERVER_PROTOCOL tells the version that the client spoke, as HTTP/1.0 or HTTP/1.1: two numbers and a dot.",
    _MEND, "PEP 3333, environ Variables; RFC 3875 section 4.1.16", fault=_SERVER,
)  # fmt: skip
SCRIPT = Rule(
    "WSGI-ENV-06", "SCRIPT_NAME is not a path to mount at",
    "SCRIPT_NAME is empty for an application at the root, else it begins with a slash; a slash alone is not allowed, "
    "since PATH_INFO has that one.",
    "Give the server or middleware the mount point as /api: with a slash before and none after.",
    "PEP 3333, environ Variables; RFC 3875 section 4.1.13", fault=_SERVER,
)  # fmt: skip
PATH = Rule(
    "WSGI-ENV-07", "PATH_INFO does not begin with a slash",
    "PATH_INFO is empty or begins with a slash. OPTIONS * is the exception.",
    _MEND, "RFC 3875 section 4.1.5", fault=_SERVER,
)  # fmt: skip
NO_PATH = Rule(
    "WSGI-ENV-08", "Neither SCRIPT_NAME nor PATH_INFO says where the request goes",
    "One of the two says something: an empty path in both cannot come from a request.",
    _MEND, "PEP 3333, environ Variables; RFC 3875", Severity.WARNING, _SERVER,
)  # fmt: skip
QUERY = Rule(
    "WSGI-ENV-09", "There is no QUERY_STRING",
    "PEP 3333 lets a server leave out an empty QUERY_STRING; CGI, and much code, wants it there all the same.",
    "Read it as environ.get('QUERY_STRING', '').",
    "PEP 3333, environ Variables; RFC 3875 section 4.1.7", Severity.NOTE, _SERVER,
)  # fmt: skip
CONTENT = Rule(
    "WSGI-ENV-10", "A content header stands under an HTTP_ key",
    "The type and length of the body are CONTENT_TYPE and CONTENT_LENGTH. Under HTTP_ keys applications do not find "
    "them, and two keys for one thing can differ.",
    _MEND, "PEP 3333, environ Variables; RFC 3875 section 4.1.18", Severity.WARNING, _SERVER,
)  # fmt: skip
LENGTH = Rule(
    "WSGI-ENV-11", "CONTENT_LENGTH is not a number",
    "CONTENT_LENGTH is made of digits only, or is empty or missing.",
    _MEND, "PEP 3333, environ Variables; RFC 9110 section 8.6", fault=_SERVER,
)  # fmt: skip
STRINGS = Rule(
    "WSGI-ENV-12", "A variable is not a str",
    "All variables that CGI knows are plain str, numbers too: '8000' and not 8000. A variable without a value is left "
    "out or empty, not None.",
    "Convert it where you read it, as in str(environ['SERVER_PORT']), until the server is mended.",
    _ENVIRON, fault=_SERVER,
)  # fmt: skip
LATIN = Rule(
    "WSGI-ENV-13", "A variable has characters beyond latin-1",
    "The str values stand for bytes, one character each from U+0000 to U+00FF. Whoever wants text decodes them: "
    "value.encode('latin-1').decode('utf-8').",
    _MEND, "PEP 3333, Unicode Issues", fault=_SERVER,
)  # fmt: skip
VERSION = Rule(
    "WSGI-ENV-16", "wsgi.version is not (1, 0)",
    "wsgi.version is the tuple (1, 0).",
    _MEND, _ENVIRON, fault=_SERVER,
)  # fmt: skip
SCHEME = Rule(
    "WSGI-ENV-17", "wsgi.url_scheme is not a scheme",
    "wsgi.url_scheme is the str with which the application's addresses begin, 'http' or 'https'.",
    _MEND, _ENVIRON, fault=_SERVER,
)  # fmt: skip
INPUT = Rule(
    "WSGI-ENV-18", "There is no wsgi.input",
    "The request's body can always be read from wsgi.input, also when there is none.",
    _MEND, "PEP 3333, Input and Error Streams", fault=_SERVER,
)  # fmt: skip
ERRORS = Rule(
    "WSGI-ENV-19", "There is no wsgi.errors",
    "Messages for whoever runs the server can always be written to wsgi.errors.",
    _MEND, "PEP 3333, Input and Error Streams", fault=_SERVER,
)  # fmt: skip
FLAGS = Rule(
    "WSGI-ENV-20", "The server does not say how it runs the application",
    "wsgi.multithread, wsgi.multiprocess and wsgi.run_once are all there: code decides by them what it may share.",
    _MEND, _ENVIRON, fault=_SERVER,
)  # fmt: skip
KEYS = Rule(
    "WSGI-ENV-24", "A key of the server's own is not in lower case",
    "Servers name what they add with lower case letters, digits, dots and underscores.",
    _MEND, _ENVIRON, Severity.NOTE, _SERVER,
)  # fmt: skip
WRAPPER = Rule(
    "WSGI-FW-01", "wsgi.file_wrapper cannot be called",
    "A server that offers wsgi.file_wrapper lets the application call it with a file and a block size.",
    _MEND, "PEP 3333, Optional Platform-Specific File Handling", fault=_SERVER,
)  # fmt: skip

_PROTOCOL = re.compile(r"HTTP/[0-9]\.[0-9]")
_HOST = re.compile(r"[A-Za-z0-9._~-]+|\[?[0-9A-Fa-f:.]+\]?")
_KEY = re.compile(r"[a-z0-9_.]+")
#: Variables of the request and the server. Others may be the process's environment, which PEP 3333 lets in.
_THE_REQUESTS = re.compile(
    r"(HTTP|REQUEST|CONTENT|SCRIPT|PATH|QUERY|SERVER|REMOTE|RAW|AUTH|GATEWAY|SSL)_.*|HTTPS|.*\..*", re.DOTALL
)
_FLAGS = ("wsgi.multithread", "wsgi.multiprocess", "wsgi.run_once")
_PLAIN = (str, bytes, int, float, bool, list, tuple, dict, type(None))


@looks(METHOD, NAME, PORT, PROTOCOL, QUERY)
def request_and_server(call: Call) -> Iterator[Finding]:
    """Who asks whom for what."""
    environ, case = call.environ, call.case
    if not environ:
        return
    for rule, key in ((METHOD, "REQUEST_METHOD"), (NAME, "SERVER_NAME"), (PORT, "SERVER_PORT")):
        if environ.get(key, "") == "":
            yield rule.broken(case, None, _missing(environ, key))
    name = environ.get("SERVER_NAME")
    if isinstance(name, str) and name and "HTTP_HOST" not in environ and not _is_host(name):
        detail = f"SERVER_NAME is {shown(name)}, which is no host, and there is no HTTP_HOST to use instead."
        yield NAME.broken(case, None, detail, severity=Severity.NOTE)
    protocol = environ.get("SERVER_PROTOCOL")
    if protocol is None:
        yield PROTOCOL.broken(case, None, _missing(environ, "SERVER_PROTOCOL"))
    elif isinstance(protocol, str) and not _PROTOCOL.fullmatch(protocol):
        detail = f"SERVER_PROTOCOL is {shown(protocol)}."
        yield PROTOCOL.broken(case, None, detail, severity=Severity.WARNING)
    if "QUERY_STRING" not in environ:
        yield QUERY.broken(case, None, _missing(environ, "QUERY_STRING"))


def _is_host(name: str) -> bool:
    return _HOST.fullmatch(name) is not None and not name.endswith(".invalid")  # RFC 2606: never anybody's


@looks(SCRIPT, PATH, NO_PATH)
def path(call: Call) -> Iterator[Finding]:
    """Where the request goes, and what the application is mounted at."""
    environ, case = call.environ, call.case
    if not environ:
        return
    script, rest = environ.get("SCRIPT_NAME"), environ.get("PATH_INFO")
    if isinstance(script, str) and script and (script == "/" or script[0] != "/"):
        yield SCRIPT.broken(case, None, f"SCRIPT_NAME is {shown(script)}.")
    server_wide = rest == "*" and environ.get("REQUEST_METHOD") == "OPTIONS"
    if isinstance(rest, str) and rest and rest[0] != "/" and not server_wide:
        yield PATH.broken(case, None, f"PATH_INFO is {shown(rest)}.")
    if not script and rest is None:
        yield NO_PATH.broken(case, None, "SCRIPT_NAME is empty or missing, and PATH_INFO is missing.")


@looks(CONTENT, LENGTH)
def content(call: Call) -> Iterator[Finding]:
    """What the environ says about the body."""
    environ, case = call.environ, call.case
    for key in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if f"HTTP_{key}" not in environ:
            continue
        alone = key not in environ
        detail = f"There is HTTP_{key}" + (f", and no {key}." if alone else f" beside {key}.")
        yield CONTENT.broken(case, None, detail, severity=Severity.VIOLATION if alone else None)
    length = environ.get("CONTENT_LENGTH")
    if isinstance(length, str) and length and number(length) is None:
        yield LENGTH.broken(case, None, f"CONTENT_LENGTH is {shown(length)}.")


@looks(STRINGS, LATIN, KEYS)
def variables(call: Call) -> Iterator[Finding]:
    """The types of all that is there."""
    case = call.case
    wrong: list[str] = []
    for key, value in call.environ.items():
        if type(value) is str:
            if not value.isascii() and max(value) > "\xff":
                severity = None if _THE_REQUESTS.fullmatch(str(key)) else Severity.NOTE
                yield LATIN.broken(case, None, f"{key} is {told(key, value)}.", severity=severity)
        elif type(key) is str and "." not in key:
            wrong.append(f"{key} is {told(key, value)}")
        if type(key) is str and "." in key and not _KEY.fullmatch(key):
            yield KEYS.broken(case, None, f"There is a key {shown(key)}.")
    if wrong:
        yield STRINGS.broken(case, None, f"{', '.join(wrong)}.")


@looks(VERSION, SCHEME, INPUT, ERRORS, FLAGS, WRAPPER)
def wsgi_variables(call: Call) -> Iterator[Finding]:
    """What PEP 3333 adds to CGI."""
    environ, case = call.environ, call.case
    if not environ:
        return
    if environ.get("wsgi.version") != (1, 0):
        found = shown(environ["wsgi.version"]) if "wsgi.version" in environ else "missing"
        yield VERSION.broken(case, None, f"wsgi.version is {found}.")
    scheme = environ.get("wsgi.url_scheme")
    if not isinstance(scheme, str):
        yield SCHEME.broken(case, None, _missing(environ, "wsgi.url_scheme"))
    elif scheme not in ("http", "https"):
        yield SCHEME.broken(case, None, f"wsgi.url_scheme is {shown(scheme)}.", severity=Severity.WARNING)
    for rule, key in ((INPUT, "wsgi.input"), (ERRORS, "wsgi.errors")):
        if environ.get(key) is None:
            yield rule.broken(case, None, _missing(environ, key))
    missing = [key for key in _FLAGS if key not in environ]
    if missing:
        yield FLAGS.broken(case, None, f"Missing: {', '.join(missing)}.")
    wrapper = environ.get("wsgi.file_wrapper")
    if "wsgi.file_wrapper" in environ and isinstance(wrapper, _PLAIN):
        yield WRAPPER.broken(case, None, f"wsgi.file_wrapper is {shown(wrapper)}.")


def _missing(environ: dict[str, Any], key: str) -> str:
    return f"{key} is {shown(environ[key])}." if key in environ else f"There is no {key}."
