"""A program of a network as one hierarchical process."""
