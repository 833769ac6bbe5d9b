use super::*;
use crate::prepare::{Called, Place};
use serde_json::json;

fn target(service: &str, operation: &str, members: Value, region: &str) -> Result<Target, String> {
    let called = Called::find(service, operation).unwrap();
    let Value::Object(members) = members else {
        panic!("members are an object")
    };
    let choice = Choice {
        region: region.to_owned(),
        ..Choice::default()
    };
    Target::of_aws(called.service, called.operation, &members, &choice)
}

fn url(service: &str, operation: &str, members: Value, region: &str) -> String {
    target(service, operation, members, region).unwrap().url
}

#[test]
fn regions_are_in_partitions_with_their_own_names() {
    let queues = |region| url("sqs", "ListQueues", json!({}), region);
    assert_eq!(queues("eu-west-1"), "https://sqs.eu-west-1.amazonaws.com");
    assert_eq!(
        queues("cn-northwest-1"),
        "https://sqs.cn-northwest-1.amazonaws.com.cn"
    );
    assert_eq!(queues("us-iso-east-1"), "https://sqs.us-iso-east-1.c2s.ic.gov");
    assert_eq!(
        url("sfn", "ListStateMachines", json!({}), "us-gov-east-1"),
        "https://states.us-gov-east-1.amazonaws.com"
    );
}

#[test]
fn some_services_are_in_one_place() {
    let target = target("iam", "ListUsers", json!({}), "eu-west-1").unwrap();
    assert_eq!(target.url, "https://iam.amazonaws.com");
    assert_eq!(target.scope.region, "us-east-1");
}

#[test]
fn endpoints_of_other_kinds_are_chosen() {
    let called = Called::find("dynamodb", "ListTables").unwrap();
    let url = |fips, dual_stack| {
        let choice = Choice {
            region: "us-west-2".to_owned(),
            fips,
            dual_stack,
        };
        Target::of_aws(called.service, called.operation, &Map::new(), &choice)
            .unwrap()
            .url
    };
    assert_eq!(url(true, false), "https://dynamodb-fips.us-west-2.amazonaws.com");
    assert_eq!(url(false, true), "https://dynamodb.us-west-2.api.aws");
}

#[test]
fn some_operations_have_a_host_of_their_own() {
    assert_eq!(
        url("sfn", "StartSyncExecution", json!({}), "eu-west-1"),
        "https://sync-states.eu-west-1.amazonaws.com"
    );
    assert_eq!(
        url("rum", "PutRumEvents", json!({}), "eu-west-1"),
        "https://dataplane.rum.eu-west-1.amazonaws.com"
    );
    let error =
        target("servicediscovery", "DiscoverInstances", json!({}), "eu-west-1").map(|target| target.url);
    assert_eq!(
        error.unwrap(),
        "https://data-servicediscovery.eu-west-1.amazonaws.com"
    );
}

#[test]
fn buckets_are_hosts_where_they_can_be() {
    let object = |bucket: &str| {
        target(
            "s3",
            "GetObject",
            json!({ "Bucket": bucket, "Key": "k" }),
            "eu-west-1",
        )
    };
    assert_eq!(
        object("photos").unwrap().url,
        "https://photos.s3.eu-west-1.amazonaws.com"
    );
    assert_eq!(
        object("my.photos").unwrap().url,
        "https://s3.eu-west-1.amazonaws.com/my.photos"
    );
    assert_eq!(
        object("arn:aws:s3:us-west-2:123456789012:accesspoint/photos")
            .unwrap()
            .url,
        "https://photos-123456789012.s3-accesspoint.us-west-2.amazonaws.com"
    );
    let control = target(
        "s3control",
        "ListJobs",
        json!({ "AccountId": "123456789012" }),
        "eu-west-1",
    );
    assert_eq!(
        control.unwrap().url,
        "https://123456789012.s3-control.eu-west-1.amazonaws.com"
    );
}

#[test]
fn a_signature_that_is_not_known_is_refused() {
    let called = Called::find("codecatalyst", "ListSpaces").unwrap();
    let choice = Choice {
        region: "us-west-2".to_owned(),
        ..Choice::default()
    };
    let error = called.request(&Map::new(), &Place::Aws(&choice)).unwrap_err();
    assert!(error.contains("`bearer`"), "{error}");
}

#[test]
fn requests_are_signed_for_the_name_that_the_model_gives() {
    let target = target("eventbridge", "PutEvents", json!({}), "eu-west-1").unwrap();
    assert_eq!(
        (target.scope.name.as_str(), target.scope.region.as_str()),
        ("events", "eu-west-1")
    );
    let called = Called::find("eventbridge", "PutEvents").unwrap();
    let set = Target::set(called.service, "http://localhost:4566/", None);
    assert_eq!(
        (set.url.as_str(), set.scope.region.as_str()),
        ("http://localhost:4566", "us-east-1")
    );
}
