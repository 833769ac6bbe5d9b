"""Many executions at once."""

import datetime
from concurrent.futures import ThreadPoolExecutor

from processes import until

EXECUTIONS = 200
# All of them wait for one instant: time enough to start them, and then they all go on at once.
SECONDS = 15


def test_200_executions_at_once_succeed_and_each_acts_once(stack):
    table, queue = stack.counters(), stack.queue()
    machine = stack.machine({
        "Wait": {"Type": "Wait", "TimestampPath": "$.until", "Next": "Count"},
        "Count": {"Type": "Task", "Resource": "arn:aws:states:::dynamodb:updateItem", "ResultPath": None, "Next": "Tell",
                  "Parameters": {"TableName": table, "Key": {"id": {"S.$": "$.id"}}, "UpdateExpression": "ADD n :one",
                                 "ExpressionAttributeValues": {":one": {"N": "1"}}}},
        "Tell": {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "End": True,
                 "Parameters": {"QueueUrl": queue, "MessageBody": {"id.$": "$.id"}}}}, start="Wait")
    names = [f"load-{number:03}" for number in range(EXECUTIONS)]
    instant = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=SECONDS)
    until_then = instant.strftime("%Y-%m-%dT%H:%M:%SZ")
    with ThreadPoolExecutor(16) as pool:
        started = list(pool.map(lambda name: stack.start(machine, {"id": name, "until": until_then}, name=name), names))
    assert datetime.datetime.now(datetime.UTC) < instant, "the executions were not open at the same time"
    for _ in until(180, "all executions have ended"):
        if not stack.states.list_executions(stateMachineArn=machine, statusFilter="RUNNING", maxResults=1)["executions"]:
            break
    pages = stack.states.get_paginator("list_executions").paginate(stateMachineArn=machine)
    ended = {execution["executionArn"]: execution["status"] for page in pages for execution in page["executions"]}
    assert ended == dict.fromkeys(started, "SUCCEEDED"), {status: list(ended.values()).count(status) for status in set(ended.values())}
    assert stack.counts(table) == dict.fromkeys(names, 1)
    assert sorted(message["id"] for message in stack.messages(queue)) == names
    for letters in ("MailboxDeadLetters", "TimersDeadLetters"):
        assert stack.left(letters) == 0, letters
