"""Every spike of the programs that a core runs, on any engine."""

import numpy as np

import pffspike
from pffspike.inference.elimination import Stage, Stimuli, candidate_network, open_stage
from pffspike.inference.goodness import goodness_scores
from pffspike.inference.proposal import propose, ranking

CANDIDATES = 3  #: labels that the read-out proposes


def recordings(trained, images):
    """Every spike of both programs, and the answers."""
    found = {}
    for program in ("one_pass", "goodness"):
        execution = probing(trained.network, program)
        recording = pffspike.run(trained, program, {"image": images}, execution=execution)
        if program == "goodness":
            answers = goodness_scores(recording).argmax(axis=1)
        else:
            counts = recording.counts[trained.network.role("readout").name]
            answers = ranking(counts, recording.samples, 0)[:, 0]
        found[program] = recording, answers
    return found


def proposal(trained, images):
    """Every spike of the mode ``proposal``: recordings of its two parts, and the answers."""
    samples, window = np.arange(len(images)), trained.network.program("goodness").window
    stimuli = Stimuli(images, samples)
    proposed, (first,) = propose(trained, stimuli, CANDIDATES, probing(trained.network, "one_pass"))
    rows, labels = np.nonzero(proposed)
    execution = probing(candidate_network(trained.network), "candidate")
    with open_stage(trained, Stage(window), execution) as session:
        second = session.run({"image": images[rows], "candidate": labels}, samples[rows])
    scores = np.full(proposed.shape, -np.inf)
    scores[rows, labels] = goodness_scores(second)[:, 0]
    return (first, second), scores.argmax(axis=1)


def probing(network, program):
    """Seed 0, and every spike kept."""
    names = pffspike.populations_of(network, program)
    probes = pffspike.Probes(counts=names, rasters=names)
    return pffspike.Execution("fastest", seed=0, probes=probes)
