"""What a process hears of a request, byte for byte, and what it never hears of."""

import pytest

from support.client import basic, forwarded

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


def answer_with(body):
    return (b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body)) + body


def heard(raw, *args, **options):
    """The head that the worker gets of such a request, which is answered with 200."""
    client = raw.send(*args, **options)
    connection = raw.worker.connection()
    head = connection.head()
    connection.answer(OK)
    assert client.answer(options.get("method", b"GET")).status == 200
    return head


def passed_on(head):
    """The header lines of a request over http, without Gangway's own word on its own connection."""
    own = [value for name, value in head.headers if name == "Connection"]
    assert own in (["close"], ["keep-alive"], []), head.headers
    return [(name, value) for name, value in head.headers if name != "Connection"]


def body_of(raw, connection, head):
    """The request's body, whichever way this protocol frames it."""
    if head.get("Transfer-Encoding"):
        assert raw.protocol == "http"
        chunks, trailers = connection.chunked_body()
        assert trailers == []
        return b"".join(chunks)
    return connection.take(int((head.get("Content-Length") or ["0"])[0]))


def refused(raw, content, status, code):
    """The client gets that error, nothing else, and the end of the connection."""
    client = raw.client()
    client.send(content)
    answer = client.answer()
    assert (answer.status, answer.code) == (status, code), answer
    assert answer.is_last, answer
    assert client.is_at_end(), "something was said after the error"


def chunked(*chunks):
    return b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"


# ---------------------------------------------------------------- one after the other

def test_requests_sent_ahead_with_their_bodies_are_answered_in_order(raw):
    client = raw.client()
    client.send(raw.request(b"/1")
                + raw.request(b"/2", b"POST", [b"Content-Length: 5"], b"hello")
                + raw.request(b"/3", b"PUT", [b"Transfer-Encoding: chunked"], chunked(b"GET / HT", b"TP/1.1"))
                + raw.request(b"/4", b"DELETE", [b"Content-Length: 0"])
                + b"GET /v1/nothing HTTP/1.1\r\nHost: x\r\n\r\n"
                + raw.request(b"/5"))
    for method, target, body in (("GET", "/1", b""), ("POST", "/2", b"hello"),
                                 ("PUT", "/3", b"GET / HTTP/1.1"), ("DELETE", "/4", b"")):
        connection = raw.worker.connection()
        head = connection.head()
        assert (head.method, head.target) == (method, target)
        assert body_of(raw, connection, head) == body
        connection.answer(answer_with(target.encode()))
        assert client.answer().body == target.encode()
    assert client.answer().code == "not_found"
    connection = raw.worker.connection()
    assert connection.head().target == "/5"
    connection.answer(answer_with(b"/5"))
    assert client.answer().body == b"/5"


def test_a_request_sent_ahead_waits_for_the_answer_before_it(raw):
    client = raw.client()
    client.send(raw.request(b"/1") + raw.request(b"/2"))
    first = raw.worker.connection()
    assert first.head().target == "/1"
    assert raw.client().is_usable(), "the agent has had its turn"
    assert len(raw.worker.connections()) == 1 and first.take(0) == b""
    assert first.everything().count(b"/2") == 0
    first.answer(OK)
    assert client.answer().body == b"ok"
    second = raw.worker.connection()
    assert second.head().target == "/2"
    second.answer(OK)
    assert client.answer().body == b"ok"


# ---------------------------------------------------------------- versions

@pytest.mark.parametrize("headers", [[], [b"Connection: keep-alive"]], ids=["plain", "keep-alive"])
def test_an_http_1_0_client_gets_one_answer_without_chunks(raw, headers):
    client = raw.send(b"/old", headers=headers, version=b"1.0", host=None)
    connection = raw.worker.connection()
    head = connection.head()
    assert head.target == "/old"
    if raw.protocol == "http":
        assert head.version == "HTTP/1.1"
    connection.answer(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(b"hel", b"lo"))
    answer = client.answer()
    assert answer.version == "HTTP/1.1" and answer.body == b"hello"
    assert not answer.get("Transfer-Encoding") and answer.is_last


def test_an_answer_of_known_length_to_an_http_1_0_client_ends_the_connection_too(raw):
    client = raw.send(version=b"1.0", host=None, headers=[b"Connection: keep-alive"])
    connection = raw.worker.connection()
    connection.head()
    connection.answer(OK)
    answer = client.answer()
    assert answer.get("Content-Length") == ["2"] and answer.body == b"ok" and answer.is_last
    assert client.is_at_end()


# ---------------------------------------------------------------- methods

def test_head_is_answered_by_a_header_and_the_connection_goes_on(raw):
    client = raw.client()
    for _ in range(2):
        client.send(raw.request(b"/h", b"HEAD"))
        connection = raw.worker.connection()
        assert connection.head().method == "HEAD"
        connection.answer(b"HTTP/1.1 200 OK\r\nContent-Length: 12345\r\nConnection: close\r\n\r\n")
        answer = client.answer(b"HEAD")
        assert answer.status == 200 and answer.get("Content-Length") == ["12345"]
    assert client.is_usable()


def test_options_of_everything_is_passed_on_as_it_is(raw):
    head = heard(raw, b"*", method=b"OPTIONS")
    assert (head.method, head.target) == ("OPTIONS", "*")


