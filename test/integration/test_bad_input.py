"""Each thing that a client does wrong gets its documented status and code, and harms nobody else."""

import base64
import contextlib
import time

import pytest

from support.client import exchange, forwarded, reads_eof
from support.waiting import wait_until


def problem(answer, status, code):
    assert answer.status == status, answer
    assert answer.headers["content-type"] == "application/problem+json"
    assert "x-gangway-route" not in answer.headers
    body = answer.json
    assert body["code"] == code and body["status"] == status, answer
    assert set(body) >= {"title", "status", "code", "detail"}
    assert body["title"] and body["detail"]
    return body


def first(agent):
    return agent.admin.processes()[0]["pid"]


# ---------------------------------------------------------------- query, path, method, body

@pytest.mark.parametrize("target, named", [
    ("/v1/processes?foo=1", "foo"), ("/v1/pool?group=x", "group"), ("/v1/groups?secrets=true", "secrets"),
    ("/v1/processes?secrets=1", "secrets"), ("/v1/processes?secrets=", "secrets"),
    ("/v1/processes?state=awake", "state"), ("/v1/processes?state=enabled,awake", "state"),
    ("/v1/processes?state=", "state"), ("/v1/processes?fields=pid,shoe", "fields"),
    ("/v1/processes?fields=", "fields"), ("/v1/processes?secrets=true&secrets=true", "secrets"),
    ("/v1/processes?group=a&group=b", "group"), ("/v1/processes?SECRETS=true", "SECRETS"),
    ("/v1/processes?secrets", "secrets")])
def test_a_bad_query_parameter_is_named(python, target, named):
    body = problem(python.admin.get(target), 400, "bad_parameter")
    assert named in body["detail"]


def test_a_bad_query_parameter_of_one_process_or_group_is_named(python):
    pid = first(python)
    for parameter in ("group=x", "state=enabled", "other=1"):
        body = problem(python.admin.get(f"/v1/processes/{pid}?{parameter}"), 400, "bad_parameter")
        assert parameter.split("=")[0] in body["detail"]


@pytest.mark.parametrize("target", [
    "/v1/", "/v1/nothing", "/v1/pools", "/v2/pool", "/", "/index.html",
    "/v1/pool/", "/V1/pool", "/v1/processes/1/2", "/v1//pool", "/v1/%70ool/x"])
def test_a_path_outside_the_api_is_not_found(python, target):
    problem(python.admin.get(target), 404, "not_found")


@pytest.mark.parametrize("identity", [
    "abc", "0", "-1", "+1", "1.5", "0x10", "99999999999999999999999", "2147483648", "%00", "%20",
    "1c89905-aaaaaaaaaa", "x" * 500, "%C3%A4"])
def test_an_id_that_no_process_has_is_process_not_found(python, identity):
    problem(python.admin.get(f"/v1/processes/{identity}"), 404, "process_not_found")
    problem(python.admin.get(f"/v1/processes/{identity}/request/"), 404, "process_not_found")
    problem(python.admin.get("/", {"X-Passenger-Process": identity}), 404, "process_not_found")


def test_an_unknown_group_is_group_not_found(python):
    problem(python.admin.get("/v1/groups/no%2Fsuch"), 404, "group_not_found")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"])
@pytest.mark.parametrize("target", ["/v1/pool", "/v1/groups", "/v1/groups/x", "/v1/processes",
                                    "/v1/processes/1"])
def test_another_method_is_not_allowed_and_the_right_ones_are_named(python, method, target):
    answer = python.admin.request(method, target)
    problem(answer, 405, "method_not_allowed")
    assert {name.strip() for name in answer.headers["allow"].split(",")} == {"GET", "HEAD"}


@pytest.mark.parametrize("target", ["/v1/pool", "/v1/groups", "/v1/processes", "/v1/processes/1"])
def test_a_body_where_none_may_be_is_refused(python, target):
    problem(python.admin.request("GET", target, body=b"hello"), 400, "body_not_allowed")
    answer = python.admin.request("GET", target, {"Transfer-Encoding": "chunked"},
                                  body=iter([b"hello"]))
    problem(answer, 400, "body_not_allowed")


def test_a_body_of_no_bytes_is_no_body(python):
    answer = python.admin.get("/v1/pool", {"Content-Length": "0"})
    assert answer.status == 200


# ---------------------------------------------------------------- steering headers

