"""Distributed Maps: Map Runs and their child executions."""

import json
import uuid

from processes import until


def a_map(states, express=False, **fields):
    return {"All": {
        "Type": "Map", "Label": "Each", "End": True, **fields,
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS" if express else "STANDARD"},
            "StartAt": next(iter(states)), "States": states}}}


def map_run_of(stack, execution):
    (run,) = stack.states.list_map_runs(executionArn=execution)["mapRuns"]
    return stack.states.describe_map_run(mapRunArn=run["mapRunArn"])


DOUBLE = {"Double": {"Type": "Pass", "Parameters": {"twice.$": "States.MathAdd($, $)"}, "OutputPath": "$.twice", "End": True}}


def test_every_item_is_a_child_execution(stack):
    wait = {"Wait": {"Type": "Wait", "Seconds": 1, "Next": "Double"}}
    machine = stack.machine(a_map({**wait, **DOUBLE}, MaxConcurrency=3))
    ended = stack.run(machine, list(range(8)))
    assert (ended["status"], json.loads(ended["output"])) == ("SUCCEEDED", [2 * n for n in range(8)]), ended
    run = map_run_of(stack, ended["executionArn"])
    assert (run["status"], run["itemCounts"]["succeeded"], run["executionCounts"]["total"]) == ("SUCCEEDED", 8, 8), run
    children = stack.states.list_executions(mapRunArn=run["mapRunArn"])["executions"]
    assert [child["status"] for child in children] == ["SUCCEEDED"] * 8, children
    history = stack.history(children[0]["executionArn"])
    assert [event["type"] for event in history] == [
        "ExecutionStarted", "WaitStateEntered", "WaitStateExited", "PassStateEntered", "PassStateExited",
        "ExecutionSucceeded"], history


def test_children_may_be_express_and_fail(stack):
    states = {"Choose": {"Type": "Choice", "Choices": [{"Variable": "$", "NumericEquals": 3, "Next": "Bad"}],
                         "Default": "Double"}, **DOUBLE, "Bad": {"Type": "Fail", "Error": "Three"}}
    machine = stack.machine(a_map(states, express=True, ToleratedFailureCount=1))
    ended = stack.run(machine, [1, 2, 3, 4])
    assert (ended["status"], json.loads(ended["output"])) == ("SUCCEEDED", [2, 4, 8]), ended
    machine = stack.machine(a_map(states, express=True))
    ended = stack.run(machine, [1, 2, 3, 4])
    assert (ended["status"], ended["error"]) == ("FAILED", "States.ExceedToleratedFailureThreshold"), ended
    assert map_run_of(stack, ended["executionArn"])["status"] == "FAILED"


def test_items_are_read_from_s3_in_batches(stack):
    bucket = f"items-{uuid.uuid4().hex[:8]}"
    s3 = stack.client("s3")
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="in.csv", Body=b"a,b\n1,x\n2,y\n3,z\n")
    reader = {"Resource": "arn:aws:states:::s3:getObject",
              "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"},
              "Parameters": {"Bucket": bucket, "Key": "in.csv"}}
    take = {"Take": {"Type": "Pass", "OutputPath": "$.Items[*].b", "End": True}}
    machine = stack.machine(a_map(take, ItemReader=reader, ItemBatcher={"MaxItemsPerBatch": 2}))
    ended = stack.run(machine)
    assert (ended["status"], json.loads(ended["output"])) == ("SUCCEEDED", [["x", "y"], ["z"]]), ended
    lister = {"Resource": "arn:aws:states:::s3:listObjectsV2", "Parameters": {"Bucket": bucket}}
    machine = stack.machine(a_map({"Key": {"Type": "Pass", "OutputPath": "$.Key", "End": True}}, ItemReader=lister))
    ended = stack.run(machine)
    assert (ended["status"], json.loads(ended["output"])) == ("SUCCEEDED", ["in.csv"]), ended


def test_a_map_run_ends_with_its_execution(stack):
    machine = stack.machine(a_map({"Wait": {"Type": "Wait", "Seconds": 3600, "End": True}}))
    execution = stack.start(machine, [1, 2])
    for _ in until(60, "both children run"):
        runs = stack.states.list_map_runs(executionArn=execution)["mapRuns"]
        if runs and stack.states.describe_map_run(mapRunArn=runs[0]["mapRunArn"])["executionCounts"]["running"] == 2:
            break
    stack.states.stop_execution(executionArn=execution)
    for _ in until(60, "both children are stopped"):
        if map_run_of(stack, execution)["executionCounts"]["aborted"] == 2:
            break
    assert map_run_of(stack, execution)["status"] == "ABORTED"
