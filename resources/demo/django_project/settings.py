"""Settings of the demo: no database, no templates, no secrets worth keeping."""

SECRET_KEY = "not a secret: it signs nothing"
ALLOWED_HOSTS = ["*"]
DEBUG = False
ROOT_URLCONF = "django_project.urls"
INSTALLED_APPS = []
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
DATABASES = {}
USE_TZ = True
USE_I18N = False
# An exception in a view goes to the log and so to the standard error, although DEBUG is off.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "loggers": {"django": {"handlers": ["console"], "level": "ERROR", "propagate": False}},
}
