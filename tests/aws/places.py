"""Where things are, and as whom they are asked for."""

import os
import pathlib

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
RIG = REPOSITORY / "target" / "aws-rig"
# Of the last run: logs, the template's copy, the functions' folders.
WORK = RIG / "work"

# The account of the ARNs in examples/order-processing.
ACCOUNT = "123456789012"
REGION = "us-east-1"
STACK = "stepwell"


def environment(endpoint, **more):
    """Returns an environment in which every AWS call goes to the emulator, as the account's root."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SAM_", "STEPWELL_"))}
    return {
        **inherited,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        # No file of the machine's user decides what happens here.
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "SAM_CLI_TELEMETRY": "0",
        **more,
    }
