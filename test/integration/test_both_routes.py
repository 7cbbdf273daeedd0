"""The same request over the pool and over the debug socket of a Ruby process: the application must see the same, or
the debug socket is refused. And what only the way of a check can have caused harms no process.
"""

import json
import threading

import pytest

import test_same_as_front_door
from support.client import forwarded
from support.command import gangway
from support.doors import GangwayDoor
from support.health import check, verdict
from support.passenger import Application, Passenger
from support.waiting import wait_until
from support.watching import (
    Listener, health_lines, plan, standings, wait_for_checks, wait_for_row, wait_for_standing)
from support.wire import WholeAnswer, request_bytes
from test_same_as_front_door import BASE_URI, REQUESTS, Case, differences, of_targets, seen

mirrors = test_same_as_front_door.mirrors
SUB = "/sub"
# Of every request: what the handler behind the debug socket gives the application, whatever it is sent.
EACH = {
    "SERVER_NAME": "it is the socket's own address there; Host, which goes before it, is the same",
    "SERVER_PORT": "the same",
    "SERVER_SOFTWARE": "the handler knows none",
    "REMOTE_PORT": "it is the connection's, and a number, which no text is",
    "PASSENGER_CONNECT_PASSWORD": "the handler takes it from a header …",
    "HTTP_X_PASSENGER_CONNECT_PASSWORD": "… and leaves that",
}


class RouteDoor(GangwayDoor):
    def __init__(self, agent, pid, route):
        super().__init__(agent, pid)
        self.route = route

    @property
    def headers(self):
        return [*(header for header in super().headers if header[0] != "X-Gangway-Route"), ("X-Gangway-Route", self.route)]


def pid_of(agent, group):
    return next(row["pid"] for row in agent.admin.processes() if row["group"] == group)


def routes(agent, group):
    return [RouteDoor(agent, pid_of(agent, group), route) for route in ("pool", "direct")]


def ask(door, case):
    with door.connect() as sock:
        sock.sendall(request_bytes(door, case.method, case.target, case.headers, case.body, case.version, case.host))
        return WholeAnswer(sock, case.method)


def assert_seen_alike(agent, group, case):
    pool, direct = (seen(door, case) for door in routes(agent, group))
    assert pool["body"] == direct["body"]
    found = differences(pool["variables"], direct["variables"])
    assert set(found) == set(EACH), f"{case.name}: (pool, direct) differ in\n{json.dumps(found, indent=1)}"
    assert found["PASSENGER_CONNECT_PASSWORD"][0] == found["HTTP_X_PASSENGER_CONNECT_PASSWORD"][1]
    assert found["SERVER_NAME"][1] == "127.0.0.1" and found["REMOTE_PORT"][1] is None


def assert_refused(agent, group, case, words):
    answer = ask(routes(agent, group)[1], case)
    assert answer.status == 409 and answer.values("X-Gangway-Error") == ["route_unavailable"], answer
    if case.method != "HEAD":
        assert words in json.loads(answer.body)["detail"]


# ---------------------------------------------------------------- what the application sees


@pytest.mark.parametrize("case", [case for case in REQUESTS if not case.body], ids=lambda case: case.name)
def test_the_application_sees_the_same_over_both_routes(mirrors, case):
    assert_seen_alike(mirrors, "rack", case)


@pytest.mark.parametrize("case", [case for case in REQUESTS if case.body], ids=lambda case: case.name)
def test_a_body_is_refused_by_the_debug_socket(mirrors, case):
    assert_refused(mirrors, "rack", case, "body")


@pytest.mark.parametrize("case", [*of_targets()], ids=lambda case: case.name)
def test_below_a_base_uri_the_application_sees_the_same_or_the_debug_socket_is_refused(mirrors, case):
    if case.target.startswith(BASE_URI):
        assert_refused(mirrors, "rack_below", case, "base URI")
    else:
        assert_seen_alike(mirrors, "rack_below", case)


@pytest.mark.parametrize("method", ["M-SEARCH", "VERSION-CONTROL", "A1", "x_y"])
def test_a_method_that_the_debug_socket_cannot_read_is_refused_there(mirrors, method):
    assert_refused(mirrors, "rack", Case("", method=method), "method")


