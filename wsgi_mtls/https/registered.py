"""Requests to URLs that clients registered."""
# The clients choose the addresses.

import logging
import ssl
from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from pathlib import Path
from time import monotonic
from typing import Final

from ..errors import short
from .destinations import Resolve, Target, make_pool, read_target, resolve
from .exchange import Answer, FetchFailed, NotConnected, exchange
from .public_addresses import AllowedAddresses

logger = logging.getLogger("wsgi_mtls")

CONNECT_TIMEOUT: Final = 2.0
"""How long TCP's connect and the TLS handshake may take by default, each, in seconds."""
TIMEOUT: Final = 5.0
"""How long a whole fetch may take by default, in seconds."""
MAX_ADDRESSES: Final = 16
"""The most addresses that a name may have."""


class RegisteredFetcher:
    """Fetches from an https URL without being led anywhere but to a public address.

    The connection goes to the very address that was checked. No redirect is followed, no proxy and no credentials are
    used, and no connection is kept.

    Args:
        ca: PEM file of the CAs that servers are validated against; None is the system's (``SSL_CERT_FILE``).
        allowed_networks: networks that are allowed although they are not public, as ``["10.0.0.0/8"]``.
        any_port: whether other ports than 443 are allowed.
        connect_timeout: how long TCP's connect and the TLS handshake may take, each, in seconds.
        timeout: how long the whole fetch may take, in seconds, apart from the look-up of the name.
        resolve: returns the addresses of a host; for tests.

    Raises:
        ValueError: If an option has a value that it cannot have.
        OSError: If ``ca`` cannot be read.
    """

    def __init__(
        self,
        *,
        ca: Path | str | None = None,
        allowed_networks: Iterable[str] = (),
        any_port: bool = False,
        connect_timeout: float = CONNECT_TIMEOUT,
        timeout: float = TIMEOUT,
        resolve: Resolve = resolve,
    ) -> None:
        if not 0 < connect_timeout <= timeout <= 60:
            raise ValueError("connect_timeout must be more than 0, and timeout at least that and at most 60 seconds.")
        self._allowed = AllowedAddresses(allowed_networks)
        self._any_port = any_port
        self._connect = connect_timeout
        self._timeout = timeout
        self._resolve = resolve
        self._context = ssl.create_default_context(cafile=ca)

    def get(self, url: str, headers: Mapping[str, str]) -> Answer:
        """Fetch a URL.

        Raises:
            FetchFailed: If it may not be fetched, or no complete answer came in time.
        """
        if problem := self.why_never(url):
            raise FetchFailed(problem)
        target = read_target(url)
        addresses = self._checked_addresses(target)
        ends = monotonic() + self._timeout
        failure: FetchFailed = FetchFailed("The host has no address.")
        for address in addresses:
            try:
                return self._get_from(address, target, headers, ends)
            except NotConnected as error:
                failure = error  # another address may answer
        raise failure

    def why_never(self, url: str) -> str | None:
        """Return why a URL is never fetched, if the URL itself shows it; look up no name."""
        try:
            target = read_target(url)
        except ValueError as error:
            return str(error)
        if target.port != 443 and not self._any_port:
            return f"Expected port 443, got {target.port}; any_port=True allows others."
        try:
            ip_address(target.host)
        except ValueError:
            return None  # a name, whose addresses are checked when it is fetched
        return self._problem(target.host, target.host)

    def _problem(self, host: str, address: str) -> str | None:
        if address in self._allowed:
            return None
        return _no_address(host)

    def _get_from(self, address: str, target: Target, headers: Mapping[str, str], ends: float) -> Answer:
        pool = make_pool(target, address, self._context)
        try:
            return exchange(
                pool,
                "GET",
                target.path,
                headers={"Host": target.authority, **headers},
                connect=self._connect,
                ends=ends,
            )
        finally:
            pool.close()

    def _checked_addresses(self, target: Target) -> list[str]:
        try:
            addresses = self._resolve(target.host, target.port)
        except (OSError, ValueError, MemoryError) as error:  # ValueError: a label that IDNA cannot encode
            raise FetchFailed(_no_address(target.host)) from error
        if len(addresses) > MAX_ADDRESSES:
            raise FetchFailed(f"{target.host} has more than {MAX_ADDRESSES} addresses.")
        for address in addresses:
            # One bad address refuses the name: an attacker would hide it among public addresses.
            if problem := self._problem(target.host, address):
                logger.warning("%s leads to %s, which is not public", short(target.host), address)
                raise FetchFailed(problem)
        return addresses


def _no_address(host: str) -> str:
    # One text for both, without the address: a client may read it, and is not to explore the internal names by it.
    return f"{host} has no address, or one that is not public; allowed_networks names those that may be."
