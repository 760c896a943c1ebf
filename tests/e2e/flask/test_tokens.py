"""ATTACKS.md over real TLS, through nginx and gunicorn with two workers: the rows about tokens."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.confirmations import CONFIRMATIONS
from tests.flask.attack_rows import DN
from tests.tls import write_pair
from wsgi_mtls.cli.terminators import CONVENTIONAL_HOST, LOOPBACK, MTLS_HOST, TLSFiles
from wsgi_mtls.testing import KeyPair, Profile, self_sign

from .remote import Remote, store_confirmation
from .served import SOURCE, Served, behind_nginx


def bearer(claims: Mapping[str, object]) -> dict[str, str]:
    return {"Authorization": f"Bearer {json.dumps(claims).encode().hex()}"}


def test_rows_32_33_37_38_through_the_extension(extension: Served, billing: KeyPair, ca: KeyPair) -> None:
    renewed = ca.issue(DN, Profile(key=billing.key))
    bound = bearer({"client_id": "rp", "cnf": {"x5t#S256": billing.certificate.thumbprint}})
    for thief in (None, renewed, ca.issue(DN), self_sign(DN)):
        assert extension.send(thief, "/api", headers=bound)[0] == 401
    assert extension.send(billing, "/api", headers=bound, host=CONVENTIONAL_HOST)[0] == 401
    assert extension.send(billing, "/api", headers=bearer({"client_id": "rp"}))[0] == 401
    assert extension.send(billing, "/api", headers=bound) == (200, {"client_id": "rp"})
    stranger = self_sign("CN=of no CA")
    own = bearer({"client_id": "rp", "cnf": {"x5t#S256": stranger.certificate.thumbprint}})
    assert extension.send(stranger, "/api", headers=own)[0] == 200


@pytest.mark.parametrize("case", CONFIRMATIONS)
def test_rows_34_35_confirmation(extension: Served, example: Remote, billing: KeyPair, case: str) -> None:
    good = billing.certificate.thumbprint
    wrong, right = CONFIRMATIONS[case](good), {"x5t#S256": good, "nobody-knows": "x"}
    assert extension.send(billing, "/api", headers=bearer({"cnf": wrong}))[0] == 401
    assert extension.send(billing, "/api", headers=bearer({"cnf": None}))[0] == 401
    assert extension.send(billing, "/api", headers=bearer({"cnf": right}))[0] == 200
    token = example.token("billing", billing)[1]["access_token"]
    store_confirmation(example.in_process, token, wrong)
    assert example.accounts(token, billing) == 401
    store_confirmation(example.in_process, token, right)
    assert example.accounts(token, billing) == 200


@pytest.fixture(scope="module")
def api(example: Remote, ca: KeyPair, readable_folder: Path, files: TLSFiles) -> Iterator[Served]:
    """An API that asks the example about each token, over mutual TLS of its own."""
    folder = readable_folder / "api"
    folder.mkdir()
    pair = ca.issue("CN=api", Profile(san_dns=["api.example.com"]))
    certificate, key = write_pair(folder, "api", pair)
    introspection = {
        "endpoint": f"https://{LOOPBACK}:{example.served.port}/oauth/introspect",
        "audience": f"https://{MTLS_HOST}",
        "client_id": "api-mtls",
        "certificate": str(certificate),
        "private_key": str(key),
        "ca": str(files.server_ca),
        "cache_seconds": 300,
    }
    with behind_nginx("api", {**SOURCE, "INTROSPECTION": introspection}, folder, files) as served:
        yield served


def test_row_36_introspection(api: Served, example: Remote, billing: KeyPair, ca: KeyPair) -> None:
    """Active it is, whoever asks; each of the two workers has it cached, too, after a few requests."""

    def ask(pair: KeyPair | None, token: str) -> int:
        return api.send(pair, "/api", headers={"Authorization": f"Bearer {token}"})[0]

    token = example.token("billing", billing)[1]["access_token"]
    thieves = (None, ca.issue(DN), self_sign(DN), ca.issue(DN, Profile(key=billing.key)))
    for _ in range(3):
        assert [ask(thief, token) for thief in thieves] == [401] * 4
        assert ask(billing, token) == 200
    assert ask(billing, token[:-1]) == 401
    unbound = example.token("unbound", billing, "s3cret")[1]["access_token"]
    assert ask(billing, unbound) == 401


def test_rows_27_28_grants_through_the_example(example: Remote, billing: KeyPair, ca: KeyPair) -> None:
    assert example.token("secretive", None, "s3cret") == (400, {"error": "invalid_request"})
    assert example.token("secretive", billing, "s3cret")[0] == 200
    other = ca.issue("CN=other", Profile(san_dns=["other.example.com"]))
    code = example.in_process.code("billing")
    assert example.exchange("other", code, other)[1]["error"] == "invalid_grant"
    assert example.exchange("billing", code, billing)[0] == 200
    assert example.exchange("billing", code, billing)[1]["error"] == "invalid_grant"


def test_row_29_refresh_token_of_a_public_client(example: Remote, billing: KeyPair, ca: KeyPair) -> None:
    device = ca.issue("CN=device")
    token = example.exchange("public", example.in_process.code("public"), device)[1]["refresh_token"]
    status, answer = example.refresh("public", token, None)
    assert (status, answer["error"]) == (400, "invalid_grant")
    for thief in (billing, ca.issue("CN=device", Profile(key=device.key))):
        status, answer = example.refresh("public", token, thief)
        assert (status, answer["error"]) == (400, "invalid_grant")
    again = example.refresh("public", token, device)[1]
    assert example.accounts(again["access_token"], device) == 200


def test_rows_30_to_33_37_38_tokens_through_the_example(example: Remote, billing: KeyPair, ca: KeyPair) -> None:
    renewed, other = ca.issue(DN), ca.issue("CN=other", Profile(san_dns=["other.example.com"]))
    first = example.exchange("billing", example.in_process.code("billing"), billing)[1]["refresh_token"]
    for client_id, pair in (("public", ca.issue("CN=device")), ("other", other)):
        assert example.refresh(client_id, first, pair)[1]["error"] == "invalid_grant"
    token = example.refresh("billing", first, renewed)[1]["access_token"]
    for thief in (None, billing, self_sign(DN), ca.issue(DN, Profile(key=renewed.key))):
        assert example.accounts(token, thief) == 401
    assert example.accounts(token, renewed, CONVENTIONAL_HOST) == 401
    assert example.accounts(token, renewed) == 200
    unbound = example.token("unbound", billing, "s3cret")[1]["access_token"]
    assert example.accounts(unbound, billing) == 401
    stranger = self_sign("CN=of no CA")
    public = example.exchange("public", example.in_process.code("public"), stranger)[1]["access_token"]
    assert example.accounts(public, stranger) == 200


def test_introspection_and_revocation_through_the_example(example: Remote, billing: KeyPair) -> None:
    token = example.token("billing", billing)[1]["access_token"]
    body = urlencode({"client_id": "billing", "token": token})
    status, told = example.served.send(billing, "/oauth/introspect", body)
    assert (status, told["cnf"]) == (200, {"x5t#S256": billing.certificate.thumbprint})
    assert example.served.send(billing, "/oauth/revoke", body)[0] == 200
    assert example.accounts(token, billing) == 401
