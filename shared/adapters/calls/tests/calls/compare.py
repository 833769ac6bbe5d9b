#!/usr/bin/env python3
"""Compares the wire with botocore's: requests, answers and errors made up at random from the models, and endpoints.

    python3 -m venv /tmp/catalogue
    /tmp/catalogue/bin/pip install -r shared/adapters/calls/catalogue/pins.txt
    /tmp/catalogue/bin/python shared/adapters/calls/tests/calls/compare.py

Every case goes through a whole client of botocore, so what it changes beside the models is compared too. Differences
are listed by name at the end; with --check those without a reason in EXPLAINED are a failure, and so is a comparison of
too little.
"""

import argparse
import base64
import collections
import datetime
import hashlib
import io
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import urllib.parse
import xml.etree.ElementTree as ET
import zlib

import botocore.awsrequest
import botocore.config
import botocore.endpoint_provider
import botocore.exceptions
import botocore.parsers
import botocore.session

from made_up import Wire, made_up

REGION = "us-west-2"
# What signs, or depends on the moment or the program.
IGNORED = re.compile(
    r"authorization|x-amz-date|date|user-agent|x-amz-user-agent|amz-sdk-.*|host|content-length|x-amz-content-sha256|"
    r"x-amz-security-token|x-amzn-trace-id|expect|connection|accept-encoding|transfer-encoding"
)
# Where botocore does more than the models say, and we do not: operations, parts of the request, what is in the members
# (anything, when nothing is said), why.
EXPLAINED = [
    (r"cloudsearchdomain:Search", r".*", "", "botocore sends the query as a form"),
    (r".*:DescribeEndpoints", r"header x-amz-api-version", "", "a header of botocore's own"),
    (
        r"s3:.*",
        r"header x-amz-.*-customer-key(-md5)?",
        "CustomerKey",
        "botocore encodes keys that are given as they are",
    ),
    (r"s3:(UploadPartCopy|CopyObject)", r"header x-amz-copy-source", "a b", "botocore encodes what is given as it is"),
    (r"s3:GetBucketLocation", r"host|path", "", "botocore keeps to the path"),
    (r"s3:List.*", r"query", "", "botocore asks for encoded keys, and decodes them"),
    (r"autoscaling:CreateLaunchConfiguration|ec2:.*", r"body", "UserData", "botocore encodes what is given as it is"),
    (r"route53:.*", r"path|query|body", "a b/c", "ids lose their kind in more members than botocore's"),
    (r"cloudfront:.*", r"body", r"\{\}|\[\]", "an element without members is there or not"),
    (r"dataexchange:SendApiAsset", r"answer", "", "names of headers are in small letters"),
    (r"s3:Put.*Acl", r"body", "two.nlines", "the end of a line in an attribute"),
    (r"ec2:GetConsoleOutput", r"answer", "", "botocore decodes the output"),
    (r"s3:GetBucketNotification", r"answer", "", "two members have one name"),
    (
        r"(rds|neptune|docdb|ec2):.*",
        r"body|refused",
        "SourceRegion",
        "botocore makes the presigned URL of another Region",
    ),
    (r"(importexport|sdb):.*", r"refused", "", "signature v2"),
    (r".*", r"bare body", "", "an element without members is there or not"),
]


class Raw(io.BytesIO):
    def stream(self, **_):
        yield self.read()


class Botocore:
    def __init__(self):
        self.session = botocore.session.Session()
        self.session.set_credentials("AKIDEXAMPLE", "secret")
        self.client, self.name = None, None
        self.seen, self.answer = None, None

    def use(self, name):
        if self.name == name:
            return
        config = botocore.config.Config(
            region_name=REGION,
            parameter_validation=False,
            retries={"total_max_attempts": 1},
            account_id_endpoint_mode="disabled",
            response_checksum_validation="when_required",
            inject_host_prefix=True,
        )
        self.client = self.session.create_client(name, config=config)
        self.client.meta.events.register_first("before-send.*.*", self.send)
        self.name = name

    def send(self, request, **_):
        self.seen = request
        answer = self.answer
        headers = botocore.awsrequest.HeadersDict(answer["headers"])
        return botocore.awsrequest.AWSResponse(request.url, answer["status"], headers, Raw(answer["body"]))

    def call(self, operation, members, answer):
        """The request, and what becomes of the answer."""
        self.seen, self.answer = None, answer
        try:
            outcome = self.client._make_api_call(operation, json.loads(json.dumps(members)))
            outcome = ("answer", outcome)
        except botocore.exceptions.ClientError as error:
            outcome = ("error", error)
        except Exception as error:  # whatever botocore says, it is not comparable
            outcome = ("failed", error)
        return self.seen, outcome


