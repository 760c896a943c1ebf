"""Text to DER, strictly."""

import base64
from collections.abc import Callable
from urllib.parse import quote

import pytest

from tests.support import refused
from tests.unit.sources.captures import CLIENT, INTERMEDIATE, ROOT, SELF_SIGNED
from wsgi_mtls import ClientCertificate
from wsgi_mtls.sources import encodings
from wsgi_mtls.testing import to_pem

PEM = to_pem(CLIENT).decode()
OTHER_PEM = to_pem(SELF_SIGNED).decode()
BASE64 = base64.b64encode(CLIENT.der).decode()
FOLDED = PEM.replace("\n", " ")
ESCAPED, AWS = quote(PEM, safe=""), quote(PEM, safe="+=/")
LIST = ",".join(base64.b64encode(c.der).decode() for c in (CLIENT, INTERMEDIATE))
SEQUENCE = base64.b64encode(INTERMEDIATE.der + ROOT.der).decode()

ONE_LINE = f"-----BEGIN CERTIFICATE-----\n{BASE64}\n-----END CERTIFICATE-----\n"
LINES = PEM.splitlines()
# What people's files may look like, and no program writes.
UNTIDY = [
    f"\n{PEM}",
    f" {PEM}",
    f"{PEM}\n",
    f"{PEM} ",
    f"{PEM}\v",
    PEM.rstrip() + "\r",
    PEM.replace("-----\n", "----- \n", 1),
    PEM.replace("\n", "\n\n", 2),
    PEM.replace("\n", "\r\n", 1),
    PEM.replace("\n", "\n\r", 3),
    PEM.replace("\n", "\r"),
    PEM.replace(LINES[1], f" {LINES[1]}"),
    PEM.replace(LINES[1], f"{LINES[1]}\t"),
    PEM.replace(LINES[1], f"{LINES[1][:60]}\n{LINES[1][60:]}"),
    PEM.replace(f"{LINES[2]}\n", LINES[2]),
    f"{LINES[0]}\n" + "\n".join(BASE64) + f"\n{LINES[-1]}\n",
    f"{LINES[0]}\n{BASE64}{LINES[-1]}\n",
    f"{LINES[0]}{BASE64}\n{LINES[-1]}\n",
]

ACCEPTED: list[tuple[Callable[[str], bytes | tuple[bytes, ...]], str, bytes | tuple[bytes, ...]]] = [
    (encodings.pem, PEM, CLIENT.der),
    (encodings.pem, PEM.replace("\n", "\r\n"), CLIENT.der),
    (encodings.pem, PEM.rstrip(), CLIENT.der),
    (encodings.pem, ONE_LINE, CLIENT.der),
    (encodings.url_encoded_pem, quote(ONE_LINE), CLIENT.der),
    (encodings.url_encoded_pem, quote(PEM.rstrip()), CLIENT.der),
    (encodings.url_encoded_pem_list, quote(ONE_LINE + PEM.rstrip()), (CLIENT.der, CLIENT.der)),
    (encodings.folded_pem, ONE_LINE.replace("\n", " "), CLIENT.der),
    (encodings.folded_pem, FOLDED, CLIENT.der),
    (encodings.folded_pem, FOLDED.rstrip(), CLIENT.der),
    (encodings.folded_pem, FOLDED.replace("E- M", "E-\tM"), CLIENT.der),
    (encodings.folded_pem, PEM.rstrip().replace("\n", "\t"), CLIENT.der),
    (encodings.folded_pem, PEM.rstrip().replace("\n", "\n\t"), CLIENT.der),
    (encodings.folded_pem, PEM.rstrip().replace("\n", "\r\n\t"), CLIENT.der),
    (encodings.url_encoded_pem, ESCAPED, CLIENT.der),
    (encodings.url_encoded_pem, AWS, CLIENT.der),
    (encodings.url_encoded_pem_list, AWS, (CLIENT.der,)),
    (encodings.url_encoded_pem_list, AWS + quote(OTHER_PEM, safe="+=/"), (CLIENT.der, SELF_SIGNED.der)),
    (encodings.base64_der, BASE64, CLIENT.der),
    (encodings.base64_pem, base64.b64encode(PEM.encode()).decode(), CLIENT.der),
    (encodings.base64_der_list, LIST, (CLIENT.der, INTERMEDIATE.der)),
    (encodings.base64_der_sequence, SEQUENCE, (INTERMEDIATE.der, ROOT.der)),
    (encodings.base64_der_sequence, BASE64, (CLIENT.der,)),
    (encodings.rfc9440, f":{BASE64}:", CLIENT.der),
    (encodings.rfc9440, ":MTIzNA==:", b"1234"),
    (encodings.rfc9440, ":MTIzNA:", b"1234"),
    (encodings.rfc9440, ":MTIzNB==:", b"1234"),
    (encodings.rfc9440, ":MTIzND:", b"1234"),
    (encodings.rfc9440, ":MTIzNDV=:", b"12345"),
    (encodings.rfc9440_list, f":{BASE64}:", (CLIENT.der,)),
    (encodings.rfc9440_list, f":{BASE64}:,:MTIzNA:", (CLIENT.der, b"1234")),
    (encodings.rfc9440_list, f":{BASE64}: ,\t:MTIzNA==:", (CLIENT.der, b"1234")),
    (encodings.latin1_der, CLIENT.der.decode("latin-1"), CLIENT.der),
]