@pytest.mark.parametrize("name, value", [
    ("X-Gangway-Wait", "rubbish"), ("X-Gangway-Wait", "-1"), ("X-Gangway-Wait", "3601"),
    ("X-Gangway-Wait", ""), ("X-Gangway-Wait", "1s"), ("X-Gangway-Wait", "nan"),
    ("X-Gangway-Wait", "inf"), ("X-Gangway-Wait", "0x1"), ("X-Gangway-Timeout", "0"),
    ("X-Gangway-Timeout", "-5"), ("X-Gangway-Timeout", "86401"), ("X-Gangway-Timeout", "soon"),
    ("X-Gangway-Route", "x"), ("X-Gangway-Route", "")])
def test_a_bad_steering_header_is_named(python, name, value):
    pid = first(python)
    before = python.pool_xml().process(pid).number("processed")
    answer = python.admin.forward(pid, "/", headers={name: value})
    body = problem(answer, 400, "bad_header")
    assert name.lower() in body["detail"].lower()
    assert python.pool_xml().process(pid).number("processed") == before


@pytest.mark.parametrize("headers", [
    {"X-Gangway-Wait": "0"}, {"X-Gangway-Wait": "3600"}, {"X-Gangway-Wait": "0.25"},
    {"X-Gangway-Timeout": "86400"}, {"X-Gangway-Timeout": "1.5"}, {"X-Gangway-Route": "auto"}])
def test_the_limits_of_the_steering_headers_are_within(python, headers):
    assert python.admin.forward(first(python), "/", headers=headers).status == 200


# ---------------------------------------------------------------- what is not HTTP

@pytest.mark.parametrize("content", [
    b"nonsense\r\n\r\n",
    b"GET\r\n\r\n",
    b"GET /v1/pool\r\n\r\n",
    b"GET /v1/pool HTTP/9.9\r\n\r\n",
    b"GET /v1/pool HTTP/1.1\r\nHost\r\n\r\n",
    b"GET /v1/pool HTTP/1.1\r\nHost: x\r\nA b: c\r\n\r\n",
    b"GET /v1/pool HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n",
    b"GET /v1/po\x01ol HTTP/1.1\r\nHost: x\r\n\r\n",
    b"POST /v1/processes/1/request/ HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n",
    b"POST /v1/processes/1/request/ HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    b"POST /v1/processes/1/request/ HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n"
    b"Content-Length: 2\r\n\r\nab",
    b"POST /v1/processes/1/request/ HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 50,
], ids=["words", "no target", "no version", "unknown version", "no colon", "space in name", "nul",
        "control character", "length a word", "length negative", "two lengths",
        "length and chunked", "tls"])
def test_a_malformed_request_is_refused_and_the_connection_closed(python, content):
    with python.admin.raw() as sock:
        sock.sendall(content)
        received = b""
        try:
            while piece := sock.recv(65536):
                received += piece
        except ConnectionResetError:
            pass
    assert received.startswith(b"HTTP/1.1 400 "), received
    assert b'"bad_request"' in received
    assert received.count(b"HTTP/1.1 ") == 1


def test_a_malformed_chunk_breaks_its_own_request_only(python):
    pid = first(python)
    with python.admin.raw() as sock:
        sock.sendall(f"POST {forwarded(pid, '/')} HTTP/1.1\r\nHost: x\r\n"
                     "Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n".encode())
        received = b""
        try:
            while piece := sock.recv(65536):
                received += piece
        except ConnectionResetError:
            pass
    assert not received.startswith(b"HTTP/1.1 200"), received
    python.wait_for_no_sessions()
    assert python.admin.forward(pid, "/").fields["pid"] == str(pid)


def test_a_client_that_says_nothing_and_leaves_is_forgotten(python):
    for _ in range(50):
        python.admin.raw().close()
    for content in (b"G", b"GET /v1/pool HTTP/1.1\r\n", b"GET /v1/pool HTTP/1.1\r\nHost: x\r\n\r\n"):
        with python.admin.raw() as sock:
            sock.sendall(content)
    assert python.admin.get("/v1/pool").status == 200


# ---------------------------------------------------------------- limits

def test_headers_beyond_64_kib_are_too_large(python):
    assert python.admin.get("/v1/pool", {"X-Long": "x" * 60_000}).status == 200
    answer = python.admin.say(b"GET /v1/pool HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * 70_000
                              + b"\r\n\r\n")
    problem(answer, 431, "header_too_large")