def shown(shape, value):
    """An answer of botocore in the form in which we show ours."""
    kind = shape.type_name
    if getattr(shape, "is_document_type", False):
        return value
    if value is None:
        return None
    if kind == "structure":
        members = shape.members
        return {n[0].upper() + n[1:]: shown(members[n], v) for n, v in value.items() if n in members}
    if kind == "list":
        return [shown(shape.member, item) for item in value]
    if kind == "map":
        return {key: shown(shape.value, item) for key, item in value.items()}
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, bytes):
        return value.decode()
    if hasattr(value, "read"):
        return value.read().decode()
    if shape.serialization.get("jsonvalue"):
        return value if isinstance(value, str) else json.dumps(value)
    return value


def form(text):
    return sorted(urllib.parse.parse_qsl(text, keep_blank_values=True))


def xml_tree(element):
    return [element.tag, sorted(element.attrib.items()), element.text or "", [xml_tree(inner) for inner in element]]


def body_of(raw, headers):
    """A body in a form in which equal ones are the same."""
    kind = headers.get("content-type", "")
    if "form-urlencoded" in kind:
        return form(raw.decode())
    if "cbor" in kind and raw:
        return repr(botocore.parsers.RpcV2CBORParser().parse_data_item(io.BufferedReader(io.BytesIO(raw))))
    try:
        return json.loads(raw)
    except ValueError:
        pass
    try:
        return xml_tree(ET.fromstring(raw))
    except ET.ParseError:
        return raw.decode("utf-8", "replace")


def request_of(method, url, headers, raw):
    parts = urllib.parse.urlsplit(url)
    lower = {}
    for name, value in headers:
        name = name.lower()
        if not IGNORED.fullmatch(name):
            text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
            # Written in two ways that mean the same.
            text = text.replace(", ", ",")
            lower[name] = text.removesuffix(";charset=utf-8").removesuffix("; charset=utf-8")
    if lower.get("content-type") == "application/xml":
        del lower["content-type"]  # botocore leaves out what the SDKs write
    # Bodies may be written in different ways, and so may have different sums.
    if "x-amz-checksum-crc32" in lower:
        right = base64.b64encode(zlib.crc32(raw).to_bytes(4, "big")).decode()
        lower["x-amz-checksum-crc32"] = str(lower["x-amz-checksum-crc32"] == right)
    if "x-amz-checksum-sha256" in lower:
        right = base64.b64encode(hashlib.sha256(raw).digest()).decode()
        lower["x-amz-checksum-sha256"] = str(lower["x-amz-checksum-sha256"] == right)
    return {
        "method": method,
        "host": f"{parts.scheme}://{parts.netloc}",
        "path": parts.path or "/",
        "query": form(parts.query),
        "headers": lower,
        "body": body_of(raw, lower),
    }


def differing(ours, theirs):
    """The parts of a request that are not the same, shortly."""
    found = []
    for part in theirs:
        if ours[part] == theirs[part]:
            continue
        if part == "headers":
            names = set(ours[part].items()) ^ set(theirs[part].items())
            found += sorted({f"header {name}" for name, _ in names})
        elif part == "body" and theirs[part] == "" and is_bare(ours[part]):
            found.append("bare body")
        else:
            found.append(part)
    return found


def is_bare(body):
    """Whether a body is an element with nothing in it."""
    return isinstance(body, list) and len(body) == 4 and not any(body[1:])


def drawn(session, count, only):
    """Operations over all services, as even as there are enough."""
    by_service = {}
    for name in session.get_available_services():
        if only and name not in only:
            continue
        model = session.get_service_model(name)
        names = [n for n in model.operation_names if is_callable(model.operation_model(n))]
        random.shuffle(names)
        by_service[name] = (model, names)
    rounds = max(len(names) for _, names in by_service.values())
    order = [
        (name, model, names[n]) for n in range(rounds) for name, (model, names) in by_service.items() if n < len(names)
    ]
    return sorted(order[:count], key=lambda entry: entry[0])


def is_callable(operation):
    discovered = (operation.endpoint_discovery or {}).get("required")
    return not operation.has_event_stream_input and not operation.has_event_stream_output and not discovered


