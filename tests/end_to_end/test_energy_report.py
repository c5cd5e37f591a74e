"""``pffspike energy`` and ``pffspike report``: values to follow, and a page that is whole."""

import dataclasses
import json
import re
from html.parser import HTMLParser

import pytest
from typer.testing import CliRunner

from pffspike import schedules, storage, training
from pffspike.cards import load_network
from pffspike.cli.app import app
from pffspike.data import load
from pffspike.execution import Execution

DATA = load("digits")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    network = load_network("digits", {"pff": {"hidden": [20, 20]}, "training": {"epochs": 1}})
    path = tmp_path_factory.mktemp("net") / "small.h5"
    data = dataclasses.replace(
        DATA, train_images=DATA.train_images[:50], train_labels=DATA.train_labels[:50]
    )
    state = schedules.begin(network, data, seed=0)
    storage.save(path, training.train(state, data, execution=Execution("numpy")))
    return path


def run(*arguments):
    return CliRunner().invoke(app, [str(a) for a in arguments])


def test_every_energy_of_the_command_is_a_count_times_a_value_with_a_source(trained, tmp_path):
    out = tmp_path / "e.json"
    done = run(
        *(
            "--notes",
            "energy",
            trained,
            "--device",
            "loihi1",
            "--device",
            "cpu2015",
            "--mode",
            "one_pass",
        ),
        *("--images", 5, "--engine", "numpy", "--json", out),
    )
    assert done.exit_code == 0, done.output
    assert "synaptic operation" in done.output
    assert "not counted" in done.output
    factor = {"uJ": 1e-6, "nJ": 1e-9, "pJ": 1e-12}
    content = json.loads(out.read_text())["modes"]["one_pass"]
    spread = content["counts"]["spread"]["synaptic_operations"]
    assert 0 < spread["low"] < content["counts"]["synaptic_operations"] < spread["high"]
    for device in content["devices"].values():
        for profile, terms in device["terms"].items():
            known = [term for term in terms if term["value"] is not None]
            assert all(term["source"] and term["kind"] for term in known)
            total = 0.0
            for term in known:
                energy = term["count"] * term["value"] * factor[term["unit"]]
                assert term["energy"] == pytest.approx(energy)
                total += energy
            assert device["total_by_profile"][profile] == pytest.approx(total)
        assert device["total"] == device["total_by_profile"][device["profile"]]
        assert device["events"] <= device["total"] <= device["whole_chip"]
        assert device["low"] < device["total"] < device["high"]


def test_a_device_without_an_energy_of_the_operations_gives_no_value(trained, tmp_path):
    card = tmp_path / "part.toml"
    card.write_text(
        'name = "part"\ndescription = ""\ndefault = "p"\nnot_counted = ["all else"]\n'
        '[profiles.p.spike]\nvalue = 1.0\nunit = "pJ"\nsource = "a test"\nkind = "assumed"\n'
    )
    few = ("--mode", "one_pass", "--samples", 5, "--engine", "numpy", "--json", tmp_path / "e.json")
    done = run("energy", trained, "--device", card, *few)
    assert done.exit_code == 0, done.output
    assert "no value" in done.output
    found = json.loads((tmp_path / "e.json").read_text())["modes"]["one_pass"]["devices"]["part"]
    assert found["events"] is found["total"] is found["whole_chip"] is None
    assert "synaptic_operation" in found["unpriced"]


