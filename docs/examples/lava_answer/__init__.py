"""A process of the user's that acts on the read-out: it counts votes and holds the answer."""
