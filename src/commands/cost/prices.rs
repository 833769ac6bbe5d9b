//! What AWS charges: one table of list prices, without free tiers and discounts.

/// The Region that the prices are of.
pub(crate) const REGION: &str = "us-east-1";
/// When they were looked up.
pub(crate) const DATED: &str = "2026-06";

/// A price.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Price {
    /// What is paid for.
    pub(crate) of: &'static str,
    /// Dollars for one unit.
    pub(crate) dollars: f64,
    /// How AWS writes it.
    pub(crate) written: &'static str,
    /// The page that says so.
    pub(crate) page: &'static str,
}

const DYNAMODB: &str = "https://aws.amazon.com/dynamodb/pricing/on-demand/";
const SQS: &str = "https://aws.amazon.com/sqs/pricing/";
const EVENTBRIDGE: &str = "https://aws.amazon.com/eventbridge/pricing/";
const LAMBDA: &str = "https://aws.amazon.com/lambda/pricing/";
const STEP_FUNCTIONS: &str = "https://aws.amazon.com/step-functions/pricing/";
const S3: &str = "https://aws.amazon.com/s3/pricing/";

macro_rules! prices {
    ($($name:ident: $of:literal, $dollars:expr, $written:literal, $page:expr;)*) => {
        $(pub(crate) const $name: Price = Price { of: $of, dollars: $dollars, written: $written, page: $page };)*

        /// All of them.
        pub(crate) const ALL: &[Price] = &[$($name),*];
    };
}

const MILLION: f64 = 1e6;

prices! {
    TABLE_WRITE: "DynamoDB write request unit", 0.625 / MILLION, "$0.625 per million", DYNAMODB;
    TABLE_READ: "DynamoDB read request unit", 0.125 / MILLION, "$0.125 per million", DYNAMODB;
    TABLE_GB_MONTH: "DynamoDB storage", 0.25, "$0.25 per GB-month", DYNAMODB;
    BACKUP_GB_MONTH: "DynamoDB point-in-time recovery", 0.20, "$0.20 per GB-month", DYNAMODB;
    QUEUE_FIFO: "SQS request, FIFO", 0.50 / MILLION, "$0.50 per million", SQS;
    QUEUE_STANDARD: "SQS request, standard", 0.40 / MILLION, "$0.40 per million", SQS;
    EVENT: "EventBridge custom event", 1.0 / MILLION, "$1.00 per million", EVENTBRIDGE;
    SCHEDULE: "EventBridge Scheduler invocation", 1.0 / MILLION, "$1.00 per million", EVENTBRIDGE;
    FUNCTION_REQUEST: "Lambda request", 0.20 / MILLION, "$0.20 per million", LAMBDA;
    FUNCTION_GB_SECOND: "Lambda GB-second, arm64", 0.000_013_333_4, "$0.0000133334", LAMBDA;
    HTTP_REQUEST: "API Gateway HTTP API request", 1.0 / MILLION, "$1.00 per million", "https://aws.amazon.com/api-gateway/pricing/";
    LOG_GB: "CloudWatch Logs ingestion", 0.50, "$0.50 per GB", "https://aws.amazon.com/cloudwatch/pricing/";
    BUCKET_PUT: "S3 PUT", 5.0 / MILLION, "$0.005 per thousand", S3;
    BUCKET_GET: "S3 GET", 0.4 / MILLION, "$0.0004 per thousand", S3;
    STANDARD_TRANSITION: "Step Functions Standard state transition", 25.0 / MILLION, "$0.025 per thousand", STEP_FUNCTIONS;
    EXPRESS_REQUEST: "Step Functions Express request", 1.0 / MILLION, "$1.00 per million", STEP_FUNCTIONS;
    EXPRESS_GB_SECOND: "Step Functions Express GB-second", 0.000_016_67, "$0.00001667", STEP_FUNCTIONS;
}
