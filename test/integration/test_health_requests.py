"""What may be asked of the endpoints of health checks, and who may ask."""

import json

import pytest

from support.client import exchange
from support.health import LINES, check_target, document_of, post, result_in

NOT_A_PASSWORD = "not-the-password"
BODY_LIMIT = 64 * 1024


def first(agent):
    return agent.admin.processes()[0]["pid"]


def problem(answer, status, code):
    assert (answer.status, answer.code) == (status, code), answer
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json["title"] and answer.json["detail"]
    return answer.json["detail"]


class Untouched:
    """No process has served anything in between."""

    def __init__(self, agent):
        self.agent = agent

    def counts(self):
        return {process.pid: process.number("processed") for process in self.agent.pool_xml().processes}

    def __enter__(self):
        self.before = self.counts()

    def __exit__(self, kind, *_):
        assert kind or self.counts() == self.before


# ---------------------------------------------------------------- the body of POST /v1/health

TEXTS = [1, True, None, [], {}]
NUMBERS = ["1", True, None, [], {}, -1, -0.001, 1e300]
BAD_KEYS = [
    *[("path", value) for value in [*TEXTS, "", "x", "http://x/", "/a b", "/a\n", "/\u00e4", "/a#b", "*"]],
    *[("method", value) for value in [*TEXTS, "", "get", "POST", "DELETE", "TRACE", "CONNECT", "GET "]],
    *[("headers", value) for value in [1, True, None, [], "X: 1", {f"X-{n}": "1" for n in range(33)}]],
    *[("route", value) for value in [*TEXTS, "", "AUTO", "both"]],
    *[("timeout_seconds", value) for value in [*NUMBERS, 0, 0.0001, 3600.1]],
    *[("wait_seconds", value) for value in [*NUMBERS, 3600.1]],
    *[("busy_limit_seconds", value) for value in [*NUMBERS, 86401]],
    *[("deadline_seconds", value) for value in [*NUMBERS, 0, 3601]],
    *[("concurrency", value) for value in ["1", True, None, [], {}, -1, 0, 257, 1.5, 1e300]],
    *[("group", value) for value in TEXTS],
    *[("processes", value) for value in [1, True, None, [], {}, "1", [None], [True], [1.5], [-1], [[1]],
                                         [{}], ["1", {}]]],
    *[("expect", value) for value in [1, True, None, [], "200"]],
]
BAD_EXPECT = [
    *[("status", value) for value in [*TEXTS, 200, "", "2xx", "99", "600", "300-200", "200-", "-", "200, 300", "200,",
                                      "200-299-300"]],
    *[("body", value) for value in [*TEXTS, ""]],
    *[("regex", value) for value in [*TEXTS, "", "(", "[", "a**", r"\1", "(?=x)", "(a{1000}){1000}"]],
    *[("json_pointer", value) for value in [*TEXTS, "a", "#/a", "/~", "/~2"]],
    ("json_value", 1), ("json_value", None),  # without a pointer
    ("text", "ok"), ("", ""), ("Status", "200"),
]


@pytest.mark.parametrize("key, value", BAD_KEYS, ids=str)
def test_a_key_of_a_wrong_type_or_range_is_named(python, key, value):
    with Untouched(python):
        detail = problem(post(python, {key: value}), 400, "bad_body")
    assert f'"{key}"' in detail, detail


@pytest.mark.parametrize("key, value", BAD_EXPECT, ids=str)
def test_a_key_of_an_expectation_of_a_wrong_type_or_range_is_named(python, key, value):
    with Untouched(python):
        detail = problem(post(python, {"expect": {key: value}}), 400, "bad_body")
    assert f'"expect.{key}"' in detail, detail


@pytest.mark.parametrize("key", ["timeout", "Path", "", "expects", "ids", "a\"b\n", "x" * 3000])
def test_a_key_that_there_is_not_is_named(python, key):
    detail = problem(post(python, {"path": "/", key: 1}), 400, "bad_body")
    assert key[:20].partition('"')[0] in detail


