"""django-oauth-toolkit (extra ``oauth-toolkit``): an authorization server and its APIs with mutual TLS (RFC 8705).

Add ``"django_mtls.oauth_toolkit"`` to ``INSTALLED_APPS`` after ``"oauth2_provider"``; ``docs/oauth-toolkit.md`` has the
settings.
"""
