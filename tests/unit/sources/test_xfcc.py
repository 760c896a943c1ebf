"""X-Forwarded-Client-Cert: one element is one proxy's word, and no name in a certificate makes another."""

import hashlib
from typing import Any
from urllib.parse import quote

import pytest

from tests.support import refused
from tests.unit.sources.captures import CLIENT, INTERMEDIATE, SELF_SIGNED, environ, variants
from wsgi_mtls import ClientCertificate, sources
from wsgi_mtls.sources.xfcc import first_certificate, parse
from wsgi_mtls.testing import to_pem


def escaped(*certificates: ClientCertificate) -> str:
    return quote(b"".join(map(to_pem, certificates)), safe="")


def digest(certificate: ClientCertificate) -> str:
    return hashlib.sha256(certificate.der).hexdigest()


HASH, CERT = digest(CLIENT), escaped(CLIENT)
ELEMENT = f'Hash={HASH};Cert="{CERT}"'
OTHER = f'Hash={digest(SELF_SIGNED)};Cert="{escaped(SELF_SIGNED)}"'


@pytest.mark.parametrize(
    "text",
    [
        ELEMENT,
        f"Hash={HASH};Cert={CERT}",
        f'Cert="{CERT}";Hash="{HASH}"',
        f'{ELEMENT};Chain="{escaped(CLIENT)}"',
        rf'{ELEMENT};Subject="CN=a\,b,O=\"x\";"',
        f'{ELEMENT};Subject="a,Hash=b;Cert=c"',
        f"By=spiffe://c;By=spiffe://d;{ELEMENT};URI=spiffe://a;URI=spiffe://b?x=1;DNS=a;DNS=b",
        f"{ELEMENT};URI=",
    ],
)
def test_read(text: str) -> None:
    assert first_certificate(text) == (CLIENT.der,)


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"Hash={HASH}",
        f'Cert="{CERT}"',
        f'Hash={digest(SELF_SIGNED)};Cert="{CERT}"',
        f'Hash={HASH.upper()};Cert="{CERT}"',
        f"Hash={HASH}0",
        f"Hash={HASH}{HASH}",
        f"{ELEMENT}|URI=a",
        f"{ELEMENT}\nURI=a",
        f'Hash={HASH};Hash={HASH};Cert="{CERT}"',
        f'{ELEMENT};Cert="{CERT}"',
        f"{ELEMENT};Subject=a;Subject=b",
        f'{ELEMENT};Chain="{escaped(INTERMEDIATE)}"',
        f'{ELEMENT};Chain=""',
        f"{ELEMENT},{ELEMENT}",
        f"{ELEMENT},{OTHER}",
        f"{ELEMENT},",
        f",{ELEMENT}",
        f"{ELEMENT};",
        f"{ELEMENT};;URI=a",
        f"{ELEMENT}; URI=a",
        f"{ELEMENT};uri=a",
        f"{ELEMENT};Other=a",
        f'{ELEMENT};URI=a"b',
        rf"{ELEMENT};URI=a\b",
        f'{ELEMENT};URI="a"b',
        f'{ELEMENT};URI="a',
        rf'{ELEMENT};URI="a\"',
        f"URI=spiffe://a,{ELEMENT}",
    ],
)
def test_refused(text: str) -> None:
    with refused("malformed_certificate"):
        first_certificate(text)


@pytest.mark.parametrize(
    "text", [f"Hash={HASH}", f"Hash={HASH}0", f"Hash=0{HASH}", f"Hash={HASH}|", f"Hash={HASH}&a=b"]
)
def test_hash_of_exactly_64_digits(text: str) -> None:
    """An element without Cert, such as a gateway's own, is read for its identity."""
    both = f"{ELEMENT},{text}"
    if text == f"Hash={HASH}":
        assert first_certificate(both, 2) == (CLIENT.der,)
    else:
        with refused("malformed_certificate"):
            first_certificate(both, 2)


def test_exact_count() -> None:
    for elements in (1, 3):
        with refused("malformed_certificate"):
            parse(f"{ELEMENT},{OTHER}", elements)
    first, second = parse(f"{ELEMENT},{OTHER};URI=spiffe://b", 2)
    assert (first.certificate, second.certificate, second.uris) == (CLIENT.der, SELF_SIGNED.der, ("spiffe://b",))


def test_chain_without_the_leaf() -> None:
    assert first_certificate(f'{ELEMENT};Chain="{escaped(CLIENT, INTERMEDIATE)}"') == (CLIENT.der, INTERMEDIATE.der)


@pytest.mark.parametrize("variant", ["attack_new_element", "attack_same_element_cert_off"])
@pytest.mark.parametrize("elements", [1, 2, 3])
def test_injection_by_san(variant: str, elements: int) -> None:
    attack = environ("envoy-xfcc-ATTACK-san-injection", variant)
    options: dict[str, Any] = {"trusted_proxies": ["127.0.0.1"], "underscores_dropped": True, "elements": elements}
    source = sources.istio(gateway_uri="spiffe://gateway", **options) if elements > 1 else sources.envoy(**options)
    with refused("malformed_certificate"):
        source(attack)


def test_hash_alone_is_no_certificate() -> None:
    (text,) = variants("envoy-xfcc-hash-only")["ca_signed_with_chain"].values()
    with refused("malformed_certificate"):
        first_certificate(text)


def test_azure_container_apps() -> None:
    (text,) = variants("azure-container-apps")["ca_signed_with_chain"].values()
    assert first_certificate(text)[0] == CLIENT.der
