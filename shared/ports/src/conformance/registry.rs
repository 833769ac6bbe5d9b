//! What every registry must do.

use super::unique;
use crate::{
    Activity, Alias, Machine, MachineStatus, Owner, Published, Registry, Revision, Route, machine_key,
    qualified,
};
use engine::{ExecutionType, Timestamp};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Runs all tests of registries.
pub async fn all(registry: &dyn Registry) {
    keeps_machines(registry).await;
    replaces_what_was_read(registry).await;
    tells_editions_apart(registry).await;
    keeps_revisions(registry).await;
    keeps_what_was_published(registry).await;
    keeps_activities(registry).await;
    lists_by_name(registry).await;
}

/// A state machine is added once, read as it was written, and removed once.
pub async fn keeps_machines(registry: &dyn Registry) {
    let owner = owner();
    let machine = machine(&owner, "Orders", "r1");
    assert_eq!(registry.machine(&owner, "Orders").await.expect("machine"), None);
    assert_eq!(
        registry.insert_machine(machine.clone()).await.expect("insert"),
        None
    );
    let rival = self::machine(&owner, "Orders", "r2");
    assert_eq!(
        registry.insert_machine(rival).await.expect("insert"),
        Some(machine.clone()),
        "the name is taken"
    );
    assert_eq!(
        registry.machine(&owner, "Orders").await.expect("machine"),
        Some(machine)
    );
    assert_eq!(
        registry.machine(&owner, "orders").await.expect("machine"),
        None,
        "names differ by case"
    );
    assert_eq!(
        registry.machine(&self::owner(), "Orders").await.expect("machine"),
        None,
        "another owner"
    );
    assert!(registry.remove_machine(&owner, "Orders").await.expect("remove"));
    assert!(!registry.remove_machine(&owner, "Orders").await.expect("remove"));
    assert_eq!(registry.machine(&owner, "Orders").await.expect("machine"), None);
}

/// A state machine is replaced only by somebody who has seen its latest edition.
pub async fn replaces_what_was_read(registry: &dyn Registry) {
    let owner = owner();
    let second = machine(&owner, "Orders", "r2");
    assert!(
        !registry
            .replace_machine(second.clone(), "r1")
            .await
            .expect("replace"),
        "there is none"
    );
    registry
        .insert_machine(machine(&owner, "Orders", "r1"))
        .await
        .expect("insert");
    assert!(
        registry
            .replace_machine(second.clone(), "r1")
            .await
            .expect("replace")
    );
    let third = machine(&owner, "Orders", "r3");
    assert!(
        !registry.replace_machine(third, "r1").await.expect("replace"),
        "it has another revision by now"
    );
    assert_eq!(
        registry.machine(&owner, "Orders").await.expect("machine"),
        Some(second.clone())
    );
    let tagged = Machine {
        tags: BTreeMap::from([("team".to_owned(), "a".to_owned())]),
        ..second
    };
    assert!(
        registry
            .replace_machine(tagged.clone(), "r2")
            .await
            .expect("replace"),
        "the revision may stay"
    );
    assert_eq!(
        registry.machine(&owner, "Orders").await.expect("machine"),
        Some(tagged)
    );
}

/// Of two who change the same edition, one is refused, also when the revision stays.
pub async fn tells_editions_apart(registry: &dyn Registry) {
    let owner = owner();
    let first = machine(&owner, "Orders", "r1");
    registry.insert_machine(first.clone()).await.expect("insert");
    let tagged = |tag: &str, edits| Machine {
        tags: BTreeMap::from([(tag.to_owned(), String::new())]),
        edits,
        ..first.clone()
    };
    let one = tagged("one", 1);
    let replaced = registry.replace_machine(one.clone(), &first.edition()).await;
    assert!(replaced.expect("replace"));
    let rival = registry.replace_machine(tagged("two", 1), &first.edition()).await;
    assert!(!rival.expect("replace"), "it was changed since");
    let next = registry.replace_machine(tagged("three", 2), &one.edition()).await;
    assert!(next.expect("replace"));
    assert_eq!(
        registry.machine(&owner, "Orders").await.expect("machine"),
        Some(tagged("three", 2))
    );
}

/// Versions and aliases are stored with their state machine, lead to their revisions, and go with it.
pub async fn keeps_what_was_published(registry: &dyn Registry) {
    let owner = owner();
    let (first, mut second) = (machine(&owner, "Orders", "r1"), machine(&owner, "Orders", "r2"));
    let mut published = Published::default();
    let now = Timestamp(1_800_000_000_789);
    published.publish("r1", Some("first".to_owned()), now);
    published.publish("r2", None, now);
    published.aliases.push(Alias {
        name: "live".to_owned(),
        description: None,
        routes: vec![Route {
            version: 1,
            weight: 100,
        }],
        created: now,
        updated: now,
    });
    second.published = Arc::new(published);
    registry.insert_machine(first.clone()).await.expect("insert");
    registry
        .replace_machine(second.clone(), "r1")
        .await
        .expect("replace");
    let found = registry.machine(&owner, "Orders").await.expect("machine");
    assert_eq!(found, Some(second.clone()));
    for (qualifier, revision) in [
        ("1", Some(&first)),
        ("2", Some(&second)),
        ("live", Some(&first)),
        ("3", None),
        ("dev", None),
    ] {
        let found = qualified(registry, second.clone(), qualifier, &[0; 32])
            .await
            .expect("qualified");
        assert_eq!(
            found.as_ref().map(|found| &found.machine.revision),
            revision.map(|machine| &machine.revision),
            "{qualifier}"
        );
        let alias = found.and_then(|found| found.alias_arn);
        assert_eq!(alias.is_some(), qualifier == "live", "{qualifier}");
    }
    registry.remove_machine(&owner, "Orders").await.expect("remove");
    registry.insert_machine(first).await.expect("insert");
    let anew = registry.machine(&owner, "Orders").await.expect("machine");
    assert_eq!(anew.map(|machine| machine.published.last), Some(0));
}