def endpoints(session):
    """What botocore's rules say of every service in some Regions."""
    partitions = session.get_data("partitions")
    for name in session.get_available_services():
        rules = session.get_component("data_loader").load_service_model(name, "endpoint-rule-set-1")
        model = session.get_service_model(name)
        plain = [n for n in model.operation_names if not model.operation_model(n).endpoint]
        fixed = [
            n
            for n in plain
            if not model.operation_model(n).static_context_parameters and is_callable(model.operation_model(n))
        ]
        if not fixed:
            continue
        provider = botocore.endpoint_provider.EndpointProvider(rules, partitions)
        for region in ["us-east-1", "eu-west-1", "cn-north-1", "us-gov-west-1", "us-iso-east-1", "aws-global"]:
            for fips, dual_stack in [(False, False), (True, False), (False, True), (True, True)]:
                case = {"kind": "endpoint", "service": name, "operation": fixed[0], "region": region}
                case |= {"fips": fips, "dual_stack": dual_stack}
                known = {"Region": region, "UseFIPS": fips, "UseDualStack": dual_stack}
                known = {key: value for key, value in known.items() if key in rules["parameters"]}
                try:
                    endpoint = provider.resolve_endpoint(**known)
                    schemes = endpoint.properties.get("authSchemes", [])
                    scheme = next((scheme for scheme in schemes if scheme["name"] == "sigv4"), {})
                    expected = {
                        "url": endpoint.url.rstrip("/"),
                        "name": scheme.get("signingName", model.signing_name),
                        "region": scheme.get("signingRegion", region),
                    }
                except botocore.exceptions.BotoCoreError:
                    expected = None
                yield case, expected


def ask_ours(cases, of_workspace):
    """Runs our side over the cases."""
    with tempfile.TemporaryDirectory() as folder:
        given, results = pathlib.Path(folder, "cases"), pathlib.Path(folder, "results")
        given.write_text("".join(json.dumps(case) + "\n" for case in cases))
        environment = os.environ | {"CALLS_CASES": str(given), "CALLS_RESULTS": str(results)}
        packages = ["--workspace"] if of_workspace else ["-p", "calls"]
        command = ["cargo", "test", "-q", *packages, "--lib", "compared::", "--", "--ignored"]
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
        return [json.loads(line) for line in results.read_text().splitlines()]


def packed(answer):
    return answer | {"body": base64.b64encode(answer["body"]).decode()}


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--operations", type=int, default=100_000, help="how many to compare, of all services evenly")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--services", default="")
    arguments.add_argument("--check", action="store_true", help="fail when there are differences without a reason")
    arguments.add_argument("--workspace", action="store_true", help="take the tests of the whole workspace: CI has them")
    arguments.add_argument("--show", type=int, default=0, help="how many differences to show in full")
    arguments = arguments.parse_args()
    random.seed(arguments.seed)
    them = Botocore()
    cases, expected = [], []
    for name, model, operation_name in drawn(
        them.session, arguments.operations, arguments.services.split(",") if arguments.services else []
    ):
        operation = model.operation_model(operation_name)
        protocol = model.resolved_protocol
        wire = Wire(model, protocol)
        members = made_up(operation.input_shape) if operation.input_shape else {}
        answer, error = wire.answer(operation), wire.error(operation)
        them.use(name)
        request, outcome = them.call(operation_name, members, answer)
        _, failure = them.call(operation_name, members, error)
        case = {"service": name, "operation": operation_name, "region": REGION, "members": members}
        cases.append(case | {"answer": packed(answer), "error": packed(error)})
        expected.append((protocol, operation, request, outcome, failure))
    checked = list(endpoints(them.session)) if not arguments.services else []
    results = ask_ours(cases + [case for case, _ in checked], arguments.workspace)
    different, figures = report(cases, expected, results, arguments.show)
    missing = [] if arguments.services else too_few(figures)
    for what in missing:
        print(f"too little is compared: {what}")
    unequal = []
    for (case, theirs), ours in zip(checked, results[len(cases) :]):
        if (ours if "url" in ours else None) != theirs:
            unequal.append((case, theirs, ours))
    if checked:
        print(f"endpoints: {len(checked) - len(unequal)} equal of {len(checked)}")
    for case, theirs, ours in unequal[: 20 + arguments.show]:
        print(f"  {case['service']} {case['region']} {case['fips']} {case['dual_stack']}: {theirs} | {ours}")
    return 1 if arguments.check and (different or unequal or missing) else 0


