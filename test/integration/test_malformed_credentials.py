"""Credentials of every length, padding and byte, from whoever may connect: nobody gets in by them, everybody gets the
same answer, and the agent lives. Collected for root only (conftest.py)."""

import base64
import string

import pytest

from support.callers import ACCOUNT, PASSWORD
from support.client import basic
from support.passenger import Passenger
from support.user_process import Request, UserProcess

PEERS = ("root", "games")
LENGTHS = range(201)
BASE64 = (string.ascii_letters + string.digits + "+/").encode()
# What RFC 9110, 5.5 lets no header's value have, and the blanks that do not belong to it at its ends.
FORBIDDEN = set(range(32)) - {9} | {127}
BLANKS = b"\t "


@pytest.fixture(scope="module")
def agent(module_fleet):
    agent = module_fleet.get("malformed", lambda: Passenger("python", workers=1, config={}))
    yield agent
    agent.assert_unharmed()


@pytest.fixture(scope="module", params=PEERS)
def peer(request, agent):
    process = UserProcess(request.param, agent.socket_path)
    yield process
    process.close()


def answers_to(agent, peer, name, values):
    """[(value, answer)]; the agent has lived through all of them."""
    values = list(values)
    answers = peer.ask(Request("GET", "/v1/pool", [(name, value.decode("latin-1"))]) for value in values)
    assert agent.find_core() == agent.core_pid
    assert len(answers) == len(values) > 0
    return zip(values, answers)


def assert_refused(agent, peer, name, values):
    seen = set()
    for value, answer in answers_to(agent, peer, name, values):
        forbidden = FORBIDDEN.intersection(value)
        assert (answer.status, answer.code) == ((400, "bad_request") if forbidden else (401, "unauthorized")), (
            value, answer)
        if not forbidden:
            seen.add((answer.status_line, *((header, text) for header, text in answer.headers
                        if header not in ("Date", "Connection")),
                      answer.body))
    assert len(seen) == 1, "the refusals differ"


def account(agent):
    return f"admin:{agent.admin_password}".encode()


def group_password(agent):
    return agent.pool_xml().groups[0].password.encode()


# ---------------------------------------------------------------- lengths

@pytest.mark.parametrize("character", [b"/", b"A", b"=", b"+", b"z", b":", b" x", b"\xff", b"-", b"_"],
                         ids=lambda character: repr(character)[2:-1])
def test_basic_of_each_length_is_refused(agent, peer, character):
    assert_refused(agent, peer, ACCOUNT, (b"Basic " + character * length for length in LENGTHS))


@pytest.mark.parametrize("padding", range(5))
def test_basic_of_each_length_with_each_padding_is_refused(agent, peer, padding):
    assert_refused(agent, peer, ACCOUNT, (
        b"Basic " + base64.b64encode(b"admin:" + b"\xff" * length).rstrip(b"=")[:cut] + b"=" * padding
        for length in LENGTHS for cut in (None, -1, -2, -3)))


def test_basic_of_each_length_for_each_account_is_refused(agent, peer):
    assert_refused(agent, peer, ACCOUNT, (
        basic(user, "x" * length).encode() for user in ("admin", "ro_admin", "x" * 199, "") for length in LENGTHS))


@pytest.mark.parametrize("scheme", [b"", b"Basic", b"Basi", b"Basic\t", b"Bearer ", b"Digest ", b"Basic,", b"Basic:"],
                         ids=lambda scheme: repr(scheme)[2:-1])
def test_another_scheme_of_each_length_is_refused(agent, peer, scheme):
    right = base64.b64encode(account(agent))
    assert_refused(agent, peer, ACCOUNT, [*(scheme + b"/" * length for length in LENGTHS), scheme + right])


@pytest.mark.parametrize("character", [b"a", b"\xff", b"=", b", ", b"\t."], ids=lambda character: repr(character)[2:-1])
def test_a_password_of_each_length_is_refused(agent, peer, character):
    assert_refused(agent, peer, PASSWORD, (character * length for length in LENGTHS))


def test_each_beginning_and_each_end_of_what_is_right_is_refused(agent, peer):
    right = group_password(agent)
    assert_refused(agent, peer, PASSWORD, [right[:end] for end in range(len(right))]
                   + [right[begin:] for begin in range(1, len(right))] + [right * 2, right + right[:1]])
    right = account(agent)
    assert_refused(agent, peer, ACCOUNT, (b"Basic " + base64.b64encode(part) for part in [
        *(right[:end] for end in range(len(right))), *(right[begin:] for begin in range(1, len(right))), right * 2]))


# ---------------------------------------------------------------- bytes

def with_each_byte(right):
    """What is right with one byte more or another: before it, behind it, in it and in the place of one."""
    for byte in range(256):
        middle = len(right) // 2
        for parts in ((b"", right), (right, b""), (right[:middle], right[middle:]),
                      (right[:middle], right[middle + 1:]), (b"", right[1:]), (right[:-1], b"")):
            value = bytes([byte]).join(parts)
            if value != right:
                yield value


def test_a_password_with_each_byte_is_refused(agent, peer):
    right = group_password(agent)
    assert_refused(agent, peer, PASSWORD, (value for value in with_each_byte(right) if value.strip(BLANKS) != right))


def test_blanks_around_a_password_do_not_belong_to_it(agent, peer):
    right = group_password(agent)
    values = [value for value in with_each_byte(right) if value.strip(BLANKS) == right]
    assert len(values) == 4
    for value, answer in answers_to(agent, peer, PASSWORD, values):
        assert answer.status == 200, (value, answer)


def test_an_account_with_each_byte_is_refused(agent, peer):
    assert_refused(agent, peer, ACCOUNT, (
        b"Basic " + base64.b64encode(value) for value in with_each_byte(account(agent))))


def test_base64_with_each_byte_that_is_none_of_it_is_refused(agent, peer):
    right = base64.b64encode(account(agent)).rstrip(b"=")
    values = (b"Basic " + value for value in with_each_byte(right)
              if set(value.strip(BLANKS)) - set(BASE64) - {ord("=")} or b"=" in value.rstrip(b"="))
    assert_refused(agent, peer, ACCOUNT, values)


def test_a_head_that_a_byte_ends_too_early_is_refused(agent, peer):
    """Line ends in a value make a header of what follows, or end the head: what is left is no credential."""
    right = group_password(agent).decode()
    for name, value in ((PASSWORD, right), (ACCOUNT, basic("admin", agent.admin_password))):
        for end in ("\n", "\r", "\0", "\r\r\n", "\0\r\n", "\r\n "):
            (answer,) = peer.ask([Request("GET", "/v1/pool", [(name, value[:5] + end + value[5:])])])
            assert answer.status == 400, (end, answer)
    assert agent.find_core() == agent.core_pid


def test_what_is_right_is_let_in(agent, peer):
    """Lest all of the above is refused for another reason."""
    answers = peer.ask([Request("GET", "/v1/pool", [(PASSWORD, group_password(agent).decode())]),
                        Request("GET", "/v1/pool", [(ACCOUNT, basic("admin", agent.admin_password))])])
    assert [answer.status for answer in answers] == [200, 200]
