"""Whom the command believes: nobody but root, oneself, and who is named as the core's user. And that it ends,
whatever the core does."""

import json
import os
import pathlib
import pwd
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager

import pytest

from support.client import AdminClient
from support.command import command_environment, gangway
from support.passenger import command_path

STRANGER = "games"
PASSWORD = "a-password-of-the-operator"

# Makes what looks like an instance, holds its lock, and serves its socket; writes what it is sent to a file.
FAKE = r"""
import fcntl, os, socket, sys
directory, received = sys.argv[1:]
os.umask(0o022)
os.makedirs(directory + "/agents.s")
for name, text in (("creation_finalized", ""), ("core.pid", str(os.getpid())), ("full_admin_password.txt", "fake"),
                   ("properties.json", '{"name": "%s", "passenger_version": "6.0.26", "server_software": "x",'
                    '"instance_dir": {"major_version": 4}}' % directory.rpartition(".")[2])):
    open(directory + "/" + name, "w").write(text)
lock = open(directory + "/lock", "w")
fcntl.flock(lock, fcntl.LOCK_EX)
listener = socket.socket(socket.AF_UNIX)
listener.bind(directory + "/agents.s/gangway")
os.chmod(directory + "/agents.s/gangway", 0o666)
listener.listen()
print("ready", flush=True)
while True:
    connection, _ = listener.accept()
    bytes = connection.recv(65536)
    with open(received, "ab") as file:
        file.write(b"connection\n" + bytes)
    body = b'{"taken_at": "2026-01-01T00:00:00.000000Z", "processes": []}'
    try:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    except OSError:
        pass
    connection.close()
"""


class Fake:
    def __init__(self, directory, process, received):
        self.directory, self.process, self.received = directory, process, received
        self.socket = directory / "agents.s" / "gangway"

    def heard(self):
        """What came over its connections, apart from that they were made."""
        content = self.received.read_bytes() if self.received.exists() else b""
        return content.replace(b"connection\n", b"")


@contextmanager
def fake_instance(registry, name, work):
    work.chmod(0o777)
    received = work / f"received-{name}"
    directory = registry / f"passenger.{name}"
    process = subprocess.Popen(
        ["setpriv", "--reuid", STRANGER, "--regid", STRANGER, "--clear-groups", sys.executable, "-c", FAKE,
         str(directory), str(received)], stdout=subprocess.PIPE)
    try:
        assert process.stdout.readline() == b"ready\n"
        yield Fake(directory, process, received)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.fixture
def place():
    """A directory that a stranger can reach, as pytest's own is not."""
    with tempfile.TemporaryDirectory(prefix="gw-trust.", dir="/tmp") as directory:
        os.chmod(directory, 0o755)
        yield pathlib.Path(directory)


@pytest.fixture
def registry(place):
    """As /tmp: everybody may make a directory there."""
    path = place / "registry"
    path.mkdir()
    path.chmod(0o1777)
    return path


@pytest.fixture
def work(place):
    path = place / "work"
    path.mkdir()
    return path


def run(registry, *arguments, **environment):
    """Environment variables that are None are not set."""
    nothing = registry.parent / "nothing.json"
    nothing.write_text("{}")
    chosen = {"PASSENGER_INSTANCE_REGISTRY_DIR": str(registry), "GANGWAY_CONFIG": str(nothing),
              "GANGWAY_PASSWORD": PASSWORD, **environment}
    return gangway(None, *arguments, environment={name: value for name, value in chosen.items() if value is not None})


EVERY_COMMAND = [("ps",), ("show", "1"), ("request", "1", "/", "-d", "secret-body"), ("health", "--all", "/"),
                 ("health", "--all", "/", "--nagios")]


# ---------------------------------------------------------------- directories

@pytest.mark.parametrize("arguments", EVERY_COMMAND, ids=" ".join)
def test_an_instance_of_a_stranger_is_not_believed_and_told_nothing(registry, work, arguments):
    with fake_instance(registry, "Fake", work) as fake:
        result = run(registry, *arguments)
        assert result.code == 3, result
        told = result.text if "--nagios" in arguments else result.errors
        assert "no running Passenger instance found" in told, result
        assert fake.heard() == b""


def test_what_is_refused_stands_among_the_instances_with_its_reason(registry, work):
    with fake_instance(registry, "Fake", work) as fake:
        result = run(registry, "instances")
        assert f"{fake.directory} belongs to {STRANGER}, who is neither root nor you" in result.errors
        assert "Fake" not in result.text
        document = json.loads(run(registry, "instances", "--json").output)
        assert document["instances"] == []
        (refused,) = document["refused"]
        assert refused["directory"] == str(fake.directory) and STRANGER in refused["reason"]
        assert fake.heard() == b""


