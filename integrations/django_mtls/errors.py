"""How a certificate can fail to make a user; the core's errors know clients, not users."""

from wsgi_mtls.errors import MutualTLSError


class NoUsername(MutualTLSError):
    """The certificate does not carry the configured name, or ``USERNAME_FROM`` is not set."""

    reason = "no_username"


class SeveralUsernames(MutualTLSError):
    """The certificate carries the configured kind of name more than once: which of them is meant, nobody can tell."""

    reason = "several_usernames"


class MalformedUsername(MutualTLSError):
    """The name has characters that nobody can see, or that no user's name may have."""

    reason = "malformed_username"


class UnknownUser(MutualTLSError):
    """No user carries this very name, byte for byte; one that the database takes for equal is another one."""

    reason = "unknown_user"


class InactiveUser(MutualTLSError):
    """The user must not log in: ``is_active`` is false, or the backend's ``user_can_authenticate`` says so."""

    reason = "inactive_user"


class RegistrationDisabled(MutualTLSError):
    """The certificate is registered for a user and the registration is disabled, so its name does not count either."""

    reason = "registration_disabled"


class SeveralUsers(MutualTLSError):
    """The certificate is registered for more than one user."""

    reason = "several_users"


class RegistrationOverruled(MutualTLSError):
    """The registration links a certificate of another user, and its editor may not link that user."""

    reason = "registration_overruled"
