"""The live page's server: the library's numbers, and nothing that a request could break."""

import asyncio
import base64
import json
import time

import numpy as np
import pytest
from starlette.testclient import TestClient

import pffspike
from commands import call, refused
from pffspike import Events, Execution, LiveNetwork, Mode, Probes, energies, mapping
from pffspike.data import own_dataset
from pffspike.live import timeline
from pffspike.live.application import MOST_BYTES, application
from pffspike.live.question import Question
from pffspike.live.server import check_host
from pffspike.live.worker import BusyError, Worker

SMALL = {"pff": {"hidden": [20, 20], "window": 8, "inference_window": 8, "latent_window": 8}}


@pytest.fixture(scope="module")
def data():
    return pffspike.first_samples(pffspike.load_data("digits"), train=120, test=40)


@pytest.fixture(scope="module")
def trained(data):
    network = pffspike.load_network("digits", SMALL | {"training": {"latent_images": 0}})
    return pffspike.train(network, data, epochs=1, execution=Execution("numpy"))


@pytest.fixture(scope="module")
def live(trained, data):
    return LiveNetwork(
        trained, data, Execution("numpy"), tolerance=0.1, calibration_samples=40, name="net.h5"
    )


@pytest.fixture(scope="module")
def client(live):
    with TestClient(application(live, Worker()), base_url="http://127.0.0.1:8250") as client:
        yield client


def asked(client, path="answer", **question):
    response = client.post(f"/api/{path}", json=question)
    assert response.status_code == 200, response.text
    return response.json()


def raster(presentation, network, name):
    size = network.population(name).size
    bits = np.unpackbits(np.frombuffer(base64.b64decode(presentation["spikes"][name]), np.uint8))
    return bits[: presentation["steps"] * size].reshape(-1, size)


@pytest.mark.parametrize("mode", ["goodness", "one_pass", "feedback", "proposal", "early", "late"])
def test_an_answer_is_that_of_classify(client, live, trained, data, mode):
    told = asked(client, sample=7, mode=mode, noise=0)
    way = mode
    if mode in pffspike.CALIBRATED:
        way = pffspike.calibrate(
            trained,
            data,
            Mode(mode, tolerance=0.1, calibration_samples=40),
            execution=Execution("numpy"),
        )
    images = trained.coding.encode(data.test_images[7:8], data.levels)
    known = pffspike.classify(trained, images, way, execution=Execution("numpy"))
    assert told["predicted"] == known.predicted[0]
    assert told["margin"] == pytest.approx(known.margins[0])
    finite = np.isfinite(known.scores[0])
    scores = [s if ok else None for s, ok in zip(known.scores[0].tolist(), finite, strict=True)]
    assert told["scores"] == scores
    last = told[told["decides"]][-1]
    for label in np.flatnonzero(finite):
        assert last[label] == pytest.approx(known.scores[0, label])
    assert told["true"] == data.test_labels[7]
    counts = energies.counts(known.recordings)
    assert told["costs"]["spikes"][-1] == counts.spikes
    assert told["costs"]["operations"][-1] == counts.synaptic_operations
    assert told["costs"]["steps"][-1] == counts.steps


def test_spikes_are_those_of_a_recorded_run(client, trained, data):
    told = asked(client, sample=3, mode="goodness", noise=5)
    names = pffspike.populations_of(trained.network, "goodness")
    execution = Execution("numpy", 5, probes=Probes(rasters=names))
    images = trained.coding.encode(data.test_images[3:4], data.levels)
    recording = pffspike.classify(trained, images, execution=execution).recordings[0]
    assert [one["under"] for one in told["presentations"]] == list(range(10))
    for label, one in enumerate(told["presentations"]):
        assert set(one["spikes"]) == set(names)
        for name in names:
            found = raster(one, trained.network, name)
            np.testing.assert_array_equal(found, recording.rasters[name][:, label])


@pytest.mark.parametrize("device", ["loihi1", "cortex-m4f", "truenorth"])
@pytest.mark.parametrize("mode", ["goodness", "proposal"])
def test_energy_grows_to_that_of_the_whole_inference(client, trained, data, device, mode):
    told = asked(client, sample=3, mode=mode, device=device)["costs"]
    names = {
        n for p in ("goodness", "one_pass") for n in pffspike.populations_of(trained.network, p)
    }
    images = trained.coding.encode(data.test_images[3:4], data.levels)
    execution = Execution("numpy", probes=Probes(rasters=tuple(sorted(names))))
    answer = pffspike.classify(trained, images, mode, execution=execution)
    card = pffspike.load_device(device)
    whole = energies.energy(
        answer.recordings, card, traffic=mapping.traffic(answer.recordings, card)
    )
    for name in ("events", "total", "whole_chip"):
        known = getattr(whole, name)
        if known is None:
            assert told[name] is None
        else:
            assert told[name][-1] == pytest.approx(known, rel=1e-9)
            assert np.all(np.diff(told[name]) > 0)


