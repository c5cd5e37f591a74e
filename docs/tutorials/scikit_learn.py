"""
Spikes in scikit-learn
======================

`pffspike.PFFClassifier` is an estimator like any other: it goes into pipelines, cross-validation
and searches, and takes labels that are texts. Here it learns a table of wines, next to a
perceptron.
"""

# %%
# The data: 13 measured features of 178 wines of three growers, to whom we give names.

import numpy as np
from sklearn.datasets import load_wine
from sklearn.metrics import confusion_matrix
from sklearn.model_selection import cross_val_score, train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import pffspike
from pffspike import PFFClassifier

wine = load_wine()
growers = np.array(["Alba", "Barolo", "Cuneo"])[wine.target]
X_train, X_test, y_train, y_test = train_test_split(
    wine.data, growers, test_size=0.25, stratify=growers, random_state=0
)

# %%
# Fit, predict
# ------------
#
# Features need no scaling: each becomes spikes by a code that is learned from the training part.

model = PFFClassifier(hidden=(50, 50), epochs=10, random_state=0)
model.fit(X_train, y_train)
print(f"{model.score(X_test, y_test):.1%} of {len(y_test)} wines are right")
answers = model.predict(X_test)
counts = confusion_matrix(y_test, answers)
confusion = pffspike.plots.confusion(counts)
print(model.predict(X_test[:3]), model.predict_proba(X_test[:3]).round(2))

# %%
# Cross-validation, beside a perceptron of the same size trained by backpropagation. Every fold
# learns its scaling from its own training part.

perceptron = make_pipeline(StandardScaler(), MLPClassifier((50, 50), max_iter=300, random_state=0))
spiking = PFFClassifier(hidden=(50, 50), epochs=5, random_state=0)
for name, estimator in (("spiking", spiking), ("perceptron", perceptron)):
    print(f"{name}: {cross_val_score(estimator, wine.data, growers, cv=3).mean():.1%}")

# %%
# Hidden rates, and back
# ----------------------
#
# ``transform`` gives the rates of the hidden neurons, features for any other estimator.
# ``inverse_transform`` goes back, through the generative circuit, to the units of the table.

rates = model.transform(X_test[:2])
print(rates.shape, f"{(rates > 0).mean():.0%} of the neurons have spiked")
print(
    "alcohol, measured:", X_test[:2, 0], "rebuilt:", model.inverse_transform(rates)[:, 0].round(1)
)

# %%
# The trained network inside is the one that every other function takes:

trained = model.trained_
print(trained)

# %%
# At the command line the same data is ``pffspike train --data wine.csv -o wine.h5``: :doc:`data
# of your own </docs/own-data>`.
