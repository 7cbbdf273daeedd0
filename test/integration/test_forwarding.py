"""A request reaches the process that was chosen, whole, and so does its answer."""

import hashlib
import http.client
import os
import threading

import pytest

from support.client import exchange, forwarded, pattern, pattern_sha256

TEN_MB = 10 * 1000 * 1000


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def first(agent):
    return agent.admin.processes()[0]


def in_pieces(content, size=16384):
    for start in range(0, len(content), size):
        yield content[start:start + size]


def test_each_process_is_reached_by_pid_and_by_gupid_and_answers_itself(agent):
    for row in agent.admin.processes():
        for identity in (row["pid"], row["gupid"]):
            answer = agent.admin.forward(identity, "/")
            assert answer.status == 200, answer
            assert answer.fields["pid"] == answer.headers["x-app-pid"] == str(row["pid"])
            assert answer.headers["x-gangway-process"] == f"{row['pid']} {row['gupid']}"
            assert answer.headers["x-gangway-route"] == "pool"


def test_a_path_outside_v1_is_forwarded_to_the_process_in_the_header(agent):
    for row in agent.admin.processes():
        for identity in (row["pid"], row["gupid"]):
            answer = agent.admin.get("/some/path?a=1", {"X-Passenger-Process": str(identity)})
            assert answer.fields["pid"] == str(row["pid"])
            assert answer.fields["path"] == "/some/path" and answer.fields["query"] == "a=1"


def test_head_is_answered_without_a_body(agent):
    answer = agent.admin.forward(first(agent)["pid"], "/fixed?bytes=12345", method="HEAD")
    assert answer.status == 200 and answer.body == b""
    assert answer.headers["content-length"] == "12345"


@pytest.mark.parametrize("size", [0, 11, TEN_MB], ids=["0B", "11B", "10MB"])
def test_a_body_of_known_length_arrives_whole(agent, size):
    body = os.urandom(size)
    answer = agent.admin.forward(first(agent)["pid"], "/upload", method="POST", body=body)
    assert answer.status == 200, answer
    assert answer.fields["method"] == "POST"
    assert answer.fields["body_bytes"] == str(size)
    assert answer.fields["body_sha256"] == sha256(body)


@pytest.mark.parametrize("size", [0, 11, TEN_MB], ids=["0B", "11B", "10MB"])
def test_a_chunked_body_arrives_whole(agent, size):
    body = os.urandom(size)
    answer = agent.admin.forward(first(agent)["pid"], "/upload", method="POST",
                                 headers={"Transfer-Encoding": "chunked"},
                                 body=in_pieces(body, 10007))
    assert answer.status == 200, answer
    assert answer.fields["body_bytes"] == str(size)
    assert answer.fields["body_sha256"] == sha256(body)


def test_a_large_answer_of_known_length_arrives_whole(agent):
    answer = agent.admin.forward(first(agent)["pid"], f"/fixed?bytes={TEN_MB}")
    assert answer.headers["content-length"] == str(TEN_MB)
    assert len(answer.body) == TEN_MB
    assert sha256(answer.body) == pattern_sha256(TEN_MB)


def test_a_large_answer_of_unknown_length_arrives_whole(agent):
    answer = agent.admin.forward(first(agent)["pid"], "/stream?pieces=640&bytes=16000")
    assert answer.status == 200 and "content-length" not in answer.headers
    assert sha256(answer.body) == sha256(next(pattern(16000)) * 640)


def test_a_body_is_sent_while_the_answer_is_read(agent):
    """/echo answers while it reads: a relay that waits for the end of either would be stuck."""
    body = os.urandom(TEN_MB)
    connection = agent.admin.connection()
    try:
        connection.putrequest("POST", forwarded(first(agent)["pid"], "/echo"))
        connection.putheader("Content-Length", str(TEN_MB))
        connection.endheaders()
        sock = connection.sock
        sender = threading.Thread(target=lambda: sock.sendall(body), daemon=True)
        sender.start()
        response = connection.getresponse()
        received = response.read()
        sender.join(10)
    finally:
        connection.close()
    assert response.status == 200
    assert sha256(received) == sha256(body)


def test_a_chunked_body_is_echoed_whole(agent):
    body = os.urandom(100_000)
    answer = agent.admin.forward(first(agent)["pid"], "/echo", method="POST",
                                 headers={"Transfer-Encoding": "chunked"}, body=in_pieces(body))
    assert answer.status == 200 and answer.body == body


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_every_method_is_passed_on(agent, method):
    answer = agent.admin.forward(first(agent)["pid"], "/", method=method)
    assert answer.status == 200 and answer.fields["method"] == method


