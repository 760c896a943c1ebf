.PHONY: demo test clean
PYTHON ?= python3

demo: .venv/installed
	.venv/bin/wsgi-mtls demo

test: .venv/installed
	.venv/bin/tox run-parallel --parallel auto --parallel-no-spinner

.venv/installed: pyproject.toml setup.cfg
	$(PYTHON) -m venv .venv
	.venv/bin/pip install --quiet --disable-pip-version-check --editable '.[cli]' --group dev
	touch $@

clean:
	rm -rf .venv .tox build dist *.egg-info
