"""A module in someone else's server: threads, signals, descriptors, symbols, idleness."""

import os
import signal
import threading

from support import system
from support.client import exchange, forwarded
from support.threads import gangway_threads, quiet_for
from support.waiting import wait_until


def test_the_threads_take_no_signals_but_those_of_a_crash(python):
    python.admin.get("/v1/pool")
    # SIGKILL and SIGSTOP cannot be blocked; 32 and 33 are the C library's own. Those of a crash are
    # Passenger's to log.
    crash = {signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGABRT, signal.SIGSYS,
             signal.SIGTRAP}
    every = set(range(1, 65)) - {signal.SIGKILL, signal.SIGSTOP, 32, 33}
    for status in gangway_threads(python).values():
        blocked = system.blocked_signals(status)
        assert every - crash <= blocked
        assert not crash & blocked


def test_threads_that_passenger_starts_because_of_gangway_take_signals_as_its_others_do(agent):
    """Passenger interrupts its spawner's threads by a signal: with Gangway's mask they hang."""
    before = set(gangway_threads(agent))
    pid = agent.admin.processes()[0]["pid"]
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not system.is_alive(pid), "the worker is dead")
    # Passenger takes the process out and starts another on the thread that tells it of the failure.
    assert agent.admin.forward(pid, "/", headers={"X-Gangway-Route": "pool"}).status >= 400
    wait_until(lambda: pid not in [row["pid"] for row in agent.admin.processes()], "it is taken out")

    def blocking():
        return [thread for thread, status in system.threads_named(agent.core_pid, "").items()
                if thread not in before and system.blocked_signals(status)]

    # The C library blocks them for a moment, where a thread or a process is just being started.
    wait_until(lambda: not blocking(), "no thread of Passenger blocks signals")
    agent.ready()


def test_a_process_that_reaches_max_requests_through_gangway_is_replaced(new_agent):
    agent = new_agent("python", workers=1, config={}, options=["--max-requests", "3"])
    agent.ready()
    first = agent.admin.processes()[0]["pid"]
    for _ in range(3):
        if first not in [row["pid"] for row in agent.admin.processes()]:
            break
        agent.admin.forward(first, "/")
    wait_until(lambda: [row["pid"] for row in agent.admin.processes() if row["state"] == "enabled"]
               not in ([], [first]), "another process serves")
    assert agent.visit("/").status == 200


def test_threads_that_were_never_asked_anything_do_not_wake_up(new_agent):
    agent = new_agent("python", workers=1, config={}).ready()
    assert quiet_for(agent, 3)


def test_threads_that_have_answered_do_not_wake_up_once_their_timeouts_are_over(new_agent):
    agent = new_agent("python", workers=1, config={
        "client_timeout_seconds": 1, "idle_timeout_seconds": 1, "connect_timeout_seconds": 1}).ready()
    pid = agent.admin.processes()[0]["pid"]
    assert agent.admin.forward(pid, "/").status == 200
    wait_until(lambda: quiet_for(agent, 2.5), "the last timeout is over", 15)
    assert quiet_for(agent, 3)


def test_requests_leak_no_descriptor(agent):
    pids = [row["pid"] for row in agent.admin.processes()]

    def some_of_everything(rounds):
        for turn in range(rounds):
            pid = pids[turn % len(pids)]
            agent.admin.forward(pid, "/")
            agent.admin.forward(pid, "/", method="POST", body=b"hello")
            agent.admin.forward(pid, "/status?code=404")
            agent.admin.get("/v1/processes")
            agent.admin.get("/v1/nothing")
            agent.admin.say(b"nonsense\r\n\r\n")
            agent.admin.forward(2 ** 22 + 1, "/")
            with agent.admin.raw() as sock:
                sock.sendall(f"GET {forwarded(pid, '/')} HTTP/1.1\r\n".encode())
            connection = agent.admin.connection()
            exchange(connection, "GET", forwarded(pid, "/"))
            exchange(connection, "GET", "/v1/pool")
            connection.close()

    def own_descriptors():
        return len(system.descriptors(agent.core_pid))

    # What Passenger itself keeps, connections to workers among it, is there after the first ones.
    some_of_everything(6)
    agent.wait_for_no_sessions()
    before = own_descriptors()
    some_of_everything(50)
    agent.wait_for_no_sessions()
    wait_until(lambda: own_descriptors() <= before,
               f"no more than the {before} descriptors of before; now "
               f"{system.descriptors(agent.core_pid)}", 10)


