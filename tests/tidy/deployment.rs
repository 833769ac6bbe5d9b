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
