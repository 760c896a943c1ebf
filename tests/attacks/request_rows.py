"""Rows about the request of a client whose certificate is right, and whose request is not."""

from .certificates import OTHER
from .row import ClientRow, Refusal, Sent

FORM = "application/x-www-form-urlencoded"
MULTIPART = '--b\r\nContent-Disposition: form-data; name="client_id"\r\n\r\nrp\r\n--b--\r\n'
BASIC = "Basic cnA6czNjcmV0"  # rp:s3cret


def _request(reason: str) -> Refusal:
    return Refusal(400, "invalid_request", reason)


QUERY_AT_AUTHLIB = {"authlib": _request("parameter_in_query")}
"""Authlib would read parameters there, so that the adapter refuses them before it looks further."""
QUERY_AT_OAUTHLIB = {
    f"oauth_toolkit-{name}": Refusal(400, "invalid_request", None) for name in ("token", "revoke_token")
}
"""There oauthlib itself refuses every query (RFC 6749 section 3.2), and the adapter has nothing to report."""

REQUEST_ROWS = [
    ClientRow(number=2, name="no client_id", attacks=(Sent(body="scope=accounts"),),
              expected=_request("missing_client_id")),
    ClientRow(number=2, name="empty client_id", attacks=(Sent(body="client_id="),),
              expected=_request("malformed_client_id")),
    ClientRow(number=3, name="client_id twice", expected=_request("repeated_client_id"),
              attacks=(Sent(body="client_id=rp&client_id=rp"), Sent(body="client_id=other&client_id=rp"),
                       Sent(body="client_id=rp&client%5Fid=rp"))),
    ClientRow(number=5, name="another credential too", expected=_request("multiple_credentials"),
              attacks=(Sent(body="client_id=rp&client_secret=s3cret"),
                       Sent(body="client_id=rp&client_assertion=x.y.z&client_assertion_type=jwt"),
                       Sent(authorization=BASIC), Sent(authorization="basic Og==")),
              accepted=(Sent(), Sent(body="client_id=rp&client_secret="))),  # RFC 6749 section 3.2: omitted
    ClientRow(number=5, name="secret in the query", attacks=(Sent(query="client_secret=s3cret"),),
              expected=_request("multiple_credentials"), apart={**QUERY_AT_AUTHLIB, **QUERY_AT_OAUTHLIB}),
    ClientRow(number=6, name="certificate where an assertion is registered", right=OTHER,
              client={"token_endpoint_auth_method": "private_key_jwt"}, attacks=(Sent(), Sent("other")),
              expected=Refusal(401, "invalid_client", "auth_method_not_registered"), accepted=(Sent("other"),),
              # OAuth Toolkit authenticates such a client itself, and finds no credential of its own.
              apart={"oauth_toolkit": Refusal(401, "invalid_client", None)}),
    ClientRow(number=44, name="client_id in the query", expected=_request("client_id_in_query"),
              attacks=(Sent(query="client_id=other"), Sent(query="client_id=rp"), Sent(query="a=b&client%5fid"),
                       Sent(body="scope=accounts", query="client_id=rp")),
              apart=QUERY_AT_OAUTHLIB),
    # What Authlib's endpoints want beside the client can then only be in the query.
    ClientRow(number=44, name="another media type", expected=_request("unsupported_content_type"),
              apart=QUERY_AT_AUTHLIB,
              attacks=(Sent(body=MULTIPART, content_type="multipart/form-data; boundary=b"),
                       Sent(content_type="text/plain"))),
    # OAuth Toolkit reads the form before the adapter is asked.
    ClientRow(number=44, name="another charset", expected=_request("unsupported_content_type"),
              apart={"oauth_toolkit": _request("malformed_body")},
              attacks=(Sent(content_type=f"{FORM}; charset=utf-16"), Sent(content_type=f"{FORM}; charset=utf-7"),
                       Sent(content_type=f"{FORM}; charset=utf-8; charset=utf-7")),
              accepted=(Sent(), Sent(content_type=f"{FORM}; charset=UTF-8"))),
    ClientRow(number=49, name="client_id that only looks alike",
              attacks=(Sent(body="client_id=RP"), Sent(body="client_id=rp+"), Sent(body="client_id=+rp")),
              expected=Refusal(401, "invalid_client", "unknown_client")),
    ClientRow(number=49, name="client_id that is not ASCII", attacks=(Sent(body="client_id=r%C3%BE"),),
              expected=_request("malformed_client_id")),
    ClientRow(number=49, name="NUL in the client_id", attacks=(Sent(body="client_id=rp%00"),),
              expected=_request("malformed_client_id"), apart={"authlib": _request("malformed_body")}),
]  # fmt: skip
