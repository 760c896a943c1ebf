"""A careful HTTPS client for all that this package fetches.

Every answer is bounded in time, octets and depth. There is one class per kind of address: :class:`ConfiguredEndpoint`
for a URL that the operator configured, and :class:`RegisteredFetcher` for URLs that clients registered, which lead
nowhere but to public addresses. Both need the extra ``jwt``.
"""

from .configured import MAX_TIMEOUT, TIMEOUT, ConfiguredEndpoint
from .exchange import MAX_ANSWER, Answer, FetchFailed
from .registered import RegisteredFetcher

__all__ = ["MAX_ANSWER", "MAX_TIMEOUT", "TIMEOUT", "Answer", "ConfiguredEndpoint", "FetchFailed", "RegisteredFetcher"]
