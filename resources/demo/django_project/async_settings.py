"""Settings for ASGI: the same, with the views that await."""

from .settings import *  # noqa: F403

ROOT_URLCONF = "django_project.async_urls"
