"""The Neuromorphic Intermediate Representation (NIR): graphs for others, and our own read back.

Source: Pedersen et al., "Neuromorphic intermediate representation", Nature Communications 15, 8122
(2024).
"""

from pffspike.deployment.nir.profiles import PROFILES, check_profile, graph_of, write_nir
from pffspike.deployment.nir.reading import from_nir

__all__ = ["PROFILES", "check_profile", "from_nir", "graph_of", "write_nir"]