def test_an_http_1_0_request_without_a_host_names_the_same_server(mirrors):
    """By Rack's rules: Host, and SERVER_NAME with SERVER_PORT where there is none."""
    pool, direct = (seen(door, Case("", version="1.0", host=None))["variables"] for door in routes(mirrors, "rack"))
    assert (pool["SERVER_NAME"], pool["SERVER_PORT"]) == ("localhost", "80") and "HTTP_HOST" not in pool
    assert direct["HTTP_HOST"] == "localhost"


@pytest.mark.parametrize("parameters", [{}, {"path": "/a?b=c"}, {"method": "OPTIONS"}])
def test_a_check_is_seen_alike_over_both_routes(mirrors, parameters):
    pid = pid_of(mirrors, "rack")
    for name in ("HTTP_HOST", "REQUEST_URI", "PATH_INFO", "QUERY_STRING", "REQUEST_METHOD", "HTTP_USER_AGENT"):
        pool = check(mirrors, pid, route="pool", json_pointer=f"/variables/{name}", json_value="-", **parameters)
        direct = check(mirrors, pid, route="direct", json_pointer=f"/variables/{name}", json_value="-", **parameters)
        assert pool["detail"] == direct["detail"] and name in pool["detail"], (pool, direct)
    for name in ("HTTP_CONNECTION", "HTTP_CONTENT_LENGTH"):
        for route in ("pool", "direct"):
            result = check(mirrors, pid, route=route, json_pointer=f"/variables/{name}", **parameters)
            assert "has nothing at" in result["detail"], result


# ---------------------------------------------------------------- an application below a base URI

# Routes by PATH_INFO, as Rack applications do.
BY_PATH = """
run(lambda do |env|
  body = case env['PATH_INFO']
         when '/health' then "well at #{env['SCRIPT_NAME']}"
         when '/sleep'
           File.write('visited', "#{$$} ")
           sleep(Float(env['QUERY_STRING']))
           'slept'
         end
  [body ? 200 : 404, {}, [body || 'not here']]
end)
"""

# Answers well on the way of visitors alone.
BY_ROUTE = """
run(lambda do |env|
  next [500, {}, ['sick']] if env['HTTP_X_PASSENGER_CONNECT_PASSWORD']

  if env['PATH_INFO'] == '/sleep'
    File.write('visited', "#{$$} ")
    sleep(Float(env['QUERY_STRING']))
  end
  [200, {}, ['well']]
end)
"""


def rack_agent(script, base_uri=None, **keys):
    """Two processes that are checked all the time."""
    agent = Passenger(apps={}, config={"health": [plan(on_unhealthy="detach", kill_after_seconds=0.2, **keys)]})
    app = agent.apps["app"] = Application("rack", agent.install_app("sick_rack", "app"), 2, base_uri=base_uri)
    (app.root / "config.ru").write_text(script)
    agent.workers = agent.max_pool_size = 2
    return agent


@pytest.fixture
def below(module_fleet):
    agent = module_fleet.get("below", lambda: rack_agent(BY_PATH, SUB, path=f"{SUB}/health"))
    yield agent
    agent.assert_unharmed()


class Visit:
    """A visitor, in a request that takes so long; `pid` serves it."""

    def __init__(self, agent, target, seconds):
        self.agent = agent
        self.answer = None
        self.thread = threading.Thread(target=self.run, args=(f"{target}?{seconds}",))

    def run(self, target):
        self.answer = self.agent.visit(target, group="app")

    def __enter__(self):
        note = self.agent.apps["app"].root / "visited"
        note.unlink(missing_ok=True)
        self.thread.start()
        wait_until(lambda: note.exists() and note.read_text().endswith(" "), "the visitor is served")
        self.pid = int(note.read_text())
        return self

    def __exit__(self, *_):
        self.thread.join()


