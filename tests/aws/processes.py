"""Programs that run beside the tests, and end with them."""

import os
import signal
import socket
import subprocess
import time

from places import WORK

_running = []


class Failed(Exception):
    """A program did not do what it was started for."""


def log_of(name):
    folder = WORK / "log"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{name}.log"


def _tail(log, lines=40):
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def run(name, command, env=None, cwd=None):
    """Runs a program to its end; its output goes to a log, which is shown when it fails."""
    log = log_of(name)
    with log.open("wb") as output:
        process = _start(command, output, env, cwd)
    try:
        code = process.wait()
    finally:
        end(process)
    if code != 0:
        raise Failed(f"`{' '.join(map(str, command))}` ended with {code}; {log}:\n{_tail(log)}")
    return log


def serve(name, command, port, env=None, cwd=None, patience=60):
    """Starts a server and waits until its port takes connections."""
    log = log_of(name)
    with log.open("wb") as output:
        process = _start(command, output, env, cwd)
    for _ in until(patience, f"{name} listens on port {port}"):
        if process.poll() is not None:
            raise Failed(f"{name} ended with {process.returncode}; {log}:\n{_tail(log)}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return process


def begin(name, command, env=None, cwd=None):
    """Starts a program that runs until it is ended."""
    with log_of(name).open("wb") as output:
        return _start(command, output, env, cwd)


def _start(command, output, env, cwd):
    # A session of its own: Ctrl-C ends the tests, which then end it, children included.
    process = subprocess.Popen(
        [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
        env=env, cwd=cwd, start_new_session=True,
    )
    _running.append(process)
    return process


def end(process):
    """Ends a program and all that it has started."""
    for kill, patience in ((signal.SIGTERM, 5), (signal.SIGKILL, 5)):
        try:
            # The number of a session's first process is that of its group.
            os.killpg(process.pid, kill)
            process.wait(patience)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue
    if process in _running:
        _running.remove(process)


def end_all():
    for process in reversed(_running.copy()):
        end(process)


def until(seconds, what):
    """Yields again and again until the caller leaves, and complains when that takes too long."""
    end = time.monotonic() + seconds
    pause = 0.01
    while time.monotonic() < end:
        yield
        time.sleep(pause)
        pause = min(pause * 1.5, 0.2)
    raise Failed(f"not within {seconds} s: {what}")


def free_port():
    """Returns a port of the loopback that is free now.

    STEPWELL_PORTS names the first of the ports to choose from; without it the system chooses.
    """
    first = os.environ.get("STEPWELL_PORTS")
    for port in range(int(first), int(first) + 100) if first else [0]:
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            chosen = probe.getsockname()[1]
        if chosen not in _given:
            _given.add(chosen)
            return chosen
    raise Failed("no port is free")


_given = set()
