"""The rules of RFC 8705: values in, a decision out, without a request and without a report."""
