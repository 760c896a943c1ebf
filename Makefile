.PHONY: demo test bench bench-quick clean
PYTHON ?= python3

# pyenv shows only the selected Python; the tests run on each that is there.
export PATH := $(shell command -v pyenv >/dev/null && pyenv versions --bare | grep -E '^3\.1[123]\.[0-9]+$$' | xargs -I{} pyenv prefix {} | sed 's,$$,/bin,' | paste -sd: | sed 's/$$/:/')$(PATH)

demo: .venv/bin/wsgi-mtls
	.venv/bin/wsgi-mtls demo

.venv/bin/wsgi-mtls: pyproject.toml setup.cfg
	$(PYTHON) -m venv .venv
	.venv/bin/pip install --quiet --disable-pip-version-check --editable '.[cli]'
	touch $@

test: .venv/bin/tox
	mkdir -p .tox
	.venv/bin/tox run-parallel --parallel 2 --parallel-no-spinner

# All tables and plots of benchmarks/README.md, anew; about half an hour.
bench: .venv/installed
	.venv/bin/python -m benchmarks

bench-quick: .venv/installed
	.venv/bin/python -m benchmarks --quick

# The tests need no more here: tox makes an environment for each of its names.
.venv/bin/tox: pyproject.toml
	$(PYTHON) -m venv .venv
	.venv/bin/pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	.venv/bin/pip install --quiet --group tox
	touch $@

.venv/installed: pyproject.toml setup.cfg
	$(PYTHON) -m venv .venv
	.venv/bin/pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	.venv/bin/pip install --quiet --editable '.[cli,flask,authlib,django,drf]' --group dev
	touch $@

clean:
	rm -rf .venv .tox build dist *.egg-info
