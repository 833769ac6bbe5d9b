"""The safety net."""

from processes import until

# An execution is taken for forgotten a minute after it was due, and the sweep comes every minute.
PATIENCE = 180


def test_an_execution_whose_wake_up_is_lost_is_found(stack):
    queue = stack.queue()
    machine = stack.machine({"Send": {
        "Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "End": True,
        "Parameters": {"QueueUrl": queue, "MessageBody": {"sent": True}}}})
    mailbox, mapping = stack.resources["Mailbox"], stack.resources["TransitionFunctionMailbox"]
    stack.lambda_.update_event_source_mapping(UUID=mapping, Enabled=False)
    try:
        execution = stack.start(machine)
        for _ in until(10, "the wake-up is in the mailbox"):
            if stack.left("Mailbox"):
                break
        stack.sqs.purge_queue(QueueUrl=mailbox)
    finally:
        stack.lambda_.update_event_source_mapping(UUID=mapping, Enabled=True)
    assert stack.states.describe_execution(executionArn=execution)["status"] == "RUNNING"
    yield
    assert stack.ended(execution, PATIENCE)["status"] == "SUCCEEDED"
    assert stack.messages(queue) == [{"sent": True}]
