"""Views of the demo that await: over ASGI, Django runs them on the event loop."""

from __future__ import annotations

import asyncio
import time

import shared
from django.http import JsonResponse, StreamingHttpResponse

from .views import parameter


async def slow(request):
    """Wait; meanwhile the event loop serves others."""
    seconds = parameter(request, "seconds", 1.0)
    await asyncio.sleep(seconds)
    return JsonResponse({"slept": seconds})


async def block(request):
    """Wait without ``await``: nobody else in this process is served meanwhile."""
    seconds = parameter(request, "seconds", 1.0)
    time.sleep(seconds)
    return JsonResponse({"slept": seconds})


async def paced(text, count, pause):
    """``text`` of 1 to ``count``, with pauses."""
    for index in range(1, count + 1):
        yield text(index, count)
        await asyncio.sleep(pause)


async def stream(request):
    """A body in chunks."""
    count, pause = int(parameter(request, "chunks", 5)), parameter(request, "pause", 0.2)
    return StreamingHttpResponse(paced(shared.chunk_text, count, pause), content_type="text/plain")


async def sse(request):
    """Server-sent events."""
    count, pause = int(parameter(request, "events", 5)), parameter(request, "pause", 0.5)
    events = paced(shared.event_text, count, pause)
    return StreamingHttpResponse(events, content_type="text/event-stream", headers={"Cache-Control": "no-store"})


async def hang(request):
    """Wait for something that never happens."""
    await asyncio.Event().wait()
