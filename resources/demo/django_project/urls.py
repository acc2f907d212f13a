"""Paths over WSGI."""

from django.urls import path

from . import mistakes, views

#: What does not wait is the same function over both interfaces.
common = [
    path("", views.index),
    path("json", views.json_document),
    path("html", views.html_page),
    path("form", views.form),
    path("upload", views.upload),
    path("background", views.background),
    path("error", views.error),
    path("leak", views.leak),
    path("exit", views.leave),
    path("segv", views.segv),
    path("mistakes", mistakes.index),
    path("mistakes/<slug:name>", mistakes.make),
]

urlpatterns = [
    *common,
    path("slow", views.slow),
    path("block", views.slow),  # without an event loop, waiting and blocking are the same
    path("stream", views.stream),
    path("sse", views.sse),
    path("hang", views.hang),
]
