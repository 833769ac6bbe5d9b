//! Tasks answered in this process, with results as AWS's are shaped and as long.

use crate::workloads::document;
use async_trait::async_trait;
use ports::{CallOutcome, CallRequest, Services};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};

/// Answers every call.
#[derive(Debug, Default)]
pub(crate) struct Tasks(AtomicU64);

#[async_trait]
impl Services for Tasks {
    async fn call(&self, request: CallRequest) -> CallOutcome {
        let number = self.0.fetch_add(1, Ordering::Relaxed);
        let result = match request.call.resource.text() {
            "arn:aws:states:::lambda:invoke" => function(number),
            "arn:aws:states:::sqs:sendMessage" => message(number),
            other => panic!("no workload calls `{other}`"),
        };
        CallOutcome::Succeeded(result.to_string())
    }
}

fn function(number: u64) -> Value {
    let payload = document(number);
    let request_id = unique(number);
    let length = payload.to_string().len().to_string();
    let trace = format!(
        "root=1-6554bd00-{};parent={};sampled=0",
        &request_id[..24].replace('-', "0"),
        &request_id[..16]
    );
    json!({
        "ExecutedVersion": "$LATEST",
        "Payload": payload,
        "SdkHttpMetadata": metadata(&[
            ("X-Amz-Executed-Version", "$LATEST"),
            ("x-amzn-Remapped-Content-Length", "0"),
            ("Connection", "keep-alive"),
            ("x-amzn-RequestId", &request_id),
            ("Content-Length", &length),
            ("Date", "Tue, 14 Nov 2023 22:13:20 GMT"),
            ("X-Amzn-Trace-Id", &trace),
            ("Content-Type", "application/json"),
        ]),
        "SdkResponseMetadata": { "RequestId": request_id },
        "StatusCode": 200,
    })
}

fn message(number: u64) -> Value {
    let request_id = unique(number);
    json!({
        "MD5OfMessageBody": unique(number + 1_000_000).replace('-', ""),
        "MessageId": unique(number + 2_000_000),
        "SdkHttpMetadata": metadata(&[
            ("connection", "keep-alive"),
            ("x-amzn-RequestId", &request_id),
            ("Content-Length", "106"),
            ("Date", "Tue, 14 Nov 2023 22:13:20 GMT"),
            ("Content-Type", "application/x-amz-json-1.0"),
        ]),
        "SdkResponseMetadata": { "RequestId": request_id },
    })
}

fn metadata(headers: &[(&str, &str)]) -> Value {
    let all: serde_json::Map<String, Value> = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), json!([value])))
        .collect();
    let first: serde_json::Map<String, Value> = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), json!(value)))
        .collect();
    json!({ "AllHttpHeaders": all, "HttpHeaders": first, "HttpStatusCode": 200 })
}

/// Returns what looks like a UUID: the same for the same number, and nothing that compresses.
pub(crate) fn unique(number: u64) -> String {
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x2545_f491_4f6c_dd1d;
    let mut digits = String::new();
    for _ in 0..4 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        digits.push_str(&format!("{:08x}", (state >> 32) & 0xffff_ffff));
    }
    format!(
        "{}-{}-{}-{}-{}",
        &digits[..8],
        &digits[8..12],
        &digits[12..16],
        &digits[16..20],
        &digits[20..]
    )
}
