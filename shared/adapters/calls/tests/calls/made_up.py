"""Members of requests, and answers as bytes on the wire: made up at random from the models."""

import base64
import datetime
import json
import random
import xml.etree.ElementTree as ET

import botocore.serialize

DEPTH_MAX = 5
# What would have to be right in an answer.
UNTRUE = {"content-length", "content-encoding", "transfer-encoding"}
# Members that endpoints depend on, which have to be right.
PARTS_OF_ENDPOINTS = {
    "Bucket": "photos-of-mine",
    "AccountId": "123456789012",
    "CopySource": "photos/one",
    "PredictEndpoint": "https://realtime.machinelearning.us-west-2.amazonaws.com",
    "StreamARN": "arn:aws:kinesis:us-west-2:123456789012:stream/one",
    "ResourceARN": "arn:aws:kinesis:us-west-2:123456789012:stream/one",
    "ConsumerARN": "arn:aws:kinesis:us-west-2:123456789012:stream/one/consumer/two:1",
}


def made_up(shape, depth=0, ascii_only=False):
    kind = shape.type_name
    if kind == "structure":
        if getattr(shape, "is_document_type", False):
            return {"a": [1, "two", None, {"b": True}]}
        members = shape.members
        if getattr(shape, "is_tagged_union", False):
            members = dict([random.choice(list(members.items()))])
        chance = 0.6 if depth < 2 else 0.2
        chosen = {}
        for name, member in members.items():
            wanted = name in shape.required_members or len(members) == 1 or member.metadata.get("idempotencyToken")
            if not wanted and not (depth < DEPTH_MAX and random.random() < chance):
                continue
            chosen[name] = member_made_up(name, member, depth)
        if not chosen and members and depth < DEPTH_MAX + 3:
            name = random.choice(list(members))
            chosen = {name: member_made_up(name, members[name], depth)}
        return chosen
    if kind == "list":
        count = random.choice([1, 2] if ascii_only else [0, 1, 1, 2, 2])
        return [made_up(shape.member, depth + 1, ascii_only) for _ in range(count)]
    if kind == "map":
        suffix = "" if ascii_only else " &é"
        value = shape.value
        count = random.choice([1, 2] if ascii_only else [0, 1, 1, 2, 2])
        return {f"k{n}{suffix}": made_up(value, depth + 1, ascii_only) for n in range(count)}
    if kind in ("string", "character"):
        plain = ["plain", "a b/c?&=+~"]
        return random.choice(plain if ascii_only else [*plain, "é☃", "<a> & 'b' \"c\"", "two\nlines, 1\ttab"])
    if kind in ("integer", "long", "short", "byte", "bigInteger"):
        return random.choice([random.randint(-100, 120), 9_007_199_254_740_991 if kind == "long" else 7])
    if kind in ("float", "double", "bigDecimal"):
        return random.choice([0.5, -1.25, 3.5, 0.001])
    if kind == "boolean":
        return random.random() < 0.5
    if kind == "timestamp":
        return f"2026-01-31T12:00:{random.randint(10, 59)}Z"
    if kind == "blob":
        return "bytes é"
    raise ValueError(kind)


def member_made_up(name, member, depth):
    if name in PARTS_OF_ENDPOINTS and (member.metadata.get("contextParam") or member.serialization.get("hostLabel")):
        return PARTS_OF_ENDPOINTS[name]
    if name in PARTS_OF_ENDPOINTS and "contextParam" in str(member.metadata) + str(member.serialization):
        return PARTS_OF_ENDPOINTS[name]
    if name == "AccountId" and member.serialization.get("location") == "header":
        return PARTS_OF_ENDPOINTS[name]
    if name == "ChecksumAlgorithm" and member.type_name == "string":
        return random.choice(["CRC32", "SHA256"])
    if member.metadata.get("hostLabel") or member.serialization.get("hostLabel"):
        return "label-1"
    in_header = member.serialization.get("location") in ("header", "headers")
    if in_header and member.type_name == "string" and member.serialization.get("jsonvalue"):
        return {"a": [1]}
    return made_up(member, depth + 1, in_header)


