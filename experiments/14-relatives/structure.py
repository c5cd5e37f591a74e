"""What each spiking system of this study needs to learn, read from its specification.

python experiments/14-relatives/structure.py
"""

from __future__ import annotations

from pathlib import Path

from pffspike.baselines.spiking import Spiking, network_of
from pffspike.network import signals, structure
from pffspike.network.spec import Network
from pffspike.studies.config import read_study
from pffspike.studies.script import run_script

COLUMNS = ("phases", "false labels", "synapses downwards", "of these learned", "numbers a synapse")


def main() -> None:
    """Print a table."""
    print("| system | " + " | ".join(COLUMNS) + " |")
    print("|" + " --- |" * (len(COLUMNS) + 1))
    for system in read_study(Path(__file__).parent).systems:
        if isinstance(system.settings, Spiking):
            found = needs(network_of(system.settings, "digits"))
            cells = (str(found[column]) for column in COLUMNS)
            print(f"| {system.name} | " + " | ".join(cells) + " |")


def needs(network: Network) -> dict[str, int | str]:
    """What the program ``train`` shows, and which synapses lead down to hidden populations."""
    program = network.program("train")
    order = [p.name for p in network.populations if p.name.startswith("hidden_")]
    hidden = [name for name in order if not name.endswith("_prediction")]
    enabled = {name for phase in program.phases for name in phase.projections}
    upwards = [*hidden, "readout"]
    down = [
        p
        for p in network.projections
        if p.name in enabled
        and p.pre in upwards
        and p.post in upwards
        and upwards.index(p.pre) > upwards.index(p.post)
    ]
    learned = {name for phase in program.phases for name in phase.learn}
    false = any(
        signals.NEGATIVE in phase.inputs.values() and set(phase.learn) & set(hidden)
        for phase in program.phases
    )
    changing = any(p.post in hidden and p.learning_rate > 0 for p in network.projections)
    return {
        "phases": len(program.phases),
        "false labels": "yes" if false and changing else "no",
        "synapses downwards": sum(int(structure.mask(network, p).sum()) for p in down),
        "of these learned": sum(
            int(structure.mask(network, p).sum())
            for p in down
            if p.post in learned and p.learning_rate > 0
        ),
        "numbers a synapse": 1,  # its weight: traces are of neurons
    }


if __name__ == "__main__":
    run_script(main)
