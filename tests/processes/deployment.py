"""What the files for servers say of every process: its command, its variables, its secrets."""

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.support.servers.installation import PROJECT

UNITS = PROJECT / "deploy" / "systemd"
MOUNTED = "/run/secrets/"
_VARIABLE = re.compile(r"\b([A-Z][A-Z_]+): (\$\{[^}]*\}|[^,}\n]+)")
_SUBSTITUTED = re.compile(r"\$\{(\w+):-([^}]*)\}")


@dataclass(frozen=True)
class Service:
    """One service of the compose file; of YAML only what that file uses is understood."""

    text: str

    @property
    def command(self) -> list[str]:
        """The words that its container runs: the image's own unless the service names others."""
        given = re.search(r"^    command: (.+)$", self.text, re.MULTILINE)
        return shlex.split(given[1]) if given else _images_command()

    @property
    def mounted(self) -> dict[str, Path]:
        """The project's files that its container sees, by where it sees them."""
        found = re.findall(r"\./(\S+):(/\S+):ro\b", self.text)
        return {place: PROJECT / name for name, place in found}

    @property
    def health(self) -> list[str]:
        """The words of its health check."""
        kind, *words = _list("test", self.text)
        return ["sh", "-c", words[0].replace("$$", "$")] if kind == "CMD-SHELL" else words

    @property
    def secrets(self) -> set[str]:
        return set(re.findall(r"\w+", _one(r"secrets: \[(.*)\]", self.text)))

    def variables(self, given: Mapping[str, str]) -> dict[str, str]:
        """Return its environment; `given` is what the file takes from whoever starts it."""
        text = (_block("x-environment", "") if "*environment" in self.text else "") + self.text
        found = dict(_VARIABLE.findall(text))
        return {name: _filled(value.strip(), given) for name, value in found.items()}


def service(name: str) -> Service:
    return Service(_block(name, "  "))


def unit(name: str) -> str:
    return (UNITS / f"qredo-dash-{name}.service").read_text(encoding="utf-8")


def started_by(unit_text: str) -> list[str]:
    """Return the words that a unit runs, the program by its name alone."""
    program, *words = shlex.split(_one(r"^ExecStart=(.+)$", unit_text))
    return [Path(program).name, *words]


def given_to(unit_text: str) -> dict[str, str]:
    """Return a unit's variables that name a credential of its own, each with that credential."""
    loaded = set(re.findall(r"^LoadCredential=(\w+):", unit_text, re.MULTILINE))
    named = dict(re.findall(r"^Environment=(\w+)=%d/(\w+)$", unit_text, re.MULTILINE))
    assert set(named.values()) == loaded
    return named


def _images_command() -> list[str]:
    image = (PROJECT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", "")
    return _list("CMD", image)


def _list(name: str, text: str) -> list[str]:
    found: list[str] = json.loads(_one(rf"\b{name}:? (\[.*\])", text))
    return found


def _block(name: str, indent: str) -> str:
    """Return a part of the compose file: the line of its name and what is indented below it."""
    compose = (PROJECT / "docker-compose.yml").read_text(encoding="utf-8")
    return _one(rf"^({indent}{name}:.*\n(?:(?:{indent} .*)?\n)+)", compose)


def _filled(value: str, given: Mapping[str, str]) -> str:
    return _SUBSTITUTED.sub(lambda found: given.get(found[1], found[2]), value)


def _one(pattern: str, text: str) -> str:
    found = re.search(pattern, text, re.MULTILINE)
    assert found is not None, pattern
    return found[1]
