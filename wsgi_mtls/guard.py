"""The one configured object that decides about a request."""

from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import AbstractContextManager, suppress
from typing import TYPE_CHECKING, Literal

from .checks import require_certificate
from .clients import AUTH_METHODS, AuthMethod, Client
from .errors import InvalidToken, MutualTLSError, RefusedClient
from .events import Decision, Event, Observer, deciding, report
from .options import InvalidOption, check_dpop, check_max_body, check_observers, check_source, check_tokens
from .record import Record
from .request.bearer import access_token, offer
from .request.cross_site import check_site
from .request.form import TokenRequest, read_token_request
from .request.view import RequestView
from .rules.dpop import DPOP_KEY, check_key, check_scheme
from .rules.step_up import StepUp
from .rules.token import BoundToken, check_token, client_of, decode
from .sources import (
    CertificateSource,
    check_delivers_certificate,
    check_delivers_thumbprint,
    check_methods,
    drop_untrusted,
    peer_certificate,
)
from .sources.source import FORGED, Forgery
from .tokens import AccessTokens
from .trust import TrustStore
from .verifier import AuthenticatedClient, Verifier
from .x509 import Peer, PeerCertificate

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from .tokens.dpop import DPoP, Proof

MAX_BODY = 65536
"""The longest body of a token request that is read by default, in octets."""

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
        trust: TrustStore | None = None,
        dpop: "DPoP | None" = None,
    ) -> None:
        check_source(source)
        check_max_body(max_body)
        check_dpop(dpop)
        if verifier is not None:
            if not isinstance(verifier, Verifier):
                raise ValueError(f"verifier must be a Verifier, not {verifier!r}.")
            check_methods(source, verifier.allowed_methods)
            if trust is not None:
                raise InvalidOption("trust", "is the verifier's where there is one: Verifier(…, trust=…).")
            if verifier.vouching.trust is not None:
                check_delivers_certificate(source)
        if trust is not None:
            if not isinstance(trust, TrustStore):
                raise InvalidOption("trust", f"must be a TrustStore where there are no clients, not {trust!r}.")
            check_delivers_certificate(source)
        if tokens is not None:
            check_tokens(tokens)
            check_delivers_thumbprint(source)
        self.source = source
        self.verifier = verifier
        self.plain = verifier or (_NO_CLIENTS if trust is None else Verifier({}, trust=trust))
        self.tokens = tokens
        self.dpop = dpop
        self.max_body = max_body
        self.observers = (*(verifier.observers if verifier else ()), *observers)
        check_observers(self.observers)

    def look(self, view: RequestView) -> Record:
        """Ask the certificate source, once in a request; its finding, or its refusal, is in the record.

        Nothing that an untrusted peer sent to the source is left in the environ afterwards.
        """
        record = view.record
        if not record.asked:
            record.asked = True
            try:
                record.peer = peer_certificate(view.environ, self.source)
            except MutualTLSError as error:
                error.reported = False  # a source may keep one instance, and raise it in every request
                record.refusal = error
            if FORGED in view.environ:
                self._report_forgeries(view.environ)
        return record

    def drop_untrusted(self, view: RequestView) -> None:
        """Take out of the environ what an untrusted peer sent to the source, where nobody asks for the certificate."""
        if not view.record.asked:  # asking has done it, and a layer further in may know less of the peer's address
            drop_untrusted(view.environ, self.source)
            if FORGED in view.environ:
                self._report_forgeries(view.environ)

    def authenticate_client(
        self, view: RequestView, *, allowed_methods: Collection[AuthMethod] = AUTH_METHODS
    ) -> AuthenticatedClient:
        """Authenticate the client that a request names, where only mutual TLS is offered (RFC 8705 section 2).

        Args:
            view: the request.
            allowed_methods: those of the verifier's methods that this endpoint offers.

        Raises:
            MutualTLSError: If the request is refused.
        """
        record, verifier = view.record, self.needed_verifier()
        if record.client is not None and record.client.method in allowed_methods:
            return record.client
        record.client = None
        with self.deciding("client", view) as decision:
            request = self._token_request(view, decision)
            client = verifier.decide(
                request.client_id,
                decision.peer,
                other_credentials=request.other_credentials,
                allowed_methods=allowed_methods,
            )
            decision.method, decision.outcome = client.method, "client_authenticated"
        record.client = client
        if verifier.sightings is not None:
            verifier.note_seen(client)
        return client

    def authenticate_or_leave(self, view: RequestView) -> AuthenticatedClient | None:
        """Authenticate the client that a request names, where other methods are offered too.

        Args:
            view: the request.

        Returns:
            The client; None for one that is registered for another method, which it used, or for none: the application
            must deal with it.

        Raises:
            MutualTLSError: If the request is refused.
        """
        record, verifier = view.record, self.needed_verifier()
        if record.client is not None or record.left:
            return record.client
        with self.deciding("client", view) as decision:
            request = self._token_request(view, decision)
            registered = _registration(request, decision.peer, verifier)
            decision.method, decision.outcome = registered.token_endpoint_auth_method, "client_left_to_application"
            if registered.uses_mutual_tls:
                decision.method = None
                record.client = verifier.decide(
                    request.client_id,
                    decision.peer,
                    other_credentials=request.other_credentials,
                    registration=registered,
                )
                decision.method, decision.outcome = record.client.method, "client_authenticated"
        record.left = record.client is None
        if record.client is not None:
            verifier.note_seen(record.client)
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
        with self.deciding("token", view) as decision:
            try:
                try:
                    decision.peer = self.look(view).presented()
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
        record, known = view.record, view.record.identified
        with self.deciding("client", view) as decision:
            try:
                peer = decision.peer = self.look(view).presented()
                if peer is not None and not allow_cross_site:
                    check_site(view.environ)
                if peer is None and optional:
                    return None
                if self.verifier is not None and authorize is None:
                    record.identified = known or self._identify(decision)
                    return record.identified
                return _authorized(self.plain.decide_chain(peer), authorize)
            except MutualTLSError:
                record.identified = None
                raise

    def deciding(self, kind: Literal["client", "token"], view: RequestView) -> AbstractContextManager[Decision]:
        """Report what the block decides, for an adapter of a library that decides by itself.

        Args:
            kind: what is decided about.
            view: the request.

        Returns:
            A context manager; the block fills in the :class:`~wsgi_mtls.events.Decision` that it gets.
        """
        environ = view.environ
        path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
        return deciding(Decision(kind, path=path, address=environ.get("REMOTE_ADDR")), self.observers)

    def report_refusal(
        self,
        view: RequestView,
        error: MutualTLSError,
        client_id: str | None = None,
        kind: Literal["client", "token"] | None = None,
    ) -> None:
        """Report a refusal of the application's own, such as one of :func:`wsgi_mtls.bind`, unless it was reported.

        Args:
            view: the request.
            error: the refusal.
            client_id: the client that the request names, if that is known.
            kind: what was decided about; None where the error itself tells it.
        """
        kind = kind or ("token" if isinstance(error, InvalidToken) else "client")
        with suppress(MutualTLSError), self.deciding(kind, view) as decision:
            decision.peer, decision.client_id = view.record.peer, client_id
            raise error

    def _identify(self, decision: Decision) -> AuthenticatedClient:
        client = self.needed_verifier().decide_holder(decision.peer)
        decision.client_id, decision.method = client.client_id, client.method
        decision.outcome = "client_authenticated"
        self.needed_verifier().note_seen(client)
        return client

    def _token_request(self, view: RequestView, decision: Decision) -> TokenRequest:
        decision.peer = self.look(view).presented()
        request = read_token_request(view, self.max_body)
        decision.client_id = request.client_id
        return request

    def needed_verifier(self) -> Verifier:
        """Return what knows the clients.

        Raises:
            RuntimeError: If the guard has no verifier.
        """
        if self.verifier is None:
            raise RuntimeError("This guard knows no clients: give it a verifier.")
        return self.verifier

    def _report_forgeries(self, environ: "WSGIEnvironment") -> None:
        forgeries: list[Forgery] = environ.pop(FORGED, [])
        for forgery in forgeries:
            report(
                Event(
                    "untrusted_proxy",
                    source=forgery.source,
                    reason="untrusted_proxy",
                    detail=forgery.detail,
                    path=environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", ""),
                    address=environ.get("REMOTE_ADDR"),
                ),
                self.observers,
            )


def _registration(request: TokenRequest, peer: Peer | None, verifier: Verifier) -> Client:
    try:
        client = verifier.client(request.client_id)
    except MutualTLSError:
        require_certificate(peer)  # for an unknown client too, a missing certificate is the first of the refusals
        raise
    method = client.token_endpoint_auth_method
    if not client.uses_mutual_tls and method != "none" and not request.other_credentials:
        raise RefusedClient(
            f"Client {client.client_id!r} is registered for {method} and did not use it.",
            reason="auth_method_not_registered",
        )
    return client


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
