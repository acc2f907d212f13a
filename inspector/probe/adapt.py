"""Puts a2wsgi between an application and a server that speaks the other interface.

The environment's own a2wsgi goes before a lent one (see ``lend``). What each direction loses is for others to tell.
"""


def adapt(application, how):
    """``application`` as the other interface; ``how``: ``wsgi-to-asgi``, ``asgi-to-wsgi``, or None for as it is."""
    if how == "wsgi-to-asgi":
        from a2wsgi import WSGIMiddleware

        return WSGIMiddleware(application)
    if how == "asgi-to-wsgi":
        from a2wsgi import ASGIMiddleware

        return ASGIMiddleware(application)
    return application
