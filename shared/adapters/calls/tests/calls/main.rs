//! Calls against a server on this machine: what goes out, and what answers become.

#![expect(clippy::unwrap_used, reason = "a failed step fails the test")]

mod catalogue;
mod requests;
mod server;

use calls::{AccessKey, Answer, CallError, Caller, Settings};
use serde_json::{Value, json};
use server::Server;
use std::collections::BTreeMap;
use std::time::Duration;

/// Settings that read nothing from where the test runs.
fn settings(url: &str) -> Settings {
    Settings {
        endpoint_url: Some(url.to_owned()),
        region: Some("eu-west-1".to_owned()),
        variables: Some(BTreeMap::new()),
        access_key: Some(AccessKey {
            id: "AKIDEXAMPLE".to_owned(),
            secret: "secret".to_owned(),
            session_token: Some("session".to_owned()),
        }),
        ..Settings::default()
    }
}

async fn call(server: &Server, service: &str, operation: &str, members: Value) -> Result<Answer, CallError> {
    Caller::from_env(settings(&server.url))
        .await
        .call(service, operation, &members)
        .await
}

#[tokio::test]
async fn json_services_get_a_target_a_body_and_a_signature() {
    let server = Server::answering(
        200,
        &[("x-amzn-requestid", "r-1")],
        r#"{"MessageId":"m-1","Unheard":[1]}"#,
    )
    .await;
    let members = json!({ "QueueUrl": "http://queue/1", "messageBody": "{\"a\":1}", "DelaySeconds": 5, "MessageGroupId": null });
    let answer = call(&server, "sqs", "SendMessage", members).await.unwrap();
    assert_eq!(answer.members, json!({ "MessageId": "m-1" }));
    assert_eq!(answer.status, 200);
    assert!(
        answer
            .headers
            .contains(&("x-amzn-requestid".to_owned(), "r-1".to_owned()))
    );

    let request = server.request();
    assert_eq!(request.line, "POST / HTTP/1.1");
    assert_eq!(request.header("x-amz-target"), "AmazonSQS.SendMessage");
    assert_eq!(request.header("content-type"), "application/x-amz-json-1.0");
    assert_eq!(request.header("x-amzn-query-mode"), "true");
    assert_eq!(request.header("x-amz-security-token"), "session");
    assert_eq!(request.header("host"), server.url.trim_start_matches("http://"));
    let authorization = request.header("authorization");
    assert!(
        authorization.starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"),
        "{authorization}"
    );
    assert!(
        authorization.contains("/eu-west-1/sqs/aws4_request"),
        "{authorization}"
    );
    let signed = "SignedHeaders=content-length;content-type;host;x-amz-date;x-amz-security-token";
    assert!(authorization.contains(signed), "{authorization}");
    assert!(authorization.contains("Signature="), "{authorization}");
    assert_eq!(
        serde_json::from_str::<Value>(&request.body).unwrap(),
        json!({ "QueueUrl": "http://queue/1", "MessageBody": "{\"a\":1}", "DelaySeconds": 5 })
    );
}

#[tokio::test]
async fn dynamodb_attribute_values_nest() {
    let body = r#"{"Item":{"id":{"S":"1"},"list":{"L":[{"N":"1"},{"M":{"b":{"B":"AP8="}}}]}}}"#;
    let server = Server::answering(200, &[], body).await;
    let members = json!({ "TableName": "t", "Key": { "id": { "S": "1" } }, "ConsistentRead": true });
    let answer = call(&server, "dynamodb", "getItem", members.clone())
        .await
        .unwrap();
    assert_eq!(
        answer.members,
        json!({ "Item": { "id": { "S": "1" }, "list": { "L": [{ "N": "1" }, { "M": { "b": { "B": "AP8=" } } }] } } })
    );
    let request = server.request();
    assert_eq!(request.header("x-amz-target"), "DynamoDB_20120810.GetItem");
    assert_eq!(serde_json::from_str::<Value>(&request.body).unwrap(), members);
}

