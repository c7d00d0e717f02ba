"""The benchmark and the faults run where `make setup` alone was run."""

import os
import subprocess
import sys
from pathlib import Path

from qredo_dash import home

#: Takes away what only requirements-dev.txt installs, then imports all that the two commands may.
_IMPORT_ALL = """
import importlib, pkgutil, re, sys
from importlib.metadata import packages_distributions
from pathlib import Path

def named(file):
    return {line.partition("==")[0].lower() for line in Path(file).read_text().splitlines()
            if re.match(r"[a-zA-Z0-9]", line)}

given = named("requirements.txt")
extra = named("requirements-dev.txt") - given
for module, origins in packages_distributions().items():
    if {origin.lower().replace("_", "-").replace(".", "-") for origin in origins} <= extra:
        sys.modules[module] = None
assert sys.modules["pytest"] is None
import django
django.setup()
for package in map(importlib.import_module, ("bench", "tests.faults")):
    for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)
        print(module.name)
"""


def test_bench_and_faults_import_nothing_that_checks_the_program(tmp_path: Path) -> None:
    told = {"DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "qredo_dash.settings"}
    ran = subprocess.run(
        [sys.executable, "-c", _IMPORT_ALL],
        cwd=home.PROJECT,
        env={"PATH": os.defpath, **told},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stderr == ""
    assert {"bench.crowd", "bench.latency", "tests.faults.stage"} <= set(ran.stdout.split())