class Wire:
    """Writes an output shape in a protocol."""

    def __init__(self, model, protocol):
        self.model, self.protocol = model, protocol

    def answer(self, operation):
        shape = operation.output_shape
        headers, body, status = {"x-amzn-RequestId": "r-1"}, b"", 200
        if shape is None:
            return self.empty(operation, headers)
        value = made_up(shape)
        if self.protocol in ("rest-json", "rest-xml"):
            if operation.name == "GetBucketLocation":
                text = (
                    '<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/">eu-west-1</LocationConstraint>'
                )
                return {"status": status, "headers": headers, "body": text.encode()}
            payload = shape.serialization.get("payload")
            if payload and payload not in value:
                value[payload] = member_made_up(payload, shape.members[payload], 0)
            rest = {}
            for name, given in value.items():
                member = shape.members[name]
                location = member.serialization.get("location")
                wire = member.serialization.get("name", name)
                if location == "statusCode" or wire.lower() in UNTRUE or wire.startswith("x-amz-checksum-"):
                    continue
                if location == "headers":
                    headers |= {f"{wire}{key}": item for key, item in given.items()}
                elif location == "header":
                    headers[wire] = header_text(member, given)
                elif payload == name:
                    if member.type_name in ("string", "blob"):
                        body = given.encode()
                    elif self.protocol == "rest-json":
                        body = json.dumps(json_wire(member, given)).encode()
                    else:
                        body = xml_text(xml_element(member.serialization.get("name", member.name), member, given))
                else:
                    rest[name] = given
            if payload is None:
                if self.protocol == "rest-json":
                    body = json.dumps(json_wire(shape, rest)).encode()
                else:
                    body = xml_text(xml_element(f"{operation.name}Result", shape, rest))
            headers["content-type"] = "application/json" if self.protocol == "rest-json" else "application/xml"
        elif self.protocol == "json":
            body = json.dumps(json_wire(shape, value)).encode()
        elif self.protocol == "smithy-rpc-v2-cbor":
            body = cbor(shape, value)
            headers["smithy-protocol"] = "rpc-v2-cbor"
        elif self.protocol == "query":
            root = ET.Element(f"{operation.name}Response")
            wrapper = shape.serialization.get("resultWrapper")
            inner = xml_element(wrapper or "x", shape, value)
            if wrapper:
                root.append(inner)
            else:
                root.extend(list(inner))
            ET.SubElement(ET.SubElement(root, "ResponseMetadata"), "RequestId").text = "r-1"
            body = xml_text(root)
        else:
            root = xml_element(f"{operation.name}Response", shape, value)
            ET.SubElement(root, "requestId").text = "r-1"
            body = xml_text(root)
        return {"status": status, "headers": headers, "body": body}

    def empty(self, operation, headers):
        bodies = {"json": b"{}", "smithy-rpc-v2-cbor": b"\xa0", "rest-json": b"", "rest-xml": b""}
        xml = f"<{operation.name}Response><requestId>r</requestId></{operation.name}Response>".encode()
        if self.protocol == "smithy-rpc-v2-cbor":
            headers["smithy-protocol"] = "rpc-v2-cbor"
        return {"status": 200, "headers": headers, "body": bodies.get(self.protocol, xml)}

    def error(self, operation):
        shapes = operation.error_shapes
        known = random.choice(shapes) if shapes and random.random() < 0.8 else None
        code = known.metadata.get("error", {}).get("code", known.name) if known else "ThrottlingOfSomeKind"
        message = random.choice(["no", "it is <not> there & é"])
        headers, status = {"x-amzn-RequestId": "r-2"}, random.choice([400, 403, 404, 500])
        key = "message"
        if known and "Message" in known.members and "message" not in known.members:
            key = "Message"
        if self.protocol in ("json", "rest-json"):
            body = {key: message}
            if random.random() < 0.5 and self.protocol == "rest-json":
                headers["x-amzn-errortype"] = f"{code}:http://internal/"
            else:
                body["__type"] = random.choice(["", "com.amazonaws.thing#"]) + code
            body = json.dumps(body).encode()
        elif self.protocol == "smithy-rpc-v2-cbor":
            headers["smithy-protocol"] = "rpc-v2-cbor"
            body = (
                b"\xa2"
                + cbor_text("__type")
                + cbor_text(f"com.amazonaws#{code}")
                + cbor_text("message")
                + cbor_text(message)
            )
        else:
            error = ET.Element("Error")
            ET.SubElement(error, "Code").text = code
            ET.SubElement(error, "Message").text = message
            root = error
            if self.protocol == "ec2":
                root = ET.Element("Response")
                ET.SubElement(root, "Errors").append(error)
            elif self.model.service_name != "s3":
                root = ET.Element("ErrorResponse")
                root.append(error)
            ET.SubElement(root, "RequestId").text = "r-2"
            body = xml_text(root)
        return {"status": status, "headers": headers, "body": body}


