"""Ground floor: counter-based random numbers and dyadic grids (pure functions, NumPy only)."""
