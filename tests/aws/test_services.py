"""Services by direct calls: what tasks show is what boto3 reads.

Each file of services/ calls operations of a service or two, those of the public workflows among them. It runs twice: in
the stack, under a role that has just the policy that `stepwell iam` prints and the emulated AWS enforces, and on the
local binary. Whatever its tasks have read is then read by boto3, and compared member by member; and so is what every
other service of the emulated AWS lists without being asked for anything in particular.
"""

import contextlib
import json
import pathlib
import re
import subprocess
import urllib.request
import uuid
from concurrent.futures import ThreadPoolExecutor

from botocore.exceptions import EndpointConnectionError
from botocore.session import Session

import answers
import build
import places
import processes
from processes import until

ROLE = f"arn:aws:iam::{places.ACCOUNT}:role/nobody-assumes-it"
FOLDER = pathlib.Path(__file__).parent / "services"
# How many calls must have been compared, so that nobody compares nothing.
COMPARED_MIN = 35
LISTED_MIN = 350
# Services whose names in the emulated AWS are not boto3's.
BOTO3_NAMES = {
    "airflow": "mwaa", "documentdb": "docdb", "elasticfilesystem": "efs", "elasticloadbalancing": "elbv2",
    "elasticmapreduce": "emr", "monitoring": "cloudwatch", "tagging": "resourcegroupstaggingapi",
}
# Services whose names in a Resource are not made of those in their models.
TASK_NAMES = {"config": "config", "cur": "costandusagereport"}
NOT_COMPARED = {
    # They answer otherwise each time.
    "GetRandomPassword", "GetSessionToken", "GetChangeToken",
    # boto3 decodes their documents, which Step Functions shows as they come.
    "GetAccountAuthorizationDetails", "ListRoles",
    # The emulated AWS answers with a number as text: the parameter of the stack's template that it comes from.
    "ListEventSourceMappings",
}


def test_definitions_run_in_the_stack_with_the_policies_that_are_printed_for_them(stack):
    run_all(stack, stack.states, lambda file: role(stack, file))


def test_definitions_run_on_the_local_binary(stack):
    with local(stack) as states:
        run_all(stack, states, lambda file: stack.role)


def test_services_list_what_boto3_lists(stack):
    with urllib.request.urlopen(f"{stack.endpoint}/_ministack/health") as answer:
        there = {BOTO3_NAMES.get(name, name) for name in json.load(answer)["services"]}
    services = sorted(there.intersection(Session().get_available_services()) - {"stepfunctions"})
    clients = {service: stack.client(service) for service in services}
    with local(stack) as states, ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(lambda call: listed(states, clients[call[0]], *call), listings(services)))
    wrong = [outcome for outcome in outcomes if isinstance(outcome, str)]
    compared = sum(outcome is True for outcome in outcomes)
    print(f"       {compared} lists of {len(services)} services are what boto3 reads")
    assert not wrong, "\n".join(wrong)
    assert compared >= LISTED_MIN, compared


def listings(services):
    """Yields the reading operations that want no member."""
    for service in services:
        for name in answers.model(service).operation_names:
            operation = answers.model(service).operation_model(name)
            wants = operation.input_shape and operation.input_shape.required_members
            if name.startswith(("Describe", "Get", "List")) and not wants and name not in NOT_COMPARED:
                yield service, name


def listed(states, client, service, name):
    """Reads the same by a task and by boto3: true when it is the same, a text that tells the difference when not, and
    nothing when the emulated AWS does not know the operation."""
    for _ in range(3):
        try:
            operation, read = answers.asked(client, service, name, {})
        except EndpointConnectionError:
            # boto3 has put something before the host's name, and nobody knows that host.
            return None
        if isinstance(read, Exception):
            return None
        of = TASK_NAMES.get(service) or operation.service_model.service_id.lower().replace(" ", "").replace("-", "")
        task = {"Type": "Task", "Resource": f"arn:aws:states:::aws-sdk:{of}:{name[0].lower()}{name[1:]}", "End": True}
        tried = states.test_state(definition=json.dumps(task), roleArn=ROLE, input="{}")
        if tried["status"] == "SUCCEEDED":
            found = list(answers.differences(operation.output_shape, read, json.loads(tried["output"])))
            if not found:
                return True
        else:
            found = [f"{tried.get('error')}: {tried.get('cause')}"]
        # Others are at work, so that it may have changed between the two.
    return f"{service}:{name}: {'; '.join(found)}"


