"""The one configured object that decides about a request."""

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from .checks import require_certificate
from .clients import AUTH_METHODS, AuthenticatedClient, AuthMethod, Client
from .errors import BadCertificate, MutualTLSError, RefusedClient
from .events import FORGED, DecisionKind, Observer, Reporter
from .guard_options import check_guard
from .options import check_observers
from .record import Record
from .request.bearer import access_token, offer
from .request.cross_site import check_site
from .request.form import TokenRequest, read_token_request
from .request.view import RequestView
from .rules.dpop import DPOP_KEY, check_key, check_scheme
from .rules.step_up import StepUp
from .rules.token import BoundToken, check_token, client_of, decode
from .sources import PEER, CertificateSource
from .sources.advice import advice
from .sources.source import PEERS, dropper, not_a_peer, source_failed
from .tokens import AccessTokens
from .trust import TrustStore
from .verifier import Verifier
from .x509 import Peer, PeerCertificate

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from .tokens.dpop import DPoP, Proof

MAX_BODY = 16384
"""The longest body of a token request that is read by default, in octets: no client of OAuth sends a longer form."""

MAX_CERTIFICATE = 16384
"""The longest certificate that is accepted by default, in octets of DER: usual ones have one or two thousand."""

Authorize = Callable[[PeerCertificate], bool]
"""Returns True for the certificates whose holder is accepted; anything else, truthy or not, is a refusal."""

_NO_CLIENTS = Verifier({})