def test_labels_that_stopping_ends_end_earlier(trained, data):
    page = LiveNetwork(trained, data, Execution("numpy"), tolerance=0.8, calibration_samples=40)
    told = page.answer(Question(sample=0, mode="early"))
    ends = {one["under"]: one["begin"] + one["steps"] for one in told["presentations"]}
    assert set(ends) == set(range(10))
    assert max(ends.values()) == told["steps"]
    beaten = [label for label, score in enumerate(told["scores"]) if score is None]
    assert beaten
    assert min(ends.values()) < 10  # the full presentation
    for label in beaten:  # its last score stays
        assert told["goodness"][ends[label]][label] == told["goodness"][-1][label]


def test_later_trials_follow_each_other(trained, data):
    images = trained.coding.encode(data.test_images[:1], data.levels)
    names = pffspike.populations_of(trained.network, "goodness")
    execution = Execution("numpy", probes=Probes(rasters=names))
    answer = pffspike.classify(trained, images, Mode("goodness", trials=3), execution=execution)
    found = timeline.passes(answer)
    assert [(p.begin, p.trial) for p in found] == [(0, 0), (10, 1), (20, 2)]
    goodness, _ = timeline.scores(found, 10)
    np.testing.assert_allclose(goodness[-1], answer.scores[0])


def test_a_window_is_that_of_the_library(client, trained, data):
    told = asked(client, sample=1, mode="one_pass", window=32)
    programs = [p for p in trained.network.programs if p.name == "one_pass"]
    assert told["steps"] == 32 + programs[0].burn_in
    assert told["command"] is None


def test_what_is_drawn_is_answered_as_its_grey_values(client, data):
    drawn = asked(client, pixels=data.test_images[5].tolist(), noise=9)
    chosen = asked(client, sample=5, noise=9)
    assert drawn["scores"] == chosen["scores"]
    assert drawn["true"] is None
    assert chosen["true"] == data.test_labels[5]


def test_reconstruction_and_samples_are_those_of_the_library(client, trained, data):
    found = asked(client, "imagine", sample=2, noise=4)
    execution = Execution("numpy", 4)
    images = trained.coding.encode(data.test_images[2:3], data.levels)
    known = pffspike.reconstruct(trained, images, execution=execution).images
    assert found["reconstructions"] == {name: image[0].tolist() for name, image in known.items()}
    samples = pffspike.sample(trained, 8, found["class"], execution=execution)
    assert found["samples"] == samples.images.tolist()


def test_confidence_is_fitted_to_test_samples(client, trained, data):
    found = asked(client, "confidence", sample=0, mode="one_pass")
    images = trained.coding.encode(data.test_images, data.levels)
    answer = pffspike.classify(trained, images, "one_pass", execution=Execution("numpy"))
    right = answer.predicted == data.test_labels
    assert found["samples"] == 40
    assert found["accuracy"] == pytest.approx(right.mean())
    fitted = pffspike.fit_confidence(answer.margins, right)
    assert (found["intercept"], found["slope"]) == (fitted.intercept, fitted.slope)


def test_the_command_that_is_shown_gives_the_same(trained, tmp_path):
    pffspike.save(tmp_path / "net.h5", trained)
    page = LiveNetwork(
        trained,
        pffspike.load_data("digits"),
        Execution("numpy"),
        tolerance=0.2,
        calibration_samples=30,
        name="net.h5",
    )
    for question in (Question(sample=11, noise=3), Question(sample=11, mode="early")):
        told = page.answer(question)
        words = told["command"].split()
        assert words[0] == "pffspike"
        result = call(*words[1:], "-e", "numpy", "--json", "a.json", cwd=tmp_path)
        assert result.exit_code == 0, result.output
        known = json.loads((tmp_path / "a.json").read_text())
        assert known["predicted"] == [told["predicted"]]
        assert known["scores"] == [told["scores"]]


def test_every_response_forbids_what_the_page_does_not_need(client):
    for path in ("/", "/page/style.css", "/page/page.js", "/api/network", "/nothing"):
        headers = client.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert "access-control-allow-origin" not in headers


def test_the_page_needs_nothing_from_elsewhere(client):
    page = client.get("/").text
    assert "<style" not in page
    assert " style=" not in page
    assert " onclick" not in page
    assert 'src="http' not in page
    for name in ("page.js", "charts.js", "drawing.js", "server.js", "style.css", "icon.svg"):
        text = client.get(f"/page/{name}").text.replace("http://www.w3.org/2000/svg", "")
        assert "http://" not in text
        assert "https://" not in text
    assert client.get("/page/__init__.py").status_code == 404
    assert client.get("/page/..%2fserver.py").status_code == 404


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "0.0.0.0", ""])
def test_other_names_of_the_host_are_refused(client, host):
    assert client.get("/api/network", headers={"host": host}).status_code == 400


@pytest.mark.parametrize("host", ["localhost:8250", "127.0.0.1"])
def test_names_of_this_machine_are_taken(client, host):
    assert client.get("/api/network", headers={"host": host}).status_code == 200


