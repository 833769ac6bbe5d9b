use super::*;

fn owner() -> Owner {
    Owner {
        region: "us-east-1".into(),
        account: "123456789012".into(),
    }
}

#[test]
fn state_machines_with_what_may_follow_the_name() {
    let base = "arn:aws:states:us-east-1:123456789012:stateMachine:orders";
    let plain = MachineArn::parse(base).unwrap();
    assert_eq!(
        (plain.owner.clone(), plain.name.as_str(), plain.is_plain()),
        (owner(), "orders", true)
    );
    assert_eq!(plain.key(), "us-east-1:123456789012:orders");
    let version = MachineArn::parse(&format!("{base}:7")).unwrap();
    assert_eq!(
        (version.name.as_str(), version.qualifier.as_deref()),
        ("orders", Some("7"))
    );
    let alias = MachineArn::parse(&format!("{base}:PROD")).unwrap();
    assert_eq!(alias.qualifier.as_deref(), Some("PROD"));
    let label = MachineArn::parse(&format!("{base}/items")).unwrap();
    assert_eq!(
        (label.name.as_str(), label.label.as_deref(), label.is_plain()),
        ("orders", Some("items"), false)
    );
}

#[test]
fn executions_name_machine_and_execution() {
    let text = "arn:aws:states:us-east-1:123456789012:execution:orders:run-1";
    let arn = ExecutionArn::parse(text).unwrap();
    assert_eq!(&*arn.key.machine, "us-east-1:123456789012:orders");
    assert_eq!(&*arn.key.name, "run-1");
}

#[test]
fn resources_are_state_machines_or_activities() {
    let activity = of_activity(&owner(), "pick");
    assert_eq!(
        ResourceArn::parse(&activity),
        ActivityArn::parse(&activity).map(ResourceArn::Activity)
    );
    let machine = of_machine(&owner(), "orders");
    assert_eq!(
        ResourceArn::parse(&machine),
        MachineArn::parse(&machine).map(ResourceArn::Machine)
    );
    assert!(ResourceArn::parse("arn:aws:states:us-east-1:123456789012:execution:orders:x").is_err());
}

#[test]
fn what_is_wrong_is_said_in_the_words_of_aws() {
    let message = |text: &str| ExecutionArn::parse(text).unwrap_err().message;
    assert_eq!(message("orders"), "Invalid Arn: 'Invalid ARN prefix: orders'");
    assert_eq!(
        message("arn:aws:states:us-east-1:123456789012:stateMachine:orders"),
        "Invalid Arn: 'Resource type not valid in this context: stateMachine'"
    );
    for text in [
        "arn:",
        "arn:aws:sqs:us-east-1:123456789012:execution:a:b",
        "arn:aws:states:us-east-1:12345:execution:a:b",
        "arn:aws:states::123456789012:execution:a:b",
        "arn:aws:states:us-east-1:123456789012:execution:a",
        "arn:aws:states:us-east-1:123456789012:execution::",
        "arn:aws:states:us-east-1:123456789012:execution:a:b:c",
        "arn:aws:states:us-east-1:123456789012:execution:a:b\n",
    ] {
        assert_eq!(message(text), format!("Invalid Arn: '{text}'"));
    }
    assert_eq!(message("arn"), "Invalid Arn: 'Invalid ARN prefix: arn'");
}

#[test]
fn regions_of_other_partitions() {
    let china = Owner {
        region: "cn-north-1".into(),
        account: "123456789012".into(),
    };
    assert_eq!(
        of_machine(&china, "m"),
        "arn:aws-cn:states:cn-north-1:123456789012:stateMachine:m"
    );
    assert_eq!(MachineArn::parse(&of_machine(&china, "m")).unwrap().owner, china);
}

#[test]
fn roles() {
    assert_eq!(
        check_role("arn:aws:iam::123456789012:role/service-role/x"),
        Ok(())
    );
    for text in [
        "",
        "role",
        "arn:aws:iam::123456789012:user/x",
        "arn:aws:iam::123456789012:role/",
        "arn:aws:iam::x:role/y",
    ] {
        assert_eq!(
            check_role(text).unwrap_err().message,
            format!("Invalid Role Arn: '{text}'")
        );
    }
}
