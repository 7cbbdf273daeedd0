"""The lists show the pool as Passenger itself does."""

import datetime
from urllib.parse import quote

import pytest

from support.pool_xml import AGES, BEYOND_PASSENGER, GROUP_FIELDS, PROCESS_FIELDS, from_rfc3339
from support.waiting import wait_until


def without(row, names):
    return {name: value for name, value in row.items() if name not in names}


def same_moment(agent, read):
    """(what read() gives, /pool.xml) of one moment: read() gave the same before and after it."""
    def attempt():
        before = read()
        xml = agent.pool_xml()
        return (before, xml) if read() == before else None

    return wait_until(attempt, "two equal answers of Gangway around one of /pool.xml")


def wait_for_metrics(agent):
    wait_until(lambda: all(process.has_metrics for process in agent.pool_xml().processes),
               "Passenger has measured every process", 30, pause=0.2)


def test_the_process_list_equals_pool_xml_field_by_field(agent):
    wait_for_metrics(agent)
    rows, xml = same_moment(agent, lambda: [
        without(row, (*AGES, *BEYOND_PASSENGER, "process_password")) for row in agent.admin.processes("?secrets=true")])
    assert len(rows) == 3
    assert rows == [process.row() for process in xml.processes]
    for row in rows:
        for name in ("cpu_percent", "rss_bytes", "vmsize_bytes", "process_group_id", "command"):
            assert row[name] is not None, name


def test_the_fields_of_a_process_stand_in_the_documented_order(agent):
    for row in agent.admin.processes():
        assert tuple(row) == PROCESS_FIELDS
    for row in agent.admin.processes("?secrets=true"):
        assert tuple(row) == PROCESS_FIELDS + ("password", "process_password")


def test_ages_are_those_of_the_moment_when_the_list_was_made(agent):
    answer = agent.admin.get("/v1/processes").json
    taken_at = from_rfc3339(answer["taken_at"])
    assert abs((datetime.datetime.now(datetime.timezone.utc) - taken_at).total_seconds()) < 10
    for row in answer["processes"]:
        for age, since in (("uptime_seconds", "spawn_end_time"), ("idle_seconds", "last_used")):
            expected = (taken_at - from_rfc3339(row[since])).total_seconds()
            assert abs(row[age] - expected) <= 1, (age, row)


def test_the_groups_equal_pool_xml_field_by_field(agent):
    rows, xml = same_moment(agent, lambda: [without(row, ["spawn_error"])
                                            for row in agent.admin.get("/v1/groups").json["groups"]])
    assert rows == [group.row() for group in xml.groups]
    assert [tuple(sorted(row)) for row in rows] == [tuple(sorted(GROUP_FIELDS))]


def test_the_totals_equal_pool_xml(agent):
    totals, xml = same_moment(agent, lambda: without(agent.admin.get("/v1/pool").json,
                                                     ["taken_at", "gangway"]))
    assert totals.pop("gangway_version")
    assert totals == xml.totals()


def test_one_process_is_shown_by_pid_and_by_gupid_as_in_the_list(agent):
    for row in agent.admin.processes():
        by_pid = agent.admin.process(row["pid"])
        by_gupid = agent.admin.process(row["gupid"])
        changing = AGES + ("cpu_percent", "rss_bytes", "pss_bytes", "private_dirty_bytes",
                           "swap_bytes", "real_memory_bytes", "vmsize_bytes", "process_group_id",
                           "command")
        assert without(by_pid, changing) == without(by_gupid, changing) == without(row, changing)


def test_one_group_is_shown_with_its_processes(agent):
    group = agent.admin.get("/v1/groups").json["groups"][0]
    answer = agent.admin.get("/v1/groups/" + quote(group["name"], safe="")).json
    assert answer["group"] == group
    assert ([row["gupid"] for row in answer["processes"]]
            == [row["gupid"] for row in agent.admin.processes()])


def test_a_busy_process_is_shown_with_its_session_and_no_idle_time(agent):
    pid = agent.admin.processes()[0]["pid"]
    connection = agent.admin.connection()
    try:
        connection.request("GET", f"/v1/processes/{pid}/request/sleep?seconds=2")
        agent.wait_for_sessions(pid, 1)
        row = agent.admin.process(pid)
        group = agent.admin.get("/v1/groups").json["groups"][0]
        pool = agent.admin.get("/v1/pool").json
        response = connection.getresponse()
        response.read()
    finally:
        connection.close()
    assert row["sessions"] == 1 and row["idle_seconds"] == 0 and row["busyness"] > 0
    assert group["sessions"] == 1 and pool["sessions"] == 1
    assert response.status == 200


def test_only_the_fields_that_were_asked_for_are_sent(python):
    for row in python.admin.processes("?fields=state,pid"):
        assert tuple(row) == ("pid", "state")
    pid = python.admin.processes()[0]["pid"]
    answer = python.admin.get(f"/v1/processes/{pid}?fields=gupid")
    assert tuple(answer.json["process"]) == ("gupid",)


def test_the_list_can_be_narrowed_by_group_and_state(python):
    name = python.admin.get("/v1/groups").json["groups"][0]["name"]
    assert len(python.admin.processes("?group=" + quote(name, safe=""))) == 3
    assert python.admin.processes("?group=no-such-group") == []
    assert len(python.admin.processes("?state=enabled")) == 3
    assert len(python.admin.processes("?state=dead,enabled")) == 3
    assert python.admin.processes("?state=disabled,detached") == []


@pytest.mark.parametrize("target", ["/v1/pool", "/v1/groups", "/v1/processes"])
def test_head_tells_what_get_would_without_a_body(python, target):
    get = python.admin.get(target)
    head = python.admin.request("HEAD", target)
    assert head.status == 200 and head.body == b""
    assert head.headers["content-type"] == get.headers["content-type"] == "application/json"


def test_groups_come_one_after_the_other_as_in_pool_xml(two_groups):
    rows, xml = same_moment(two_groups, lambda: [row["pid"] for row in two_groups.admin.processes()])
    assert rows == [process.pid for process in xml.processes]
    assert len(rows) == 3


def test_a_pool_without_processes_is_an_empty_list(new_agent):
    agent = new_agent("python", config={})
    assert agent.admin.processes() == []
    assert agent.admin.get("/v1/groups").json["groups"] == []
    assert agent.admin.get("/v1/pool").json["processes"] == 0