def test_a_request_line_beyond_the_limit_is_too_large(python):
    answer = python.admin.say(b"GET /v1/pool?" + b"x" * 70_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n")
    problem(answer, 431, "header_too_large")


def test_the_limit_on_headers_is_that_of_the_configuration(tight):
    assert tight.admin.get("/v1/pool", {"X-Long": "x" * 800}).status == 200
    answer = tight.admin.say(b"GET /v1/pool HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * 1100
                             + b"\r\n\r\n")
    problem(answer, 431, "header_too_large")
    answer = tight.admin.say(b"GET /v1/pool HTTP/1.1\r\nHost: x\r\n" + b"".join(
        b"X-%d: 123456789012345\r\n" % number for number in range(60)) + b"\r\n")
    problem(answer, 431, "header_too_large")


@pytest.mark.parametrize("content", [b"GET /v1/po", b"GET /v1/pool HTTP/1.1\r\nHost: x\r\n"])
def test_a_header_that_does_not_arrive_in_time_is_a_timeout(tight, content):
    begun = time.monotonic()
    answer = tight.admin.say(content)
    problem(answer, 408, "request_timeout")
    assert 0.9 <= time.monotonic() - begun < 15


def test_a_header_that_trickles_is_a_timeout_too(tight):
    with tight.admin.raw() as sock:
        begun = time.monotonic()
        received = b""
        sock.settimeout(0.3)
        sock.sendall(b"GET /v1/pool HTTP/1.1\r\nX-Slow: ")
        while not received and time.monotonic() - begun < 8:
            try:
                sock.sendall(b"x")
                received = sock.recv(65536)
            except TimeoutError:
                pass
    assert b"request_timeout" in received and received.startswith(b"HTTP/1.1 408 "), received
    assert time.monotonic() - begun < 5


def test_a_body_that_does_not_arrive_in_time_ends_the_request(tight):
    pid = first(tight)
    with tight.admin.raw() as sock:
        begun = time.monotonic()
        sock.sendall(f"POST {forwarded(pid, '/')} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n"
                     "hello".encode())
        received = b""
        try:
            while piece := sock.recv(65536):
                received += piece
        except ConnectionResetError:
            pass
        assert 0.9 <= time.monotonic() - begun < 15
    assert not received.startswith(b"HTTP/1.1 200"), received
    tight.wait_for_no_sessions()
    assert tight.admin.forward(pid, "/").fields["pid"] == str(pid)


def test_a_client_that_does_not_take_its_answer_is_given_up(tight):
    pid = first(tight)
    with tight.admin.raw() as sock:
        sock.sendall(f"GET {forwarded(pid, '/fixed?bytes=50000000')} HTTP/1.1\r\nHost: x\r\n\r\n"
                     .encode())
        tight.wait_for_sessions(pid, 1)
        tight.wait_for_no_sessions(10)


def test_an_idle_connection_is_closed_after_the_client_timeout(tight):
    begun = time.monotonic()
    with tight.admin.raw() as sock:
        assert reads_eof(sock)
        assert 0.9 <= time.monotonic() - begun < 15


def test_connections_beyond_the_limit_are_refused_and_accepted_again_later(tight):
    held = [tight.admin.raw() for _ in range(4)]
    try:
        answer = tight.admin.say(b"GET /v1/pool HTTP/1.1\r\nHost: x\r\n\r\n")
        problem(answer, 503, "too_many_connections")
    finally:
        for sock in held:
            sock.close()
    wait_until(lambda: tight.admin.get("/v1/pool").status == 200, "connections are accepted again")


def test_errors_of_a_head_request_have_no_body(python):
    answer = python.admin.request("HEAD", "/v1/nothing")
    assert answer.status == 404 and answer.body == b""


def test_the_connection_stays_usable_after_an_error_of_the_request(python):
    connection = python.admin.connection()
    try:
        connection.connect()
        sock = connection.sock
        for target, status in (("/v1/nothing", 404), ("/v1/processes?x=1", 400), ("/v1/pool", 200),
                               ("/v1/processes/0", 404), ("/v1/pool", 200)):
            assert exchange(connection, "GET", target).status == status
            assert connection.sock is sock, f"closed after {target}"
    finally:
        connection.close()


# ---------------------------------------------------------------- credentials

@pytest.mark.parametrize("byte", ["/", "A", "z", "9"])
def test_basic_credentials_of_any_length_and_padding_are_refused_and_harm_nobody(python, byte):
    core = python.core_pid
    with contextlib.closing(python.admin.connection()) as connection:
        for size in range(201):
            for padding in ("", "=", "==", "==="):
                answer = exchange(connection, "GET", "/v1/pool", {"Authorization": f"Basic {byte * size}{padding}"})
                problem(answer, 401, "unauthorized")
    assert python.find_core() == core


def test_basic_credentials_without_padding_reach_an_application_as_they_came(ruby):
    row = ruby.admin.processes()[0]
    headers = {"Authorization": "Basic " + base64.b64encode(b"me:some-secret").decode().rstrip("=")}
    answer = ruby.admin.forward(row["pid"], "/env", headers=headers)
    assert answer.status == 200 and headers["Authorization"] in answer.text, answer
