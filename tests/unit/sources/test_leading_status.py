"""Status and certificate in one header: what nginx, HAProxy and Apache send, and what only a client can have sent."""

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support import refused
from tests.unit.sources.captures import CLIENT, HERE, INTERMEDIATE, Expected, environ, found
from wsgi_mtls import sources
from wsgi_mtls.errors import BadCertificate
from wsgi_mtls.sources import encodings

VERIFIED: Expected = (CLIENT, (), True)
UNVERIFIED: Expected = (CLIENT, (), False)
COMMA = "FAILED:proxy certificates not allowed, please set the appropriate flag"


@dataclass(frozen=True)
class Form:
    """A preset, and the statuses that its terminator was seen to send; {} is where more follows."""

    preset: Callable[..., Any]
    capture: str
    success: str
    failed: tuple[str, ...]
    none: tuple[str, ...]

    @property
    def certificate(self) -> str:
        return environ(self.capture, "ca_signed_with_chain")["HTTP_XCLIENTCERT"].rpartition(" ")[2]

    def read(self, value: str) -> Expected:
        return found(self.preset(**HERE), {"REMOTE_ADDR": "127.0.0.1", "HTTP_XCLIENTCERT": value})


FORMS = [
    Form(
        sources.nginx,
        "nginx",
        "SUCCESS",
        ("FAILED:certificate has expired", "FAILED:unable to verify the first certificate", COMMA, "FAILED"),
        ("NONE", "NONE ", ""),
    ),
    Form(
        sources.apache,
        "apache-requestheader-base64",
        "SUCCESS Initial",
        (
            f"{COMMA} Initial",
            "FAILED:certificate has expired Initial",
            "GENEROUS Initial",
            "SUCCESS Resumed",
            "GENEROUS Resumed",
        ),
        ("NONE Initial", "NONE Initial ", "NONE Resumed", "NONE", "  ", ""),
    ),
    Form(sources.haproxy, "haproxy", "1 0", ("1 10", "1 18", "1 21"), ("0 0", "0 0 ", "  ", "")),
]
each = pytest.mark.parametrize("form", FORMS, ids=lambda form: form.capture)


@each
def test_what_the_terminator_sends(form: Form) -> None:
    assert form.read(f"{form.success} {form.certificate}") == VERIFIED
    for status in form.failed:
        assert form.read(f"{status} {form.certificate}") == UNVERIFIED, status
    for value in form.none:
        assert form.read(value) is None, value


@each
def test_a_certificate_without_a_status(form: Form) -> None:
    for status in (
        "",
        " ",
        "x ",
        f"{form.certificate} ",
        "success ",
        "OK ",
        "0 ",
        "1 ",
        "200 ",
        "(null) ",
        "\t",
        "1 x ",
        "FAILED\n ",
    ):
        with refused("contradictory_status"):
            form.read(f"{status}{form.certificate}")


@each
def test_a_status_that_contradicts_the_certificate(form: Form) -> None:
    for value in (form.success, f"{form.success} ", *(f"{none.strip()} {form.certificate}" for none in form.none)):
        with refused("contradictory_status"):
            form.read(value)


@each
def test_values_that_are_not_one_certificate(form: Form) -> None:
    good = form.certificate
    for certificate in (good + good, good[:-40], f"{good},{good}", "x", f"{good}\t", f"{good}\n", f"x{good}", "NONE"):
        with refused("malformed_certificate"):
            form.read(f"{form.success} {certificate}")
    for certificate in (f"x {good}", f" {good}", f"{good} {good}"):
        with refused("contradictory_status"):
            form.read(f"{form.success} {certificate}")


@each
def test_two_headers_that_a_server_joined(form: Form) -> None:
    good = f"{form.success} {form.certificate}"
    others = (good, *form.none, *(f"{status} {form.certificate}" for status in form.failed))
    for other in others:
        for joined in (f"{good},{other}", f"{other},{good}", f"{good}, {other}", f"{other}, {good}"):
            with pytest.raises(BadCertificate):  # no status, or not one certificate
                form.read(joined)


def test_a_source_reads_one_form() -> None:
    """The headers of a terminator that sends a status of its own are not looked at, and the reverse."""
    status = {"REMOTE_ADDR": "127.0.0.1", "HTTP_XCLIENTVERIFY": "SUCCESS"}
    certificate = FORMS[0].certificate
    with refused("contradictory_status"):
        sources.nginx(**HERE)({**status, "HTTP_XCLIENTCERT": certificate})
    two = sources.header(
        "XClientCert", encodings.url_encoded_pem, verified=sources.Status("XClientVerify", "SUCCESS", "NONE"), **HERE
    )
    with refused("malformed_certificate"):
        two({**status, "HTTP_XCLIENTCERT": f"SUCCESS {certificate}"})
    assert found(two, {**status, "HTTP_XCLIENTCERT": certificate}) == VERIFIED


def test_the_chain_is_a_header_of_its_own() -> None:
    for form, name in ((FORMS[1], "HTTP_XCLIENTCHAIN0"), (FORMS[2], "HTTP_XCLIENTCHAIN")):
        came = environ("haproxy", "ca_signed_with_chain")["HTTP_XCLIENTCHAIN"]
        chain = came if form.preset is sources.haproxy else _base64_pem(came)
        request = {"REMOTE_ADDR": "127.0.0.1", "HTTP_XCLIENTCERT": f"{form.success} {form.certificate}", name: chain}
        assert found(form.preset(**HERE), request) == (CLIENT, (INTERMEDIATE,), True)
        option = {"chain": None} if form.preset is sources.haproxy else {"chain": ()}
        assert found(form.preset(**HERE, **option), request) == VERIFIED


def _base64_pem(base64_der: str) -> str:
    pem = f"-----BEGIN CERTIFICATE-----\n{base64_der}\n-----END CERTIFICATE-----\n"
    return b64encode(pem.encode()).decode()


def test_a_value_beyond_the_limit_is_not_read() -> None:
    for length, reason in ((65536, "no base64|PEM"), (65537, "longer than 65536")):
        value = f"SUCCESS {'A' * (length - len('SUCCESS '))}"
        with refused("malformed_certificate", match=reason):
            sources.nginx(**HERE)({"REMOTE_ADDR": "127.0.0.1", "HTTP_XCLIENTCERT": value})


@pytest.mark.parametrize("options", [{"success": ""}, {"none": "NONE"}, {"none": ()}, {"failed": ""}, {"failed": "("}])
def test_texts_that_a_status_cannot_have(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="LeadingStatus"):
        sources.LeadingStatus(**{"success": "SUCCESS", "none": ("NONE",), "failed": "FAILED", **options})
