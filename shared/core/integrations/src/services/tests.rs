use super::*;
use crate::{
    FunctionArn, HarnessReply, Resource, failure, function_request, function_response, request, response,
};
use serde_json::json;

fn integration(call: &str) -> Integration {
    match Resource::parse(&format!("arn:aws:states:::{call}")).unwrap() {
        Resource::Service(integration) => integration,
        other => panic!("{other:?}"),
    }
}

fn members(call: &str, parameters: Value) -> Value {
    request(&integration(call), parameters, Some("token-1"))
        .unwrap()
        .members
}

fn answer(members: Value) -> ServiceAnswer {
    let headers = vec![
        ("Content-Type".to_owned(), "application/json".to_owned()),
        ("x-amzn-RequestId".to_owned(), "r-1".to_owned()),
    ];
    ServiceAnswer {
        members,
        status: 200,
        headers,
    }
}

fn error(code: &str, modelled: bool) -> ServiceError {
    ServiceError {
        code: code.to_owned(),
        message: "It is not there".to_owned(),
        status: 400,
        request_id: "r-1".to_owned(),
        modelled,
    }
}

#[test]
fn requests_name_the_service_and_the_operation_as_the_sdks_do() {
    let named = |call: &str| {
        let request = request(&integration(call), json!({}), None).unwrap();
        (request.service, request.operation)
    };
    assert_eq!(
        named("sqs:sendMessage.waitForTaskToken"),
        ("sqs".to_owned(), "SendMessage".to_owned())
    );
    assert_eq!(
        named("events:putEvents"),
        ("eventbridge".to_owned(), "PutEvents".to_owned())
    );
    assert_eq!(named("ecs:runTask"), ("ecs".to_owned(), "RunTask".to_owned()));
    assert_eq!(
        named("aws-sdk:sfn:startExecution"),
        ("sfn".to_owned(), "StartExecution".to_owned())
    );
}

#[test]
fn an_express_execution_that_is_waited_for_may_take_its_five_minutes() {
    let most = |call: &str| integration(call).seconds_max();
    assert_eq!(most("aws-sdk:sfn:startSyncExecution"), Some(330));
    assert_eq!(most("aws-sdk:sfn:startExecution"), None);
    assert_eq!(most("sqs:sendMessage"), None);
}

#[test]
fn messages_become_text() {
    let parameters = json!({ "QueueUrl": "u", "MessageBody": { "a": [1, null] } });
    assert_eq!(
        members("sqs:sendMessage", parameters),
        json!({ "QueueUrl": "u", "MessageBody": "{\"a\":[1,null]}" })
    );
    assert_eq!(
        members("sns:publish", json!({ "Message": true })),
        json!({ "Message": "true" })
    );
    assert_eq!(
        members("sns:publish", json!({ "Message": "as it is" })),
        json!({ "Message": "as it is" })
    );
    let entries = json!({ "Entries": [{ "Detail": { "a": 1 }, "Source": "s" }, { "Detail": "{}" }] });
    assert_eq!(
        members("events:putEvents", entries),
        json!({ "Entries": [{ "Detail": "{\"a\":1}", "Source": "s" }, { "Detail": "{}" }] })
    );
    // `aws-sdk` passes on what it is given.
    let sdk = json!({ "QueueUrl": "u", "MessageBody": { "a": 1 } });
    assert_eq!(members("aws-sdk:sqs:sendMessage", sdk.clone()), sdk);
}

#[test]
fn a_payload_is_a_document_of_its_own() {
    let sent = members(
        "lambda:invoke",
        json!({ "FunctionName": "f", "Payload": { "a": 1.0 } }),
    );
    assert_eq!(sent, json!({ "FunctionName": "f", "Payload": "{\"a\":1.0}" }));
    let text = json!({ "FunctionName": "f", "Payload": "0.0" });
    assert_eq!(members("lambda:invoke", text.clone()), text);
    assert_eq!(
        members("lambda:invoke", json!({ "FunctionName": "f", "Payload": null })),
        json!({ "FunctionName": "f" })
    );
    assert_eq!(
        members("lambda:invoke", json!({ "FunctionName": "f" })),
        json!({ "FunctionName": "f" })
    );
}

