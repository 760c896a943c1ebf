"""django-oauth-toolkit with mutual TLS: an authorization server and its APIs.

The extra is ``oauth-toolkit``, the standard RFC 8705. Add ``"django_mtls.oauth_toolkit"`` to ``INSTALLED_APPS`` after
``"oauth2_provider"``; ``docs/oauth-toolkit.md`` has the settings.
"""
