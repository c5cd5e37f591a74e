"""A network on an FPGA: accuracy, cycles and what it takes, by lanes and bits, see README.md."""

import argparse
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
from built import build_cores, chosen
from recordings import recordings
from structure import structure

import pffspike
from pffspike import mapping, plots
from pffspike.devices.fabric import load_fabric
from pffspike.energies import counts, energy
from pffspike.energies.steps import step_time
from pffspike.files import write_whole
from pffspike.fpga import make_plan
from pffspike.fpga.build import SEED
from pffspike.fpga.cycles import cycles, step_cycles
from pffspike.fpga.fit import usage
from pffspike.plots.canvas import OTHERS, figure, styled
from pffspike.studies.script import run_script

BITS, LANES = (8, 6, 4), (4, 8, 16, 32, 64)
MEGAHERTZ = 50.0  #: clock that times of an inference are given for
PARTS = {"keys": "keys", "draw": "draw: neurons", "deliver": "deliver: spikes"}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fast", action="store_true", help="3 epochs, 40 images, fewer settings")
    parser.add_argument(
        "--build", action="store_true", help="place and route the range of built.py, and end"
    )
    parser.add_argument(
        "--core", action="append", default=[], metavar="HIDDEN-BITS-LANES", help="of --build"
    )
    parser.add_argument("--seed", type=int, default=SEED, help="of nextpnr, for --build")
    parser.add_argument("-o", "--output", type=Path, default=Path("results/12-fpga"))
    return parser.parse_args()


def study(trained, data, images, options):
    """Rows of the table: one a number of bits and of lanes."""
    card, rows = load_fabric("ecp5-85"), []
    for bits in BITS[:1] if options.fast else BITS:
        quantized = pffspike.quantize(trained, bits).trained
        found = recordings(quantized, images)
        for lanes in LANES[1:3] if options.fast else LANES:
            plan = make_plan(quantized, lanes=lanes)
            row = {"bits": bits, "lanes": lanes, **asdict(usage(plan, card))}
            for program, (recording, answers) in found.items():
                row[f"{program} accuracy"] = float(np.mean(answers == data))
                row[f"{program} cycles"] = float(cycles(plan, recording).mean())
            rows.append(row)
            print(row, flush=True)
        if bits == BITS[0]:
            timeline(make_plan(quantized), found["one_pass"][0], options.output / "timeline.png")
            plots.save(structure(make_plan(quantized)), options.output / "structure.png")
    return rows


def beside(trained, images):
    """The same network elsewhere: Loihi 1 by its card, and a core of this machine, by program."""
    quantized, card = pffspike.quantize(trained, BITS[0]).trained, pffspike.load_device("loihi1")
    found = {}
    for program, (recording, _) in recordings(quantized, images).items():
        traffic, steps = mapping.traffic([recording], card), counts([recording]).steps
        assert card.static is not None
        assert traffic is not None
        step = step_time(card.static, steps, None, traffic).si
        execution = pffspike.Execution("fastest", jobs=1)
        pffspike.classify(quantized, images[:1], program, execution=execution)
        start = time.process_time()
        pffspike.classify(quantized, images, program, execution=execution)
        taken = (time.process_time() - start) / len(images)
        joule = energy([recording], card, traffic=traffic).total
        found[program] = {"loihi1 s": steps * step, "loihi1 J": joule, "core s": taken}
    return found


@styled
def timeline(plan, recording, path):
    """Draw the cycles of the first presentation, step by step."""
    drawing = figure(6.4, 2.6)
    axes, left = drawing.subplots(), 0
    parts = step_cycles(plan, recording)
    for step in range(recording.program.steps):
        for (name, label), colour in zip(PARTS.items(), OTHERS, strict=False):
            width = int(parts[name][step, 0])
            shown = label if step == 0 else None
            (bar,) = axes.barh(list(PARTS).index(name), width, left=left, color=colour, label=shown)
            bar.set(edgecolor=colour, linewidth=0.6)
            left += width
    axes.set_yticks(range(len(PARTS)), list(PARTS.values()))
    axes.set_xlabel(f"cycle of one pass, {plan.lanes} lanes")
    axes.invert_yaxis()
    path.parent.mkdir(parents=True, exist_ok=True)
    drawing.savefig(path)


def table(rows):
    """The rows as Markdown."""
    head = ("bits", "lanes", "multipliers", "block RAMs", "one pass", "cycles", "ms at 50 MHz")
    lines = [
        "| " + " | ".join((*head, "goodness", "cycles", "ms at 50 MHz")) + " |",
        "| --- " * 10 + "|",
    ]
    for row in rows:
        cells = [row["bits"], row["lanes"], row["multipliers"], row["block_rams"]]
        for program in ("one_pass", "goodness"):
            taken = row[f"{program} cycles"]
            cells += [f"{100 * row[f'{program} accuracy']:.1f} %", f"{taken:,.0f}"]
            cells.append(f"{taken / MEGAHERTZ / 1e3:.2f}")
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines) + "\n"


def comparison(rows, others):
    """The core of 16 lanes and 8 bits beside the others, as Markdown."""
    core = next(row for row in rows if (row["bits"], row["lanes"]) == (8, 16))
    lines = [
        "| program | FPGA, 50 MHz | Loihi 1, estimate | a core of this machine |",
        "| --- " * 4 + "|",
    ]
    for program, other in others.items():
        cells = [f"{core[f'{program} cycles'] / MEGAHERTZ / 1e3:.2f} ms"]
        cells.append(f"{1e3 * other['loihi1 s']:.2f} ms, {1e6 * other['loihi1 J']:.1f} µJ")
        lines.append("| " + " | ".join([program, *cells, f"{1e3 * other['core s']:.2f} ms"]) + " |")
    return "\n".join(lines) + "\n"


def main():
    options = arguments()
    if options.build:
        build_cores(chosen(options.core), options.seed, options.output)
        return
    data = pffspike.load_data("digits")
    epochs = 3 if options.fast else None
    trained = pffspike.train("digits", epochs=epochs, execution=pffspike.Execution(seed=0))
    number = 40 if options.fast else len(data.test_images)
    images = pffspike.probabilities(data.test_images[:number], data.levels)
    rows = study(trained, data.test_labels[:number], images, options)
    options.output.mkdir(parents=True, exist_ok=True)
    write_whole(options.output / "results.json", json.dumps(rows, indent=1) + "\n")
    others = beside(trained, images)
    write_whole(options.output / "beside.json", json.dumps(others, indent=1) + "\n")
    write_whole(options.output / "table.md", f"{table(rows)}\n{comparison(rows, others)}")
    expected = json.loads((Path(__file__).parent / "expected.json").read_text("utf-8"))
    if rows != expected["fast" if options.fast else "full"]:
        sys.exit("error: results.json is not what expected.json says")


if __name__ == "__main__":
    run_script(main)
