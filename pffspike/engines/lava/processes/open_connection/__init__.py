"""A projection whose weights are a variable."""
