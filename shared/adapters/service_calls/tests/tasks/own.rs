//! `aws-sdk:sfn` tasks, which the API of the same process answers.

use super::{call, caller, sending};
use async_trait::async_trait;
use calls::Settings;
use integrations::Failure;
use integrations::web::PlainHttp;
use ports::{CallOutcome, OwnAnswer, OwnApi, Owner};
use serde_json::{Value, json};
use service_calls::{Sending, Web};
use std::sync::Mutex;

/// Stands in for the API: gives one answer, and keeps what it was asked.
#[derive(Debug)]
struct Standing {
    status: u16,
    answer: Value,
    asked: Mutex<Vec<(String, Option<String>, Value)>>,
}

impl Standing {
    fn answering(status: u16, answer: Value) -> Standing {
        Standing {
            status,
            answer,
            asked: Mutex::default(),
        }
    }
}

#[async_trait]
impl OwnApi for Standing {
    async fn answer(&self, owner: Owner, target: Option<String>, body: Vec<u8>) -> OwnAnswer {
        let owner = format!("{}/{}", owner.region, owner.account);
        let body = serde_json::from_slice(&body).unwrap();
        self.asked.lock().unwrap().push((owner, target, body));
        OwnAnswer {
            status: self.status,
            request_id: "id-1".to_owned(),
            body: self.answer.to_string().into_bytes(),
        }
    }
}

/// Makes a call of the API, with the rights of these roles.
async fn ask(api: &Standing, roles: &[&str], resource: &str, parameters: Value) -> CallOutcome {
    // Nothing listens there: whatever leaves the process fails.
    let caller = caller("http://127.0.0.1:1", Settings::default()).await;
    let web = Web::new(PlainHttp::ToThisMachine);
    let call = call(resource, &parameters);
    let plan = service_calls::plan(&call, &web).unwrap();
    let sending = Sending {
        roles,
        own_api: Some(api),
        ..sending(&caller, &web)
    };
    sending.send(&call, &plan).await.0
}

#[tokio::test]
async fn a_task_asks_for_the_account_of_its_rights_and_sees_names_as_the_sdk_gives_them() {
    let api = Standing::answering(
        200,
        json!({ "executions": [{ "executionArn": "a", "startDate": 1.5 }] }),
    );
    let members = json!({ "StateMachineArn": "m", "MaxResults": 5 });
    let resource = "arn:aws:states:::aws-sdk:sfn:listExecutions";
    let outcome = ask(&api, &[], resource, members.clone()).await;
    let result = json!({ "Executions": [{ "ExecutionArn": "a", "StartDate": "1970-01-01T00:00:01.500Z" }] });
    let CallOutcome::Succeeded(text) = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), result);
    let _ = ask(&api, &["arn:aws:iam::210987654321:role/other"], resource, members).await;
    let target = Some("AWSStepFunctions.ListExecutions".to_owned());
    let body = json!({ "stateMachineArn": "m", "maxResults": 5 });
    assert_eq!(
        *api.asked.lock().unwrap(),
        [
            ("eu-west-1/123456789012".to_owned(), target.clone(), body.clone()),
            ("eu-west-1/210987654321".to_owned(), target, body)
        ]
    );
}

#[tokio::test]
async fn an_exception_is_the_error_that_step_functions_shows() {
    let answer =
        json!({ "__type": "com.amazonaws.swf.service.v2.model#TaskTimedOut", "message": "too late" });
    let api = Standing::answering(400, answer);
    let resource = "arn:aws:states:::aws-sdk:sfn:sendTaskSuccess";
    let outcome = ask(&api, &[], resource, json!({ "TaskToken": "t", "Output": "1" })).await;
    let cause = "too late (Service: Sfn, Status Code: 400, Request ID: id-1) (SDK Attempt Count: 1)";
    let failure = Failure {
        error: "Sfn.TaskTimedOutException".to_owned(),
        cause: Some(cause.to_owned()),
    };
    assert_eq!(outcome, CallOutcome::Failed(failure));
}

#[tokio::test]
async fn other_services_are_not_asked_there() {
    let api = Standing::answering(200, json!({}));
    let outcome = ask(&api, &[], "arn:aws:states:::aws-sdk:sqs:listQueues", json!({})).await;
    assert!(matches!(outcome, CallOutcome::Failed(_)), "{outcome:?}");
    assert!(api.asked.lock().unwrap().is_empty());
}
