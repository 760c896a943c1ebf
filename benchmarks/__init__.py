"""Benchmarks: the cost of a request, compared with the alternatives. Run ``make bench``."""
