"""ATTACKS.md over real TLS, through nginx and gunicorn with two workers: the rows about tokens.

Row 43 is not for nginx, which rejects expired certificates.
"""

from collections.abc import Callable
from typing import Any

import pytest

from tests.oauth_toolkit.support import DN, INVALID_GRANT, INVALID_REQUEST, SECRET, cnf
from wsgi_mtls.cli.terminators import CONVENTIONAL_HOST
from wsgi_mtls.testing import KeyPair, Profile, self_sign

from .remote import Remote


def refused(answer: tuple[int, Any]) -> tuple[int, str]:
    return answer[0], answer[1]["error"]


def test_rows_27_28_grants(remote: Remote, billing: KeyPair, other: KeyPair) -> None:
    code = remote.code("secretive")
    assert refused(remote.exchange("secretive", code, None, SECRET)) == INVALID_REQUEST
    assert remote.exchange("secretive", code, billing, SECRET)[0] == 200
    code = remote.code("billing-code")
    assert refused(remote.exchange("other-code", code, other)) == INVALID_GRANT
    assert remote.exchange("billing-code", code, billing)[0] == 200
    assert refused(remote.exchange("billing-code", code, billing)) == INVALID_GRANT


def test_row_29_refresh_token_of_a_public_client(remote: Remote, billing: KeyPair, ca: KeyPair) -> None:
    device = ca.issue("CN=device")
    token = remote.exchange("public", remote.code("public"), device)[1]["refresh_token"]
    for thief in (None, billing, ca.issue("CN=device", Profile(key=device.key))):
        assert refused(remote.refresh("public", token, thief)) == INVALID_GRANT
    tokens = remote.refresh("public", token, device)[1]
    assert remote.accounts(tokens["access_token"], device) == 200
    # A replay by another client revokes nothing, though the example has reuse protection.
    assert refused(remote.refresh("public", token, None)) == INVALID_GRANT
    assert remote.refresh("public", tokens["refresh_token"], device)[0] == 200


def test_rows_30_31_refresh_token_of_a_confidential_client(
    remote: Remote, billing: KeyPair, other: KeyPair, ca: KeyPair
) -> None:
    token = remote.exchange("billing-code", remote.code("billing-code"), billing)[1]["refresh_token"]
    for client_id, pair in (("other-code", other), ("public", other)):
        assert refused(remote.refresh(client_id, token, pair)) == INVALID_GRANT
    renewed = ca.issue(DN)
    access = remote.refresh("billing-code", token, renewed)[1]["access_token"]
    assert remote.introspect(access)["cnf"] == cnf(renewed)
    assert [remote.accounts(access, pair) for pair in (renewed, billing)] == [200, 401]


def test_rows_32_33_37_38_resource(remote: Remote, billing: KeyPair, ca: KeyPair) -> None:
    token = remote.access_token("rp", billing)
    for thief in (None, ca.issue(DN), self_sign(DN), ca.issue(DN, Profile(key=billing.key))):
        assert remote.accounts(token, thief) == 401
    assert remote.accounts(token, billing, CONVENTIONAL_HOST) == 401
    assert remote.accounts(token, billing) == 200
    stranger = self_sign("CN=of no CA")
    public = remote.exchange("public", remote.code("public"), stranger)[1]["access_token"]
    assert [remote.accounts(public, pair) for pair in (stranger, billing)] == [200, 401]


CONFIRMATIONS: dict[str, Callable[[str], object]] = {
    "empty": lambda good: {},
    "null": lambda good: None,
    "list": lambda good: [good],
    "number": lambda good: {"x5t#S256": 7},
    "empty text": lambda good: {"x5t#S256": ""},
    "hex": lambda good: {"x5t#S256": good.encode().hex()},
    "padded": lambda good: {"x5t#S256": good + "="},
    "SHA-1": lambda good: {"x5t": good[:27]},
    "wrong case": lambda good: {"x5t#S256": good.swapcase()},
    "jkt": lambda good: {"x5t#S256": good, "jkt": "x"},
    "jwk": lambda good: {"x5t#S256": good, "jwk": {}},
    "kid": lambda good: {"x5t#S256": good, "kid": "x"},
}


@pytest.mark.parametrize("case", CONFIRMATIONS)
def test_rows_34_35_confirmation(remote: Remote, billing: KeyPair, case: str) -> None:
    token, good = remote.access_token("rp", billing), billing.certificate.thumbprint
    remote.store_confirmation(token, CONFIRMATIONS[case](good))
    assert remote.accounts(token, billing) == 401
    remote.store_confirmation(token, {"x5t#S256": good, "nobody-knows": "x"})
    assert remote.accounts(token, billing) == 200
