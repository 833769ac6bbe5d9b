//! How an execution's identity is stored: without what its row's columns say, and without what follows from that.

use crate::json;
use crate::store::StoreError;
use engine::{ExecutionKey, ExecutionType, Identity, MapPart, Parent, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The rest of an identity; what is absent follows from the key and the state machine's ARN.
#[derive(Debug, Serialize, Deserialize)]
struct Rest {
    machine_arn: Arc<str>,
    role_arn: Arc<str>,
    execution_type: ExecutionType,
    seed: Arc<str>,
    revision: Arc<str>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    arn: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    name: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    machine_name: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    region: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    version_arn: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    alias_arn: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    parent: Option<Parent>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    trace_header: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    test_case: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    map: Option<MapPart>,
}

/// Returns what of an identity does not stand in the columns `machine`, `name`, `incarnation` and `started`.
pub(crate) fn encode(identity: &Identity) -> Result<String, StoreError> {
    let Identity {
        key,
        incarnation: _,
        arn,
        name,
        machine_arn,
        machine_name,
        version_arn,
        alias_arn,
        role_arn,
        region,
        execution_type,
        started: _,
        seed,
        revision,
        parent,
        trace_header,
        test_case,
        map,
    } = identity;
    let (its_region, its_machine, its_name) = parts(key);
    let unless = |text: &Arc<str>, follows: bool| (!follows).then(|| Arc::clone(text));
    json::encode(&Rest {
        machine_arn: Arc::clone(machine_arn),
        role_arn: Arc::clone(role_arn),
        execution_type: *execution_type,
        seed: Arc::clone(seed),
        revision: Arc::clone(revision),
        arn: unless(arn, **arn == arn_of(machine_arn, *execution_type, key)),
        name: unless(name, **name == *its_name),
        machine_name: unless(machine_name, **machine_name == *its_machine),
        region: unless(region, **region == *its_region),
        version_arn: version_arn.clone(),
        alias_arn: alias_arn.clone(),
        parent: parent.clone(),
        trace_header: trace_header.clone(),
        test_case: test_case.clone(),
        map: map.clone(),
    })
}

/// Returns the identity of a row.
pub(crate) fn decode(
    text: &str,
    key: ExecutionKey,
    incarnation: Arc<str>,
    started: Timestamp,
) -> Result<Identity, StoreError> {
    let rest: Rest = json::decode(text)?;
    let (its_region, its_machine, its_name) = parts(&key);
    let or = |text: Option<Arc<str>>, follows: &str| text.unwrap_or_else(|| follows.into());
    Ok(Identity {
        arn: or(rest.arn, &arn_of(&rest.machine_arn, rest.execution_type, &key)),
        name: or(rest.name, its_name),
        machine_name: or(rest.machine_name, its_machine),
        region: or(rest.region, its_region),
        key,
        incarnation,
        machine_arn: rest.machine_arn,
        version_arn: rest.version_arn,
        alias_arn: rest.alias_arn,
        role_arn: rest.role_arn,
        execution_type: rest.execution_type,
        started,
        seed: rest.seed,
        revision: rest.revision,
        parent: rest.parent,
        trace_header: rest.trace_header,
        test_case: rest.test_case,
        map: rest.map,
    })
}

/// Returns the region, the state machine's name and the execution's name as they stand in a key.
fn parts(key: &ExecutionKey) -> (&str, &str, &str) {
    let mut machine = key.machine.splitn(3, ':');
    let region = machine.next().unwrap_or_default();
    let name = key.name.split(':').next().unwrap_or_default();
    (region, machine.nth(1).unwrap_or_default(), name)
}

fn arn_of(machine_arn: &str, execution_type: ExecutionType, key: &ExecutionKey) -> String {
    let kind = match execution_type {
        ExecutionType::Standard => ":execution:",
        ExecutionType::Express => ":express:",
    };
    let mut arn = machine_arn.replacen(":stateMachine:", kind, 1);
    arn.push(':');
    arn.push_str(&key.name);
    arn
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};
    use engine::{CallId, ExecutionKey, ExecutionType, Identity, Parent, Timestamp, Wants};
    use std::sync::Arc;

    fn usual() -> Identity {
        Identity {
            key: ExecutionKey {
                machine: "eu-west-1:123456789012:orders".into(),
                name: "one".into(),
            },
            incarnation: "01J".into(),
            arn: "arn:aws:states:eu-west-1:123456789012:execution:orders:one".into(),
            name: "one".into(),
            machine_arn: "arn:aws:states:eu-west-1:123456789012:stateMachine:orders".into(),
            machine_name: "orders".into(),
            version_arn: None,
            alias_arn: None,
            role_arn: "arn:aws:iam::123456789012:role/r".into(),
            region: "eu-west-1".into(),
            execution_type: ExecutionType::Standard,
            started: Timestamp(7),
            seed: "ab".into(),
            revision: "1".into(),
            parent: None,
            trace_header: None,
            test_case: None,
            map: None,
        }
    }

    fn back(identity: &Identity) -> Identity {
        let text = encode(identity).unwrap();
        decode(
            &text,
            identity.key.clone(),
            Arc::clone(&identity.incarnation),
            identity.started,
        )
        .unwrap()
    }

    #[test]
    fn what_follows_from_the_key_is_not_stored() {
        let identity = usual();
        assert_eq!(back(&identity), identity);
        assert_eq!(
            encode(&identity).unwrap(),
            r#"{"machine_arn":"arn:aws:states:eu-west-1:123456789012:stateMachine:orders","role_arn":"arn:aws:iam::123456789012:role/r","execution_type":"Standard","seed":"ab","revision":"1"}"#
        );
        let mut express = identity;
        express.key.name = "one:0-1".into();
        express.arn = "arn:aws:states:eu-west-1:123456789012:express:orders:one:0-1".into();
        express.execution_type = ExecutionType::Express;
        assert_eq!(back(&express), express);
        assert!(!encode(&express).unwrap().contains("0-1"));
    }

    #[test]
    fn whatever_does_not_follow_is_stored() {
        let usual = usual();
        let other = Identity {
            arn: "a".into(),
            name: "b".into(),
            machine_name: "c".into(),
            version_arn: Some("d".into()),
            alias_arn: Some("e".into()),
            region: "f".into(),
            parent: Some(Parent {
                key: usual.key.clone(),
                incarnation: "g".into(),
                call: CallId(1),
                wants: Wants::Json,
            }),
            trace_header: Some("h".to_owned()),
            test_case: Some("i".into()),
            ..usual
        };
        assert_eq!(back(&other), other);
    }
}
