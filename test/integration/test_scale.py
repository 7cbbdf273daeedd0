"""A pool of a thousand processes. They are Passenger's dummies: rows of the pool without a process."""

import json

import pytest

from support.passenger import Passenger
from support.waiting import wait_until

COUNT = 1000


@pytest.fixture(scope="module")
def thousand():
    with Passenger("python", workers=COUNT, config={},
                   options=["--spawn-method", "dummy"]) as agent:
        try:
            agent.visit("/", timeout=2)
        except OSError:
            pass  # nobody answers behind a dummy
        wait_until(lambda: agent.pool_xml().number("process_count") == COUNT,
                   f"{COUNT} processes", 60, pause=0.2)
        wait_until(lambda: agent.pool_xml().sessions == 0, "no session is open", 60, pause=0.2)
        yield agent


def test_a_thousand_processes_are_all_listed_and_right(thousand):
    def both():
        before = thousand.admin.processes()
        xml = thousand.pool_xml()
        if [row["gupid"] for row in before] != [
                row["gupid"] for row in thousand.admin.processes()]:
            return None
        return before, xml

    rows, xml = wait_until(both, "the same processes before and after /pool.xml")
    assert len(rows) == len({row["gupid"] for row in rows}) == COUNT
    for row, process in zip(rows, xml.processes):
        expected = process.row()
        for name in ("pid", "gupid", "group", "state", "concurrency", "sessions",
                     "sticky_session_id", "spawn_start_time", "spawn_end_time", "sockets", "routes"):
            assert row[name] == expected[name], name


def test_a_thousand_processes_are_counted(thousand):
    pool = thousand.admin.get("/v1/pool").json
    assert (pool["processes"], pool["max"], pool["capacity_used"]) == (COUNT, COUNT, COUNT)
    assert thousand.admin.get("/v1/groups").json["groups"][0]["enabled_process_count"] == COUNT


def test_one_process_in_a_thousand_is_found(thousand):
    for row in thousand.admin.processes("?fields=pid,gupid")[::250]:
        assert thousand.admin.process(row["gupid"])["pid"] == row["pid"]


def test_lists_of_a_thousand_follow_one_another_on_one_connection(thousand):
    connection = thousand.admin.connection()
    try:
        for _ in range(20):
            connection.request("GET", "/v1/processes?fields=gupid")
            response = connection.getresponse()
            assert len(json.loads(response.read())["processes"]) == COUNT
    finally:
        connection.close()
