"""The benchmark: every engine against the limit, the common recipe and dense products."""
