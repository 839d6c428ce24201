"""What the manual shows is run: every block marked `run`, in order, by the unmodified SDK against a real gateway."""

import os
import re
import shlex
import subprocess
import tomllib

import pytest

from gateway.cli import reference
from gateway.settings import load
from tests.running import Gateway

SDKS = {"braket": "sdk-braket", "ibm": "sdk-ibm-newest", "ionq": "sdk-ionq"}
"""Which environment runs the page of each dialect."""
RUNNABLE = re.compile(r"^```python run\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FOREIGN = ("GATEWAY_", "QISKIT_", "IAM_URL", "GLOBAL_", "IONQ_", "AWS_", "BRAKET_")


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    running = Gateway(tmp_path_factory.mktemp("gateway"))
    running.init().start()
    yield running
    running.stop()


@pytest.mark.parametrize("dialect", [pytest.param(name, marks=pytest.mark.tool(tool)) for name, tool in SDKS.items()])
def test_the_how_to_works_as_it_stands(gateway, dialect, tools, tmp_path, pytestconfig):
    """The blocks of a page build on each other, so they are one script."""
    python = tools.require(SDKS[dialect])
    page = pytestconfig.rootpath / "docs" / "how-to" / f"{dialect}.md"
    script = tmp_path / "how_to.py"
    script.write_text("\n".join(RUNNABLE.findall(page.read_text("utf-8"))), "utf-8")

    told = subprocess.run(
        ["bash", "-euc", f'{exports(gateway, dialect)}\nexec "$0" "$1"', python, script],
        env=plain_environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert told.returncode == 0, told.stderr
    assert "sim_line_5" in told.stdout


def exports(gateway, dialect, **key):
    return gateway.cli("env", dialect, "--key", gateway.key(**key))


def plain_environment(home):
    kept = {name: text for name, text in os.environ.items() if not name.startswith(FOREIGN)}
    return {**kept, "HOME": str(home)}


def test_every_command_of_the_manual_exists(pytestconfig):
    """A renamed command or option must not live on in a page."""
    options = {path: {option for each in command.params for option in each.opts} for path, command in every_command()}

    for page in [*pytestconfig.rootpath.glob("docs/**/*.md"), *pytestconfig.rootpath.glob("*.md")]:
        for line in re.findall(r"^ *(gateway [a-z].*?)(?: +#.*)?$", page.read_text("utf-8"), re.MULTILINE):
            words = shlex.split(line)
            command = max((path for path in options if f"{line} ".startswith(f"{path} ")), key=len)
            unknown = {word for word in words if word.startswith("--")} - options[command] - {"--help"}
            assert unknown == set(), f"{page.name}: {line}"


def every_command():
    return ((context.command_path, command) for command, context in reference.walk())


def test_the_example_settings_are_settings(pytestconfig):
    path = pytestconfig.rootpath / "deploy" / "gateway.example.toml"

    settings = load(path, {})

    assert settings.model_dump(exclude_unset=True).keys() == tomllib.loads(path.read_text("utf-8")).keys()