/// Every revision stays readable: after an update, and after the state machine is gone.
pub async fn keeps_revisions(registry: &dyn Registry) {
    let owner = owner();
    let (first, second) = (machine(&owner, "Orders", "r1"), machine(&owner, "Orders", "r2"));
    let key = machine_key(&owner, "Orders");
    registry.insert_machine(first.clone()).await.expect("insert");
    assert_eq!(registry.revision(&key, "r2").await.expect("revision"), None);
    registry
        .replace_machine(second.clone(), "r1")
        .await
        .expect("replace");
    registry.remove_machine(&owner, "Orders").await.expect("remove");
    assert_eq!(
        registry.revision(&key, "r1").await.expect("revision"),
        Some(first.revision)
    );
    assert_eq!(
        registry.revision(&key, "r2").await.expect("revision"),
        Some(second.revision)
    );
    assert_eq!(
        registry
            .revision(&machine_key(&owner, "Other"), "r1")
            .await
            .expect("revision"),
        None
    );
}

/// An activity is added once, replaced only while it is there, and removed once.
pub async fn keeps_activities(registry: &dyn Registry) {
    let owner = owner();
    let activity = activity(&owner, "Approve");
    assert!(
        !registry
            .replace_activity(activity.clone())
            .await
            .expect("replace"),
        "there is none"
    );
    assert_eq!(
        registry.insert_activity(activity.clone()).await.expect("insert"),
        None
    );
    let mut rival = activity.clone();
    rival.tags.clear();
    assert_eq!(
        registry.insert_activity(rival.clone()).await.expect("insert"),
        Some(activity)
    );
    assert!(registry.replace_activity(rival.clone()).await.expect("replace"));
    assert_eq!(
        registry.activity(&owner, "Approve").await.expect("activity"),
        Some(rival)
    );
    assert!(registry.remove_activity(&owner, "Approve").await.expect("remove"));
    assert!(!registry.remove_activity(&owner, "Approve").await.expect("remove"));
    assert_eq!(
        registry.activity(&owner, "Approve").await.expect("activity"),
        None
    );
}

/// Lists are in the order of names, page by page, and show one owner's resources alone.
pub async fn lists_by_name(registry: &dyn Registry) {
    let (owner, other) = (owner(), owner());
    for name in ["e", "b", "d", "a", "c"] {
        registry
            .insert_machine(machine(&owner, name, name))
            .await
            .expect("insert");
        registry
            .insert_activity(activity(&owner, name))
            .await
            .expect("insert");
    }
    registry
        .insert_machine(machine(&other, "x", "x"))
        .await
        .expect("insert");
    registry
        .insert_activity(activity(&other, "x"))
        .await
        .expect("insert");
    for limit in [1, 2, 5, 100] {
        let (mut machines, mut after) = (Vec::new(), None);
        loop {
            let page = registry.machines(&owner, after, limit).await.expect("machines");
            assert!(page.rows.len() <= limit);
            machines.extend(page.rows.into_iter().map(|machine| machine.name));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(machines, ["a", "b", "c", "d", "e"], "{limit} on a page");
        let (mut activities, mut after) = (Vec::new(), None);
        loop {
            let page = registry
                .activities(&owner, after, limit)
                .await
                .expect("activities");
            assert!(page.rows.len() <= limit);
            activities.extend(page.rows.into_iter().map(|activity| activity.name));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(activities, ["a", "b", "c", "d", "e"], "{limit} on a page");
    }
}

fn owner() -> Owner {
    // A region of its own for each test: listings never mix owners.
    Owner {
        region: unique().into(),
        account: "123456789012".into(),
    }
}

fn machine(owner: &Owner, name: &str, revision: &str) -> Machine {
    Machine {
        owner: owner.clone(),
        name: name.to_owned(),
        arn: format!(
            "arn:aws:states:{}:{}:stateMachine:{name}",
            owner.region, owner.account
        ),
        machine_type: ExecutionType::Standard,
        status: MachineStatus::Active,
        created: Timestamp(1_800_000_000_123),
        updated: Timestamp(1_800_000_000_456),
        revision: Revision {
            id: revision.to_owned(),
            definition: format!("{{ \"Comment\": \"{revision}\" }}\n").into(),
            role_arn: "arn:aws:iam::123456789012:role/r".into(),
            logging: Some(json!({"level": "ALL", "destinations": []})),
            tracing: None,
            encryption: None,
            created: Timestamp(1_800_000_000_456),
        },
        tags: BTreeMap::new(),
        published: Arc::default(),
        edits: 0,
    }
}

fn activity(owner: &Owner, name: &str) -> Activity {
    Activity {
        owner: owner.clone(),
        name: name.to_owned(),
        arn: format!(
            "arn:aws:states:{}:{}:activity:{name}",
            owner.region, owner.account
        ),
        created: Timestamp(1_800_000_000_123),
        encryption: Some(json!({"type": "AWS_OWNED_KEY"})),
        tags: BTreeMap::from([("team".to_owned(), "orders".to_owned())]),
    }
}
