"""Benchmarks of a request's cost, compared with the alternatives.

Run ``make bench``.
"""
