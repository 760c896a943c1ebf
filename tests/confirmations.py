"""Rows 34 and 35 of ATTACKS.md: what a ``cnf`` must not be, made of the right thumbprint."""

from collections.abc import Callable

CONFIRMATIONS: dict[str, Callable[[str], object]] = {
    "empty": lambda good: {},
    "null": lambda good: None,
    "list": lambda good: [good],
    "text": lambda good: good,
    "number": lambda good: {"x5t#S256": 7},
    "null member": lambda good: {"x5t#S256": None},
    "empty text": lambda good: {"x5t#S256": ""},
    "list member": lambda good: {"x5t#S256": [good]},
    "hex": lambda good: {"x5t#S256": good.encode().hex()},
    "padded": lambda good: {"x5t#S256": good + "="},
    "SHA-1": lambda good: {"x5t": good[:27]},
    "short": lambda good: {"x5t#S256": good[:27]},
    "wrong case": lambda good: {"x5t#S256": good.swapcase()},
    "wrong member": lambda good: {"x5t#s256": good},
    "older member": lambda good: {"x5t": good},
    "jkt": lambda good: {"x5t#S256": good, "jkt": "x"},
    "jkt alone": lambda good: {"jkt": "x"},
    "jwk": lambda good: {"x5t#S256": good, "jwk": {}},
    "kid": lambda good: {"x5t#S256": good, "kid": "x"},
}
