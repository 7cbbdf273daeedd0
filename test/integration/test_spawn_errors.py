"""Why no process of an application can be started: in the listing of groups, as events, in the log, in the command."""

import json

import pytest

from support.command import gangway
from support.passenger import Passenger
from support.pool_xml import from_rfc3339
from support.waiting import wait_until
from support.watching import Listener

REASON = "no database, said the application"
HEALTHY, SICK, CRITICAL, WARNING = 0, 1, 2, 1


@pytest.fixture
def broken(new_agent):
    """Its processes ran, and cannot be started since a deployment."""
    agent = new_agent("python", workers=1, options=["--log-level", "3"], config={}).ready()
    app = Application(agent)
    app.break_it()
    return app


class Application:
    def __init__(self, agent: Passenger):
        self.agent = agent
        self.file = agent.app_root / "passenger_wsgi.py"
        self.text = self.file.read_text()

    def deploy(self, text):
        self.file.write_text(text)
        self.agent.restart_group(self.group()["name"])
        return self.agent.visit().status

    def break_it(self):
        assert self.deploy(f"raise RuntimeError('{REASON}')\n") == 500

    def mend(self):
        assert self.deploy(self.text) == 200

    def group(self):
        return self.agent.admin.get("/v1/groups").json["groups"][0]

    def error(self):
        return self.group()["spawn_error"]

    def wait_for_failure(self, more_than=0):
        """How it is once there were more failed attempts than that, and none is under way."""
        def error_if_so():
            group = self.group()
            error = group["spawn_error"]
            return error and error["attempts"] > more_than and not group["spawning"] and error
        return wait_until(error_if_so, f"more than {more_than} attempts have failed")

    def fail_again(self):
        before = self.wait_for_failure()["attempts"]
        assert self.agent.visit().status == 500
        return self.wait_for_failure(more_than=before)


def test_a_group_says_why_its_processes_cannot_be_started_until_one_was(broken):
    first = broken.wait_for_failure()
    assert first["message"] and first["attempts"] >= 1
    name = broken.group()["name"]
    assert broken.agent.admin.get("/v1/groups/" + name.replace("/", "%2F")).json["group"]["spawn_error"] == first
    second = broken.fail_again()
    assert second["since"] == first["since"] and second["attempts"] > first["attempts"]
    assert from_rfc3339(second["latest"]) > from_rfc3339(second["since"])
    broken.mend()
    wait_until(lambda: broken.error() is None, "it can be started again")


def test_a_group_whose_processes_can_be_started_has_no_error(new_agent):
    assert Application(new_agent("python", workers=1, config={}).ready()).error() is None


def test_listeners_hear_of_each_attempt_and_of_the_recovery(broken):
    before = broken.wait_for_failure()["attempts"]
    with Listener(broken.agent) as listener:
        error = broken.fail_again()
        event = listener.wait_for("spawn_failed", count=error["attempts"] - before)
        assert event == {"at": error["latest"], "group": broken.group()["name"], "message": error["message"],
                         "since": error["since"], "attempts": error["attempts"]}
        broken.file.write_text(broken.text)  # without a restart
        assert broken.agent.visit().status == 200
        event = listener.wait_for("spawn_recovered")
        assert event == {"at": event["at"], "group": broken.group()["name"], "since": error["since"],
                         "attempts": error["attempts"]}


def test_the_log_has_the_first_failure_and_the_recovery(broken):
    message = broken.wait_for_failure()["message"]
    attempts = broken.fail_again()["attempts"]
    broken.file.write_text(broken.text)
    assert broken.agent.visit().status == 200
    name = broken.group()["name"]
    wait_until(lambda: f"[gangway] a process of {name} was started, after {attempts} failures" in broken.agent.log,
               "the recovery is logged")
    lines = [line for line in broken.agent.log.splitlines() if "[gangway] no process of" in line]
    assert len(lines) == 1 and lines[0].endswith(f"no process of {name} can be started: {message}"), lines


def test_the_command_says_why_there_is_no_process(broken):
    message = broken.wait_for_failure()["message"]
    sentence = f"no process of {broken.group()['name']} can be started since "
    result = gangway(broken.agent, "ps")
    assert result.code == 0 and sentence in result.errors and message in result.errors, result
    result = gangway(broken.agent, "health", "--all")
    assert result.code == SICK and "there is no process to check" in result.errors, result
    assert sentence in result.errors and message in result.errors, result
    result = gangway(broken.agent, "health", "--all", "--json")
    assert sentence in json.loads(result.errors)["note"], result
    result = gangway(broken.agent, "health", "--all", "--nagios")
    assert result.code == CRITICAL, result
    assert result.text.startswith(f"CRITICAL - 0 of 0 healthy: {sentence}"), result


def test_monitoring_is_warned_while_old_processes_serve(new_agent):
    """A rolling restart keeps them until a new one is there."""
    agent = new_agent("python", workers=2, config={}).ready()
    app = Application(agent)
    pids = sorted(row["pid"] for row in agent.admin.processes())
    app.file.write_text(f"raise RuntimeError('{REASON}')\n")
    agent.api("POST", "/pool/detach_process.json", {"pid": pids[0]})
    app.wait_for_failure()  # Passenger replaces it, so that there are two
    result = gangway(agent, "health", "--all", "--nagios")
    assert result.code == WARNING and result.text.startswith("WARNING - 1 of 1 healthy: no process of "), result
