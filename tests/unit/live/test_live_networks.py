"""The live page of other networks: without data, quantized, of tables and of events."""

import numpy as np
import pytest

import pffspike
from pffspike import Events, Execution, LiveNetwork
from pffspike.data import own_dataset
from pffspike.live.question import Question


def test_without_data_images_can_be_drawn_but_not_chosen(trained):
    page = LiveNetwork(trained, None, Execution("numpy"))
    told = page.describe()
    assert told["samples"] == 0
    assert not {"early", "late"} & set(told["modes"])
    assert page.answer(Question(pixels=[0] * 64))["true"] is None
    assert page.confidence(Question(pixels=[0] * 64)) == {"samples": 0}
    with pytest.raises(pffspike.ValidationError, match="no test samples here"):
        page.answer(Question(sample=0))
    with pytest.raises(pffspike.ValidationError, match="calibrated on training samples"):
        page.answer(Question(pixels=[0] * 64, mode="early"))


def test_an_untrained_and_a_quantized_network_are_shown(trained, data):
    begun = pffspike.begin(trained.network, data, seed=1)
    page = LiveNetwork(begun, data, Execution("numpy"))
    assert "not trained" in page.describe()["training"]
    assert page.answer(Question(sample=0))["predicted"] in range(10)
    rounded = pffspike.quantize(trained, 8, moments=None)
    page = LiveNetwork(rounded.trained, data, Execution("numpy"))
    assert page.answer(Question(sample=0))["predicted"] in range(10)


def test_a_table_is_set_by_its_values(tmp_path):
    path = tmp_path / "flowers.csv"
    rows = "".join(f"{5 + k % 3},{k % 2 + 0.1 * k},{'ab'[k % 2]}\n" for k in range(20))
    path.write_text(rows)
    data = pffspike.load_own(pffspike.DataSource(str(path), test_share=0.25))
    network = pffspike.network_for(data, hidden=[20, 20])
    page = LiveNetwork(pffspike.begin(network, data, seed=0), data, Execution("numpy"))
    told = page.describe()
    assert told["kind"] == "table"
    assert len(told["features"]) == 2
    sample = page.sample(0)
    values = page.answer(Question(values=sample["values"]))
    chosen = page.answer(Question(sample=0))
    np.testing.assert_allclose(values["scores"], chosen["scores"])
    with pytest.raises(pffspike.ValidationError, match="as many features"):
        page.answer(Question(values=[1.0]))


def test_events_are_chosen_not_drawn():
    number, step = np.arange(30)[:, None, None], np.arange(18)[None, :, None]
    events = Events.from_raster((number + step + np.arange(9)) % 3 == 0)
    given = events, np.arange(30) % 3
    data = own_dataset(*given, given, name="eyes")
    network = pffspike.network_for(data, hidden=[20, 20])
    page = LiveNetwork(pffspike.begin(network, data, seed=0), data, Execution("numpy"))
    told = page.describe()
    assert told["kind"] == "samples"
    assert told["windows"] == [told["window"]]
    assert page.answer(Question(sample=1))["predicted"] in range(3)
    assert len(page.sample(1)["pixels"]) == 9
    with pytest.raises(pffspike.ValidationError, match="can't be drawn"):
        page.answer(Question(pixels=[0] * 9))
