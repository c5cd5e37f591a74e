"""Events from a source of one's own, a trained network, and a process that acts on its read-out.

    python docs/examples/lava_closed_loop.py [trained.h5]

Without a file it trains the digits for one epoch first. The events are pixels that exceed a random
threshold at each step, drawn before the run. Prints the label and the answer of each digit.
"""

from __future__ import annotations

import sys

import numpy as np

import pffspike
from pffspike.lava import PFF

from lava.magma.core.run_conditions import RunSteps  # isort: skip
from lava.magma.core.run_configs import Loihi2SimCfg  # isort: skip
from lava.proc.io.source import RingBuffer  # isort: skip
from lava_answer.process import Answer  # isort: skip

SAMPLES = 10


def main() -> None:
    """Train if needed, connect source, network and answer, and run."""
    trained = (
        pffspike.load(sys.argv[1]) if len(sys.argv) > 1 else pffspike.train("digits", epochs=1)
    )
    data = pffspike.load_data("digits")
    images = pffspike.probabilities(data.test_images[:SAMPLES], data.levels)
    program = trained.network.program("one_pass")
    pff = PFF(trained, "one_pass", samples=np.arange(SAMPLES), external=("image",))
    # A ramp of thresholds for each pixel: it spikes in the share of steps that its grey value is.
    ramp = (np.arange(program.steps)[:, None] * 7 + np.arange(64) * 5) % program.steps
    events = [(image > (ramp + 0.5) / program.steps) for image in images]
    source = RingBuffer(data=np.concatenate(events).T.astype(np.int32))
    answer = Answer(classes=10, steps=program.steps, samples=SAMPLES)
    source.s_out.connect(pff.image_in)
    pff.readout_out.connect(answer.s_in)
    configuration = Loihi2SimCfg(select_tag="fixed_pt", select_sub_proc_model=True)
    pff.run(condition=RunSteps(num_steps=pff.steps), run_cfg=configuration)
    answers = answer.answers.get().astype(int)
    pff.stop()
    print("labels ", *data.test_labels[:SAMPLES])
    print("answers", *answers)
    print(f"{np.mean(answers == data.test_labels[:SAMPLES]):.0%} right")


if __name__ == "__main__":
    main()
