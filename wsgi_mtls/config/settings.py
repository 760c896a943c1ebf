"""The settings that every adapter has, and what is made of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..clients import AuthMethod, ClientRegistry, PublishedKeySets
from ..events import Observer
from ..guard import Guard
from ..key_strength import MinKeyBits
from ..responses import Verbosity
from ..sources import CertificateSource
from ..tokens import AccessTokens
from ..verifier import SelfSignedMatch, Verifier
from ..vouching import Trust

if TYPE_CHECKING:
    from ..tokens import DPoP

SETTINGS: Mapping[str, str] = {
    "SOURCE": "where the certificate is: a preset's name, {'preset': name, **options}, or a callable",
    "TRUSTED_PROXIES": "the addresses and networks from which a certificate header is believed",
    "ALLOWED_METHODS": "the authentication methods that this server offers",
    "SELF_SIGNED_MATCH": "what of a self-signed certificate must be registered: public_key or certificate",
    "TRUST": "what validates chains here: a path, {'path': …, **options}, a TrustStore, or a client's, by a function",
    "TRUST_EITHER": "whether the terminator's success suffices where the trust store does not know the CA",
    "MIN_KEY_BITS": "how long a key must be that authenticates: bits by rsa and ec, or off",
    "KEY_SETS": "how certificates are fetched from jwks_uri: a dict of KeySets' options; None does not fetch",
    "TOKENS": "what decodes access tokens: an object with decode(token)",
    "DPOP": "what checks proofs of DPoP: a DPoP, or a dict of its options, with base_url; None accepts none",
    "OBSERVERS": "what is called with every event: a list of callables",
    "REALM": "the realm that an API names in WWW-Authenticate",
    "VERBOSITY": "what a refused caller learns: minimal, normal or debug",
    "MAX_BODY": "the longest body of a token request, in octets",
    "MAX_CERTIFICATE": "the longest certificate that is accepted, in octets of DER",
    "PREFLIGHT": "whether CORS preflights pass without credentials where the framework itself answers them",
}
"""Every setting, and what it means. An adapter spells them in its framework's way, and has others of its own.

Each that takes an object or a callable also takes its dotted path.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings, with each attribute as :data:`SETTINGS` describes it.

    The trusted proxies are in the source.
    """

    source: CertificateSource
    allowed_methods: tuple[AuthMethod, ...]
    self_signed_match: SelfSignedMatch
    trust: Trust | None
    trust_either: bool
    min_key_bits: MinKeyBits
    key_sets: PublishedKeySets | None
    tokens: AccessTokens | None
    dpop: "DPoP | None"
    observers: tuple[Observer, ...]
    realm: str | None
    verbosity: Verbosity
    max_body: int
    max_certificate: int
    preflight: bool

    def verifier(self, clients: ClientRegistry, observers: Iterable[Observer] = ()) -> Verifier:
        """Make the verifier that authenticates clients."""
        return Verifier(
            clients,
            allowed_methods=self.allowed_methods,
            self_signed_match=self.self_signed_match,
            trust=self.trust,
            trust_either=self.trust_either,
            min_key_bits=self.min_key_bits,
            key_sets=self.key_sets,
            observers=observers,
        )

    def guard(self, verifier: Verifier | None, observers: Iterable[Observer] = ()) -> Guard:
        """Make what decides about requests.

        Args:
            verifier: knows the clients; without it, ``trust`` validates the chains of certificates.
            observers: the adapter's own.

        Raises:
            ValueError: If the settings do not fit together.
        """
        return Guard(
            self.source,
            verifier=verifier,
            tokens=self.tokens,
            dpop=self.dpop,
            observers=(*observers, *self.observers),
            max_body=self.max_body,
            max_certificate=self.max_certificate,
            trust=self.trust if verifier is None else None,  # type: ignore[arg-type]  # a function is refused there
        )
