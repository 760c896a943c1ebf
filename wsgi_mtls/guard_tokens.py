"""The guard's decision about an access token (RFC 8705 section 3)."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from .errors import MutualTLSError
from .events import Reporter
from .request.bearer import access_token, offer
from .request.view import RequestView
from .rules.dpop import DPOP_KEY, check_key, check_scheme
from .rules.step_up import StepUp
from .rules.token import BoundToken, check_token, client_of, decode
from .tokens import AccessTokens
from .x509 import Peer

if TYPE_CHECKING:
    from .tokens.dpop import DPoP, Proof


class TokenDecision:
    """The part of a guard that decides about access tokens.

    Only :class:`~wsgi_mtls.guard.Guard` makes one.

    Attributes:
        tokens: turns a token into its claims.
        dpop: checks the proofs of tokens that are bound to a DPoP key.
        reporter: reports the decisions.
    """

    tokens: AccessTokens | None
    dpop: "DPoP | None"
    reporter: Reporter

    if TYPE_CHECKING:

        def presented(self, view: RequestView) -> Peer | None:
            """Return what the client presented."""

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
                    # A token that is bound to a key need not also be bound to a certificate.
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
        """Add to a token's error what its challenge offers.

        :meth:`accept_token` does so itself.

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


def _prove(
    view: RequestView, token: str, claims: Mapping[str, object], dpop: "DPoP", known: str | None
) -> "tuple[str, Proof | None]":
    """Return the key of the request's proof, and the proof if it is new.

    A proof that this request already used is not returned.
    """
    proof = dpop.verify(view.environ, view.method, token) if known is None else None
    jkt = known or (proof.jkt if proof else "")
    check_key(claims, jkt)
    return jkt, proof
