#!/usr/bin/env python3
"""Writes what the project knows about AWS services, from botocore's models.

Two files: services.bin, the catalogue that `calls` embeds; and shared/core/integrations/src/services/sdk/services.txt,
the names of all `aws-sdk` integrations and their actions, with what may be repeated.

    python3 -m venv /tmp/catalogue
    /tmp/catalogue/bin/pip install -r shared/adapters/calls/catalogue/pins.txt
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
import botocore.loaders
import zstandard

BOTOCORE = "1.44.5"
# The name on the left is botocore's, best first; the one on the right is the catalogue's.
PROTOCOLS = {
    "json": "json",
    "rest-json": "rest-json",
    "rest-xml": "rest-xml",
    "query": "query",
    "ec2": "ec2",
    "smithy-rpc-v2-cbor": "cbor",
}
# What is listened to, though it answers in a stream of events: `integrations` makes one result of it.
HEARD = {("bedrock-agentcore", "InvokeHarness")}
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
}
LOCATIONS = {"header", "headers", "querystring", "uri", "statusCode"}
# Two models have this name in the SDKs; the newer one keeps it.
SECOND = "sms-voice"
# What most services have in common comes from these: their models and their endpoint rules open the dictionary.
TYPICAL = ["accessanalyzer", "dlm", "rds", "kinesisanalytics", "cognito-idp", "glue"]


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

    def __init__(self, loader, name):
        self.name = name
        self.model = loader.load_service_model(name, "service-2")
        self.rules = loader.load_service_model(name, "endpoint-rule-set-1")
        self.meta = self.model["metadata"]
        self.protocol = next(p for p in PROTOCOLS if p in self.meta.get("protocols", [self.meta["protocol"]]))
        self.numbers = {}  # shape name -> its place in self.shapes
        self.shapes = []
        self.streaming = []  # operations whose messages are streams of events; left out, but for what is heard

    def entry(self):
        meta = self.meta
        operations = {}
        for name, op in sorted(self.model["operations"].items()):
            if any(self.is_event_stream(op[side]["shape"]) for side in ("input", "output") if side in op):
                self.streaming.append(name)
                if (self.name, name) not in HEARD:
                    continue
            operations[name] = self.operation(op)
        errors = {}
        for name, shape in sorted(self.model["shapes"].items()):
            if shape.get("exception"):
                errors[name] = None
                code = shape.get("error", {}).get("code", name)
                if code != name:
                    errors[code] = name
        entry = {
            "id": meta["serviceId"],
            "protocol": PROTOCOLS[self.protocol],
            "jsonVersion": meta.get("jsonVersion"),
            "target": meta.get("targetPrefix"),
            "version": meta["apiVersion"],
            "signingName": meta.get("signingName", meta["endpointPrefix"]),
            "signature": self.signature(),
            "queryMode": "awsQueryCompatible" in meta,
            "errors": errors,
            "operations": operations,
            "shapes": self.shapes,
        }
        return present(entry) | {"errors": errors}

    def signature(self):
        version = self.meta["signatureVersion"]
        return None if version in ("v4", "s3", "s3v4") else version

    def is_event_stream(self, name):
        """Whether a message, or one of its members, is a stream of events."""
        shapes = self.model["shapes"]
        return any(shapes[ref["shape"]].get("eventstream") for ref in shapes[name].get("members", {}).values())

    def operation(self, op):
        http = op["http"]
        checksum = op.get("httpChecksum", {})
        given = op.get("input", {})
        entry = {
            "in": self.shape(given["shape"]) if given else None,
            "out": self.shape(op["output"]["shape"]) if "output" in op else None,
            "method": None if http["method"] == "POST" else http["method"],
            "uri": None if http["requestUri"] == "/" else http["requestUri"],
            "host": op.get("endpoint", {}).get("hostPrefix"),
            "root": given.get("locationName"),
            "ns": given.get("xmlNamespace", {}).get("uri"),
            "unsigned": op.get("authtype") == "none" or op.get("auth") == ["smithy.api#noAuth"],
            "sum": bool(op.get("httpChecksumRequired") or checksum.get("requestChecksumRequired")),
            "algorithm": checksum.get("requestAlgorithmMember"),
            "fixed": {name: value["value"] for name, value in op.get("staticContextParams", {}).items()} or None,
            "discovered": bool(op.get("endpointdiscovery", {}).get("required")),
            "events": (self.name, op["name"]) in HEARD,
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
            return "document"
        if kind == "structure":
            required = set(shape.get("required", []))
            members = [
                self.member(name, ref, name in required, shape) for name, ref in shape.get("members", {}).items()
            ]
            return {"union" if shape.get("union") else "structure": {"m": members}}
        if kind == "list":
            return {"list": {"e": self.element(shape["member"])}}
        if kind == "map":
            return {"map": {"k": self.element(shape["key"]), "e": self.element(shape["value"])}}
        if kind == "timestamp":
            return {"timestamp": present({"f": shape.get("timestampFormat")})}
        return SIMPLE[kind]

    def member(self, name, ref, required, parent):
        target = self.model["shapes"][ref["shape"]]
        own = ref.get("locationName", target.get("locationName"))
        wire = name if own is None else own
        written = None
        flat = bool(ref.get("flattened") or target.get("flattened"))
        if flat and target["type"] == "list" and "locationName" in target["member"]:
            wire = target["member"]["locationName"]
        if self.protocol == "query" and "queryName" in ref:
            wire = ref["queryName"]
        if self.protocol == "ec2":
            written = ref.get("queryName") or (own[0].upper() + own[1:] if own else name)
        location = ref.get("location")
        assert location is None or location in LOCATIONS, location
        namespace = ref.get("xmlNamespace") or target.get("xmlNamespace") or {}
        entry = {
            "n": name,
            "s": self.shape(ref["shape"]),
            "w": None if wire == name else wire,
            "l": location,
            "p": parent.get("payload") == name,
            "flat": flat,
            "attr": bool(ref.get("xmlAttribute")),
            "f": ref.get("timestampFormat"),
            "req": required,
            "token": bool(ref.get("idempotencyToken")),
            "json": bool(ref.get("jsonvalue")),
        }
        rare = {
            "q": None if written in (None, name) else written,
            "ns": namespace.get("uri"),
            "prefix": namespace.get("prefix"),
            "ctx": ref.get("contextParam", {}).get("name"),
        }
        return present(entry | {"x": present(rare) or None})

    def element(self, ref):
        target = self.model["shapes"][ref["shape"]]
        wire = ref.get("locationName", target.get("locationName"))
        entry = {"s": self.shape(ref["shape"]), "w": wire, "f": ref.get("timestampFormat")}
        return present(entry)

    def endpoints(self):
        """The rules that give a request its endpoint, without what is written for people."""
        return without_documentation({key: self.rules[key] for key in ("parameters", "rules")})


def partition(entry):
    """A partition, with the beginnings of its Regions' names in place of a pattern."""
    pattern = re.fullmatch(r"\^(?:\(([a-z|]+)\)|([a-z()\\-]+?))\\-\\w\+\\-\\d\+\$", entry["regionRegex"])
    assert pattern, entry["regionRegex"]
    prefixes = [f"{name}-" for name in (pattern[1] or re.sub(r"[\\()]", "", pattern[2])).split("|")]
    return {
        "outputs": entry["outputs"] | {"name": entry["id"]},
        "prefixes": prefixes,
        "regions": [name for name in entry["regions"] if name.endswith("-global")],
    }


