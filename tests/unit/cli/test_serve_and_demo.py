"""``wsgi-mtls serve`` and ``demo``, and the program itself."""

import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
from html import unescape
from http.client import HTTPSConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.commands import fails, run
from tests.tls import client_context


def test_serve_bad_arguments(folder: Path) -> None:
    files = ["--certificate", folder / "a.pem", "--private-key", folder / "a.key"]
    for arguments in (
        ["no_such_module:app", *files],
        ["json:nothing", *files],
        ["json:__name__", *files],
        ["", *files],
        [":app", *files],
        ["wsgiref.simple_server:demo_app", "--certificate", folder / "a.pem", "--private-key", folder / "ca.key"],
        ["wsgiref.simple_server:demo_app", "--certificate", folder / "a.key", "--private-key", folder / "a.key"],
        ["wsgiref.simple_server:demo_app", "--certificate", folder / "x", "--private-key", folder / "a.key"],
        ["wsgiref.simple_server:demo_app", *files, "--client-ca", folder / "a.key"],
        ["wsgiref.simple_server:demo_app", *files, "--client-ca", folder / "x"],
        ["wsgiref.simple_server:demo_app", *files, "--port", "70000"],
        ["wsgiref.simple_server:demo_app"],
        [],
    ):
        fails("serve", *arguments)


def test_serve_without_a_module(folder: Path) -> None:
    assert "no_such_module" in fails("serve", "no_such_module:app", "--certificate", "x", "--private-key", "y")


@pytest.mark.parametrize("status", ["3", "'no settings'", ""])
def test_serve_a_module_that_exits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: str) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "exits.py").write_text(f"import sys\nsys.exit({status})\n")
    line = fails("serve", "exits:app", "--certificate", "x", "--private-key", "y")
    assert "exits:app" in line
    assert "when it is imported" in line


def test_serve_names_the_file(folder: Path) -> None:
    files = {"--certificate": folder / "a.pem", "--private-key": folder / "a.key", "--client-ca": folder / "ca.pem"}
    for option in files:
        for wrong in (folder / "no-such-file", folder):
            given = [word for pair in {**files, option: wrong}.items() for word in pair]
            assert str(wrong) in fails("serve", "wsgiref.simple_server:demo_app", *given)


def program(*arguments: object) -> list[str]:
    # A shell's background jobs ignore SIGINT, and so would what they start.
    code = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    code += "from wsgi_mtls.cli import main; main()"
    return [sys.executable, "-c", code, *map(str, arguments)]


def test_serve_a_real_application(tmp_path: Path) -> None:
    from http.client import HTTPSConnection

    from tests.tls import write_server_pair

    certificate, key = write_server_pair(tmp_path)
    (tmp_path / "example.py").write_text(
        "def app(environ, start_response):\n"
        "    start_response('200 OK', [('Content-Type', 'text/plain')])\n"
        "    return [environ['SSL_CLIENT_VERIFY'].encode()]\n"
    )
    command = program("serve", "example:app", "--certificate", certificate, "--private-key", key, "--port", 0)
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        url = process.stderr.readline().strip()
        assert url.startswith("https://127.0.0.1:")
        connection = HTTPSConnection("127.0.0.1", int(url.rpartition(":")[2]), context=client_context(), timeout=20)
        connection.request("GET", "/")
        assert connection.getresponse().read() == b"NONE"
        connection.close()
    finally:
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (0, "", "")


def test_serve_at_an_address_that_is_not_ours(folder: Path) -> None:
    command = ["serve", "json:dumps", "--certificate", folder / "a.pem", "--private-key", folder / "a.key"]
    arguments = program(*command, "--host", "192.0.2.1")
    result = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False)
    assert (result.returncode, result.stdout, len(result.stderr.splitlines())) == (2, "", 1)


