"""The stack, made by the real `sam deploy` from the real template."""

import platform

import places
import processes
import template
from places import REPOSITORY, RIG, STACK

# The parameter's default would be more processes than a small machine runs well.
CONCURRENCY = 12


def tool(name):
    return RIG / "sam" / "bin" / name


def check():
    """Checks the template as it is, before anything is changed in it."""
    nowhere = places.environment("http://127.0.0.1:1")
    processes.run("sam-validate", [tool("sam"), "validate", "--lint", "--template-file", template.original()],
                  env=nowhere, cwd=REPOSITORY)
    processes.run("cfn-lint", [tool("cfn-lint"), "--template", template.original(), "--regions", places.REGION],
                  env=nowhere, cwd=REPOSITORY)


def deploy(endpoint, folders):
    """Deploys the stack with code from these folders."""
    architecture = {"x86_64": "x86_64", "aarch64": "arm64"}[platform.machine()]
    copy = template.copy(folders)
    processes.run("sam-deploy", [
        tool("sam"), "deploy", "--template-file", copy, "--config-file", REPOSITORY / "samconfig.toml",
        "--stack-name", STACK, "--no-confirm-changeset", "--no-progressbar",
        "--parameter-overrides", f"Architecture={architecture}", f"TransitionConcurrency={CONCURRENCY}", f"CallConcurrency={CONCURRENCY}",
    ], env=places.environment(endpoint), cwd=REPOSITORY)
