"""RFC 8705 for Django: users and clients by certificate, bound access tokens.

Add ``"django_mtls"`` to ``INSTALLED_APPS``; the setting ``MTLS`` is described in :mod:`django_mtls.conf`.
"""

__version__ = "0.1.0"
