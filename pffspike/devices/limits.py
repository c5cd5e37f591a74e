"""What fits on a device."""

from __future__ import annotations

from dataclasses import dataclass, fields

from pffspike.devices.stated import Stated, require
from pffspike.errors import ValidationError


@dataclass(frozen=True)
class Limits:
    """Capacity of a core, and how cores make a chip.

    Synapses of an axon lie in groups of up to ``synapse_group`` weights to consecutive neurons; a
    group of ``k`` weights of ``n`` bits takes ``group_words + ceil(k n / word_bits)`` words.

    Parameters
    ----------
    cores : Stated
        Of a chip.
    compartments : Stated
        Neurons of a core.
    axons_in, axons_out : Stated
        Of a core: entries for neurons whose spikes arrive, and for destinations of its spikes.
    synapse_words, word_bits : Stated
        Synapse memory of a core, and the size of its word.
    synapse_group, group_bits : Stated
        Most weights of a group, and the bits that a group takes beside its weights.
    learning_axons : Stated
        Entries that an incoming axon with learning synapses takes.
    mesh_width, mesh_height, tile_cores : Stated or None
        Tiles of a chip, and the cores of a tile; None: the card states no mesh.
    """

    cores: Stated
    compartments: Stated
    axons_in: Stated
    axons_out: Stated
    synapse_words: Stated
    word_bits: Stated
    synapse_group: Stated
    group_bits: Stated
    learning_axons: Stated
    mesh_width: Stated | None = None
    mesh_height: Stated | None = None
    tile_cores: Stated | None = None

    def __post_init__(self) -> None:
        for field in fields(self):
            low = 0 if field.name == "group_bits" else 1
            require(field.name, getattr(self, field.name), low, 2**31)
        mesh = (self.mesh_width, self.mesh_height, self.tile_cores)
        if any(mesh) != all(mesh):
            raise ValidationError(
                "mesh_width, mesh_height and tile_cores go together; give all or none"
            )
        if self.mesh_width and self.mesh_height and self.tile_cores:
            tiles = self.mesh_width.value * self.mesh_height.value
            if tiles * self.tile_cores.value < self.cores.value:
                raise ValidationError(
                    f"cores = {self.cores.value} do not fit on {tiles} tiles of "
                    f"{self.tile_cores.value} cores"
                )

    def words(self, synapses: int, bits: int) -> int:
        """Words that the synapses of one axon to consecutive neurons take.

        Parameters
        ----------
        synapses : int
        bits : int
            Of a weight.

        Returns
        -------
        int
        """
        whole, rest = divmod(synapses, self.synapse_group.value)
        return whole * self._group(self.synapse_group.value, bits) + (
            self._group(rest, bits) if rest else 0
        )

    def _group(self, synapses: int, bits: int) -> int:
        return -(-(self.group_bits.value + synapses * bits) // self.word_bits.value)
