"""Django REST framework (extra ``drf``): users by certificate, bound tokens, scopes, OpenAPI.

The classes are in :mod:`.authentication` and :mod:`.permissions`.
``INSTALLED_APPS += ["django_mtls.rest_framework"]`` tells drf-spectacular about them.
"""