def test_a_healthy_process_below_a_base_uri_is_not_ejected_while_it_serves_a_visitor(below):
    wait_until(lambda: list(standings(below).values()) == ["healthy"] * 2, "all are healthy")
    pids = sorted(standings(below))
    with Visit(below, f"{SUB}/sleep", 3) as visit:
        row = wait_for_row(below, visit.pid, lambda row: [past["reason"] for past in row["history"][-4:]] == [
            "busy"] * 4, "it was found busy, and nothing else")
        assert row["state"] == "healthy" and row["last"]["route"] is None, row
    assert visit.answer.status == 200 and visit.answer.text == "slept"
    wait_for_checks(below, pids, 2)
    assert standings(below) == dict.fromkeys(pids, "healthy")
    assert all(row["failures"] == 0 for row in below.admin.get("/v1/health").json["processes"])
    assert not [line for line in health_lines(below) if "ejected" in line]


def test_a_process_below_a_base_uri_is_healthy_or_busy_when_it_is_asked_for(below):
    with Visit(below, f"{SUB}/sleep", 1) as visit:
        result = check(below, visit.pid, path=f"{SUB}/health", wait=0)
        assert verdict(result) == ("busy", "busy"), result
        result = check(below, visit.pid, path=f"{SUB}/health", route="direct")
        assert verdict(result) == ("skipped", "not_routable") and "base URI" in result["detail"], result
        table = gangway(below, "health", "--group", "app", f"{SUB}/health", "--wait", "0")
        assert "unhealthy" not in table.text.partition("\n\n")[0] and " 404 " not in table.text, table
    assert visit.answer.status == 200
    result = check(below, visit.pid, path=f"{SUB}/health", body=f"well at {SUB}", wait=5)
    assert verdict(result) == ("healthy", None) and result["route"] == "pool", result


def test_a_request_below_a_base_uri_waits_for_the_pool(below):
    with Visit(below, f"{SUB}/sleep", 1) as visit:
        answer = below.admin.forward(visit.pid, f"{SUB}/health", headers={"X-Gangway-Wait": "0"})
        assert answer.status == 503 and answer.code == "process_busy", answer
        answer = below.admin.get(forwarded(visit.pid, f"{SUB}/health"))
        assert answer.status == 200 and answer.text == f"well at {SUB}", answer
        assert answer.headers["x-gangway-route"] == "pool"


# ---------------------------------------------------------------- a verdict that depends on the route


def test_a_verdict_that_depends_on_the_route_ejects_nobody(new_agent):
    agent = rack_agent(BY_ROUTE)
    with agent:
        agent.ready()
        wait_until(lambda: list(standings(agent).values()) == ["healthy"] * 2, "all are healthy")
        pids = sorted(standings(agent))
        with Listener(agent) as listener, Visit(agent, "/sleep", 3) as visit:
            wait_for_standing(agent, visit.pid, "unhealthy")
            refusal = listener.wait_for("ejection_refused", visit.pid)
            assert refusal["reason"] == "route" and "debug socket" in refusal["detail"], refusal
            wait_for_checks(agent, [visit.pid], 3)
        assert visit.answer.status == 200
        row = wait_for_standing(agent, visit.pid, "healthy")
        assert row["failures"] >= 3 and sorted(standings(agent)) == pids
        assert listener.of("ejected") == []
        agent.wait_for_no_sessions()


# ---------------------------------------------------------------- the busy limit comes before the route


def test_a_process_that_is_busy_for_too_long_is_ill_though_its_debug_socket_answers(ruby):
    pid = ruby.admin.processes()[0]["pid"]
    with ruby.admin.raw() as sock:
        sock.sendall(f"GET {forwarded(pid, '/sleep?seconds=2')} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        ruby.wait_for_sessions(pid, 1)
        wait_until(lambda: verdict(check(ruby, pid, busy_limit=0.3)) == ("unhealthy", "busy_too_long"),
                   "it was busy for too long")
        for parameters in ({"wait": 0}, {"route": "direct"}, {"route": "pool", "wait": 60}):
            result = check(ruby, pid, busy_limit=0.3, **parameters)
            assert verdict(result) == ("unhealthy", "busy_too_long") and result["route"] is None, result
        result = check(ruby, pid, busy_limit=60)
        assert verdict(result) == ("healthy", None) and result["route"] == "direct", result
        assert WholeAnswer(sock).status == 200
