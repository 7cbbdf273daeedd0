"""The password that a process has for itself: it opens that process, nothing else, and ends with it."""

import os
import signal

import pytest

from support.client import exchange
from support.command import gangway
from support.passenger import python_groups
from support.waiting import wait_until
from support.watching import Listener, health, plan

EVERY_LISTING = ["/v1/pool", "/v1/groups", "/v1/groups/alpha", "/v1/processes", "/v1/health"]


def make_agent():
    return python_groups({"alpha": 2, "beta": 1}, config={"health": [plan(path="/")], "access_log": "text"},
                         options=["--log-level", "3"])


@pytest.fixture
def agent(module_fleet):
    agent = module_fleet.get("two groups", make_agent)
    yield agent
    agent.assert_unharmed()


def alphas(agent):
    rows = [row for row in agent.admin.processes("?secrets=true") if row["group"] == "alpha"]
    assert len(rows) == 2
    return rows


def as_holder(agent, row):
    return agent.admin.as_caller(password=row["process_password"])


def told(answer, identity):
    headers = {name: value for name, value in answer.headers.items() if name not in ("date", "content-length")}
    return answer.status, headers, answer.text.replace(str(identity), "ID")


def test_each_process_has_another_one_than_its_group_and_its_neighbour(agent):
    rows = agent.admin.processes("?secrets=true")
    assert len({row["process_password"] for row in rows} | {row["password"] for row in rows}) == 3 + 2
    assert all("process_password" not in row for row in agent.admin.processes())


def test_its_holder_sees_that_process_alone(agent):
    own, neighbour = alphas(agent)
    caller = as_holder(agent, own)
    (row,) = caller.processes("?secrets=true")
    assert row["pid"] == own["pid"] and row["process_password"] == own["process_password"]
    assert "password" not in row
    assert caller.process(own["gupid"])["pid"] == own["pid"]
    assert [row["pid"] for row in caller.processes("?group=alpha")] == [own["pid"]]
    assert caller.processes("?group=beta") == []
    assert caller.get("/v1/groups").json["groups"] == []
    pool = caller.get("/v1/pool").json
    assert (pool["groups"], pool["processes"], pool["capacity_used"], pool["gangway"]) == (0, 1, 0, None)
    for target in EVERY_LISTING:
        text = caller.get(target).text
        for hidden in (str(neighbour["pid"]), neighbour["gupid"], own["password"], "beta"):
            assert hidden not in text, target


def test_its_holder_reaches_that_process_and_no_other(agent):
    own, neighbour = alphas(agent)
    caller = as_holder(agent, own)
    answer = caller.forward(own["pid"], "/", method="POST", body=b"x=1")
    assert answer.fields["pid"] == str(own["pid"]) and answer.fields["body_bytes"] == "3"
    absent = 2 ** 22 + 1
    for target in ("/v1/processes/{}", "/v1/processes/{}/request/", "/v1/processes/{}/health?path=/"):
        foreign = caller.get(target.format(neighbour["pid"]))
        assert foreign.code == "process_not_found"
        assert told(foreign, neighbour["pid"]) == told(caller.get(target.format(absent)), absent)
    for group in ("alpha", "beta", "no-such"):
        assert caller.get(f"/v1/groups/{group}").code == "group_not_found"
        assert caller.get(f"/v1/health/live?group={group}").code == "health_not_configured"


def test_its_holder_has_that_process_checked_and_no_other(agent):
    own, neighbour = alphas(agent)
    caller = as_holder(agent, own)
    assert caller.get(f"/v1/processes/{own['pid']}/health?path=/").json["result"]["state"] == "healthy"
    for body in (b'{"path":"/"}', b'{"path":"/","group":"alpha"}', b'{"path":"/","processes":[%d]}' % own["pid"]):
        results = caller.request("POST", "/v1/health", body=body).json["results"]
        assert [result["pid"] for result in results] == [own["pid"]], body
    refused = caller.request("POST", "/v1/health", body=b'{"processes":[%d]}' % neighbour["pid"])
    assert refused.code == "process_not_found"
    wait_until(lambda: len(health(agent)["processes"]) == 3, "all are checked")
    document = caller.get("/v1/health").json
    assert [row["pid"] for row in document["processes"]] == [own["pid"]] and document["groups"] == []


def test_the_log_says_by_which_kind_of_password_somebody_came(agent):
    own, _ = alphas(agent)
    assert as_holder(agent, own).get("/v1/pool?seen=1").status == 400
    wait_until(lambda: any("as=process" in line for line in agent.log.splitlines()), "the line is there")
    assert own["process_password"] not in agent.log


def test_the_application_is_not_shown_it(agent):
    own, _ = alphas(agent)
    answer = as_holder(agent, own).forward(own["pid"], "/env")
    assert answer.status == 200 and own["process_password"] not in answer.text


def test_one_byte_less_more_or_another_and_it_opens_nothing(agent):
    own, neighbour = alphas(agent)
    password = own["process_password"]
    gupid, mac = password.split(".")
    wrong = [password[:-1], password + "0", password.upper(), mac, gupid, f"{gupid}.", f".{mac}",
             f"{neighbour['gupid']}.{mac}", f"{gupid}.{mac}.{mac}", own["password"] + mac]
    connection = agent.admin.connection()
    for text in wrong:
        answer = exchange(connection, "GET", "/v1/processes", {"X-Passenger-Connect-Password": text})
        assert (answer.status, answer.code) == (401, "unauthorized"), text
    connection.close()


def test_it_opens_nothing_once_the_process_has_gone(new_agent):
    agent = new_agent("python", workers=2, config={}).ready()
    own, other = agent.admin.processes("?secrets=true")
    caller = as_holder(agent, own)
    connection = agent.admin.connection()
    assert exchange(connection, "GET", "/v1/processes", caller.headers).status == 200
    os.kill(own["pid"], signal.SIGKILL)
    agent.api("POST", "/pool/detach_process.json", {"pid": own["pid"]})
    wait_until(lambda: own["gupid"] not in [row["gupid"] for row in agent.admin.processes()], "it has left the pool")
    for target in ("/v1/processes", "/v1/pool", f"/v1/processes/{own['gupid']}", f"/v1/processes/{own['pid']}/request/"):
        answer = exchange(connection, "GET", target, caller.headers)
        assert (answer.status, answer.code) == (401, "unauthorized"), target
    connection.close()
    assert as_holder(agent, other).forward(other["pid"], "/").status == 200


def test_its_holder_hears_of_that_process_alone(new_agent):
    agent = new_agent("python", workers=2, config={}).ready()
    own, other = agent.admin.processes("?secrets=true")
    with Listener(agent, as_holder(agent, own).headers) as listener, Listener(agent) as everything:
        for row in (other, own):
            agent.api("POST", "/pool/detach_process.json", {"pid": row["pid"]})
        wait_until(lambda: len(everything.of("process_detached")) == 2, "both have left")
        wait_until(lambda: listener.of("process_detached"), "its holder has heard of it")
        assert {data["pid"] for data in listener.of()} == {own["pid"]}


def test_the_command_shows_both_passwords_and_takes_either(agent):
    own, neighbour = alphas(agent)
    shown = gangway(agent, "ps", "--secrets").text
    assert own["password"] in shown and own["process_password"] in shown and neighbour["process_password"] in shown
    listed = gangway(agent, "ps", "--json", environment={"GANGWAY_PASSWORD": own["process_password"]})
    assert str(own["pid"]) in listed.text and str(neighbour["pid"]) not in listed.text