#[test]
fn the_token_fills_the_member_that_the_class_names() {
    assert_eq!(
        members("ecs:runTask", json!({ "Cluster": "c" })),
        json!({ "Cluster": "c", "ClientToken": "token-1" })
    );
    let given = json!({ "clientToken": "mine" });
    assert_eq!(members("ecs:runTask", given.clone()), given);
    // A deduplication id would switch off deduplication by content.
    let fifo = json!({ "QueueUrl": "https://q/x.fifo", "MessageBody": "b", "MessageGroupId": "g" });
    assert_eq!(members("sqs:sendMessage", fifo.clone()), fifo);
}

#[test]
fn a_token_is_a_uuid_where_it_can_be() {
    let sent = |call: &str| {
        let token = "0123456789abcdef0123456789abcdef";
        request(&integration(call), json!({}), Some(token))
            .unwrap()
            .members
    };
    // Agents of Bedrock want 33 characters, and automations of Systems Manager a UUID.
    let uuid = "01234567-89ab-4def-a123-456789abcdef";
    assert_eq!(sent("ecs:runTask"), json!({ "ClientToken": uuid }));
    assert_eq!(
        sent("aws-sdk:bedrockagent:createKnowledgeBase"),
        json!({ "ClientToken": uuid })
    );
    assert_eq!(
        sent("aws-sdk:ssm:startAutomationExecution"),
        json!({ "ClientToken": uuid })
    );
    assert_eq!(
        sent("aws-sdk:acm:requestCertificate"),
        json!({ "IdempotencyToken": "0123456789abcdef0123456789abcdef" })
    );
}

#[test]
fn tokens_that_no_model_declares_are_known_with_their_windows() {
    let class = |call: &str| integration(call).effect_class();
    let token = |member: &str, window_seconds| EffectClass::Token {
        member: member.to_owned(),
        window_seconds,
    };
    for (call, member, seconds) in [
        ("aws-sdk:acm:requestCertificate", "IdempotencyToken", 3_600),
        ("aws-sdk:backupsearch:startSearchJob", "ClientToken", 28_800),
        ("aws-sdk:cloudformation:createStack", "ClientRequestToken", 600),
        ("aws-sdk:cloudformation:createChangeSet", "ClientToken", 600),
        ("aws-sdk:codebuild:startBuild", "IdempotencyToken", 300),
        ("aws-sdk:codebuild:startSandbox", "IdempotencyToken", 300),
        ("aws-sdk:dynamodb:transactWriteItems", "ClientRequestToken", 600),
        ("aws-sdk:ec2:createVpcEndpoint", "ClientToken", 600),
        (
            "aws-sdk:rekognition:startLabelDetection",
            "ClientRequestToken",
            600,
        ),
        ("aws-sdk:ssm:startAutomationExecution", "ClientToken", 600),
        (
            "aws-sdk:textract:startDocumentAnalysis",
            "ClientRequestToken",
            600,
        ),
    ] {
        assert_eq!(class(call), token(member, seconds), "{call}");
    }
    // These have a member of such a name that means something else.
    for call in [
        "aws-sdk:codepipeline:putThirdPartyJobSuccessResult",
        "aws-sdk:s3:writeGetObjectResponse",
        "aws-sdk:glue:createDataQualityRuleset",
    ] {
        assert_eq!(class(call), EffectClass::Once, "{call}");
    }
}

/// A name that is taken is refused, whoever has taken it: that says nothing of who started what.
#[test]
fn names_that_are_unique_are_no_tokens() {
    for call in [
        "sagemaker:createTrainingJob",
        "aws-sdk:sagemaker:createTrainingJob",
        "aws-sdk:transcribe:startTranscriptionJob",
        "aws-sdk:glue:startJobRun",
        "batch:submitJob",
    ] {
        assert_eq!(integration(call).effect_class(), EffectClass::Once, "{call}");
    }
}

