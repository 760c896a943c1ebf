"""Presets of terminators that deliver the certificate in headers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal, TypedDict, Unpack

from . import xfcc
from .header import Chain, Decoder, header
from .preset import Preset
from .proxies import GuardedHeaders
from .secret import Secret
from .status import LeadingStatus, Status


class Options(TypedDict, total=False):
    """The options of presets for headers.

    Each preset has some of them; its ``options`` lists them.
    """

    trusted_proxies: str | Iterable[str]
    secret: Secret | None
    underscores_dropped: bool
    certificate_header: str
    status_header: str
    present_header: str
    chain: str | Sequence[str] | None
    terminator_verifies: bool
    mode: Literal["verify", "passthrough"]
    elements: int
    gateway_uri: str
    certificate: str
    verify: str
    present: str


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class HeaderPreset(Preset):
    """A terminator that delivers the certificate in headers.

    Attributes:
        certificate_header: the header of the certificate, by default.
        decode: how it is encoded.
        verified: what reports that the chain was validated, as for :func:`~wsgi_mtls.sources.header`; statuses by the
            options that name their headers; None if only the operator knows: the option ``terminator_verifies``.
        chain: the headers of the chain, by default.
        decodes_chain: whether the certificate's own header holds the chain.
        issued_in_order, refused: as for :func:`~wsgi_mtls.sources.header`.
        shared_addresses: whether the addresses are those of all the platform's customers, so that a secret is needed.
        elements: the fewest elements of XFCC, and the number by default; 0 for other encodings.
        gateway: whether the last element of XFCC must name a gateway.
    """

    certificate_header: str
    decode: Decoder
    verified: bool | LeadingStatus | Mapping[str, Status] | None = None
    chain: Chain | None = None
    decodes_chain: bool = False
    issued_in_order: bool = False
    refused: tuple[str, ...] = ()
    shared_addresses: bool = False
    elements: int = 0
    gateway: bool = False

    @property
    def options(self) -> Mapping[str, bool]:
        """The options, each with whether it must be given."""
        statuses = self.verified if isinstance(self.verified, Mapping) else {}
        own = {"certificate_header": False, **dict.fromkeys(statuses, False)}
        if self.chain is not None:
            own["chain"] = False
        if self.verified is None:
            own["terminator_verifies"] = False
        if self.elements:
            own["elements"] = False
        if self.gateway:
            own["gateway_uri"] = True
        needed = self.shared_addresses
        return own | {"trusted_proxies": not needed, "secret": needed, "underscores_dropped": False}

    def __call__(self, **options: Unpack[Options]) -> GuardedHeaders:
        """Make the source.

        Raises:
            ValueError: If an option is unknown, missing, or has a value that it cannot have.
        """
        given = self.checked(options)
        verified: Any = self.verified
        if isinstance(verified, Mapping):
            verified = [replace(status, name=given.get(name, status.name)) for name, status in verified.items()]
        return header(
            given.get("certificate_header", self.certificate_header),
            self._decoder(given) if self.elements else self.decode,
            trusted_proxies=given.get("trusted_proxies", "any"),
            verified=given.get("terminator_verifies", False) if verified is None else verified,
            chain=self._chain(given["chain"]) if "chain" in given else self.chain,
            secret=given.get("secret"),
            underscores_dropped=given.get("underscores_dropped", False),
            issued_in_order=self.issued_in_order,
            refused=self.refused,
            label=self.name,
        )

    def cells(self) -> tuple[str, str, str, str]:
        """Return the cells of the documentation's table: headers, encoding and so on.

        The others are whether a chain comes, and what verifies.
        """
        where = f"`{self.certificate_header}`"
        statuses: list[Status] = []
        if isinstance(self.verified, LeadingStatus):
            where, verified = f"{where}, status and certificate", f"`{self.verified.success}`"
        elif isinstance(self.verified, Mapping):
            statuses = list(self.verified.values())
            verified = " and ".join(f"`{status.name}: {status.success}`" for status in statuses)
        else:
            verified = {None: "you say", True: "always", False: "never"}[self.verified]
        others = (*(status.name for status in statuses), *(self.chain.names if self.chain else ()))
        encoding = "XFCC" if self.elements else f"`{self.decode.__name__}`"
        chain = "yes" if self.chain or self.decodes_chain else "no"
        return ", ".join((where, *(f"`{name}`" for name in others))), encoding, chain, verified

    def _chain(self, names: str | Sequence[str] | None) -> Chain | None:
        if self.chain is None or names is None or names in ((), []):
            return None
        return Chain((names,) if isinstance(names, str) else names, self.chain.decode)

    def _decoder(self, given: Mapping[str, Any]) -> Decoder:
        elements, gateway_uri = given.get("elements", self.elements), given.get("gateway_uri")
        if type(elements) is not int or elements < self.elements:
            raise ValueError(f"elements must be {self.elements} or more: one for each proxy that adds to the header.")
        if self.gateway and (not isinstance(gateway_uri, str) or not gateway_uri):
            raise ValueError("gateway_uri must be the identity of the gateway: spiffe://…")
        return partial(xfcc.first_certificate, elements=elements, gateway_uri=gateway_uri)


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class ModePreset(Preset):
    """A platform with a header that depends on a mode, which only the operator knows.

    Attributes:
        modes: a preset for each mode.
    """

    modes: Mapping[str, HeaderPreset]

    @property
    def options(self) -> Mapping[str, bool]:
        """The options, each with whether it must be given."""
        return {"mode": True, "trusted_proxies": True, "secret": False, "underscores_dropped": False}

    def __call__(self, **options: Unpack[Options]) -> GuardedHeaders:
        """Make the source.

        Raises:
            ValueError: If an option is unknown, missing, or has a value that it cannot have.
        """
        given = self.checked(options)
        mode = given.pop("mode")
        if mode not in self.modes:
            raise ValueError(f"mode must be that of the listener: {' or '.join(self.modes)}, not {mode!r}.")
        return self.modes[mode](**given)

    def rows(self) -> tuple[tuple[str, Preset], ...]:
        """Return the preset's lines of the documentation's table.

        Each has the call of the preset, and the data.
        """
        return tuple((f'{self.name}(mode="{mode}")', preset) for mode, preset in self.modes.items())
