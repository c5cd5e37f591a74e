"""Accuracy against the bits of weights, see README.md."""

import argparse
import json
import statistics
from pathlib import Path

import pffspike
from pffspike import storage
from pffspike.cards import toml
from pffspike.devices import load_device
from pffspike.errors import PffspikeError
from pffspike.files import write_whole
from pffspike.quantization.sweep import sweep
from pffspike.studies.script import run_script

BITS = (8, 6, 5, 4, 3, 2)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fast", action="store_true", help="digits, 3 epochs, one seed")
    parser.add_argument("--mnist", type=Path, help="file of a network trained on MNIST")
    parser.add_argument("--data", type=Path, help="folder with MNIST")
    parser.add_argument("--device", default="loihi1", help="device card with formats")
    parser.add_argument("-o", "--output", type=Path, default=Path("results/04-quantization"))
    return parser.parse_args()


def digits(output, seed, epochs):
    """Trained digits network, from its file if it has been trained before."""
    path = output / f"digits-{seed}-{epochs or 'card'}.h5"
    if path.exists():
        return storage.load(path)
    print(f"training {path}", flush=True)
    trained = pffspike.train("digits", epochs=epochs, execution=pffspike.Execution(seed=seed))
    storage.save(path, trained)
    return trained


def mean(tables):
    """Mean accuracy of rows over seeds, and its standard error if there are several."""
    return [averaged(rows) for rows in zip(*tables, strict=True)]


def averaged(rows):
    """One row of the same row of several seeds."""
    by_mode = {mode: [row.accuracy[mode] for row in rows] for mode in rows[0].accuracy}
    found = {
        "bits": rows[0].bits,
        "rounding": rows[0].rounding,
        "accuracy": {mode: statistics.fmean(values) for mode, values in by_mode.items()},
    }
    if len(rows) > 1:
        found["deviation"] = {
            mode: statistics.stdev(values) / len(values) ** 0.5 for mode, values in by_mode.items()
        }
    return found


def markdown(title, table, device):
    modes = list(table[0]["accuracy"])
    lines = [
        f"## {title}, formats of {device}",
        "",
        "| bits | rounding | " + " | ".join(modes) + " |",
        "|" + " --- |" * (len(modes) + 2),
    ]
    for row in table:
        figures = (f"{100 * row['accuracy'][mode]:.2f} %" for mode in modes)
        first = f"| {row['bits'] or 'trained'} | {row['rounding']} | "
        lines.append(first + " | ".join(figures) + " |")
    return "\n".join(lines) + "\n"


def main():
    options = arguments()
    options.output.mkdir(parents=True, exist_ok=True)
    device = load_device(options.device)
    seeds, epochs = ((0,), 3) if options.fast else ((0, 1, 2), None)
    data = pffspike.load_data("digits")
    trained = [digits(options.output, seed, epochs) for seed in seeds]
    plural = f"{len(seeds)} seeds" if len(seeds) > 1 else f"{epochs} epochs, one seed"
    tables = {
        f"digits, {plural}": mean([sweep(state, data, BITS, device=device) for state in trained])
    }
    if options.mnist:
        state = storage.load(options.mnist)
        images = pffspike.load_data("mnist", options.data)
        title = f"mnist, {state.network.name}, one seed"
        tables[title] = toml.plain(sweep(state, images, BITS, device=device))
        for row in tables[title]:
            row.setdefault("bits", None)
    write_whole(options.output / "results.json", json.dumps(tables, indent=1) + "\n")
    text = "\n".join(markdown(title, table, device.name) for title, table in tables.items())
    write_whole(options.output / "table.md", text)
    print(text)
    try:
        from pffspike import plots
        from pffspike.plots.quantization import accuracy_by_bits
    except PffspikeError as error:
        print(error)
        return
    plots.save_all(accuracy_by_bits(tables), options.output / "accuracy.png")


if __name__ == "__main__":
    run_script(main)
