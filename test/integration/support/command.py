"""The command line, run as a user would."""

import os
import subprocess

from support.passenger import command_path


class Result:
    def __init__(self, completed):
        self.code = completed.returncode
        self.output = completed.stdout
        self.errors = completed.stderr.decode(errors="replace")

    @property
    def text(self):
        return self.output.decode()

    def __repr__(self):
        return f"<exit {self.code}: {self.output[:500]!r} {self.errors!r}>"


def command_environment(agent):
    """By which it finds this agent; agent None: it finds none."""
    environment = {
        name: value for name, value in os.environ.items()
        if name not in ("GANGWAY_PASSWORD", "GANGWAY_CONFIG", "PASSENGER_INSTANCE_REGISTRY_DIR")}
    if agent is not None:
        environment["PASSENGER_INSTANCE_REGISTRY_DIR"] = str(agent.registry)
    return environment


def gangway(agent, *arguments, stdin=b"", environment=None, program=None, **options):
    """Runs the command so that it finds this agent by itself; agent None: it finds none."""
    env = {**command_environment(agent), **(environment or {})}
    return Result(subprocess.run(
        [str(program or command_path()), *map(str, arguments)], input=stdin, env=env,
        capture_output=True, timeout=60, **options))