@pytest.mark.parametrize("name", ["Connection", "connection", "Keep-Alive", "Transfer-Encoding", "Content-Length",
                                  "TE", "Trailer", "Upgrade", "Expect", "Proxy-Authorization",
                                  "!~Passenger-X", "", "X Y", "X:", "X\n", "\u00e4", "(x)"])
def test_a_header_that_may_not_be_sent_is_named(python, name):
    with Untouched(python):
        detail = problem(post(python, {"headers": {name: "x"}}), 400, "bad_body")
    assert '"headers"' in detail and (json.dumps(name)[1:-1] in detail or name in detail), detail


@pytest.mark.parametrize("value", [1, None, True, [], "a\r\nX-Evil: 1", "a\nb", "a\0b"])
def test_a_header_whose_value_is_no_text_of_one_line_is_named(python, value):
    with Untouched(python):
        detail = problem(post(python, {"headers": {"X-Note": value}}), 400, "bad_body")
    assert '"headers.X-Note"' in detail, detail


@pytest.mark.parametrize("body", [
    b"nonsense", b"{", b"{}x", b"[]", b'"x"', b"1", b"null", b"{'path':'/'}", b'{"path":"/",}', b"// x\n{}",
    b"\xff\xfe{}", b"\0", b" ", b"[" * 60_000, b'{"a":' * 10_000, b'{"expect":' * 5000 + b"{}" + b"}" * 5000,
    b'{"expect":{"json_pointer":"","json_value":' + b"[" * 30_000 + b"]" * 30_000 + b"}}"],
    ids=lambda body: repr(body[:24]))
def test_a_body_that_is_no_json_object_is_bad_body(python, body):
    with Untouched(python):
        problem(post(python, body), 400, "bad_body")


@pytest.mark.parametrize("body, named", [
    ({"group": "x", "processes": ["1"]}, '"processes"'),
    ({"method": "HEAD", "expect": {"body": "x"}}, '"method"'),
    ({"method": "HEAD", "expect": {"regex": "x"}}, '"method"'),
    ({"method": "HEAD", "expect": {"json_pointer": "/x"}}, '"method"')])
def test_keys_that_exclude_each_other_are_named(python, body, named):
    with Untouched(python):
        assert named in problem(post(python, body), 400, "bad_body")


@pytest.mark.parametrize("body", [
    {"timeout_seconds": 3600, "wait_seconds": 0, "route": "pool", "concurrency": 1},
    {"busy_limit_seconds": 86400, "deadline_seconds": 3600, "concurrency": 256},
    {"timeout_seconds": 3, "wait_seconds": 3600, "busy_limit_seconds": 0, "concurrency": 1},
    {"headers": {f"X-{n}": "" for n in range(32)}}, {"method": "HEAD", "expect": {"status": "100-599"}},
    {"path": "/a%20b?c=%23;d"}, {"expect": {}}, {"headers": {}}])
def test_the_limits_themselves_are_within(python, body):
    summary, results = document_of(python, body)
    assert summary["healthy"] == 3, results


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_a_body_that_is_too_large_is_refused(python, framing):
    body = b'{"path":"/' + b"x" * BODY_LIMIT + b'"}'
    with Untouched(python):
        if framing == "length":
            answer = post(python, body)
        else:
            pieces = (body[start:start + 10_000] for start in range(0, len(body), 10_000))
            answer = python.admin.request("POST", "/v1/health", {"Transfer-Encoding": "chunked"}, pieces)
        problem(answer, 413, "body_too_large")
    assert document_of(python, {})[0]["healthy"] == 3


