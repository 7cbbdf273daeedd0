"""The rows of the authorization table that need other users. Collected for root only (conftest.py):
an unprivileged user can neither start an agent that switches users nor become somebody else."""

import json
import os
import pwd
import shutil
import threading
import time

import pytest

from support.client import AdminClient, UnixConnection, caller_headers
from support.command import gangway
from support.passenger import Application, Passenger, command_path, python_groups
from support.waiting import wait_until
from support.watching import health, plan

# Users of every Debian system; what they are for does not matter here.
ALPHA_USER, BETA_USER, STRANGER = "daemon", "www-data", "games"


def as_user(name, action):
    """Runs action() in a child process of that user; gives back what it returned."""
    account = pwd.getpwnam(name)
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        result = {"error": "the child ended early"}
        try:
            os.close(readable)
            os.setgroups([])
            os.setgid(account.pw_gid)
            os.setuid(account.pw_uid)
            result = {"value": action()}
        except BaseException as error:  # the parent raises it
            result = {"error": repr(error)}
        finally:
            with os.fdopen(writable, "w") as stream:
                json.dump(result, stream)
            os._exit(0)
    os.close(writable)
    with os.fdopen(readable) as stream:
        text = stream.read()
    os.waitpid(child, 0)
    result = json.loads(text)
    assert "error" not in result, result["error"]
    return result["value"]


def make_agent(config=None):
    groups = {"alpha": (1, ALPHA_USER), "beta": (1, BETA_USER)}
    return python_groups(groups, config=config or {}, user_switching=True)


@pytest.fixture
def switching(fleet):
    """An agent of root that runs alpha as one user and beta as another."""
    agent = fleet.get("switching", make_agent)
    yield agent
    agent.assert_unharmed()


@pytest.fixture
def watched(fleet):
    """The same, with checks all the time."""
    agent = fleet.get("switching, watched", lambda: make_agent({"health": [plan(path="/")]}))
    wait_until(lambda: [row["state"] for row in health(agent)["processes"]] == ["healthy"] * 2,
               "both are healthy")
    yield agent
    agent.assert_unharmed()


def pids_of(agent):
    return {group.name: group.processes[0].pid for group in agent.pool_xml().groups}


def ask(agent, user, target, headers=None, method="GET"):
    """(status, body) of a request by that user."""
    path = str(agent.socket_path)

    def action():
        answer = AdminClient(path).request(method, target, headers)
        return [answer.status, answer.text]

    status, text = as_user(user, action)
    return status, text


def test_the_processes_run_as_the_users_of_their_applications(switching):
    for row in switching.admin.get("/v1/groups").json["groups"]:
        user = {"alpha": ALPHA_USER, "beta": BETA_USER}[row["name"]]
        assert (row["user"], row["uid"]) == (user, pwd.getpwnam(user).pw_uid)
    for name, pid in pids_of(switching).items():
        user = {"alpha": ALPHA_USER, "beta": BETA_USER}[name]
        assert os.stat(f"/proc/{pid}").st_uid == pwd.getpwnam(user).pw_uid


def test_the_application_s_own_user_sees_exactly_its_groups(switching):
    pids = pids_of(switching)
    for user, name in ((ALPHA_USER, "alpha"), (BETA_USER, "beta")):
        status, text = ask(switching, user, "/v1/processes?secrets=true")
        rows = json.loads(text)["processes"]
        assert status == 200 and [row["pid"] for row in rows] == [pids[name]]
        assert rows[0]["password"] == switching.pool_xml().group(name).password
        status, text = ask(switching, user, "/v1/groups")
        assert [row["name"] for row in json.loads(text)["groups"]] == [name]
        status, text = ask(switching, user, "/v1/pool")
        pool = json.loads(text)
        assert (pool["groups"], pool["processes"], pool["get_wait_list_size"]) == (1, 1, None)


def test_the_application_s_own_user_reaches_its_processes_and_no_others(switching):
    pids = pids_of(switching)
    status, text = ask(switching, ALPHA_USER, f"/v1/processes/{pids['alpha']}/request/")
    assert status == 200 and f"pid={pids['alpha']}\n" in text
    for target in (f"/v1/processes/{pids['beta']}", f"/v1/processes/{pids['beta']}/request/"):
        status, text = ask(switching, ALPHA_USER, target)
        assert status == 404 and json.loads(text)["code"] == "process_not_found"
    status, text = ask(switching, ALPHA_USER, "/v1/groups/beta")
    assert status == 404 and json.loads(text)["code"] == "group_not_found"


