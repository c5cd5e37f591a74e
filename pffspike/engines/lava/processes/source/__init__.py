"""A driven population."""
