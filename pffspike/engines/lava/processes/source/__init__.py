"""An input population."""
