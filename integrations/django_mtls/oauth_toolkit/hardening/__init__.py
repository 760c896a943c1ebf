"""Repairs of OAuth Toolkit and oauthlib, each with the releases that need it."""
