"""Repairs of OAuth Toolkit and oauthlib.

Each module names a fault and the release up to which it is needed. ``tests/oauth_toolkit/hardening/test_faults.py`` has
a test of each fault in the libraries themselves, which fails once the fault is mended.
"""
