"""The order of bases that our mixins need.

A mixin that follows the class that it changes would silently do nothing.
"""

from typing import Any


class Mixin:
    """The base of our mixins, which refuses a wrong order of bases.

    Write ``class Server(MutualTLSServerMixin, AuthorizationServer)``, never the reverse.
    """

    def __init_subclass__(cls, **options: Any) -> None:
        """Refuse the wrong order.

        Raises:
            TypeError: If a base before the mixin has what the mixin would change.
        """
        super().__init_subclass__(**options)
        for mixin in (base for base in cls.__mro__ if Mixin in base.__bases__):
            changed = {name for name in vars(mixin) if not name.startswith("__")}
            for before in cls.__mro__[: cls.__mro__.index(mixin)]:
                if not issubclass(before, mixin) and changed & vars(before).keys():
                    raise TypeError(f"class {cls.__name__}: name {mixin.__name__} before {before.__name__}.")
