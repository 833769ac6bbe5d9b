"""Documents that are too large for their entry in the table."""

import json
import random

BYTES = 100_000


def test_a_large_document_comes_back_whole(stack):
    # The same on every run, and no compression makes it small.
    text = random.Random(1).randbytes(BYTES // 2).hex()
    machine = stack.machine({"Wait": {"Type": "Wait", "Seconds": 1, "Next": "Keep"}, "Keep": {
        "Type": "Pass", "Parameters": {"kept.$": "$.text"}, "End": True}})
    ended = stack.run(machine, {"text": text})
    assert ended["status"] == "SUCCEEDED", ended
    assert json.loads(ended["input"]) == {"text": text}
    assert json.loads(ended["output"]) == {"kept": text}
    objects = stack.client("s3").list_objects_v2(Bucket=stack.outputs["Bucket"])
    assert objects["KeyCount"] > 0, "the documents are in the bucket"
