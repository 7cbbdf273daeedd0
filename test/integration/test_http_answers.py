"""What a client gets of a process's exact bytes, and that no broken answer passes for a whole one."""

import pytest

from support.raw_client import Broken

HEAD = b"HTTP/1.1 200 OK\r\n"
OK = HEAD + b"Content-Length: 2\r\n\r\nok"
OWN = ("Date", "X-Gangway-Route", "X-Gangway-Process", "Server-Timing", "Content-Length",
       "Transfer-Encoding", "Connection")


def of_the_application(answer):
    """The header lines that the process sent."""
    return [(name, value) for name, value in answer.headers if name not in OWN]


def ask(raw, *args, **options):
    """A request underway: (client, the worker's connection, which has read its head)."""
    client = raw.send(*args, **options)
    connection = raw.worker.connection()
    connection.head()
    return client, connection


def assert_bad(answer):
    assert (answer.status, answer.code) == (502, "bad_response"), answer
    assert not answer.get("X-Gangway-Route")


# ---------------------------------------------------------------- headers

def test_headers_come_in_their_order_with_their_case_and_duplicates(raw):
    answer = raw.exchange(
        HEAD + b"Set-Cookie: b=2; Path=/\r\nx-lower: 1\r\nSet-Cookie: a=1\r\nX-Empty:\r\nVary: A\r\n"
        b"X-Sendfile: /etc/x\r\nX-Accel-Redirect: /y\r\nVary: B\r\nVia: 1.1 app\r\n"
        b"Set-Cookie: b=2; Path=/\r\nX-Bytes: \xe4\xff\t.\r\nServer: app\r\nContent-Length: 0\r\n\r\n")
    assert of_the_application(answer) == [
        ("Set-Cookie", "b=2; Path=/"), ("x-lower", "1"), ("Set-Cookie", "a=1"), ("X-Empty", ""),
        ("Vary", "A"), ("X-Sendfile", "/etc/x"), ("X-Accel-Redirect", "/y"), ("Vary", "B"),
        ("Via", "1.1 app"), ("Set-Cookie", "b=2; Path=/"), ("X-Bytes", "\xe4\xff\t."), ("Server", "app")]
    assert len(answer.get("Date")) == 1
    assert answer.get("X-Gangway-Route") == ["pool"]


def test_a_date_of_the_process_s_own_is_kept(raw):
    date = "Thu, 01 Jan 1970 00:00:00 GMT"
    assert raw.exchange(HEAD + f"Date: {date}\r\nContent-Length: 0\r\n\r\n".encode()).get("Date") == [date]


def test_headers_of_one_hop_and_passenger_s_own_are_not_passed_back(raw):
    answer = raw.exchange(
        HEAD + b"Connection: X-One, keep-alive\r\nX-One: 1\r\nKeep-Alive: timeout=5\r\nUpgrade: h2c\r\n"
        b"Proxy-Connection: close\r\nProxy-Authenticate: Basic\r\nTE: x\r\n!~Request-OOB-Work: false\r\n"
        b"!~Other: 1\r\nX-Two: 2\r\nContent-Length: 0\r\n\r\n")
    assert of_the_application(answer) == [("X-Two", "2")]


def test_a_process_cannot_speak_for_gangway(raw):
    answer = raw.exchange(
        HEAD + b"X-Gangway-Route: direct\r\nx-gangway-process: 1 x\r\nX-GANGWAY-ERROR: not_found\r\n"
        b"Content-Length: 0\r\n\r\n")
    assert answer.get("X-Gangway-Route") == ["pool"] and answer.code is None
    assert answer.get("X-Gangway-Process")[0].split()[0] == str(raw.pid)


@pytest.mark.parametrize("name", ["X-Sendfile", "x-accel-redirect"])
@pytest.mark.parametrize("body", [b"", b"not for the client"], ids=["no body", "a part of one"])
@pytest.mark.parametrize("method", [b"GET", b"HEAD", b"POST"])
def test_an_answer_whose_body_the_web_server_would_send_ends_with_its_head(raw, name, body, method):
    """Whether or not the process closes the connection then."""
    client = raw.send(b"/file", method=method)
    connection = raw.worker.connection()
    connection.head()
    connection.send(HEAD + f"{name}: /srv/file\r\nContent-Length: 5000\r\n\r\n".encode() + body)
    answer = client.answer(method)
    assert (answer.status, answer.body, answer.get("Content-Length")) == (200, b"", ["0"])
    assert answer.get(name) == ["/srv/file"]
    if method != b"HEAD":  # to which nothing else would come
        connection.is_closed()
        assert raw.exchange(OK).status == 200  # over another connection