REFUSED: list[tuple[Callable[[str], object], list[str]]] = [
    (encodings.pem, ["", BASE64, PEM + OTHER_PEM, f"x{PEM}", f"{PEM}x", FOLDED, ESCAPED, *UNTIDY]),
    (
        encodings.folded_pem,
        [
            "",
            PEM,
            FOLDED * 2,
            f" {FOLDED}",
            f"{FOLDED} ",
            FOLDED.replace(" M", "  M"),
            FOLDED.replace(" ", "\t", 3),
            FOLDED.rstrip() + "\t",
            FOLDED.replace(LINES[1], f"{LINES[1][:60]} {LINES[1][60:]}"),
            f"{FOLDED},{FOLDED}",
            ESCAPED,
            BASE64,
        ],
    ),
    (
        encodings.url_encoded_pem,
        [
            "",
            PEM,
            FOLDED,
            AWS.replace("+", " "),
            ESCAPED.replace("%2B", "%20"),
            ESCAPED.replace("%0A", "%0"),
            ESCAPED + "%",
            ESCAPED.replace("%2B", "%%202B", 1),
            ESCAPED.replace("%2B", "%2%2B", 1),
            ESCAPED.replace("%2B", "%252B", 1),
            ESCAPED.replace("%2B", "%25,", 1),
            ESCAPED + ESCAPED,
            ESCAPED + "," + ESCAPED,
            "%20" + ESCAPED,
            ESCAPED + "%0A",
            quote(ESCAPED),
            "%00" + ESCAPED,
            *(quote(text, safe="") for text in UNTIDY),
        ],
    ),
    (
        encodings.url_encoded_pem_list,
        ["", PEM, AWS + "," + AWS, AWS + "%20" + AWS, AWS + "x", "x" + AWS, quote(PEM.rstrip() + PEM)]
        + [quote(text) for text in (f"{PEM}\n{PEM}", f"{PEM}\r\n", *UNTIDY)],
    ),
    (
        encodings.base64_der,
        [
            "",
            PEM,
            f" {BASE64}",
            f"{BASE64} ",
            f"{BASE64}\n",
            f"{BASE64},{BASE64}",
            f"{BASE64}=",
            BASE64[:-2],
            "MTIzNA",
            "MTIzNB==",
            base64.urlsafe_b64encode(b"\xff\xff\xff").decode(),
            "(null)",
            "MTIzNA==MTIzNA==",
        ],
    ),
    (
        encodings.base64_pem,
        [BASE64, PEM, "", base64.b64encode(b"\xff").decode()]
        + [base64.b64encode(text.encode()).decode() for text in (PEM + OTHER_PEM, " " + PEM, PEM + "\n", FOLDED)],
    ),
    (encodings.base64_der_list, ["", ",", f"{BASE64},", f",{BASE64}", f"{BASE64}, {BASE64}", f"{BASE64};{BASE64}"]),
    (
        encodings.base64_der_sequence,
        [
            "",
            "AAAA",
            base64.b64encode(ROOT.der[:-1]).decode(),
            base64.b64encode(ROOT.der + b"\x00").decode(),
            f"{BASE64},{BASE64}",
            base64.b64encode(b"\x04\x01x").decode(),
            *(base64.b64encode(octets).decode() for octets in (b"0", b"0\x80\0\0", b"0\x82\x01", b"0\xff", b"0\x01")),
        ],
    ),
    (
        encodings.rfc9440,
        [
            "",
            ":",
            "::",
            ":::",
            BASE64,
            f":{BASE64}",
            f"{BASE64}:",
            f" :{BASE64}:",
            f":{BASE64}:;a=1",
            f":{BASE64}:,:{BASE64}:",
            ":MTIzNA=:",
            ":MTIzNA===:",
            ":M:",
            ":=:",
            ":====:",
            ":MTIz=NA:",
            ":MTIzNA==MTIzNA==:",
            ":MTIz MTIz:",
            ":MTIz_-Iz:",
            ": MTIzNA:",
        ],
    ),
    (
        encodings.rfc9440_list,
        ["", "::", ",", f":{BASE64}:,", f":{BASE64}::{BASE64}:", f":{BASE64}:;:{BASE64}:", f"({BASE64})"],
    ),
    (encodings.latin1_der, ["\u20ac"]),
]


@pytest.mark.parametrize(("decode", "text", "der"), ACCEPTED)
def test_accepted(decode: Callable[[str], object], text: str, der: bytes | tuple[bytes, ...]) -> None:
    assert decode(text) == der


@pytest.mark.parametrize(("decode", "text"), [(decode, text) for decode, texts in REFUSED for text in texts])
def test_refused(decode: Callable[[str], object], text: str) -> None:
    with refused("malformed_certificate"):
        decode(text)


def test_every_encoding_is_tried() -> None:
    tried = {decode.__name__ for decode, _, _ in ACCEPTED} & {decode.__name__ for decode, _ in REFUSED}
    assert tried == set(encodings.__all__)


@pytest.mark.parametrize("text", UNTIDY[:6])
def test_a_file_may_be_untidy(text: str) -> None:
    assert ClientCertificate.from_pem(text) == CLIENT
