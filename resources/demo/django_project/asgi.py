"""Django over ASGI.

uvicorn django_project.asgi:application
"""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "django_project.async_settings")
application = get_asgi_application()
