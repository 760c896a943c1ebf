"""The settings that every adapter has."""

from typing import Any

import pytest

from tests.tokens import Issuer
from wsgi_mtls import Verifier, sources
from wsgi_mtls.clients.jwks_uri import KeySets
from wsgi_mtls.guard import MAX_BODY
from wsgi_mtls.settings import (
    SETTINGS,
    InvalidSetting,
    Settings,
    choose_verifier,
    invalid_settings,
    read_settings,
    read_verifier,
)
from wsgi_mtls.settings_report import risks
from wsgi_mtls.store import MemoryStore
from wsgi_mtls.tokens import DPoP

GOOD: dict[str, Any] = {"SOURCE": "nginx", "TRUSTED_PROXIES": ["127.0.0.1"]}


def test_defaults() -> None:
    read = read_settings(GOOD)
    assert isinstance(read, Settings)
    assert set(read.allowed_methods) == {"tls_client_auth", "self_signed_tls_client_auth"}
    assert (read.self_signed_match, read.verbosity, read.max_body) == ("public_key", "normal", MAX_BODY)
    assert (read.tokens, read.realm) == (None, None)
    assert read_settings({**dict.fromkeys(SETTINGS), **GOOD, "OF": "others"}).verbosity == "normal"


@pytest.mark.parametrize(("name", "value", "says"), [
    ("SOURCE", None, "missing"),
    ("SOURCE", "apache2", "is apache meant"),
    ("SOURCE", 7, "is 7"),
    ("TRUSTED_PROXIES", None, "needs trusted_proxies"),
    ("TRUSTED_PROXIES", ["nowhere"], "nowhere"),
    ("ALLOWED_METHODS", "tls_client_auth", "give a list"),
    ("ALLOWED_METHODS", [], "give a list"),
    ("ALLOWED_METHODS", 7, "give a list"),
    ("ALLOWED_METHODS", [["none"]], "give a list"),
    ("SELF_SIGNED_MATCH", "name", "use one of public_key, certificate"),
    ("KEY_SETS", True, "give a dict of options"),
    ("KEY_SETS", ["10.0.0.0/8"], "give a dict of options"),
    ("KEY_SETS", {"allowed_network": []}, "allowed_network"),
    ("KEY_SETS", {"allowed_networks": ["10.0.0.1/8"]}, "host bits"),
    ("KEY_SETS", {"timeout": 1}, "connect_timeout"),
    ("KEY_SETS", {"ca_file": "/nowhere"}, "No such file"),
    ("TOKENS", "https://as.example.com", "give an object with decode"),
    ("DPOP", "https://api.example.com", "dpop must be"),
    ("DPOP", {"base_url": "http://api.example.com"}, "https"),
    ("DPOP", {"url": "https://api.example.com"}, "url"),
    ("DPOP", {"base_url": "https://api.example.com"}, "without TOKENS"),
    ("REALM", 'a"b', "printable ASCII"),
    ("REALM", 7, "printable ASCII"),
    ("VERBOSITY", ["debug"], "use one of debug"),
    ("MAX_BODY", True, "give a number of octets"),
    ("MAX_BODY", 0, "give a number of octets"),
])  # fmt: skip
def test_one_that_is_wrong(name: str, value: object, says: str) -> None:
    with pytest.raises(InvalidSetting, match=says) as caught:
        read_settings({**GOOD, name: value})
    assert caught.value.name == name
    assert str(caught.value) == f"{name} {caught.value.problem}"
    assert [problem.name for problem in invalid_settings({**GOOD, name: value})] == [name]
    assert invalid_settings(GOOD) == []


