"""Users of certificates: which user a certificate names, and which editor may link one to a user."""
