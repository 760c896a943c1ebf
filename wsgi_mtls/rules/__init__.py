"""The rules of RFC 8705: from values to a decision.

They need no request, and report nothing.
"""
