"""Everything at once: visitors, callers, rounds, events, and processes that are killed, stopped, detached, restarted and
ejected meanwhile. What each does on its own has its own tests; here it is seen that nothing is left over of all of it."""

import http.client
import json
import os
import random
import signal
import threading
from collections import Counter
from contextlib import suppress

import pytest

from support import system
from support.client import forwarded
from support.health import check_target
from support.raw_worker import statistics
from support.waiting import wait_until
from support.watching import Listener, all_healthy, fall_ill, get_well, plan

WORKERS = 4
HARMS = 40  # and then it is over
CALM = 30  # requests of each kind after it, by which those of before would be noticed
ILLNESSES = ("hang", "500", "die", "close", "slow")
ANSWERS = {None, "connect_failed", "connect_timeout", "first_byte_timeout", "process_busy", "process_not_found",
           "process_not_routable", "total_timeout", "worker_closed", "bad_response", "idle_timeout"}


@pytest.fixture
def agent(new_agent):
    """Ruby has both routes. What falls ill is ejected, and killed where it does not leave."""
    return new_agent("sick_rack", workers=WORKERS, config={"health": [plan(
        on_unhealthy="detach", kill_after_seconds=1, cool_down_seconds=0.5)]}).ready()


class Storm:
    """All who take part do so until the last harm is done, each in a thread of its own; what each does follows
    from the seed."""

    def __init__(self, agent, seed):
        self.agent = agent
        self.seed = seed
        self.group = agent.admin.get("/v1/groups").json["groups"][0]["name"]
        self.stopped = set()
        self.is_over = threading.Event()
        self.answers = Counter()
        self.wrong = []

    def rage(self):
        callers = [threading.Thread(target=self.take_part, args=(deed, number), daemon=True)
                   for deed in (self.visit, self.forward, self.hang_up, self.check, self.listen) for number in range(2)]
        for thread in callers:
            thread.start()
        try:
            dice = random.Random(self.seed)
            for _ in range(HARMS):
                self.gather(dice)
                self.harm(dice)
            self.recover()
            before = Counter(self.answers)
            wait_until(lambda: all(self.answers[name] - before[name] >= CALM for name in before), "they went on", 30)
        finally:
            self.is_over.set()
            self.recover()
            for thread in callers:
                thread.join(30)
        assert not any(thread.is_alive() for thread in callers), "somebody was left hanging"
        assert not self.wrong, self.wrong

    def take_part(self, deed, number):
        dice = random.Random(f"{self.seed} {deed.__name__} {number}")
        while not self.is_over.wait(0.02):
            try:
                deed(dice)
                self.answers[deed.__name__] += 1
            except Exception as failure:
                self.wrong.append((deed.__name__, repr(failure)))

    def pids(self):
        """Of those that take requests."""
        return [row["pid"] for row in self.agent.admin.processes("?fields=pid,state") if row["state"] == "enabled"]

    def some_pid(self, dice):
        """0, which none has, where none comes soon: it takes a processor's time to start one."""
        for _ in range(10):
            if pids := self.pids():
                return dice.choice(pids)
            self.is_over.wait(0.1)
        return 0

    # ------------------------------------------------------------ callers

    def visit(self, dice):
        with suppress(OSError, http.client.HTTPException):  # Its process may be stopped, or die.
            self.agent.visit(dice.choice(["/", "/health", "/sleep?seconds=0.05"]), timeout=0.5)

    def forward(self, dice):
        headers = {"X-Gangway-Route": dice.choice(["auto", "pool", "direct"]), "X-Gangway-Wait": "0.2",
                   "X-Gangway-Timeout": "1"}
        target = dice.choice(["/", "/health", "/sleep?seconds=0.1"])
        with suppress(http.client.IncompleteRead):  # It died in the middle of its answer.
            answer = self.agent.admin.forward(self.some_pid(dice), target, headers=headers)
            assert answer.code in ANSWERS, answer

    def hang_up(self, dice):
        request = f"GET {forwarded(self.some_pid(dice), '/sleep?seconds=0.5')} HTTP/1.1\r\nHost: x\r\n\r\n"
        with self.agent.admin.raw() as sock, suppress(TimeoutError):
            sock.sendall(request.encode()[:dice.choice([20, 1000])])
            sock.settimeout(dice.choice([0.01, 0.1, 0.3]))
            sock.recv(100)

    def check(self, dice):
        body = json.dumps({"path": "/health", "timeout_seconds": 0.5, "deadline_seconds": 2})
        if dice.random() < 0.5:
            answer = self.agent.admin.request("POST", "/v1/health", body=body)
            assert answer.status == 200, answer
        else:
            answer = self.agent.admin.get(check_target(self.some_pid(dice), path="/health", timeout="0.5"))
            assert answer.code in (None, "process_not_found"), answer

    def listen(self, dice):
        with Listener(self.agent) as listener:
            self.some_pid(dice)
            assert not listener.ended

    # ------------------------------------------------------------ what becomes of the processes

    def gather(self, dice):
        """Passenger starts processes for visitors. Before the next harm there shall be some again, as far as they come
        soon."""
        for _ in range(20):
            if len(self.pids()) >= WORKERS - 1:
                break
            self.visit(dice)

    def harm(self, dice):
        pid = self.some_pid(dice)
        deed = dice.choice([self.kill, self.stop, self.stop, self.detach, self.fall_ill, self.fall_ill, self.recover,
                            self.recover, self.restart])
        if pid:
            with suppress(ProcessLookupError):
                deed(pid, dice)

    def kill(self, pid, _):
        os.kill(pid, signal.SIGKILL)

    def stop(self, pid, _):
        self.stopped.add(pid)
        os.kill(pid, signal.SIGSTOP)

    def detach(self, pid, _):
        self.agent.api("POST", "/pool/detach_process.json", {"pid": pid})

    def fall_ill(self, pid, dice):
        fall_ill(self.agent, pid, dice.choice(ILLNESSES))

    def recover(self, *_):
        self.let_go_on()
        get_well(self.agent)

    def restart(self, *_):
        self.agent.restart_group(self.group)

    def let_go_on(self):
        while self.stopped:
            with suppress(ProcessLookupError):
                os.kill(self.stopped.pop(), signal.SIGCONT)


def descriptors(agent):
    """Those that Gangway may have. Passenger, too, has sockets; its directories of starting processes are not ours."""
    targets = system.descriptors(agent.core_pid).values()
    return [target for target in targets if target.startswith(("socket:", "anon_inode:"))]


def test_of_a_storm_nothing_is_left(agent):
    before = len(descriptors(agent))
    storm = Storm(agent, seed=1)
    storm.rage()
    assert min(storm.answers[name] for name in ("visit", "forward", "hang_up", "check", "listen")) > 0, storm.answers
    wait_until(lambda: statistics(agent)["requests"]["in_flight"] == 0, "no request is in flight")
    agent.ready()
    agent.assert_unharmed()
    all_healthy(agent)
    # One connection is the question's own; Passenger may keep one to each process.
    wait_until(lambda: len(system.unix_sockets_at(agent.socket_path)) == 1, "nobody is connected")
    wait_until(lambda: len(descriptors(agent)) <= before + WORKERS,
               f"{before} descriptors or little more: {system.descriptors(agent.core_pid)}")
