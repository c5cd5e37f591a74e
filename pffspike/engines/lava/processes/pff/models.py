"""The hierarchical model of a network's program."""

from pffspike.engines.lava.processes.circuit.models import CircuitModel
from pffspike.engines.lava.processes.pff.process import PFF


class PFFModel(CircuitModel):
    implements_process = PFF  # protocol and tags are inherited
