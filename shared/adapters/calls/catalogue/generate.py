#!/usr/bin/env python3
"""Writes what the project knows about AWS services, from botocore's models.

Two files: services.bin, the catalogue that `calls` embeds; and shared/core/integrations/src/services/sdk/services.txt,
the names of all `aws-sdk` integrations with the actions that may be repeated.

    python3 -m venv /tmp/catalogue
    /tmp/catalogue/bin/pip install botocore==1.44.5 zstandard==0.25.0
    /tmp/catalogue/bin/python shared/adapters/calls/catalogue/generate.py

services.bin is: the index's length (4 bytes, little endian), the index, then the services one after another. The index
and each service are JSON compressed with zstd, so that a service costs nothing until it is first called. Field names
are explained where they are read: `src/catalogue/model.rs`.
"""

import json
import pathlib
import re
import sys

import botocore
import botocore.endpoint_provider
import botocore.loaders
import zstandard

BOTOCORE = "1.44.5"
# Whole services, by botocore's names.
SERVICES = [
    "cloudformation",
    "dynamodb",
    "ecs",
    "events",
    "lambda",
    "logs",
    "secretsmanager",
    "sns",
    "sqs",
    "stepfunctions",
    "sts",
]
# Of these services what `.sync` tasks need: what starts a job, asks for it and ends it.
JOBS = {
    "athena": ["GetQueryExecution", "GetQueryResults", "StartQueryExecution", "StopQueryExecution"],
    "batch": ["DescribeJobs", "SubmitJob", "TerminateJob"],
    "bedrock": ["CreateModelCustomizationJob", "GetModelCustomizationJob", "StopModelCustomizationJob"],
    "codebuild": [
        "BatchDeleteBuilds",
        "BatchGetBuildBatches",
        "BatchGetBuilds",
        "BatchGetReports",
        "DeleteBuildBatch",
        "RetryBuildBatch",
        "StartBuild",
        "StartBuildBatch",
        "StopBuild",
        "StopBuildBatch",
    ],
    "databrew": ["DescribeJobRun", "StartJobRun", "StopJobRun"],
    "eks": [
        f"{verb}{thing}"
        for verb in ("Create", "Delete", "Describe")
        for thing in ("Cluster", "FargateProfile", "Nodegroup")
    ],
    "emr": [
        "AddJobFlowSteps",
        "CancelSteps",
        "DescribeCluster",
        "DescribeStep",
        "RunJobFlow",
        "SetTerminationProtection",
        "TerminateJobFlows",
    ],
    "emr-containers": [
        "CancelJobRun",
        "CreateVirtualCluster",
        "DeleteVirtualCluster",
        "DescribeJobRun",
        "DescribeVirtualCluster",
        "StartJobRun",
    ],
    "emr-serverless": [
        "CancelJobRun",
        "CreateApplication",
        "DeleteApplication",
        "GetApplication",
        "GetJobRun",
        "StartApplication",
        "StartJobRun",
        "StopApplication",
    ],
    "glue": ["BatchStopJobRun", "GetJobRun", "StartJobRun"],
    "mediaconvert": ["CancelJob", "CreateJob", "GetJob"],
    "sagemaker": [
        "CreateEndpoint",
        "CreateEndpointConfig",
        "CreateModel",
        "UpdateEndpoint",
        *(
            f"{verb}{kind}Job"
            for verb in ("Create", "Describe", "Stop")
            for kind in ("HyperParameterTuning", "Labeling", "Processing", "Training", "Transform")
        ),
    ],
}
# One Region stands for each partition.
PARTITIONS = {"aws": "us-west-2", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
# What the services' own names for protocols are called here, best first.
PROTOCOLS = {"json": "json", "query": "query", "rest-json": "rest-json"}
SIMPLE = {
    "boolean": "boolean",
    "byte": "byte",
    "short": "short",
    "integer": "integer",
    "long": "long",
    "bigInteger": "bigInteger",
    "float": "float",
    "double": "double",
    "bigDecimal": "bigDecimal",
    "string": "string",
    "character": "string",
    "blob": "blob",
    "timestamp": "timestamp",
}
LOCATIONS = {"header", "headers", "querystring", "uri", "statusCode"}


# Services that AWS has closed and botocore has dropped, but that definitions still name.
RETIRED = ["IoTAnalytics", "LookoutEquipment", "LookoutMetrics", "LookoutVision", "QLDB", "QLDB Session", "RoboMaker"]
# Actions that begin so change nothing; `integrations` knows them by this rule.
READING = ("BatchGet", "Describe", "Get", "Head", "List", "Query", "Scan")
# The models call many of these idempotent, but a second one is answered with "exists already", or starts another one.
MAKING = ("Create", "Start")


def words(name):
    """Splits a name where AWS's SDK for Java does: at capitals, after acronyms and digits, before versions."""
    name = re.sub(r"[^A-Za-z0-9]+", " ", name)
    name = re.sub(r"([^a-z]{2,})v([0-9]+)", r"\1 v\2 ", name)
    name = re.sub(r"([^A-Z]{2,})V([0-9]+)", r"\1 V\2 ", name)
    name = re.sub(r"(?<=[a-z])(?=[A-Z][a-zA-Z0-9])", " ", name)
    name = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1 \2", name)
    name = re.sub(r"([0-9])([a-zA-Z])", r"\1 \2", name)
    return name.split()


def client_name(service_id):
    """The service in error names, such as `DynamoDb` and `SecretsManager`."""
    name = "".join(word.lower().capitalize() for word in words(service_id))
    return name.removeprefix("Amazon").removeprefix("Aws").removesuffix("Service")


def sdk_name(service_id):
    """The service in `aws-sdk:NAME:action`, such as `dynamodb` and `secretsmanager`."""
    return client_name(service_id).lower()


def present(entry):
    """The entry without what is its reader's default; 0 is no default, it is the first shape."""
    return {key: value for key, value in entry.items() if value is not None and value is not False}


class Service:
    """One service model on its way into the catalogue."""

    def __init__(self, loader, name, only=None):
        self.name = name
        self.only = only
        self.model = loader.load_service_model(name, "service-2")
        self.rules = loader.load_service_model(name, "endpoint-rule-set-1")
        self.partitions = loader.load_data("partitions")
        self.meta = self.model["metadata"]
        self.protocol = next(p for p in PROTOCOLS if p in self.meta.get("protocols", [self.meta["protocol"]]))
        self.numbers = {}  # shape name -> its place in self.shapes
        self.shapes = []

    def entry(self):
        meta = self.meta
        wanted = sorted(self.only or self.model["operations"])
        operations = {name: self.operation(self.model["operations"][name]) for name in wanted}
        errors = {}
        for name, shape in self.model["shapes"].items():
            if shape.get("exception") and self.throws(name, wanted):
                errors[shape.get("error", {}).get("code", name)] = name
                errors[name] = name
        entry = {
            "id": meta["serviceId"],
            "protocol": PROTOCOLS[self.protocol],
            "jsonVersion": meta.get("jsonVersion"),
            "target": meta.get("targetPrefix"),
            "version": meta["apiVersion"],
            "signingName": meta.get("signingName", meta["endpointPrefix"]),
            "queryMode": "awsQueryCompatible" in meta,
            "endpoints": self.endpoints(),
            "errors": dict(sorted(errors.items())),
            "operations": operations,
            "shapes": self.shapes,
        }
        return present(entry)

    def throws(self, name, operations):
        """Whether one of these operations has this error, where not all operations are here."""
        errors = (self.model["operations"][operation].get("errors", []) for operation in operations)
        return self.only is None or any(error["shape"] == name for each in errors for error in each)

    def operation(self, op):
        http = op["http"]
        entry = {
            "in": self.shape(op["input"]["shape"]) if "input" in op else None,
            "out": self.shape(op["output"]["shape"]) if "output" in op else None,
            "method": None if http["method"] == "POST" else http["method"],
            "uri": None if http["requestUri"] == "/" else http["requestUri"],
            "host": op.get("endpoint", {}).get("hostPrefix"),
            "unsigned": op.get("authtype") == "none" or op.get("auth") == ["smithy.api#noAuth"],
        }
        return present(entry)

    def shape(self, name):
        if name not in self.numbers:
            self.numbers[name] = len(self.shapes)
            self.shapes.append(None)  # taken now: shapes refer to themselves
            self.shapes[self.numbers[name]] = self.described(self.model["shapes"][name])
        return self.numbers[name]

    def described(self, shape):
        kind = shape["type"]
        if kind == "structure" and shape.get("document"):
            return {"t": "document"}
        if kind == "structure":
            required = set(shape.get("required", []))
            members = [
                self.member(name, ref, name in required, shape) for name, ref in shape.get("members", {}).items()
            ]
            return {"t": "union" if shape.get("union") else "structure", "m": members}
        if kind == "list":
            return {"t": "list", "e": self.element(shape["member"])}
        if kind == "map":
            return {"t": "map", "k": self.element(shape["key"]), "e": self.element(shape["value"])}
        entry = {"t": SIMPLE[kind]}
        if "timestampFormat" in shape:
            entry["f"] = shape["timestampFormat"]
        return entry

    def member(self, name, ref, required, parent):
        target = self.model["shapes"][ref["shape"]]
        wire = ref.get("locationName", name)
        flat = bool(ref.get("flattened") or target.get("flattened"))
        if flat and target["type"] == "list" and "locationName" in target["member"]:
            wire = target["member"]["locationName"]
        if self.protocol == "query" and "queryName" in ref:
            wire = ref["queryName"]
        location = ref.get("location")
        assert location is None or location in LOCATIONS, location
        entry = {
            "n": name,
            "s": self.shape(ref["shape"]),
            "w": None if wire == name else wire,
            "l": location,
            "p": parent.get("payload") == name,
            "flat": flat,
            "f": ref.get("timestampFormat"),
            "req": required,
            "token": bool(ref.get("idempotencyToken")),
            "json": bool(ref.get("jsonvalue")),
            "host": bool(ref.get("hostLabel")),
        }
        return present(entry)

    def element(self, ref):
        entry = {"s": self.shape(ref["shape"]), "w": ref.get("locationName"), "f": ref.get("timestampFormat")}
        return present(entry)

    def endpoints(self):
        """Evaluates the service's endpoint rules once for each partition."""
        result = {}
        for partition, region in PARTITIONS.items():
            resolver = botocore.endpoint_provider.EndpointProvider(self.rules, self.partitions)
            try:
                endpoint = resolver.resolve_endpoint(Region=region, UseFIPS=False, UseDualStack=False)
            except Exception as error:  # the service is not in this partition, or wants more than a Region
                print(f"  {self.name}: no plain endpoint in {partition}: {error}", file=sys.stderr)
                continue
            entry = {"url": endpoint.url.replace(region, "{region}")}
            for scheme in endpoint.properties.get("authSchemes", []):
                if "signingRegion" in scheme and scheme["signingRegion"] != region:
                    entry["region"] = scheme["signingRegion"]
                if "signingName" in scheme:
                    entry["name"] = scheme["signingName"]
            result[partition] = entry
        return result


def packed(value):
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return zstandard.ZstdCompressor(level=19).compress(text.encode())


def sdk_line(loader, name):
    """`sdk name|client name|actions that may be repeated|member:actions;member:actions` for tokens."""
    model = loader.load_service_model(name, "service-2")
    repeatable, tokens = [], {}
    for operation, described in sorted(model["operations"].items()):
        shape = model["shapes"][described["input"]["shape"]] if "input" in described else {}
        token = next((n for n, ref in shape.get("members", {}).items() if ref.get("idempotencyToken")), None)
        if token:
            tokens.setdefault(token[0].upper() + token[1:], []).append(operation)
        elif described.get("readonly") or described.get("idempotent"):
            if not operation.startswith(READING + MAKING):
                repeatable.append(operation)
    service_id = model["metadata"]["serviceId"]
    members = ";".join(f"{member}:{','.join(operations)}" for member, operations in sorted(tokens.items()))
    return f"{sdk_name(service_id)}|{client_name(service_id)}|{','.join(repeatable)}|{members}"


def main():
    if botocore.__version__ != BOTOCORE:
        sys.exit(f"botocore {BOTOCORE} is wanted, this is {botocore.__version__}")
    loader = botocore.loaders.create_loader()
    index, bodies, offset = [], [], 0
    for name in sorted([*SERVICES, *JOBS]):
        service = Service(loader, name, JOBS.get(name))
        entry = service.entry()
        body = packed(entry)
        names = [sdk_name(entry["id"])]
        if name not in names:
            names.append(name)
        index.append({"names": names, "id": entry["id"], "offset": offset, "length": len(body)})
        bodies.append(body)
        offset += len(body)
        print(f"{name}: {len(entry['operations'])} operations, {len(body)} bytes")
    head = packed(index)
    path = pathlib.Path(__file__).with_name("services.bin")
    path.write_bytes(len(head).to_bytes(4, "little") + head + b"".join(bodies))
    print(f"{path.name}: {path.stat().st_size} bytes")
    lines = {sdk_line(loader, name) for name in loader.list_available_services("service-2")}
    known = {line.split("|")[0] for line in lines}
    lines |= {f"{sdk_name(name)}|{client_name(name)}||" for name in RETIRED if sdk_name(name) not in known}
    lines = sorted(lines)
    path = path.parents[3] / "core/integrations/src/services/sdk/services.txt"
    path.write_text("".join(f"{line}\n" for line in lines))
    print(f"{path.name}: {len(lines)} services, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
