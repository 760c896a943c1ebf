"""The page of the demo's servers, for a person who opens one in a browser."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_STYLE = """
:root { color-scheme: light dark; --text: #1f2328; --soft: #59636e; --back: #fff; --box: #f6f8fa; --line: #d1d9e0; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6edf3; --soft: #9da7b3; --back: #0d1117; --box: #161b22; --line: #30363d; }
}
body { margin: 0 auto; max-width: 60rem; padding: 2rem 1rem; background: var(--back); color: var(--text);
       font: 1rem/1.55 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: 0 0 .5rem; }
h2 { font-size: 1.05rem; margin: 2rem 0 .5rem; }
p { margin: 0 0 .75rem; color: var(--soft); }
pre { margin: 0 0 .75rem; padding: .75rem 1rem; background: var(--box); border: 1px solid var(--line);
      border-radius: .5rem; font: .85rem/1.5 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
"""


@dataclass(frozen=True, slots=True)
class Example:
    """Something to try.

    Attributes:
        title: what it shows, and what comes.
        lines: for a shell, one after the other.
    """

    title: str
    lines: tuple[str, ...]


@dataclass(slots=True)
class DemoPage:
    """One page for all servers of the demo.

    Attributes:
        examples: what to try, once all servers run.
    """

    examples: list[Example] = field(default_factory=list)

    def before(self, app: "WSGIApplication") -> "WSGIApplication":
        """Return an application that answers ``/`` with the page.

        ``app`` answers everything else.
        """

        def serve(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
            if environ.get("PATH_INFO") != "/" or environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
                return app(environ, start_response)
            content = self.html().encode()
            headers = [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(content)))]
            start_response("200 OK", headers)
            return [b"" if environ["REQUEST_METHOD"] == "HEAD" else content]

        return serve

    def html(self) -> str:
        """Return the page."""
        blocks = (
            f"<h2>{escape(example.title)}</h2>\n<pre>{escape(chr(10).join(example.lines))}</pre>"
            for example in self.examples
        )
        return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>wsgi-mtls demo</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>wsgi-mtls demo</h1>
<p>This server authenticates OAuth clients by their TLS certificate (RFC 8705). Its clients are programs. To be one,
type these lines in a shell on the machine where the demo runs.</p>
{chr(10).join(blocks)}
</body>
</html>
"""
