"""The ways in: what a request can reach that authenticates a client, or accepts a token or a certificate."""