def test_the_application_s_own_user_has_its_processes_checked_and_no_others(switching):
    pids = pids_of(switching)
    status, text = ask(switching, ALPHA_USER, "/v1/health", method="POST")
    assert status == 200 and [row["pid"] for row in json.loads(text)["results"]] == [pids["alpha"]]
    status, text = ask(switching, ALPHA_USER, f"/v1/processes/{pids['alpha']}/health")
    assert status == 200 and json.loads(text)["result"]["state"] == "healthy"
    before = switching.pool_xml().process(pids["beta"]).number("processed")
    status, text = ask(switching, ALPHA_USER, f"/v1/processes/{pids['beta']}/health")
    assert status == 404 and json.loads(text)["code"] == "process_not_found"
    assert switching.pool_xml().process(pids["beta"]).number("processed") == before
    for target, method in ((f"/v1/processes/{pids['alpha']}/health", "GET"), ("/v1/health", "POST")):
        status, text = ask(switching, STRANGER, target, method=method)
        assert status == 401 and json.loads(text)["code"] == "unauthorized", (target, text)


def test_the_debug_socket_of_another_user_s_process_is_used_as_that_user_s():
    """The kernel says whose it is, before the group's password is sent there."""
    agent = Passenger(apps={}, config={}, user_switching=True)
    agent.apps["alpha"] = Application("ruby", agent.install_app("ruby", "alpha", owner=ALPHA_USER), 1)
    with agent:
        pid = pids_of(agent.ready())["alpha"]
        answer = agent.admin.forward(pid, "/x", headers={"X-Gangway-Route": "direct"})
        assert answer.status == 200 and answer.fields["pid"] == str(pid), answer


def test_anyone_else_gets_401_and_learns_nothing(switching):
    pids = pids_of(switching)
    bodies = set()
    for target in ("/v1/pool", "/v1/groups", "/v1/groups/alpha", "/v1/groups/none", "/v1/processes",
                   f"/v1/processes/{pids['alpha']}", "/v1/processes/999999999",
                   f"/v1/processes/{pids['alpha']}/request/"):
        status, text = ask(switching, STRANGER, target)
        assert status == 401 and json.loads(text)["code"] == "unauthorized", (target, text)
        assert str(pids["alpha"]) not in text and "alpha" not in text
        bodies.add(text)
    assert len(bodies) == 1, "the refusals differ"


def test_the_application_s_own_user_sees_the_health_of_exactly_its_groups(watched):
    pids = pids_of(watched)
    for user, name, other in ((ALPHA_USER, "alpha", "beta"), (BETA_USER, "beta", "alpha")):
        status, text = ask(watched, user, "/v1/health")
        document = json.loads(text)
        assert status == 200 and [row["name"] for row in document["groups"]] == [name]
        assert [row["pid"] for row in document["processes"]] == [pids[name]]
        status, text = ask(watched, user, f"/v1/health/live?group={name}")
        assert status == 200 and json.loads(text)["healthy"] == 1
        status, text = ask(watched, user, f"/v1/health/live?group={other}")
        assert status == 404 and json.loads(text)["code"] == "health_not_configured"


def test_the_application_s_own_user_hears_of_exactly_its_groups(watched):
    path = str(watched.socket_path)
    done = threading.Event()

    def come_and_go():
        while not done.is_set():
            pids = pids_of(watched)
            wait_until(lambda: sorted(row["pid"] for row in health(watched)["processes"])
                       == sorted(pids.values()), "Gangway knows them")
            for pid in pids.values():
                watched.api("POST", "/pool/detach_process.json", {"pid": pid})
            watched.ready()

    def listen():
        connection = UnixConnection(path, timeout=30)
        connection.request("GET", "/v1/events")
        response = connection.getresponse()
        lines = []
        while lines.count("event: process_detached") < 3:
            try:
                lines.append(response.readline().decode().strip())
            except TimeoutError:
                raise AssertionError(f"no more came than {lines}") from None
        return sorted({json.loads(line[6:])["group"] for line in lines if line.startswith("data: ")})

    thread = threading.Thread(target=come_and_go, daemon=True)
    thread.start()
    try:
        assert as_user(ALPHA_USER, listen) == ["alpha"]
        assert as_user(BETA_USER, listen) == ["beta"]
    finally:
        done.set()
        thread.join(30)
    watched.ready()