class Guard:
    """Decides about requests: which client sent one, may it use its access token, is its certificate accepted.

    Every adapter and middleware holds one. It asks each question once in a request, keeps the answer in the request's
    :class:`~wsgi_mtls.record.Record`, and reports it.

    Args:
        source: where the certificate is in the environ; see :mod:`wsgi_mtls.sources`.
        verifier: knows the clients; None where there are none.
        tokens: turns an access token into its claims; see :mod:`wsgi_mtls.tokens`. None where no tokens are accepted.
        observers: each is called with every :class:`~wsgi_mtls.events.Event`, after the verifier's own.
        max_body: the longest body of a token request that is read, in octets.
        max_certificate: the longest certificate of a client that is accepted, in octets of DER; at most 65536. The
            client chose how many names are in it, and each is read.
        trust: validates the chains of certificates for a guard without a verifier, as the verifier's own does.
        dpop: checks the proofs of tokens that are bound to a DPoP key (RFC 9449); None where none are accepted.

    Raises:
        ValueError: If an option has a value that it cannot have, or if the source forwards only a name, and the
            verifier or the tokens need the certificate.
    """

    def __init__(
        self,
        source: CertificateSource,
        *,
        verifier: Verifier | None = None,
        tokens: AccessTokens | None = None,
        observers: Iterable[Observer] = (),
        max_body: int = MAX_BODY,
        max_certificate: int = MAX_CERTIFICATE,
        trust: TrustStore | None = None,
        dpop: "DPoP | None" = None,
    ) -> None:
        check_guard(
            source,
            verifier=verifier,
            tokens=tokens,
            max_body=max_body,
            max_certificate=max_certificate,
            trust=trust,
            dpop=dpop,
        )
        self.source = source
        self.verifier = verifier
        self.plain = verifier or (_NO_CLIENTS if trust is None else Verifier({}, trust=trust))
        self.tokens = tokens
        self.dpop = dpop
        self.max_body = max_body
        self.max_certificate = max_certificate
        self.reporter = Reporter(
            (*(verifier.reporter.observers if verifier else ()), *observers), partial(advice, source)
        )
        check_observers(self.reporter.observers)
        self._drop = dropper(source)

    def look(self, view: RequestView) -> Record:
        """Ask the certificate source, once in a request; its finding, or its refusal, is in the record.

        What an outer layer found in this request is taken over. Nothing that an untrusted peer sent to the source is
        left in the environ afterwards.
        """
        record, environ = view.record, view.environ
        if not record.asked:
            record.asked = True
            try:
                if PEER in environ and isinstance(environ[PEER], PEERS):
                    self._drop(environ)
                    found = environ[PEER]
                else:
                    found = self.source(environ)
                    if not isinstance(found, PEERS):
                        raise not_a_peer(found)
                # The leaf alone: the chain is only a hint.
                if type(found) is PeerCertificate and len(found.certificate.der) > self.max_certificate:
                    raise _too_large(found, self.max_certificate)
                record.peer = environ[PEER] = found
            except MutualTLSError as error:
                error.reported = False  # a source may keep one instance, and raise it in every request
                record.refusal = error
            except Exception as error:  # whatever a source of the user's own raises
                record.refusal = source_failed(self.source, error)
            if FORGED in environ:
                self.reporter.forgeries(environ)
        return record

    def presented(self, view: RequestView) -> Peer | None:
        """Return what the client presented, and make the answer private.

        Raises:
            MutualTLSError: If what the terminator delivered cannot be used as a certificate.
        """
        record = self.look(view)
        record.private = True
        if record.refusal is not None:
            raise record.refusal.with_traceback(None)
        return record.peer

    def drop_untrusted(self, environ: "WSGIEnvironment") -> None:
        """Remove from the environ what an untrusted peer sent to the source, on paths that are not guarded."""
        self._drop(environ)
        if FORGED in environ:
            self.reporter.forgeries(environ)

    def authenticate_client(
        self,
        view: RequestView,
        *,
        allowed_methods: Collection[AuthMethod] = AUTH_METHODS,
    ) -> AuthenticatedClient:
        """Authenticate the client that a request names, where only mutual TLS is offered (RFC 8705 section 2).

        Args:
            view: the request.
            allowed_methods: those of the verifier's methods that this endpoint offers.

        Raises:
            MutualTLSError: If the request is refused.
        """
        record, rules = view.record, self.needed_verifier().rules
        if record.client is None or record.client.method not in allowed_methods:
            record.client = None
            with self.reporter.deciding("client", view.environ) as decision:
                peer = decision.peer = self.presented(view)
                request = read_token_request(view, self.max_body)
                decision.client_id = request.client_id
                client = rules.authenticate(request.client_id, peer, request.other_credentials, allowed_methods)
                decision.method, decision.outcome = client.method, "client_authenticated"
            record.client = client
            rules.clients.note_seen(client)
        return record.client

    def authenticate_or_leave(self, view: RequestView) -> AuthenticatedClient | None:
        """Authenticate the client that a request names, if other methods are also offered.

        Args:
            view: the request.

        Returns:
            The client; None for one that is registered for another method, which it used, or for none: the application
            must deal with it.

        Raises:
            MutualTLSError: If the request is refused.
        """
        record, rules = view.record, self.needed_verifier().rules
        if record.client is not None or record.left:
            return record.client
        with self.reporter.deciding("client", view.environ) as decision:
            peer = decision.peer = self.presented(view)
            request = read_token_request(view, self.max_body)
            decision.client_id = request.client_id
            try:
                client, is_self_signed = rules.clients.look_up(request.client_id, peer)
            except MutualTLSError:
                require_certificate(peer)  # for an unknown client too, that is the first of the refusals
                raise
            if client.uses_mutual_tls:
                peer = require_certificate(peer)
                record.client = rules.check(client, peer, is_self_signed, request.other_credentials)
                decision.method, decision.outcome = record.client.method, "client_authenticated"
            else:
                _check_other_method(client, request)
                decision.method, decision.outcome = client.token_endpoint_auth_method, "client_left_to_application"
        record.left = record.client is None
        if record.client is not None and rules.clients.sightings is not None:
            rules.clients.note_seen(record.client)
        return record.client

    def accept_token(
        self,
        view: RequestView,
        *,
        required: bool = True,
        scope: str | None = None,
        also_verified: Collection[str] = (),
        dpop: "DPoP | None" = None,
        step_up: StepUp | None = None,
    ) -> BoundToken:
        """Accept the access token of a request (RFC 8705 section 3).

        A token that this guard has accepted in the same request is checked anew, but not decoded nor reported again.

        Args:
            view: the request.
            required: whether the token must be bound; a bound one is checked either way.
            scope: what the token must cover, separated by spaces.
            also_verified: other confirmation methods that the caller has verified; see
                :func:`~wsgi_mtls.binding.verify_confirmation`. ``jkt`` counts with the scheme ``DPoP`` alone.
            dpop: checks the proof of a token that is bound to a DPoP key, instead of the guard's own.
            step_up: what the login of the token's user must have been (RFC 9470).

        Raises:
            MutualTLSError: If the request is refused; :func:`~wsgi_mtls.request.bearer.challenge` goes with the answer.
        """
        if self.tokens is None:
            raise RuntimeError("This guard decodes no access tokens: give it tokens=….")
        record, known = view.record, view.record.token
        record.token = None
        dpop = dpop or self.dpop
        by_dpop = dpop is not None or DPOP_KEY in also_verified
        with self.reporter.deciding("token", view.environ) as decision:
            try:
                try:
                    decision.peer = self.presented(view)
                except MutualTLSError:
                    # RFC 6750 section 3.1: a caller without a token learns that alone, whatever its certificate is.
                    access_token(view.environ, dpop=by_dpop)
                    raise
                scheme, text = access_token(view.environ, dpop=by_dpop)
                claims = decode(self.tokens, text) if known is None else known.claims
                decision.client_id = client_of(claims)
                jkt, proof = None if known is None else known.jkt, None
                if by_dpop:
                    check_scheme(claims, scheme)
                if dpop is not None and scheme == "DPoP":
                    jkt, proof = _prove(view, text, claims, dpop, jkt)
                    # What is bound to a key need not be bound to a certificate as well.
                    required, also_verified = False, {*also_verified, DPOP_KEY}
                token = check_token(
                    claims, decision.peer, required=required, scope=scope, also_verified=also_verified, jkt=jkt
                )
                if step_up is not None:
                    step_up.check(claims)
                # At last: a proof that was refused for something else may come again, and is refused again.
                if dpop is not None and proof is not None:
                    dpop.use(proof)
            except MutualTLSError as error:
                self.offer(error, view, dpop=dpop, by_dpop=by_dpop, step_up=step_up)
                raise
            decision.outcome = "token_accepted" if known is None else None
        record.token = token
        return token

    def offer(
        self,
        error: MutualTLSError,
        view: RequestView,
        *,
        dpop: "DPoP | None" = None,
        by_dpop: bool = False,
        step_up: StepUp | None = None,
    ) -> None:
        """Give a refused access token's error what its challenge offers; :meth:`accept_token` has done that.

        Args:
            error: the refusal.
            view: the request.
            dpop: what checks proofs instead of the guard's own.
            by_dpop: whether the scheme ``DPoP`` is accepted though nothing here checks proofs.
            step_up: what the login of the token's user must have been.
        """
        dpop = dpop or self.dpop
        offer(
            error,
            view.environ,
            dpop=by_dpop or dpop is not None,
            algorithms=() if dpop is None else dpop.algorithms,
            step_up=None if step_up is None else step_up.parameters,
        )

    def accept_certificate(
        self,
        view: RequestView,
        *,
        optional: bool = False,
        authorize: Authorize | None = None,
        allow_cross_site: bool = False,
    ) -> AuthenticatedClient | PeerCertificate | None:
        """Accept the certificate of a request, without OAuth.

        Args:
            view: the request.
            optional: whether a request without a certificate is accepted; one with a bad certificate never is.
            authorize: decides instead of the registered clients; it is asked only about a validated chain.
            allow_cross_site: whether other sites' pages may send unsafe methods; see
                :mod:`wsgi_mtls.request.cross_site`.

        Returns:
            The registered client; the certificate where no client was sought; None without a certificate.

        Raises:
            MutualTLSError: If the request is refused.
        """
        record = view.record
        known, record.identified = record.identified, None
        with self.reporter.deciding("client", view.environ, reported=record.reported) as decision:
            peer = decision.peer = self.presented(view)
            if peer is not None and not allow_cross_site:
                check_site(view.environ)
            if peer is None and optional:
                return None
            if self.verifier is None or authorize is not None:
                accepted = _authorized(self.plain.rules.check_certificate(peer), authorize)
                record.identified = known
                return accepted
            if known is None:
                known = self.verifier.rules.identify(peer)
                decision.client_id, decision.method = known.client_id, known.method
                decision.outcome = "client_authenticated"
                self.verifier.rules.clients.note_seen(known)
        record.identified = known
        return known

    def report_refusal(
        self,
        view: RequestView,
        error: MutualTLSError,
        client_id: str | None = None,
        kind: DecisionKind | None = None,
    ) -> None:
        """Report a refusal of the application's own; see :meth:`wsgi_mtls.events.Reporter.refusal`."""
        self.reporter.refusal(error, view.environ, kind=kind, peer=view.record.peer, client_id=client_id)

    def needed_verifier(self) -> Verifier:
        """Return what knows the clients.

        Raises:
            RuntimeError: If the guard has no verifier.
        """
        if self.verifier is None:
            raise RuntimeError("This guard knows no clients: give it a verifier.")
        return self.verifier


