"""The classifier with scikit-learn's interface: its own checks, and where it is used."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import pffspike
from pffspike import PFFClassifier

pytestmark = pytest.mark.numba
X, Y = load_iris(return_X_y=True)
KINDS = np.array(["setosa", "versicolor", "virginica"])[Y]
SMALL = {"hidden": (100, 100), "epochs": 40, "engine": "numba", "trials": 1}


def checks(estimator, marks=()):
    """Each check of scikit-learn; older versions give a generator, which pytest no longer likes."""
    given = parametrize_with_checks([estimator])
    names = given.kwargs["ids"]
    return [pytest.param(*each, marks=marks, id=names(each[1])) for each in given.args[1]]


@pytest.mark.parametrize(
    ("estimator", "check"),
    [
        *checks(PFFClassifier((20, 20), epochs=5, trials=1, engine="numba")),
        *checks(PFFClassifier(engine="numba"), pytest.mark.slow),
    ],
)
def test_the_checks_of_scikit_learn(estimator, check):
    """All of them; none is expected to fail."""
    check(estimator)


@pytest.fixture(scope="module")
def model():
    return PFFClassifier(**SMALL).fit(X[::2], KINDS[::2])


def test_answers_are_labels_and_those_of_the_library(model):
    assert model.classes_.tolist() == ["setosa", "versicolor", "virginica"]
    answers = model.predict(X[1::2])
    assert np.mean(answers == KINDS[1::2]) == model.score(X[1::2], KINDS[1::2]) > 0.85
    drive = model.trained_.coding.encode(model.trained_.scaling.grey(X[1::2]), 255)
    by_goodness, one_pass = (
        pffspike.classify(model.trained_, drive, mode, execution=pffspike.Execution("numpy"))
        for mode in ("goodness", "one_pass")
    )
    scores = by_goodness.scores + 24 * one_pass.scores / 16  # thresholds 14 and 10, 16 steps
    np.testing.assert_array_equal(answers, model.classes_[scores.argmax(axis=1)])
    other = clone(model).set_params(mode="goodness")
    other.__dict__.update({k: v for k, v in vars(model).items() if k.endswith("_")})
    np.testing.assert_array_equal(other.predict(X[1::2]), model.classes_[by_goodness.predicted])


@pytest.mark.parametrize("mode", ["both", "goodness", "one_pass", "feedback", "proposal"])
def test_every_mode_agrees_with_its_scores(model, mode):
    other = clone(model).set_params(mode=mode)
    other.__dict__.update({k: v for k, v in vars(model).items() if k.endswith("_")})
    scores = other.decision_function(X)
    np.testing.assert_array_equal(other.predict(X), other.classes_[scores.argmax(axis=1)])
    np.testing.assert_array_equal(other.predict_proba(X).argmax(axis=1), scores.argmax(axis=1))


def test_an_answer_depends_on_nothing_but_the_sample(model):
    some = np.array([3, 70, 140, 70])
    np.testing.assert_array_equal(
        model.decision_function(X)[some], model.decision_function(X[some])
    )
    np.testing.assert_array_equal(model.transform(X)[some], model.transform(X[some]))


def test_it_is_used_where_estimators_are(model):
    line = make_pipeline(StandardScaler(), PFFClassifier(**SMALL))
    assert cross_val_score(line, X, KINDS, cv=3).mean() > 0.85
    search = GridSearchCV(PFFClassifier(**SMALL), {"hidden": [(5,), (100, 100)]}, cv=2).fit(X, Y)
    assert search.best_params_["hidden"] == (100, 100)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.decision_function(X), model.decision_function(X))


def test_samples_are_rebuilt_and_made(model):
    """Better than the mean sample; and taken for their class."""
    rates = model.transform(X)
    assert rates.shape == (150, 200)
    assert 0 <= rates.min() <= rates.max() <= 1
    rebuilt = model.inverse_transform(rates)
    scale = X.std(axis=0)
    error = np.square((rebuilt - X) / scale).mean()
    assert error < 0.6 * np.square((X.mean(axis=0) - X) / scale).mean()
    values, labels = model.sample(4, y=["virginica", "setosa"])
    assert labels.tolist() == ["virginica"] * 4 + ["setosa"] * 4
    assert np.mean(model.predict(values) == labels) > 0.8


def test_learning_in_parts():
    model = PFFClassifier(**SMALL)
    with pytest.raises(ValueError, match="needs all labels"):
        model.partial_fit(X[:10], KINDS[:10])
    order = np.argsort(np.arange(150) * 61 % 150)
    for _ in range(8):
        for part in np.array_split(order, 3):
            model.partial_fit(X[part], KINDS[part], classes=np.unique(KINDS))
    assert model.score(X, KINDS) > 0.8
    with pytest.raises(ValueError, match="'tulip' is none of the classes"):
        model.partial_fit(X[:1], ["tulip"])


def test_pictures_keep_their_shape():
    data = pffspike.load_data("digits")
    some = data.train_labels < 3
    images = data.train_images[some][:150].reshape(-1, 8, 8)
    model = PFFClassifier(**SMALL).fit(images, data.train_labels[some][:150])
    assert model.trained_.data.shape == (8, 8)
    assert model.trained_.scaling is None
    assert model.inverse_transform(model.transform(images[:2])).shape == (2, 64)
    flat = PFFClassifier(**SMALL, shape=(8, 8)).fit(
        images.reshape(-1, 64), data.train_labels[some][:150]
    )
    assert flat.trained_.parameters.equal(model.trained_.parameters)


def test_wrong_settings_are_one_sentence():
    for settings, sentence in (
        ({"mode": "late"}, "late"),
        ({"hidden": (0,)}, "hidden"),
        ({"engine": "nunba"}, "did you mean 'numba'"),
        ({"mode": "gut"}, "gut"),
        ({"epochs": 0}, "epochs = 0"),
        ({"hidden": 40}, r"hidden = 40 must list sizes, such as \(40,\)"),
        ({"trials": 0}, "trials = 0"),
        ({"temperature": 0.0}, "temperature = 0.0"),
    ):
        with pytest.raises(ValueError, match=sentence):  # before anything is learned
            PFFClassifier(**{**SMALL, **settings}).fit(X, Y)


def test_events_are_samples_too():
    """Fitted, cross-validated, learned in parts; answers depend on a sample's spikes alone."""
    raster = np.random.default_rng(1).random((60, 10, 24)) < 0.02
    kinds = np.array(["left", "right"])[np.arange(60) % 2]
    raster[::2, :, :12] |= np.random.default_rng(2).random((30, 10, 12)) < 0.5
    events = pffspike.Events.from_raster(raster)
    made = PFFClassifier((30, 30), epochs=4, engine="numba", trials=1)
    assert cross_val_score(made, events, kinds, cv=3).mean() > 0.9
    fitted = made.fit(events[:40], kinds[:40])
    assert fitted.n_features_in_ == 24
    answers = fitted.decision_function(events)
    np.testing.assert_array_equal(fitted.decision_function(events[[7, 3]]), answers[[7, 3]])
    assert fitted.transform(events).shape == (60, 60)
    parts = PFFClassifier((30, 30), engine="numba").partial_fit(
        events[:30:2], kinds[:30:2], classes=["left", "right"]
    )
    parts.partial_fit(events[:40], kinds[:40])
    assert parts.trained_.data.binning.units == 24
    for foreign, sentence in (
        (raster.mean(axis=1), "do not change in time, but the network was trained on events"),
        (events.first(5), "are 5 steps of 24 neurons, but the network was trained on 10 steps"),
    ):
        with pytest.raises(ValueError, match=sentence):
            fitted.predict(foreign)