#[test]
fn every_token_of_the_list_belongs_to_an_action() {
    let lines = include_str!("sdk/tokens.txt").lines();
    let mut count = 0;
    for line in lines.filter(|line| !line.starts_with('#')) {
        let fields: Vec<&str> = line.split('|').collect();
        for operation in fields[3].split(',') {
            let action = operation[..1].to_lowercase() + &operation[1..];
            let class = integration(&format!("aws-sdk:{}:{action}", fields[0])).effect_class();
            let is_token = matches!(&class, EffectClass::Token { member, .. } if member == fields[1]);
            assert!(is_token, "{line}: {operation}: {class:?}");
            count += 1;
        }
    }
    assert!(count > 120, "{count}");
}

#[test]
fn parameters_must_be_an_object() {
    let failure = request(&integration("sqs:sendMessage"), json!([1]), None).unwrap_err();
    assert_eq!(failure.error, "States.Runtime");
    assert_eq!(
        failure.cause.unwrap(),
        "the parameters of `sqs:sendMessage` must be an object, got [1]"
    );
}

#[test]
fn what_is_no_request_to_aws_says_so() {
    let failure = request(&integration("eks:runJob.sync"), json!({}), None).unwrap_err();
    assert_eq!(
        failure.cause.unwrap(),
        "`arn:aws:states:::eks:runJob.sync` is no request to an API of AWS"
    );
}

/// Gives events to a reply.
fn reply(events: &[(&str, Value)]) -> HarnessReply {
    let mut reply = HarnessReply::default();
    for (event, members) in events {
        reply.take(event, members);
    }
    reply
}

#[test]
fn a_harness_says_its_last_message_and_all_of_its_tokens() {
    let start = |role: &str| ("MessageStart", json!({ "Role": role }));
    let delta = |block: u64, delta: Value| {
        (
            "ContentBlockDelta",
            json!({ "ContentBlockIndex": block, "Delta": delta }),
        )
    };
    let stop = |reason: &str| ("MessageStop", json!({ "StopReason": reason }));
    let metadata = |tokens: u64| {
        let usage = json!({ "InputTokens": tokens, "OutputTokens": 1, "TotalTokens": tokens + 1 });
        (
            "Metadata",
            json!({ "Usage": usage, "Metrics": { "LatencyMs": 10 } }),
        )
    };
    let first = [
        start("assistant"),
        delta(0, json!({ "Text": "let me look" })),
        stop("tool_use"),
        metadata(5),
        start("user"),
        delta(0, json!({ "ToolResult": [{ "Text": "42" }] })),
        stop("tool_result"),
    ];
    let last = [
        start("assistant"),
        delta(0, json!({ "ReasoningContent": { "Text": "hm" } })),
        delta(2, json!({ "Text": "second" })),
        delta(1, json!({ "Text": "fir" })),
        delta(1, json!({ "Text": "st" })),
        ("ContentBlockStop", json!({ "ContentBlockIndex": 1 })),
        stop("end_turn"),
        metadata(7),
        ("HookEvent", json!({ "Name": "after_invocation" })),
    ];
    let all = [first.as_slice(), last.as_slice()].concat();
    assert_eq!(
        reply(&all).result(),
        Some(Ok(json!({
            "Output": { "Message": { "Role": "assistant", "Content": [{ "Text": "first" }, { "Text": "second" }] } },
            "StopReason": "end_turn",
            "Usage": { "InputTokens": 12, "OutputTokens": 2, "TotalTokens": 14 },
            "Metrics": { "LatencyMs": 20 },
        })))
    );
    // A turn that ends with a tool has nothing to say, and is a reply all the same.
    let tool = [start("assistant"), stop("tool_use")];
    let said = reply(&tool).result().unwrap().unwrap();
    assert_eq!(said["Output"]["Message"]["Content"], json!([]));
}

#[test]
fn half_a_reply_is_none() {
    let start = ("MessageStart", json!({ "Role": "assistant" }));
    let stop = ("MessageStop", json!({ "StopReason": "end_turn" }));
    let user = ("MessageStart", json!({ "Role": "user" }));
    for events in [
        vec![],
        vec![start.clone()],
        vec![start.clone(), stop.clone(), start.clone()],
        vec![user, stop.clone()],
    ] {
        assert_eq!(reply(&events).result(), None, "{events:?}");
    }
    let large = json!({ "ContentBlockIndex": 0, "Delta": { "Text": "x".repeat(9 << 20) } });
    let large = ("ContentBlockDelta", large);
    let failure = reply(&[start, large.clone(), large, stop])
        .result()
        .unwrap()
        .unwrap_err();
    assert_eq!(failure.error, "States.DataLimitExceeded");
}

