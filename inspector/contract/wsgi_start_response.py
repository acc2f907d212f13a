"""The rules about what is given to ``start_response``, and what it gives back. When it may be called is a question for
``wsgi_sequence``.

Pure. Sources: PEP 3333, "The start_response() Callable" and "Unicode Issues"; RFC 9110.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from inspector.contract.fields import a, told
from inspector.contract.rule import Rule
from inspector.contract.wsgi_call import HOP_BY_HOP, Call, Start, looks, shown
from inspector.model import Fault, Finding, Severity

_START = "PEP 3333, The start_response() Callable"
_UNICODE = "PEP 3333, Unicode Issues"

KEYWORDS = Rule(
    "WSGI-SR-01", "start_response was called with keywords",
    "The arguments of start_response are given by position: servers are free to name them as they like.",
    "Call start_response(status, headers), or start_response(status, headers, exc_info).",
    "PEP 3333, Specification Details",
)  # fmt: skip
COUNT = Rule(
    "WSGI-SR-02", "start_response was called with the wrong number of arguments",
    "start_response takes the status, the headers and, in an error handler, exc_info.",
    "Call start_response(status, headers), or start_response(status, headers, exc_info).",
    "PEP 3333, Specification Details",
)  # fmt: skip
STATUS_TYPE = Rule(
    "WSGI-SR-03", "The status is not a str",
    "The status is a str with code and reason, such as '200 OK'.",
    "Write '200 OK' where 200 or b'200 OK' stands.",
    f"{_START}; Unicode Issues",
)  # fmt: skip
STATUS_FORM = Rule(
    "WSGI-SR-04", "The status is not a code and a reason",
    "The status is three digits, one space and a reason, with nothing before or after.",
    "Write it as '404 Not Found'. http.HTTPStatus(404).phrase knows the usual reasons.",
    _START,
)  # fmt: skip
STATUS_CONTROL = Rule(
    "WSGI-SR-05", "The status has a control character in it",
    "The status goes into the first line of the response; a line break in it would let somebody write headers of their "
    "own.",
    "Take the reason from a list of your own, never from the request.",
    _START,
)  # fmt: skip
STATUS_RANGE = Rule(
    "WSGI-SR-06", "There is no such status",
    "Codes go from 100 to 599. Clients take a larger one for a server's error, or drop the connection.",
    "Choose a code from the registry; 4xx and 5xx have room for most needs.",
    f"{_START}; RFC 9110 section 15",
)  # fmt: skip
STATUS_INTERIM = Rule(
    "WSGI-SR-07", "An interim status was given as the final one",
    "1xx says that a response is still to come; the client goes on waiting for it. 101 would hand over the connection, "
    "which WSGI cannot do.",
    "Answer with a final status, 200 or above. For WebSockets use an ASGI application.",
    "PEP 3333, Other HTTP Features; RFC 9110 section 15.2", Severity.WARNING,
)  # fmt: skip
HEADERS_TYPE = Rule(
    "WSGI-SR-08", "The headers are not a list",
    "The headers are a plain list, which the server may change: no tuple, dictionary or headers object.",
    "Pass list(headers.items()) or the like.",
    _START,
)  # fmt: skip
HEADER_PAIR = Rule(
    "WSGI-SR-09", "A header is not a pair",
    "Each header is a tuple of two: the name and the value.",
    "Write ('Content-Type', 'text/plain') where a list or a string stands.",
    _START,
)  # fmt: skip
HEADER_TYPE = Rule(
    "WSGI-SR-10", "A header is not text",
    "Name and value of a header are str, numbers too: '5' and not 5.",
    "Convert what you put into headers: str(length), value.decode('latin-1').",
    _UNICODE,
)  # fmt: skip
HEADER_NAME = Rule(
    "WSGI-SR-11", "That cannot be a header's name",
    "A header's name is made of letters, digits and !#$%&'*+-.^_`|~, without colon, space or line break.",
    "Correct the name.",
    f"{_START}; RFC 9110 section 5.1",
)  # fmt: skip
HEADER_CONTROL = Rule(
    "WSGI-SR-12", "A header's value has a control character in it",
    "A value is one line. A line break in it would end the header, and let whoever wrote the value add headers or a "
    "body of their own.",
    "Check or quote what comes from users before it goes into a header: urllib.parse.quote() for file names and "
    "addresses.",
    f"{_START}; RFC 9110 section 5.5",
)  # fmt: skip
LATIN = Rule(
    "WSGI-SR-13", "Status or headers have characters beyond latin-1",
    "The characters of status and headers stand for bytes, one each, from U+0000 to U+00FF. Others cannot be sent.",
    "Encode it: filename*=UTF-8''... for file names (RFC 6266), percent-encoding for addresses, else "
    "text.encode('utf-8').decode('latin-1').",
    _UNICODE,
)  # fmt: skip
HOP = Rule(
    "WSGI-SR-14", "The application sets a header that is about the connection",
    "Connection, Keep-Alive, Transfer-Encoding, Upgrade and the like are between the server and its peer: the "
    "application does not know the connection.",
    "Leave it out. The server frames the body, and closes or keeps the connection by itself.",
    f"{_START}; Other HTTP Features; RFC 9110 section 7.6.1",
)  # fmt: skip
STATUS_HEADER = Rule(
    "WSGI-SR-15", "There is a header called Status",
    "Status is CGI's way of telling the status; in WSGI it is the first argument. Some gateways would take the header.",
    "Leave the header out.",
    "RFC 3875 section 6.3.3", Severity.WARNING,
)  # fmt: skip
EXC_INFO = Rule(
    "WSGI-SR-17", "exc_info is not what sys.exc_info() returns",
    "The third argument is the tuple of exception type, exception and traceback, so that the server can raise it again "
    "when it is too late for an error page.",
    "Call start_response(status, headers, sys.exc_info()) in the except block.",
    _START,
)  # fmt: skip
NO_EXCEPTION = Rule(
    "WSGI-SR-18", "exc_info is given without an exception",
    "exc_info says that an error is being answered: it holds the exception that is being handled. (None, None, None) "
    "is no exception, and some servers fail on it.",
    "Call sys.exc_info() inside the except block, and leave the argument out elsewhere.",
    _START, Severity.WARNING,
)  # fmt: skip
NO_WRITE = Rule(
    "WSGI-SR-22", "start_response did not return write()",
    "start_response returns a callable that old code writes its body with.",
    "Return or yield the body instead of writing it; then nobody needs the callable.",
    _START, fault=Fault.SERVER,
)  # fmt: skip
UNCHECKED = Rule(
    "WSGI-SR-26", "The server took wrong arguments without a word",
    "A server should check status and headers when start_response is called, while the application can still react. "
    "Where it does not, the mistake shows later, elsewhere, or in another server only.",
    "Mend what the other finding says. This one tells why nobody noticed.",
    _START, Severity.WARNING, Fault.SERVER,
)  # fmt: skip

_STATUS = re.compile(r"[0-9]{3} \S(?:.*\S)?", re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")


@looks(
    KEYWORDS, COUNT, STATUS_TYPE, STATUS_FORM, STATUS_CONTROL, STATUS_RANGE, STATUS_INTERIM, HEADERS_TYPE, HEADER_PAIR,
    HEADER_TYPE, HEADER_NAME, HEADER_CONTROL, LATIN, HOP, STATUS_HEADER, EXC_INFO, NO_EXCEPTION, UNCHECKED,
)  # fmt: skip
def arguments(call: Call) -> Iterator[Finding]:
    """What ``start_response`` was given."""
    for start in call.starts:
        found = list(_arguments(call, start))
        yield from found
        if any(finding.severity == Severity.VIOLATION for finding in found) and _accepted(call, start):
            yield UNCHECKED.broken(call.case, start.event, "It did not raise.")


def _accepted(call: Call, start: Start) -> bool:
    """Whether the server is known to have taken it."""
    last = call.events[-1] is start.event
    return not start.raised and call.case.complete and not (last and not call.returned)


def _arguments(call: Call, start: Start) -> Iterator[Finding]:
    case, event = call.case, start.event
    if "args" in event.info:
        args, keywords = event.info["args"], event.info.get("kwargs") or {}
        if keywords:
            yield KEYWORDS.broken(case, event, f"It was called with {', '.join(map(str, keywords))}=.")
        elif isinstance(args, list):
            yield COUNT.broken(case, event, f"It was called with {len(args)} argument{'s' * (len(args) != 1)}.")
        return
    yield from _status(call, start)
    if type(start.headers) is list:
        for item in start.headers:
            yield from _header(call, start, item)
    else:
        yield HEADERS_TYPE.broken(case, event, f"They are {a(start.headers)}.")
    if event.info.get("exc_info_type"):
        exc_info = event.info["exc_info"]
        rule = NO_EXCEPTION if exc_info == (None, None, None) else EXC_INFO
        yield rule.broken(case, event, f"exc_info is {shown(exc_info)}.")


def _status(call: Call, start: Start) -> Iterator[Finding]:
    case, event, status = call.case, start.event, start.status
    if type(status) is not str:
        yield STATUS_TYPE.broken(case, event, f"It is {shown(status)}.")
        return
    if _CONTROL.search(status):
        yield STATUS_CONTROL.broken(case, event, f"It is {shown(status)}.")
    elif not _STATUS.fullmatch(status):
        yield STATUS_FORM.broken(case, event, f"It is {shown(status)}.")
    if not status.isascii() and max(status) > "\xff":
        yield LATIN.broken(case, event, f"The status is {shown(status)}.")
    code = start.code
    if not code and not status.startswith("000"):
        return
    if code < 100 or code > 599:
        severity = Severity.VIOLATION if code < 100 else Severity.WARNING
        yield STATUS_RANGE.broken(case, event, f"It is {shown(status)}.", severity=severity)
    elif code < 200:
        severity = Severity.VIOLATION if code == 101 else Severity.WARNING
        yield STATUS_INTERIM.broken(case, event, f"It is {shown(status)}.", severity=severity)


def _header(call: Call, start: Start, item: Any) -> Iterator[Finding]:
    case, event = call.case, start.event
    if type(item) is not tuple or len(item) != 2:
        yield HEADER_PAIR.broken(case, event, f"There is {_item(item)}.")
        return
    name, value = item
    if type(name) is not str or type(value) is not str:
        yield HEADER_TYPE.broken(case, event, f"There is {_item(item)}.")
        return
    if not _TOKEN.fullmatch(name):
        yield HEADER_NAME.broken(case, event, f"It is {shown(name)}.")
    if _CONTROL.search(value):
        severity = Severity.NOTE if not _CONTROL.search(value.replace("\t", "")) else None
        yield HEADER_CONTROL.broken(case, event, f"{name} is {told(name, value)}.", severity=severity)
    if not value.isascii() and max(value) > "\xff":
        yield LATIN.broken(case, event, f"{name} is {told(name, value)}.")
    lower = name.lower()
    if lower in HOP_BY_HOP:
        yield HOP.broken(case, event, f"It sets {name}: {shown(value)}.")
    elif lower == "status":
        yield STATUS_HEADER.broken(case, event, f"It is {shown(value)}.")


def _item(item: Any) -> str:
    """What stands in the place of a header, as far as it may be shown."""
    if isinstance(item, tuple | list) and item:
        return f"{a(item)} of {', '.join([shown(item[0]), *(told(item[0], part) for part in item[1:])])}"
    return told(item.partition(":")[0], item) if isinstance(item, str) else shown(item)


@looks(NO_WRITE)
def returned(call: Call) -> Iterator[Finding]:
    """What ``start_response`` gave back."""
    for start in call.starts:
        kind = start.event.info.get("returned")
        if kind:
            yield NO_WRITE.broken(call.case, start.event, f"It returned {shown_type(str(kind))}.")
            return


def shown_type(name: str) -> str:
    """A type's name in a sentence."""
    return "None" if name == "NoneType" else f"an object of type {name}"