def _too_large(peer: PeerCertificate, limit: int) -> BadCertificate:
    size = len(peer.certificate.der)
    return BadCertificate(
        f"Expected a certificate of at most {limit} octets, found {size}: have one issued with fewer names, or raise "
        "max_certificate.",
        reason="certificate_too_large",
        expected=str(limit),
        found=str(size),
    )


def _check_other_method(client: Client, request: TokenRequest) -> None:
    method = client.token_endpoint_auth_method
    if method != "none" and not request.other_credentials:
        raise RefusedClient(
            f"Client {client.client_id!r} is registered for {method} and did not use it.",
            reason="auth_method_not_registered",
        )


def _prove(
    view: RequestView, token: str, claims: Mapping[str, object], dpop: "DPoP", known: str | None
) -> "tuple[str, Proof | None]":
    """Return the key that signed the request's proof, and the proof unless it was accepted in this request before."""
    proof = dpop.verify(view.environ, view.method, token) if known is None else None
    jkt = known or (proof.jkt if proof else "")
    check_key(claims, jkt)
    return jkt, proof


def _authorized(peer: PeerCertificate, authorize: Authorize | None) -> PeerCertificate:
    if authorize is not None and authorize(peer) is not True:
        raise RefusedClient(f"authorize did not return True for {peer.certificate.subject!r}.", reason="not_authorized")
    return peer
