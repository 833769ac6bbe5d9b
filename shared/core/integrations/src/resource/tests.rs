use super::*;
use crate::EffectClass;

fn integration(text: &str) -> Integration {
    match Resource::parse(text).unwrap() {
        Resource::Service(integration) => integration,
        other => panic!("{other:?}"),
    }
}

fn refused(text: &str) -> String {
    Resource::parse(text).unwrap_err().to_string()
}

#[test]
fn functions_are_named_by_their_arn() {
    let text = "arn:aws:lambda:eu-west-1:111111111111:function:order:live";
    let Resource::Function(arn) = Resource::parse(text).unwrap() else {
        panic!()
    };
    assert_eq!(
        (arn.region(), arn.account(), arn.name(), arn.qualifier()),
        ("eu-west-1", "111111111111", "order", Some("live"))
    );
    assert_eq!(Resource::parse(text).unwrap().text(), text);
    assert!(matches!(
        Resource::parse("arn:aws-cn:lambda:cn-north-1:1:function:f").unwrap(),
        Resource::Function(arn) if arn.qualifier().is_none()
    ));
}

#[test]
fn activities_are_named_by_their_arn() {
    let Resource::Activity(arn) = Resource::parse("arn:aws:states:eu-west-1:1:activity:work").unwrap() else {
        panic!()
    };
    assert_eq!(arn.name(), "work");
}

#[test]
fn integrations_have_a_service_an_action_and_a_pattern() {
    let sqs = integration("arn:aws:states:::sqs:sendMessage.waitForTaskToken");
    assert_eq!(
        (sqs.service(), sqs.action(), sqs.pattern()),
        ("sqs", "sendMessage", Pattern::WaitForTaskToken)
    );
    assert_eq!(
        (sqs.resource_type(), sqs.resource()),
        ("sqs", "sendMessage.waitForTaskToken")
    );
    assert!(!sqs.is_sdk());

    let child = integration("arn:aws-us-gov:states:::states:startExecution.sync:2");
    assert_eq!(
        (child.pattern(), child.resource()),
        (Pattern::Sync2, "startExecution.sync:2")
    );

    let sdk = integration("arn:aws:states:::aws-sdk:secretsmanager:listSecrets");
    assert_eq!(
        (sdk.service(), sdk.resource_type(), sdk.resource()),
        ("secretsmanager", "aws-sdk:secretsmanager", "listSecrets")
    );
    assert!(sdk.is_sdk());
    // The SDK leaves `Service` out of the service id; and a closed service is still known.
    for text in [
        "arn:aws:states:::aws-sdk:config:listAggregateDiscoveredResources",
        "arn:aws:states:::aws-sdk:iotanalytics:createDataset",
    ] {
        assert_eq!(integration(text).text(), text);
    }
}

#[test]
fn what_is_no_resource_is_refused() {
    for text in [
        "",
        "sqs:sendMessage",
        "arn:aws:sqs:eu-west-1:1:queue",
        "arn:aws:states:::sqs",
        "arn:aws:states:::aws-sdk:sqs",
        "arn:aws:states:::aws-sdk:sqs:SendMessage",
        "arn:aws:lambda:eu-west-1:1:function:",
    ] {
        assert!(
            matches!(Resource::parse(text), Err(ResourceError::Malformed { .. })),
            "{text}"
        );
    }
}

#[test]
fn unknown_names_are_refused_with_the_nearest() {
    assert_eq!(
        refused("arn:aws:states:::sqss:sendMessage"),
        "unknown service `sqss` in Resource `arn:aws:states:::sqss:sendMessage`; did you mean `sqs`, `sns`?"
    );
    assert_eq!(
        refused("arn:aws:states:::dynamodb:putItems"),
        "unknown action `putItems` of `dynamodb` in Resource `arn:aws:states:::dynamodb:putItems`; did you mean `putItem`, `getItem`?"
    );
    assert!(refused("arn:aws:states:::aws-sdk:dynamdb:scan").ends_with("did you mean `dynamodb`?"));
    assert!(!refused("arn:aws:states:::pigeonpost:send").contains("did you mean"));
}