@pytest.mark.parametrize("line, status, reason", [
    (b"HTTP/1.1 200 Fine by me", 200, "Fine by me"), (b"HTTP/1.1 299 ", 299, ""),
    (b"HTTP/1.1 500 \xc4h", 500, "\xc4h"), (b"HTTP/1.0 404 Not Found", 404, "Not Found"),
    (b"HTTP/1.1 599 X  Y", 599, "X  Y"), (b"HTTP/1.1 299", 299, ""), (b"\r\nHTTP/1.1 299 Odd", 299, "Odd")],
    ids=["own words", "none", "any bytes", "http 1.0", "unknown status", "no space", "behind an empty line"])
def test_the_status_line_is_the_process_s(raw, line, status, reason):
    answer = raw.exchange(line + b"\r\nContent-Length: 2\r\n\r\nok")
    assert (answer.version, answer.status, answer.reason) == ("HTTP/1.1", status, reason)
    assert answer.body == b"ok"


def test_the_status_header_of_passenger_s_loaders_is_not_passed_back(raw):
    """Passenger goes by the status line and drops the header (ForwardResponse.cpp), and so does Gangway."""
    answer = raw.exchange(b"HTTP/1.1 201 Created\r\nStatus: 404 Not Found\r\nContent-Length: 0\r\n\r\n")
    assert answer.status == 201 and answer.get("Status") == []


def test_a_folded_header_is_unfolded(raw):
    answer = raw.exchange(HEAD + b"X-A: one\r\n two\r\n\tthree\r\nX-B: 1\r\nContent-Length: 2\r\n\r\nok")
    assert [value.split() for value in answer.get("X-A")] == [["one", "two", "three"]]
    assert "\t" not in answer.get("X-A")[0], "folds are replaced by spaces"
    assert answer.get("X-B") == ["1"] and answer.body == b"ok"


MOST_FIELDS = 256


def test_a_header_as_large_as_the_limits_is_passed_back(raw):
    lines = b"".join(b"X-%d: %s\r\n" % (number, b"x" * 240) for number in range(MOST_FIELDS - 1))
    answer = raw.exchange(HEAD + lines + b"Content-Length: 0\r\n\r\n")
    assert of_the_application(answer) == [(f"X-{number}", "x" * 240) for number in range(MOST_FIELDS - 1)]


# ---------------------------------------------------------------- interim answers

INTERIM = b"HTTP/1.1 %d Interim\r\nLink: </a>; rel=preload\r\nLink: </b>\r\n\r\n"


@pytest.mark.parametrize("status", [102, 103, 199])
def test_interim_answers_are_passed_back(raw, status):
    client, connection = ask(raw)
    connection.send(INTERIM % status)
    first = client.head()
    assert first.status == status and first.get("Link") == ["</a>; rel=preload", "</b>"]
    connection.send(INTERIM % 103 + INTERIM % 103)
    assert client.head().status == client.head().status == 103
    connection.answer(OK)
    assert client.answer().body == b"ok"
    assert client.is_usable()


def test_interim_answers_are_not_for_http_1_0(raw):
    client, connection = ask(raw, version=b"1.0")
    connection.answer(INTERIM % 103 + INTERIM % 100 + OK)
    assert client.answer().body == b"ok"
    assert client.is_at_end()


def test_the_end_after_an_interim_answer_is_no_answer(raw):
    client, connection = ask(raw)
    connection.answer(INTERIM % 103)
    assert client.head().status == 103
    answer = client.answer()
    assert (answer.status, answer.code) == (502, "worker_closed"), answer


