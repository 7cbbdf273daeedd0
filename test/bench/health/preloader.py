#!/usr/bin/python3
"""A preloader, as Passenger has them for Ruby, whose processes are bench_workers: those start fast by the thousand.

Passenger runs it in place of `ruby rack-preloader.rb`. Its protocol is in "The preloader protocol" and "Subprocess
journey logging" of Passenger's src/agent/Core/SpawningKit/README.md. $BENCH_WORKER is the command line of a process.
While there is a file "enough" in the application's folder, it starts no other. Ends when its standard input does.
"""
import json
import os
import pathlib
import select
import signal
import socket
import sys


def spawn(work_dir, command):
    pid = os.fork()
    if pid == 0:
        try:
            os.dup2(os.open(work_dir + "/stdin", os.O_RDONLY), 0)
            os.dup2(os.open(work_dir + "/stdout_and_err", os.O_WRONLY), 1)
            os.dup2(1, 2)
            os.setpgid(0, 0)
            os.execve(command[0], command, {**os.environ, "PASSENGER_SPAWN_WORK_DIR": work_dir})
        finally:
            os._exit(1)
    return pid


def main():
    command = os.environ["BENCH_WORKER"].split()
    work_dir = pathlib.Path(os.environ["PASSENGER_SPAWN_WORK_DIR"])
    path = (work_dir / "args/socket_dir").read_text() + "/preloader"
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        address = {"address": "unix:" + path, "protocol": "preloader", "concurrency": 1}
        (work_dir / "response/properties.json").write_text(json.dumps({"sockets": [address]}))
        (work_dir / "response/finish").write_text("1")
        while sys.stdin not in select.select([listener, sys.stdin], [], [])[0]:
            connection = listener.accept()[0]
            with connection, connection.makefile("rw") as stream:
                order = json.loads(stream.readline())
                if os.path.exists("enough"):
                    answer = {"result": "error", "message": "There are enough."}
                else:
                    answer = {"result": "ok", "pid": spawn(order["work_dir"], command)}
                stream.write(json.dumps(answer) + "\n")
    os.unlink(path)


main()
