"""`.sync` tasks whose service tells of the job's end."""

import json
import uuid

from processes import until


def test_the_end_of_a_job_is_heard_of(stack):
    ecs, cluster = stack.client("ecs"), f"c-{uuid.uuid4().hex[:12]}"
    ecs.create_cluster(clusterName=cluster)
    ecs.register_task_definition(family=cluster, containerDefinitions=[{"name": "main", "image": "busybox", "memory": 128}])
    machine = stack.machine({"Run": {
        "Type": "Task", "Resource": "arn:aws:states:::ecs:runTask.sync", "TimeoutSeconds": 300, "End": True,
        "Parameters": {"Cluster": cluster, "TaskDefinition": cluster}}})
    execution = stack.start(machine)
    submitted = stack.reached(execution, "TaskSubmitted")["taskSubmittedEventDetails"]
    (task,) = json.loads(submitted["output"])["Tasks"]
    yield
    # The job is old by now, and so the polls are far from one another.
    before = heard(stack)
    ecs.stop_task(cluster=cluster, task=task["TaskArn"], reason="by hand")
    ended = stack.ended(execution, 30)
    assert ended["status"] == "SUCCEEDED", ended
    shown = json.loads(ended["output"])
    assert (shown["TaskArn"], shown["LastStatus"], shown["StoppedReason"]) == (task["TaskArn"], "STOPPED", "by hand"), shown
    for _ in until(10, "the function has heard of it"):
        if heard(stack) > before:
            break


def heard(stack):
    """Returns how often the function that hears of jobs has run."""
    pages = stack.client("logs").get_paginator("filter_log_events").paginate(logGroupName=stack.resources["JobEventsLogs"])
    return sum("START " in event["message"] for page in pages for event in page["events"])
