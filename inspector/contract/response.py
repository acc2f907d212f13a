"""What a response must be, whichever interface gave it: the rules of HTTP that are left to the application.

Pure. Sources: RFC 9110, RFC 9112; each rule names the section.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from inspector.contract.answer import Answer, answer_of
from inspector.contract.asgi_http import GONE
from inspector.contract.case import Case, Event
from inspector.contract.fields import TOKEN, length, shown, told
from inspector.contract.rule import Rule, checks
from inspector.contract.wsgi_call import Call
from inspector.model import Finding, Severity

#: Bytes of a head that proxies still take.
LARGE_HEAD = 8192

RESP_01 = Rule(
    "RESP-01", "The body is longer than Content-Length says",
    "Content-Length is the number of bytes of the body. The client takes what is beyond it for the next response, or "
    "never sees it.",
    "Count bytes, not characters, and after everything that changes the body; or leave the header out.",
    "RFC 9112 section 6.3",
)  # fmt: skip
RESP_02 = Rule(
    "RESP-02", "The body is shorter than Content-Length says",
    "Content-Length is the number of bytes of the body. The client waits for the rest until the connection is cut.",
    "Set it after what makes the body shorter, such as compression; or leave the header out.",
    "RFC 9112 section 8",
)  # fmt: skip
RESP_03 = Rule(
    "RESP-03", "A HEAD request was answered with a body",
    "The response to HEAD has no body. Servers throw it away, most of them.",
    "Nothing, unless making the body is costly: then answer HEAD without it.",
    "RFC 9110 section 9.3.2", Severity.NOTE,
)  # fmt: skip
RESP_04 = Rule(
    "RESP-04", "A response that has no body was given one",
    "Responses with status 1xx, 204 and 304 end after their head. Bytes that follow would be taken for the next one.",
    "Send no body, not even 'null' or a line break, or answer 200.",
    "RFC 9110 section 6.4.1",
)  # fmt: skip
RESP_05 = Rule(
    "RESP-05", "A response that has no body was given a Content-Length",
    "Responses with status 1xx and 204 have no Content-Length.",
    "Leave the header out.",
    "RFC 9110 section 8.6",
)  # fmt: skip
RESP_06 = Rule(
    "RESP-06", "The application set Transfer-Encoding",
    "How the body goes over the wire is for the server to say, and it passes this header over.",
    "Leave the header out.",
    "ASGI HTTP & WebSocket message format 2.5, Response Start", Severity.NOTE,
)  # fmt: skip
RESP_07 = Rule(
    "RESP-07", "The application set a header of the connection",
    "Connection, Keep-Alive, Upgrade, TE and Proxy-... are about the connection, the server's own; HTTP/2 has none.",
    "Leave the header out.",
    "RFC 9110 section 7.6.1", Severity.WARNING,
)  # fmt: skip
RESP_08 = Rule(
    "RESP-08", "A header is there twice that can be there once",
    "Content-Length, Content-Type and Location have one value.",
    "Replace the header instead of adding another; often both the framework and a middleware set it.",
    "RFC 9110 section 5.3",
)  # fmt: skip
RESP_09 = Rule(
    "RESP-09", "Content-Length is not a number",
    "Content-Length is written in digits, and nothing else.",
    "Write the number of bytes, as in b'%d' % len(body).",
    "RFC 9110 section 8.6",
)  # fmt: skip
RESP_10 = Rule(
    "RESP-10", "A body was sent without Content-Type",
    "Content-Type says what the body is; without it the client guesses.",
    "Set it.",
    "RFC 9110 section 8.3", Severity.NOTE,
)  # fmt: skip
RESP_11 = Rule(
    "RESP-11", "A response that has no body was given a Content-Type",
    "Content-Type is of the body, and a response with status 204 or 304 has none.",
    "Leave the header out.",
    "RFC 9110 section 8.3", Severity.NOTE,
)  # fmt: skip
RESP_12 = Rule(
    "RESP-12", "A header has a character that headers cannot have",
    "A name is made of letters, digits and a few signs; a value has no line break and no NUL. A line break that "
    "comes from a user would let that user write headers.",
    "Check or encode what goes into headers, for example with urllib.parse.quote.",
    "RFC 9110 section 5.5",
)  # fmt: skip
RESP_13 = Rule(
    "RESP-13", "Several cookies are in one Set-Cookie",
    "Each cookie has a Set-Cookie header of its own. Joined by commas, browsers see one odd cookie.",
    "Send one header for each.",
    "RFC 6265 section 3", Severity.WARNING,
)  # fmt: skip
RESP_14 = Rule(
    "RESP-14", "A redirection does not say where to",
    "The client of a response with status 301, 302, 303, 307 or 308 follows its Location.",
    "Set Location, or choose another status.",
    "RFC 9110 section 15.4", Severity.NOTE,
)  # fmt: skip
RESP_15 = Rule(
    "RESP-15", "The ETag is not in quotes",
    'An entity tag is written "in quotes", with W/ in front if it is weak.',
    "Put quotes around it, or caches will not compare it.",
    "RFC 9110 section 8.8.3", Severity.WARNING,
)  # fmt: skip
RESP_16 = Rule(
    "RESP-16", "A 304 describes a body again",
    "Not Modified has what caches need (ETag, Cache-Control, Expires, Vary, ...), and the rest is left out.",
    "Leave it out.",
    "RFC 9110 section 15.4.5", Severity.NOTE,
)  # fmt: skip
RESP_17 = Rule(
    "RESP-17", "The body is not compressed as Content-Encoding says",
    "A body with Content-Encoding: gzip is gzip.",
    "Remove the header where the body is decompressed, or compress it.",
    "RFC 9110 section 8.4.1", Severity.WARNING,
)  # fmt: skip
RESP_18 = Rule(
    "RESP-18", "A header is missing that belongs to the status",
    "405 says in Allow what is allowed, 401 in WWW-Authenticate how to log in, 206 in Content-Range which part it is.",
    "Add the header.",
    "RFC 9110 sections 15.5.6, 11.6.1, 15.3.7", Severity.NOTE,
)  # fmt: skip
RESP_19 = Rule(
    "RESP-19", "The headers are very large",
    "Many proxies refuse a response whose head is larger than 4 or 8 KiB.",
    "Look for large cookies or policies.",
    "practice", Severity.NOTE,
)  # fmt: skip
RESP_20 = Rule(
    "RESP-20", "A stream of events has a length or a coding",
    "Server-sent events come one by one; compression holds them back, and a stream has no length.",
    "Leave text/event-stream out of compression, and set no Content-Length.",
    "practice (WHATWG HTML, Server-sent events)", Severity.WARNING,
)  # fmt: skip

_CONNECTION = frozenset((b"connection", b"keep-alive", b"upgrade", b"te", b"proxy-authenticate", b"proxy-connection"))
_ONCE = (b"content-length", b"content-type", b"location")
_SECOND_COOKIE = re.compile(rb",\s*[!#$%&'*+\-.^_`|~0-9A-Za-z]+=")
_ETAG = re.compile(rb'(W/)?"[\x21\x23-\x7e\x80-\xff]*"\Z')
_WITH = {405: b"allow", 401: b"www-authenticate"}
#: What a status asks the application for, though it is of the connection (RFC 9110 sections 15.5.22 and 15.5.8).
_ASKED_FOR = {426: (b"upgrade", b"connection"), 407: (b"proxy-authenticate",)}


@checks(RESP_01, RESP_02, RESP_03, RESP_04, on=("http", "WSGI"))
def has_the_body_it_announces(case: Case) -> Iterator[Finding]:
    """Are there as many bytes as there should be?"""
    answer = case.view(answer_of)
    if answer is None:
        return
    if case.exchange.method == "HEAD" or bodiless(answer.status):
        if answer.body:
            rule = RESP_04 if bodiless(answer.status) else RESP_03
            yield rule.broken(case, answer.body[0], f"{answer.size:,} bytes, with status {answer.status}.")
        return
    announced = length(answer.fields)
    if announced is None:
        return
    if (piece := _beyond(answer, announced)) is not None:
        yield RESP_01.broken(case, piece, f"Content-Length is {announced:,}; the body has {answer.size:,} bytes.")
    elif answer.whole and answer.size < announced and not _client_left(case):
        detail = f"Content-Length is {announced:,}; the body has {answer.size:,} bytes."
        yield RESP_02.broken(case, answer.end, detail)


@checks(RESP_05, RESP_08, RESP_09, RESP_11, on=("http", "WSGI"))
def announces_it_rightly(case: Case) -> Iterator[Finding]:
    """Are the fields that describe the body what they can be?"""
    answer = case.view(answer_of)
    if answer is None:
        return
    lengths = answer.values(b"content-length")
    if lengths and (100 <= answer.status < 200 or answer.status == 204):
        severity = Severity.WARNING if set(lengths) == {b"0"} else None
        yield RESP_05.broken(case, answer.start, _said(lengths[0], answer.status), severity=severity)
    for text in lengths:
        if not text.strip(b" \t").isdigit():
            yield RESP_09.broken(case, answer.start, f"It is {shown(text)}.")
    for name in _ONCE:
        values = answer.values(name)
        if len(values) > 1:
            severity = Severity.WARNING if len(set(values)) == 1 else None
            yield RESP_08.broken(
                case, answer.start, f"{name.decode()} is there {len(values)} times.", severity=severity
            )
    if answer.status in (204, 304) and answer.has(b"content-type"):
        yield RESP_11.broken(case, answer.start, f"The status is {answer.status}.")


@checks(RESP_06, RESP_07, RESP_12, RESP_13, RESP_15, RESP_19, on=("http", "WSGI"))
def has_right_fields(case: Case) -> Iterator[Finding]:
    """Can each header be one? (WSGI has stricter rules of its own for the first three.)"""
    answer = case.view(answer_of)
    if answer is None:
        return
    for name, text in answer.fields:
        if case.asgi and (not TOKEN.match(name.removeprefix(b":")) or any(byte in text for byte in b"\r\n\0")):
            yield RESP_12.broken(case, answer.start, f"{shown(name)}: {told(name, text)}.")
        elif case.asgi and name == b"transfer-encoding":
            yield RESP_06.broken(case, answer.start, f"It is {shown(text)}.")
        elif case.asgi and name in _CONNECTION and name not in _ASKED_FOR.get(answer.status, ()):
            grave = Severity.VIOLATION if str(case.context.get("http_version"))[:1] in ("2", "3") else None
            yield RESP_07.broken(case, answer.start, f"{name.decode()}: {text.decode('latin-1')}.", severity=grave)
        elif name == b"set-cookie" and _SECOND_COOKIE.search(text.partition(b";")[0]):
            yield RESP_13.broken(case, answer.start, "A comma and another name follow the first cookie's value.")
        elif name == b"etag" and not _ETAG.match(text.strip()):
            yield RESP_15.broken(case, answer.start, f"It is {shown(text)}.")
    size = sum(len(name) + len(text) + 4 for name, text in answer.fields)
    if size > LARGE_HEAD:
        yield RESP_19.broken(case, answer.start, f"They have {size:,} bytes.")


@checks(RESP_10, RESP_14, RESP_16, RESP_17, RESP_18, RESP_20, on=("http", "WSGI"))
def says_what_it_is(case: Case) -> Iterator[Finding]:
    """Do the fields, the status and the body go together?"""
    answer = case.view(answer_of)
    if answer is None:
        return
    status, start = answer.status, answer.start
    kind = (answer.values(b"content-type") or [b""])[0].lower()
    coding = (answer.values(b"content-encoding") or [b""])[0].strip().lower()
    if answer.body and not kind and not bodiless(status):
        yield RESP_10.broken(case, start, f"The body has {answer.size:,} bytes.")
    if status in (301, 302, 303, 307, 308) and not answer.has(b"location"):
        yield RESP_14.broken(case, start, f"The status is {status}.")
    for name in (b"content-encoding", b"content-language", b"content-range"):
        if status == 304 and answer.has(name):
            yield RESP_16.broken(case, start, f"It has {name.decode()}.")
    if status in _WITH and not answer.has(_WITH[status]):
        yield RESP_18.broken(case, start, f"The status is {status}, and there is no {_WITH[status].decode()}.")
    if status == 206 and not answer.has(b"content-range") and not kind.startswith(b"multipart/byteranges"):
        yield RESP_18.broken(case, start, "The status is 206, and there is no content-range.")
    first = answer.body[0] if answer.body else None
    if coding == b"gzip" and first is not None and first.size > 1 and (first.payload or b"\x1f\x8b")[:2] != b"\x1f\x8b":
        yield RESP_17.broken(case, first, f"The body begins with {shown((first.payload or b'')[:8])}.")
    if kind.startswith(b"text/event-stream"):
        if coding not in (b"", b"identity"):
            yield RESP_20.broken(case, start, f"Content-Encoding is {coding.decode('latin-1')}.")
        elif answer.has(b"content-length"):
            yield RESP_20.broken(case, start, "It has a length.")


def bodiless(status: int) -> bool:
    """Whether a response with ``status`` has no body (RFC 9110 section 6.4.1)."""
    return 100 <= status < 200 or status in (204, 304)


def _beyond(answer: Answer, announced: int) -> Event | None:
    """The piece of the body that goes beyond its length."""
    size = 0
    for piece in answer.body:
        size += piece.size
        if size > announced:
            return piece
    return None


def _client_left(case: Case) -> bool:
    if case.wsgi:
        return bool(case.view(Call).client_left_ns)
    return case.deserted or any(text.startswith(GONE) for text in case.refused.values())


def _said(text: bytes, status: int) -> str:
    return f"Content-Length is {text.decode('latin-1')}, the status {status}."
