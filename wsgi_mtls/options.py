"""Options of several constructors, checked when the application starts."""

from collections.abc import Iterable
from inspect import signature

from .clients import AUTH_METHODS
from .sources import PRESETS
from .x509 import MAX_DER_SIZE


class InvalidOption(ValueError):
    """A constructor's option has a value that it cannot have.

    Attributes:
        option: its name.
        problem: what is wrong and the remedy, to be read after the name.
    """

    def __init__(self, option: str, problem: str) -> None:
        super().__init__(f"{option} {problem}")
        self.option = option
        self.problem = problem


def check_source(source: object) -> None:
    """Check that this can be a certificate source.

    Raises:
        InvalidOption: If it is a preset's function itself, or cannot be called with an environ.
    """
    for name, preset in PRESETS.items():
        if source is preset:
            raise InvalidOption("source", f"is a preset's function: call it, as in sources.{name}(…).")
    if isinstance(source, type) or not callable(source):
        problem = f"must be a callable that takes the environ, such as sources.mod_ssl(), not {source!r}."
        raise InvalidOption("source", problem)
    try:
        signature(source).bind({})
    except TypeError as error:
        raise InvalidOption("source", f"must take the environ as its one argument: {error}.") from None
    except ValueError:
        pass  # a callable written in C has no signature to read


def check_max_body(max_body: object) -> None:
    """Check the longest body to read.

    Raises:
        InvalidOption: If it is not a number of octets.
    """
    if type(max_body) is not int or max_body < 1:
        raise InvalidOption("max_body", f"must be a number of octets, such as 16384, not {max_body!r}.")


def check_max_certificate(max_certificate: object) -> None:
    """Check the longest certificate to accept.

    Raises:
        InvalidOption: If it is not a number of octets, or more than any certificate may have.
    """
    if type(max_certificate) is not int or not 1 <= max_certificate <= MAX_DER_SIZE:
        problem = f"must be a number of octets, such as 16384, at most {MAX_DER_SIZE}, not {max_certificate!r}."
        raise InvalidOption("max_certificate", problem)


def check_tokens(tokens: object) -> None:
    """Check that this can decode access tokens.

    Raises:
        InvalidOption: If it is a class, or has no ``decode``.
    """
    if isinstance(tokens, type) or not callable(getattr(tokens, "decode", None)):
        raise InvalidOption("tokens", f"must be an object with decode(token), as JWTAccessTokens(…), not {tokens!r}.")


def check_dpop(dpop: object) -> None:
    """Check that this can check proofs of DPoP, if it is given.

    Raises:
        InvalidOption: If it is something else.
    """
    if dpop is not None and (isinstance(dpop, type) or not callable(getattr(dpop, "verify", None))):
        raise InvalidOption("dpop", f'must be a DPoP, as in DPoP("https://api.example.com"), not {dpop!r}.')


def check_allowed_methods(allowed_methods: object) -> None:
    """Check the methods that a server or an endpoint offers.

    Raises:
        InvalidOption: If it is not a list of some of them.
    """
    listed = list(allowed_methods) if isinstance(allowed_methods, Iterable) else []
    if isinstance(allowed_methods, str) or not listed or not all(method in AUTH_METHODS for method in listed):
        known = " and ".join(AUTH_METHODS)
        raise InvalidOption("allowed_methods", f"must be a list among {known}, not {allowed_methods!r}.")


def check_flag(option: str, value: object) -> None:
    """Check an option that is either on or off.

    Raises:
        InvalidOption: If it is neither.
    """
    if not isinstance(value, bool):
        raise InvalidOption(option, f"must be True or False, not {value!r}.")


def check_observers(observers: Iterable[object]) -> None:
    """Check that each of these can be called with an event.

    Raises:
        InvalidOption: If one cannot be called.
    """
    if not all(map(callable, observers)):
        raise InvalidOption("observers", "must be callables that take an Event.")
