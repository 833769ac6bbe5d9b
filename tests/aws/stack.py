"""The deployed stack, as its clients see it."""

import datetime
import io
import json
import urllib.error
import urllib.request
import uuid
import zipfile

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

from places import ACCOUNT, REGION, STACK
from processes import until


def aws(service, endpoint):
    """Returns a client of the emulated AWS, as the account's root."""
    return boto3.client(service, endpoint_url=endpoint, region_name=REGION, aws_access_key_id=ACCOUNT,
                        aws_secret_access_key="test", config=Config(retries={"max_attempts": 2}, max_pool_connections=64,
                        response_checksum_validation="when_required"))


class Stack:
    """A deployed stack: its resources, its API, and what tests need to watch it."""

    def __init__(self, endpoint):
        self.endpoint = endpoint
        self.cloudformation = aws("cloudformation", endpoint)
        self.dynamodb = aws("dynamodb", endpoint)
        self.sqs = aws("sqs", endpoint)
        self.lambda_ = aws("lambda", endpoint)
        self.iam = aws("iam", endpoint)
        pages = self.cloudformation.get_paginator("list_stack_resources").paginate(StackName=STACK)
        self.resources = {
            resource["LogicalResourceId"]: resource["PhysicalResourceId"]
            for page in pages for resource in page["StackResourceSummaries"]
        }
        described = self.cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
        self.outputs = {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}
        # On AWS this is the host's name; the emulator takes it in the path too.
        api = self.outputs["Endpoint"].removeprefix("https://").split(".")[0]
        self.url = f"{endpoint}/_aws/execute-api/{api}/$default"
        self.credentials = self.user("client", f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api}/*")
        self.states = self.states_client(self.url)
        self.role = self._execution_role()

    def client(self, service):
        """Returns a client of another service of the emulated AWS."""
        return aws(service, self.endpoint)

    def user(self, name, api=None):
        """Makes a user who may call one API and do nothing else, or nothing at all; returns the user's key."""
        self.iam.create_user(UserName=name)
        if api:
            invoke = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": api}
            self.iam.put_user_policy(UserName=name, PolicyName="api", PolicyDocument=_policy(invoke))
        key = self.iam.create_access_key(UserName=name)["AccessKey"]
        return Credentials(key["AccessKeyId"], key["SecretAccessKey"])

    def _execution_role(self):
        """Makes the role of the tests' state machines."""
        allowed = {"Effect": "Allow", "Resource": "*", "Action": [
            "lambda:InvokeFunction", "sqs:SendMessage", "dynamodb:UpdateItem", "sns:Publish", "events:PutEvents",
            "ecs:RunTask", "ecs:DescribeTasks", "ecs:StopTask", "s3:GetObject", "s3:ListBucket",
        ]}
        return self.make_role("workflows", _policy(allowed))

    def make_role(self, name, policy):
        """Makes a role for state machines with these rights alone; returns its ARN."""
        trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}
        role = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=_policy(trust))["Role"]["Arn"]
        self.iam.put_role_policy(RoleName=name, PolicyName="tasks", PolicyDocument=policy)
        return role

    def states_client(self, url, credentials=None):
        """Returns a client of a Step Functions API that signs as API Gateway wants it."""
        credentials = credentials or self.credentials
        client = boto3.client(
            "stepfunctions", endpoint_url=url, region_name=REGION, aws_access_key_id=credentials.access_key,
            aws_secret_access_key=credentials.secret_key,
            config=Config(inject_host_prefix=False, retries={"max_attempts": 0}, max_pool_connections=64))
        # Requests are signed for the service that takes them, and that is API Gateway.
        client.meta.events.register(
            "before-sign.stepfunctions", lambda request, **_: request.context.update(signing={"signing_name": "execute-api"}))
        client.meta.events.register("choose-signer.stepfunctions", lambda **_: "v4")
        return client

    def post(self, path, body, signed=True):
        """Posts to a path of the API as a plain HTTP client; returns the status and the answer."""
        request = AWSRequest("POST", self.url + path, data=body.encode(), headers={"content-type": "application/json"})
        if signed:
            SigV4Auth(self.credentials, "execute-api", REGION).add_auth(request)
        prepared = request.prepare()
        plain = urllib.request.Request(prepared.url, data=prepared.body, headers=dict(prepared.headers), method="POST")
        try:
            with urllib.request.urlopen(plain, timeout=35) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    # Workflows.

    def machine(self, states, start=None, name=None, **more):
        """Makes a state machine of these states, or of a whole definition; returns its ARN."""
        definition = states if "States" in states else {"StartAt": start or next(iter(states)), "States": states}
        name = name or f"m-{uuid.uuid4().hex[:12]}"
        made = self.states.create_state_machine(name=name, definition=json.dumps(definition), roleArn=self.role, **more)
        return made["stateMachineArn"]

    def start(self, machine, data=None, **more):
        started = self.states.start_execution(stateMachineArn=machine, input=json.dumps(data or {}), **more)
        return started["executionArn"]

    def ended(self, execution, seconds=30):
        """Waits for the end of an execution; returns its description."""
        for _ in until(seconds, f"{execution} ends"):
            described = self.states.describe_execution(executionArn=execution)
            if described["status"] != "RUNNING":
                return described

    def run(self, machine, data=None, seconds=30, **more):
        return self.ended(self.start(machine, data, **more), seconds)

    def history(self, execution):
        pages = self.states.get_paginator("get_execution_history").paginate(executionArn=execution)
        return [event for page in pages for event in page["events"]]

    def reached(self, execution, kind, seconds=30):
        """Waits until the history has an event of a kind; returns the event."""
        for _ in until(seconds, f"{execution} has an event {kind}"):
            for event in self.history(execution):
                if event["type"] == kind:
                    return event

    # What tests look at.

    def queue(self, **attributes):
        """Makes a queue; returns its URL."""
        return self.sqs.create_queue(QueueName=f"q-{uuid.uuid4().hex[:12]}", Attributes=attributes)["QueueUrl"]

    def queue_arn(self, queue):
        return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue.rsplit('/', 1)[1]}"

    def let_in(self, queue, service):
        """Lets a service send to a queue."""
        send = {"Effect": "Allow", "Action": "sqs:SendMessage", "Principal": {"Service": service}, "Resource": self.queue_arn(queue)}
        self.sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": _policy(send)})

    def message(self, queue, seconds=20):
        """Takes the next message off a queue; returns the JSON that it says."""
        return json.loads(self.text(queue, seconds))

    def text(self, queue, seconds=20):
        """Takes the next message off a queue; returns what it says."""
        for _ in until(seconds, f"a message in {queue}"):
            messages = self.sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1).get("Messages", [])
            for message in messages:
                self.sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
                return message["Body"]

    def messages(self, queue):
        """Takes all messages that are in a queue."""
        taken = []
        while messages := self.sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
            taken += [json.loads(message["Body"]) for message in messages]
            self.sqs.delete_message_batch(QueueUrl=queue, Entries=[
                {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]} for number, message in enumerate(messages)])
        return taken

    def counters(self):
        """Makes a table that counts; returns its name."""
        name = f"t-{uuid.uuid4().hex[:12]}"
        self.dynamodb.create_table(
            TableName=name, BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}])
        return name

    def counts(self, table):
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
        return {item["id"]["S"]: int(item["n"]["N"]) for page in pages for item in page["Items"]}

    def left(self, logical):
        """Returns how many messages a queue of the stack holds, taken and delayed ones included."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed"]
        attributes = self.sqs.get_queue_attributes(QueueUrl=self.resources[logical], AttributeNames=names)["Attributes"]
        return sum(int(attributes[name]) for name in names)

    def printed(self, since):
        """Returns what the stack's functions have printed since a time."""
        logs, lines = self.client("logs"), []
        for logical, group in sorted(self.resources.items()):
            if logical.endswith("Logs"):
                pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group, startTime=int(since * 1000))
                lines += [f"{logical}: {event['message'].rstrip()}" for page in pages for event in page["events"]]
        # Lambda's own lines, and metrics.
        return [line for line in lines if not any(word in line for word in (": START ", ": END ", ": REPORT ", '"_aws"'))]

    def schedules(self):
        """Returns when the schedules of the stack's group fire."""
        scheduler, group = self.client("scheduler"), self.resources["Schedules"]
        pages = scheduler.get_paginator("list_schedules").paginate(GroupName=group)
        names = [schedule["Name"] for page in pages for schedule in page["Schedules"]]
        expressions = [scheduler.get_schedule(GroupName=group, Name=name)["ScheduleExpression"] for name in names]
        return [datetime.datetime.fromisoformat(expression[3:-1] + "+00:00") for expression in expressions]

    def function(self, name, folder=None, code=None, runtime="provided.al2023", handler="bootstrap", **environment):
        """Deploys a Lambda function of the tests' own."""
        role = self.role.replace("workflows", "functions")
        try:
            self.iam.get_role(RoleName="functions")
        except self.iam.exceptions.NoSuchEntityException:
            trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
            self.iam.create_role(RoleName="functions", AssumeRolePolicyDocument=_policy(trust))
            count = {"Effect": "Allow", "Action": ["dynamodb:UpdateItem", "dynamodb:GetItem"], "Resource": "*"}
            self.iam.put_role_policy(RoleName="functions", PolicyName="count", PolicyDocument=_policy(count))
        archive = zipped({"bootstrap": (folder / "bootstrap").read_bytes()} if folder else code)
        self.lambda_.create_function(
            FunctionName=name, Runtime=runtime, Handler=handler, Role=role, Timeout=60, Code={"ZipFile": archive},
            Environment={"Variables": environment})
        return name


def zipped(files):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = 0o755 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            out.writestr(entry, content)
    return archive.getvalue()


def _policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