#[tokio::test]
async fn members_begin_with_a_capital_letter_whatever_the_model_does() {
    let body = r#"{"tasks":[{"taskArn":"arn:t","createdAt":1700000000.5,"startedAt":1795969630.405}],"failures":[]}"#;
    let server = Server::answering(200, &[], body).await;
    let members = json!({ "TaskDefinition": "td", "Overrides": { "ContainerOverrides": [{ "Name": "c" }] } });
    let answer = call(&server, "ecs", "runTask", members).await.unwrap();
    assert_eq!(
        answer.members,
        json!({ "Tasks": [{ "TaskArn": "arn:t", "CreatedAt": "2023-11-14T22:13:20.500Z", "StartedAt": "2026-11-29T16:27:10.405Z" }], "Failures": [] })
    );
    let sent: Value = serde_json::from_str(&server.request().body).unwrap();
    assert_eq!(
        sent["overrides"],
        json!({ "containerOverrides": [{ "name": "c" }] })
    );
    let token = sent["clientToken"].as_str().unwrap();
    assert_eq!(
        (token.len(), token.as_bytes()[14]),
        (36, b'4'),
        "a random UUID: {token}"
    );
}

#[tokio::test]
async fn query_services_get_a_form() {
    let body = "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishResult>\
                <MessageId>m-2</MessageId></PublishResult><ResponseMetadata><RequestId>r-2</RequestId>\
                </ResponseMetadata></PublishResponse>";
    let server = Server::answering(200, &[("content-type", "text/xml")], body).await;
    let members = json!({
        "TopicArn": "arn:aws:sns:eu-west-1:1:t",
        "Message": "a b&c",
        "MessageAttributes": { "kind": { "DataType": "String", "StringValue": "x" } },
    });
    let answer = call(&server, "sns", "publish", members).await.unwrap();
    assert_eq!(answer.members, json!({ "MessageId": "m-2" }));
    let request = server.request();
    assert_eq!(
        request.header("content-type"),
        "application/x-www-form-urlencoded"
    );
    assert_eq!(
        request.body,
        "Action=Publish&Version=2010-03-31&TopicArn=arn%3Aaws%3Asns%3Aeu-west-1%3A1%3At&Message=a%20b%26c\
         &MessageAttributes.entry.1.Name=kind&MessageAttributes.entry.1.Value.DataType=String\
         &MessageAttributes.entry.1.Value.StringValue=x"
    );
    assert!(
        request
            .header("authorization")
            .contains("/eu-west-1/sns/aws4_request")
    );
}

