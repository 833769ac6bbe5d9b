"""What a stack tells of its executions."""

import json
import time

from processes import until


def test_status_changes_are_events(stack):
    events, queue = stack.client("events"), stack.queue()
    stack.let_in(queue, "events.amazonaws.com")
    events.put_rule(Name="statuses", EventPattern=json.dumps({"detail-type": ["Step Functions Execution Status Change"]}))
    events.put_targets(Rule="statuses", Targets=[{"Id": "queue", "Arn": stack.queue_arn(queue)}])
    try:
        machine = stack.machine({"Wait": {"Type": "Wait", "Seconds": 1, "End": True}})
        execution = stack.start(machine, {"n": 1})
        stack.ended(execution)
        told = []
        for _ in until(20, "an event for each status"):
            told += [event["detail"] for event in stack.messages(queue)]
            if len(told) >= 2:
                break
    finally:
        events.remove_targets(Rule="statuses", Ids=["queue"])
        events.delete_rule(Name="statuses")
    assert {detail["status"] for detail in told} == {"RUNNING", "SUCCEEDED"}, told
    assert {detail["executionArn"] for detail in told} == {execution}, told


def test_what_goes_wrong_inside_is_printed(stack):
    began = time.time()
    role = stack.resources["TransitionFunctionRole"]
    deny = {"Effect": "Deny", "Action": "scheduler:CreateSchedule", "Resource": "*"}
    stack.iam.put_role_policy(RoleName=role, PolicyName="no-schedules",
                              PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [deny]}))
    try:
        execution = stack.start(stack.machine({"Wait": {"Type": "Wait", "Seconds": 86400, "End": True}}))
        for _ in until(20, "the timer that could not be armed is in the log"):
            if any("could not be armed" in line for line in stack.printed(began)):
                break
    finally:
        stack.iam.delete_role_policy(RoleName=role, PolicyName="no-schedules")
        stack.states.stop_execution(executionArn=execution)
