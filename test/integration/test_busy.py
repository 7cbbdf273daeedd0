"""What happens to a request for a process that is serving another one."""

import contextlib
import datetime
import threading
import time

from support.client import Answer, forwarded
from support.pool_xml import from_rfc3339


@contextlib.contextmanager
def occupied(agent, pid, seconds):
    """The process serves a request of `seconds` that came through Gangway."""
    connection = agent.admin.connection()
    try:
        connection.request("GET", forwarded(pid, f"/sleep?seconds={seconds}"),
                           headers={"X-Gangway-Route": "pool"})
        agent.wait_for_sessions(pid, 1)
        yield
        answer = Answer(connection.getresponse())
        assert answer.status == 200 and answer.fields["pid"] == str(pid), answer
    finally:
        connection.close()


def first(agent):
    return agent.admin.processes()[0]["pid"]


def assert_says_busy(answer, started):
    assert answer.status == 503 and answer.code == "process_busy", answer
    assert answer.json["sessions"] == 1
    since = from_rfc3339(answer.json["busy_since"]).timestamp()
    assert started - 1 <= since <= time.time()


def test_a_busy_ruby_process_refuses_the_pool_route_after_the_wait(ruby):
    pid = first(ruby)
    started = datetime.datetime.now().timestamp()
    with occupied(ruby, pid, 2):  # Were it waited for, it would answer.
        begun = time.monotonic()
        answer = ruby.admin.forward(pid, "/", headers={"X-Gangway-Route": "pool",
                                                       "X-Gangway-Wait": "0.2"})
        waited = time.monotonic() - begun
        assert_says_busy(answer, started)
        assert waited >= 0.2


def test_a_busy_process_without_a_debug_socket_is_not_bypassed(python):
    pid = first(python)
    started = time.time()
    with occupied(python, pid, 2):
        assert_says_busy(python.admin.forward(pid, "/", headers={"X-Gangway-Wait": "0.2"}), started)


def test_a_wait_of_nothing_answers_at_once(python):
    pid = first(python)
    with occupied(python, pid, 2):
        answer = python.admin.forward(pid, "/", headers={"X-Gangway-Wait": "0"})
        assert answer.code == "process_busy", answer


def test_a_busy_process_is_waited_for_and_then_used(ruby, python):
    for agent in (ruby, python):
        pid = first(agent)
        with occupied(agent, pid, 1):
            answer = agent.admin.forward(pid, "/", method="POST", body=b"hello",
                                         headers={"X-Gangway-Wait": "20"})
        assert answer.status == 200 and answer.fields["pid"] == str(pid)
        assert answer.headers["x-gangway-route"] == "pool"


def test_auto_goes_around_a_busy_ruby_process_where_there_is_no_body(ruby):
    row = ruby.admin.processes()[0]
    with occupied(ruby, row["pid"], 2):
        answer = ruby.admin.forward(row["pid"], "/busy?x=1")
        assert answer.status == 200, answer
        assert answer.headers["x-gangway-route"] == "direct"
        assert answer.headers["x-gangway-process"] == f"{row['pid']} {row['gupid']}"
        assert answer.fields["pid"] == str(row["pid"])
        assert answer.fields["path"] == "/busy" and answer.fields["query"] == "x=1"
        assert ruby.pool_xml().process(row["pid"]).number("sessions") == 1


def test_auto_waits_for_a_busy_ruby_process_where_there_is_a_body(ruby):
    pid = first(ruby)
    with occupied(ruby, pid, 1):
        answer = ruby.admin.forward(pid, "/", method="POST", body=b"hello")
    assert answer.status == 200 and answer.headers["x-gangway-route"] == "pool"
    assert answer.fields["body_bytes"] == "5"


def test_direct_reaches_an_idle_ruby_process_and_is_not_counted(ruby):
    pid = first(ruby)
    before = ruby.pool_xml().process(pid).number("processed")
    answer = ruby.admin.forward(pid, "/", headers={"X-Gangway-Route": "direct"})
    assert answer.status == 200 and answer.headers["x-gangway-route"] == "direct"
    assert answer.fields["pid"] == str(pid)
    assert ruby.pool_xml().process(pid).number("processed") == before


def test_direct_gives_the_debug_socket_its_password_and_the_application_no_other_secret(ruby):
    answer = ruby.admin.forward(first(ruby), "/env", headers={
        "X-Gangway-Route": "direct", "X-Note": "1", "X-Gangway-Timeout": "9"})
    assert answer.status == 200
    seen = answer.json["headers"]
    assert seen["x-note"] == "1"
    assert "x-gangway-route" not in seen and "x-gangway-timeout" not in seen


def test_direct_with_a_body_is_refused(ruby):
    pid = first(ruby)
    for body, headers in ((b"hello", {}), (iter([b"hello"]), {"Transfer-Encoding": "chunked"})):
        answer = ruby.admin.forward(pid, "/", method="POST", body=body,
                                    headers={"X-Gangway-Route": "direct", **headers})
        assert answer.status == 409 and answer.code == "route_unavailable"


def test_direct_is_refused_where_there_is_no_debug_socket(python, nodejs):
    for agent in (python, nodejs):
        answer = agent.admin.forward(first(agent), "/", headers={"X-Gangway-Route": "direct"})
        assert answer.status == 409 and answer.code == "route_unavailable"


def test_a_nodejs_process_serves_several_requests_at_once(nodejs):
    pid = first(nodejs)
    answers = []

    def ask():
        answers.append(nodejs.admin.forward(pid, "/sleep?seconds=1", headers={"X-Gangway-Wait": "0"}))

    threads = [threading.Thread(target=ask, daemon=True) for _ in range(5)]
    for thread in threads:
        thread.start()
    nodejs.wait_for_sessions(pid, 5)  # Not one after the other.
    for thread in threads:
        thread.join(20)
    assert [answer.status for answer in answers] == [200] * 5
    assert {answer.fields["pid"] for answer in answers} == {str(pid)}


def test_a_process_busy_with_a_visitor_is_busy_for_gangway(new_agent):
    agent = new_agent("python", workers=1, config={}).ready()
    pid = first(agent)
    started = time.time()
    visitor = threading.Thread(target=lambda: agent.visit("/sleep?seconds=2"), daemon=True)
    visitor.start()
    agent.wait_for_sessions(pid, 1)
    assert_says_busy(agent.admin.forward(pid, "/", headers={"X-Gangway-Wait": "0.1"}), started)
    visitor.join(20)


def test_a_visitor_who_waits_in_passenger_s_queue_goes_before_a_waiting_forwarded_request(new_agent):
    agent = new_agent("python", workers=1, config={}).ready()
    pid = first(agent)
    order = []

    def forwarded_request():
        agent.admin.forward(pid, "/", headers={"X-Gangway-Wait": "20"})
        order.append("forwarded")

    def visitor():
        agent.visit("/sleep?seconds=0.5")
        order.append("visitor")

    with occupied(agent, pid, 2):
        threads = [threading.Thread(target=target, daemon=True)
                   for target in (forwarded_request, visitor)]
        for thread in threads:
            thread.start()
    for thread in threads:
        thread.join(20)
    assert order == ["visitor", "forwarded"]


def test_wait_seconds_of_the_configuration_is_the_default_wait(new_agent):
    agent = new_agent("python", workers=1, config={"wait_seconds": 0.3}).ready()
    pid = first(agent)
    with occupied(agent, pid, 2):
        begun = time.monotonic()
        answer = agent.admin.forward(pid, "/")
        assert answer.code == "process_busy" and time.monotonic() - begun >= 0.3