def test_a_body_that_does_not_come_is_given_up(tight):
    with tight.admin.raw() as sock:
        sock.sendall(b"POST /v1/health HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        with sock.makefile("rb") as stream:
            assert stream.readline().startswith(b"HTTP/1.1 408 ")


def test_the_connection_takes_another_request_behind_a_bad_one(python):
    connection = python.admin.connection()
    try:
        for _ in range(3):
            problem(exchange(connection, "POST", "/v1/health", {}, b"[]"), 400, "bad_body")
            assert exchange(connection, "POST", "/v1/health", {}, b"{}").status == 200
    finally:
        connection.close()


@pytest.mark.parametrize("target", ["/v1/health?group=x", "/v1/health?x", "/v1/health?timeout=1"])
def test_a_parameter_beside_the_body_is_refused(python, target):
    """Whoever writes ?group=… means that group, and not all."""
    with Untouched(python):
        problem(python.admin.request("POST", target, {}, b"{}"), 400, "bad_parameter")


# ---------------------------------------------------------------- the query of GET …/health

BAD_PARAMETERS = [
    *[("path", value) for value in ["", "x", "/a%20b", "/%C3%A4", "/a%23b", "/%0a"]],
    *[("method", value) for value in ["", "get", "POST", "PUT", "TRACE"]],
    *[("timeout", value) for value in ["", "0", "-1", "x", "3601", "true", "null", "[]", "%221%22", "1s", "nan", "1e999",
                                       "0x10"]],
    *[("wait", value) for value in ["", "-1", "x", "3601", "true"]],
    *[("busy_limit", value) for value in ["", "-1", "x", "86401", "false"]],
    *[("route", value) for value in ["", "both", "Pool"]],
    *[("status", value) for value in ["", "2xx", "99", "600", "300-200", "200,,300"]],
    *[("body", value) for value in [""]],
    *[("regex", value) for value in ["", "(", "%5C1"]],
    *[("json_pointer", value) for value in ["x", "/~"]],
    ("json_value", "1"),
]


@pytest.mark.parametrize("name, value", BAD_PARAMETERS)
def test_a_bad_parameter_is_named(python, name, value):
    with Untouched(python):
        detail = problem(python.admin.get(f"{check_target(first(python))}?{name}={value}"), 400, "bad_parameter")
    assert f"'{name}'" in detail, detail


@pytest.mark.parametrize("query, named", [
    ("timeout_seconds=1", "timeout_seconds"), ("x", "x"), ("Path=/", "Path"), ("headers=x", "headers"),
    ("expect=x", "expect"), ("concurrency=1", "concurrency"), ("path=/&path=/", "path"), ("wait=1&timeout=1&wait=1", "wait"),
    ("=1", ""),
    ("method=HEAD&body=x", "method"), ("method=HEAD&json_pointer=/x", "method"),
    ("path=%", "percent"), ("path=%zz", "percent")])
def test_a_query_that_makes_no_check_is_refused(python, query, named):
    with Untouched(python):
        assert named in problem(python.admin.get(f"{check_target(first(python))}?{query}"), 400, "bad_parameter")


def test_a_body_where_none_may_be_is_refused(python):
    problem(python.admin.request("GET", check_target(first(python)), body=b"{}"), 400, "body_not_allowed")


def test_a_bad_query_is_told_before_the_process_is_looked_for(python):
    problem(python.admin.get("/v1/processes/999999999/health?timeout=x"), 400, "bad_parameter")


# ---------------------------------------------------------------- methods

@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "BREW"])
def test_another_method_is_not_allowed_and_the_right_ones_are_named(python, method):
    def allowed(target):
        answer = python.admin.request(method, target)
        problem(answer, 405, "method_not_allowed")
        return {name.strip() for name in answer.headers["allow"].split(",")}

    with Untouched(python):
        assert allowed("/v1/health") == {"GET", "HEAD", "POST"}
        assert allowed(check_target(first(python))) == {"GET", "HEAD"}


def test_one_process_is_not_checked_by_a_post(python):
    answer = python.admin.request("POST", check_target(first(python)), body=b"{}")
    problem(answer, 405, "method_not_allowed")


@pytest.mark.parametrize("target, code", [
    ("/v1/health/", "not_found"), ("/v1/health/x", "not_found"), ("/v1/healthy", "not_found"),
    ("/v1/processes/health", "process_not_found"), ("/v1/processes/1/health/", "not_found"),
    ("/v1/processes/1/health/x", "not_found"), ("/v1/groups/x/health", "not_found")])
def test_a_path_beside_the_endpoints_is_not_found(python, target, code):
    problem(python.admin.get(target), 404, code)


# ---------------------------------------------------------------- who may ask

def groups_of(agent):
    return {group.name: (group.password, [process.pid for process in group.processes])
            for group in agent.pool_xml().groups}


