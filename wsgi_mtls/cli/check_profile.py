"""``wsgi-mtls check-profile``: a server's metadata against a security profile."""

import json
from pathlib import Path
from urllib.parse import urlsplit

import click

from ..https.configured import ConfiguredEndpoint
from ..https.exchange import FetchFailed
from ..profiles import ProfileFinding, check_fapi2
from ..profiles.fapi2 import NOT_IN_METADATA
from .failure import Failure, failing_plainly

_FILE = click.Path(path_type=Path)
_WELL_KNOWN = "/.well-known/oauth-authorization-server"
_OPENID = "/.well-known/openid-configuration"


@click.command("check-profile")
@click.argument("profile", type=click.Choice(["fapi2"]))
@click.argument("url")
@click.option("--ca", type=_FILE, help="The CAs that the server's certificate is validated against, PEM.")
@click.option("--certificate", type=_FILE, help="A client certificate, for a server that asks for one, PEM.")
@click.option("--private-key", type=_FILE, help="Its private key, PEM.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def check_profile(
    profile: str, url: str, ca: Path | None, certificate: Path | None, private_key: Path | None, as_json: bool
) -> None:
    """Print what an authorization server's metadata lack for a PROFILE.

    Each line names the section of the profile. URL is the issuer, or that of the metadata. The profile fapi2 is the
    FAPI 2.0 Security Profile. What no metadata show is listed too, for you to check. Exits with 1 where something is
    missing.
    """
    with failing_plainly():
        metadata, issuer = fetch_metadata(url, ca=ca, certificate=certificate, private_key=private_key)
    findings = check_fapi2(metadata, issuer)
    click.echo(_to_json(profile, issuer, findings) if as_json else "\n".join(_to_lines(issuer, findings)))
    if not all(finding.is_met for finding in findings):
        raise SystemExit(1)


def fetch_metadata(
    url: str, *, ca: Path | None, certificate: Path | None, private_key: Path | None
) -> tuple[dict[str, object], str]:
    """Fetch an issuer's metadata, and return them with the expected issuer.

    Raises:
        Failure: If they cannot be fetched, or are not an object.
        ValueError: If the URL is not https, or there is a certificate without its key.
        OSError: If a file cannot be read.
    """
    failures = []
    for address, issuer in metadata_urls(url):
        try:
            endpoint = ConfiguredEndpoint(address, ca=ca, certificate=certificate, private_key=private_key)
            document = endpoint.get_json()
        except FetchFailed as error:
            failures.append(str(error))
            continue
        if not isinstance(document, dict):
            raise Failure(f"{address}: Expected a JSON object.")
        return document, issuer
    raise Failure(" ".join(failures))


def metadata_urls(url: str) -> list[tuple[str, str]]:
    """Return the URLs at which metadata may be found, each with its issuer."""
    parts = urlsplit(url)
    if parts.path.startswith(_WELL_KNOWN):
        return [(url, parts._replace(path=parts.path.removeprefix(_WELL_KNOWN)).geturl())]
    if parts.path.endswith(_OPENID):
        return [(url, parts._replace(path=parts.path.removesuffix(_OPENID)).geturl())]
    path = parts.path.rstrip("/")
    return [(parts._replace(path=found).geturl(), url) for found in (f"{_WELL_KNOWN}{path}", f"{path}{_OPENID}")]


def _to_lines(issuer: str, findings: tuple[ProfileFinding, ...]) -> list[str]:
    missing = sum(not finding.is_met for finding in findings)
    lines = [f"{issuer}: FAPI 2.0 Security Profile, {missing} of {len(findings)} requirements missing"]
    for finding in findings:
        lines.append(f"  {'ok     ' if finding.is_met else 'missing'}  {finding.section}  {finding.requirement}")
        if finding.problem is not None:
            lines.append(f"           {finding.problem}")
    return [*lines, "Not shown by metadata, check it yourself:", *(f"  {text}" for text in NOT_IN_METADATA)]


def _to_json(profile: str, issuer: str, findings: tuple[ProfileFinding, ...]) -> str:
    listed = [
        {
            "section": finding.section,
            "requirement": finding.requirement,
            "met": finding.is_met,
            "problem": finding.problem,
        }
        for finding in findings
    ]
    met = all(finding.is_met for finding in findings)
    return json.dumps(
        {
            "profile": profile,
            "issuer": issuer,
            "met": met,
            "findings": listed,
            "not_in_metadata": NOT_IN_METADATA,
        }
    )