def without_documentation(value):
    if isinstance(value, dict):
        return {key: without_documentation(entry) for key, entry in value.items() if key != "documentation"}
    if isinstance(value, list):
        return [without_documentation(entry) for entry in value]
    return value


def text(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def packed(content, dictionary=None):
    return zstandard.ZstdCompressor(level=19, dict_data=dictionary).compress(content)


def sdk_line(service):
    """`sdk name|client name|actions|member:actions;member:actions|signing name`, the fourth for tokens, the last where it
    is not the first; a star is on what may be repeated."""
    actions, tokens = [], {}
    for operation, described in sorted(service.model["operations"].items()):
        if operation in service.streaming:
            continue
        shape = service.model["shapes"][described["input"]["shape"]] if "input" in described else {}
        token = next((n for n, ref in shape.get("members", {}).items() if ref.get("idempotencyToken")), None)
        star = ""
        if token:
            tokens.setdefault(token[0].upper() + token[1:], []).append(operation)
        elif described.get("readonly") or described.get("idempotent"):
            star = "" if operation.startswith(READING + MAKING) else "*"
        actions.append(operation + star)
    service_id = service.meta["serviceId"]
    members = ";".join(f"{member}:{','.join(operations)}" for member, operations in sorted(tokens.items()))
    name = sdk_name(service_id)
    signing = service.meta.get("signingName", service.meta["endpointPrefix"])
    return f"{name}|{client_name(service_id)}|{','.join(actions)}|{members}|{'' if signing == name else signing}"


def names(loader):
    """The names of every service, the SDKs' first: `{model: names}`."""
    taken, result = {}, {}
    for name in sorted(loader.list_available_services("service-2"), key=lambda name: name == SECOND):
        short = sdk_name(loader.load_service_model(name, "service-2")["metadata"]["serviceId"])
        if short in taken:
            print(f"  {name}: `{short}` is the name of {taken[short]}")
            result[name] = [name]
            continue
        taken[short] = name
        result[name] = [short] if name == short else [short, name]
    for name, known in result.items():
        # A model's name may be what the SDKs call another service.
        result[name] = [known[0]] + [other for other in known[1:] if other not in taken]
    return dict(sorted(result.items()))


def catalogue(loader, services, names):
    """What `services.bin` holds."""
    entries = {name: text(service.entry()) for name, service in services.items()}
    rules = {name: text(service.endpoints()) for name, service in services.items()}
    common = b"".join(rules[name] for name in TYPICAL[:2]) + b"".join(entries[name] for name in TYPICAL)
    dictionary = zstandard.ZstdCompressionDict(common, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
    index, bodies, offset = [], [], 0
    for name, known in names.items():
        parts = [packed(entries[name], dictionary), packed(rules[name], dictionary)]
        bodies += parts
        place = {"at": offset, "model": len(parts[0]), "rules": len(parts[1])}
        index.append({"names": known, "id": services[name].meta["serviceId"]} | place)
        offset += len(parts[0]) + len(parts[1])
        for operation in services[name].streaming:
            if (name, operation) in HEARD:
                continue
            print(f"  {name}: {operation} speaks in streams of events and is left out")
    operations = sum(len(service.model["operations"]) - len(service.streaming) for service in services.values())
    head = {
        "services": index,
        "partitions": [partition(entry) for entry in loader.load_data("partitions")["partitions"]],
    }
    parts = [packed(text(head)), packed(common)]
    lengths = b"".join(len(part).to_bytes(4, "little") for part in parts)
    print(f"{len(index)} services, {operations} operations, dictionary {len(parts[1])} bytes")
    return lengths + b"".join(parts) + b"".join(bodies)


def sdk_lines(services):
    """What `services.txt` holds, after `catalogue` has looked at the services."""
    lines = {sdk_line(service) for name, service in services.items() if name != SECOND}
    known = {line.split("|")[0] for line in lines}
    lines |= {f"{sdk_name(name)}|{client_name(name)}|||" for name in RETIRED if sdk_name(name) not in known}
    return "".join(f"{line}\n" for line in sorted(lines)).encode()


def main():
    if botocore.__version__ != BOTOCORE:
        sys.exit(f"botocore {BOTOCORE} is wanted, this is {botocore.__version__}")
    loader = botocore.loaders.create_loader()
    here = pathlib.Path(__file__)
    sdk = here.parents[3] / "core/integrations/src/services/sdk/services.txt"
    known = names(loader)
    services = {name: Service(loader, name) for name in known}
    files = {here.with_name("services.bin"): catalogue(loader, services, known), sdk: sdk_lines(services)}
    for path, content in files.items():
        print(f"{path.name}: {len(content)} bytes")
        if "--check" not in sys.argv:
            path.write_bytes(content)
        elif path.read_bytes() != content:
            sys.exit(f"{path.name} is not what this program writes")


if __name__ == "__main__":
    main()
