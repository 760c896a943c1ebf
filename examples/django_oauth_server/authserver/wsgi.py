"""The WSGI application, with the static files.

A real site leaves these to its terminator.
"""

import os

from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "authserver.settings")
application = StaticFilesHandler(get_wsgi_application())
