use super::*;
use crate::catalogue;
use serde_json::json;

fn body(service: &str, operation: &str, members: Value) -> Result<String, String> {
    let service = catalogue::service(service).unwrap();
    let shape = &service.model.operations[operation];
    let Value::Object(members) = members else {
        panic!("members are an object")
    };
    let request = request(service, operation, shape, &members)?;
    Ok(String::from_utf8(request.body().bytes().unwrap_or_default().to_vec()).unwrap())
}

#[test]
fn moments_are_written_as_the_protocol_wants_them() {
    let members =
        json!({ "Entries": [{ "Time": "2026-01-31T12:00:00Z", "Source": "s" }, { "Time": 1769860800.5 }] });
    assert_eq!(
        body("events", "PutEvents", members).unwrap(),
        r#"{"Entries":[{"Time":1769860800,"Source":"s"},{"Time":1769860800.5}]}"#
    );
}

#[test]
fn whole_numbers_may_come_as_floats() {
    let members = json!({ "QueueUrl": "u", "MessageBody": "b", "DelaySeconds": 5.0 });
    assert_eq!(
        body("sqs", "SendMessage", members).unwrap(),
        r#"{"QueueUrl":"u","MessageBody":"b","DelaySeconds":5}"#
    );
    let error = body(
        "sqs",
        "SendMessage",
        json!({ "QueueUrl": "u", "MessageBody": "b", "DelaySeconds": "5" }),
    );
    assert!(
        error
            .unwrap_err()
            .contains("member `DelaySeconds` must be an integer of 32 bits, got \"5\"")
    );
}

#[test]
fn bytes_are_text_or_the_json_text_of_other_values() {
    let blob = |value: Value| {
        let members = json!({ "FunctionName": "f", "Payload": value });
        body("lambda", "Invoke", members).unwrap()
    };
    assert_eq!(blob(json!("plain")), "plain");
    assert_eq!(blob(json!({ "a": [1] })), r#"{"a":[1]}"#);
}

#[test]
fn a_token_that_is_given_is_kept() {
    let members = json!({ "TransactItems": [], "ClientRequestToken": "mine" });
    assert_eq!(
        body("dynamodb", "TransactWriteItems", members).unwrap(),
        r#"{"TransactItems":[],"ClientRequestToken":"mine"}"#
    );
}

#[test]
fn lists_in_forms_are_numbered() {
    let members = json!({ "RoleArn": "r", "RoleSessionName": "s", "PolicyArns": [{ "arn": "p1" }, { "Arn": "p2" }], "DurationSeconds": 900 });
    assert_eq!(
        body("sts", "AssumeRole", members).unwrap(),
        "Action=AssumeRole&Version=2011-06-15&RoleArn=r&RoleSessionName=s&PolicyArns.member.1.arn=p1\
         &PolicyArns.member.2.arn=p2&DurationSeconds=900"
    );
}

#[test]
fn a_structure_that_is_the_whole_body_has_no_name() {
    let members = json!({ "CallbackId": "c", "Error": { "ErrorData": "d" } });
    assert_eq!(
        body("lambda", "SendDurableExecutionCallbackFailure", members).unwrap(),
        r#"{"ErrorData":"d"}"#
    );
}

fn answered(service: &str, operation: &str, body: &str, naming: Naming) -> Value {
    let service = catalogue::service(service).unwrap();
    let (name, shape) = service.model.operations.get_key_value(operation).unwrap();
    let response = HttpResponse::new(200.try_into().unwrap(), SdkBody::from(body));
    answer(service, name, shape, &response, naming).unwrap()
}

fn refused(service: &str, operation: &str, status: u16, body: &str) -> SentError {
    let service = catalogue::service(service).unwrap();
    let response = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body));
    error(service, operation, response)
}

#[test]
fn forms_of_ec2_have_names_of_their_own() {
    let members = json!({ "InstanceIds": ["i-1", "i-2"], "Filters": [], "MaxResults": 5 });
    assert_eq!(
        body("ec2", "DescribeInstances", members).unwrap(),
        "Action=DescribeInstances&Version=2016-11-15&InstanceId.1=i-1&InstanceId.2=i-2&MaxResults=5"
    );
    let answer = "<DescribeInstancesResponse><reservationSet><item><ownerId>1</ownerId></item></reservationSet>\
                  </DescribeInstancesResponse>";
    assert_eq!(
        answered("ec2", "DescribeInstances", answer, Naming::Api),
        json!({ "Reservations": [{ "OwnerId": "1" }] })
    );
}

