"""What a request carries, read from its octets before a framework reads it."""
