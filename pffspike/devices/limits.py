"""What fits on a device."""

from __future__ import annotations

from dataclasses import dataclass, fields

from pffspike.devices.sourced import SourcedValue, require
from pffspike.errors import ValidationError


@dataclass(frozen=True)
class Limits:
    """Capacity of a core, and how cores make a chip.

    Synapses of an axon lie in groups of up to ``synapse_group`` weights to consecutive neurons; a
    group of ``k`` weights of ``n`` bits takes ``group_words + ceil(k n / word_bits)`` words.

    Parameters
    ----------
    cores : SourcedValue
        Of a chip.
    compartments : SourcedValue
        Neurons of a core.
    axons_in, axons_out : SourcedValue
        Of a core: entries for neurons whose spikes arrive, and for destinations of its spikes.
    synapse_words, word_bits : SourcedValue
        Synapse memory of a core, and the size of its word.
    synapse_group, group_bits : SourcedValue
        Most weights of a group, and the bits that a group takes beside its weights.
    learning_axons : SourcedValue
        Entries that an incoming axon with learning synapses takes.
    mesh_width, mesh_height, tile_cores : SourcedValue or None
        Tiles of a chip, and the cores of a tile; None: the card gives no mesh.

    Raises
    ------
    ValidationError
        If a value is below 1, or the mesh is incomplete or has too few cores.

    Examples
    --------
    >>> from pffspike.devices import load_device
    >>> load_device("loihi1").limits.words(64, 8)
    9
    """

    cores: SourcedValue
    compartments: SourcedValue
    axons_in: SourcedValue
    axons_out: SourcedValue
    synapse_words: SourcedValue
    word_bits: SourcedValue
    synapse_group: SourcedValue
    group_bits: SourcedValue
    learning_axons: SourcedValue
    mesh_width: SourcedValue | None = None
    mesh_height: SourcedValue | None = None
    tile_cores: SourcedValue | None = None

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
            Number of synapses of the axon.
        bits : int
            Bits of a weight.

        Returns
        -------
        int
            Words of the synapse memory, whole ones.
        """
        whole, rest = divmod(synapses, self.synapse_group.value)
        return whole * self._group(self.synapse_group.value, bits) + (
            self._group(rest, bits) if rest else 0
        )

    def _group(self, synapses: int, bits: int) -> int:
        return -(-(self.group_bits.value + synapses * bits) // self.word_bits.value)