#[tokio::test]
async fn lambda_gets_its_payload_as_the_body_and_its_function_in_the_path() {
    let headers = [
        ("x-amz-function-error", "Unhandled"),
        ("x-amz-executed-version", "$LATEST"),
    ];
    let server = Server::answering(200, &headers, r#"{"errorType":"Oops"}"#).await;
    let members = json!({
        "FunctionName": "arn:aws:lambda:eu-west-1:1:function:f",
        "Payload": "{\"n\":1}",
        "InvocationType": "RequestResponse",
        "Qualifier": "live",
    });
    let answer = call(&server, "lambda", "invoke", members).await.unwrap();
    assert_eq!(
        answer.members,
        json!({
            "StatusCode": 200,
            "FunctionError": "Unhandled",
            "Payload": "{\"errorType\":\"Oops\"}",
            "ExecutedVersion": "$LATEST",
        })
    );
    let request = server.request();
    assert_eq!(
        request.line,
        "POST /2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu-west-1%3A1%3Afunction%3Af/invocations?Qualifier=live HTTP/1.1"
    );
    assert_eq!(request.header("x-amz-invocation-type"), "RequestResponse");
    assert_eq!(request.body, "{\"n\":1}");
}

#[tokio::test]
async fn json_errors_have_a_code_a_message_and_a_request_id() {
    let body =
        r#"{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"no"}"#;
    let server = Server::answering(400, &[("x-amzn-requestid", "r-3")], body).await;
    let error = call(
        &server,
        "dynamodb",
        "PutItem",
        json!({ "TableName": "t", "Item": {} }),
    )
    .await
    .unwrap_err();
    assert_eq!(
        error,
        CallError::Service {
            code: "ConditionalCheckFailedException".to_owned(),
            message: "no".to_owned(),
            status: 400,
            request_id: "r-3".to_owned(),
            modelled: true,
        }
    );
    assert_eq!(server.count(), 1, "an answer is never asked for twice");
}

#[tokio::test]
async fn an_old_name_in_a_header_does_not_hide_the_code() {
    let headers = [(
        "x-amzn-query-error",
        "AWS.SimpleQueueService.NonExistentQueue;Sender",
    )];
    let body = r#"{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"The queue does not exist."}"#;
    let server = Server::answering(400, &headers, body).await;
    let members = json!({ "QueueUrl": "u", "MessageBody": "b" });
    let error = call(&server, "sqs", "SendMessage", members).await.unwrap_err();
    let CallError::Service { code, modelled, .. } = error else {
        panic!("{error:?}")
    };
    assert_eq!((code.as_str(), modelled), ("QueueDoesNotExist", true));
}

#[tokio::test]
async fn query_answers_have_lists_maps_and_moments() {
    let body = "<ListTopicsResponse><ListTopicsResult><Topics><member><TopicArn>t1</TopicArn></member><member>\
                <TopicArn>t2</TopicArn></member></Topics></ListTopicsResult></ListTopicsResponse>";
    let server = Server::answering(200, &[], body).await;
    let answer = call(&server, "sns", "ListTopics", json!({})).await.unwrap();
    assert_eq!(
        answer.members,
        json!({ "Topics": [{ "TopicArn": "t1" }, { "TopicArn": "t2" }] })
    );

    let body = "<GetTopicAttributesResponse><GetTopicAttributesResult><Attributes><entry><key>Owner</key>\
                <value>1</value></entry></Attributes></GetTopicAttributesResult></GetTopicAttributesResponse>";
    let server = Server::answering(200, &[], body).await;
    let answer = call(&server, "sns", "GetTopicAttributes", json!({ "TopicArn": "t" }))
        .await
        .unwrap();
    assert_eq!(answer.members, json!({ "Attributes": { "Owner": "1" } }));
}

#[tokio::test]
async fn a_role_is_assumed_once_and_signs() {
    let body = "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ROLEKEY</AccessKeyId>\
                <SecretAccessKey>s</SecretAccessKey><SessionToken>role token</SessionToken>\
                <Expiration>2999-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>";
    let sts = Server::answering(200, &[], body).await;
    let sqs = Server::answering(200, &[], "{}").await;
    let settings = Settings {
        endpoints: BTreeMap::from([
            ("sts".to_owned(), sts.url.clone()),
            ("sqs".to_owned(), sqs.url.clone()),
        ]),
        ..settings("http://127.0.0.1:1")
    };
    let caller = Caller::from_env(settings).await;
    let role = "arn:aws:iam::222222222222:role/other";
    caller
        .call_as(&[role], "sqs", "ListQueues", &json!({}))
        .await
        .unwrap();
    let request = sqs.request();
    assert!(request.header("authorization").contains("Credential=ROLEKEY/"));
    assert_eq!(request.header("x-amz-security-token"), "role token");
    caller
        .call_as(&[role], "sqs", "ListQueues", &json!({}))
        .await
        .unwrap();
    assert_eq!((sts.count(), sqs.count()), (1, 2));
    caller
        .call_as(
            &[role, "arn:aws:iam::3:role/third"],
            "sqs",
            "ListQueues",
            &json!({}),
        )
        .await
        .unwrap();
    assert_eq!((sts.count(), sqs.count()), (2, 3));
    let request = sts.last_request();
    assert!(
        request.header("authorization").contains("Credential=ROLEKEY/"),
        "the second role is assumed with the rights of the first"
    );
}

#[tokio::test]
async fn a_role_that_may_not_be_assumed_is_an_error_of_sts() {
    let body = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>";
    let server = Server::answering(403, &[], body).await;
    let caller = Caller::from_env(settings(&server.url)).await;
    let error = caller
        .call_as(&["arn:aws:iam::2:role/r"], "sqs", "ListQueues", &json!({}))
        .await
        .unwrap_err();
    assert!(
        matches!(&error, CallError::Service { code, status: 403, .. } if code == "AccessDenied"),
        "{error:?}"
    );
    assert_eq!(server.count(), 1);
}

#[tokio::test]
async fn query_errors_get_the_names_of_the_model() {
    let body = "<ErrorResponse><Error><Type>Sender</Type><Code>NotFound</Code><Message>Topic does not exist</Message>\
                </Error><RequestId>r-4</RequestId></ErrorResponse>";
    let server = Server::answering(404, &[("x-amzn-requestid", "r-4")], body).await;
    let error = call(&server, "sns", "Publish", json!({ "Message": "m" }))
        .await
        .unwrap_err();
    assert_eq!(
        error,
        CallError::Service {
            code: "NotFoundException".to_owned(),
            message: "Topic does not exist".to_owned(),
            status: 404,
            request_id: "r-4".to_owned(),
            modelled: true,
        }
    );
}

#[tokio::test]
async fn rest_errors_are_named_by_a_header() {
    let headers = [
        ("x-amzn-errortype", "ResourceNotFoundException:http://x"),
        ("x-amzn-requestid", "r-5"),
    ];
    let server = Server::answering(
        404,
        &headers,
        r#"{"Type":"User","Message":"Function not found: f"}"#,
    )
    .await;
    let error = call(&server, "lambda", "Invoke", json!({ "FunctionName": "f" }))
        .await
        .unwrap_err();
    assert_eq!(
        error,
        CallError::Service {
            code: "ResourceNotFoundException".to_owned(),
            message: "Function not found: f".to_owned(),
            status: 404,
            request_id: "r-5".to_owned(),
            modelled: true,
        }
    );
}

#[tokio::test]
async fn an_error_that_is_no_aws_error_keeps_its_status() {
    let server = Server::answering(502, &[], "<html>bad gateway</html>").await;
    let error = call(&server, "sqs", "ListQueues", json!({})).await.unwrap_err();
    let CallError::Service {
        code,
        status,
        modelled,
        ..
    } = error
    else {
        panic!("{error:?}")
    };
    assert_eq!((code.as_str(), status, modelled), ("Status502", 502, false));
}

#[tokio::test]
async fn an_unreadable_answer_leaves_the_outcome_unknown() {
    let server = Server::answering(200, &[], "<html>welcome</html>").await;
    let error = call(&server, "sqs", "ListQueues", json!({})).await.unwrap_err();
    let CallError::Unknown(message) = error else {
        panic!("{error:?}")
    };
    assert!(
        message.starts_with("the answer of `sqs:ListQueues` is unreadable: "),
        "{message}"
    );
}

#[tokio::test]
async fn what_the_model_does_not_know_is_refused_by_name() {
    let server = Server::answering(200, &[], "{}").await;
    let refused = |members: Value| {
        let server = &server;
        async move {
            call(server, "sqs", "SendMessage", members)
                .await
                .unwrap_err()
                .to_string()
        }
    };
    let message = refused(json!({ "QueueUrl": "u", "MessageBody": "b", "Bodi": 1 })).await;
    assert!(
        message.starts_with("`SendMessage` has no member `Bodi`, only `QueueUrl`, `MessageBody`"),
        "{message}"
    );
    let message = refused(json!({ "QueueUrl": "u" })).await;
    assert_eq!(message, "`SendMessage` needs the member `MessageBody`");
    let message = refused(json!({ "QueueUrl": "u", "MessageBody": { "a": 1 } })).await;
    assert!(
        message.contains("the value of member `MessageBody` must be a string, got {\"a\":1}"),
        "{message}"
    );
    let message =
        refused(json!({ "QueueUrl": "u", "MessageBody": "b", "MessageAttributes": { "k": { "Foo": 1 } } }))
            .await;
    assert!(message.contains("has no member `Foo`"), "{message}");

    let error = call(&server, "sqs", "SendPigeon", json!({})).await.unwrap_err();
    assert!(matches!(error, CallError::Refused(_)), "{error:?}");
    assert_eq!(error.to_string(), "`sqs` has no operation `SendPigeon`");
    let error = call(&server, "sqs", "sendMesage", json!({})).await.unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("`sqs` has no operation `sendMesage`; the nearest are `SendMessage`"),
        "{error}"
    );
    let error = call(&server, "pigeons", "Send", json!({})).await.unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("the service `pigeons` is not in the catalogue"),
        "{error}"
    );
    let error = call(&server, "dynamodbs", "Send", json!({})).await.unwrap_err();
    assert!(error.to_string().contains("`dynamodb`"), "{error}");
    assert_eq!(server.count(), 0);
}

