"""docs/tutorial.md, typed line by line: from nothing to a bound token behind nginx."""

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGTERM
from time import monotonic, sleep

from wsgi_mtls.cli.terminators import DEPLOY, LOOPBACK, free_port

from .conftest import skip_without

PAGE = (Path(__file__).parents[2] / "docs" / "tutorial.md").read_text()
STEP = re.compile(r"^## \d\. (?P<title>.*)\n(?P<text>(?:(?!^## ).*\n)*)", re.MULTILINE)
STEPS = {step["title"]: step["text"] for step in STEP.finditer(PAGE)}
COMMANDS = re.compile(r"^```sh\n(?P<lines>.*?)^```\n(?P<printed>(?:\n(?:    [^\n]*\n)+)?)", re.DOTALL | re.MULTILINE)
FILES = re.compile(r"^<!-- file: (?P<name>\S+) -->\n```\w+\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)
BEFORE = ["Certificates", "The client's registration", "The application", "nginx"]
AFTER = ["A token", "A thief", "Why?"]
SECONDS = 60


class Reader:
    """A reader at a shell, who uses ports that are free here."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "tutorial"
        self.ports = {"8443": str(free_port()), "8000": str(free_port())}
        shutil.copytree(DEPLOY, folder / "deploy")
        self.folder.mkdir()
        for file in FILES.finditer(PAGE):
            (self.folder / file["name"]).write_text(file["text"])

    def type(self, *titles: str) -> str:
        """Type the commands of these steps into one shell, look at what is printed, and return all of it."""
        found = [commands for title in titles for commands in COMMANDS.finditer(STEPS[title])]
        script = "".join(f"{commands['lines']}echo ======\n" for commands in found)
        for port, free in self.ports.items():
            script = script.replace(port, free)
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"], "/usr/sbin"])
        done = subprocess.run(
            ["bash", "-e"],
            input=script,
            env={**os.environ, "PATH": path},
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        for commands, came in zip(found, done.stdout.split("======\n"), strict=False):
            for line in commands["printed"].split("\n"):
                assert re.search(pattern(line), came), (line, came, done.stderr)
        return done.stdout

    @contextmanager
    def servers(self) -> Iterator[None]:
        """Start gunicorn and nginx as the page does, and stop them so."""
        try:
            self.type(*BEFORE)
            wait_for(int(self.ports["8000"]))
            yield
            self.type("Stop")
        except BaseException:
            for pid in self.folder.glob("*.pid"):
                os.kill(int(pid.read_text()), SIGTERM)
            raise


def pattern(line: str) -> str:
    """Return a regular expression of a line that is printed, where … is whatever."""
    return ".*".join(map(re.escape, line.strip().split("…")))


def wait_for(port: int) -> None:
    """Wait until a server that starts in the background listens."""
    deadline = monotonic() + SECONDS
    while True:
        try:
            socket.create_connection((LOOPBACK, port), timeout=SECONDS).close()
        except ConnectionRefusedError:
            assert monotonic() < deadline
            sleep(0.05)
        else:
            return


def test_tutorial(tmp_path: Path) -> None:
    missing = [name for name in ("nginx", "curl", "openssl") if shutil.which(name) is None]
    skip_without(", ".join(missing) and f"not installed: {missing}")
    reader = Reader(tmp_path)
    with reader.servers():
        printed = reader.type(*AFTER)
    assert '"accounts":["DE89' in printed.replace(" ", "")
    thief = printed.split("======\n")[2:4]
    assert [line.count("401") for line in thief] == [3, 1]
    binding = printed.split("======\n")[1]
    (thumbprint,) = set(re.findall(r"[\w-]{43}", binding))
    assert f'"cnf":{{"x5t#S256":"{thumbprint}"}}' in binding.replace(" ", "")
