"""RFC 8705 for Flask. Nothing yet but its name and version: the extension is being built."""

__version__ = "0.1.0"
