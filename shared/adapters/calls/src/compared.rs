//! Our side of the comparison with botocore, which `tests/calls/compare.py` runs.

use crate::endpoint::{Choice, Target};
use crate::prepare::{Called, Place};
use crate::wire::{self, Naming};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::base64;
use aws_smithy_types::body::SdkBody;
use serde_json::{Map, Value, json};
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};

/// Reads cases from the file that `CALLS_CASES` names, a JSON object a line, and writes to `CALLS_RESULTS` what becomes
/// of each.
#[test]
#[ignore = "tests/calls/compare.py runs it"]
fn cases_are_answered() {
    let file = |variable: &str| std::env::var_os(variable).unwrap();
    let cases = BufReader::new(std::fs::File::open(file("CALLS_CASES")).unwrap());
    let mut results = BufWriter::new(std::fs::File::create(file("CALLS_RESULTS")).unwrap());
    for line in cases.lines() {
        let case: Value = serde_json::from_str(&line.unwrap()).unwrap();
        writeln!(results, "{}", result(&case)).unwrap();
    }
}

fn result(case: &Value) -> Value {
    let text = |name: &str| case[name].as_str().unwrap_or_default();
    let called = match Called::find(text("service"), text("operation")) {
        Ok(called) => called,
        Err(why) => return json!({ "refused": why }),
    };
    let choice = Choice {
        region: text("region").to_owned(),
        fips: case["fips"] == true,
        dual_stack: case["dual_stack"] == true,
    };
    let empty = Map::new();
    let members = case["members"].as_object().unwrap_or(&empty);
    if case["kind"] == "endpoint" {
        return match Target::of_aws(called.service, called.operation, members, &choice) {
            Ok(target) => {
                json!({ "url": target.url, "name": target.scope.name, "region": target.scope.region })
            }
            Err(why) => json!({ "refused": why }),
        };
    }
    let request = match called.request(members, &Place::Aws(&choice)) {
        Ok((request, target)) => {
            let headers: Vec<_> = request.headers().iter().collect();
            json!({
                "method": request.method(),
                "url": request.uri(),
                "headers": headers,
                "body": base64::encode(request.body().bytes().unwrap_or_default()),
                "name": target.scope.name,
                "region": target.scope.region,
            })
        }
        Err(why) => json!({ "refused": why }),
    };
    let response = |name: &str| {
        let sent = &case[name];
        let body = base64::decode(sent["body"].as_str().unwrap()).unwrap();
        let status = u16::try_from(sent["status"].as_u64().unwrap()).unwrap();
        let mut response = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body));
        for (name, value) in sent["headers"].as_object().unwrap() {
            let value = value.as_str().unwrap().to_owned();
            response.headers_mut().insert(name.clone(), value);
        }
        response
    };
    let Called {
        service,
        name,
        operation,
    } = called;
    let answer = match wire::answer(service, name, operation, &response("answer"), Naming::Api) {
        Ok(answer) => answer,
        Err(why) => json!({ "unreadable": why }),
    };
    let error = wire::error(service, name, response("error"));
    let named = error.code.as_deref().map(|code| {
        let known = service.model.errors.get_key_value(code);
        known.map(|(code, name)| name.unwrap_or(code))
    });
    json!({
        "request": request,
        "answer": answer,
        "error": { "code": error.code, "message": error.message, "name": named.flatten() },
    })
}