def test_a_fake_beside_a_real_instance_is_not_in_its_way(ruby, registry, work):
    (registry / f"passenger.{ruby.instance_dir.name.partition('.')[2]}").symlink_to(ruby.instance_dir)
    real = ruby.admin.processes()[0]["pid"]
    name = json.loads(gangway(ruby, "instances", "--json").output)["instances"][0]["name"]
    with fake_instance(registry, name[:4], work) as shorter, fake_instance(registry, "zz" + name, work):
        result = run(registry, "ps", GANGWAY_PASSWORD=None)
        assert result.code == 0 and str(real) in result.text, result
        # Its name is wholly what was asked for, that of the real one only begins so.
        result = run(registry, "ps", "--instance", name[:4], GANGWAY_PASSWORD=None)
        assert result.code == 0 and str(real) in result.text, result
        assert run(registry, "ps", "--instance", "zz" + name).code == 3
        assert shorter.heard() == b""


def test_a_link_of_a_stranger_is_not_followed_wherever_it_leads(ruby, registry, work):
    """Not to a real instance either: a moment later it leads elsewhere."""
    def link():
        os.setegid(pwd.getpwnam(STRANGER).pw_gid)
        os.seteuid(pwd.getpwnam(STRANGER).pw_uid)
        try:
            (registry / "passenger.Flip").symlink_to(ruby.instance_dir)
        finally:
            os.seteuid(0)
            os.setegid(0)

    link()
    result = run(registry, "ps")
    assert result.code == 3 and f"is a link of {STRANGER}" in result.errors, result


def test_a_directory_that_flips_between_a_real_instance_and_a_fake_gets_nothing(ruby, registry, work):
    """The stranger's loop changes what a name leads to between the steps of the command."""
    with fake_instance(registry, "Fake", work) as fake:
        flip = subprocess.Popen(
            ["setpriv", "--reuid", STRANGER, "--regid", STRANGER, "--clear-groups", sys.executable, "-c", """
import os, sys
link, real, fake, flag = sys.argv[1:]
print("ready", flush=True)
for turn in range(200000):
    os.symlink((real, fake)[turn % 2], link + ".new")
    os.rename(link + ".new", link)
    if os.path.exists(flag):
        break
""", str(registry / "passenger.Flip"), str(ruby.instance_dir), str(fake.directory), str(work / "enough")],
            stdout=subprocess.PIPE)
        try:
            assert flip.stdout.readline() == b"ready\n"
            for _ in range(40):
                assert run(registry, "ps").code == 3
        finally:
            (work / "enough").touch()
            flip.wait()
            flip.stdout.close()
        assert fake.heard() == b""


def test_a_directory_named_like_that_of_a_web_server_is_not_believed_either(registry, work):
    private = registry / "systemd-private-1-nginx.service-2"
    private.mkdir()
    os.chown(private, pwd.getpwnam(STRANGER).pw_uid, -1)
    private.chmod(0o755)
    (private / "tmp").mkdir()
    (private / "tmp").chmod(0o1777)
    with fake_instance(private / "tmp", "Fake", work) as fake:
        result = run(private / "tmp", "ps")
        assert result.code == 3 and f"{private} belongs to {STRANGER}" in result.errors, result
        assert fake.heard() == b""


def test_an_instance_of_the_named_user_is_believed(registry, work):
    with fake_instance(registry, "Fake", work) as fake:
        result = run(registry, "ps", "--core-user", STRANGER)
        assert result.code == 0, result
        assert b"GET /v1/processes" in fake.heard()
    assert run(registry, "ps", "--core-user", "no-such-user").code == 2
    for option in ("--core-user", "--socket", "--instance"):
        assert run(registry, "ps", option, "").code == 2, option


def test_directories_of_processes_that_are_being_spawned_are_no_instances(registry):
    (registry / "passenger.spawn.XXXX").mkdir(mode=0o700)
    os.chown(registry / "passenger.spawn.XXXX", pwd.getpwnam(STRANGER).pw_uid, -1)
    assert "spawn" not in run(registry, "instances").errors


def test_the_named_instance_is_missed_by_its_name(ruby):
    result = gangway(ruby, "instances", "--instance", "NoSuch")
    assert result.code == 3 and "'NoSuch'" in result.errors, result


# ---------------------------------------------------------------- sockets

@pytest.mark.parametrize("arguments", EVERY_COMMAND, ids=" ".join)
def test_a_socket_that_a_stranger_serves_is_sent_nothing(registry, work, arguments):
    with fake_instance(registry, "Fake", work) as fake:
        result = run(registry, *arguments, "--socket", fake.socket)
        assert result.code == 3, result
        told = result.text if "--nagios" in arguments else result.errors
        assert f"is served by {STRANGER}" in told and "nothing was sent" in told, result
        assert fake.heard() == b""
        assert run(registry, "ps", "--socket", fake.socket, "--core-user", STRANGER).code == 0


def test_a_configured_socket_comes_before_what_is_found(new_agent, registry, work, place):
    path = place / "admin.sock"
    agent = new_agent("ruby", workers=1, config={"socket_path": str(path)}).ready()
    configuration = place / "configuration.json"
    configuration.write_text(json.dumps({"socket_path": str(path)}))
    environment = {"GANGWAY_CONFIG": str(configuration)}
    pid = AdminClient(path).processes()[0]["pid"]
    with fake_instance(registry, "Fake", work) as fake:
        result = run(registry, "ps", GANGWAY_PASSWORD=None, **environment)
        assert result.code == 0 and str(pid) in result.text, result
        assert fake.heard() == b""
    (row,) = json.loads(gangway(agent, "instances", "--json", environment=environment).output)["instances"]
    assert row["gangway"] is True and row["socket"] == str(path)


