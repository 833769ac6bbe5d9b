"""The functions as Lambda takes them: built by Cargo, stripped, each in a folder as `bootstrap`."""

import json
import os
import shutil
import subprocess

import processes
from places import REPOSITORY, WORK

# Lambda's own `provided.al2023` has this version of the C library.
GLIBC_MAX = (2, 34)


def programs(build):
    """Returns the path of each program of `functions/` and of the example, by the folder's or the program's name."""
    metadata = json.loads(subprocess.run(
        ["cargo", "metadata", "--no-deps", "--format-version", "1", "--locked"],
        cwd=REPOSITORY, check=True, capture_output=True, stdin=subprocess.DEVNULL).stdout)
    release = os.environ.get("STEPWELL_RELEASE") == "1"
    found = {}
    packages = []
    for package in metadata["packages"]:
        folder = os.path.relpath(os.path.dirname(package["manifest_path"]), REPOSITORY)
        bins = [target["name"] for target in package["targets"] if target["kind"] == ["bin"]]
        if folder.startswith("functions/"):
            found[folder.removeprefix("functions/")] = bins[0]
        elif package["name"] == "order-functions":
            found.update({name: name for name in bins})
        else:
            continue
        packages += ["-p", package["name"]]
    if build:
        profile = ["--release"] if release else []
        # The whole workspace's features, so that what `cargo test --workspace` has compiled is not compiled again.
        processes.run("cargo-build", ["cargo", "build", "--workspace", "--bins", "--locked", *profile], cwd=REPOSITORY)
    target = os.path.join(metadata["target_directory"], "release" if release else "debug")
    return {name: os.path.join(target, program) for name, program in found.items()}


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
    text = program.read_bytes()
    wanted = set()
    at = text.find(b"GLIBC_2.")
    while at >= 0:
        digits = bytearray()
        for byte in text[at + 8:at + 11]:
            if not chr(byte).isdigit():
                break
            digits.append(byte)
        if digits:
            wanted.add((2, int(digits)))
        at = text.find(b"GLIBC_2.", at + 1)
    newest = max(wanted)
    if newest > GLIBC_MAX and os.environ.get("STEPWELL_RELEASE") == "1":
        raise processes.Failed(f"{program} needs glibc {newest}, but Lambda has {GLIBC_MAX}")
