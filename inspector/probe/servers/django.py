"""Django's reloader (``manage.py runserver``): a parent that starts the same command again, and a child that serves,
watches the files, and ends with status 3 when one changes.

Facts of Django 2.2 to 5.2. The server itself is the standard library's, or daphne. A child whose application cannot be
loaded stays, and waits for a file to change.
"""

import functools
import os


def hook(session):
    """Hook its functions, which look each other up when they are called."""
    from django.utils import autoreload

    restart_original, trigger_original = autoreload.restart_with_reloader, autoreload.trigger_reload
    check_original = autoreload.check_errors

    def restart_with_reloader():
        session.be_reloader()
        return restart_original()

    def trigger_reload(filename):
        session.reloading()
        return trigger_original(filename)

    def check_errors(function):
        checked = check_original(function)

        @functools.wraps(function)
        def told(*args, **kwargs):
            if os.environ.get(autoreload.DJANGO_AUTORELOAD_ENV) != "true":
                return checked(*args, **kwargs)
            with session.booting():
                return checked(*args, **kwargs)

        return told

    autoreload.restart_with_reloader = restart_with_reloader
    autoreload.trigger_reload = trigger_reload
    autoreload.check_errors = check_errors
