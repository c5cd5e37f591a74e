"""What place-and-route says of a range of cores, a file a core, so that a range resumes."""

import json
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from recordings import proposal, recordings

import pffspike
from pffspike.devices.fabric import load_fabric
from pffspike.errors import PffspikeError, ValidationError
from pffspike.files import write_whole
from pffspike.fpga import build, make_plan
from pffspike.fpga.cycles import cycles
from pffspike.fpga.fit import check_fit, usage

CARD = "ecp5-85"
PROGRAMS = {"one_pass": "one pass", "proposal": "proposal", "goodness": "goodness"}
CELLS = {
    "luts": "look-up tables",
    "registers": "registers",
    "multipliers": "multipliers",
    "block_rams": "block RAMs",
}


@dataclass(frozen=True)
class Core:
    """A core of the range: neurons of each of the two hidden populations, bits, and lanes."""

    hidden: int
    bits: int
    lanes: int

    @property
    def name(self):
        """As in the names of files, and after ``--core``."""
        return f"{self.hidden}-{self.bits}-{self.lanes}"


#: The range: lanes at the size of the demo, then sizes.
CORES = (
    *(Core(250, 8, lanes) for lanes in (4, 8, 16, 32, 64)),
    Core(50, 8, 16),
    Core(120, 8, 16),  # the card has groups of ten
    Core(500, 8, 16),
)


def chosen(names):
    """The cores of some names; all of the range without any."""
    known = {core.name: core for core in CORES}
    for name in names:
        if name not in known:
            raise ValidationError(f"there is no core {name!r}; the range has {', '.join(known)}")
    return [known[name] for name in names] or list(CORES)


def build_cores(cores, seed, output):
    """Build what no file is there of, and write ``built.json`` and ``built.md`` of all that is."""
    folder = output / "built"
    folder.mkdir(parents=True, exist_ok=True)
    for core in cores:
        path = folder / f"{core.name}.json"
        row = json.loads(path.read_text("utf-8")) if path.exists() else {}
        if row.get("built", {}).get("seed") != seed:
            row.pop("built", None)
        if not ("refused" in row or all(part in row for part in ("built", *PROGRAMS))):
            print(f"{core.name}: begun", flush=True)
            row = built(core, seed, output, row)
            write_whole(path, json.dumps(row, indent=1) + "\n")
            print(row, flush=True)
        collect(output)


def collect(output):
    """Write ``built.json`` and ``built.md`` of the files that are there, in the range's order."""
    paths = [output / "built" / f"{core.name}.json" for core in CORES]
    rows = [json.loads(path.read_text("utf-8")) for path in paths if path.exists()]
    write_whole(output / "built.json", json.dumps(rows, indent=1) + "\n")
    write_whole(output / "built.md", f"# Cores that were built\n\n{table(rows)}")


def built(core, seed, output, before):
    """One row: the core, its cycles, and what place-and-route says if it did not before."""
    quantized = pffspike.quantize(trained(core.hidden, output), core.bits).trained
    plan, card = make_plan(quantized, lanes=core.lanes), load_fabric(CARD)
    row = {**asdict(core), "identity": plan.identity.hex(), "estimate": asdict(usage(plan, card))}
    try:
        check_fit(plan, card)
    except ValidationError as error:
        return {**row, "refused": str(error)}
    row |= measured(plan, quantized)
    if "built" not in before or before["identity"] != row["identity"]:
        before = {"built": placed(quantized, core.lanes, seed), "tools": tools()}
    return {**row, "built": before["built"], "tools": before["tools"]}


def measured(plan, quantized):
    """Accuracy, and the cycles and steps of an inference, of each program over all test images."""
    data, found = pffspike.load_data("digits"), {}
    images = pffspike.probabilities(data.test_images, data.levels)
    shown = {
        name: ((recording,), answers)
        for name, (recording, answers) in recordings(quantized, images).items()
    }
    shown["proposal"] = proposal(quantized, images)
    for name, (parts, answers) in shown.items():
        found[name] = {
            "accuracy": float(np.mean(answers == data.test_labels)),
            "cycles": float(sum(cycles(plan, each).sum() for each in parts) / len(images)),
            "steps": sum(each.program.steps * each.presentations for each in parts) // len(images),
        }
    return found


def trained(hidden, output):
    """The digits with so many neurons in each hidden population, seed 0, kept in a file."""
    path = output / "built" / f"digits-{hidden}.h5"
    if path.exists():
        return pffspike.load(path)
    network = pffspike.load_network("digits", {"pff": {"hidden": [hidden, hidden]}})
    found = pffspike.train(network, execution=pffspike.Execution(seed=0))
    pffspike.save(path, found)
    return found


def placed(quantized, lanes, seed):
    """What place-and-route says of a core, and how long it took."""
    with tempfile.TemporaryDirectory() as place:
        pffspike.export_fpga(quantized, Path(place) / "core", lanes=lanes)
        start = time.monotonic()
        try:
            found = build.place(Path(place) / "core", seed=seed)
        except build.BuildError as error:
            raise PffspikeError(str(error)) from None
        return {**found, "seed": seed, "seconds": time.monotonic() - start}


def tools():
    """Versions of the tools, as they tell them."""
    said = {"yosys": "-V", "nextpnr-ecp5": "--version"}
    return {tool: build.run_tool(tool, [option], Path()).strip() for tool, option in said.items()}


def table(rows):
    """What was built, as Markdown: cells and clock, then cycles and times, then what is refused."""
    room = load_fabric(CARD).fabric
    cells = [["available", "", "", *(f"{getattr(room, name).value:,}" for name in CELLS), "", ""]]
    times = []
    for row in rows:
        core = [f"2 x {row['hidden']}", row["bits"], row["lanes"]]
        if "refused" in row:
            about = [f"about {row['estimate'][name]:,}" for name in CELLS]
            cells.append([*core, *about, "does not fit", ""])
            continue
        used, clock = row["built"]["used"], row["built"]["megahertz"]
        numbers = [f"{used[name]:,}" for name in CELLS.values()]
        cells.append([*core, *numbers, f"{clock:.1f} MHz", row["built"]["seed"]])
        for program, shown in PROGRAMS.items():
            taken, steps = row[program]["cycles"], row[program]["steps"]
            right, took = f"{100 * row[program]['accuracy']:.1f} %", f"{taken / clock / 1e3:.2f} ms"
            times.append([*core, shown, right, f"{taken / steps:,.0f}", f"{taken:,.0f}", took])
    head = ["hidden", "bits", "lanes"]
    parts = [
        markdown([*head, *CELLS.values(), "clock", "seed"], cells),
        markdown([*head, "program", "right", "cycles a step", "an inference", "time"], times),
    ]
    refused = [
        f"2 x {row['hidden']}, {row['bits']} bits, {row['lanes']} lanes: {row['refused']}"
        for row in rows
        if "refused" in row
    ]
    return "\n".join([*parts, "".join(f"- {each}.\n" for each in refused)])


def markdown(head, rows):
    """A table."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(map(str, line)) + " |\n" for line in lines)