#[tokio::test]
async fn without_credentials_or_endpoint_nothing_is_tried() {
    let settings = Settings {
        region: Some("eu-west-1".to_owned()),
        variables: Some(BTreeMap::new()),
        ..Settings::default()
    };
    let caller = Caller::from_env(settings).await;
    assert!(!caller.reaches("sqs"));
    let error = caller.call("sqs", "ListQueues", &json!({})).await.unwrap_err();
    let CallError::Refused(message) = error else {
        panic!("{error:?}")
    };
    assert!(message.contains("`AWS_ENDPOINT_URL_SQS`"), "{message}");
}

#[tokio::test]
async fn an_endpoint_alone_is_enough() {
    let server = Server::answering(200, &[], r#"{"QueueUrls":["q"]}"#).await;
    let variables = BTreeMap::from([("AWS_ENDPOINT_URL_SQS".to_owned(), server.url.clone())]);
    let caller = Caller::from_env(Settings {
        variables: Some(variables),
        ..Settings::default()
    })
    .await;
    assert!(caller.reaches("sqs"));
    assert!(!caller.reaches("sns"));
    let answer = caller.call("sqs", "ListQueues", &json!({})).await.unwrap();
    assert_eq!(answer.members, json!({ "QueueUrls": ["q"] }));
    assert!(
        server
            .request()
            .header("authorization")
            .contains("Credential=test/")
    );
}

#[tokio::test]
async fn a_service_that_is_not_there_was_certainly_not_sent_to() {
    // A port that was free a moment ago.
    let url = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let caller = Caller::from_env(settings(&url)).await;
    let error = caller.call("sqs", "ListQueues", &json!({})).await.unwrap_err();
    assert!(matches!(error, CallError::NotSent(_)), "{error:?}");
}

#[tokio::test]
async fn a_connection_lost_after_the_request_leaves_the_outcome_unknown() {
    let server = Server::answering(0, &[], "").await;
    let error = call(&server, "sqs", "ListQueues", json!({})).await.unwrap_err();
    assert!(matches!(error, CallError::Unknown(_)), "{error:?}");
    assert_eq!(server.count(), 1, "it is not sent again");
}

#[tokio::test]
async fn an_answer_that_does_not_come_leaves_the_outcome_unknown() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let caller = Caller::from_env(Settings {
        answer_timeout: Some(Duration::from_millis(200)),
        ..settings(&url)
    })
    .await;
    let error = caller.call("sqs", "ListQueues", &json!({})).await.unwrap_err();
    assert!(matches!(error, CallError::Unknown(_)), "{error:?}");
}