# ---------------------------------------------------------------- a core that does not answer

@pytest.fixture
def stopped(new_agent):
    agent = new_agent("ruby", workers=1, config={}).ready()
    pid = agent.admin.processes()[0]["pid"]
    os.kill(agent.core_pid, signal.SIGSTOP)
    yield agent, pid
    os.kill(agent.core_pid, signal.SIGCONT)


def test_each_command_ends_within_its_bounds_when_the_core_is_stopped(stopped):
    agent, pid = stopped
    bounds = {("ps",): 10, ("show", pid): 10, ("request", pid, "/", "--timeout", "1"): 2,
              ("request", pid, "/"): 10,
              ("request", pid, "/", "-n", "3", "--timeout", "1"): 2,
              ("health", "--all", "/", "--timeout", "1", "--deadline", "1"): 2}
    begun = time.monotonic()
    running = {arguments: subprocess.Popen(
        [str(command_path()), *map(str, arguments)], env=command_environment(agent), stdout=subprocess.PIPE,
        stderr=subprocess.PIPE) for arguments in bounds}
    nagios = gangway(agent, "health", "--all", "/", "--nagios", "--timeout", "1", "--deadline", "2")
    assert time.monotonic() - begun < 2 + 5
    assert nagios.code == 3 and nagios.text.startswith("UNKNOWN - the core"), nagios
    for arguments, bound in sorted(bounds.items(), key=lambda item: item[1]):
        _, errors = running[arguments].communicate(timeout=bound + 5)
        assert running[arguments].returncode == 3, (arguments, errors)
        errors = errors.decode()
        assert f"the core (process {agent.core_pid}) does not answer" in errors, (arguments, errors)
        assert f"it is stopped: kill -CONT {agent.core_pid}" in errors
        is_single_request = arguments[0] == "request" and "-n" not in arguments
        assert not is_single_request or "the request may still be carried out" in errors
        assert time.monotonic() - begun < bound + 5, arguments


# ---------------------------------------------------------------- sockets that are not Gangway's

@pytest.mark.parametrize("arguments", EVERY_COMMAND, ids=" ".join)
def test_what_is_no_socket_of_gangway_s_is_told_as_what_it_is(ruby, tmp_path, arguments):
    (tmp_path / "file").touch()
    for socket, words in ((tmp_path, "is a directory"), (tmp_path / "file", "is no socket"),
                          (ruby.instance_dir / "agents.s" / "watchdog_api", "is not Gangway's"),
                          (ruby.instance_dir / "agents.s" / "core_api", "is not Gangway's")):
        result = gangway(None, *arguments, "--socket", socket)
        told = result.text if "--nagios" in arguments else result.errors
        assert result.code == 3 and words in told, result


# ---------------------------------------------------------------- passwords of the instance

def test_a_wrong_password_in_the_instance_s_file_locks_nobody_out_who_needs_none(new_agent):
    agent = new_agent("python", workers=1, config={}).ready()
    pid = agent.admin.processes()[0]["pid"]
    file = agent.instance_dir / "full_admin_password.txt"
    right = file.read_text()
    try:
        file.chmod(0o644)
        file.write_text("wrong")
        for arguments in (("ps",), ("request", pid, "/"), ("health", "--all")):
            assert gangway(agent, *arguments).code == 0, arguments
        account = pwd.getpwnam(STRANGER)
        result = gangway(agent, "ps", user=account.pw_uid, group=account.pw_gid, extra_groups=[])
        assert result.code == 4 and str(file) in result.errors, result
    finally:
        file.write_text(right)


# ---------------------------------------------------------------- descriptors

def test_a_body_from_a_standard_input_that_is_closed_is_refused(ruby):
    pid = ruby.admin.processes()[0]["pid"]
    for body in ("-T -", "-d @-", "--data-binary @-"):
        result = subprocess.run(["bash", "-c", f'"$0" request {pid} / {body} <&-', str(command_path())],
                                env=command_environment(ruby), capture_output=True, timeout=60)
        assert result.returncode == 2 and b"standard input: it is closed" in result.stderr, result


@pytest.mark.parametrize("closed", ["<&-", "2>&-", "<&- 2>&-", ">&-", "<&- >&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_closed_descriptors_are_not_taken_for_standard_ones(ruby, closed):
    """What is written to them would go to the admin socket, which would answer that it is no request."""
    pid = ruby.admin.processes()[0]["pid"]
    before = ruby.admin.get("/v1/pool").json["gangway"]["errors"]
    result = subprocess.run(
        ["bash", "-c", f'"$0" request {pid} / -v {closed}', str(command_path())], env=command_environment(ruby),
        capture_output=True, timeout=60)
    assert result.returncode == 0, result
    assert ruby.admin.get("/v1/pool").json["gangway"]["errors"] == before
    has_output = ">&-" not in closed.split()
    assert (f"pid={pid}" in result.stdout.decode()) == has_output
