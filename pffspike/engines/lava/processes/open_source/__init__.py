"""An input population that others can drive."""
