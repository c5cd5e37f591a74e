"""``pffspike energy`` and ``pffspike report``: figures to follow, and a page that is whole."""

import dataclasses
import json
import re
from html.parser import HTMLParser

import pytest
from typer.testing import CliRunner

from pffspike import storage, training
from pffspike.cards import load_network
from pffspike.cli.app import app
from pffspike.data import load
from pffspike.engines import make_engine

DATA = load("digits")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    network = load_network(
        "digits", {"pff": {"hidden": [20, 20], "latent": 0}, "training": {"epochs": 1}}
    )
    path = tmp_path_factory.mktemp("net") / "small.h5"
    data = dataclasses.replace(
        DATA, train_images=DATA.train_images[:50], train_labels=DATA.train_labels[:50]
    )
    state = training.begin(network, data, seed=0)
    storage.save(path, training.train(state, data, make_engine("numpy")))
    return path


def run(*arguments):
    return CliRunner().invoke(app, [str(a) for a in arguments])


def test_every_joule_of_the_command_is_a_count_times_a_figure_with_a_source(trained, tmp_path):
    out = tmp_path / "e.json"
    done = run(
        *("energy", trained, "--device", "loihi1", "--device", "cpu", "--mode", "one_pass"),
        *("--images", 5, "--engine", "numpy", "--json", out),
    )
    assert done.exit_code == 0, done.output
    assert "synaptic operation" in done.output
    assert "not counted" in done.output
    factor = {"uJ": 1e-6, "nJ": 1e-9, "pJ": 1e-12}
    for device in json.loads(out.read_text())["modes"]["one_pass"]["devices"].values():
        priced = [row for row in device["rows"] if row["figure"] is not None]
        assert all(row["source"] and row["kind"] for row in priced)
        total = 0.0
        for row in priced:
            joule = row["count"] * row["figure"] * factor[row["unit"]]
            assert row["joule"] == pytest.approx(joule)
            total += joule
        assert device["joule"] == pytest.approx(total)
        assert device["low"] <= device["joule"] <= device["high"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--device", "loihi3"), "device 'loihi3' does not exist"),
        (("--mode", "guess"), "mode 'guess' does not exist"),
        (("--images", "100000"), "more than the 360"),
    ],
)
def test_a_mistake_is_one_sentence(trained, arguments, message):
    done = run("energy", trained, *arguments)
    assert done.exit_code == 2
    assert message in " ".join(done.output.split())


class Page(HTMLParser):
    """Collects what a page refers to, and checks that every element is closed."""

    def __init__(self):
        super().__init__()
        self.open, self.sources, self.headings, self._heading = [], [], [], False

    def handle_starttag(self, tag, attributes):
        self.sources += [value for key, value in attributes if key in ("src", "href")]
        if tag not in ("img", "meta", "br"):
            self.open.append(tag)
        self._heading = tag == "h2"

    def handle_endtag(self, tag):
        assert self.open.pop() == tag
        self._heading = False

    def handle_data(self, data):
        if self._heading:
            self.headings.append(data)


def test_the_report_is_one_whole_page(trained, tmp_path):
    out = tmp_path / "report.html"
    done = run("report", trained, "--images", 10, "--device", "loihi1", "-e", "numpy", "-o", out)
    assert done.exit_code == 0, done.output
    content = out.read_text("utf-8")
    page = Page()
    page.feed(content)
    assert page.open == []
    assert page.sources, "there are pictures"
    assert all(source.startswith("data:image/png;base64,") for source in page.sources)
    assert page.headings == [
        *("Network", "Accuracy", "Activity", "Reconstruction", "Energy"),
        *("Accuracy against energy", "Provenance"),
    ]
    assert "Davies et al., IEEE Micro" in content
    assert re.search(r"23\.6 pJ", content)
    assert storage.load(trained).versions["numpy"] in content
