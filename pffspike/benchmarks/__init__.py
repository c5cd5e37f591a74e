"""The benchmark: engines against a hand-written kernel, a naive Brian2 script, dense products."""
