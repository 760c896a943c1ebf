"""The shape of an issuer's JWT access tokens, where it deviates from RFC 9068."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..errors import InvalidToken
from .claims import check_audience, check_texts

ACCESS_TOKEN = "at+jwt"
_MEDIA_TYPE = f"application/{ACCESS_TOKEN}"
# RFC 8417 section 2.2 (a logout token is one), RFC 9701 section 5, OpenID Connect Core section 3.3.2.11.
_OF_OTHERS = frozenset({"events", "token_introspection", "at_hash", "c_hash", "s_hash"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The shape of an issuer's access tokens; the defaults are those of RFC 9068.

    Attributes:
        typ: what the header's ``typ`` may be, in lower case; None is a header without it.
        subject_optional: whether ``sub`` may be missing.
        jti_optional: whether ``jti`` may be missing.
        scope_claims: the claims that may hold the scope, as a text or a list of texts; the first present one counts.
            None: ``scope``, a text.
        client_id_claims: the claims that may name the client; the first present one counts. Empty if no claim does.
        audience_claim: the claim that must name this API.
        marks: claims that only the issuer's access tokens have, each with the values that it may have; None is any.
        alternatives: further claims, one of which must be there.
        absent: claims that its other JWTs have, and its access tokens have not.
        apart: whether the client must not be an audience: it is the audience of an ID token.
    """

    typ: tuple[str | None, ...] = (ACCESS_TOKEN,)
    subject_optional: bool = False
    jti_optional: bool = False
    scope_claims: tuple[str, ...] | None = None
    client_id_claims: tuple[str, ...] = ("client_id",)
    audience_claim: str = "aud"
    marks: Mapping[str, frozenset[str] | None] = field(default_factory=dict)
    alternatives: tuple[str, ...] = ()
    absent: frozenset[str] = frozenset()
    apart: bool = False

    def check_type(self, kind: object) -> None:
        """Check the header's ``typ`` (RFC 9068 section 4).

        Raises:
            InvalidToken: ``not_an_access_token``: If it is another one.
        """
        name = kind.lower() if isinstance(kind, str) else kind
        name = ACCESS_TOKEN if name == _MEDIA_TYPE else name
        if not isinstance(name, str | None) or name not in self.typ:
            expected = tuple(text or "none" for text in self.typ)
            raise InvalidToken(
                f"The token's typ is {kind!r:.80}, expected {' or '.join(expected)}: send an access token, or set typ.",
                reason="not_an_access_token",
                expected=expected[0] if len(expected) == 1 else expected,
                found=kind if isinstance(kind, str) else None,
            )

    def check_purpose(self, kind: object, claims: Mapping[str, object]) -> None:
        """Check that claims are those of an access token, by the issuer's marks.

        Args:
            kind: the header's ``typ``, checked.
            claims: of the token, its signature verified.

        Raises:
            InvalidToken: ``not_an_access_token``: If a mark is missing, or one of another kind of JWT is there.
        """
        is_named = isinstance(kind, str) and kind.lower() in (ACCESS_TOKEN, _MEDIA_TYPE)
        others = (self.absent if is_named else self.absent | _OF_OTHERS) & claims.keys()
        missing = [name for name, values in self.marks.items() if not _is_marked(claims.get(name), values)]
        if self.alternatives and not claims.keys() & set(self.alternatives):
            missing.append(" or ".join(self.alternatives))
        if others or missing:
            raise InvalidToken(
                f"The token is not an access token: it has {sorted(others)}, and not the mark {missing}.",
                reason="not_an_access_token",
                found=tuple(sorted(others)),
            )

    def read(self, claims: Mapping[str, object], audiences: frozenset[str]) -> dict[str, object]:
        """Return the claims with ``client_id`` and ``scope`` where RFC 9068 has them.

        Args:
            claims: of the token, its signature verified.
            audiences: the names of this API.

        Raises:
            InvalidToken: If a claim is missing or malformed, or the token is for another API.
        """
        optional = {name for name, may in (("sub", self.subject_optional), ("jti", self.jti_optional)) if may}
        check_texts(claims, ({"sub", "jti"} - optional) | (optional & claims.keys()))
        found = dict(claims)
        client_id = _client_id(claims, self.client_id_claims)
        found |= {} if client_id is None else {"client_id": client_id}
        found |= {} if self.scope_claims is None else _scope(claims, self.scope_claims)
        if self.audience_claim == "aud":
            check_audience(claims, audiences)
        else:
            check_audience({"aud": claims.get(self.audience_claim)}, audiences)
        if self.apart and client_id in _listed(claims.get("aud")):
            raise InvalidToken("The token is for its own client, as an ID token is.", reason="not_an_access_token")
        return found


def _is_marked(value: object, values: frozenset[str] | None) -> bool:
    return value is not None if values is None else isinstance(value, str) and value in values


def _client_id(claims: Mapping[str, object], names: tuple[str, ...]) -> str | None:
    if not names:
        return None
    name = next((name for name in names if name in claims), names[0])
    check_texts(claims, (name,))
    return str(claims[name])


def _scope(claims: Mapping[str, object], names: tuple[str, ...]) -> dict[str, str]:
    name = next((name for name in names if name in claims), None)
    if name is None:
        return {}
    value = claims[name]
    parts = [value] if isinstance(value, str) else value
    # An item with a space would be several scopes.
    is_list = isinstance(value, list) and all(isinstance(part, str) and part and " " not in part for part in value)
    if not isinstance(parts, list) or not (isinstance(value, str) or is_list):
        raise InvalidToken(
            f"The claim {name} must be a text, or a list of texts without spaces.", reason="malformed_token"
        )
    return {"scope": " ".join(parts)}


def _listed(audience: object) -> list[object]:
    return audience if isinstance(audience, list) else [audience]
