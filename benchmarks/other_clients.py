"""The cost of a client with a hanging ``jwks_uri`` for other clients.

Run ``python -m benchmarks.other_clients [REQUESTS]``. Prints the median and the 99th percentile of one authentication,
in microseconds, of a client of a CA and of a self-signed one: while nothing is fetched, while as many fetches hang as
``KeySets`` allows, and while further requests for clients with hanging servers are refused at once. The bar is at most
1.1 times the idle median for hanging fetches; the third line shares the interpreter with the thread that is refused.
"""

import logging
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from statistics import median, quantiles
from threading import Event, Thread

from wsgi_mtls import MutualTLSError, PeerCertificate, Verifier
from wsgi_mtls.clients.jwks_uri import KeySets
from wsgi_mtls.jwks import jwk
from wsgi_mtls.testing import KeyPair, make_ca, self_sign

FETCHES, PER_HOST = 8, 2
BY_KEY = {"token_endpoint_auth_method": "self_signed_tls_client_auth"}


@contextmanager
def hanging() -> Iterator[list[str]]:
    """Listen on several addresses, complete no handshake, and yield URLs there."""
    with ExitStack() as stack:
        urls = []
        for host in range(1, FETCHES // PER_HOST + 1):
            listener = stack.enter_context(socket.create_server((f"127.0.0.{host}", 0), backlog=64))
            urls += [f"https://127.0.0.{host}:{listener.getsockname()[1]}/{n}" for n in range(PER_HOST)]
        yield urls


class Site:
    """A verifier, clients that answer, and clients with hanging servers."""

    def __init__(self, urls: list[str], billing: KeyPair, mobile: KeyPair) -> None:
        pki = {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": "CN=billing"}
        hung: dict[str, dict[str, object]] = {f"hung-{n}": {**BY_KEY, "jwks_uri": url} for n, url in enumerate(urls)}
        own: dict[str, object] = {**BY_KEY, "jwks": {"keys": [jwk(mobile.certificate)]}}
        key_sets = KeySets(
            allowed_networks=["127.0.0.0/8"], any_port=True, connect_timeout=30, timeout=30, max_fetches=FETCHES
        )
        clients: dict[str, dict[str, object]] = {"billing": {**pki}, "mobile": own, **hung}
        self.verifier = Verifier(clients, key_sets=key_sets)
        self.peers = {"billing": PeerCertificate(billing.certificate, verified=True)}
        self.peers["mobile"] = PeerCertificate(mobile.certificate)
        self.hung = list(hung)

    def refused(self, client_id: str) -> None:
        """Present another certificate for a client with a hanging server."""
        try:
            self.verifier.authenticate(client_id, self.peers["mobile"])
        except MutualTLSError:
            return
        raise AssertionError(client_id)

    def times(self, client_id: str, requests: int) -> list[float]:
        """Return how long authentications of another client take, in microseconds."""
        taken = []
        for _ in range(requests):
            started = time.perf_counter()
            self.verifier.authenticate(client_id, self.peers[client_id])
            taken.append((time.perf_counter() - started) * 1e6)
        return taken


@contextmanager
def threads(*functions: Callable[[], None]) -> Iterator[None]:
    """Run functions in threads until the block ends.

    Those that hang end with their servers.
    """
    for function in functions:
        Thread(target=function, daemon=True).start()
    time.sleep(0.5)
    yield


def main(requests: int) -> None:
    """Measure."""
    logging.getLogger("wsgi_mtls").setLevel(logging.CRITICAL)
    billing, mobile = make_ca().issue("CN=billing"), self_sign("CN=mobile")
    with hanging() as urls:
        site, ends = Site(urls, billing, mobile), Event()

        def flood() -> None:
            while not ends.is_set():
                site.refused(site.hung[0])

        idle = {client: site.times(client, requests) for client in site.peers}
        with threads(*[lambda client=client: site.refused(client) for client in site.hung]):
            hung = {client: site.times(client, requests) for client in site.peers}
            with threads(flood):
                flooded = {client: site.times(client, requests) for client in site.peers}
            ends.set()
        for client in site.peers:
            for name, found in (("idle", idle), (f"{FETCHES} fetches hang", hung), ("and a flood", flooded)):
                middle, tail = median(found[client]), quantiles(found[client], n=100)[98]
                ratio = middle / median(idle[client])
                print(f"{client:8} {name:15} median {middle:8.1f}  p99 {tail:8.1f}  ratio {ratio:5.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5000)