def test_interim_answers_together_may_be_as_large_as_eight_heads(raw):
    """Else one answer could keep everybody busy for as long as a hundred heads of 64 KiB take."""
    interim = b"HTTP/1.1 103 X\r\nX-A: " + b"a" * 30_000 + b"\r\n\r\n"
    client, connection = ask(raw)
    connection.answer(interim * 17 + OK)
    assert [client.head().status for _ in range(17)] == [103] * 17 and client.answer().body == b"ok"
    client, connection = ask(raw)
    connection.answer(interim * 18 + OK)
    assert [client.head().status for _ in range(17)] == [103] * 17
    assert_bad(client.answer())


@pytest.mark.parametrize("tokens, taken", [(64, True), (65, False), (30_000, False)])
def test_an_answer_whose_connection_lists_too_much_is_bad(raw, tokens, taken):
    answer = raw.exchange(HEAD + b"Connection: " + b"a," * tokens + b"\r\nX-A: 1\r\nContent-Length: 0\r\n\r\n")
    if taken:
        assert answer.status == 200 and answer.get("X-A") == ["1"]
    else:
        assert_bad(answer)


def test_an_interim_answer_whose_connection_lists_too_much_is_bad(raw):
    assert_bad(raw.exchange(b"HTTP/1.1 103 X\r\nConnection: " + b"a," * 30_000 + b"\r\n\r\n" + OK))


def test_chunks_of_a_byte_are_put_together(raw):
    """Four of them to a write would be 2,500 system calls without a turn of others."""
    client, connection = ask(raw)
    connection.answer(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 10_000 + b"0\r\n\r\n")
    assert client.head().status == 200
    sizes = []
    while size := int(client.read_to(b"\r\n"), 16):
        sizes.append(size)
        assert client.read(size) == b"x" * size
        assert client.read(2) == b"\r\n"
    assert client.read_to(b"\r\n") == b"\r\n"
    assert sum(sizes) == 10_000 and len(sizes) < 1000, len(sizes)


def test_switching_protocols_unasked_is_bad(raw):
    assert_bad(raw.exchange(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\n"
                            b"Upgrade: websocket\r\n\r\n"))


# ---------------------------------------------------------------- framing

@pytest.mark.parametrize("status, length", [(204, []), (304, ["5"])])
def test_an_answer_that_has_no_body_ends_with_its_header(raw, status, length):
    client = raw.client()
    for _ in range(2):
        client.send(raw.request())
        connection = raw.worker.connection()
        connection.head()
        connection.answer(b"HTTP/1.1 %d X\r\nContent-Length: 5\r\nConnection: close\r\n\r\n" % status)
        answer = client.answer()
        assert answer.status == status and answer.get("Content-Length") == length
        assert not answer.get("Transfer-Encoding")
    assert client.is_usable()


