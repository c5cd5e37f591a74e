# Two environments, both built by uv from pyproject.toml alone:
#   .venv      Python 3.12, newest Brian2, NumPy 2 (the default)
#   .venv-310  Python 3.10, Brian2 2.9.0, NumPy 1.26
# They are brought up to date when pyproject.toml or setup.py has changed.
# Behind a proxy that signs for others, UV_SYSTEM_CERTS=true (of older versions of uv:
# UV_NATIVE_TLS=true) makes uv trust what the system trusts; make passes both on, as all of uv's
# variables, and HTTPS_PROXY.

.DEFAULT_GOAL := help
.PHONY: help env env-310 nir docs docs-links demo test doctest test-310 test-slow lint typecheck
.PHONY: wheel-test clean

# Two processes; a file's tests stay together.
# Files in their order: those with few but long tests, which xdist would put last, come early.
PARALLEL := -n 2 --dist loadfile --no-loadscope-reorder --durations 60

VENV     := .venv
VENV_310 := .venv-310
VENV_NIR := .venv-nir
VENV_DOCS := .venv-docs
SITE     := results/site

# uv sets these aside: an environment that happens to be active, and a lock file.
unexport VIRTUAL_ENV CONDA_PREFIX
# Without stored bytecode each of the many processes of the tests would compile Brian2, SymPy and
# scikit-learn from their sources: some ten seconds apiece.
unexport PYTHONDONTWRITEBYTECODE
export UV_NO_PROGRESS := 1

help:
	@echo "make demo        train, evaluate, deploy and draw on the embedded digits (results/demo)"
	@echo "make doctest     examples of docstrings"
	@echo "make test        tests on Python 3.12 (test-310: on 3.10; test-slow: the slow ones)"
	@echo "make nir         NIR graphs in snnTorch and Norse (downloads torch: some gigabytes)"
	@echo "make docs        the site and the model as PDF (results/site); docs-links: links to others"
	@echo "make lint        ruff      make typecheck   mypy      make wheel-test  the installed wheel"
	@echo "make env         build .venv (env-310: .venv-310)     make clean       remove what was built"

env: $(VENV)/.built
env-310: $(VENV_310)/.built

$(VENV)/.built: PYTHON := 3.12
$(VENV_310)/.built: PYTHON := 3.10

%/.built: pyproject.toml setup.py
	@uv=$$(.ci/get-uv) && \
	{ test -x $*/bin/python || "$$uv" venv --quiet --python $(PYTHON) $*; } && \
	echo "$*: installing for Python $(PYTHON)" && \
	"$$uv" pip install --quiet --python $*/bin/python --editable '.[all,fpga,lava]' --group dev && \
	touch $@

# Sphinx beside everything that tutorials use. Warnings are errors; all of them are told.
$(VENV_DOCS)/.built: pyproject.toml setup.py
	@uv=$$(.ci/get-uv) && \
	{ test -x $(VENV_DOCS)/bin/python || "$$uv" venv --quiet --python 3.12 $(VENV_DOCS); } && \
	echo "$(VENV_DOCS): installing for Python 3.12" && \
	"$$uv" pip install --quiet --python $(VENV_DOCS)/bin/python --editable '.[all,lava,testing]' --group docs && \
	touch $@

docs: $(VENV_DOCS)/.built
	$(VENV_DOCS)/bin/python docs/model_pdf.py -o $(SITE)/model.pdf
	$(VENV_DOCS)/bin/sphinx-build -W --keep-going -q -c docs -d results/site-doctrees . $(SITE)
	@echo "the site: $(SITE)/index.html"

# Needs the network.
docs-links: $(VENV_DOCS)/.built
	$(VENV_DOCS)/bin/sphinx-build -W --keep-going -q -c docs -d results/site-doctrees \
		-D plot_gallery=0 -b linkcheck . results/site-links

# An environment of its own: torch, snnTorch and Norse beside the NumPy engine.
nir:
	@uv=$$(.ci/get-uv) && \
	{ test -x $(VENV_NIR)/bin/python || "$$uv" venv --quiet --python 3.12 $(VENV_NIR); } && \
	"$$uv" pip install --quiet --python $(VENV_NIR)/bin/python --editable '.[nir]' --group simulators
	$(VENV_NIR)/bin/python -m pytest tests/conformance/test_nir_simulators.py

demo: env
	$(VENV)/bin/pffspike demo --output results/demo

# Python 3.12 watches lines for nearly nothing (sys.monitoring).
test: export COVERAGE_CORE := sysmon
test: env
	$(VENV)/bin/python -m pytest tests -m "not slow" $(PARALLEL) --cov --cov-report=
	@echo "coverage: $$($(VENV)/bin/coverage report --format=total) % of the lines of pffspike"

# The examples of docstrings; run_lava.py is a script of its own, neurobench.py needs its extra.
doctest: env
	$(VENV)/bin/python -m pytest --doctest-modules pffspike --ignore=pffspike/deployment/run_lava.py \
		--ignore=pffspike/engines/lava --ignore=pffspike/neurobench.py $(PARALLEL)

# What can differ between the two: engines and golden networks, files, cards, data, arithmetic, signals.
# What rests on bits that these compare (frequencies, long runs of the command line, pages) needs one.
OLDER := tests/golden $(addprefix tests/conformance/test_, engines.py brian2.py brian2_names.py \
	ff.py lava.py lava_circuits.py lava_learning.py numba.py quantized.py reference.py rules.py) \
	$(addprefix tests/unit/test_, augmentation.py callbacks.py cards.py coding.py counter.py \
	counter_targets.py data_arrays.py data_datasets.py data_identity.py data_idx.py encoders.py \
	events.py frames.py grids.py hybrids.py nir.py public.py quantization.py recording_forms.py \
	recordings.py spec.py specimens.py storage.py) tests/statistics/test_intervals.py \
	$(addprefix tests/end_to_end/test_, deployment.py deployment_script.py outputs.py)

test-310: env-310
	$(VENV_310)/bin/python -m pytest $(OLDER) -m "not slow" $(PARALLEL)

test-slow: env
	$(VENV)/bin/python -m pytest tests -m slow

lint: env
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

typecheck: env
	.ci/typecheck $(VENV)/bin/mypy

wheel-test:
	.ci/wheel-test

clean:
	rm -rf $(VENV) $(VENV_310) $(VENV_NIR) $(VENV_DOCS) .tools build dist *.egg-info results
	rm -rf docs/gallery docs/reference/api docs/reference/commands.md
	rm -rf .cache .hypothesis .mypy_cache .pytest_cache .ruff_cache .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
