"""Views of the demo: plain functions. Over ASGI, Django runs them in a thread."""

from __future__ import annotations

import threading
import time

import shared
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
from django.views.decorators.csrf import csrf_exempt


def parameter(request, name, default):
    """A number from the query."""
    return shared.number(request.GET.get(name), default)


def interface(request):
    """What this request came in by."""
    return "ASGI" if isinstance(request, ASGIRequest) else "WSGI"


def index(request):
    """Who answers, and every path there is."""
    return HttpResponse(shared.index_page("Django", interface(request)))


def json_document(request):
    """A JSON document."""
    return JsonResponse(shared.document("Django", interface(request), request.GET.dict()))


def html_page(request):
    """A page."""
    return HttpResponse(shared.HTML_PAGE)


@csrf_exempt
def form(request):
    """A form, and its result."""
    if request.method != "POST":
        return HttpResponse(shared.FORM_PAGE)
    return HttpResponse(shared.form_result((name, value) for name, values in request.POST.lists() for value in values))


@csrf_exempt
def upload(request):
    """A file, as a form's or as the whole body."""
    if request.method != "POST":
        return HttpResponse(shared.UPLOAD_PAGE)
    for file in request.FILES.values():
        return JsonResponse(shared.upload_result(file.name, file.read()))
    return JsonResponse(shared.upload_result("", request.body))


def slow(request):
    """Wait. Whoever runs this thread or process waits too."""
    seconds = parameter(request, "seconds", 1.0)
    time.sleep(seconds)
    return JsonResponse({"slept": seconds})


def paced(text, count, pause):
    """``text`` of 1 to ``count``, with pauses."""
    for index in range(1, count + 1):
        yield text(index, count)
        time.sleep(pause)


def stream(request):
    """A body in chunks."""
    count, pause = int(parameter(request, "chunks", 5)), parameter(request, "pause", 0.2)
    return StreamingHttpResponse(paced(shared.chunk_text, count, pause), content_type="text/plain")


def sse(request):
    """Server-sent events."""
    count, pause = int(parameter(request, "events", 5)), parameter(request, "pause", 0.5)
    events = paced(shared.event_text, count, pause)
    return StreamingHttpResponse(events, content_type="text/event-stream", headers={"Cache-Control": "no-store"})


class WorkAfterwards(JsonResponse):
    """A response that works on when the server closes it, after everything is sent."""

    seconds = 1.0

    def close(self):
        """The work after the response."""
        super().close()
        time.sleep(self.seconds)
        shared.note("demo: background work done")


def background(request):
    """Answer first, then work."""
    response = WorkAfterwards({"accepted": True}, status=202)
    response.seconds = parameter(request, "seconds", 1.0)
    return response


def error(request):
    """An exception in a view: Django logs it and answers 500."""
    raise shared.DeliberateError("this is the /error path")


def hang(request):
    """Wait for something that never happens."""
    threading.Event().wait()


def leak(request):
    """Take memory and keep it."""
    return JsonResponse({"leaked_mb": shared.leak(parameter(request, "mb", 10))})


def leave(request):
    """End the worker."""
    shared.leave()


def segv(request):
    """Crash the worker."""
    shared.segfault()
