"""How much of what a terminator sends is read by default."""

CHAIN_LIMIT = 10
"""The most certificates of a chain."""
SIZE_LIMIT = 65536
"""The longest header value, in characters."""
