"""Shows that the stock emulator does not run this stack, and that the patched one does what AWS does.

The patch against delays checks by itself, before the emulator starts, that there is something to put right.
"""

import json
import threading
import urllib.error
import urllib.request

from processes import Failed, until
from stack import aws

MESSAGES = 4
SECONDS = 1
# Enough for all messages at once, on a busy machine too, and not for one after the other.
PATIENCE = 3.5
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
        "Fifo": {"Type": "AWS::SQS::Queue", "Properties": {"FifoQueue": True, "ContentBasedDeduplication": True}},
        "Standard": {"Type": "AWS::SQS::Queue"},
        **{f"{queue}Mapping": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": {
            "FunctionName": {"Ref": "Function"}, "EventSourceArn": {"Fn::GetAtt": [queue, "Arn"]}, "BatchSize": 1,
            "ScalingConfig": {"MaximumConcurrency": {"Ref": "Concurrency"}}}} for queue in ("Fifo", "Standard")},
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
    route, fifo, standard = answers[patched]
    if (route, fifo, standard) != (200, MESSAGES, MESSAGES):
        raise Failed(f"the patched emulator answers {route} and handles {fifo} and {standard} of {MESSAGES} messages")
    route, fifo, standard = answers[stock]
    if route != 404 or fifo == MESSAGES or standard != 0:
        raise Failed(f"patches may not be needed any more: the stock emulator answers {route} and handles {fifo} and {standard}")


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
            return self.route(), self.handled("Fifo"), self.handled("Standard")
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

    def handled(self, queue):
        """Returns how many messages are handled while one after the other would take too long."""
        sqs, url = aws("sqs", self.endpoint), self.ids[queue]
        for number in range(MESSAGES):
            group = {"MessageGroupId": str(number)} if queue == "Fifo" else {}
            sqs.send_message(QueueUrl=url, MessageBody=str(number), **group)
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        left = MESSAGES
        try:
            for _ in until(PATIENCE, "the messages are handled"):
                attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
                left = sum(int(attributes[name]) for name in names)
                if left == 0:
                    break
        except Failed:
            pass
        return MESSAGES - left
