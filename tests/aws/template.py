"""The copy of template.yaml that is deployed: all that differs from the original, and why."""

import re

from places import REPOSITORY, WORK
from processes import Failed

# What is replaced by what, why, and how often it must be there; that it is there shows that the copy has not drifted.
CHANGES = [
    (
        # `sam build` would compile every function once more, in folders of its own.
        r"^(\s+CodeUri: )functions/(\w+)$",
        lambda match, folders: f"{match[1]}{folders[match[2]]}",
        lambda found, folders: sorted(match[2] for match in found) == sorted(folders),
        "each function's code comes from its folder in functions/",
    ),
    (
        # The emulator is reached without TLS, and enforces the bucket's policy.
        r'"aws:SecureTransport": "false"',
        lambda *_: '"aws:SecureTransport": "true"',
        lambda found, _: len(found) == 1,
        "one bucket refuses connections without TLS",
    ),
]


def original():
    return REPOSITORY / "template.yaml"


def copy(folders):
    """Writes the copy, with code from these folders; returns its path."""
    text = original().read_text()
    for pattern, change, holds, meaning in CHANGES:
        found = list(re.finditer(pattern, text, re.MULTILINE))
        if not holds(found, folders):
            raise Failed(f"template.yaml has changed, so that tests/aws/template.py must too: {meaning}")
        text = re.sub(pattern, lambda match: change(match, folders), text, flags=re.MULTILINE)
    path = WORK / "template.yaml"
    path.write_text(text)
    return path
