"""What follows a training: early stopping, logs, and what `train` prints in the end."""

import csv
import dataclasses
import json

import numpy as np
import pytest

import pffspike
from commands import call, refused
from pffspike import CsvLog, EarlyStopping, Execution, TensorBoard, keep_back

pytestmark = pytest.mark.numba
RUN = Execution("numba", 2)


@pytest.fixture(scope="module")
def data():
    return pffspike.first_samples(pffspike.load_data("digits"), train=240, test=60)


@pytest.fixture(scope="module")
def network():
    return pffspike.load_network("digits", {"pff": {"hidden": [40, 40]}})


def test_a_training_ends_where_nothing_is_gained(network, data):
    learned, kept = keep_back(data, 60)
    np.testing.assert_array_equal(kept.test_images, data.train_images[180:])
    stop = EarlyStopping(kept, patience=2, execution=RUN)
    states = []
    trained = pffspike.train(
        network, learned, epochs=60, callbacks=[states.append, stop], execution=RUN
    )
    best = int(np.argmax(stop.accuracies))
    assert len(stop.accuracies) == best + 3 < 60
    assert trained.finished
    assert trained.samples_done == 180 * (best + 1)
    said = trained.provenance["early_stopping"]
    assert said["samples_planned"] == 60 * 180
    assert said["validation_accuracy"] == stop.accuracies[best]
    shorter = pffspike.train(network, learned, epochs=best + 1, execution=RUN)
    assert trained.parameters.equal(shorter.parameters)
    assert len(states) == 1 + len(stop.accuracies) - 1 or len(states) == len(stop.accuracies)


def test_every_callback_is_told_though_one_ends_the_training(network, data):
    told = []
    pffspike.train(
        network,
        data,
        epochs=3,
        callbacks=[lambda state: True, lambda state: told.append(state.samples_done)],
        execution=RUN,
    )
    assert told == [240]


def test_a_log_is_the_history(network, data, tmp_path):
    path = tmp_path / "log.csv"
    trained = pffspike.train(network, data, epochs=2, callbacks=[CsvLog(path)], execution=RUN)
    with path.open() as file:
        rows = list(csv.DictReader(file))
    assert [int(row["sample"]) for row in rows] == trained.history["sample"].tolist()
    for name, values in trained.history.items():
        assert [float(row[name]) for row in rows] == values.tolist()
    assert float(rows[-1]["epoch"]) == 2.0


def test_tensorboard_reads_the_history(network, data, tmp_path):
    pytest.importorskip("tensorboardX")
    from tensorboardX.proto.event_pb2 import Event

    trained = pffspike.train(
        network, data, epochs=2, callbacks=[TensorBoard(tmp_path / "run")], execution=RUN
    )
    (file,) = (tmp_path / "run").iterdir()
    content, found = file.read_bytes(), []
    while content:  # records: length, its sum, bytes, their sum
        size = int.from_bytes(content[:8], "little")
        event = Event.FromString(content[12 : 12 + size])
        found += [(event.step, v.tag, v.simple_value) for v in event.summary.value]
        content = content[16 + size :]
    steps = [step for step, tag, _ in found if tag == "spikes"]
    assert steps == trained.history["sample"].tolist()
    values = [value for _, tag, value in found if tag == "spikes"]
    np.testing.assert_allclose(values, trained.history["spikes"], rtol=1e-6)


def test_the_command_line_follows_a_training(tmp_path):
    train = ("train", "digits", "-n", 200, "--hidden", "40,40", "-e", "numba", "--epochs", 9)
    done = call(
        *train,
        *("--validation", 50, "--patience", 1, "--log", "log.csv", "--json", "t.json"),
        *("-o", "net.h5"),
        cwd=tmp_path,
    )
    assert done.exit_code == 0, done.output
    trained = pffspike.load(tmp_path / "net.h5")
    assert trained.finished
    assert trained.samples_per_epoch == 150
    assert "early_stopping" in trained.provenance
    assert (tmp_path / "log.csv").read_text().startswith("sample,epoch,")
    accuracy = json.loads((tmp_path / "t.json").read_text())["accuracy"]
    assert f"held-out accuracy (goodness): {100 * accuracy:.1f} % of 360 test images" in done.stdout
    assert "on-line accuracy" in done.stderr
    found = pffspike.evaluate(trained, execution=Execution("numba"))
    assert found.accuracy == accuracy
    refused(call(*train, "--validation", 200, cwd=tmp_path), "200 images kept back leave 0 of 200")
    refused(
        call("train", "--from", "net.h5", "--validation", 5, cwd=tmp_path),
        "--validation does not go with --from",
    )


def test_accuracy_of_unequal_classes(network, data):
    trained = pffspike.train(network, data, epochs=1, execution=RUN)
    some = np.flatnonzero((data.test_labels != 3) | (np.arange(60) % 2 == 0))
    part = dataclasses.replace(
        data, test_images=data.test_images[some], test_labels=data.test_labels[some]
    )
    found = pffspike.evaluate(trained, part, execution=RUN)
    answers, labels = found.classification.predicted, part.test_labels
    expected = [np.mean(answers[labels == c] == c) for c in range(10)]
    np.testing.assert_allclose(found.class_accuracy, expected)
    assert found.balanced_accuracy == pytest.approx(np.mean(expected))
    assert found.balanced_accuracy != found.accuracy
