"""Driving functions that are killed while they make a call."""

import os
import pathlib
import signal
import uuid

from processes import until

# A function that counts that it ran, and returns only when it is let.
COUNTING = """
import os, time, boto3
table = boto3.client("dynamodb")
def handler(event, _):
    table.update_item(TableName=os.environ["TABLE"], Key={"id": {"S": event["id"]}}, UpdateExpression="ADD n :one",
                      ExpressionAttributeValues={":one": {"N": "1"}})
    while "Item" not in table.get_item(TableName=os.environ["TABLE"], Key={"id": {"S": "go on"}}, ConsistentRead=True):
        time.sleep(0.05)
    return "done"
"""
# Of the task's state: a long time-out makes the call a long one, which a function of its own makes.
TIMEOUTS = {"short": {}, "long": {"TimeoutSeconds": 600}}
# A killed function's messages come back when they are visible again, and then the lease of the dead one may still run.
PATIENCE = 300


def environments(stack, *logical):
    """Returns the processes of these functions, found among those that the emulator has started."""
    names = {stack.resources[name] for name in logical}
    found = []
    for folder in pathlib.Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and os.getpgid(int(folder.name)) == stack.pid:
                variables = dict(pair.split(b"=", 1) for pair in (folder / "environ").read_bytes().split(b"\0") if b"=" in pair)
                if variables.get(b"AWS_LAMBDA_FUNCTION_NAME", b"").decode() in names:
                    found.append(int(folder.name))
        except (ProcessLookupError, FileNotFoundError, PermissionError):
            continue
    return found


def machine_that_acts_before_during_and_after(stack, name, queue, timeout):
    def tell(step, **more):
        return {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "ResultPath": None,
                "Parameters": {"QueueUrl": queue, "MessageBody": {"id.$": "$$.Execution.Name", "step": step}}, **more}

    return stack.machine({
        "Before": tell("before", Next="Count"),
        "Count": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "ResultPath": None, "Next": "After",
                  **timeout, "Parameters": {"FunctionName": name, "Payload": {"id.$": "$$.Execution.Name"}},
                  "Catch": [{"ErrorEquals": ["States.TaskFailed"], "ResultPath": "$.error", "Next": "After"}]},
        "After": tell("after", End=True)}, start="Before")


def test_nothing_is_done_twice_when_functions_are_killed_during_a_call(stack):
    table, queue = stack.counters(), stack.queue()
    name = stack.function(f"count-{uuid.uuid4().hex[:8]}", code={"index.py": COUNTING}, runtime="python3.11",
                          handler="index.handler", TABLE=table)
    executions = {
        call: stack.start(machine_that_acts_before_during_and_after(stack, name, queue, timeout), name=call)
        for call, timeout in TIMEOUTS.items()
    }
    for _ in until(30, "the functions run"):
        if stack.counts(table).keys() == executions.keys():
            break
    killed = {logical: environments(stack, logical) for logical in ("TransitionFunction", "CallFunction")}
    assert all(killed.values()), killed
    for process in sum(killed.values(), []):
        os.kill(process, signal.SIGKILL)
    yield
    ended = {call: stack.ended(execution, PATIENCE) for call, execution in executions.items()}
    # Only now, so that nobody can have had an answer.
    stack.dynamodb.put_item(TableName=table, Item={"id": {"S": "go on"}, "n": {"N": "1"}})
    assert [one["status"] for one in ended.values()] == ["SUCCEEDED"] * 2, ended
    told = [(message["id"], message["step"]) for message in stack.messages(queue)]
    assert sorted(told) == sorted((call, step) for call in TIMEOUTS for step in ("before", "after")), told
    counts = stack.counts(table)
    assert {call: counts[call] for call in TIMEOUTS} == dict.fromkeys(TIMEOUTS, 1), counts
    for call, execution in executions.items():
        failures = [event for event in stack.history(execution) if event["type"] in ("TaskFailed", "TaskTimedOut")]
        assert len(failures) == 1 and "unknown" in failures[0]["taskFailedEventDetails"]["cause"], (call, failures)
