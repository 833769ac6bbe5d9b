//! What is deployed: the template and the folders that it names; the adapters' twin files.

use super::{none, read};
use crate::support::repository;
use std::collections::BTreeSet;
use std::path::Path;

fn folder(path: &str) -> BTreeSet<String> {
    std::fs::read_dir(repository().join(path))
        .expect("the folder can be read")
        .map(|entry| {
            entry
                .expect("the folder can be read")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect()
}

#[test]
fn every_function_of_the_template_has_its_folder_and_the_reverse() {
    let template = read(&repository().join("template.yaml"));
    let named: BTreeSet<String> = template
        .lines()
        .filter_map(|line| line.trim().strip_prefix("CodeUri: functions/"))
        .map(str::to_owned)
        .collect();
    assert_eq!(named, folder("functions"));
}

/// A resource of the template: its name and its lines, from the one with the type on.
struct Resource {
    name: String,
    text: String,
}

impl Resource {
    fn is(&self, kind: &str) -> bool {
        self.text
            .lines()
            .any(|line| line.trim() == format!("Type: {kind}"))
    }

    /// Returns what a key of its properties says.
    fn value(&self, key: &str) -> Option<&str> {
        let key = format!("{key}: ");
        self.text.lines().find_map(|line| line.trim().strip_prefix(&key))
    }

    /// Returns the names and texts of what it allows; what is denied may be denied altogether.
    fn allowed(&self) -> impl Iterator<Item = &str> {
        self.text
            .split("Effect: ")
            .filter(|statement| !statement.starts_with("Deny"))
            .flat_map(str::lines)
            .filter(|line| !line.trim_start().starts_with('#'))
            .flat_map(|line| line.split([' ', ',', '[', ']', '{', '}']))
            .map(|scalar| scalar.trim_matches('"'))
    }
}

/// Returns the template's resources: what stands two blanks deep under `Resources:`.
fn resources() -> Vec<Resource> {
    let template = read(&repository().join("template.yaml"));
    let mut found: Vec<Resource> = Vec::new();
    let lines = template
        .lines()
        .skip_while(|line| *line != "Resources:")
        .skip(1)
        .take_while(|line| line.is_empty() || line.starts_with(' '));
    for line in lines {
        let name = line.strip_prefix("  ").and_then(|rest| rest.strip_suffix(':'));
        match (
            name.filter(|name| !name.starts_with([' ', '#'])),
            found.last_mut(),
        ) {
            (Some(name), _) => found.push(Resource {
                name: name.to_owned(),
                text: String::new(),
            }),
            (None, Some(resource)) => {
                resource.text.push_str(line);
                resource.text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(found.len() > 10, "the template's resources are found");
    found
}

#[test]
fn no_right_is_given_for_all_actions_or_on_all_resources() {
    let mut breaches = Vec::new();
    for resource in resources() {
        for scalar in resource.allowed() {
            let of_service = |(service, action): (&str, &str)| {
                !service.is_empty()
                    && service
                        .bytes()
                        .all(|byte| byte.is_ascii_lowercase() || byte == b'-')
                    && action.ends_with('*')
                    && action
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'*')
            };
            if scalar == "*" || scalar.split_once(':').is_some_and(of_service) {
                breaches.push(format!("{}: `{scalar}`", resource.name));
            }
        }
    }
    none("a policy names its actions and its resources", &breaches);
}

#[test]
fn no_message_is_lost_unseen() {
    let resources = resources();
    let of = |kind| resources.iter().filter(move |resource| resource.is(kind));
    let target = |queue: &Resource| {
        let policy = queue.value("RedrivePolicy")?;
        let (_, rest) = policy.split_once("deadLetterTargetArn: !GetAtt ")?;
        Some(rest.split_once(".Arn")?.0.to_owned())
    };
    let dead_letters: BTreeSet<String> = of("AWS::SQS::Queue").filter_map(target).collect();
    assert!(!dead_letters.is_empty(), "the template has dead-letter queues");
    let mut breaches = Vec::new();
    for queue in of("AWS::SQS::Queue").filter(|queue| !dead_letters.contains(&queue.name)) {
        let Some(letters) = target(queue) else {
            breaches.push(format!("{}: no dead-letter queue", queue.name));
            continue;
        };
        let letters = resources.iter().find(|resource| resource.name == letters);
        if letters.is_none_or(|letters| letters.value("FifoQueue") != queue.value("FifoQueue")) {
            breaches.push(format!(
                "{}: its dead-letter queue is not of its kind",
                queue.name
            ));
        }
    }
    for letters in &dead_letters {
        let dimension = format!("!GetAtt {letters}.QueueName");
        if !of("AWS::CloudWatch::Alarm").any(|alarm| alarm.text.contains(&dimension)) {
            breaches.push(format!("{letters}: no alarm watches it"));
        }
    }
    none(
        "every queue has a dead-letter queue, and that an alarm",
        &breaches,
    );
}

/// SQS would give a message to a second invocation while the first still runs; Lambda refuses such a mapping.
#[test]
fn a_message_stays_hidden_for_as_long_as_its_function_may_run() {
    let resources = resources();
    let seconds = |resource: &Resource, key| resource.value(key).and_then(|value| value.parse::<u32>().ok());
    let mut breaches = Vec::new();
    let mut mappings = 0;
    for function in resources.iter().filter(|one| one.is("AWS::Serverless::Function")) {
        let timeout = seconds(function, "Timeout").expect("a function has a time-out");
        for line in function.text.lines() {
            let Some(queue) = line.trim().strip_prefix("Queue: !GetAtt ") else {
                continue;
            };
            mappings += 1;
            let queue = queue.trim_end_matches(".Arn");
            let hidden = resources
                .iter()
                .find(|one| one.name == queue)
                .and_then(|queue| seconds(queue, "VisibilityTimeout"));
            if hidden.is_none_or(|hidden| hidden < timeout) {
                breaches.push(format!(
                    "{queue}: visible after {hidden:?} s, but {} runs for {timeout} s",
                    function.name
                ));
            }
        }
    }
    assert!(mappings > 0, "functions take messages from queues");
    none("a message is hidden while its function may run", &breaches);
}

/// A port has one file in each set of adapters, so that who knows one set finds his way in the other.
#[test]
fn adapters_have_twin_files() {
    let ports = [
        "journal.rs",
        "registry.rs",
        "blobs.rs",
        "mailbox.rs",
        "timers.rs",
        "services.rs",
        "clock.rs",
    ];
    let breaches: Vec<String> = ["aws", "local"]
        .iter()
        .flat_map(|adapters| ports.map(|file| format!("shared/adapters/{adapters}/src/{file}")))
        .filter(|file| !repository().join(Path::new(file)).is_file())
        .collect();
    none("each set of adapters has a file for each port", &breaches);
}

/// The tests' tables are made by `aws::create_table`, the users' by the template.
#[test]
fn the_template_has_the_indexes_that_the_journal_reads() {
    let template = read(&repository().join("template.yaml"));
    for index in aws::TABLE.indexes {
        let named = format!("- IndexName: {}\n", index.name);
        let (_, definition) = template.split_once(&named).expect("the template has the index");
        let wanted = format!(
            "          KeySchema:\n            - {{ AttributeName: {}, KeyType: HASH }}\n            - {{ AttributeName: {}, KeyType: RANGE }}\n          Projection: {{ ProjectionType: INCLUDE, NonKeyAttributes: [{}] }}\n",
            index.partition,
            index.sort,
            index.includes.join(", ")
        );
        assert!(definition.starts_with(&wanted), "the index `{}`", index.name);
    }
}
