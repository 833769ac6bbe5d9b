"""A worker in the functions' place."""

import contextlib
import json

import build
import places
import processes
from processes import until


@contextlib.contextmanager
def without_functions(stack):
    """Takes the stack's queues away from its functions for a while."""
    lambdas = stack.lambda_
    mappings = [
        mapping["UUID"] for logical in ("TransitionFunction", "CallFunction")
        for mapping in lambdas.list_event_source_mappings(FunctionName=stack.resources[logical])["EventSourceMappings"]
    ]

    def switch(enabled):
        for mapping in mappings:
            lambdas.update_event_source_mapping(UUID=mapping, Enabled=enabled)
        wanted = "Enabled" if enabled else "Disabled"
        for _ in until(30, f"the event sources are {wanted}"):
            if all(lambdas.get_event_source_mapping(UUID=mapping)["State"] == wanted for mapping in mappings):
                return

    switch(False)
    try:
        yield
    finally:
        switch(True)


def test_a_worker_drives_executions_makes_long_calls_and_wakes_waits(stack):
    states = {
        "Wait": {"Type": "Wait", "Seconds": 1, "Next": "Call"},
        "Call": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "TimeoutSeconds": 300,
                 "Parameters": {"FunctionName": "echo-of-worker", "Payload.$": "$"},
                 "ResultSelector": {"said.$": "$.Payload"}, "End": True},
    }
    echo = {"index.py": b"def handler(event, context):\n    return event\n"}
    stack.function("echo-of-worker", code=echo, runtime="python3.11", handler="index.handler")
    machine = stack.machine(states, start="Wait")
    program = build.worker()
    with without_functions(stack):
        execution = stack.start(machine, {"n": 1})
        environment = places.environment(stack.endpoint, STEPWELL_LOG="info")
        worker = processes.begin("worker", [program, "worker", "--stack", places.STACK], env=environment)
        try:
            ended = stack.ended(execution, 40)
        finally:
            processes.end(worker)
    assert ended["status"] == "SUCCEEDED", ended
    assert json.loads(ended["output"]) == {"said": {"n": 1}}, ended
    assert worker.returncode == 0, f"the worker ended with {worker.returncode}"