#[test]
fn emr_has_other_names_for_its_operations() {
    let call = |call: &str, parameters: Value| {
        let request = request(&integration(call), parameters, None).unwrap();
        (request.operation, request.members)
    };
    let step = json!({ "ClusterId": "j", "Step": { "Name": "s" } });
    assert_eq!(
        call("elasticmapreduce:addStep.sync", step),
        (
            "AddJobFlowSteps".to_owned(),
            json!({ "JobFlowId": "j", "Steps": [{ "Name": "s" }] })
        )
    );
    assert_eq!(
        call("elasticmapreduce:terminateCluster", json!({ "ClusterId": "j" })),
        ("TerminateJobFlows".to_owned(), json!({ "JobFlowIds": ["j"] }))
    );
    let shown = |call: &str, members: Value| response(&integration(call), answer(members)).unwrap();
    assert_eq!(
        shown("elasticmapreduce:createCluster", json!({ "JobFlowId": "j" }))["ClusterId"],
        "j"
    );
    assert_eq!(
        shown("elasticmapreduce:addStep.sync", json!({ "StepIds": ["s"] }))["StepId"],
        "s"
    );
}

// Recorded: execution/callback, sqs_wait_for_task_token.
#[test]
fn results_carry_the_metadata_of_the_call() {
    let sent = answer(json!({ "MessageId": "m", "MD5OfMessageBody": "5" }));
    let result = response(&integration("sqs:sendMessage"), sent).unwrap();
    assert_eq!(
        result.to_string(),
        json!({
            "MD5OfMessageBody": "5",
            "MessageId": "m",
            "SdkHttpMetadata": {
                "AllHttpHeaders": { "Content-Type": ["application/json"], "x-amzn-RequestId": ["r-1"] },
                "HttpHeaders": { "Content-Type": "application/json", "x-amzn-RequestId": "r-1" },
                "HttpStatusCode": 200,
            },
            "SdkResponseMetadata": { "RequestId": "r-1" },
        })
        .to_string()
    );
    let bare = json!({ "MessageId": "m" });
    assert_eq!(
        response(&integration("aws-sdk:sqs:sendMessage"), answer(bare.clone())).unwrap(),
        bare
    );
}

#[test]
fn optimized_integrations_show_dates_as_numbers() {
    let task = json!({ "TaskArn": "arn:t", "CreatedAt": "2023-11-14T22:13:20.5Z", "StartedBy": "At" });
    let sent = answer(json!({ "Tasks": [task], "Failures": [] }));
    let result = response(&integration("ecs:runTask"), sent.clone()).unwrap();
    assert_eq!(
        result["Tasks"],
        json!([{ "TaskArn": "arn:t", "CreatedAt": 1_700_000_000_500_i64, "StartedBy": "At" }])
    );
    let sdk = response(&integration("aws-sdk:ecs:runTask"), sent.clone()).unwrap();
    assert_eq!(sdk, sent.members);
}

// Recorded: execution/services, invoke_json_values.
#[test]
fn a_function_shows_its_value_and_its_version() {
    let sent = answer(json!({ "StatusCode": 200, "Payload": "{\"a\":0.0}", "ExecutedVersion": "$LATEST" }));
    let result = response(&integration("lambda:invoke"), sent).unwrap();
    let names: Vec<&String> = result.as_object().unwrap().keys().collect();
    assert_eq!(
        names,
        [
            "ExecutedVersion",
            "Payload",
            "SdkHttpMetadata",
            "SdkResponseMetadata",
            "StatusCode"
        ]
    );
    assert_eq!(result["Payload"].to_string(), "{\"a\":0.0}");
}