@pytest.mark.parametrize("framing", [b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n", b""],
                         ids=["length", "chunked", "neither"])
def test_an_answer_to_head_ends_with_its_header(raw, framing):
    client, connection = ask(raw, method=b"HEAD")
    connection.send(HEAD + framing + b"\r\n")
    answer = client.answer(b"HEAD")
    assert answer.status == 200
    assert answer.get("Content-Length") == (["5"] if b"Length" in framing else [])
    assert client.is_usable()


def test_the_extensions_of_chunks_are_dropped(raw):
    client, connection = ask(raw)
    connection.answer(HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
                      b'5;a=b;c="d"\r\nhello\r\n1;x\r\n \r\n005\r\nworld\r\n0;last\r\n\r\n')
    answer = client.answer()
    assert answer.body == b"hello world" and answer.get("Transfer-Encoding") == ["chunked"]
    assert client.is_usable()


def test_a_piece_of_a_body_is_passed_back_before_the_next_is_there(raw):
    client, connection = ask(raw)
    connection.send(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
    assert client.head().status == 200
    assert client.read_to(b"hello\r\n") == b"5\r\nhello\r\n"
    connection.send(b"5\r\nworld\r\n0\r\n\r\n")
    assert client.chunked() == (b"world", [])


def chunked_with(trailers):
    return HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n" + trailers + b"\r\n"


@pytest.mark.parametrize("asked, are_passed", [
    ([], False), ([b"TE: trailers"], True), ([b"TE: deflate, Trailers", b"Connection: TE"], True),
    ([b"TE: deflate"], False), ([b"TE: xtrailers"], False)],
    ids=["not asked for", "asked for", "asked for among others", "others asked for", "another word"])
def test_trailers_are_for_a_client_that_asks_for_them(raw, asked, are_passed):
    client, connection = ask(raw, headers=asked)
    connection.answer(chunked_with(b"X-Sum: 1\r\nx-sum:  two words \r\nX-Other: 3\r\n"))
    answer = client.answer()
    assert answer.body == b"hello"
    assert answer.trailers == (
        [("X-Sum", "1"), ("x-sum", "two words"), ("X-Other", "3")] if are_passed else [])
    assert client.is_usable()


@pytest.mark.parametrize("trailer", [b"Content-Length: 3", b"Transfer-Encoding: chunked"])
def test_what_would_frame_the_answer_anew_is_never_passed_on_as_a_trailer(raw_http, trailer):
    """Whether the answer counts as broken then or not."""
    client, connection = ask(raw_http, headers=[b"TE: trailers"])
    connection.answer(chunked_with(trailer + b"\r\n"))
    try:
        assert client.answer().trailers == []
    except Broken as end:
        assert trailer not in end.args[0]


@pytest.mark.parametrize("trailer", [
    b"Set-Cookie: a=1", b"Content-Type: text/x",
    b"Content-Encoding: gzip", b"Content-Range: bytes 0-1/2", b"Host: y", b"WWW-Authenticate: Basic",
    b"Proxy-Authenticate: Basic", b"Connection: close", b"Keep-Alive: 1", b"Trailer: X", b"TE: x",
    b"Upgrade: x", b"Date: Thu, 01 Jan 1970 00:00:00 GMT", b"Location: /", b"Cache-Control: no-store",
    b"Retry-After: 1", b"X-Gangway-Error: x", b"X-Gangway-Route: direct", b"X-Gangway-Process: 1 x",
    b"!~Request-OOB-Work: true", b"Status: 500"], ids=lambda trailer: trailer.split(b":")[0].decode())
def test_what_may_not_stand_in_trailers_is_dropped(raw_http, trailer):
    client, connection = ask(raw_http, headers=[b"TE: trailers"])
    connection.answer(chunked_with(b"X-Before: 1\r\n" + trailer + b"\r\nX-After: 2\r\n"))
    answer = client.answer()
    assert answer.body == b"hello"
    assert answer.trailers == [("X-Before", "1"), ("X-After", "2")]
    assert client.is_usable()


def test_trailers_are_not_for_http_1_0(raw):
    client, connection = ask(raw, version=b"1.0", headers=[b"TE: trailers"])
    connection.answer(chunked_with(b"X-Sum: 1\r\n"))
    assert client.answer().body == b"hello"


@pytest.mark.parametrize("line", [b"HTTP/1.1 200 OK\r\n", b"HTTP/1.0 200 OK\r\n",
                                  b"HTTP/1.1 200 OK\r\nConnection: close\r\n"])
def test_a_body_that_ends_with_the_connection_is_passed_back_whole(raw, line):
    client, connection = ask(raw)
    connection.send(line + b"X-A: 1\r\n\r\nhello")
    assert client.head().get("Transfer-Encoding") == ["chunked"]
    connection.answer(b" world")
    assert client.chunked() == (b"hello world", [])
    assert client.is_usable()


def test_a_body_of_nothing_that_ends_with_the_connection_is_whole(raw):
    assert raw.exchange(HEAD + b"\r\n").body == b""


# ---------------------------------------------------------------- what is not an answer

def bad_answers():
    return {
        "words": b"hello, world\r\n\r\n",
        "a page without a header": b"<html>hello</html>",
        "http 2": b"\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00d\x00\x04\x00\x01\x00\x00",
        "preface of http 2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "version 2": b"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        "version 1.2.3": b"HTTP/1.2.3 200 OK\r\nContent-Length: 0\r\n\r\n",
        "another protocol": b"ICY 200 OK\r\nContent-Length: 0\r\n\r\n",
        "lower case": b"http/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        "status of two digits": b"HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n",
        "status of four digits": b"HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n",
        "status a word": b"HTTP/1.1 abc OK\r\nContent-Length: 0\r\n\r\n",
        "status below 100": b"HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n",
        "status negative": b"HTTP/1.1 -20 OK\r\nContent-Length: 0\r\n\r\n",
        "no status": b"HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
        "status header only": b"Status: 200 OK\r\nContent-Length: 0\r\n\r\n",
        "a request": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        "two empty lines first": b"\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        "nul in the status line": b"HTTP/1.1 200 O\x00K\r\nContent-Length: 0\r\n\r\n",
        "length a word": HEAD + b"Content-Length: two\r\n\r\nok",
        "length empty": HEAD + b"Content-Length:\r\n\r\nok",
        "length negative": HEAD + b"Content-Length: -2\r\n\r\nok",
        "length with a sign": HEAD + b"Content-Length: +2\r\n\r\nok",
        "length in hexadecimal": HEAD + b"Content-Length: 0x2\r\n\r\nok",
        "length beyond 64 bits": HEAD + b"Content-Length: 18446744073709551618\r\n\r\nok",
        "two lengths": HEAD + b"Content-Length: 2\r\nContent-Length: 1\r\n\r\nok",
        "the same length twice": HEAD + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nok",
        "a list of lengths": HEAD + b"Content-Length: 2, 2\r\n\r\nok",
        "length and chunked": HEAD + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "chunked and length": HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n",
        "gzip and chunked": HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "chunked and gzip": HEAD + b"Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
        "gzip": HEAD + b"Transfer-Encoding: gzip\r\n\r\nok",
        "identity": HEAD + b"Transfer-Encoding: identity\r\nContent-Length: 2\r\n\r\nok",
        "chunked twice": HEAD + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "xchunked": HEAD + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "no coding": HEAD + b"Transfer-Encoding:\r\n\r\n0\r\n\r\n",
        "lf for crlf": OK.replace(b"\r\n", b"\n"),
        "one lf for crlf": HEAD + b"X-A: 1\nContent-Length: 2\r\n\r\nok",
        "a bare cr": HEAD + b"X-A: 1\r2\r\nContent-Length: 2\r\n\r\nok",
        "nul in a value": HEAD + b"X-A: 1\x002\r\nContent-Length: 2\r\n\r\nok",
        "control character in a value": HEAD + b"X-A: \x07\r\nContent-Length: 2\r\n\r\nok",
        "delete in a value": HEAD + b"X-A: \x7f\r\nContent-Length: 2\r\n\r\nok",
        "nul in a name": HEAD + b"X\x00A: 1\r\nContent-Length: 2\r\n\r\nok",
        "space in a name": HEAD + b"X A: 1\r\nContent-Length: 2\r\n\r\nok",
        "space before the colon": HEAD + b"Content-Length : 2\r\n\r\nok",
        "no colon": HEAD + b"X-A\r\nContent-Length: 2\r\n\r\nok",
        "no name": HEAD + b": 1\r\nContent-Length: 2\r\n\r\nok",
        "a fold before any header": HEAD + b" X-A: 1\r\nContent-Length: 2\r\n\r\nok",
        "a long header": HEAD + b"X-Long: " + b"x" * 66_000 + b"\r\nContent-Length: 2\r\n\r\nok",
        "many headers": HEAD + b"X-A: 1234567890\r\n" * 4500 + b"Content-Length: 2\r\n\r\nok",
        "one header too many": HEAD + b"X-A: 1\r\n" * MOST_FIELDS + b"Content-Length: 2\r\n\r\nok",
        "a long status line": b"HTTP/1.1 200 " + b"x" * 66_000 + b"\r\nContent-Length: 2\r\n\r\nok",
        "a header without end": HEAD + b"X-Long: " + b"x" * 200_000,
        "a bad interim answer": b"HTTP/1.1 103 X\r\nX-A\r\n\r\n" + OK,
    }


@pytest.mark.parametrize("content", bad_answers().values(), ids=bad_answers())
def test_what_is_not_an_answer_is_bad_response(raw, content):
    client, connection = ask(raw)
    connection.answer(content)
    assert_bad(client.answer())
    assert client.is_usable()


def test_what_is_not_an_answer_ends_the_connection_at_once(raw):
    client, connection = ask(raw)
    connection.send(HEAD + b"Content-Length: 2, 2\r\n\r\nok")
    assert_bad(client.answer())
    connection.is_closed()


# ---------------------------------------------------------------- broken off

def test_the_end_before_any_byte_is_worker_closed(raw):
    client, connection = ask(raw)
    connection.close()
    answer = client.answer()
    assert (answer.status, answer.code) == (502, "worker_closed"), answer
    assert client.is_usable()


@pytest.mark.parametrize("size", [1, 8, 17, 30, 36])
def test_the_end_in_the_header_is_worker_closed(raw, size):
    client, connection = ask(raw)
    connection.answer(OK[:size])
    answer = client.answer()
    assert (answer.status, answer.code) == (502, "worker_closed"), answer
    assert client.is_usable()


CUT = {
    "length": HEAD + b"Content-Length: 10\r\n\r\nhello",
    "length and nothing": HEAD + b"Content-Length: 10\r\n\r\n",
    "within a chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\na\r\nhello",
    "between chunks": HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    "after a chunk's data": HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello",
    "within a size": HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1",
    "before the first chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\n",
    "before the last line": HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
    "within the trailer": HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-A: 1\r\n",
}


@pytest.mark.parametrize("content", CUT.values(), ids=CUT)
def test_the_end_in_the_body_breaks_the_answer_visibly(raw, content):
    client, connection = ask(raw)
    connection.answer(content)
    with pytest.raises(Broken):
        client.answer()
    assert not client.is_usable()


def test_the_end_in_a_body_of_known_length_is_seen_by_an_http_1_0_client_too(raw):
    client, connection = ask(raw, version=b"1.0")
    connection.answer(HEAD + b"Content-Length: 10\r\n\r\nhello")
    with pytest.raises(Broken):
        client.answer()


BAD_CHUNKS = {
    "no size": b"hello\r\n", "size with a prefix": b"0x5\r\nhello\r\n", "negative": b"-1\r\nhello\r\n",
    "beyond 64 bits": b"10000000000000005\r\nhello\r\n", "too long": b"5\r\nhello!\r\n",
    "too short": b"5\r\nhell\r\n", "lf after the size": b"5\nhello\r\n", "lf after the data": b"5\r\nhello\n",
    "lf in an extension": b"5;a\nb\r\nhello\r\n", "nul in an extension": b"5;\x00\r\nhello\r\n"}


@pytest.mark.parametrize("chunk", BAD_CHUNKS.values(), ids=BAD_CHUNKS)
def test_a_broken_chunk_breaks_the_answer_visibly(raw, chunk):
    client, connection = ask(raw)
    connection.send(HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n")
    assert client.head().status == 200
    assert client.read_to(b"ab\r\n") == b"2\r\nab\r\n"
    connection.answer(chunk + b"0\r\n\r\n")
    with pytest.raises(Broken):
        client.chunked()
    raw.agent.wait_for_no_sessions()


def reset_after(raw, content):
    """The process says that, and then its connection is reset. It has left part of the request unread."""
    raw.worker.read_new_to(10)
    client = raw.send()
    connection = raw.worker.connection()
    connection.wait(received=10)
    if content:
        connection.send(content)
        connection.wait(sent=True)
    connection.reset()
    return client


def test_a_reset_before_any_byte_is_worker_closed(raw):
    answer = reset_after(raw, b"").answer()
    assert (answer.status, answer.code) == (502, "worker_closed"), answer


def test_a_reset_in_the_header_is_worker_closed(raw):
    answer = reset_after(raw, OK[:20]).answer()
    assert (answer.status, answer.code) == (502, "worker_closed"), answer


@pytest.mark.parametrize("content", [*CUT.values(), HEAD + b"\r\n", HEAD + b"\r\nhello"],
                         ids=[*CUT, "until the end and nothing", "until the end"])
def test_a_reset_in_the_body_breaks_the_answer_visibly(raw, content):
    with pytest.raises(Broken):
        reset_after(raw, content).answer()


def test_a_reset_after_the_answer_does_it_no_harm(raw):
    assert reset_after(raw, OK).answer().body == b"ok"


# ---------------------------------------------------------------- more than the answer

SMUGGLED = b"HTTP/1.1 200 OK\r\nX-Smuggled: 1\r\nContent-Length: 8\r\n\r\nsmuggled"

EXTRA = {
    "length": (b"GET", HEAD + b"Content-Length: 2\r\n\r\nok", b"ok"),
    "length of nothing": (b"GET", HEAD + b"Content-Length: 0\r\n\r\n", b""),
    "chunked": (b"GET", HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", b"ok"),
    "no content": (b"GET", b"HTTP/1.1 204 X\r\n\r\n", b""),
    "not modified": (b"GET", b"HTTP/1.1 304 X\r\nContent-Length: 8\r\n\r\n", b""),
    "head": (b"HEAD", HEAD + b"Content-Length: 8\r\n\r\n", b""),
}


@pytest.mark.parametrize("method, content, body", EXTRA.values(), ids=EXTRA)
def test_what_follows_an_answer_is_not_passed_on_and_the_connection_not_used_again(
        raw, method, content, body):
    client, connection = ask(raw, method=method)
    connection.send(content + SMUGGLED)
    answer = client.answer(method)
    assert answer.body == body and not answer.get("X-Smuggled")
    connection.is_closed()
    client.send(raw.request(b"/next"))
    second = raw.worker.connection()
    assert second.head().target == "/next"
    second.answer(HEAD + b"Content-Length: 4\r\n\r\nnext")
    answer = client.answer()
    assert answer.body == b"next" and not answer.get("X-Smuggled")


def test_what_comes_on_an_idle_connection_is_not_the_answer_to_the_next_request(raw_session):
    """The process says more once its connection has gone back to Passenger's pool."""
    client, connection = ask(raw_session)
    connection.send(OK)
    assert client.answer().body == b"ok"
    raw_session.agent.wait_for_no_sessions()
    assert not connection.state["closed"], "it was not kept, so there is nothing to see here"
    connection.send(SMUGGLED)
    connection.wait(sent=True)
    client.send(raw_session.request(b"/next"))
    second = raw_session.worker.connection()
    assert second.head().target == "/next"
    second.answer(HEAD + b"Content-Length: 4\r\n\r\nnext")
    assert client.answer().body == b"next"


# ---------------------------------------------------------------- early answers

TEN_MB = 10_000_000


def upload_until_answered(raw, answer):
    """The process answers and closes before it has read more than the head of a long body."""
    client = raw.send(b"/early", b"POST", [b"Content-Length: %d" % TEN_MB])
    connection = raw.worker.connection()
    connection.head()
    connection.stop_reading()
    client.send(b"x" * 200_000)
    connection.answer(answer)
    return client


@pytest.mark.parametrize("connection_header", [b"", b"Connection: close\r\n"], ids=["silent", "close"])
def test_an_answer_before_the_body_was_read_is_passed_back_whole(raw, connection_header):
    client = upload_until_answered(raw, b"HTTP/1.1 413 Too Much\r\nContent-Length: 5\r\n"
                                   + connection_header + b"\r\nenough"[:9])
    answer = client.answer()
    assert (answer.status, answer.reason, answer.body) == (413, "Too Much", b"enoug")
    assert client.is_at_end(), "the rest of the body stands in the way of another request"


def test_an_early_answer_that_is_cut_short_is_broken_visibly(raw):
    client = upload_until_answered(raw, b"HTTP/1.1 413 Too Much\r\nContent-Length: 50\r\n\r\nenough")
    with pytest.raises(Broken):
        client.answer()


def test_a_body_goes_on_after_an_early_answer_has_begun(raw):
    client, connection = ask(raw, b"/early", b"POST", headers=[b"Content-Length: 10"], body=b"hello")
    connection.send(HEAD + b"Content-Length: 10\r\n\r\nfirst")
    assert client.head().status == 200
    assert client.read(5) == b"first"
    client.send(b"world")
    assert connection.take(10) == b"helloworld"
    connection.send(b"-last")
    assert client.read(5) == b"-last"
    connection.close()