#[test]
fn patterns_that_an_action_does_not_support_are_refused() {
    assert_eq!(
        refused("arn:aws:states:::lambda:invoke.sync"),
        "`lambda:invoke` does not support the pattern `.sync`, only `request-response`, `.waitForTaskToken`"
    );
    assert!(
        refused("arn:aws:states:::aws-sdk:sqs:sendMessage.sync")
            .contains("does not support the pattern `.sync`")
    );
    assert!(
        refused("arn:aws:states:::sqs:sendMessage.later").contains("does not support the pattern `.later`")
    );
}

#[test]
fn effect_classes_come_from_the_models() {
    let class = |text: &str| integration(text).effect_class();
    let token = |member: &str, window_seconds| EffectClass::Token {
        member: member.to_owned(),
        window_seconds,
    };
    assert_eq!(class("arn:aws:states:::lambda:invoke"), EffectClass::Once);
    assert_eq!(
        class("arn:aws:states:::dynamodb:getItem"),
        EffectClass::Repeatable
    );
    assert_eq!(class("arn:aws:states:::ecs:runTask"), token("ClientToken", 600));
    assert_eq!(
        class("arn:aws:states:::aws-sdk:dynamodb:transactWriteItems"),
        token("ClientRequestToken", 600)
    );
    assert_eq!(
        class("arn:aws:states:::aws-sdk:athena:startQueryExecution"),
        token("ClientRequestToken", 600)
    );
    assert_eq!(
        class("arn:aws:states:::aws-sdk:ecs:deleteCluster"),
        EffectClass::Repeatable
    );
    assert_eq!(
        class("arn:aws:states:::aws-sdk:ec2:describeInstances"),
        EffectClass::Repeatable
    );
    assert_eq!(
        class("arn:aws:states:::aws-sdk:sfn:getActivityTask"),
        EffectClass::Once
    );
    assert_eq!(class("arn:aws:states:::aws-sdk:sns:publish"), EffectClass::Once);
}

#[test]
fn a_resource_is_serialized_as_its_text() {
    let resource = Resource::parse("arn:aws:states:::sqs:sendMessage").unwrap();
    let json = serde_json::to_string(&resource).unwrap();
    assert_eq!(json, "\"arn:aws:states:::sqs:sendMessage\"");
    assert_eq!(serde_json::from_str::<Resource>(&json).unwrap(), resource);
    assert!(serde_json::from_str::<Resource>("\"arn:aws:states:::sqss:sendMessage\"").is_err());
}

#[test]
fn an_integration_may_name_a_region_and_an_account() {
    let resource = Resource::parse("arn:aws:states:eu-west-1:123456789012:aws-sdk:s3:getObject").unwrap();
    let Resource::Service(integration) = resource else {
        panic!("an integration is expected")
    };
    assert_eq!((integration.service(), integration.action()), ("s3", "getObject"));
    assert!(Resource::parse("arn:aws:states:eu-west-1:123456789012:stateMachine:s3").is_err());
}

#[test]
fn actions_of_every_service_are_known() {
    for text in [
        "arn:aws:states:::aws-sdk:rds:describeDBClusters",
        "arn:aws:states:::aws-sdk:rds:describeDbClusters",
        "arn:aws:states:::aws-sdk:ec2:runInstances.waitForTaskToken",
        "arn:aws:states:::aws-sdk:config:listAggregateDiscoveredResources",
        // Closed since, so its actions are nowhere listed.
        "arn:aws:states:::aws-sdk:iotanalytics:listDatasets",
    ] {
        assert!(Resource::parse(text).is_ok(), "{text}");
    }
    let Err(ResourceError::UnknownAction { nearest, .. }) =
        Resource::parse("arn:aws:states:::aws-sdk:s3:getObjekt")
    else {
        panic!("an unknown action is expected")
    };
    assert_eq!(nearest.first().map(String::as_str), Some("getObject"));
    // Its answer is a stream of events.
    assert!(Resource::parse("arn:aws:states:::aws-sdk:s3:selectObjectContent").is_err());
}
