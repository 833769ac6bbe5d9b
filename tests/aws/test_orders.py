"""The order workflow of examples/order-processing, its functions deployed, on the emulated services."""

import functools
import json

from places import REGION, REPOSITORY
from processes import until

EXAMPLE = REPOSITORY / "examples" / "order-processing"
WAIT = '"Seconds": 86400'


class Shop:
    """What the workflow needs, and what can be seen of its work."""

    def __init__(self, stack):
        self.stack = stack
        for name in ("validate-payment", "refund-payment", "create-invoice"):
            stack.function(name, folder=stack.folders[name])
        stack.dynamodb.create_table(
            TableName="inventory", BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "sku", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "sku", "KeyType": "HASH"}])
        stack.dynamodb.put_item(TableName="inventory", Item={"sku": {"S": "kettle-steel"}, "stock": {"N": "20"}})
        self.mails = {topic: self._topic(topic) for topic in ("order-confirmations", "order-failures")}
        self.sales = self._bus("orders")
        ecs = stack.client("ecs")
        ecs.create_cluster(clusterName="order-processing")
        ecs.register_task_definition(
            family="dispatch-order", requiresCompatibilities=["FARGATE"], networkMode="awsvpc", cpu="256", memory="512",
            containerDefinitions=[{"name": "dispatch-order", "image": "dispatch-order"}])
        text = (EXAMPLE / "workflow.asl.json").read_text()
        assert text.count(WAIT) == 1
        self.workflow = stack.machine(json.loads(text), name="order-processing")
        self.soon = stack.machine(json.loads(text.replace(WAIT, '"Seconds": 2')), name="order-processing-soon")

    def _topic(self, name):
        """Makes a topic; returns a queue that gets what is published."""
        sns, queue = self.stack.client("sns"), self.stack.queue()
        topic = sns.create_topic(Name=name)["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=self.stack.queue_arn(queue), Attributes={"RawMessageDelivery": "true"})
        self.stack.let_in(queue, "sns.amazonaws.com")
        return queue

    def _bus(self, name):
        """Makes an event bus; returns a queue that gets its events."""
        events, queue = self.stack.client("events"), self.stack.queue()
        events.create_event_bus(Name=name)
        events.put_rule(Name="all", EventBusName=name, EventPattern=json.dumps({"source": ["shop.orders"]}))
        events.put_targets(Rule="all", EventBusName=name, Targets=[{"Id": "queue", "Arn": self.stack.queue_arn(queue)}])
        self.stack.let_in(queue, "events.amazonaws.com")
        return queue

    def stock(self):
        item = self.stack.dynamodb.get_item(TableName="inventory", Key={"sku": {"S": "kettle-steel"}}, ConsistentRead=True)
        return int(item["Item"]["stock"]["N"])

    def order(self, name):
        return json.loads((EXAMPLE / "inputs" / f"{name}.json").read_text())


@functools.cache
def shop(stack):
    return Shop(stack)


def states(history):
    return [event["stateEnteredEventDetails"]["name"] for event in history if event["type"].endswith("StateEntered")]


def test_a_good_order_is_paid_reserved_confirmed_and_dispatched_each_once(stack):
    here = shop(stack)
    before = here.stock()
    ended = stack.run(here.soon, here.order("good"), seconds=60)
    assert ended["status"] == "SUCCEEDED", ended
    output = json.loads(ended["output"])
    assert output["orderId"] == "order-1001" and output["invoice"]["invoiceId"], output
    assert output["dispatchTaskArn"].startswith(f"arn:aws:ecs:{REGION}:"), output
    assert here.stock() == before - 2
    confirmation = stack.text(here.mails["order-confirmations"])
    assert "order of 2 x kettle-steel" in confirmation, confirmation
    assert stack.message(here.sales)["detail"]["orderId"] == "order-1001"
    assert stack.messages(here.mails["order-confirmations"]) == stack.messages(here.sales) == []
    history = stack.history(ended["executionArn"])
    assert sum(event["type"] == "TaskSucceeded" for event in history) == 6, states(history)


def test_a_declined_card_takes_nothing_and_tells_the_shop(stack):
    here = shop(stack)
    before = here.stock()
    ended = stack.run(here.workflow, here.order("declined"))
    assert (ended["status"], ended["error"]) == ("FAILED", "OrderFailed"), ended
    assert "payment declined" in ended["cause"], ended
    assert here.stock() == before
    mail = stack.message(here.mails["order-failures"])
    assert mail["orderId"] == "order-1002" and "payment declined" in mail["reason"], mail
    assert stack.messages(here.mails["order-failures"]) == []


def test_an_order_that_is_out_of_stock_is_refunded(stack):
    here = shop(stack)
    ended = stack.run(here.workflow, here.order("out-of-stock"))
    assert (ended["status"], ended["error"]) == ("FAILED", "OrderFailed"), ended
    assert "out of stock: teapot-cast-iron; refunded as refund-" in ended["cause"], ended
    assert states(stack.history(ended["executionArn"])) == [
        "ReadOrder", "ValidatePayment", "ReserveInventory", "RefundPayment", "NotifyFailure", "OrderFailed"]
    assert stack.message(here.mails["order-failures"])["orderId"] == "order-1003"
    assert stack.messages(here.mails["order-failures"]) == []


def test_an_order_waits_for_a_day_by_a_schedule_until_it_is_withdrawn(stack):
    here = shop(stack)
    execution = stack.start(here.workflow, here.order("good"))
    entered = stack.reached(execution, "WaitStateEntered")["timestamp"]
    for _ in until(10, "a schedule for tomorrow"):
        early = [(entered - fires).total_seconds() + 86400 for fires in stack.schedules()]
        if any(60 <= seconds <= 14 * 60 + 1 for seconds in early):
            break
    stopped = stack.states.stop_execution(executionArn=execution, error="Withdrawn", cause="by the customer")
    described = stack.states.describe_execution(executionArn=execution)
    assert (described["status"], described["error"]) == ("ABORTED", "Withdrawn"), described
    assert described["stopDate"] == stopped["stopDate"]
    assert stack.history(execution)[-1]["type"] == "ExecutionAborted"
