"""RFC 8705 for Django. Nothing yet but its name and version: the backend is being built."""

__version__ = "0.1.0"
