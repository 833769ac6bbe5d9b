#!/usr/bin/env python3
"""Writes requests.json: requests as botocore makes them, for members made up at random from the models.

    python3 -m venv /tmp/catalogue
    /tmp/catalogue/bin/pip install botocore==1.44.5
    /tmp/catalogue/bin/python shared/adapters/calls/tests/calls/requests.py
"""

import json
import pathlib
import random
import urllib.parse

import botocore.loaders
import botocore.model
import botocore.serialize

SERVICES = ["dynamodb", "ecs", "events", "lambda", "secretsmanager", "sns", "sqs", "stepfunctions", "sts"]
CASES_PER_SERVICE = 10
DEPTH_MAX = 5


def made_up(shape, depth=0):
    kind = shape.type_name
    if kind == "structure":
        members = shape.members
        if getattr(shape, "is_tagged_union", False):
            members = dict([random.choice(list(members.items()))])
        chance = 0.6 if depth < 2 else 0.2
        chosen = {
            name: made_up(member, depth + 1)
            for name, member in members.items()
            if name in shape.required_members
            or len(members) == 1
            or member.metadata.get("idempotencyToken")
            or (depth < DEPTH_MAX and random.random() < chance)
        }
        if not chosen and members and depth < DEPTH_MAX + 3:
            name = random.choice(list(members))
            chosen = {name: made_up(members[name], depth + 1)}
        return chosen
    if kind == "list":
        return [made_up(shape.member, depth + 1) for _ in range(random.choice([1, 2]))]
    if kind == "map":
        return {f"k{n} &é": made_up(shape.value, depth + 1) for n in range(random.choice([1, 2]))}
    if kind == "string":
        return random.choice(["plain", "a b/c?&=+~", "é☃"])
    if kind in ("integer", "long"):
        return random.randint(0, 100000)
    if kind in ("float", "double"):
        return random.choice([0.5, 1.25])
    if kind == "boolean":
        return random.random() < 0.5
    if kind == "timestamp":
        return f"2026-01-31T12:00:{random.randint(10, 59)}Z"
    if kind == "blob":
        return "bytes é"
    raise ValueError(kind)


def pairs(values):
    """Names and values as they stand in a form or a query, in alphabetical order."""
    if isinstance(values, str):
        return sorted(values.split("&")) if values else []
    quoted = []
    for name, value in values.items():
        for one in value if isinstance(value, list) else [value]:
            text = str(one).lower() if isinstance(one, bool) else str(one)
            quoted.append(f"{urllib.parse.quote(name, safe='')}={urllib.parse.quote(text, safe='')}")
    return sorted(quoted)


def case(service, operation, serializer):
    members = made_up(operation.input_shape) if operation.input_shape else {}
    request = serializer.serialize_to_request(json.loads(json.dumps(members)), operation)
    path, _, query = request["url_path"].partition("?")
    body = request["body"]
    if isinstance(body, dict):
        body = {"form": pairs(body)}
    else:
        text = body.decode() if isinstance(body, bytes) else body
        try:
            body = {"json": json.loads(text)}
        except ValueError:
            body = {"text": text}
    headers = {
        name.lower(): value
        for name, value in request["headers"].items()
        if name.lower().startswith("x-amz") and value.isascii()
    }
    return {
        "service": service,
        "operation": operation.name,
        "members": members,
        "method": request["method"],
        "path": path,
        "query": sorted(pairs(query) + pairs(request["query_string"] or {})),
        "headers": headers,
        "body": body,
    }


def main():
    random.seed(1)
    loader = botocore.loaders.create_loader()
    cases = []
    for name in SERVICES:
        model = botocore.model.ServiceModel(loader.load_service_model(name, "service-2"), name)
        serializer = botocore.serialize.create_serializer(model.resolved_protocol, include_validation=False)
        names = list(model.operation_names)
        for operation in sorted(random.sample(names, min(CASES_PER_SERVICE, len(names)))):
            cases.append(case(name, model.operation_model(operation), serializer))
    path = pathlib.Path(__file__).with_name("requests.json")
    lines = ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases)
    path.write_text(f"[\n{lines}\n]\n")
    print(f"{len(cases)} cases, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