def test_descriptors_of_gangway_are_not_inherited_by_workers(new_agent):
    agent = new_agent("python", workers=1, max_pool_size=1, config={}).ready()
    pid = agent.admin.processes()[0]["pid"]
    with agent.admin.raw() as idle, agent.admin.raw() as busy:
        idle.sendall(b"GET /v1/po")
        busy.sendall(f"GET {forwarded(pid, '/sleep?seconds=1')} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        agent.wait_for_sessions(pid, 1)
        sockets = {f"socket:[{inode}]" for inode in system.unix_sockets_at(agent.socket_path)}
        assert len(sockets) == 3, "the listening socket and two connections"
        assert sockets <= set(system.descriptors(agent.core_pid).values())
        # A new worker is forked while both connections are open.
        os.kill(pid, signal.SIGKILL)
        assert busy.recv(100) != b"HTTP/1.1 200"
        wait_until(lambda: not system.is_alive(pid), "the old worker is dead")
        agent.ready()
        new = agent.admin.processes()[0]["pid"]
        assert new != pid
        core = system.descriptors(agent.core_pid)
        kernel = {target for target in core.values() if target.startswith("anon_inode:")}
        for process in system.descendants(agent.core_pid):
            inherited = system.descriptors(process).values()
            assert not sockets & set(inherited), f"process {process} has {inherited}"
        assert kernel, "the core has event descriptors"
        # A worker of Python opens none by itself: what it had would be the core's.
        assert not [target for target in system.descriptors(new).values()
                    if target.startswith("anon_inode:")]


def test_every_descriptor_of_the_module_is_close_on_exec(python):
    """What /proc says of the listening socket, its connections, and the module's event descriptors."""
    with python.admin.raw() as sock:
        sock.sendall(b"GET /v1/po")
        wait_until(lambda: len(system.unix_sockets_at(python.socket_path)) >= 2, "it is accepted")
        own = {f"socket:[{inode}]" for inode in system.unix_sockets_at(python.socket_path)}
        for number, target in system.descriptors(python.core_pid).items():
            if target in own or target.startswith("anon_inode:"):
                info = open(f"/proc/{python.core_pid}/fdinfo/{number}").read()
                flags = int(info.split("flags:")[1].split()[0], 8)
                assert flags & os.O_CLOEXEC, f"descriptor {number}: {target}"


def test_looking_at_the_pool_does_not_fail_visitors(agent):
    """Many lists at once, while visitors are served."""
    stop = threading.Event()
    failures = []

    def look():
        while not stop.is_set():
            try:
                if len(agent.admin.processes()) != 3:
                    failures.append("not three processes")
            except Exception as error:  # told to the test below
                failures.append(repr(error))

    threads = [threading.Thread(target=look, daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(100):
            assert agent.visit("/").status == 200
    finally:
        stop.set()
        for thread in threads:
            thread.join(20)
    assert failures == []


def test_a_module_in_an_agent_with_several_threads_of_requests_counts_every_session(agent):
    rows = agent.admin.processes()
    before = {row["pid"]: agent.pool_xml().process(row["pid"]).number("processed") for row in rows}
    failures = []

    def ask(pid):
        for _ in range(25):
            answer = agent.admin.forward(pid, "/", headers={"X-Gangway-Route": "pool",
                                                            "X-Gangway-Wait": "30"})
            if answer.status != 200 or answer.fields["pid"] != str(pid):
                failures.append(answer)

    threads = [threading.Thread(target=ask, args=(row["pid"],), daemon=True)
               for row in rows for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    agent.wait_for_no_sessions()
    for pid, count in before.items():
        assert agent.pool_xml().process(pid).number("processed") == count + 100
