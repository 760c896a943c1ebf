"""Repairs of Authlib.

Each module names a fault and the release up to which it is needed. ``tests/flask/authlib/hardening/test_faults.py`` has
a test of each fault in Authlib itself. It fails once the fault is mended.
"""
