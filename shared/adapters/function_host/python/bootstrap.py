"""Runs a Python handler as AWS Lambda's Python runtime does: `_HANDLER` names `module.function`.

It needs nothing but the standard library, so it runs in any interpreter and any virtual environment.
"""

import decimal
import http.client
import importlib
import json
import logging
import os
import sys
import time
import traceback

ROOT = "/2018-06-01/runtime"


class Failure(Exception):
    """An error of the runtime itself, with the name that Lambda gives it."""

    def __init__(self, error_type, message):
        super().__init__(message)
        self.error_type = error_type


class RuntimeApi:
    """The host's side, over one connection that is kept."""

    def __init__(self, authority):
        self.connection = http.client.HTTPConnection(authority)

    def call(self, method, path, body=None, headers=None):
        self.connection.request(method, ROOT + path, body, headers or {})
        response = self.connection.getresponse()
        return response.headers, response.read()

    def next(self):
        return self.call("GET", "/invocation/next")

    def respond(self, request_id, body):
        self.call("POST", f"/invocation/{request_id}/response", body, {"Content-Type": "application/json"})

    def fail(self, path, report):
        headers = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Function-Error-Type": report["errorType"].encode("ascii", "replace").decode(),
        }
        self.call("POST", path, json.dumps(report).encode(), headers)


class Identity:
    cognito_identity_id = None
    cognito_identity_pool_id = None


class Context:
    """What a handler gets as its second argument."""

    def __init__(self, headers):
        self.aws_request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        self.invoked_function_arn = headers["Lambda-Runtime-Invoked-Function-Arn"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.identity = Identity()
        self.client_context = None
        self.tenant_id = None
        self._deadline_ms = int(headers["Lambda-Runtime-Deadline-Ms"])

    def get_remaining_time_in_millis(self):
        return max(0, self._deadline_ms - int(time.time() * 1000))


class LogHandler(logging.StreamHandler):
    """Writes records as Lambda does, with the id of the request that is being served."""

    def __init__(self):
        super().__init__(sys.stdout)
        self.request_id = ""
        layout = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(request_id)s\t%(message)s"
        formatter = logging.Formatter(layout, "%Y-%m-%dT%H:%M:%S")
        formatter.converter = time.gmtime
        self.setFormatter(formatter)

    def format(self, record):
        record.request_id = self.request_id
        return super().format(record)


class Encoder(json.JSONEncoder):
    """Takes the decimals that boto3 reads from DynamoDB, and bytes as text, as Lambda's encoder does."""

    def default(self, value):
        if isinstance(value, bytes):
            return value.decode()
        if isinstance(value, decimal.Decimal):
            return int(value) if value == value.to_integral_value() else float(value)
        return super().default(value)


def load(handler):
    module_name, dot, function_name = handler.rpartition(".")
    if not dot:
        raise Failure("Runtime.MalformedHandlerName", f"Bad handler '{handler}': expected MODULE.FUNCTION")
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        raise Failure("Runtime.ImportModuleError", f"Unable to import module '{module_name}': {error}") from error
    except SyntaxError as error:
        raise Failure("Runtime.UserCodeSyntaxError", f"Syntax error in module '{module_name}': {error}") from error
    try:
        return getattr(module, function_name)
    except AttributeError as error:
        message = f"Handler '{function_name}' missing on module '{module_name}'"
        raise Failure("Runtime.HandlerNotFound", message) from error


def report_of(error, request_id):
    """Words an exception as Lambda does: the frames are the user's, without ours and the import machinery's."""
    if isinstance(error, Failure):
        return {
            "errorMessage": str(error),
            "errorType": error.error_type,
            "requestId": request_id,
            "stackTrace": [],
        }
    frames = traceback.extract_tb(error.__traceback__)
    own = frames[0].filename if frames else None
    frames = [frame for frame in frames if frame.filename != own and "importlib" not in frame.filename]
    return {
        "errorMessage": str(error),
        "errorType": type(error).__name__,
        "requestId": request_id,
        "stackTrace": [as_deployed(line) for line in traceback.format_list(frames)],
    }


def as_deployed(line):
    """Names the function's files where Lambda has them, so that causes read as they do there."""
    return line.replace(os.environ["LAMBDA_TASK_ROOT"].rstrip("/") + "/", "/var/task/")


def print_report(report):
    print(f"[ERROR] {report['errorType']}: {report['errorMessage']}")
    if report["stackTrace"]:
        print("Traceback (most recent call last):")
        print("".join(report["stackTrace"]), end="")
    sys.stdout.flush()


def answer(function, event, context):
    try:
        event = json.loads(event)
    except ValueError as error:
        raise Failure("Runtime.UnmarshalError", f"Unable to unmarshal input: {error}") from error
    result = function(event, context)
    try:
        return json.dumps(result, cls=Encoder, ensure_ascii=False).encode()
    except (TypeError, ValueError) as error:
        raise Failure("Runtime.MarshalError", f"Unable to marshal response: {error}") from error


def main():
    api = RuntimeApi(os.environ["AWS_LAMBDA_RUNTIME_API"])
    sys.path.insert(0, os.environ["LAMBDA_TASK_ROOT"])
    log = LogHandler()
    logging.getLogger().addHandler(log)
    try:
        function = load(os.environ["_HANDLER"])
    except Exception as error:
        report = report_of(error, "")
        print_report(report)
        api.fail("/init/error", report)
        sys.exit(1)
    while True:
        headers, event = api.next()
        request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        log.request_id = request_id
        os.environ["_X_AMZN_TRACE_ID"] = headers["Lambda-Runtime-Trace-Id"]
        try:
            result = answer(function, event, Context(headers))
        except Exception as error:
            report = report_of(error, request_id)
            print_report(report)
            api.fail(f"/invocation/{request_id}/error", report)
        else:
            api.respond(request_id, result)


if __name__ == "__main__":
    try:
        main()
    except (ConnectionError, http.client.HTTPException):
        # The host is gone, and nobody is left to answer.
        sys.exit(1)
