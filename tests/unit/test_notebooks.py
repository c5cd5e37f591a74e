"""What a notebook shows of values, figures and progress."""

import io
from html.parser import HTMLParser

import nbclient
import nbformat
import pytest
from rich.console import Console

import pffspike
from pffspike import Execution
from pffspike.progress import Bars
from pffspike.text import html_table

LONGEST = 12_000  #: letters of what a notebook shows of a value


class Cells(HTMLParser):
    """The texts of a table's cells; that every element is closed."""

    def __init__(self):
        super().__init__()
        self.open, self.cells = [], []

    def handle_starttag(self, tag, attributes):
        assert tag in ("table", "caption", "thead", "tbody", "tr", "th", "td")
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.cells.append(data)


def cells(html: str) -> list[str]:
    page = Cells()
    page.feed(html)
    assert page.open == []
    return page.cells


@pytest.fixture(scope="module")
def values():
    network = pffspike.load_network("digits", {"pff": {"hidden": [20, 10]}})
    trained = pffspike.TrainedNetwork(network, pffspike.initial(network, 0), 0)
    data = pffspike.first_samples(pffspike.load_data("digits"), test=12)
    run = Execution("numpy")
    images = trained.coding.encode(data.test_images, data.levels)
    priced = pffspike.energy(trained, data, "one_pass", execution=run)
    return {
        "network": network,
        "trained": trained,
        "evaluation": pffspike.evaluate(trained, data, "one_pass", execution=run),
        "inference energy": priced,
        "energy": priced.energies[0],
        "classification": priced.classification,
        "recording": pffspike.run(trained, "one_pass", {"image": images}, execution=run),
        "device": pffspike.load_device("loihi1"),
    }


def test_values_are_short_tables(values):
    shown = {name: cells(value._repr_html_()) for name, value in values.items()}
    for name, value in values.items():
        assert len(value._repr_html_()) < LONGEST, name
    found = values["evaluation"]
    accuracy = next(cell for cell in shown["evaluation"] if " % (" in cell)
    assert accuracy.startswith(f"{100 * found.accuracy:.1f} % (")
    assert "12 of digits" in shown["evaluation"]
    assert "hidden_1" in shown["network"]
    assert "hidden_1" in shown["recording"]
    assert "davies2018" in shown["energy"]
    assert "23.6 pJ, published" in shown["device"]
    assert "Classification, the first 10 of 12 rows" in shown["classification"]


def test_texts_are_escaped():
    html = html_table("<script>", [("a & b", "<i>")], ("<b>", "c"))
    assert cells(html) == ["<script>", "<b>", "c", "a & b", "<i>"]


def test_figures_show_themselves():
    plots = pytest.importorskip("pffspike.plots")
    drawing = plots.shares({"one_pass": {"spike": 1e-6}})
    assert drawing._repr_png_().startswith(b"\x89PNG")


def test_progress_true_is_a_bar_for_each_stage():
    stream = io.StringIO()
    bars = Bars(Console(file=stream, width=80))
    for stage in ("calibrate", "classify"):
        for done in range(3):
            bars(stage, done, 2)
    said = stream.getvalue()
    assert said.count("calibrate") == said.count("classify") == 1
    assert said.count("2/2") == 2


def test_execution_takes_true_for_progress(capsys):
    network = pffspike.load_network("digits", {"pff": {"hidden": [20, 10]}})
    trained = pffspike.TrainedNetwork(network, pffspike.initial(network, 0), 0)
    data = pffspike.first_samples(pffspike.load_data("digits"), test=5)
    pffspike.evaluate(trained, data, "one_pass", execution=Execution("numpy", progress=True))
    assert "numpy one_pass" in capsys.readouterr().err
    assert Execution("numpy", progress=False).progress is None


def test_a_notebook_keeps_the_last_state_of_each_bar(tmp_path):
    """Run by a real kernel: one output a stage, not one a refresh."""
    page = nbformat.v4.new_notebook()
    page.cells = [
        nbformat.v4.new_code_cell(
            "import pffspike\n"
            "from pffspike import Execution\n"
            "network = pffspike.load_network('digits', {'pff': {'hidden': [20, 10]}})\n"
            "trained = pffspike.TrainedNetwork(network, pffspike.initial(network, 0), 0)\n"
            "data = pffspike.first_samples(pffspike.load_data('digits'), test=100)\n"
            "run = Execution('numpy', progress=True)\n"
            "pffspike.evaluate(trained, data, 'one_pass', execution=run)"
        )
    ]
    resources = {"metadata": {"path": str(tmp_path)}}
    nbclient.NotebookClient(page, timeout=120, resources=resources).execute()
    bar, result = page.cells[0].outputs
    assert bar.output_type == "display_data"
    assert "numpy one_pass" in bar.data["text/plain"]
    assert "100/100" in bar.data["text/plain"]
    assert "100 of digits" in result.data["text/html"]
