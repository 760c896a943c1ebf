"""Rows 34 and 35 of ATTACKS.md: what a ``cnf`` must not be, made of the right thumbprint."""

from collections.abc import Callable, Mapping

Confirmation = Callable[[str], object]
"""Makes the ``cnf`` claim of the right thumbprint."""


def _member(change: Callable[[str], object]) -> Confirmation:
    return lambda good: {"x5t#S256": change(good)}


MALFORMED: Mapping[str, Confirmation] = {
    "empty": lambda good: {},
    "null": lambda good: None,
    "list": lambda good: [good],
    "text": lambda good: good,
    "true": lambda good: True,
    "number": _member(lambda good: 7),
    "null member": _member(lambda good: None),
    "empty text": _member(lambda good: ""),
    "list member": _member(lambda good: [good]),
    "object member": _member(lambda good: {good: good}),
    "hex": _member(lambda good: good.encode().hex()),
    "padded": _member(lambda good: good + "="),
    "spare bits": _member(lambda good: good[:-1] + chr(ord(good[-1]) + 1)),
    "short": _member(lambda good: good[:27]),
    "too long": _member(lambda good: good * 2),
    "newline": _member(lambda good: good + "\n"),
    "space": _member(lambda good: " " + good),
    "not ASCII": _member(lambda good: good[:-1] + "é"),
    "standard base64": _member(lambda good: "+" + good[1:-1] + "/"),
}
"""Confirmations by ``x5t#S256`` that are not 43 characters of base64url."""
OF_ANOTHER: Mapping[str, Confirmation] = {
    # The last character has two spare bits: in another case it might not be base64url.
    "wrong case": _member(lambda good: good[:-1].swapcase() + good[-1]),
}
"""Confirmations that are well-formed, and of another certificate."""
UNKNOWN: Mapping[str, Confirmation] = {
    "wrong member": lambda good: {"x5t#s256": good},
    "SHA-1": lambda good: {"x5t": good[:27]},
    "older member": lambda good: {"x5t": good},
}
"""Confirmations with only an unknown member."""
METHODS = ("jkt", "jwk", "jku", "kid", "jwe", "osc")


def _beside(method: str) -> Confirmation:
    return lambda good: {"x5t#S256": good, method: "x"}


def _alone(method: str) -> Confirmation:
    return lambda good: {method: "x"}


OTHER_METHODS: Mapping[str, Confirmation] = {
    **{f"{method} beside": _beside(method) for method in METHODS},
    **{f"{method} alone": _alone(method) for method in METHODS},
    "jwk that is an object": lambda good: {"x5t#S256": good, "jwk": {}},
}
"""Confirmations by a method that the resource has not verified."""
CONFIRMATIONS: Mapping[str, Confirmation] = {**MALFORMED, **OF_ANOTHER, **UNKNOWN, **OTHER_METHODS}