def test_options_of_everything_without_a_process_is_for_gangway(raw):
    client = raw.client()
    client.send(b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n")
    answer = client.answer()
    assert answer.status == 204, answer
    assert [name.strip() for name in answer.get("Allow")[0].split(",")] == ["GET", "HEAD", "OPTIONS", "POST"]
    assert client.is_usable()
    wrong = basic("admin", "wrong").encode()
    client.send(b"OPTIONS * HTTP/1.1\r\nHost: x\r\nAuthorization: " + wrong + b"\r\n\r\n")
    assert client.answer().code == "unauthorized"
    raw.nothing_reached_the_worker()


@pytest.mark.parametrize("method", [b"BREW", b"PROPFIND", b"M-SEARCH", b"get", b"X", b"!#$%&'*+.^_`|~0Az"])
def test_a_method_is_any_token(raw, method):
    client = raw.send(b"/m", method, [b"Content-Length: 4"], b"body")
    connection = raw.worker.connection()
    head = connection.head()
    assert head.method == method.decode()
    assert body_of(raw, connection, head) == b"body"
    connection.answer(OK)
    assert client.answer().body == b"ok"


@pytest.mark.parametrize("method", [b"PING", b"OOBW", b"ping", b"Oobw", b"", b"G T", b"G\x00T", b"GET\t",
                                    b"G(T", b"G\xc4T", b"CONNECT"])
def test_a_method_that_is_passenger_s_own_or_no_token_is_refused(raw, method):
    refused(raw, raw.request(b"/m", method), 400, "bad_request")
    raw.nothing_reached_the_worker()


# ---------------------------------------------------------------- headers

MANY = [b"Zebra: 1", b"accept: a", b"X-Multi: one", b"Cookie: a=1", b"X-EMPTY:", b"X-Multi: two",
        b"Accept: b", b"Cookie: b=2", b"X-Multi: one", b"Via: 1.1 proxy", b"X-Forwarded-For: 192.0.2.1",
        b"X-Forwarded-Proto: https", b"Forwarded: for=192.0.2.1", b"Content-Type: text/x-a",
        b"Authorization: Bearer t", b"User-Agent: t/1", b"X-Sendfile: /etc/x", b"X-Accel-Redirect: /y"]


def test_headers_reach_an_http_process_in_their_order_with_their_case_and_duplicates(raw_http):
    head = heard(raw_http, b"/order", headers=MANY)
    expected = [("Host", "x")] + [
        tuple(part.strip() for part in line.decode().split(":", 1)) for line in MANY]
    assert head.line == "GET /order HTTP/1.1"
    assert passed_on_of_content(head) == expected


def passed_on_of_content(head):
    """As passed_on(), but from the bytes, since an empty value may have a space before it or none."""
    lines = head.content.decode("latin-1").split("\r\n")[1:-2]
    pairs = [tuple(part.strip() for part in line.split(":", 1)) for line in lines]
    return [(name, value) for name, value in pairs if name != "Connection"]


def test_headers_reach_a_session_process_joined_as_passenger_joins_them(raw_session):
    head = heard(raw_session, b"/order?q=1", headers=MANY)
    assert head.get("X-Multi") == ["one,two,one"]
    assert head.get("Accept") == ["a,b"]
    assert head.get("Cookie") == ["a=1;b=2"]
    assert head.get("Content-Type") == ["text/x-a"] and "HTTP_CONTENT_TYPE" not in head.variables
    expected = {"HTTP_" + line.split(b":")[0].decode().upper().replace("-", "_") for line in MANY}
    expected = expected - {"HTTP_CONTENT_TYPE"} | {"HTTP_HOST"}
    assert {name for name in head.variables if name.startswith("HTTP_")} == expected
    assert head.variables["REQUEST_URI"] == "/order?q=1"
    assert head.variables["PATH_INFO"] == "/order" and head.variables["QUERY_STRING"] == "q=1"
    assert head.variables["SCRIPT_NAME"] == ""
    assert head.variables["SERVER_PROTOCOL"] == "HTTP/1.1"
    assert head.variables["SERVER_NAME"] == "x" and head.variables["SERVER_PORT"] == "80"


def test_nothing_is_added_for_proxies(raw):
    head = heard(raw)
    for name in ("Via", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Forwarded",
                 "X-Real-Ip"):
        assert head.get(name) == [], name
    if raw.protocol == "http":
        assert passed_on(head) == [("Host", "x")]


def test_values_keep_every_byte_that_may_stand_in_them(raw):
    value = bytes(range(0x21, 0x7f)) + b" \t " + bytes(range(0x80, 0x100))
    head = heard(raw, headers=[b"X-Bytes: \t " + value + b" \t"])
    assert head.get("X-Bytes") == [value.decode("latin-1")]


HOP_BY_HOP = [b"Connection: X-One, close,, x-TWO ", b"Connection: X-Three", b"X-One: 1", b"X-Two: 2",
              b"X-Three: 3", b"Keep-Alive: timeout=9", b"Proxy-Connection: keep-alive",
              b"Proxy-Authenticate: Basic", b"Proxy-Authorization: Basic eDp5", b"TE: trailers, deflate",
              b"Upgrade: websocket", b"!~SCRIPT_NAME: /x", b"!~: x"]


def test_headers_of_one_hop_are_not_passed_on(raw):
    head = heard(raw, headers=[*HOP_BY_HOP, b"X-Four: 4"])
    assert head.get("X-Four") == ["4"]
    for name in ("X-One", "X-Two", "X-Three", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate",
                 "Proxy-Authorization", "TE", "Upgrade", "Transfer-Encoding"):
        assert head.get(name) == [], name
    assert b"!~" not in head.content
    if raw.protocol == "http":
        assert passed_on(head) == [("Host", "x"), ("X-Four", "4")]


def test_a_connection_header_cannot_take_away_what_frames_the_request(raw):
    """Otherwise the body would be the next request."""
    client = raw.send(b"/framed", b"POST", [b"Connection: Content-Length, Transfer-Encoding, Host",
                                            b"Content-Length: 18"], b"GET /hidden HTTP/1")
    connection = raw.worker.connection()
    head = connection.head()
    assert head.get("Content-Length") == ["18"] and head.get("Host") == ["x"]
    assert connection.take(18) == b"GET /hidden HTTP/1"
    connection.answer(OK)
    assert client.answer().status == 200


STEERING = [b"X-Gangway-Route: pool", b"X-Gangway-Wait: 1.5", b"X-Gangway-Timeout: 30",
            b"X-Gangway-Connect-Timeout: 3600", b"X-Gangway-First-Byte-Timeout: 86400",
            b"X-Gangway-Idle-Timeout: 30.5"]


def test_steering_headers_and_passwords_are_taken_out(raw):
    password = raw.agent.admin.processes("?secrets=true")[0]["password"].encode()
    head = heard(raw, headers=[*STEERING, b"X-Passenger-Connect-Password: " + password])
    assert b"angway-" not in head.content and b"GANGWAY_" not in head.content
    assert head.get("X-Passenger-Process") == head.get("X-Passenger-Connect-Password") == []
    if raw.protocol == "http":
        assert password not in head.content


@pytest.mark.parametrize("line", STEERING, ids=lambda line: line.split(b":")[0].decode())
def test_a_steering_header_given_twice_is_refused(raw, line):
    client = raw.send(headers=[line, line])
    answer = client.answer()
    assert (answer.status, answer.code) == (400, "bad_header"), answer
    assert line.split(b":")[0].decode().lower() in answer.json["detail"].lower()
    raw.nothing_reached_the_worker()


@pytest.mark.parametrize("name, values", [
    ("X-Gangway-Connect-Timeout", ["0", "-1", "3601", "", "x", "nan", "1e3"]),
    ("X-Gangway-First-Byte-Timeout", ["0", "-1", "86401", "", "inf", "1s"]),
    ("X-Gangway-Idle-Timeout", ["0", "-1", "86401", "", "0x1", "1,5"]),
    ("X-Gangway-Timeout", ["0", "-0.1", "86401", "", "none"]),
    ("X-Gangway-Wait", ["-1", "3601", "", "1 2"])])
def test_a_bad_value_of_a_steering_header_is_named(raw_http, name, values):
    client = raw_http.client()
    for value in values:
        client.send(raw_http.request(headers=[f"{name}: {value}".encode()]))
        answer = client.answer()
        assert (answer.status, answer.code) == (400, "bad_header"), (value, answer)
        assert name.lower() in answer.json["detail"].lower()
    raw_http.nothing_reached_the_worker()


MOST_FIELDS = 256  # with Host and X-Passenger-Process


def test_many_headers_are_passed_on_as_long_as_they_fit(raw_http):
    lines = [b"X-%d: %d" % (number, number) for number in range(MOST_FIELDS - 2)]
    head = heard(raw_http, headers=lines)
    assert passed_on(head)[1:] == [tuple(line.decode().split(": ")) for line in lines]


def test_long_headers_are_passed_on_as_long_as_they_fit(raw):
    values = [bytes([97 + number % 26]) * 310 for number in range(200)]
    head = heard(raw, headers=[b"X-%d: %s" % (number, value) for number, value in enumerate(values)])
    for number, value in enumerate(values):
        assert head.get(f"X-{number}") == [value.decode()]


@pytest.mark.parametrize("lines", [
    [b"X-%d: 1" % number for number in range(MOST_FIELDS - 1)], [b"X-A: 1"] * (MOST_FIELDS - 1),
    [b"X-%d: %d" % (number, number) for number in range(8000)], [b"X-Long: " + b"x" * 66_000],
    [b"X" * 66_000 + b": long"]],
    ids=["one too many", "too often the same", "many", "long value", "long name"])
def test_more_headers_than_the_limit_are_refused(raw, lines):
    refused(raw, raw.request(headers=lines), 431, "header_too_large")
    raw.nothing_reached_the_worker()


def test_a_target_longer_than_the_limit_is_refused(raw):
    refused(raw, raw.request(b"/" + b"x" * 66_000), 431, "header_too_large")
    raw.nothing_reached_the_worker()


# ---------------------------------------------------------------- Host and target

NO_HOSTS = [b'a"<>\xff;&', b"[::1", b"a:b:c:99999", b'"<script>', b"a:65536", b":80", b"a:8o", b"::1", b"[::1]x",
            b"[::g]", b"a|b", b"a%4"]


@pytest.mark.parametrize("host", NO_HOSTS)
def test_a_host_that_is_none_is_refused(raw, host):
    refused(raw, raw.request(host=host), 400, "bad_request")
    refused(raw, raw.request(b"http://" + host + b"/"), 400, "bad_request")
    raw.nothing_reached_the_worker()


@pytest.mark.parametrize("host, name, port", [
    (b"[::1]:80", "[::1]", "80"), (b"[::1]", "[::1]", "80"), (b"[2001:db8::1]:81", "[2001:db8::1]", "81"),
    (b"name:", "name", "80"), (b"name:8080", "name", "8080"), (b"", "localhost", "80")])
def test_server_name_and_port_are_those_of_the_host(raw_session, host, name, port):
    client = raw_session.send(b"/", host=host)
    connection = raw_session.worker.connection()
    head = connection.head()
    assert (head.variables["SERVER_NAME"], head.variables["SERVER_PORT"]) == (name, port)
    assert head.get("Host") == [host.decode()]
    connection.answer(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    assert client.answer().status == 200


@pytest.mark.parametrize("tokens, taken", [(64, True), (65, False), (30_000, False)])
def test_a_connection_that_lists_too_much_is_refused(raw, tokens, taken):
    headers = [b"Connection: " + b"a," * tokens, *(b"X%d: 1" % number for number in range(240))]
    if taken:
        client = raw.send(b"/", headers=headers)
        connection = raw.worker.connection()
        assert connection.head().get("X239") == ["1"]
        connection.answer(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        assert client.answer().status == 200
    else:
        refused(raw, raw.request(headers=headers), 400, "bad_request")
        raw.nothing_reached_the_worker()


@pytest.mark.parametrize("hosts", [[], [b"Host: x", b"Host: y"], [b"Host: x", b"hOST: x"]],
                         ids=["none", "two", "twice the same"])
def test_a_request_without_exactly_one_host_is_refused(raw, hosts):
    refused(raw, raw.request(host=None, headers=hosts), 400, "bad_request")
    raw.nothing_reached_the_worker()


@pytest.mark.parametrize("target, host, passed", [
    (b"http://other.example:81/p?q=1", "other.example:81", "/p?q=1"),
    (b"http://other.example", "other.example", "/"),
    (b"http://other.example?q", "other.example", "/?q"),
    (b"HTTP://[::1]:8080//a/../b", "[::1]:8080", "//a/../b")])
def test_the_authority_of_an_absolute_target_replaces_host(raw, target, host, passed):
    head = heard(raw, target)
    assert head.target == passed
    assert head.get("Host") == [host]


def test_the_api_is_found_by_an_absolute_target_too(raw):
    client = raw.client()
    client.send(b"GET http://gangway/v1/pool HTTP/1.1\r\nHost: x\r\n\r\n")
    assert client.answer().status == 200
    raw.nothing_reached_the_worker()


@pytest.mark.parametrize("target", [
    b"http://user@other/p", b"http://user:secret@other/p", b"/p#fragment", b"http://other/p#f", b"#",
    b"other:80", b"p", b"?q", b"ftp://other/p", b"http:///p", b"http:/p", b"//", b"", b"*"],
    ids=lambda target: target.decode() or "empty")
def test_a_target_of_another_form_is_refused(raw, target):
    if target == b"//":
        target = b"http://"
    refused(raw, raw.request(target), 400, "bad_request")
    raw.nothing_reached_the_worker()


def test_a_connect_request_is_refused(raw):
    refused(raw, raw.request(b"other:443", b"CONNECT"), 400, "bad_request")
    refused(raw, raw.request(b"/", b"CONNECT"), 400, "bad_request")
    raw.nothing_reached_the_worker()


TARGETS = ["/", "/..", "/../../etc/passwd", "/a/../b/./c/.", "//", "///a//b//", "/%2F%2f", "/%2e%2E/x",
           "/%00", "/a%00b?c%00", "/;p=1;q", "/a;b/c,d", "/?", "/??", "/?&", "/?a&&b=&=c", "/a?b?c/../d",
           "/%", "/%zz%4", "/~!$'()*+,=:@", "/a|b^c`d{e}\"<f>\\g[h]", "/+%20+", "/v1x/pool",
           "/http://other/", "/@"]


@pytest.mark.parametrize("target", TARGETS)
def test_a_target_is_passed_on_byte_for_byte(raw, target):
    head = heard(raw, target.encode())
    assert head.target == target
    if raw.protocol == "session":
        path, _, query = target.partition("?")
        assert head.variables["PATH_INFO"] == path and head.variables["QUERY_STRING"] == query
    else:
        assert head.content.startswith(f"GET {target} HTTP/1.1\r\n".encode())


@pytest.mark.parametrize("target", ["/", "/../../pool", "//", "/%2e%2e/x?y", "/..?a=/../b", "/%00;p"])
def test_a_target_behind_the_api_s_prefix_is_passed_on_byte_for_byte(raw, target):
    client = raw.client()
    client.send(f"GET {forwarded(raw.pid, target)} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    connection = raw.worker.connection()
    assert connection.head().target == target
    connection.answer(OK)
    assert client.answer().status == 200


def test_the_api_s_own_part_of_a_target_is_neither_decoded_nor_normalized(raw):
    pid = raw.pid
    for target, code in ((f"/v1/processes/{pid}/../{pid}/request/", "not_found"),
                         (f"/v1/x/../processes/{pid}/request/", "not_found"),
                         (f"/v1//processes/{pid}/request/", "not_found"),
                         (f"/v1/processes/./{pid}/request/", "not_found"),
                         (f"/v1/processes/{pid}/%72equest/", "not_found"),
                         (f"/v1/processes/{pid}/request%2f", "not_found"),
                         (f"/v1/processes/%3{str(pid)[0]}{str(pid)[1:]}/request/", "process_not_found")):
        client = raw.client()
        client.send(f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        answer = client.answer()
        assert (answer.status, answer.code) == (404, code), target
    raw.nothing_reached_the_worker()


# ---------------------------------------------------------------- bodies

def test_chunk_extensions_are_dropped_and_the_chunks_arrive(raw):
    client = raw.send(b"/c", b"POST", [b"Transfer-Encoding: chunked"],
                      b'5;a=b;c="d"\r\nhello\r\n1;x\r\n \r\n005\r\nworld\r\n0;last=1\r\n\r\n')
    connection = raw.worker.connection()
    head = connection.head()
    if raw.protocol == "http":
        assert head.get("Transfer-Encoding") == ["chunked"] and not head.get("Content-Length")
    else:
        assert head.get("Content-Length") == ["11"] and not head.get("Transfer-Encoding")
    assert body_of(raw, connection, head) == b"hello world"
    assert b";" not in connection.everything()
    connection.answer(OK)
    assert client.answer().status == 200


def test_the_coding_chunked_may_be_written_in_any_case(raw):
    client = raw.send(b"/c", b"POST", [b"transfer-ENCODING:  ChunKed "], chunked(b"hello"))
    connection = raw.worker.connection()
    assert body_of(raw, connection, connection.head()) == b"hello"
    connection.answer(OK)
    assert client.answer().status == 200


def test_a_chunked_body_reaches_an_http_process_while_it_is_sent(raw_http):
    client = raw_http.send(b"/c", b"POST", [b"Transfer-Encoding: chunked"], b"5\r\nhello\r\n")
    connection = raw_http.worker.connection()
    connection.head()
    assert connection.take_to(b"hello\r\n") == b"5\r\nhello\r\n"
    client.send(b"0\r\n\r\n")
    assert connection.take_to(b"\r\n\r\n") == b"0\r\n\r\n"
    connection.answer(OK)
    assert client.answer().status == 200


def test_a_chunked_body_occupies_a_session_process_only_once_it_is_whole(raw_session):
    client = raw_session.send(b"/slow", b"POST", [b"Transfer-Encoding: chunked"], b"5\r\nhello\r\n")
    heard(raw_session, b"/meanwhile", headers=[b"X-Gangway-Wait: 0"])
    client.send(b"6\r\n world\r\n0\r\n\r\n")
    connection = raw_session.worker.connection()
    head = connection.head()
    assert head.target == "/slow" and head.get("Content-Length") == ["11"]
    assert connection.take(11) == b"hello world"
    connection.answer(OK)
    assert client.answer().status == 200


def test_a_chunked_body_of_nothing_is_a_body_of_no_bytes(raw):
    client = raw.send(b"/c", b"POST", [b"Transfer-Encoding: chunked"], b"0\r\n\r\n")
    connection = raw.worker.connection()
    assert body_of(raw, connection, connection.head()) == b""
    connection.answer(OK)
    assert client.answer().status == 200


def trailers_heard(raw_http, trailers):
    client = raw_http.send(b"/c", b"POST", [b"Transfer-Encoding: chunked", b"Trailer: X-Sum, X-Other"],
                           b"5\r\nhello\r\n0\r\n" + trailers + b"\r\n")
    connection = raw_http.worker.connection()
    connection.head()
    chunks, heard_trailers = connection.chunked_body()
    assert b"".join(chunks) == b"hello"
    connection.answer(OK)
    assert client.answer().status == 200
    return heard_trailers


def test_trailers_go_on_to_an_http_process(raw_http):
    assert trailers_heard(raw_http, b"X-Sum: 1\r\nx-other:  two words \r\nX-Sum: 2\r\n") == [
        b"X-Sum: 1", b"x-other: two words", b"X-Sum: 2"]


@pytest.mark.parametrize("trailer", [b"Content-Length: 5", b"Transfer-Encoding: chunked"])
def test_what_would_frame_the_request_anew_is_never_passed_on_as_a_trailer(raw_http, trailer):
    """Whether the request counts as broken then or not."""
    client = raw_http.send(b"/c", b"POST", [b"Transfer-Encoding: chunked"],
                           b"5\r\nhello\r\n0\r\n" + trailer + b"\r\n\r\n")
    connection = raw_http.worker.connection()
    connection.head()
    assert connection.take_to(b"hello\r\n") == b"5\r\nhello\r\n"
    if connection.do("wait", text="0\r\n\r\n", **{"from": connection.position})["held"]:
        connection.answer(OK)
        assert client.answer().status == 200
    else:
        answer = client.answer()
        assert (answer.status, answer.code) == (400, "bad_request"), answer
    assert trailer not in connection.everything()[connection.position:]


@pytest.mark.parametrize("trailer", [
    b"Host: other", b"Content-Type: text/x",
    b"Content-Encoding: gzip", b"Content-Range: bytes 0-1/2", b"Authorization: Basic eDp5",
    b"Proxy-Authorization: Basic eDp5", b"Cookie: a=1", b"Connection: close", b"Keep-Alive: 1",
    b"TE: trailers", b"Trailer: X-A", b"Upgrade: x", b"Expect: 100-continue", b"Cache-Control: no-cache",
    b"Max-Forwards: 1", b"X-Gangway-Route: pool", b"X-Gangway-Timeout: 1", b"X-Passenger-Process: 1",
    b"X-Passenger-Connect-Password: x", b"!~Flags: x"],
    ids=lambda trailer: trailer.split(b":")[0].decode())
def test_what_may_not_stand_in_trailers_is_dropped(raw_http, trailer):
    assert trailers_heard(raw_http, b"X-Before: 1\r\n" + trailer + b"\r\nX-After: 2\r\n") == [
        b"X-Before: 1", b"X-After: 2"]


def test_trailers_do_not_go_on_to_a_session_process(raw_session):
    client = raw_session.send(b"/c", b"POST", [b"Transfer-Encoding: chunked"],
                              b"5\r\nhello\r\n0\r\nX-Sum: 1\r\nHost: other\r\n\r\n")
    connection = raw_session.worker.connection()
    head = connection.head()
    assert head.get("X-Sum") == [] and head.get("Host") == ["x"]
    assert connection.take(5) == b"hello"
    connection.answer(OK)
    assert client.answer().status == 200
    connection = raw_session.worker.connections()[0]
    assert connection["received"] == len(head.content) + 5


# ---------------------------------------------------------------- Expect

def test_a_body_is_asked_for_once_a_session_process_is_there_for_it(raw_session):
    client = raw_session.send(b"/e", b"POST", [b"Content-Length: 5", b"Expect: 100-Continue"])
    connection = raw_session.worker.connection()
    assert client.head().status == 100
    assert connection.head().get("Expect") == []
    client.send(b"hello")
    assert connection.take(5) == b"hello"
    connection.answer(OK)
    assert client.answer().status == 200


def test_a_chunked_body_is_asked_for_too(raw_session):
    client = raw_session.send(b"/e", b"POST", [b"Transfer-Encoding: chunked", b"Expect: 100-continue"])
    assert client.head().status == 100
    client.send(chunked(b"hello"))
    connection = raw_session.worker.connection()
    assert connection.head().get("Content-Length") == ["5"]
    assert connection.take(5) == b"hello"
    connection.answer(OK)
    assert client.answer().status == 200


def test_no_body_is_asked_for_when_the_session_process_is_busy(raw_session):
    busy = raw_session.send(b"/busy")
    connection = raw_session.worker.connection()
    connection.head()
    client = raw_session.send(b"/e", b"POST", [b"Content-Length: 5", b"Expect: 100-continue",
                                               b"X-Gangway-Wait: 0"])
    assert client.head().status == 503
    connection.answer(OK)
    assert busy.answer().status == 200


def test_an_http_process_is_asked_whether_it_wants_the_body(raw_http):
    client = raw_http.send(b"/e", b"POST", [b"Content-Length: 5", b"Expect: 100-continue"])
    connection = raw_http.worker.connection()
    head = connection.head()
    assert head.get("Expect") == ["100-continue"] and head.get("Content-Length") == ["5"]
    connection.send(b"HTTP/1.1 100 Continue\r\n\r\n")
    assert client.head().status == 100
    assert connection.everything() == head.content
    client.send(b"hello")
    assert connection.take(5) == b"hello"
    connection.answer(OK)
    assert client.answer().status == 200


def test_an_http_process_may_decline_the_body(raw_http):
    client = raw_http.send(b"/e", b"POST", [b"Content-Length: 5", b"Expect: 100-continue"])
    connection = raw_http.worker.connection()
    head = connection.head()
    connection.answer(b"HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno")
    answer = client.answer()
    assert (answer.status, answer.reason, answer.body) == (403, "No", b"no")
    assert connection.state["received"] == len(head.content)


def test_a_body_that_was_not_waited_for_is_passed_on(raw):
    client = raw.send(b"/e", b"POST", [b"Content-Length: 5", b"Expect: 100-continue"], b"hello")
    connection = raw.worker.connection()
    connection.head()
    assert connection.take(5) == b"hello"
    connection.answer(OK)
    answer = client.head()
    while answer.status == 100:
        answer = client.head()
    assert answer.status == 200


@pytest.mark.parametrize("expectation", [b"200-ok", b"100-continue, x", b"100", b"x=y"])
def test_another_expectation_fails(raw, expectation):
    client = raw.send(b"/e", b"POST", [b"Content-Length: 5", b"Expect: " + expectation])
    answer = client.answer()
    assert (answer.status, answer.code) == (417, "expectation_failed"), answer
    raw.nothing_reached_the_worker()


def test_an_expectation_of_an_http_1_0_client_is_ignored(raw):
    for expectation in (b"100-continue", b"something"):
        client = raw.send(b"/e", b"POST", [b"Content-Length: 5", b"Expect: " + expectation], b"hello",
                          version=b"1.0")
        connection = raw.worker.connection()
        assert connection.head().get("Expect") == []
        assert connection.take(5) == b"hello"
        connection.answer(OK)
        assert client.head().status == 200


# ---------------------------------------------------------------- what is not HTTP

def line_cases():
    return {
        "obs-fold": b"X-A: 1\r\n 2", "obs-fold with a tab": b"X-A: 1\r\n\t2",
        "obs-fold of nothing": b"X-A: 1\r\n ", "bare lf": b"X-A: 1\nX-B: 2", "bare cr": b"X-A: 1\rX-B: 2",
        "cr before crlf": b"X-A: 1\r", "nul": b"X-A: 1\x002", "bell": b"X-A: \x07", "delete": b"X-A: \x7f",
        "vertical tab": b"X-A: 1\x0b", "space before colon": b"X-A : 1", "space in name": b"X A: 1",
        "nul in name": b"X\x00A: 1", "lf in name": b"X\nA: 1", "no colon": b"X-A", "no name": b": 1",
        "high byte in name": b"X-\xc4: 1", "parenthesis in name": b"X(: 1", "space first": b" X-A: 1"}


@pytest.mark.parametrize("line", line_cases().values(), ids=line_cases())
def test_a_malformed_header_line_is_refused(raw, line):
    content = raw.request(headers=[b"X-Before: 1", line, b"X-After: 1"])
    refused(raw, content, 400, "bad_request")
    raw.nothing_reached_the_worker()


@pytest.mark.parametrize("line", [
    b"GET / HTTP/1.1\n", b"GET / HTTP/1.1\r", b"GET /\x00 HTTP/1.1\r\n", b"GET /a b HTTP/1.1\r\n",
    b"GET  / HTTP/1.1\r\n", b"GET / HTTP/1.1 \r\n", b" GET / HTTP/1.1\r\n", b"GET / HTTP/2.0\r\n",
    b"GET / HTTP/1.10\r\n", b"GET / http/1.1\r\n", b"GET /\r\n", b"GET /\x7f HTTP/1.1\r\n",
    b"GET /\tx HTTP/1.1\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    ids=lambda line: repr(line)[2:-1])
def test_a_malformed_request_line_is_refused(raw, line):
    refused(raw, line + b"Host: x\r\nX-Passenger-Process: %d\r\n\r\n" % raw.pid, 400, "bad_request")
    raw.nothing_reached_the_worker()


def test_all_lines_ended_by_lf_alone_are_refused(raw):
    refused(raw, raw.request().replace(b"\r\n", b"\n"), 400, "bad_request")
    raw.nothing_reached_the_worker()


# ---------------------------------------------------------------- smuggling

HIDDEN = b"GET /smuggled HTTP/1.1\r\nHost: x\r\nX-Passenger-Process: %d\r\n\r\n"

AMBIGUOUS = {
    "two lengths": [b"Content-Length: 0", b"Content-Length: 5"],
    "the same length twice": [b"Content-Length: 5", b"Content-Length: 5"],
    "a list of equal lengths": [b"Content-Length: 5, 5"],
    "a list of lengths": [b"Content-Length: 5,0"],
    "a length with a sign": [b"Content-Length: +5"],
    "a negative length": [b"Content-Length: -5"],
    "a length in hexadecimal": [b"Content-Length: 0x5"],
    "a length with a fraction": [b"Content-Length: 5.0"],
    "a length with a space inside": [b"Content-Length: 5 0"],
    "an empty length": [b"Content-Length:"],
    "a length beyond 64 bits": [b"Content-Length: 18446744073709551621"],
    "a length with a vertical tab": [b"Content-Length: \x0b5"],
    "a length in other digits": ["Content-Length: ٥".encode()],
    "length before chunked": [b"Content-Length: 5", b"Transfer-Encoding: chunked"],
    "chunked before length": [b"Transfer-Encoding: chunked", b"Content-Length: 5"],
    "chunked and no length": [b"Transfer-Encoding: chunked", b"Content-Length: 0"],
    "length and identity": [b"Content-Length: 5", b"Transfer-Encoding: identity"],
    "identity": [b"Transfer-Encoding: identity"],
    "gzip and chunked": [b"Transfer-Encoding: gzip, chunked"],
    "chunked and gzip": [b"Transfer-Encoding: chunked, gzip"],
    "chunked twice": [b"Transfer-Encoding: chunked, chunked"],
    "chunked in two lines": [b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"],
    "chunked and identity in two lines": [b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity"],
    "chunked with a parameter": [b"Transfer-Encoding: chunked;q=1"],
    "chunked with a comma": [b"Transfer-Encoding: chunked,"],
    "a comma and chunked": [b"Transfer-Encoding: ,chunked"],
    "chunked in quotes": [b'Transfer-Encoding: "chunked"'],
    "xchunked": [b"Transfer-Encoding: xchunked"],
    "chunked with a vertical tab": [b"Transfer-Encoding: \x0bchunked"],
    "chunked with a nul": [b"Transfer-Encoding: chunked\x00"],
    "no coding": [b"Transfer-Encoding:"],
    "space before the colon": [b"Transfer-Encoding : chunked"],
    "space before the colon of a length": [b"Content-Length : 5"],
    "coding folded": [b"Transfer-Encoding:\r\n chunked"],
    "coding behind a bare lf": [b"X: 1\nTransfer-Encoding: chunked"],
    "coding behind a bare cr": [b"X: 1\rTransfer-Encoding: chunked"],
    "line begins with a space": [b" Transfer-Encoding: chunked"],
}


@pytest.mark.parametrize("headers", AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_a_request_whose_end_two_readers_could_see_differently_is_refused(raw, headers):
    body = b"0\r\n\r\n"
    refused(raw, raw.request(b"/attack", b"POST", headers, body + HIDDEN % raw.pid), 400, "bad_request")
    raw.nothing_reached_the_worker()


def test_chunked_from_an_http_1_0_client_is_refused(raw):
    refused(raw, raw.request(b"/attack", b"POST", [b"Transfer-Encoding: chunked"],
                             b"0\r\n\r\n" + HIDDEN % raw.pid, version=b"1.0"), 400, "bad_request")
    raw.nothing_reached_the_worker()


BROKEN_CHUNKS = {
    "size with a prefix": b"0x5\r\nhello\r\n",
    "size with a sign": b"+5\r\nhello\r\n",
    "negative size": b"-5\r\nhello\r\n",
    "no size": b"\r\nhello\r\n",
    "no hexadecimal size": b"g\r\nhello\r\n",
    "size beyond 64 bits": b"10000000000000005\r\nhello\r\n",
    "size ended by lf": b"5\nhello\r\n",
    "size ended by cr": b"5\rhello\r\n",
    "space before the size": b" 5\r\nhello\r\n",
    "lf in an extension": b"5;a\nhello\r\n",
    "cr in an extension": b"5;a\rb\r\nhello\r\n",
    "nul in an extension": b"5;a\x00\r\nhello\r\n",
    "data ended by lf": b"5\r\nhello\n",
    "data too long": b"5\r\nhello!\r\n",
    "data too short": b"5\r\nhell\r\n",
    "underscore in the size": b"1_0\r\nhello\r\n",
}


BROKEN_ENDS = {
    "trailer ended by lf": b"0\r\nX: 1\n\r\n",
    "trailer without a colon": b"0\r\nX\r\n\r\n",
    "trailer with a nul": b"0\r\nX: \x00\r\n\r\n",
    "trailer with a space before the colon": b"0\r\nX : 1\r\n\r\n",
    "lf after the last chunk": b"0\n\r\n",
    "lf at the very end": b"0\r\n\n",
}

BROKEN_BODIES = {**{name: chunk + b"0\r\n\r\n" for name, chunk in BROKEN_CHUNKS.items()},
                 **{name: b"5\r\nhello\r\n" + end for name, end in BROKEN_ENDS.items()}}


@pytest.mark.parametrize("body", BROKEN_BODIES.values(), ids=BROKEN_BODIES)
def test_a_broken_chunked_body_ends_its_request_and_the_connection(raw, body):
    client = raw.send(b"/attack", b"POST", [b"Transfer-Encoding: chunked"], body + HIDDEN % raw.pid)
    answer = client.answer()
    assert (answer.status, answer.code) == (400, "bad_request"), answer
    assert client.is_at_end()
    raw.agent.wait_for_no_sessions()
    assert_not_smuggled(raw)


def assert_not_smuggled(raw):
    """Nothing of the hidden request was heard, and what was heard of the other is visibly not whole."""
    received = raw.worker.received()
    assert b"/smuggled" not in received
    assert not received.endswith(b"0\r\n\r\n")
    if raw.protocol == "session":
        assert received == b"", "a chunked body is for a session process once it is whole"
    assert len(raw.worker.connections()) <= 1


def test_a_body_that_looks_like_a_request_is_a_body(raw):
    hidden = HIDDEN % raw.pid
    client = raw.client()
    client.send(raw.request(b"/1", b"POST", [b"Content-Length: %d" % len(hidden)], hidden)
                + raw.request(b"/2", b"GET", [b"Content-Length: %d" % len(hidden)], hidden))
    for target in ("/1", "/2"):
        connection = raw.worker.connection()
        head = connection.head()
        assert head.target == target
        assert body_of(raw, connection, head) == hidden
        connection.answer(OK)
        assert client.answer().status == 200
    assert len(raw.worker.connections()) == 2
    assert client.is_usable()


def test_a_body_that_the_worker_did_not_wait_for_is_not_the_next_request(raw):
    """The worker answers before it got the body: what comes of it later may not be taken for a request."""
    client = raw.send(b"/early", b"POST", [b"Content-Length: 200"], b"x" * 10)
    connection = raw.worker.connection()
    connection.head()
    connection.answer(OK)
    assert client.answer().status == 200
    try:
        client.send((HIDDEN % raw.pid).ljust(190))
    except BrokenPipeError:
        pass
    assert client.is_at_end()
    assert len(raw.worker.connections()) == 1
    assert b"/smuggled" not in raw.worker.received()
