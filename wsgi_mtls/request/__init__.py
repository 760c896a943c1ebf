"""The content of a request, read from its octets before a framework reads it."""
