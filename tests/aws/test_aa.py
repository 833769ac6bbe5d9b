import time, json
from test_orders import shop
from concurrent.futures import ThreadPoolExecutor
def test_debug(stack):
    here = shop(stack)
    stack.dynamodb.put_item(TableName="inventory", Item={"sku": {"S": "kettle-steel"}, "stock": {"N": "2000"}})
    def one(i):
        e = stack.run(here.soon, here.order("good"), seconds=150)
        took = (e["stopDate"]-e["startDate"]).total_seconds()
        if took > 6:
            h = stack.history(e["executionArn"])
            gaps = sorted(((b["timestamp"]-a["timestamp"]).total_seconds(), a["type"], b["type"], b["id"]) for a,b in zip(h,h[1:]))[-4:]
            print(i, e["status"], took, gaps)
            for ev in h: print("   ", ev["id"], ev["timestamp"].time(), ev["type"], (ev.get("stateEnteredEventDetails") or {}).get("name"))
        return took
    print([round(one(i),1) for i in range(40)])
    with ThreadPoolExecutor(8) as p: print(sorted(p.map(one, range(24))))
    logs = stack.client("logs"); import re
    for ev in logs.filter_log_events(logGroupName=stack.resources["TransitionLogs"], filterPattern="REPORT", limit=5000)["events"]:
        d = float(re.search(r"\sDuration: ([\d.]+) ms", ev["message"])[1])
        if d > 3000: print(time.strftime("%H:%M:%S", time.gmtime(ev["timestamp"]/1000)), ev["message"][:200])
