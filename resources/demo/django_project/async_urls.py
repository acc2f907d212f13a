"""Paths over ASGI."""

from django.urls import path

from . import async_views
from .urls import common

urlpatterns = [
    *common,
    path("slow", async_views.slow),
    path("block", async_views.block),
    path("stream", async_views.stream),
    path("sse", async_views.sse),
    path("hang", async_views.hang),
]