def test_a_stranger_learns_nothing_of_health_and_events(watched):
    for target in ("/v1/health", "/v1/health?group=alpha", "/v1/health/live?group=alpha",
                   "/v1/health/live?group=none", "/v1/events"):
        status, text = ask(watched, STRANGER, target)
        assert status == 401 and json.loads(text)["code"] == "unauthorized", (target, text)
        assert "alpha" not in text


def test_a_stranger_with_a_password_or_an_account_is_who_the_credentials_say(switching):
    pids = pids_of(switching)
    password = switching.pool_xml().group("beta").password
    status, text = ask(switching, STRANGER, "/v1/processes", caller_headers(password=password))
    assert status == 200 and [row["pid"] for row in json.loads(text)["processes"]] == [pids["beta"]]
    status, text = ask(switching, STRANGER, "/v1/processes",
                       caller_headers(user="admin", user_password=switching.admin_password))
    assert status == 200 and len(json.loads(text)["processes"]) == 2
    status, text = ask(switching, STRANGER, "/v1/processes", caller_headers(
        user="ro_admin", user_password=switching.read_only_password))
    assert status == 200 and len(json.loads(text)["processes"]) == 2


def test_credentials_that_are_sent_count_alone_for_the_application_s_own_user(switching):
    pids = pids_of(switching)
    status, text = ask(switching, ALPHA_USER, "/v1/processes", caller_headers(password="wrong"))
    assert status == 401
    password = switching.pool_xml().group("beta").password
    status, text = ask(switching, ALPHA_USER, "/v1/processes", caller_headers(password=password))
    assert status == 200 and [row["pid"] for row in json.loads(text)["processes"]] == [pids["beta"]]


def test_a_socket_without_the_others_bits_keeps_strangers_out(new_agent):
    agent = new_agent("python", workers=1, config={"socket_mode": "0600"})

    def connect():
        try:
            AdminClient(str(agent.socket_path)).get("/v1/pool")
        except PermissionError:
            return "refused"
        return "connected"

    assert as_user(STRANGER, connect) == "refused"


@pytest.fixture(params=["text", "json"])
def logging(request, fleet):
    """Another, with an access log."""
    agent = fleet.get(f"switching, {request.param}", lambda: make_agent({"access_log": request.param}))
    yield agent
    agent.assert_unharmed()


def say_as(agent, user, requests):
    """The statuses that each of these requests, whole heads, gets; each on a connection of its own."""
    path = str(agent.socket_path)

    def action():
        return [AdminClient(path).say(request.encode("latin-1")).status for request in requests]

    return as_user(user, action)


def access_lines(agent):
    return [line.split(b"[gangway] access ", 1)[1] for line in agent.log_path.read_bytes().splitlines()
            if b"[gangway] access " in line]


