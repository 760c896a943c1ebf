"""Options that several constructors take: checked when the application starts, not when a request comes."""

from inspect import signature

from .sources import PRESETS


def check_source(source: object) -> None:
    """Check that this can be a certificate source.

    Raises:
        ValueError: it is a preset's function itself, or nothing that can be called with an environ.
    """
    for name, preset in PRESETS.items():
        if source is preset:
            raise ValueError(f"source is a preset's function: call it, as in sources.{name}(…).")
    if isinstance(source, type) or not callable(source):
        raise ValueError(
            f"source must be a callable that takes the environ, such as sources.mod_ssl(), not {source!r}."
        )
    try:
        signature(source).bind({})
    except TypeError as error:
        raise ValueError(f"source must take the environ as its one argument: {error}.") from None
    except ValueError:
        pass  # a callable written in C tells no signature


def check_max_body(max_body: object) -> None:
    """Check the longest body that is to be read.

    Raises:
        ValueError: If it is not a number of octets.
    """
    if type(max_body) is not int or max_body < 1:
        raise ValueError(f"max_body must be a number of octets, such as 65536, not {max_body!r}.")


def check_tokens(tokens: object) -> None:
    """Check that this can decode access tokens.

    Raises:
        ValueError: it is a class, or has no ``decode``.
    """
    if isinstance(tokens, type) or not callable(getattr(tokens, "decode", None)):
        raise ValueError(f"tokens must be an object with decode(token), as JWTAccessTokens(…), not {tokens!r}.")


def check_dpop(dpop: object) -> None:
    """Check that this can check proofs of DPoP, if it is given.

    Raises:
        ValueError: If it is something else.
    """
    if dpop is not None and (isinstance(dpop, type) or not callable(getattr(dpop, "verify", None))):
        raise ValueError(f'dpop must be a DPoP, as in DPoP("https://api.example.com"), not {dpop!r}.')