def test_a_placement_for_speed_shortens_the_step_and_lengthens_nothing_else(trained, tmp_path):
    found = {}
    for objective in ("cores", "speed", "energy"):
        out = tmp_path / f"{objective}.json"
        done = run(
            *(
                "--notes",
                "energy",
                trained,
                "--mode",
                "one_pass",
                "--images",
                5,
                "--engine",
                "numpy",
            ),
            *("--placement", objective, "--json", out),
        )
        assert done.exit_code == 0, done.output
        content = json.loads(out.read_text())
        assert content["placement"] == objective
        found[objective] = content["modes"]["one_pass"]
    assert found["speed"]["counts"] == found["cores"]["counts"]
    chip = {name: result["devices"]["loihi1"]["whole_chip"] for name, result in found.items()}
    assert chip["speed"] < chip["cores"]
    total = {name: result["devices"]["loihi1"]["total"] for name, result in found.items()}
    assert total["energy"] == min(total.values())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--placement", "power"), "placement 'power' is not known; give one of: cores, speed"),
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
        self.open, self.headings, self._heading = [], [], False
        self.found = {"src": [], "href": [], "id": []}
        self.texts, self.tables = [], []

    def handle_starttag(self, tag, attributes):
        for key, value in attributes:
            self.found.get(key, []).append(value)
        if tag == "table":
            self.tables.append(self.open[-1])
        if tag not in ("img", "meta", "br"):
            self.open.append(tag)
        self._heading = tag == "h2"

    def handle_endtag(self, tag):
        assert self.open.pop() == tag
        self._heading = False

    def handle_data(self, data):
        self.texts.append(data)
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
    assert page.found["src"], "there are pictures"
    assert all(source.startswith("data:image/png;base64,") for source in page.found["src"])
    assert page.headings == [
        *("Result", "Accuracy against energy", "Mistakes", "Activity", "Reconstruction"),
        *("Energy", "Network", "Provenance"),
    ]
    assert page.found["href"] == [f"#{place}" for place in page.found["id"]], "contents"
    assert '<meta name="viewport"' in content
    assert set(page.tables) == {"div"}, "wide tables scroll in a box of their own"
    assert not [text for text in page.texts if re.search(r"\de\+\d", text)]
    windows = re.findall(
        r'<td class="number">(\d+)</td>', content[: content.index('id="mistakes"')]
    )
    assert windows.count("16") == 4, "the card's window once a mode"
    assert "Davies et al., IEEE Micro" in content
    assert re.search(r"23\.6 pJ", content)
    assert storage.load(trained).versions["numpy"] in content


def test_the_report_escapes_what_it_is_given(trained, tmp_path):
    state = storage.load(trained)
    network = state.network.replace(description="<b>weights</b> & more")
    storage.save(tmp_path / "named.h5", state.replace(network=network))
    out = tmp_path / "report.html"
    done = run("report", tmp_path / "named.h5", "--images", 5, "-e", "numpy", "-o", out)
    assert done.exit_code == 0, done.output
    assert "&lt;b&gt;weights&lt;/b&gt; &amp; more" in out.read_text("utf-8")


def test_a_network_without_spikes_is_priced_by_its_products(trained, tmp_path):
    out = tmp_path / "a.json"
    few = ("--mode", "one_pass", "--samples", 5, "--engine", "numpy")
    devices = ("--device", "cortex-m4f", "--device", "loihi1")
    done = run("energy", trained, *few, *devices, "--ann", "64,30,10", "--json", out)
    assert done.exit_code == 0, done.output
    content = json.loads(out.read_text())
    terms = {(t["device"], t["profile"], t["event"]): t for t in content["ann"]["terms"]}
    product = terms["cortex-m4f", "small", "multiply_accumulate"]
    assert product["count"] == 64 * 30 + 30 * 10
    assert product["energy_j"] == pytest.approx(product["count"] * product["value_j"])
    assert product["source"]
    spikes = content["modes"]["one_pass"]["devices"]["cortex-m4f"]["total"]
    assert f"{spikes / product['energy_j']:.3g} times" in " ".join(done.output.split())
    alone = run("energy", "--ann", "64,30,10", "--device", "loihi1")
    assert alone.exit_code == 0
    assert "no value" in alone.output, "a chip that knows spikes alone"
    for layers in ("64", "64,", "64,x", "0,5", "-1,2"):
        refused = run("energy", "--ann", layers)
        assert refused.exit_code == 2
        assert "sizes of two layers or more" in " ".join(refused.output.split())
    assert run("energy").exit_code == 2


def test_energies_of_several_networks_have_means_over_seeds(trained, tmp_path):
    state = storage.load(trained)
    storage.save(tmp_path / "other.h5", state.replace(seed=state.seed + 1))
    done = run(
        *(
            "--notes",
            "energy",
            trained,
            tmp_path / "other.h5",
            "--mode",
            "one_pass",
            "--samples",
            5,
        ),
        *("--engine", "numpy", "--json", tmp_path / "e.json", "--csv", tmp_path / "e.csv"),
        *("--latex", tmp_path / "e.tex", "--plot", tmp_path / "e.svg"),
    )
    assert done.exit_code == 0, done.output
    content = json.loads((tmp_path / "e.json").read_text())
    (row,) = content["over_seeds"]
    totals = [
        c["modes"]["one_pass"]["devices"]["loihi1"]["total"] for c in content["files"].values()
    ]
    assert row["energy_j"] == pytest.approx(sum(totals) / 2)
    assert len((tmp_path / "e.csv").read_text().splitlines()) == 3
    assert r"one\_pass & loihi1 & 2" in (tmp_path / "e.tex").read_text()
    assert (tmp_path / "e.svg").stat().st_size > 1000
