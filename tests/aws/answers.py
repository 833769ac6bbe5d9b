"""What AWS's own SDK for Python makes of an answer, compared with what a task shows of it."""

import base64
import datetime
import functools

from botocore.exceptions import ClientError
from botocore.session import Session

# Where boto3's name of a service is not that of Step Functions.
_NAMES = {"bedrockagent": "bedrock-agent", "cloudwatchlogs": "logs", "eventbridge": "events", "sfn": "stepfunctions"}
# Operations that change nothing begin with one of these.
_READING = ("batchGet", "describe", "get", "head", "list", "query", "scan")


def is_reading(action):
    return action.startswith(_READING)


def boto3_name(service):
    return _NAMES.get(service, service)


@functools.cache
def model(service):
    """Returns botocore's model of a service."""
    return Session().get_service_model(boto3_name(service))


def asked(client, service, action, parameters):
    """Calls an operation with a task's parameters through boto3; returns the answer, or the error that it is."""
    operation = model(service).operation_model(next(
        name for name in model(service).operation_names if name.lower() == action.lower()))
    method = next(name for name, of in client.meta.method_to_api_mapping.items() if of == operation.name)
    try:
        answer = getattr(client, method)(**_named(operation.input_shape, parameters))
    except ClientError as error:
        return operation, error
    if boto3_name(service) == "s3":
        # boto3 asks for it by itself.
        answer.pop("EncodingType", None)
    # A stream can be read once.
    return operation, {name: value.read() if hasattr(value, "read") else value for name, value in answer.items()}


def _named(shape, value):
    """Names the members of a task's parameters as boto3 wants them, which differs in the case of letters."""
    if shape is None:
        return {}
    if shape.type_name == "structure":
        members = {name.lower(): name for name in shape.members}
        return {members[name.lower()]: _named(shape.members[members[name.lower()]], inner) for name, inner in value.items()}
    if shape.type_name == "list":
        return [_named(shape.member, inner) for inner in value]
    if shape.type_name == "map":
        return {name: _named(shape.value, inner) for name, inner in value.items()}
    return value


def differences(shape, expected, shown, place=""):
    """Yields where what a task shows is not what boto3 has read."""
    if shape is None:
        if shown != {}:
            yield f"{place}: {shown!r} where nothing is answered"
    elif shape.type_name == "structure":
        yield from _members(shape, expected, shown, place)
    elif shape.type_name == "list":
        if not isinstance(shown, list) or len(shown) != len(expected):
            yield f"{place}: {shown!r} instead of {expected!r}"
            return
        for number, (one, other) in enumerate(zip(expected, shown)):
            yield from differences(shape.member, one, other, f"{place}[{number}]")
    elif shape.type_name == "map":
        if not isinstance(shown, dict) or set(shown) != set(expected):
            yield f"{place}: {shown!r} instead of {expected!r}"
            return
        for name, one in expected.items():
            yield from differences(shape.value, one, shown[name], f"{place}.{name}")
    elif shown != _scalar(shape, expected, shown):
        yield f"{place}: {shown!r} instead of {expected!r}"


def _members(shape, expected, shown, place):
    if not isinstance(shown, dict):
        yield f"{place}: {shown!r} instead of {expected!r}"
        return
    # Step Functions writes `DbClusters` where the API has `DBClusters`; the tests of the catalogue are exact about that.
    found = {name.lower(): name for name in shown}
    for name, inner in shape.members.items():
        there = found.pop(name.lower(), None)
        if (expected.get(name) is None) != (there is None):
            yield f"{place}.{name}: {shown.get(there)!r} instead of {expected.get(name)!r}"
        elif there is not None:
            if not there[0].isupper():
                yield f"{place}.{there} begins with a small letter"
            yield from differences(inner, expected[name], shown[there], f"{place}.{there}")
    for name in found.values():
        yield f"{place}.{name}: no such member is known"


def _scalar(shape, expected, shown):
    """Returns how a task shows a value."""
    if shape.type_name == "timestamp":
        try:
            same = abs(datetime.datetime.fromisoformat(shown) - expected) < datetime.timedelta(milliseconds=1)
        except (TypeError, ValueError):
            same = False
        return shown if same else expected
    if shape.type_name == "blob":
        content = expected if isinstance(expected, bytes) else expected.encode()
        try:
            return content.decode()
        except UnicodeDecodeError:
            return base64.b64encode(content).decode()
    return expected


def refusal(error, name, cause):
    """Returns what is wrong with a task's failure, given the error that boto3 was answered with."""
    told = error.response["Error"]
    # boto3 keeps to the codes of SQS's earlier protocol.
    code = told.get("QueryErrorCode", told["Code"])
    stem = code.removesuffix("Exception").removesuffix("Fault")
    if stem.lower() not in name.lower():
        return f"the error is {name}, but the service says {code}"
    # A message may tell the time, or the request.
    if told.get("Message", "")[:20] not in cause:
        return f"the cause is {cause!r}, but the service says {told['Message']!r}"
    return None
