"""What was measured: sizes, times of calls and invocations, and how long a function takes to be ready."""

import http.server
import os
import re
import subprocess
import threading
import time

CALLS = 200
STARTS = 5


def show(stack, sizes, steps):
    shown = [
        ("stripped programs", ", ".join(f"{name} {size / 1e6:.1f} MB" for name, size in sorted(sizes.items()))),
        (f"DescribeExecution through the HTTP API, {CALLS} in turn", _percentiles(_calls(stack))),
    ]
    for logical in sorted(name for name in stack.resources if name.endswith("Function")):
        durations = _invocations(stack, logical)
        if durations:
            shown.append((f"{logical}, {len(durations)} invocations", _percentiles(durations)))
        folder = stack.folders[_folder(logical)]
        shown.append((f"{logical}, from its start to its first request for work", _percentiles(_starts(stack, logical, folder))))
    shown.append(("slowest steps", ", ".join(f"{name} {seconds:.0f} s" for name, seconds in sorted(steps, key=lambda step: -step[1])[:4])))
    for what, figure in shown:
        print(f"       {what}: {figure}")


def _folder(logical):
    """Returns the folder of a function: `JobEventsFunction` is in `functions/job_events`."""
    return re.sub(r"(?<!^)([A-Z])", r"_\1", logical.removesuffix("Function")).lower()


def _percentiles(milliseconds):
    ordered = sorted(milliseconds)
    at = lambda share: ordered[min(len(ordered) - 1, int(len(ordered) * share))]
    return f"p50 {at(0.5):.1f} ms, p99 {at(0.99):.1f} ms"


def _calls(stack):
    execution = stack.run(stack.machine({"Pass": {"Type": "Pass", "End": True}}))["executionArn"]
    taken = []
    for _ in range(CALLS):
        began = time.perf_counter()
        stack.states.describe_execution(executionArn=execution)
        taken.append((time.perf_counter() - began) * 1000)
    return taken


def _invocations(stack, logical):
    """Returns how long each invocation took, as the emulator reports it."""
    group = stack.resources[logical.removesuffix("Function") + "Logs"]
    pages = stack.client("logs").get_paginator("filter_log_events").paginate(logGroupName=group, filterPattern="REPORT")
    reports = (re.search(r"\sDuration: ([\d.]+) ms", event["message"]) for page in pages for event in page["events"])
    return [float(report[1]) for report in reports if report]


def _starts(stack, logical, folder):
    """Returns how long the program takes, each time, until it first asks its runtime for work."""
    asked = threading.Event()

    class Runtime(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.set()
            # No answer: the program waits for work until it is ended.
            ended.wait()

        def log_message(self, *_):
            pass

    settings = stack.lambda_.get_function_configuration(FunctionName=stack.resources[logical])["Environment"]["Variables"]
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Runtime)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    environment = {
        **settings, "PATH": os.environ["PATH"], "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.server_address[1]}",
        "AWS_LAMBDA_FUNCTION_NAME": logical, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256", "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_LOG_STREAM_NAME": "x", "AWS_LAMBDA_LOG_GROUP_NAME": "x", "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x",
    }
    taken = []
    for _ in range(STARTS):
        asked.clear()
        ended = threading.Event()
        began = time.perf_counter()
        process = subprocess.Popen([folder / "bootstrap"], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        try:
            if not asked.wait(20):
                raise RuntimeError(f"`{logical}` asked for no work within 20 s")
            taken.append((time.perf_counter() - began) * 1000)
        finally:
            process.kill()
            process.wait()
            ended.set()
    server.shutdown()
    return taken
