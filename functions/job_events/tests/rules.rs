//! The template's rules let through what the function understands, and nothing else.

use integrations::jobs::{EventPattern, event_patterns};
use std::collections::BTreeSet;
use std::path::Path;

/// A rule's pattern, as the template writes it.
fn line(pattern: &EventPattern) -> String {
    format!(
        "Pattern: {{ source: [{}], detail-type: [{}], detail: {{ {}: [{}] }} }}",
        pattern.source,
        pattern.detail_type,
        pattern.status_field,
        pattern.ended.join(", ")
    )
}

#[test]
fn the_template_has_a_rule_for_each_event_that_the_catalogue_knows() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../template.yaml");
    let template = std::fs::read_to_string(path).unwrap();
    let lines = template.lines().map(str::trim);
    let written: BTreeSet<String> = lines
        .filter(|line| line.starts_with("Pattern: "))
        .map(str::to_owned)
        .collect();
    let known: BTreeSet<String> = event_patterns().iter().map(line).collect();
    assert_eq!(written, known);
}
