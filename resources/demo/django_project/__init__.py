"""The demo in Django: one project, served over WSGI (``wsgi.py``) or over ASGI (``asgi.py``)."""