def test_other_pages_may_not_ask(client):
    given = {"headers": {"origin": "http://evil.example"}, "json": {"sample": 0}}
    assert client.post("/api/answer", **given).status_code == 403
    own = {"headers": {"origin": "http://127.0.0.1:8250"}, "json": {"sample": 0}}
    assert client.post("/api/answer", **own).status_code == 200
    form = {"data": {"sample": "0"}}  # what a form of another page could send
    assert client.post("/api/answer", **form).status_code == 415


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b"", 400, "not JSON"),
        (b"{", 400, "not JSON"),
        (b"[" * 100_000, 400, "not JSON"),
        (b"[1]", 422, "the question"),
        (b"{}", 422, "a question holds no image"),
        (b'{"sample": 0, "pixels": [1]}', 422, "sample and pixels"),
        (b'{"sample": -1}', 422, "sample = -1"),
        (b'{"sample": 40}', 422, "test samples are 0 to 39"),
        (b'{"sample": 1.5}', 422, "sample = 1.5"),
        (b'{"sample": "0"}', 422, "sample = '0'"),
        (b'{"sample": 0, "window": 3}', 422, "window = 3"),
        (b'{"sample": 0, "window": 4096}', 422, "window = 4096"),
        (b'{"sample": 0, "window": 100000000000}', 422, "window = 100000000000"),
        (b'{"sample": 0, "noise": -1}', 422, "noise = -1"),
        (b'{"sample": 0, "mode": "magic"}', 422, "mode = 'magic'"),
        (b'{"sample": 0, "more": 1}', 422, "no field 'more'"),
        (b'{"pixels": [0, 1]}', 422, "2 pixels"),
        (b'{"pixels": []}', 422, "pixels"),
        (json.dumps({"pixels": [17] * 64}).encode(), 422, "grey values from 0 to 16"),
        (b'{"values": [NaN]}', 422, "values"),
        (b'{"values": [1.0]}', 422, "give pixels"),
        (b'{"sample": 0, "device": "../../etc/passwd"}', 422, "device"),
    ],
)
def test_what_can_not_be_answered_is_one_sentence(client, body, status, said):
    response = client.post(
        "/api/answer", content=body, headers={"content-type": "application/json"}
    )
    assert response.status_code == status, response.text
    text = response.json()["error"]
    assert said in text
    assert "\n" not in text
    assert len(text) < 300
    assert asked(client, sample=0)["predicted"] in range(10)  # and it goes on


def test_a_body_that_is_too_long_is_not_read(client):
    json_type = {"content-type": "application/json"}
    long = b" " * (MOST_BYTES + 1)
    assert client.post("/api/answer", content=long, headers=json_type).status_code == 413
    parts = (b" " * 2**16 for _ in range(100))  # without a length
    assert client.post("/api/answer", content=parts, headers=json_type).status_code == 413


def test_a_fault_of_the_server_is_one_sentence(live, monkeypatch, capfd):
    def broken(*_):
        raise ZeroDivisionError

    monkeypatch.setattr(LiveNetwork, "answer", broken)
    client = TestClient(
        application(live, Worker()), base_url="http://127.0.0.1", raise_server_exceptions=False
    )
    with client:
        response = client.post("/api/answer", json={"sample": 0})
        assert response.status_code == 500
        assert "goes on" in response.json()["error"]
        assert client.get("/api/network").status_code == 200
    assert "ZeroDivisionError" in capfd.readouterr().err


def test_only_so_many_wait_and_only_so_long():
    async def scenario():
        worker = Worker(waiting=1, seconds=0.5)

        def short(_):
            time.sleep(0.2)
            return 1

        def endless(tell):
            while True:
                time.sleep(0.01)
                tell("work", 1, 2)

        inside = [asyncio.create_task(worker.run(short)) for _ in range(2)]
        await asyncio.sleep(0.05)
        with pytest.raises(BusyError, match="ask again"):
            await worker.run(short)
        assert await asyncio.gather(*inside) == [1, 1]
        with pytest.raises(BusyError, match=r"longer than 0\.5 s"):
            await worker.run(endless)
        assert await worker.run(short) == 1
        worker.end()

    asyncio.run(scenario())


def test_addresses_that_let_others_in_are_refused():
    for host in ("0.0.0.0", "::", "192.168.1.2", "example.org"):
        with pytest.raises(pffspike.ValidationError, match="lets other machines in"):
            check_host(host, False)
        check_host(host, True)
    for host in ("127.0.0.1", "localhost", "::1", "127.1.2.3"):
        check_host(host, False)


def test_the_command_refuses_such_an_address(trained, tmp_path):
    pffspike.save(tmp_path / "net.h5", trained)
    told = call("live", "net.h5", "--host", "0.0.0.0", "--no-open", cwd=tmp_path)
    refused(told, "host '0.0.0.0' lets other machines in")
    refused(call("live", "absent.h5", cwd=tmp_path), "absent.h5")
    refused(call("live", "net.h5", "--device", "nothing", cwd=tmp_path), "'nothing'")


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
