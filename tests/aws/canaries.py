"""Shows that the stock emulator does not run this stack, and that the patched one does what AWS does.

The patch against delays checks by itself, before the emulator starts, that there is something to put right.
"""

import json
import threading
import time
import urllib.error
import urllib.request

from places import ACCOUNT, REGION
from processes import Failed, until
from stack import aws

GROUPS = 4
SECONDS = 0.5
# Long enough for a batch at a time to be told from all at once, on a busy machine too.
PATIENCE = 4
CODE = f"import time\ndef handler(event, _):\n    time.sleep({SECONDS})\n    return {{'statusCode': 200, 'body': '{{}}'}}\n"

TEMPLATE = {
    "Parameters": {"Concurrency": {"Type": "Number", "Default": 8}},
    "Resources": {
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}]}}},
        "Function": {"Type": "AWS::Lambda::Function", "Properties": {
            "Runtime": "python3.11", "Handler": "index.handler", "Role": {"Fn::GetAtt": ["Role", "Arn"]},
            "Code": {"ZipFile": CODE}}},
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"FifoQueue": True, "ContentBasedDeduplication": True}},
        "Mapping": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": {
            "FunctionName": {"Ref": "Function"}, "EventSourceArn": {"Fn::GetAtt": ["Queue", "Arn"]}, "BatchSize": 1,
            "ScalingConfig": {"MaximumConcurrency": {"Ref": "Concurrency"}}}},
        "Api": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Body": {
            "openapi": "3.0.1", "info": {"title": "canary"}, "paths": {"/": {"post": {"x-amazon-apigateway-integration": {
                "type": "aws_proxy", "httpMethod": "POST", "payloadFormatVersion": "2.0",
                "uri": {"Fn::Sub": "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Function.Arn}/invocations"},
            }}}}}}},
        "Stage": {"Type": "AWS::ApiGatewayV2::Stage", "Properties": {"ApiId": {"Ref": "Api"}, "StageName": "$default", "AutoDeploy": True}},
        "Permission": {"Type": "AWS::Lambda::Permission", "Properties": {
            "Action": "lambda:InvokeFunction", "FunctionName": {"Ref": "Function"}, "Principal": "apigateway.amazonaws.com"}},
    },
}


def check(stock, patched):
    """Asks both emulators the same."""
    answers = {}

    def ask(endpoint):
        answers[endpoint] = Canary(endpoint).answers()

    # One after the other would take twice as long, and mostly wait.
    threads = [threading.Thread(target=ask, args=(endpoint,)) for endpoint in (stock, patched)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = {stock: {"route": 404, "handled": 0}, patched: {"route": 200, "handled": GROUPS}}
    if answers != expected:
        raise Failed(f"stock and patched emulator: expected {expected}, got {answers}")


class Canary:
    """A small stack with what the patches are about."""

    def __init__(self, endpoint):
        self.endpoint = endpoint
        cloudformation = aws("cloudformation", endpoint)
        cloudformation.create_stack(StackName="canary", TemplateBody=json.dumps(TEMPLATE), Capabilities=["CAPABILITY_IAM"])
        cloudformation.get_waiter("stack_create_complete").wait(StackName="canary", WaiterConfig={"Delay": 1})
        resources = cloudformation.list_stack_resources(StackName="canary")["StackResourceSummaries"]
        self.ids = {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in resources}
        self.cloudformation = cloudformation

    def answers(self):
        try:
            return {"route": self.route(), "handled": self.handled()}
        finally:
            self.cloudformation.delete_stack(StackName="canary")

    def route(self):
        """Returns the status of a call of the HTTP API."""
        url = f"{self.endpoint}/_aws/execute-api/{self.ids['Api']}/$default/"
        try:
            with urllib.request.urlopen(urllib.request.Request(url, data=b"{}", method="POST")) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code

    def handled(self):
        """Returns how many messages of as many groups are handled while one batch at a time would not do."""
        sqs = aws("sqs", self.endpoint)
        for group in range(GROUPS):
            sqs.send_message(QueueUrl=self.ids["Queue"], MessageBody=str(group), MessageGroupId=str(group))
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        left = GROUPS
        try:
            for _ in until(PATIENCE, "the groups are handled"):
                attributes = sqs.get_queue_attributes(QueueUrl=self.ids["Queue"], AttributeNames=names)["Attributes"]
                left = sum(int(attributes[name]) for name in names)
                if left == 0:
                    break
        except Failed:
            pass
        return GROUPS - left
