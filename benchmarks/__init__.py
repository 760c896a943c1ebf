"""Benchmarks: what a request costs, beside what people would use instead. Run ``make bench``."""