def test_dpop() -> None:
    assert read_settings(GOOD).dpop is None
    tokens = Issuer().tokens()
    alone = read_settings({**GOOD, "TOKENS": tokens, "DPOP": {"base_url": "https://api.example.com", "window": 5}})
    assert isinstance(alone.dpop, DPoP)
    assert alone.dpop.base_url == "https://api.example.com"
    assert [risk.name for risk in risks(alone, debug=False)] == ["DPOP"]
    own = DPoP("https://api.example.com", store=MemoryStore(evicts=False))
    shared = read_settings({**GOOD, "TOKENS": tokens, "DPOP": own})
    assert shared.dpop is own
    assert risks(shared, debug=False) == []


def test_key_sets() -> None:
    assert read_settings(GOOD).key_sets is None
    made = read_settings({**GOOD, "KEY_SETS": {}}).key_sets
    assert isinstance(made, KeySets)
    assert read_settings({**GOOD, "KEY_SETS": made}).key_sets is made
    settings = read_settings({**GOOD, "KEY_SETS": {"any_port": True}})
    assert read_verifier({}, ".", settings).fetches_key_sets
    assert not read_verifier({}, ".", read_settings(GOOD)).fetches_key_sets


def test_all_that_is_wrong() -> None:
    found = invalid_settings({"SOURCE": "nginx", "VERBOSITY": "loud", "MAX_BODY": "1"})
    assert [problem.name for problem in found] == ["TRUSTED_PROXIES", "VERBOSITY", "MAX_BODY"]


def test_risks() -> None:
    for given, debug, names in (
        (GOOD, False, []),
        ({**GOOD, "VERBOSITY": "debug"}, True, []),
        ({**GOOD, "VERBOSITY": "debug"}, False, ["VERBOSITY"]),
        ({**GOOD, "TRUSTED_PROXIES": "any"}, False, ["TRUSTED_PROXIES"]),
    ):
        assert [risk.name for risk in risks(read_settings(given), debug=debug)] == names


def test_verifier_of_ones_own() -> None:
    own, given = Verifier({}), {**GOOD, "SELF_SIGNED_MATCH": "certificate"}
    assert choose_verifier(GOOD, ".", read_settings(GOOD), own) is own
    assert choose_verifier({**given, "CLIENTS": {}}, ".", read_settings(given), own) is not own
    with pytest.raises(InvalidSetting, match="SELF_SIGNED_MATCH does nothing"):
        choose_verifier(given, ".", read_settings(given), own)


class Tokens:
    def decode(self, token: str, /) -> dict[str, object]:
        return {}


def test_a_class_where_an_object_belongs() -> None:
    assert [problem.name for problem in invalid_settings({**GOOD, "TOKENS": Tokens})] == ["TOKENS"]
    assert invalid_settings({**GOOD, "TOKENS": Tokens()}) == []


def test_preset_where_a_source_belongs() -> None:
    """Its function makes a source and is none: every request would fail."""
    assert [problem.name for problem in invalid_settings({"SOURCE": sources.nginx})] == ["SOURCE"]
    assert invalid_settings({"SOURCE": sources.nginx(trusted_proxies=["127.0.0.1"])}) == []
    assert invalid_settings({"SOURCE": lambda environ: None}) == []


@pytest.mark.parametrize("source", [sources.mod_ssl(), {"preset": "nginx", "trusted_proxies": ["::1"]}])
def test_trusted_proxies_beside_a_source_that_has_its_own(source: object) -> None:
    with pytest.raises(InvalidSetting, match=r"TRUSTED_PROXIES .*remove one"):
        read_settings({"SOURCE": source, "TRUSTED_PROXIES": ["::1"]})


def test_a_name_alone_serves_neither_self_signed_clients_nor_tokens() -> None:
    source = sources.subject_header("XDN", kind="tls_client_auth_subject_dn", verified=True, trusted_proxies=["::1"])
    pki: dict[str, Any] = {"SOURCE": source, "ALLOWED_METHODS": ["tls_client_auth"]}
    assert invalid_settings(pki) == []
    assert [problem.name for problem in invalid_settings({"SOURCE": source})] == ["SOURCE"]
    assert [problem.name for problem in invalid_settings({**pki, "TOKENS": Tokens()})] == ["SOURCE"]