def cbor_text(text):
    raw = text.encode()
    return bytes([0x78, len(raw)]) + raw


def cbor(shape, value):
    serialized = bytearray()
    botocore.serialize.RpcV2CBORSerializer()._serialize_data_item(serialized, value, shape)
    return bytes(serialized)


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def timestamp(shape, text, default):
    form = shape.serialization.get("timestampFormat", default).lower()
    if form == "iso8601":
        return text
    if form == "unixtimestamp":
        return int(moment(text).timestamp())
    return moment(text).strftime("%a, %d %b %Y %H:%M:%S GMT")


def json_wire(shape, value):
    kind = shape.type_name
    if kind == "structure":
        if getattr(shape, "is_document_type", False):
            return value
        members = shape.members
        return {members[n].serialization.get("name", n): json_wire(members[n], v) for n, v in value.items()}
    if kind == "list":
        return [json_wire(shape.member, item) for item in value]
    if kind == "map":
        return {key: json_wire(shape.value, item) for key, item in value.items()}
    if kind == "timestamp":
        return timestamp(shape, value, "unixTimestamp")
    if kind == "blob":
        return base64.b64encode(value.encode()).decode()
    if shape.serialization.get("jsonvalue"):
        return json.dumps({"x": value})
    return value


def header_text(member, value):
    if member.type_name == "timestamp":
        return str(timestamp(member, value, "rfc822"))
    if member.type_name == "boolean":
        return str(value).lower()
    if member.type_name == "list":
        return ",".join(header_text(member.member, item).replace("a b/c?&=+~", "ab") for item in value)
    if member.serialization.get("jsonvalue"):
        return base64.b64encode(json.dumps(value).encode()).decode()
    return str(value)


def xml_element(name, shape, value):
    element = ET.Element(name)
    xml_content(element, shape, value)
    return element


def xml_content(element, shape, value):
    kind = shape.type_name
    if kind == "structure":
        for name, given in value.items():
            member = shape.members[name]
            wire = member.serialization.get("name", name)
            if member.serialization.get("xmlAttribute"):
                element.set(wire.replace("xsi:", "{http://www.w3.org/2001/XMLSchema-instance}"), given)
            elif member.type_name in ("list", "map") and member.serialization.get("flattened"):
                if member.type_name == "list":
                    wire = member.member.serialization.get("name", wire)
                    for item in given:
                        element.append(xml_element(wire, member.member, item))
                else:
                    for key, item in given.items():
                        element.append(xml_entry(wire, member, key, item))
            else:
                element.append(xml_element(wire, member, given))
    elif kind == "list":
        for item in value:
            element.append(xml_element(shape.member.serialization.get("name", "member"), shape.member, item))
    elif kind == "map":
        for key, item in value.items():
            element.append(xml_entry("entry", shape, key, item))
    elif kind == "timestamp":
        element.text = str(timestamp(shape, value, "iso8601"))
    elif kind == "blob":
        element.text = base64.b64encode(value.encode()).decode()
    elif kind == "boolean":
        element.text = str(value).lower()
    else:
        element.text = str(value)


def xml_entry(name, shape, key, item):
    entry = ET.Element(name)
    ET.SubElement(entry, shape.key.serialization.get("name", "key")).text = key
    entry.append(xml_element(shape.value.serialization.get("name", "value"), shape.value, item))
    return entry


def xml_text(element):
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(element)
