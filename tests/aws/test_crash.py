"""A driving function that is killed while it makes a call."""

import os
import pathlib
import signal
import uuid

from processes import until
from stack import zipped

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
# A killed function's messages come back when they are visible again; AWS would be asked for half an hour here.
VISIBLE_SECONDS = 5
# Whoever takes over waits until the lease of the dead one is over: a minute.
LEASE_SECONDS = 60


def environments(stack, *logical):
    """Returns the processes of these functions, found among those that the emulator has started."""
    names = {stack.resources[name] for name in logical if name in stack.resources}
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


def kill_the_drivers(stack):
    """Kills every process that drives executions or makes their calls."""
    killed = environments(stack, "TransitionFunction", "CallFunction")
    for process in killed:
        os.kill(process, signal.SIGKILL)
    return killed


def test_nothing_is_done_twice_when_the_driving_function_is_killed_during_a_call(stack):
    table, queue = stack.counters(), stack.queue()
    name = stack.function(f"count-{uuid.uuid4().hex[:8]}", code={"index.py": COUNTING}, runtime="python3.11",
                          handler="index.handler", TABLE=table)

    def tell(step, **more):
        return {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "ResultPath": None,
                "Parameters": {"QueueUrl": queue, "MessageBody": {"step": step}}, **more}

    machine = stack.machine({
        "Before": tell("before", Next="Count"),
        "Count": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "ResultPath": None, "Next": "Told",
                  "Parameters": {"FunctionName": name, "Payload": {"id": "one"}},
                  "Catch": [{"ErrorEquals": ["States.TaskFailed"], "Next": "Told"}]},
        "Told": tell("after", End=True)}, start="Before")
    queues = [stack.resources[name] for name in ("Mailbox", "Calls") if name in stack.resources]
    before = {url: stack.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])["Attributes"] for url in queues}
    for url in queues:
        stack.sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": str(VISIBLE_SECONDS)})
    try:
        execution = stack.start(machine)
        for _ in until(20, "the function runs"):
            if stack.counts(table):
                break
        assert kill_the_drivers(stack)
        ended = stack.ended(execution, seconds=LEASE_SECONDS + 30)
    finally:
        for url in queues:
            stack.sqs.set_queue_attributes(QueueUrl=url, Attributes=before[url])
        stack.dynamodb.put_item(TableName=table, Item={"id": {"S": "go on"}, "n": {"N": "1"}})
    assert ended["status"] == "SUCCEEDED", ended
    assert [message["step"] for message in stack.messages(queue)] == ["before", "after"]
    assert stack.counts(table)["one"] == 1
    failed = [event for event in stack.history(execution) if event["type"] == "TaskFailed"]
    assert len(failed) == 1 and "unknown" in failed[0]["taskFailedEventDetails"]["cause"], failed
