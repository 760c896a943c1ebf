"""Rows about bound access tokens, at every resource that accepts them."""

from collections.abc import Iterable, Mapping

from tests.confirmations import MALFORMED, OF_ANOTHER, OTHER_METHODS, UNKNOWN, Confirmation

from .row import FAILED, VERIFY, Refusal, Row, Sent, TokenRow


def _token(reason: str) -> Refusal:
    return Refusal(401, "invalid_token", reason)


MISMATCH = _token("confirmation_mismatch")
OTHERS = ("billing renewed", "billing, same key", "other", "self-signed")
ANY_CHAIN = ("another CA's", "namesake CA's", "self-signed", "mobile, expired", "expired", "for servers")


def _confirmed(confirmations: Mapping[str, Confirmation]) -> tuple[Sent, ...]:
    return tuple(Sent(cnf=cnf, label=label) for label, cnf in confirmations.items())


def _with_unknown(thumbprint: str) -> object:
    """Return a right confirmation with an unknown member (RFC 7800 section 3.1)."""
    return {"x5t#S256": thumbprint, "nobody-knows": "x"}


TWINS = (Sent(), Sent(cnf=_with_unknown))
NOT_BOUND = (Sent(cnf=None), Sent(None, cnf=None))


def _rows(required: bool) -> Iterable[Row]:
    """Return the rows that are the same whether or not a resource accepts unbound tokens."""

    def row(number: int, name: str, reason: str, attacks: Iterable[Sent], apart: str | None = None) -> Row:
        return TokenRow(number=number, name=f"{name}, {'strict' if required else 'lax'}", required=required,
                        attacks=tuple(attacks), expected=_token(reason), accepted=TWINS,
                        apart={"oauth_toolkit": _token(apart)} if apart else {})  # fmt: skip

    yield row(32, "another certificate", "confirmation_mismatch", (Sent(name) for name in OTHERS))
    yield row(32, "no certificate", "token_without_certificate", [Sent(None)])
    # A server without mutual TLS, whose requests have none of the terminator's headers.
    silent = Sent(None, spoil=lambda made: {VERIFY: None}, label="no mutual TLS")
    yield row(38, "where no certificate can come", "token_without_certificate", [silent])
    yield row(34, "malformed confirmation", "malformed_confirmation", _confirmed(MALFORMED))
    yield row(34, "confirmation of another certificate", "confirmation_mismatch", _confirmed(OF_ANOTHER))
    # OAuth Toolkit has stored what its tokens are bound to: one that is bound to nothing known is never accepted.
    unknown = "token_not_bound" if required else "unverified_confirmation"
    yield row(34, "confirmation by nothing known", unknown, _confirmed(UNKNOWN), apart="token_not_bound")
    yield row(35, "another confirmation method", "unverified_confirmation", _confirmed(OTHER_METHODS))


TOKEN_ROWS: list[Row] = [
    *_rows(required=True),
    *_rows(required=False),
    *(
        TokenRow(number=33, name=f"the chain does not matter: {name}", bound_to=name, expected=MISMATCH,
                 attacks=(Sent("billing"), Sent("billing", FAILED)),
                 accepted=(Sent(name), Sent(name, FAILED)))
        for name in ANY_CHAIN
    ),
    TokenRow(number=37, name="not bound", attacks=NOT_BOUND, expected=_token("token_not_bound")),
    TokenRow(number=37, name="not bound, where it need not be", attacks=NOT_BOUND, accepted=NOT_BOUND,
             right_required=False, expected=_token("token_not_bound")),
    TokenRow(number=43, name="certificate that has expired since", bound_to="expired", attacks=(Sent("not yet valid"),),
             expected=MISMATCH, accepted=(Sent("expired", FAILED), Sent("expired"))),
]  # fmt: skip