@pytest.mark.parametrize("target", [
    "/", "/a%2Fb/%20/%C3%A4?x=%20y&&z=%26", "//twice//", "/a/../b/./c", "/?", "/p?q=1?r=2",
    "/v1/processes", "/p?group=x&secrets=true&unknown=1"])
def test_path_and_query_are_passed_on_as_they_stand(agent, target):
    answer = agent.admin.forward(first(agent)["pid"], target)
    assert answer.status == 200, answer
    path, _, query = target.partition("?")
    assert answer.fields["path"] == path
    assert answer.fields["query"] == query


@pytest.mark.parametrize("code", [200, 201, 204, 304, 404, 418, 500, 503])
def test_the_application_s_status_is_passed_back(agent, code):
    answer = agent.admin.forward(first(agent)["pid"], f"/status?code={code}")
    assert answer.status == code
    assert answer.headers["x-gangway-route"] == "pool"
    assert answer.code is None
    if code in (204, 304):
        assert answer.body == b""
    else:
        assert answer.text == f"status {code}\n"


def test_headers_are_passed_on_and_back(agent):
    answer = agent.admin.forward(first(agent)["pid"], "/env", headers={
        "X-Request-Note": "as it stands; \"quoted\"", "Accept": "application/json",
        "Cookie": "a=1; b=2", "User-Agent": "tests"})
    seen = answer.json["headers"]
    assert seen["x-request-note"] == "as it stands; \"quoted\""
    assert seen["accept"] == "application/json"
    assert seen["cookie"] == "a=1; b=2"
    assert seen["user-agent"] == "tests"
    assert seen["host"] == "localhost"
    assert answer.headers["content-type"] == "application/json"
    assert [value for name, value in answer.all_headers if name == "set-cookie"] == ["one=1", "two=2"]


def test_content_type_and_length_reach_the_application(agent):
    answer = agent.admin.forward(first(agent)["pid"], "/env", method="PUT", body=b"",
                                 headers={"Content-Type": "text/x-test", "Content-Length": "0"})
    assert answer.json["headers"]["content-type"] == "text/x-test"


def test_hop_by_hop_and_steering_and_secret_headers_are_not_passed_on(agent):
    row = agent.admin.processes("?secrets=true")[0]
    answer = agent.admin.forward(row["pid"], "/env", headers={
        "Connection": "X-Only-Here, keep-alive", "X-Only-Here": "1", "Keep-Alive": "timeout=9",
        "TE": "trailers", "Trailer": "X-Sum", "Proxy-Connection": "close",
        "Proxy-Authorization": "Basic eDp5",
        "X-Gangway-Route": "pool", "X-Gangway-Wait": "1", "X-Gangway-Timeout": "20",
        "X-Passenger-Connect-Password": row["password"], "X-Passenger-Process": "1",
        "!~SCRIPT_NAME": "/x", "X-Stays": "yes"})
    assert answer.status == 200, answer
    seen = answer.json["headers"]
    assert seen["x-stays"] == "yes"
    for name in ("x-only-here", "keep-alive", "te", "trailer", "proxy-connection",
                 "proxy-authorization", "x-gangway-route", "x-gangway-wait", "x-gangway-timeout",
                 "x-passenger-connect-password", "x-passenger-process"):
        assert name not in seen, name
    assert not [name for name in seen if name.startswith("!")]
    assert "X-Only-Here" not in seen.get("connection", "")


def test_names_that_could_pass_for_another_are_dropped_for_the_session_protocol(ruby, python):
    for agent in (ruby, python):
        answer = agent.admin.forward(first(agent)["pid"], "/env", headers={
            "X-Real": "mine", "X_Real": "forged", "X_Other": "forged"})
        assert answer.json["headers"]["x-real"] == "mine"
        assert "x-other" not in answer.json["headers"]


def test_expect_100_continue_is_answered_before_the_body_is_sent(agent):
    pid = first(agent)["pid"]
    with agent.admin.raw() as sock:
        sock.sendall(f"POST {forwarded(pid, '/')} HTTP/1.1\r\nHost: localhost\r\n"
                     "Content-Length: 5\r\nExpect: 100-continue\r\n\r\n".encode())
        received = b""
        while not received.endswith(b"\r\n\r\n"):
            piece = sock.recv(4096)
            assert piece, received
            received += piece
        assert received.startswith(b"HTTP/1.1 100 "), received
        sock.sendall(b"hello")
        response = http.client.HTTPResponse(sock)
        response.begin()
        body = response.read().decode()
        response.close()
    assert response.status == 200
    assert f"body_sha256={sha256(b'hello')}" in body


