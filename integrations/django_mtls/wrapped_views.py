"""Private answers of views that wrap the request, as REST framework does."""

from collections.abc import Collection
from functools import wraps
from typing import Any

from asgiref.sync import iscoroutinefunction

from wsgi_mtls.private import private_cache_control

from .caching import check_not_cached_inside, keep_private, mark_private

_HEADER = "Cache-Control"


def make_view_private(request: Any, headers: Collection[str]) -> None:
    """Make the answer of the view that authenticates a request private.

    It is also private if nothing came to authenticate the request. A decorator of a method sees the wrapper of the
    request, and what it caches middleware sees too late. So the view's headers are set, with which REST framework
    finalizes an answer, and the method is wrapped, as view sets set it.

    Args:
        request: REST framework's request; Django's own has no such view.
        headers: on which an answer must vary that ``cache_page`` keeps before REST framework finalizes it.
    """
    mark_private(request)
    view: Any = (getattr(request, "parser_context", None) or {}).get("view")
    own: dict[str, str] | None = getattr(view, "headers", None)
    method = (request.method or "").lower()
    handler = getattr(view, method, None)
    if own is None:
        return
    before = own.get(_HEADER)
    own[_HEADER] = private_cache_control(before or "")
    if handler is None:
        return

    def finish(request: Any, response: Any) -> Any:
        check_not_cached_inside(request, response, headers)
        if before is None:  # it would replace what the method itself sets, such as no-store
            own.pop(_HEADER, None)
        return keep_private(request, response)

    @wraps(handler)
    def handle(request: Any, *args: Any, **kwargs: Any) -> Any:
        return finish(request, handler(request, *args, **kwargs))

    @wraps(handler)
    async def ahandle(request: Any, *args: Any, **kwargs: Any) -> Any:
        return finish(request, await handler(request, *args, **kwargs))

    setattr(view, method, ahandle if iscoroutinefunction(handler) else handle)
