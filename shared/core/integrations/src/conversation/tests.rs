use super::{Conversation, Next};
use crate::exchange::{Failure, ServiceAnswer, ServiceError};
use crate::web::PlainHttp;
use crate::{Plan, Resource, plan};
use serde_json::{Value, json};

fn begun(call: &str, parameters: Value) -> Result<Plan, Failure> {
    let Ok(Resource::Service(integration)) = Resource::parse(&format!("arn:aws:states:::{call}")) else {
        panic!("an integration")
    };
    plan(&integration, &parameters, None, PlainHttp::Refused)
}

fn conversation(call: &str, parameters: Value) -> Conversation {
    match begun(call, parameters).unwrap() {
        Plan::Conversation(conversation) => conversation,
        other => panic!("{other:?}"),
    }
}

fn answer(members: Value) -> ServiceAnswer {
    ServiceAnswer {
        members,
        status: 200,
        headers: Vec::new(),
    }
}

fn asks(conversation: &Conversation, service: &str, operation: &str, members: Value) {
    let request = conversation.request();
    assert_eq!(
        (&*request.service, &*request.operation, request.members),
        (service, operation, members)
    );
}

fn further(conversation: Conversation, members: Value) -> Conversation {
    match conversation.next(answer(members)).unwrap() {
        Next::Ask(conversation) => *conversation,
        Next::Done(value) => panic!("{value}"),
    }
}

fn done(conversation: Conversation, members: Value) -> Value {
    match conversation.next(answer(members)).unwrap() {
        Next::Done(value) => value,
        Next::Ask(further) => panic!("{further:?}"),
    }
}

// AWS developer guide, "Create and manage Amazon EMR clusters with Step Functions".
#[test]
fn instances_are_looked_for_by_their_name_page_by_page() {
    let groups = conversation(
        "elasticmapreduce:modifyInstanceGroupByName",
        json!({ "ClusterId": "j-1", "InstanceGroupName": "core", "InstanceGroup": { "InstanceCount": 8 } }),
    );
    asks(
        &groups,
        "emr",
        "ListInstanceGroups",
        json!({ "ClusterId": "j-1" }),
    );
    assert!(groups.only_reads());
    let groups = further(
        groups,
        json!({ "InstanceGroups": [{ "Id": "ig-0", "Name": "master" }], "Marker": "m" }),
    );
    asks(
        &groups,
        "emr",
        "ListInstanceGroups",
        json!({ "ClusterId": "j-1", "Marker": "m" }),
    );
    let groups = further(
        groups,
        json!({ "InstanceGroups": [{ "Id": "ig-1", "Name": "core" }] }),
    );
    asks(
        &groups,
        "emr",
        "ModifyInstanceGroups",
        json!({ "ClusterId": "j-1", "InstanceGroups": [{ "InstanceCount": 8, "InstanceGroupId": "ig-1" }] }),
    );
    assert!(!groups.only_reads());
    let result = done(groups, json!({}));
    assert_eq!(result["SdkHttpMetadata"]["HttpStatusCode"], 200);

    let fleet = conversation(
        "elasticmapreduce:modifyInstanceFleetByName",
        json!({ "ClusterId": "j-1", "InstanceFleetName": "core", "InstanceFleet": { "TargetSpotCapacity": 0 } }),
    );
    let fleet = further(
        fleet,
        json!({ "InstanceFleets": [{ "Id": "if-1", "Name": "core" }] }),
    );
    asks(
        &fleet,
        "emr",
        "ModifyInstanceFleet",
        json!({ "ClusterId": "j-1", "InstanceFleet": { "TargetSpotCapacity": 0, "InstanceFleetId": "if-1" } }),
    );
}

#[test]
fn instances_that_are_not_there_fail_and_so_does_an_id_of_the_authors() {
    let parameters =
        |change: Value| json!({ "ClusterId": "j", "InstanceFleetName": "x", "InstanceFleet": change });
    let fleet = conversation(
        "elasticmapreduce:modifyInstanceFleetByName",
        parameters(json!({})),
    );
    let failure = fleet.next(answer(json!({ "InstanceFleets": [] }))).unwrap_err();
    assert_eq!(failure.error, "ElasticMapReduce.AmazonElasticMapReduceException");
    let id = parameters(json!({ "InstanceFleetId": "if-1" }));
    for parameters in [json!({ "ClusterId": "j" }), parameters(json!(1)), id] {
        let failure = begun("elasticmapreduce:modifyInstanceFleetByName", parameters).unwrap_err();
        assert_eq!(failure.error, "States.Runtime");
    }
}

// AWS developer guide, "Invoke and customize Amazon Bedrock models with Step Functions".
#[test]
fn a_model_reads_its_body_from_s3_and_writes_its_answer_there() {
    let model = conversation(
        "bedrock:invokeModel",
        json!({
            "ModelId": "m",
            "Input": { "S3Uri": "s3://in/a/b.json" },
            "Output": { "S3Uri": "s3://out/c.json" },
        }),
    );
    asks(
        &model,
        "s3",
        "GetObject",
        json!({ "Bucket": "in", "Key": "a/b.json" }),
    );
    let error = ServiceError {
        code: "NoSuchKey".to_owned(),
        message: "no".to_owned(),
        status: 404,
        request_id: "r".to_owned(),
        modelled: true,
    };
    assert_eq!(model.failure(error).error, "S3.NoSuchKeyException");
    let model = further(
        model,
        json!({ "Body": "{\"p\":1}", "ContentType": "application/json" }),
    );
    let body = json!({ "ModelId": "m", "ContentType": "application/json", "Body": "{\"p\":1}" });
    asks(&model, "bedrockruntime", "InvokeModel", body);
    assert!(!model.only_reads());
    let model = further(
        model,
        json!({ "Body": "{\"r\":2}", "ContentType": "application/json" }),
    );
    asks(
        &model,
        "s3",
        "PutObject",
        json!({ "Bucket": "out", "Key": "c.json", "Body": "{\"r\":2}", "ContentType": "application/json" }),
    );
    let result = done(model, json!({ "ETag": "e" }));
    assert_eq!(result["Body"], "s3://out/c.json");
    assert_eq!(result["ContentType"], "application/json");

    let model = conversation(
        "bedrock:invokeModel",
        json!({ "ModelId": "m", "Input": { "S3Uri": "s3://in/k" } }),
    );
    let model = further(model, json!({ "Body": "{}" }));
    assert_eq!(
        done(model, json!({ "Body": "{\"r\":2}" }))["Body"],
        json!({ "r": 2 })
    );
}

#[test]
fn a_model_takes_its_body_from_one_place() {
    let plain = begun(
        "bedrock:invokeModel",
        json!({ "ModelId": "m", "Body": { "p": 1 } }),
    )
    .unwrap();
    assert!(matches!(plain, Plan::Api(_)), "{plain:?}");
    for parameters in [
        json!({ "Body": {}, "Input": { "S3Uri": "s3://b/k" } }),
        json!({ "Input": { "S3Uri": "https://b/k" } }),
        json!({ "Output": { "S3Uri": "s3://b" } }),
    ] {
        let failure = begun("bedrock:invokeModel", parameters).unwrap_err();
        assert_eq!(failure.error, "States.Runtime");
    }
}