def test_demo() -> None:
    result = subprocess.run(program("demo"), capture_output=True, text=True, timeout=120, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stderr == ""
    assert "not as expected" not in result.stdout
    rows = result.stdout.partition("\n\n")[0].splitlines()[1:]
    for name in (
        "PKI, by subject DN",
        "PKI, by DNS name",
        "PKI, by URI",
        "PKI, by IP address",
        "PKI, by e-mail address",
        "self-signed, registered",
        "no certificate",
        "another client's certificate",
        "unknown client",
        "untrusted CA, right name",
        "expired",
        "self-signed where PKI is registered",
        "a DN that only looks alike",
        "certificate and client secret",
    ):
        assert any(row.startswith(name) for row in rows), name
    assert "\n  wsgi-mtls demo --serve   keeps running and prints curl lines" in result.stdout
    readme = (
        (Path(__file__).parents[3] / "README.md")
        .read_text()
        .partition("    make demo\n")[2]
        .partition("It installs")[0]
    )
    shown = [line[4:] for line in readme.splitlines() if line.startswith("    ") and line != "    …"]
    assert len(shown) > 10
    assert set(shown) - set(result.stdout.splitlines()) == set()
    assert "curl --" not in result.stdout  # they would name a folder that is gone


def check_no_server_error(curl: list[str]) -> None:
    """Ask the demo for everything but its one page, with and without the certificate of an accepted curl line."""
    folder = Path(curl[curl.index("--cacert") + 1])
    certificate, key = curl[curl.index("--cert") + 1], curl[curl.index("--key") + 1]
    port = urlsplit(curl[-1]).port
    for with_certificate in (True, False):
        context = ssl.create_default_context(cafile=folder)
        if with_certificate:
            context.load_cert_chain(certificate, key)
        for method, path, status in (
            ("GET", "/accounts", 404),
            ("POST", "/accounts", 404),
            ("GET", "/", 200),
            ("HEAD", "/", 200),
            ("POST", "/", 404),
            ("GET", "/tokens", 404),
            ("GET", "/token", 405),
            ("POST", "/token/", 400),
            ("DELETE", "/token", 405),
        ):
            connection = HTTPSConnection("127.0.0.1", port, context=context, timeout=30)
            connection.request(method, path)
            answer = connection.getresponse()
            answer.read()
            connection.close()
            assert answer.status == status, (method, path)


def statuses_of_the_api(lines: list[str]) -> list[str]:
    """Type what the demo prints about the API: the first line gets the token that the others use."""
    token, *calls = lines
    assert token.startswith("TOKEN=")
    shown = [f'{line} --silent --noproxy "*" --output /dev/null --write-out "%{{http_code}} "' for line in calls]
    script = "\n".join([token, *(line.replace("--include ", "") for line in shown)])
    environ = {**os.environ, "no_proxy": "*"}
    return subprocess.check_output(["sh", "-ec", script], text=True, timeout=60, env=environ).split()


def check_page(curl: list[str], lines: list[str]) -> None:
    """Look at the page, which has the lines that the demo printed."""
    context = ssl.create_default_context(cafile=curl[curl.index("--cacert") + 1])
    for port in {urlsplit(word).port for line in lines for word in line.split() if word.startswith("https://")}:
        connection = HTTPSConnection("127.0.0.1", port, context=context, timeout=30)
        connection.request("GET", "/")
        answer = connection.getresponse()
        page = unescape(answer.read().decode())
        connection.close()
        assert answer.getheader("Content-Type") == "text/html; charset=utf-8"
        assert [line for line in lines if line not in page] == []


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_demo_that_keeps_running(end: signal.Signals) -> None:
    process = subprocess.Popen(program("demo", "--serve"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        lines = list(iter(process.stdout.readline, "Running; Ctrl-C stops it.\n"))
        accepted, refused, *_ = (line.split() for line in lines if line.startswith("  curl "))
        folder = Path(accepted[accepted.index("--cacert") + 1]).parent
        assert (folder / "server.key").exists()
        if shutil.which("curl"):
            quiet = ["--silent", "--noproxy", "*"]
            one, other = (json.loads(subprocess.check_output([*line, *quiet])) for line in (accepted, refused))
            assert (one["client_id"], other["error"]) == ("billing", "invalid_client")
            assert statuses_of_the_api([line.strip() for line in lines if "/accounts" in line or "TOKEN=" in line]) == [
                "200", "401", "401",
            ]  # fmt: skip
        check_no_server_error(accepted)
        check_page(accepted, [line.strip() for line in lines if line.startswith("  ") and "  #" not in line])
    finally:
        process.send_signal(end)
        _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0 if end is signal.SIGINT else 128 + end, "")
    assert not folder.exists()


@pytest.mark.parametrize("times", [1, 2])
def test_demo_that_is_ended_in_its_midst(times: int) -> None:
    process = subprocess.Popen(program("demo"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for _ in range(4):
        process.stdout.readline()
    for _ in range(times):
        process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode in (128 + signal.SIGTERM, 0)  # 0 where it was through


def test_program_fails_in_one_line(tmp_path: Path) -> None:
    for arguments in (["inspect", tmp_path / "nothing"], ["nonsense"], ["pki", "ca", "--days", "0", "--out", "x"]):
        result = subprocess.run(
            program(*arguments), capture_output=True, text=True, cwd=tmp_path, timeout=60, check=False
        )
        assert (result.returncode, result.stdout) == (2, "")
        assert len(result.stderr.splitlines()) == 1
        assert "Traceback" not in result.stderr


def test_without_the_extra(tmp_path: Path) -> None:
    (tmp_path / "click.py").write_text("raise ImportError('no click', name='click')\n")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    result = subprocess.run(program(), capture_output=True, text=True, env=environment, timeout=60, check=False)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == "wsgi-mtls: click is missing; pip install 'wsgi-mtls[cli]'\n"


def test_help_and_version() -> None:
    assert run("--help").exit_code == 0
    assert run("pki", "issue", "-h").exit_code == 0
    assert run("--version").exit_code == 0