def run_all(stack, states, role_of):
    """Runs every definition, all at once, and compares."""
    given = fixtures(stack, states)
    executions, wrong, compared, called = {}, [], [], set()
    for file in sorted(FOLDER.glob("*.asl.json")):
        name = f"{file.name.split('.')[0]}-{uuid.uuid4().hex[:10]}"
        machine = states.create_state_machine(name=name, definition=file.read_text(), roleArn=role_of(file))["stateMachineArn"]
        started = states.start_execution(stateMachineArn=machine, input=json.dumps({"name": name, **given}))
        executions[file.name] = started["executionArn"]
    for name, execution in executions.items():
        for _ in until(90, f"{name} ends"):
            ended = states.describe_execution(executionArn=execution)
            if ended["status"] != "RUNNING":
                break
        if ended["status"] != "SUCCEEDED":
            wrong.append(f"{name}: {ended['status']} {ended.get('error')}: {ended.get('cause')}")
            continue
        calls = ended_calls(states, execution)
        called |= {kind.removeprefix("aws-sdk:") for kind, *_ in calls}
        for call, problems in compare(stack, states, calls):
            compared.append(call)
            wrong += [f"{name}: {call}: {problem}" for problem in problems]
    print(f"       {len(compared)} answers are what boto3 reads")
    assert not wrong, "\n".join(wrong)
    assert len(compared) >= COMPARED_MIN, compared
    told = re.search(r"by definitions of their own: ([a-z0-9, ]+);", (places.REPOSITORY / "COMPATIBILITY.md").read_text())
    assert told and set(told[1].split(", ")) == called, f"COMPATIBILITY.md does not say: {', '.join(sorted(called))}"


def compare(stack, states, calls):
    """Yields the calls that only read, the latest of those that ask the same, with what is wrong with each answer."""
    latest = {(kind, action, parameters): details for kind, action, parameters, details in calls}
    for (kind, action, parameters), details in latest.items():
        service = kind.removeprefix("aws-sdk:")
        if service == kind or not answers.is_reading(action):
            continue
        client = states if service == "sfn" else stack.client(answers.boto3_name(service))
        operation, read = answers.asked(client, service, action, json.loads(parameters))
        call = f"{service}:{action}"
        if "output" in details and not isinstance(read, Exception):
            yield call, list(answers.differences(operation.output_shape, read, json.loads(details["output"])))
        elif "error" in details and isinstance(read, Exception):
            problem = answers.refusal(read, details["error"], details.get("cause", ""))
            yield call, [problem] if problem else []
        else:
            yield call, [f"{details}, but boto3 reads {read}"]


def ended_calls(states, execution):
    """Returns the calls of an execution with their ends, in the order in which they ended."""
    pages = states.get_paginator("get_execution_history").paginate(executionArn=execution)
    events = {event["id"]: event for page in pages for event in page["events"]}
    scheduled, calls = {}, []
    for event in events.values():
        kind = event["type"]
        details = next((value for key, value in event.items() if key.endswith("EventDetails")), {})
        if kind == "TaskScheduled":
            scheduled[event["id"]] = details
        if kind not in ("TaskSucceeded", "TaskFailed"):
            continue
        before = event
        while before["id"] not in scheduled:
            before = events[before["previousEventId"]]
        call = scheduled[before["id"]]
        calls.append((call["resourceType"], call["resource"], call["parameters"], details))
    return calls


def fixtures(stack, states):
    """Makes what the definitions are given beside their names."""
    pass_on = json.dumps({"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}})
    made = {}
    for key, kind in (("child", "STANDARD"), ("express", "EXPRESS")):
        name = f"{key}-{uuid.uuid4().hex[:10]}"
        made[key] = states.create_state_machine(name=name, definition=pass_on, roleArn=stack.role, type=kind)["stateMachineArn"]
    echo = {"index.py": b"def handler(event, context):\n    return event\n"}
    function = stack.function(f"echo-{uuid.uuid4().hex[:10]}", code=echo, runtime="python3.11", handler="index.handler")
    stack.lambda_.get_waiter("function_active_v2").wait(FunctionName=function, WaiterConfig={"Delay": 1})
    return {"role": stack.role, "function": function, **made}


def role(stack, file):
    """Makes a role with the policy that the definition needs, and no other rights; returns its ARN."""
    printed = subprocess.run([build.worker(), "iam", file], check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    name = f"role-{uuid.uuid4().hex[:10]}"
    return stack.make_role(name, printed.stdout)


@contextlib.contextmanager
def local(stack):
    """Serves the local binary, whose AWS is the emulated one; gives a client."""
    port = processes.free_port()
    command = [build.worker(), "serve", "--listen", f"127.0.0.1:{port}", "--data", places.WORK / "local"]
    server = processes.serve("local", command, port, env=places.environment(stack.endpoint))
    try:
        yield stack.states_client(f"http://127.0.0.1:{port}")
    finally:
        processes.end(server)