// Recorded: execution/error_handling, task_service_lambda raise_exception.
#[test]
fn a_function_that_fails_fails_the_task() {
    let payload = r#"{"errorMessage": "Some exception was raised.", "errorType": "Exception"}"#;
    let sent = answer(json!({ "StatusCode": 200, "FunctionError": "Unhandled", "Payload": payload }));
    let failure = response(&integration("lambda:invoke"), sent.clone()).unwrap_err();
    assert_eq!(
        failure,
        Failure {
            error: "Exception".to_owned(),
            cause: Some(payload.replace("\": ", "\":").replace(", \"", ",\""))
        }
    );
    // A function that is named by its ARN has its text as it is.
    assert_eq!(
        function_response(sent).unwrap_err().cause.as_deref(),
        Some(payload)
    );
    let died = answer(json!({ "FunctionError": "Unhandled", "Payload": "{\"errorMessage\":\"exited\"}" }));
    assert_eq!(function_response(died).unwrap_err().error, "Lambda.Unknown");
}

#[test]
fn a_function_named_by_its_arn_gets_its_input_and_gives_its_value() {
    let arn = FunctionArn::parse("arn:aws:lambda:eu-west-1:1:function:f:live").unwrap();
    let request = function_request(&arn, &json!({ "n": 1 }));
    assert_eq!(
        (request.service.as_str(), request.operation.as_str()),
        ("lambda", "Invoke")
    );
    assert_eq!(
        request.members,
        json!({ "FunctionName": "arn:aws:lambda:eu-west-1:1:function:f:live", "Payload": "{\"n\":1}" })
    );
    assert_eq!(
        function_response(answer(json!({ "Payload": "\"HelloWorld\"" }))).unwrap(),
        json!("HelloWorld")
    );
    assert_eq!(
        function_response(answer(json!({ "Payload": "null" }))).unwrap(),
        Value::Null
    );
}

// Recorded: execution/services, put_events_base and put_events_no_source.
#[test]
fn a_refused_event_fails_the_task() {
    let all = json!({ "FailedEntryCount": 0, "Entries": [{ "EventId": "1" }] });
    let result = response(&integration("events:putEvents"), answer(all)).unwrap();
    assert_eq!(
        result.to_string(),
        r#"{"Entries":[{"EventId":"1"}],"FailedEntryCount":0}"#
    );
    let one = json!({ "FailedEntryCount": 1, "Entries": [{ "ErrorCode": "MalformedDetail" }] });
    let failure = response(&integration("events:putEvents"), answer(one)).unwrap_err();
    assert_eq!(failure.error, "EventBridge.FailedEntry");
    assert_eq!(
        failure.cause.unwrap(),
        r#"{"Entries":[{"ErrorCode":"MalformedDetail"}],"FailedEntryCount":1}"#
    );
}

// Recorded: execution/error_handling, task_service_dynamodb and task_service_sfn.
#[test]
fn optimized_errors_are_named_as_the_old_sdk_does() {
    let named = |call: &str, code: &str, modelled| failure(&integration(call), error(code, modelled));
    let failure = named("dynamodb:putItem", "ValidationException", false);
    assert_eq!(failure.error, "DynamoDB.AmazonDynamoDBException");
    assert_eq!(
        failure.cause.unwrap(),
        "It is not there (Service: AmazonDynamoDBv2; Status Code: 400; Error Code: ValidationException; Request ID: r-1; Proxy: null)"
    );
    assert_eq!(
        named("dynamodb:putItem", "ConditionalCheckFailedException", true).error,
        "DynamoDB.ConditionalCheckFailedException"
    );
    assert_eq!(
        named("states:startExecution", "StateMachineDoesNotExist", true).error,
        "StepFunctions.StateMachineDoesNotExistException"
    );
    assert_eq!(
        named("lambda:invoke", "TooManyRequestsException", true).error,
        "Lambda.TooManyRequestsException"
    );
    assert_eq!(
        named("sqs:sendMessage", "QueueDoesNotExist", true).error,
        "SQS.QueueDoesNotExistException"
    );
    assert_eq!(
        named("ecs:runTask", "Throttled", false).error,
        "ECS.AmazonECSException"
    );
}

// Recorded: execution/error_handling, sqs send_message_no_such_queue.
#[test]
fn a_service_that_is_not_there_is_an_error_of_the_client() {
    let failure = crate::not_sent(
        &integration("sqs:sendMessage"),
        "no-such-queue: Name or service not known",
    );
    assert_eq!(failure.error, "SQS.SdkClientException");
    assert_eq!(
        failure.cause.unwrap(),
        "Unable to execute HTTP request: no-such-queue: Name or service not known"
    );
    assert_eq!(
        crate::not_sent(&integration("aws-sdk:dynamodb:scan"), "x").error,
        "DynamoDb.SdkClientException"
    );
}

