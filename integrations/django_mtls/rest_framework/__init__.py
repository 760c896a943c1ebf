"""Django REST framework (extra ``drf``): users by certificate, bound tokens, scopes, OpenAPI.

The classes are in :mod:`.authentication`, :mod:`.permissions` and :mod:`.throttling`.
``INSTALLED_APPS += ["django_mtls.rest_framework"]`` registers them with drf-spectacular.
"""