def test_what_a_stranger_writes_into_the_log_is_text(logging):
    before = len(access_lines(logging))
    path = "/\xc2\x9b31m\xe2\x80\xae\xff\\caf\xe9/menu"
    assert say_as(logging, STRANGER, [f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n"]) == [401]
    wait_until(lambda: len(access_lines(logging)) > before, "its line")
    line = access_lines(logging)[-1]
    line.decode()  # It is UTF-8.
    for raw in (b"\xc2\x9b", b"\xe2\x80\xae", b"\xff"):
        assert raw not in line, line
    if logging.config["access_log"] == "text":
        assert rb"path=/\xC2\x9B31m\xE2\x80\xAE\xFF\\caf\xE9/menu status=401" in line, line
    else:
        assert json.loads(line)["path"] == "/\x9b31m\u202e\ufffd\\caf\ufffd/menu"


def test_a_stranger_s_refusals_fill_no_log(logging):
    """Of 400 with paths of 60 kB, 24 MB in all, the log tells of some, each in a short line."""
    before, size = len(access_lines(logging)), logging.log_path.stat().st_size
    begun = time.monotonic()
    requests = [f"GET /{'x' * 60_000} HTTP/1.1\r\nHost: x\r\n\r\n"] * 400
    assert set(say_as(logging, STRANGER, requests)) == {401}
    most = 20 + int(time.monotonic() - begun) + 1
    logging.admin.get("/v1/pool")
    wait_until(lambda: b"/v1/pool" in access_lines(logging)[-1], "a line of somebody else")
    refused = [line for line in access_lines(logging)[before:] if b"none" in line]
    assert 1 <= len(refused) <= most + 1, len(refused)
    assert logging.log_path.stat().st_size - size < 2000 * (most + 3)

    def told():
        logging.admin.get("/v1/pool")
        return [line for line in access_lines(logging)[before:] if b"left_out" in line]

    wait_until(told, "how many were left out", 20)
    uid = str(pwd.getpwnam(STRANGER).pw_uid).encode()
    assert uid in told()[0]


def test_the_socket_s_owner_and_group_are_those_of_the_configuration(new_agent):
    by_name = new_agent("python", workers=1, config={
        "socket_owner": ALPHA_USER, "socket_group": STRANGER, "socket_mode": "0660"})
    status = by_name.socket_path.stat()
    assert status.st_uid == pwd.getpwnam(ALPHA_USER).pw_uid
    assert status.st_gid == pwd.getpwnam(STRANGER).pw_gid
    by_number = new_agent("python", workers=1, config={
        "socket_owner": pwd.getpwnam(BETA_USER).pw_uid, "socket_group": 12345})
    status = by_number.socket_path.stat()
    assert (status.st_uid, status.st_gid) == (pwd.getpwnam(BETA_USER).pw_uid, 12345)


def test_a_configuration_that_others_may_write_is_refused(new_agent):
    agent = new_agent("python", workers=1, config={})
    agent.stop()
    agent.config_path.chmod(0o666)
    agent.launch()
    assert agent.visit("/").status == 200
    assert not agent.socket_path.exists()
    assert str(agent.config_path) in agent.log


def run_as(agent, user, *arguments, environment=None):
    """The command as another user, who may not be able to look into the build folder."""
    program = agent.directory / "gangway"
    if not program.exists():
        shutil.copy(command_path(), program)
        program.chmod(0o755)
    account = pwd.getpwnam(user)
    return gangway(agent, *arguments, program=program, environment=environment, cwd="/",
                   user=account.pw_uid, group=account.pw_gid, extra_groups=[])


def test_the_command_needs_no_password_from_the_application_s_own_user(switching):
    pids = pids_of(switching)
    result = run_as(switching, ALPHA_USER, "ps", "--json")
    assert result.code == 0, result
    assert [row["pid"] for row in json.loads(result.text)["processes"]] == [pids["alpha"]]
    result = run_as(switching, ALPHA_USER, "request", pids["alpha"], "/")
    assert result.code == 0 and f"pid={pids['alpha']}\n" in result.text
    result = run_as(switching, ALPHA_USER, "request", pids["beta"], "/")
    assert result.code == 1 and "process_not_found" in result.errors
    assert str(pids["beta"]) in result.errors


def test_the_command_tells_a_stranger_that_a_password_is_needed(switching):
    pids = pids_of(switching)
    result = run_as(switching, STRANGER, "ps")
    assert result.code == 4 and "unauthorized" in result.errors, result
    password = switching.pool_xml().group("beta").password
    result = run_as(switching, STRANGER, "ps", "--json", environment={"GANGWAY_PASSWORD": password})
    assert [row["pid"] for row in json.loads(result.text)["processes"]] == [pids["beta"]], result


def test_the_command_tells_whom_the_socket_keeps_out_that_they_are_not_authorized(new_agent):
    agent = new_agent("python", workers=1, config={"socket_mode": "0600"})
    result = run_as(agent, STRANGER, "ps")
    assert result.code == 4 and result.errors, result


def test_the_command_tells_who_may_not_look_where_an_instance_is_that_it_is_a_permission(new_agent):
    agent = new_agent("python", workers=1, config={})
    sockets = agent.socket_path.parent
    mode = sockets.stat().st_mode & 0o777
    sockets.chmod(0o700)
    result = run_as(agent, STRANGER, "ps")
    sockets.chmod(mode)
    assert result.code == 4 and str(sockets) in result.errors and "try sudo" in result.errors, result
    closed = agent.directory / "closed"
    (closed / "registry").mkdir(parents=True)
    closed.chmod(0o700)
    for arguments in (("ps",), ("ps", "--instance", "x"), ("health", "--all")):
        result = run_as(agent, STRANGER, *arguments,
                        environment={"PASSENGER_INSTANCE_REGISTRY_DIR": str(closed / "registry")})
        assert result.code == 4 and str(closed) in result.errors and "try sudo" in result.errors, result
        assert "set PASSENGER_INSTANCE_REGISTRY_DIR" not in result.errors
