"""Django REST framework: users by certificate, bound tokens, scopes, OpenAPI.

The extra is ``drf``. The classes are in :mod:`.authentication`, :mod:`.permissions` and :mod:`.throttling`.
``INSTALLED_APPS += ["django_mtls.rest_framework"]`` registers them with drf-spectacular.
"""
