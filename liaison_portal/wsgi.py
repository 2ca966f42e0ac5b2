"""The WSGI application: published bytes first, Django for all else."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "liaison_portal.settings")
django_application = get_wsgi_application()

from core.published import PublishedSite  # noqa: E402 - needs the settings

application = PublishedSite(django_application)
