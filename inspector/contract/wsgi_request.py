"""The rules about how the request on the wire became the environ and the input: nothing lost, nothing invented.

Pure. Asked only where the request came through the proxy, so that its head is known as the client sent it.

Sources: PEP 3333, "environ Variables" and "Other HTTP Features"; RFC 3875; RFC 9110 section 10.1.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from inspector.contract.fields import told
from inspector.contract.rule import Rule
from inspector.contract.wsgi_call import HOP_BY_HOP, Call, looks, shown
from inspector.contract.wsgi_input import is_chunked, reads
from inspector.heads import Head
from inspector.model import Fault, Finding, Severity

_SERVER = Fault.SERVER

HEADERS = Rule(
    "WSGI-ENV-14", "The headers in the environ are not those of the request",
    "Each header of the request is in the environ, as HTTP_ and its name, with the value that the client sent.",
    "Compare the request's head with the environ; look for an option of the server that drops or rewrites headers.",
    "PEP 3333, environ Variables; RFC 3875 section 4.1.18", Severity.WARNING, _SERVER,
)  # fmt: skip
PATH = Rule(
    "WSGI-ENV-15", "The path in the environ is not that of the request",
    "SCRIPT_NAME and PATH_INFO together are the path's bytes, percent-encoding undone once, one character a byte.",
    "Until the server is mended, take the path from RAW_URI or REQUEST_URI if it has one of them.",
    "PEP 3333, Unicode Issues; RFC 3875 section 4.1.5", fault=_SERVER,
)  # fmt: skip
COOKIES = Rule(
    "WSGI-ENV-25", "Several Cookie headers were joined with a comma",
    "Cookies are separated by semicolons. After a comma, the second is a part of the first one's value.",
    "Send one Cookie header: browsers do over HTTP/1.1, and a proxy that speaks HTTP/2 to them should join with '; '.",
    "RFC 6265 section 5.4; RFC 9113 section 8.2.3", Severity.WARNING, _SERVER,
)  # fmt: skip
PROXY = Rule(
    "WSGI-ENV-26", "A Proxy header of the client's became HTTP_PROXY",
    "HTTP_PROXY is also the variable by which programs are told to use a proxy. Code that takes the environ for it "
    "sends its requests where the client says (known as httpoxy).",
    "Let the proxy in front drop the Proxy header, and read HTTP_PROXY from os.environ only.",
    "RFC 3875 section 4.1.18", Severity.NOTE, _SERVER,
)  # fmt: skip
TRANSPORT = Rule(
    "WSGI-ENV-28", "wsgi.url_scheme is not how the request came",
    "wsgi.url_scheme is https if the client used TLS. The request came without it, and no header says otherwise.",
    "Look for a HTTPS variable or an option of the server that claims TLS.",
    "PEP 3333, environ Variables", Severity.WARNING, _SERVER,
)  # fmt: skip
CHUNKED = Rule(
    "WSGI-IN-16", "The body came in chunks, and nothing says how to read it",
    "A body of unknown length has no CONTENT_LENGTH; without wsgi.input_terminated most frameworks take it for empty.",
    "Run the application under a server that sets wsgi.input_terminated or takes in the body first (gunicorn, "
    "waitress), or let the client send Content-Length.",
    "PEP 3333, Other HTTP Features", Severity.WARNING, _SERVER,
)  # fmt: skip
FRAMING = Rule(
    "WSGI-IN-17", "The application reads the chunks' framing",
    "The sizes between chunks are for the server to take off: the input gives the body alone.",
    "Run the application under a server that knows chunked requests.",
    "PEP 3333, Other HTTP Features; RFC 9112 section 7.1", fault=_SERVER,
)  # fmt: skip
CONTINUE = Rule(
    "WSGI-IN-18", "The client's question whether to go on was not answered once",
    "A client that sends Expect: 100-continue waits for 100 (Continue) before it sends the body. The server says so "
    "when the application begins to read, and says it once.",
    "Run the application under another server, or tell the client not to ask (curl: -H 'Expect:').",
    "PEP 3333, HTTP 1.1 Expect/Continue; RFC 9110 section 10.1.1", fault=_SERVER,
)  # fmt: skip

#: What servers take out, or take care of: framing, the expectation, and what they may keep from scripts (RFC 3875).
_NOT_PASSED_ON = HOP_BY_HOP | {"content-type", "content-length", "expect", "authorization", "host"}
#: What a proxy of the user's own, inside what we started, puts in; and what wsgiref lets in from the process.
_PUT_IN = re.compile(r"HTTP_(X_FORWARDED_.*|X_REAL_IP|FORWARDED|VIA|PROXY|HOST|CONTENT_.*|GATESCOPE_.*)")
_FORWARDED = ("x-forwarded-proto", "x-forwarded-protocol", "x-forwarded-ssl", "x-url-scheme", "forwarded")
_JOINERS = (",", ", ", "; ", ";")
_CHUNK = re.compile(rb"[0-9A-Fa-f]+(?:;[^\r\n]*)?\r\n")


def _by_key(head: Head) -> dict[str, list[tuple[str, str]]]:
    """The request's headers by the key that they have in the environ."""
    found: dict[str, list[tuple[str, str]]] = {}
    for name, value in head.headers:
        found.setdefault(f"HTTP_{name.upper().replace('-', '_')}", []).append((name.lower(), value))
    return found


