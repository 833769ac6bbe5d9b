"""Executions that start executions."""

import json


def test_a_parent_waits_for_its_child_and_takes_its_output(stack):
    child = stack.machine({"Wait": {"Type": "Wait", "Seconds": 1, "Next": "Double"}, "Double": {
        "Type": "Pass", "Parameters": {"twice.$": "States.MathAdd($.n, $.n)"}, "End": True}})
    parent = stack.machine({"Child": {
        "Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync:2",
        "Parameters": {"StateMachineArn": child, "Input": {"n": 21}}, "OutputPath": "$.Output", "End": True}})
    ended = stack.run(parent)
    assert (ended["status"], json.loads(ended["output"])) == ("SUCCEEDED", {"twice": 42}), ended
    children = stack.states.list_executions(stateMachineArn=child)["executions"]
    assert [execution["status"] for execution in children] == ["SUCCEEDED"]


def test_a_childs_failure_fails_its_parent(stack):
    child = stack.machine({"Fail": {"Type": "Fail", "Error": "Broken", "Cause": "by design"}})
    parent = stack.machine({"Child": {
        "Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync:2",
        "Parameters": {"StateMachineArn": child}, "End": True}})
    ended = stack.run(parent)
    assert (ended["status"], ended["error"]) == ("FAILED", "States.TaskFailed"), ended
    assert "Broken" in ended["cause"], ended
