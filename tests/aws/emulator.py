"""Starts the emulated AWS, with what it lacks for this stack put right. Runs as a program of its own.

Each patch names what the stock emulator does instead; canaries.py shows that the patch is still needed and works.
The names that are patched are private: the emulator's version is pinned in pins/emulator.txt.
"""

import sys


def http_api_routes():
    """CloudFormation drops the `Body` of an HTTP API, in which SAM writes its routes: every call is answered with 404."""
    from ministack.services.cloudformation import provisioners

    handler = provisioners._RESOURCE_HANDLERS["AWS::ApiGatewayV2::Api"]
    create, update = handler["create"], handler["update"]

    def routes(api, body):
        provisioners._apigw_v2._routes[api] = {}
        provisioners._apigw_v2._integrations[api] = {}
        for path, operations in body.get("paths", {}).items():
            for method, operation in operations.items():
                wanted = operation.get("x-amazon-apigateway-integration")
                if wanted is None:
                    continue
                integration, _ = provisioners._apigw_v2_integration_create("Integration", {
                    "ApiId": api,
                    "IntegrationType": wanted["type"].upper(),
                    "IntegrationUri": wanted["uri"],
                    "PayloadFormatVersion": wanted["payloadFormatVersion"],
                }, "")
                schemes = {name for scheme in operation.get("security", []) for name in scheme}
                provisioners._apigw_v2_route_create("Route", {
                    "ApiId": api,
                    "RouteKey": "$default" if path == "/$default" else f"{method.upper()} {path}",
                    "Target": f"integrations/{integration}",
                    "AuthorizationType": "AWS_IAM" if "AWS_IAM" in schemes else "NONE",
                }, "")

    def with_protocol(properties):
        # SAM leaves it to the import of the body.
        return {"ProtocolType": "HTTP", **properties}

    def create_with_routes(logical, properties, stack):
        created = create(logical, with_protocol(properties), stack)
        routes(created[0], properties.get("Body", {}))
        return created

    def update_with_routes(physical, old, new, stack, logical_id=None):
        updated = update(physical, with_protocol(old), with_protocol(new), stack, logical_id)
        routes(updated[0], new.get("Body", {}))
        return updated

    handler["create"], handler["update"] = create_with_routes, update_with_routes


def queues_in_parallel():
    """A FIFO queue's consumer gets one batch at a time, and a concurrency that is a parameter of the stack stops it.

    Executions would wait for one another; and a parameter of type Number arrives as text, which no number is compared to.
    """
    from ministack.services import lambda_svc

    stock = lambda_svc._sqs_esm_concurrency
    assert stock({}, {}, {}, {"is_fifo": True}) == 1, "the emulator runs FIFO batches in parallel by itself now"

    def parallel(mapping, function, configuration, queue=None):
        scaling = mapping.get("ScalingConfig") or {}
        if "MaximumConcurrency" in scaling:
            mapping = {**mapping, "ScalingConfig": {"MaximumConcurrency": int(scaling["MaximumConcurrency"])}}
        # A group with a message in flight is not received from, so that two batches never share one.
        return stock(mapping, function, configuration, {**(queue or {}), "is_fifo": False})

    lambda_svc._sqs_esm_concurrency = parallel


def answers_without_delay():
    """Every invocation takes 50 ms more when the function prints nothing, and 40 ms for a segment held back (Nagle)."""
    import socketserver

    from ministack.core.lambda_runtime import Worker

    assert Worker._drain_stderr_bounded.__defaults__ == (0.050, 0.005, 0.250), "the emulator waits otherwise for logs now"
    Worker._drain_stderr_bounded.__defaults__ = (0.003, 0.002, 0.050)
    assert socketserver.StreamRequestHandler.disable_nagle_algorithm is False
    socketserver.StreamRequestHandler.disable_nagle_algorithm = True


def schedules_in_their_group():
    """Whoever makes a schedule is asked for rights on the group `default`, whatever group the schedule is made in."""
    import json
    import re

    from ministack.core import iam_actions

    stock = iam_actions.extract_resource_arn

    def resource(service, method, path, headers, body, *rest, **named):
        arn = stock(service, method, path, headers, body, *rest, **named)
        if service == "scheduler" and method in ("POST", "PUT") and ":schedule/default/" in arn:
            group = re.fullmatch(r"[\w.-]+", json.loads(body or b"{}").get("GroupName", "default"))
            arn = arn.replace(":schedule/default/", f":schedule/{group[0]}/")
        return arn

    asked = stock("scheduler", "POST", "/schedules/one", {}, b'{"GroupName": "mine"}', {}, "r", "a")
    assert asked.endswith(":schedule/default/one"), "the emulator knows a schedule's group now"
    iam_actions.extract_resource_arn = resource


def customized_models_by_name():
    """Whoever customizes a model is asked for rights on everything, where AWS asks for them on the model that is made."""
    import json
    import re

    from ministack.core import iam_actions

    stock = iam_actions.extract_resource_arn
    path = "/model-customization-jobs"

    def resource(service, method, asked, headers, body, *rest, **named):
        arn = stock(service, method, asked, headers, body, *rest, **named)
        if (service, method, asked) == ("bedrock", "POST", path) and arn == "*":
            name = re.fullmatch(r"[\w.-]+", json.loads(body or b"{}").get("customModelName", ""))
            arn = f"arn:aws:bedrock:us-east-1:123456789012:custom-model/{name[0]}" if name else arn
        return arn

    asked = stock("bedrock", "POST", path, {}, b"{}", {}, "r", "a")
    assert asked == "*", "the emulator knows the model that is made now"
    iam_actions.extract_resource_arn = resource


def ends_of_tasks_told():
    """ECS tells nobody of a task's end, so that a `.sync` task hears of it from the next poll alone."""
    import inspect
    import json

    from ministack.services import ecs, eventbridge

    stock = ecs._mark_task_stopped

    def stopped(arn, task, *rest, **named):
        stock(arn, task, *rest, **named)
        detail = {"taskArn": arn, "clusterArn": task["clusterArn"], "lastStatus": "STOPPED"}
        event = {"Source": "aws.ecs", "DetailType": "ECS Task State Change", "Resources": [arn], "Detail": json.dumps(detail)}
        eventbridge._put_events({"Entries": [event]}, allow_aws_source=True)

    assert "_put_events" not in inspect.getsource(ecs), "the emulator may tell of tasks by itself now"
    ecs._mark_task_stopped = stopped


PATCHES = {patch.__name__: patch for patch in (
    http_api_routes, queues_in_parallel, answers_without_delay, schedules_in_their_group,
    customized_models_by_name, ends_of_tasks_told)}


if __name__ == "__main__":
    for name in sys.argv[1:]:
        PATCHES[name]()
    sys.argv[1:] = []
    from ministack.app import main

    main()
