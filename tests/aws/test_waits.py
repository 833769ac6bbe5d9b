"""Deadlines, to the second."""


def test_a_wait_of_two_seconds_takes_two_seconds(stack):
    machine = stack.machine({"Wait": {"Type": "Wait", "Seconds": 2, "End": True}})
    ended = stack.run(machine)
    assert ended["status"] == "SUCCEEDED", ended
    entered, left = (
        next(event["timestamp"] for event in stack.history(ended["executionArn"]) if event["type"] == kind)
        for kind in ("WaitStateEntered", "WaitStateExited"))
    waited = (left - entered).total_seconds()
    assert 2 <= waited < 3.5, waited


def test_a_task_that_nobody_answers_times_out(stack):
    queue = stack.queue()
    machine = stack.machine({"Ask": {
        "Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "TimeoutSeconds": 2,
        "Parameters": {"QueueUrl": queue, "MessageBody": {"token.$": "$$.Task.Token"}}, "End": True}})
    ended = stack.run(machine)
    assert (ended["status"], ended["error"]) == ("FAILED", "States.Timeout"), ended
    took = (ended["stopDate"] - ended["startDate"]).total_seconds()
    assert 2 <= took < 6, took