def ask_many(caller, body=b"{}", headers=None):
    return caller.request("POST", "/v1/health", headers, body)


def test_a_full_administrator_checks_everything(two_groups):
    admin = two_groups.admin.as_caller(user="admin", user_password=two_groups.admin_password)
    assert ask_many(admin).json["summary"]["healthy"] == 3
    for row in two_groups.admin.processes():
        assert result_in(admin.get(check_target(row["pid"])))["state"] == "healthy"


@pytest.mark.parametrize("headers", [{}, {"Accept": LINES}])
def test_a_read_only_administrator_has_nothing_checked(two_groups, headers):
    viewer = two_groups.admin.as_caller(user="ro_admin", user_password=two_groups.read_only_password)
    with Untouched(two_groups):
        problem(ask_many(viewer, headers=headers), 403, "forbidden")
        problem(viewer.get(check_target(first(two_groups)), headers), 403, "forbidden")
        problem(viewer.get(check_target("999999999")), 403, "forbidden")


@pytest.mark.parametrize("credentials", [
    {"password": NOT_A_PASSWORD}, {"password": ""}, {"user": "admin", "user_password": NOT_A_PASSWORD},
    {"user": "nobody-of-this-name", "user_password": "x"}])
def test_wrong_credentials_are_refused(two_groups, credentials):
    stranger = two_groups.admin.as_caller(**credentials)
    with Untouched(two_groups):
        problem(ask_many(stranger), 401, "unauthorized")
        problem(ask_many(stranger, b"nonsense"), 401, "unauthorized")
        for identity in (first(two_groups), "999999999"):
            problem(stranger.get(check_target(identity)), 401, "unauthorized")


def test_the_holder_of_a_password_checks_its_group_alone(two_groups):
    groups = groups_of(two_groups)
    beta_pid = groups["beta"][1][0]
    beta_gupid = two_groups.admin.process(beta_pid)["gupid"]
    for name, (password, pids) in groups.items():
        caller = two_groups.admin.as_caller(password=password)
        for body in (b"", b"{}", json.dumps({"group": name}).encode(),
                     json.dumps({"processes": [str(pid) for pid in pids]}).encode()):
            document = ask_many(caller, body).json
            assert [result["pid"] for result in document["results"]] == pids
            assert document["summary"]["healthy"] == len(pids)
        for pid in pids:
            assert result_in(caller.get(check_target(pid)))["state"] == "healthy"
    alpha = two_groups.admin.as_caller(password=groups["alpha"][0])
    before = two_groups.pool_xml().process(beta_pid).number("processed")
    for foreign, absent in ((str(beta_pid), "999999999"), (beta_gupid, "1c89905-aaaaaaaaaa")):
        answers = [alpha.get(check_target(identity)) for identity in (foreign, absent)]
        answers += [ask_many(alpha, json.dumps({"processes": [identity]}).encode()) for identity in (foreign, absent)]
        for answer in answers:
            problem(answer, 404, "process_not_found")
        assert len({answer.json["detail"] for answer in answers}) == 1
    problem(ask_many(alpha, b'{"group":"beta"}'), 404, "group_not_found")
    mixed = [groups["alpha"][1][0], beta_pid]
    problem(ask_many(alpha, json.dumps({"processes": mixed}).encode()), 404, "process_not_found")
    assert two_groups.pool_xml().process(beta_pid).number("processed") == before


def test_no_check_hands_credentials_to_the_application(two_groups):
    password, pids = groups_of(two_groups)["alpha"]
    caller = two_groups.admin.as_caller(password=password)
    for name in ("x-passenger-connect-password", "authorization"):
        document = ask_many(caller, json.dumps({
            "path": "/env", "expect": {"json_pointer": "/headers/" + name}}).encode()).json
        assert document["summary"]["unhealthy"] == len(pids), document
    given = ask_many(caller, json.dumps({
        "path": "/env", "headers": {"Authorization": "Bearer x.y"},
        "expect": {"json_pointer": "/headers/authorization", "json_value": "Bearer x.y"}}).encode()).json
    assert given["summary"]["healthy"] == len(pids), given
    assert password not in json.dumps(given) and password not in two_groups.log