def too_few(figures):
    """What says that the comparison has found no difference because it compared little."""
    found = [f"nothing in the protocol {protocol}" for protocol in PROTOCOLS if protocol not in figures]
    for protocol, count in figures.items():
        for what, least in LEAST.items():
            if count[what] < least * count["operations"]:
                found.append(f"{count[what]} {what} of {count['operations']} operations in the protocol {protocol}")
    return found


def report(cases, expected, results, show):
    figures = collections.defaultdict(collections.Counter)
    differences = collections.defaultdict(list)
    for case, (protocol, operation, request, outcome, failure), ours in zip(cases, expected, results):
        about = f"{case['service']}:{case['operation']}"
        count = figures[protocol]
        count["operations"] += 1

        def differs(what, theirs, own):
            part = next((part for said, part in PARTS if what.startswith(said)), what.removeprefix("request "))
            members = json.dumps(case["members"])
            for operations, parts, inside, why in EXPLAINED:
                if re.fullmatch(operations, about) and re.fullmatch(parts, part) and re.search(inside, members):
                    what = f"(explained: {why}) {what}"
            differences[what].append((about, theirs, own))

        if request is None and "url" not in ours.get("request", {}):
            # Neither makes a request: of the members that were made up, or at all.
            count["refused by both"] += 1
            continue
        if request is None:
            differs(
                f"botocore makes no request: {type(outcome[1]).__name__}", str(outcome[1])[:200], ours.get("request")
            )
        elif "url" not in ours.get("request", {}):
            differs("we refuse the request", "", ours.get("refused") or ours["request"]["refused"])
        else:
            raw = request.body.read() if hasattr(request.body, "read") else request.body
            raw = raw.encode() if isinstance(raw, str) else bytes(raw or b"")
            theirs = request_of(request.method, request.url, request.headers.items(), raw)
            own = ours["request"]
            own = request_of(own["method"], own["url"], own["headers"], base64.b64decode(own["body"]))
            parts = differing(own, theirs)
            count["requests tried"] += 1
            count["requests equal"] += not parts
            for part in parts:
                differs(f"request {part}", theirs, own)
        if outcome[0] == "answer" and operation.output_shape is not None:
            count["answers tried"] += 1
            theirs = shown(operation.output_shape, {k: v for k, v in outcome[1].items() if k != "ResponseMetadata"})
            own = ours.get("answer")
            if theirs == own:
                count["answers equal"] += 1
            else:
                differs("answer" if "unreadable" not in (own or {}) else "answer unreadable", theirs, own)
        elif outcome[0] != "answer":
            differs(f"botocore reads no answer: {type(outcome[1]).__name__}", str(outcome[1])[:200], ours.get("answer"))
        if failure[0] == "error" and request is not None:
            count["errors tried"] += 1
            told = failure[1].response["Error"]
            named = type(failure[1]).__name__
            theirs = {
                "code": told["Code"],
                "message": told["Message"],
                "name": None if named == "ClientError" else named,
            }
            own = ours.get("error")
            if theirs == own:
                count["errors equal"] += 1
            else:
                differs("error", theirs, own)
    total = sum(figures.values(), collections.Counter())
    for name, count in [*sorted(figures.items()), ("all", total)]:
        print(f"{name}: " + ", ".join(f"{count[key]} {key}" for key in KEYS))
    for what, found in sorted(differences.items()):
        print(f"{len(found)} x {what}: {', '.join(about for about, _, _ in found[:8])}")
        for about, theirs, own in [] if what.startswith("(") else found[:show]:
            print(
                f"    {about}\n      botocore {json.dumps(theirs, default=str)[:1500]}\n      ours     {json.dumps(own, default=str)[:1500]}"
            )

    different = [what for what in differences if not what.startswith("(")]
    return different, figures


PROTOCOLS = ["ec2", "json", "query", "rest-json", "rest-xml", "smithy-rpc-v2-cbor"]
# How much of what is drawn has to be comparable; some operations have no answer, and we refuse two services of one protocol.
LEAST = {"requests tried": 0.85, "answers tried": 0.7, "errors tried": 0.95}
# What is no part of a request or an answer, as EXPLAINED names it.
PARTS = [
    ("we refuse", "refused"),
    ("botocore makes no request", "no request"),
    ("botocore reads no answer", "no answer"),
]
KEYS = [
    "operations",
    "refused by both",
    "requests equal",
    "requests tried",
    "answers equal",
    "answers tried",
    "errors equal",
    "errors tried",
]

if __name__ == "__main__":
    sys.exit(main())