#[test]
fn bodies_in_xml_have_the_name_and_the_namespace_that_the_model_gives() {
    let rules = json!({ "CORSRules": [{ "AllowedMethods": ["GET"], "AllowedOrigins": ["<*>"] }] });
    let members = json!({ "Bucket": "b", "CORSConfiguration": rules });
    assert_eq!(
        body("s3", "PutBucketCors", members).unwrap(),
        "<CORSConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><CORSRule><AllowedMethod>GET</AllowedMethod>\
         <AllowedOrigin>&lt;*&gt;</AllowedOrigin></CORSRule></CORSConfiguration>"
    );
    let answer = "<ListBucketResult><KeyCount>1</KeyCount><Contents><Key>a</Key><Size>3</Size></Contents></ListBucketResult>";
    assert_eq!(
        answered("s3", "ListObjectsV2", answer, Naming::Api),
        json!({ "KeyCount": 1, "Contents": [{ "Key": "a", "Size": 3 }] })
    );
    let answer = "<LocationConstraint xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">eu-west-1</LocationConstraint>";
    assert_eq!(
        answered("s3", "GetBucketLocation", answer, Naming::Api),
        json!({ "LocationConstraint": "eu-west-1" })
    );
}

#[test]
fn an_object_is_text_even_when_it_is_empty() {
    assert_eq!(
        answered("s3", "GetObject", "text", Naming::Sdk),
        json!({ "Body": "text", "Metadata": {} })
    );
    assert_eq!(
        answered("s3", "GetObject", "", Naming::Sdk),
        json!({ "Body": "", "Metadata": {} })
    );
}

#[test]
fn members_are_named_as_in_the_api_or_as_in_the_sdk_for_java() {
    let answer = "<R><DescribeDBClustersResult><DBClusters><DBCluster><MultiAZ>true</MultiAZ></DBCluster></DBClusters>\
                  </DescribeDBClustersResult></R>";
    assert_eq!(
        answered("rds", "DescribeDBClusters", answer, Naming::Api),
        json!({ "DBClusters": [{ "MultiAZ": true }] })
    );
    assert_eq!(
        answered("rds", "DescribeDBClusters", answer, Naming::Sdk),
        json!({ "DbClusters": [{ "MultiAZ": true }] })
    );
    assert_eq!(crate::names::sdk("ETag"), "ETag");
    assert_eq!(crate::names::sdk("SSEKMSKeyId"), "SsekmsKeyId");
    assert_eq!(crate::names::sdk("MD5OfMessageBody"), "Md5OfMessageBody");
}

#[test]
fn errors_in_xml_stand_at_different_depths() {
    let no = |code: &str| SentError {
        code: Some(code.to_owned()),
        message: Some("no".to_owned()),
    };
    let inner = |code: &str| format!("<Error><Code>{code}</Code><Message>no</Message></Error>");
    let ec2 = format!(
        "<Response><Errors>{}</Errors></Response>",
        inner("InvalidInstanceID.NotFound")
    );
    assert_eq!(
        refused("ec2", "DescribeInstances", 400, &ec2),
        no("InvalidInstanceID.NotFound")
    );
    let route53 = format!("<ErrorResponse>{}</ErrorResponse>", inner("NoSuchHostedZone"));
    assert_eq!(
        refused("route53", "GetHostedZone", 404, &route53),
        no("NoSuchHostedZone")
    );
    assert_eq!(
        refused("s3", "GetObject", 404, &inner("NoSuchKey")),
        no("NoSuchKey")
    );
    assert_eq!(
        refused("s3", "HeadObject", 404, "").code.as_deref(),
        Some("NoSuchKey")
    );
    assert_eq!(refused("s3", "HeadObject", 403, "").code, None);
}

#[test]
fn an_error_may_come_with_status_200() {
    let is_error = |operation: &str, body: &str| {
        let service = catalogue::service("s3").unwrap();
        let response = HttpResponse::new(200.try_into().unwrap(), SdkBody::from(body));
        is_error_in_disguise(service, &service.model.operations[operation], &response)
    };
    let error = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>SlowDown</Code></Error>";
    assert!(is_error("CopyObject", error));
    assert!(!is_error("CopyObject", "<CopyObjectResult></CopyObjectResult>"));
    assert!(!is_error("GetObject", error), "an object may hold anything");
}

#[test]
fn a_service_of_the_binary_protocol_has_a_path_for_each_operation() {
    let service = catalogue::service("cloudwatchomni").unwrap();
    let shape = &service.model.operations["GetIntegration"];
    let Value::Object(members) = json!({ "Identifier": { "IntegrationArn": "a" } }) else {
        panic!("members are an object")
    };
    let request = request(service, "GetIntegration", shape, &members).unwrap();
    assert_eq!(
        request.uri(),
        "/service/CloudWatchOmniFrontend/operation/GetIntegration"
    );
    assert_eq!(request.headers().get("smithy-protocol"), Some("rpc-v2-cbor"));
}
