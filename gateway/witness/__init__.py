"""The witness: a small program of a second team, which keeps ledgers honest and shares nothing with a gateway."""
