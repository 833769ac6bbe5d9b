"""Tasks that somebody else answers, with a token from a message."""

import json


def asking(stack):
    """Makes a state machine that puts its token into a queue."""
    queue = stack.queue()
    ask = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "TimeoutSeconds": 60,
           "Parameters": {"QueueUrl": queue, "MessageBody": {"token.$": "$$.Task.Token", "who.$": "$.who"}}, "End": True}
    return stack.machine({"Ask": ask}), queue


def test_the_answer_to_a_token_ends_the_task_once(stack):
    machine, queue = asking(stack)
    execution = stack.start(machine, {"who": "you"})
    asked = stack.message(queue)
    assert asked["who"] == "you"
    stack.states.send_task_heartbeat(taskToken=asked["token"])
    stack.states.send_task_success(taskToken=asked["token"], output='{"answer": 42}')
    ended = stack.ended(execution)
    assert (ended["status"], json.loads(ended["output"])) == ("SUCCEEDED", {"answer": 42}), ended
    try:
        stack.states.send_task_success(taskToken=asked["token"], output='{"answer": 43}')
        raise AssertionError("the second answer was accepted")
    except stack.states.exceptions.TaskTimedOut:
        pass
    assert stack.messages(queue) == []


def test_a_refusal_fails_the_task_as_it_says(stack):
    machine, queue = asking(stack)
    execution = stack.start(machine, {"who": "me"})
    stack.states.send_task_failure(taskToken=stack.message(queue)["token"], error="Refused", cause="no time")
    ended = stack.ended(execution)
    assert (ended["status"], ended["error"], ended["cause"]) == ("FAILED", "Refused", "no time"), ended
