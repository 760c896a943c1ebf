"""Repairs of cheroot.

Each module names a fault and the release up to which it is needed. ``tests/unit/hardening/test_cheroot_faults.py`` has
a test of each fault in cheroot itself. It fails once the fault is mended.
"""
