import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def built(tools, tmp_path_factory):
    """Build a Go program of this folder, once; its modules are verified by its `go.sum`."""
    made = {}

    def program(name):
        if name not in made:
            go, made[name] = tools.require("go"), tmp_path_factory.mktemp("go") / name
            command = [go, "build", "-o", made[name], "."]
            done = subprocess.run(command, cwd=HERE / name, capture_output=True, text=True, check=False)
            if done.returncode:
                pytest.skip(f"its Go modules cannot be had here: {done.stderr[-300:]}")
        return made[name]

    return program
