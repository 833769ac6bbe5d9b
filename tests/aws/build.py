"""The functions as Lambda takes them: built by Cargo, stripped, each in a folder as `bootstrap`."""

import json
import os
import pathlib
import re
import shutil
import subprocess

import processes
from places import REPOSITORY, WORK

# Lambda's own `provided.al2023` has this version of the C library.
GLIBC_MAX = (2, 34)
# Variables that name the endpoint of a service for tests.
SERVICES = re.compile(r"\bSTEPWELL_[A-Z0-9]+_ENDPOINT\b")


def metadata():
    """Returns what Cargo knows of the workspace."""
    return json.loads(subprocess.run(
        ["cargo", "metadata", "--no-deps", "--format-version", "1", "--locked"],
        cwd=REPOSITORY, check=True, capture_output=True, stdin=subprocess.DEVNULL).stdout)


def tests_of_services():
    """Returns the tests that ask a real service when a variable says where it is: pairs of a package and a test."""
    return [(package, test) for package, test, _ in _tests()]


def service_variables():
    """Returns the variables that those tests read."""
    return {variable for _, _, variables in _tests() for variable in variables}


def _tests():
    found = []
    for package in metadata()["packages"]:
        for target in package["targets"]:
            if target["kind"] == ["test"]:
                variables = set(SERVICES.findall(pathlib.Path(target["src_path"]).read_text()))
                if variables:
                    found.append((package["name"], target["name"], variables))
    return found


def programs(build):
    """Returns the path of each program of `functions/` and of the example, by the folder's or the program's name."""
    workspace = metadata()
    release = os.environ.get("STEPWELL_RELEASE") == "1"
    found = {}
    for package in workspace["packages"]:
        folder = os.path.relpath(os.path.dirname(package["manifest_path"]), REPOSITORY)
        bins = [target["name"] for target in package["targets"] if target["kind"] == ["bin"]]
        if folder.startswith("functions/"):
            found[folder.removeprefix("functions/")] = bins[0]
        elif package["name"] == "order-functions":
            found.update({name: name for name in bins})
    if build:
        profile = ["--release"] if release else []
        # The whole workspace's features, so that what `cargo test --workspace` has compiled is not compiled again.
        processes.run("cargo-build", ["cargo", "build", "--workspace", "--bins", "--locked", *profile], cwd=REPOSITORY)
    target = os.path.join(workspace["target_directory"], "release" if release else "debug")
    return {name: os.path.join(target, program) for name, program in found.items()}


def worker():
    """Builds the local binary with its worker; returns its path."""
    release = os.environ.get("STEPWELL_RELEASE") == "1"
    profile = ["--release"] if release else []
    command = ["cargo", "build", "--workspace", "--bins", "--features", "stepwell/worker", "--locked", *profile]
    processes.run("cargo-build-worker", command, cwd=REPOSITORY)
    return os.path.join(metadata()["target_directory"], "release" if release else "debug", "stepwell")


def bootstraps(programs):
    """Makes a folder with a `bootstrap` for each program; returns the folders, and the sizes in bytes."""
    folders, sizes = {}, {}
    for name, program in programs.items():
        folder = WORK / "functions" / name
        folder.mkdir(parents=True)
        bootstrap = folder / "bootstrap"
        subprocess.run(["strip", "-o", bootstrap, program], check=True)
        shutil.copymode(program, bootstrap)
        check_library(bootstrap)
        folders[name], sizes[name] = folder, bootstrap.stat().st_size
    return folders, sizes


def check_library(program):
    """Complains when a program needs a newer C library than Lambda has."""
    versions = re.findall(rb"GLIBC_(\d+)\.(\d+)", program.read_bytes())
    newest = max((int(major), int(minor)) for major, minor in versions)
    if newest > GLIBC_MAX:
        raise processes.Failed(f"{program} needs glibc {newest}, but Lambda has {GLIBC_MAX}: build on an older system")