def test_many_requests_go_over_one_connection(agent):
    rows = agent.admin.processes()
    connection = agent.admin.connection()
    try:
        connection.connect()
        sock = connection.sock
        for turn in range(30):
            row = rows[turn % len(rows)]
            answer = exchange(connection, "GET", forwarded(row["pid"], f"/{turn}"))
            assert answer.fields["pid"] == str(row["pid"]) and answer.fields["path"] == f"/{turn}"
            answer = exchange(connection, "GET", f"/v1/processes/{row['pid']}")
            assert answer.json["process"]["pid"] == row["pid"]
            answer = exchange(connection, "POST", forwarded(row["pid"], "/"), body=b"x" * turn)
            assert answer.fields["body_bytes"] == str(turn)
            assert connection.sock is sock, "the connection was not kept"
    finally:
        connection.close()


def test_requests_sent_ahead_on_one_connection_are_answered_in_order(agent):
    pid = first(agent)["pid"]
    with agent.admin.raw() as sock:
        sock.sendall("".join(f"GET {forwarded(pid, f'/{turn}')} HTTP/1.1\r\nHost: x\r\n\r\n"
                             for turn in range(5)).encode())
        with sock.makefile("rb") as stream:
            paths = []
            for _ in range(5):
                assert stream.readline().startswith(b"HTTP/1.1 200")
                length = 0
                while (line := stream.readline()) != b"\r\n":
                    name, _, value = line.decode().partition(":")
                    if name.lower() == "content-length":
                        length = int(value)
                lines = stream.read(length).decode().splitlines()
                paths.append(next(line for line in lines if line.startswith("path=")))
    assert paths == [f"path=/{turn}" for turn in range(5)]


def test_an_http_1_0_client_gets_an_answer_that_it_can_read(agent):
    answer = agent.admin.say(f"GET {forwarded(first(agent)['pid'], '/stream?pieces=3&bytes=10')} "
                             "HTTP/1.0\r\n\r\n".encode())
    assert answer.status == 200 and answer.closes
    assert "transfer-encoding" not in answer.headers
    assert answer.body == next(pattern(10)) * 3


def test_each_request_is_counted_by_passenger_once(agent):
    pid = first(agent)["pid"]
    before = agent.pool_xml().process(pid).number("processed")
    for _ in range(7):
        assert agent.admin.forward(pid, "/").status == 200
    for _ in range(3):
        assert agent.admin.forward(pid, "/", method="POST", body=b"12345678901").status == 200
    agent.wait_for_no_sessions()
    assert agent.pool_xml().process(pid).number("processed") == before + 10


def test_visitors_and_forwarded_requests_share_the_processes(agent):
    """Each takes and gives back the connections that the other has kept alive."""
    rows = agent.admin.processes()
    for turn in range(20):
        assert agent.visit("/visitor").fields["path"] == "/visitor"
        row = rows[turn % len(rows)]
        assert agent.admin.forward(row["pid"], "/").fields["pid"] == str(row["pid"])


def test_a_client_that_leaves_early_leaves_no_session_behind(agent):
    pid = first(agent)["pid"]
    with agent.admin.raw() as sock:
        sock.sendall(f"GET {forwarded(pid, f'/fixed?bytes={TEN_MB}')} HTTP/1.1\r\n"
                     "Host: localhost\r\n\r\n".encode())
        assert sock.recv(100).startswith(b"HTTP/1.1 200")
    agent.wait_for_no_sessions()
    assert agent.admin.forward(pid, "/").fields["pid"] == str(pid)


def test_a_client_that_leaves_in_the_middle_of_its_body_leaves_no_session_behind(agent):
    pid = first(agent)["pid"]
    with agent.admin.raw() as sock:
        sock.sendall(f"POST {forwarded(pid, '/')} HTTP/1.1\r\nHost: localhost\r\n"
                     "Content-Length: 1000000\r\n\r\n".encode() + b"x" * 1000)
        agent.wait_for_sessions(pid, 1)
    agent.wait_for_no_sessions()
    assert agent.admin.forward(pid, "/").fields["pid"] == str(pid)


def test_a_hundred_megabytes_do_not_pass_through_the_agent_s_memory_at_once(python):
    """Bodies are relayed in pieces, so what is underway does not grow with them."""
    pid = first(python)["pid"]

    def resident():
        status = open(f"/proc/{python.core_pid}/status").read()
        return int(status.split("VmRSS:")[1].split()[0])

    size = 100 * 1000 * 1000
    with python.admin.raw(30) as sock:
        before = resident()
        sock.sendall(f"GET {forwarded(pid, f'/fixed?bytes={size}')} HTTP/1.1\r\n"
                     "Host: localhost\r\n\r\n".encode())
        received, most = 0, before
        while received < size:
            piece = sock.recv(1 << 20)
            assert piece
            received += len(piece)
            most = max(most, resident())
    assert most - before < 8 * 1024, f"{most - before} KiB"
