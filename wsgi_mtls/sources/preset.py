"""A preset: one line of the table of terminators.

It makes a certificate source when it is called.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from textwrap import fill
from typing import Any, Literal

from .source import CertificateSource, EnvironSource

OLD_OPTIONS: Mapping[str, str] = {
    "certificate": "certificate_header",
    "verify": "status_header",
    "present": "present_header",
}
"""Names that options had, to those that they have; accepted until the first release."""

_SECRET = (
    "the platform's addresses are those of all its customers: have it add a header with a secret, and give it: "
    'secret=("X-Proxy-Auth", "…").'
)
_NEEDED = {
    "trusted_proxies": "trusted_proxies: the addresses from which the terminator connects, such as ['127.0.0.1']",
}


# Without slots: help() reads __doc__ and __name__ of the preset itself.
@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Preset:
    """The properties of a terminator, however it delivers the certificate.

    Attributes:
        name: the preset's.
        terminator: the program or platform, for people.
        self_signed: the directive that accepts self-signed clients, if there is one.
        duty: what the operator must ensure: which server overwrites or removes the headers that a client sends.
        deploy: the folder of ``deploy/`` with the configuration, by default the preset's name; None if there is none.
        partial_chains: whether the terminator reports success for a client's certificate that is in its CA file,
            although no CA issued it; ``"python"``: if Python's ``ssl`` does.
    """

    name: str
    terminator: str
    self_signed: str
    duty: str
    deploy: str | None = ""
    partial_chains: Literal["no", "yes", "python"] = "no"

    def __post_init__(self) -> None:
        if self.deploy == "":
            object.__setattr__(self, "deploy", self.name)
        object.__setattr__(self, "__name__", self.name)
        object.__setattr__(self, "__doc__", self._help())

    def __repr__(self) -> str:
        return f"<preset {self.name}>"

    @property
    def options(self) -> Mapping[str, bool]:
        """The options, each with whether it must be given."""
        return {}

    def cells(self) -> tuple[str, str, str, str]:
        """Return the cells of the documentation's table: headers, encoding and so on.

        The first may be keys instead. The others are whether a chain comes, and what verifies.
        """
        raise NotImplementedError

    def rows(self) -> tuple[tuple[str, "Preset"], ...]:
        """Return the preset's lines of the documentation's table.

        Each has the call of the preset, and the data.
        """
        return ((self.name, self),)

    def checked(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the options under their present names.

        Raises:
            ValueError: If the preset does not have an option, if one is given twice, or if one is missing.
        """
        options: dict[str, Any] = {}
        for option, value in given.items():
            name = OLD_OPTIONS.get(option, option)
            if name not in self.options:
                raise ValueError(f"Preset {self.name} has no option {option!r}{nearest(option, self.options)}.")
            if name in options:
                raise ValueError(f"Preset {self.name}: {name} is given twice, once by its old name.")
            options[name] = value
        if self.options.get("secret") and not options.get("secret"):
            raise ValueError(f"Preset {self.name} needs secret: {_SECRET}")
        if missing := sorted(name for name, needed in self.options.items() if needed and name not in options):
            raise ValueError(f"Preset {self.name} needs {', '.join(_NEEDED.get(name, name) for name in missing)}.")
        return options

    def _help(self) -> str:
        lines = [f"Take the certificate from {self.terminator}.", ""]
        for call, preset in self.rows():
            where, encoding, chain, verified = preset.cells()
            lines.append(fill(f"{call}: {where}; encoding: {encoding}; chain: {chain}; verified: {verified}."))
        lines += ["", fill(f"Self-signed clients get through: {self.self_signed}."), fill(self.duty), ""]
        needed = [f"{name} (needed)" if must else name for name, must in self.options.items()]
        lines.append(fill(f"Options: {', '.join(needed) or 'none'}."))
        folder = f"Configuration: deploy/{self.deploy} in the repository. " if self.deploy else ""
        lines.append(f"{folder}What else must hold: docs/sources.md.")
        return "\n".join(lines).replace("`", "")


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class ServerPreset(Preset):
    """A server that puts the certificate into the environ itself.

    No header can set its keys.

    Attributes:
        keys: where the certificate and its status are, for people.
        encoding: how it is encoded there.
        chain: whether the rest of the chain comes.
        verified: what reports that the chain was validated.
        read: from the environ to the certificate.
    """

    keys: str
    encoding: str
    chain: bool
    verified: str
    read: CertificateSource

    def __call__(self, **options: object) -> CertificateSource:
        """Make the source; there are no options.

        Raises:
            ValueError: If an option is given.
        """
        self.checked(options)
        return self._source

    def cells(self) -> tuple[str, str, str, str]:
        """Return the cells of the documentation's table: keys, encoding and so on.

        The others are whether a chain comes, and what verifies.
        """
        return self.keys, self.encoding, "yes" if self.chain else "no", self.verified

    # One for all calls: two layers of an application that name the same preset ask one source.
    @cached_property
    def _source(self) -> EnvironSource:
        return EnvironSource(self.read, self.name)


def nearest(word: object, words: Iterable[str]) -> str:
    """Return a question for the known word that was probably meant, if any."""
    near = get_close_matches(str(word), tuple(words), 1)
    return f"; is {near[0]} meant" if near else ""
