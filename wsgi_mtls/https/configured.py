"""Requests to a URL that the operator configured."""

import os
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Final, cast
from urllib.parse import unquote, urlencode

import urllib3
from urllib3.util import make_headers, parse_url

from .destinations import MAX_KEPT, Target, make_pool, read_target, resolve
from .exchange import Answer, FetchFailed, NotConnected, TimedPool, exchange
from .identity import ReloadedContext
from .proxy import proxy_for

TIMEOUT: Final = 5.0
"""How long a request may take by default, in seconds."""
MAX_TIMEOUT: Final = 60.0
_RESOLVED_FOR = 60.0
"""How long a host's addresses are remembered, in seconds."""


@dataclass(slots=True)
class _Connections:
    """The connections that one process made with one TLS context."""

    context: ssl.SSLContext
    process: int
    addresses: tuple[str, ...] = ()
    resolved: float = 0.0
    pools: dict[str, urllib3.HTTPSConnectionPool] = field(default_factory=dict)

    def pool(self, address: str, make: Callable[[], urllib3.HTTPSConnectionPool]) -> urllib3.HTTPSConnectionPool:
        """Return the pool for an address, and make it if there is none."""
        if address not in self.pools:
            self.pools.setdefault(address, make())
        return self.pools[address]


class ConfiguredEndpoint:
    """One https URL that the operator configured.

    Connections are kept; no redirect is followed. Nothing is connected, and no name is looked up, before the first
    request; a process that is forked afterwards makes connections of its own.

    Args:
        url: the URL.
        ca: PEM file of the CAs that the server's certificate is validated against; None is the system's.
        certificate: PEM file of our own certificate, its chain below it, for a server that asks for one.
        private_key: PEM file of its key. The three files are read again when they change.
        timeout: how long a whole request may take, in seconds, apart from the look-up of the name.
        proxy: the URL of a proxy, or ``"environment"`` for ``HTTPS_PROXY`` and ``NO_PROXY``; None is a direct
            connection. What the proxy itself answers is bounded for each read only.

    Raises:
        ValueError: If the URL is not https, there is a certificate without its key, ``timeout`` is too long, or
            ``proxy`` is not a proxy's URL.
        OSError: If a file cannot be read, or is not what it should be.
    """

    def __init__(
        self,
        url: str,
        *,
        ca: Path | str | None = None,
        certificate: Path | str | None = None,
        private_key: Path | str | None = None,
        timeout: float = TIMEOUT,
        proxy: str | None = None,
    ) -> None:
        self.url: Final = url
        self._target = read_target(url)
        if not 0 < timeout <= MAX_TIMEOUT:
            raise ValueError(f"timeout must be more than 0 and at most {MAX_TIMEOUT:.0f} seconds.")
        self._timeout = timeout
        self._proxy = proxy_for(proxy, self._target)
        self._tls = ReloadedContext(ca, certificate, private_key)
        self._connections = _Connections(self._tls.current(), 0)

    def get_json(self, accept: str = "application/json") -> object:
        """Fetch JSON.

        Raises:
            FetchFailed: If the answer is not a 200 with JSON.
        """
        answer = self._ok("GET", None, {"Accept": accept})
        try:
            return answer.json()
        except FetchFailed as error:
            raise FetchFailed(f"{self.url}: {error}") from error

    def post_form(self, form: Mapping[str, str], accept: str = "application/json") -> Answer:
        """Post a form and return the answer.

        Raises:
            FetchFailed: If the answer is not a 200.
        """
        headers = {"Accept": accept, "Content-Type": "application/x-www-form-urlencoded"}
        return self._ok("POST", urlencode(form), headers)

    def _ok(self, method: str, body: str | None, headers: Mapping[str, str]) -> Answer:
        try:
            answer = self._exchange(method, body, headers)
            if answer.status != 200:
                raise FetchFailed(f"Expected status 200, got {answer.status}.")
            return answer
        except FetchFailed as error:
            raise FetchFailed(f"{self.url}: {error}") from error

    def _exchange(self, method: str, body: str | None, headers: Mapping[str, str]) -> Answer:
        try:
            pools = self._pools()
        except OSError as error:
            raise FetchFailed(f"The host has no address: {error}.") from error
        ends = monotonic() + self._timeout
        failure = FetchFailed("The host has no address.")
        for pool in pools:
            try:
                return exchange(
                    pool,
                    method,
                    self._target.path,
                    headers={"Host": self._target.authority, **headers},
                    body=body,
                    connect=self._timeout,
                    ends=ends,
                )
            except NotConnected as error:
                failure = error  # another address may answer
        self._connections.addresses = ()  # look the name up anew
        raise failure

    def _pools(self) -> list[urllib3.HTTPSConnectionPool]:
        """Return the pools to send the request to, in the order of trying."""
        kept, context = self._connections, self._tls.current()
        # What was connected before a fork is the parent's, and a new certificate needs new connections.
        if kept.context is not context or kept.process != os.getpid():
            kept = self._connections = _Connections(context, os.getpid())
        if self._proxy is not None:
            return [kept.pool("", lambda: _through_proxy(self._target, self._proxy or "", context))]
        if not kept.addresses or monotonic() - kept.resolved > _RESOLVED_FOR:
            kept.addresses, kept.resolved = tuple(resolve(self._target.host, self._target.port)), monotonic()
        return [kept.pool(address, partial(make_pool, self._target, address, context)) for address in kept.addresses]


def _through_proxy(target: Target, proxy: str, context: ssl.SSLContext) -> urllib3.HTTPSConnectionPool:
    credentials = parse_url(proxy).auth
    headers = make_headers(proxy_basic_auth=unquote(credentials)) if credentials else None
    manager = urllib3.ProxyManager(proxy, proxy_headers=headers, ssl_context=context, maxsize=MAX_KEPT)
    manager.pool_classes_by_scheme = {"http": urllib3.HTTPConnectionPool, "https": TimedPool}
    pool: urllib3.HTTPConnectionPool = manager.connection_from_host(target.host, target.port, "https")
    return cast("TimedPool", pool)
