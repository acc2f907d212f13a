"""The breaches of the contract that a Django view can commit; the others Django does not let through."""

from __future__ import annotations

import shared
from django.http import HttpResponse, HttpResponseNotFound, StreamingHttpResponse

MISTAKES = {}  # name -> (rule, view)


def index(request):
    """/mistakes lists them."""
    items = [(f"/mistakes/{name}", f"{made.__doc__} ({rule})") for name, (rule, made) in MISTAKES.items()]
    return HttpResponse(shared.page("Mistakes", shared.links(items)))


def make(request, name):
    """/mistakes/NAME makes one."""
    if name not in MISTAKES:
        return HttpResponseNotFound("There is no such mistake.\n")
    _, view = MISTAKES[name]
    return view(request)


def breaks(rule):
    """Register a view under its name."""

    def register(view):
        MISTAKES[view.__name__.replace("_", "-")] = (rule, view)
        return view

    return register


@breaks("RESP-01")
def length_too_small(request):
    """Sends more bytes than Content-Length says."""
    return HttpResponse("hello, and more than was announced\n", headers={"Content-Length": "5"})


@breaks("RESP-02")
def length_too_large(request):
    """Sends fewer bytes than Content-Length says."""
    return HttpResponse("hello\n", headers={"Content-Length": "1000"})


@breaks("RESP-04")
def no_content_with_body(request):
    """Answers 204 No Content, with content."""
    return HttpResponse("null\n", status=204)


@breaks("RESP-07")
def hop_by_hop_header(request):
    """Sets Connection, which belongs to the server."""
    return HttpResponse("hello\n", headers={"Connection": "close"})


@breaks("RESP-13")
def joined_cookies(request):
    """Sets two cookies in one Set-Cookie header."""
    return HttpResponse("hello\n", headers={"Set-Cookie": "a=1, b=2"})


@breaks("WSGI-APP-09")
def error_midway(request):
    """Raises after a part of the body was sent."""

    def chunks():
        yield b"so far so good\n"
        raise shared.DeliberateError("half way")

    return StreamingHttpResponse(chunks(), content_type="text/plain")


@breaks("WSGI-IT-07")
def close_raises(request):
    """Returns a response whose close() raises."""

    class Unclosable(HttpResponse):
        def close(self):
            super().close()
            raise shared.DeliberateError("while closing")

    return Unclosable("hello\n")