@looks(HEADERS, COOKIES, PROXY)
def headers(call: Call) -> Iterator[Finding]:
    """Every header of the request, and no other."""
    environ, head = call.environ, call.asked
    if head is None or not environ:
        return
    sent = _by_key(head)
    odd: list[str] = []
    for key, pairs in sent.items():
        names = {name for name, _ in pairs}
        value = environ.get(key)
        if names & _NOT_PASSED_ON or key.startswith("HTTP_GATESCOPE_"):
            continue
        if value is None and all("_" in name for name in names):
            detail = f"{pairs[0][0]} is not there: many servers drop names with an underscore, on purpose."
            yield HEADERS.broken(call.case, None, detail, severity=Severity.NOTE)
        elif value is None:
            odd.append(f"{pairs[0][0]} is not there")
        elif key == "HTTP_COOKIE" and len(pairs) > 1 and value in _joined(pairs, (",", ", ")):
            yield COOKIES.broken(call.case, None, f"{len(pairs)} headers became one value, with a comma between them.")
        elif len(names) == 1 and value not in _joined(pairs, _JOINERS):
            odd.append(
                f"{key} is {told(key, value)}, and the client sent {told(key, ', '.join(text for _, text in pairs))}"
            )
    keys = [key for key in environ if type(key) is str and key.startswith("HTTP_") and key not in sent]
    odd += [f"{key} was not sent by the client" for key in keys if not _PUT_IN.fullmatch(key)]
    if odd:
        yield HEADERS.broken(call.case, None, f"{'; '.join(odd)}.")
    if "HTTP_PROXY" in sent and "HTTP_PROXY" in environ:
        yield PROXY.broken(call.case, None, f"HTTP_PROXY is {shown(environ['HTTP_PROXY'])}.")


def _joined(pairs: list[tuple[str, str]], joiners: tuple[str, ...]) -> set[str]:
    return {joiner.join(value for _, value in pairs) for joiner in joiners}


@looks(PATH, TRANSPORT)
def address(call: Call) -> Iterator[Finding]:
    """The path, and how the request came."""
    environ, head = call.environ, call.asked
    if head is None or not environ:
        return
    script, rest = environ.get("SCRIPT_NAME", ""), environ.get("PATH_INFO", "")
    target = call.exchange.target
    if isinstance(script, str) and isinstance(rest, str) and target[:1] == "/":
        path = unquote_to_bytes(target.partition("?")[0].encode("latin-1", "replace")).decode("latin-1")
        # A proxy may have taken the mount point off before the server put it back.
        if path not in (script + rest, rest):
            detail = f"The path is {shown(path)}; SCRIPT_NAME is {shown(script)} and PATH_INFO {shown(rest)}."
            # Servers that fear several slashes may be taken for a host's name make one of them; others write the mount
            # point itself with a slash behind it.
            harmless = path.lstrip("/") == (script + rest).lstrip("/") or path + "/" == script + rest
            yield PATH.broken(call.case, None, detail, severity=Severity.NOTE if harmless else None)
    if environ.get("wsgi.url_scheme") == "https" and not any(head.get(name) for name in _FORWARDED):
        yield TRANSPORT.broken(call.case, None, "wsgi.url_scheme is 'https'.")


@looks(CHUNKED, FRAMING)
def chunked(call: Call) -> Iterator[Finding]:
    """A body without a length."""
    environ = call.environ
    if not environ or not is_chunked(call):
        return
    if not environ.get("CONTENT_LENGTH") and not environ.get("wsgi.input_terminated"):
        detail = "There is neither CONTENT_LENGTH nor wsgi.input_terminated in the environ."
        yield CHUNKED.broken(call.case, None, detail)
    first = next((read for read in reads(call) if read.event.whole), None)
    if first is None or call.asked is None or call.of("input.attribute"):
        return
    data = first.event.whole or b""
    if _CHUNK.match(data) and not call.exchange.request_body.head.startswith(data[:64]):
        yield FRAMING.broken(call.case, first.event, f"It read {shown(data[:32])}.")


@looks(CONTINUE)
def expectation(call: Call) -> Iterator[Finding]:
    """``Expect: 100-continue``."""
    head = call.asked
    if head is None or not call.case.complete or head.get("expect").lower() != "100-continue":
        return
    if not head.first.endswith("HTTP/1.1"):
        return
    wire = call.case.wire
    said = [event for event in wire if event.type == "informational" and event.info.get("status") == 100]
    if len(said) > 1:
        yield CONTINUE.broken(call.case, said[1], f"It sent 100 (Continue) {len(said)} times.")
    first = next((read.event for read in reads(call) if read.event.size), None)
    body = next((event for event in wire if event.type == "request.body"), None)
    if first is None or body is None:
        return
    began = first.info.get("began", first.t_ns)
    if not said and body.t_ns > began:
        waited = (body.t_ns - began) / 1e9
        yield CONTINUE.broken(call.case, first, f"Nothing was said, and the body came after {waited:.1f} s.")