#[tokio::test]
async fn secrets_are_not_shown() {
    let mut settings = settings("http://127.0.0.1:1");
    settings.variables = Some(BTreeMap::from([(
        "AWS_SECRET_ACCESS_KEY".to_owned(),
        "hush".to_owned(),
    )]));
    settings.access_key = settings.access_key.map(|key| AccessKey {
        secret: "hush".to_owned(),
        ..key
    });
    let caller = Caller::from_env(settings).await;
    assert!(!format!("{caller:?}").contains("hush"));
}

#[tokio::test]
async fn buckets_stay_in_the_path_of_an_endpoint_that_is_set() {
    let server = Server::answering(200, &[("etag", "\"e\"")], "").await;
    let members = json!({ "Bucket": "my-bucket", "Key": "a b/c", "Body": "text" });
    let answer = call(&server, "s3", "putObject", members).await.unwrap();
    assert_eq!(answer.members, json!({ "ETag": "\"e\"" }));
    let request = server.request();
    assert_eq!(request.line, "PUT /my-bucket/a%20b/c HTTP/1.1");
    assert_eq!(request.body, "text");
    assert_eq!(request.header("x-amz-checksum-crc32"), "O4unxw==");
    assert_eq!(request.header("x-amz-content-sha256").len(), 64);
    assert!(
        request
            .header("authorization")
            .contains("/eu-west-1/s3/aws4_request")
    );
}
