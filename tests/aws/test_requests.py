"""Ways into the API: signed or not, in AWS's protocol or as a plain POST, through an HTTP API or a REST API."""

import json

from places import ACCOUNT, REGION

GREET = {"Greet": {"Type": "Pass", "Parameters": {"hello.$": "$.who"}, "End": True}}


def test_a_plain_post_starts_an_execution(stack):
    machine = stack.machine(GREET)
    status, started = stack.post(f"/state-machines/{machine.split(':')[-1]}/executions", '{"who": "you"}')
    assert status == 200, started
    assert json.loads(stack.ended(started["executionArn"])["output"]) == {"hello": "you"}


def test_an_express_execution_is_run_to_its_end(stack):
    queue = stack.queue()
    send = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "ResultPath": None, "Next": "Greet",
            "Parameters": {"QueueUrl": queue, "MessageBody": {"sent.$": "$.who"}}}
    machine = stack.machine({"Send": send, **GREET}, start="Send", type="EXPRESS")
    ended = stack.states.start_sync_execution(stateMachineArn=machine, input='{"who": "you"}')
    assert (ended["status"], json.loads(ended["output"])) == ("SUCCEEDED", {"hello": "you"}), ended
    status, ended = stack.post(f"/state-machines/{machine.split(':')[-1]}/executions?wait", '{"who": "me"}')
    assert (status, ended["status"], json.loads(ended["output"])) == (200, "SUCCEEDED", {"hello": "me"}), ended
    assert [stack.message(queue)["sent"] for _ in range(2)] == ["you", "me"]
    assert stack.messages(queue) == []


def test_an_express_execution_that_nobody_waits_for_runs_too(stack):
    queue = stack.queue()
    machine = stack.machine({"Send": {
        "Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "End": True,
        "Parameters": {"QueueUrl": queue, "MessageBody": {"sent": True}}}}, type="EXPRESS")
    stack.start(machine)
    assert stack.message(queue) == {"sent": True}


def test_who_may_not_call_the_api_is_refused(stack):
    status, answer = stack.post("/", "{}", signed=False)
    assert status == 403, (status, answer)
    stranger = stack.user("stranger")
    try:
        stack.states_client(stack.url, stranger).list_state_machines()
        raise AssertionError("a stranger was answered")
    except stack.states.exceptions.ClientError as error:
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 403, error.response


def test_a_rest_api_may_stand_before_the_same_function(stack):
    gateway = stack.client("apigateway")
    api = gateway.create_rest_api(name="rest")["id"]
    root = gateway.get_resources(restApiId=api)["items"][0]["id"]
    below = gateway.create_resource(restApiId=api, parentId=root, pathPart="{proxy+}")["id"]
    function = stack.lambda_.get_function(FunctionName=stack.resources["ApiFunction"])["Configuration"]["FunctionArn"]
    for resource in (root, below):
        gateway.put_method(restApiId=api, resourceId=resource, httpMethod="ANY", authorizationType="AWS_IAM")
        gateway.put_integration(
            restApiId=api, resourceId=resource, httpMethod="ANY", type="AWS_PROXY", integrationHttpMethod="POST",
            uri=f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{function}/invocations")
    gateway.create_deployment(restApiId=api, stageName="prod")
    source = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api}/*"
    stack.lambda_.add_permission(FunctionName=function, StatementId="rest", Action="lambda:InvokeFunction",
                                 Principal="apigateway.amazonaws.com", SourceArn=source)
    states = stack.states_client(f"{stack.endpoint}/_aws/execute-api/{api}/prod", stack.user("rest", source))
    made = states.create_state_machine(
        name="through-rest", roleArn=stack.role, definition=json.dumps({"StartAt": "Greet", "States": GREET}))
    started = states.start_execution(stateMachineArn=made["stateMachineArn"], input='{"who": "rest"}')
    assert json.loads(stack.ended(started["executionArn"])["output"]) == {"hello": "rest"}
    try:
        states.describe_execution(executionArn=started["executionArn"] + "-not")
        raise AssertionError("there is no such execution")
    except states.exceptions.ExecutionDoesNotExist:
        pass