// Recorded: execution/services, sfn_send_task_outcome_with_no_such_token.
#[test]
fn sdk_errors_are_named_as_the_new_sdk_does() {
    let named = |call: &str, code: &str, modelled| failure(&integration(call), error(code, modelled));
    let failure = named("aws-sdk:sfn:sendTaskSuccess", "InvalidToken", true);
    assert_eq!(failure.error, "Sfn.InvalidTokenException");
    assert_eq!(
        failure.cause.unwrap(),
        "It is not there (Service: Sfn, Status Code: 400, Request ID: r-1) (SDK Attempt Count: 1)"
    );
    assert_eq!(
        named("aws-sdk:s3:listObjects", "NoSuchBucket", true).error,
        "S3.NoSuchBucketException"
    );
    assert_eq!(
        named(
            "aws-sdk:dynamodb:putItem",
            "ConditionalCheckFailedException",
            true
        )
        .error,
        "DynamoDb.ConditionalCheckFailedException"
    );
    assert_eq!(
        named("aws-sdk:dynamodb:putItem", "ValidationException", false).error,
        "DynamoDb.DynamoDbException"
    );
    assert_eq!(
        named("aws-sdk:kms:encrypt", "KMSInvalidStateException", true).error,
        "Kms.KmsInvalidStateException"
    );
    assert_eq!(
        named("aws-sdk:rds:startDBInstance", "DBInstanceNotFoundFault", true).error,
        "Rds.DbInstanceNotFoundException"
    );
}

#[test]
fn writes_may_be_repeated_when_they_do_not_depend_on_the_item() {
    let class = |call: &str, parameters: Value| integration(call).effect_class_of(&parameters);
    let repeatable = |call: &str, parameters: Value| class(call, parameters) == EffectClass::Repeatable;
    assert!(repeatable("dynamodb:putItem", json!({ "Item": {} })));
    assert!(!repeatable(
        "dynamodb:putItem",
        json!({ "ConditionExpression": "attribute_not_exists(id)" })
    ));
    assert!(!repeatable(
        "aws-sdk:dynamodb:deleteItem",
        json!({ "ReturnValues": "ALL_OLD" })
    ));
    for (expression, expected) in [
        ("SET a = :a, b = :b REMOVE c", true),
        ("SET a = :a", true),
        ("SET a = a + :one", false),
        ("SET a = b", false),
        ("SET a = list_append(a, :x)", false),
        ("ADD a :one", false),
        ("SET a = :a add n :one", false),
    ] {
        assert_eq!(
            repeatable("dynamodb:updateItem", json!({ "UpdateExpression": expression })),
            expected,
            "{expression}"
        );
    }
    let fifo = class("sqs:sendMessage", json!({ "QueueUrl": "https://q/x.fifo" }));
    assert_eq!(
        fifo,
        EffectClass::Token {
            member: "MessageDeduplicationId".to_owned(),
            window_seconds: 300
        }
    );
    assert_eq!(
        class("sqs:sendMessage", json!({ "QueueUrl": "https://q/x" })),
        EffectClass::Once
    );
}

#[test]
fn effect_classes_survive_the_journal() {
    let class = EffectClass::Token {
        member: "ClientToken".to_owned(),
        window_seconds: 600,
    };
    let text = serde_json::to_string(&class).unwrap();
    assert_eq!(serde_json::from_str::<EffectClass>(&text).unwrap(), class);
}

#[test]
fn a_models_answer_is_shown_as_json() {
    let integration = integration("bedrock:invokeModel");
    let said = answer(
        json!({ "Body": "{\"results\":[{\"outputText\":\"hi\"}]}", "ContentType": "application/json" }),
    );
    let shown = response(&integration, said).unwrap();
    assert_eq!(shown["Body"]["results"][0]["outputText"], "hi");
    let text = response(&integration, answer(json!({ "Body": "plain" }))).unwrap();
    assert_eq!(text["Body"], "plain");
}
