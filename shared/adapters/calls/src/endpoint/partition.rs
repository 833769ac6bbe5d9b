//! The partitions of AWS, such as `aws` and `aws-cn`, and the Regions that they have.

use serde::Deserialize;
use serde_json::{Map, Value};

/// A group of Regions with domains of its own.
#[derive(Debug, Deserialize)]
#[serde(bound(deserialize = "'de: 'static"))]
pub(crate) struct Partition {
    /// What the endpoint rules know of the partition.
    pub(crate) outputs: Map<String, Value>,
    /// What its Regions' names begin with.
    prefixes: Box<[&'static str]>,
    /// Names that do not look like the others, such as `aws-global`.
    regions: Box<[&'static str]>,
}

/// The partition of a Region; new Regions are told by their names.
pub(crate) fn of(region: &str) -> Option<&'static Partition> {
    let partitions = crate::catalogue::partitions();
    let found = partitions.iter().find(|partition| partition.has(region));
    found.or_else(|| partitions.first())
}

impl Partition {
    fn has(&self, region: &str) -> bool {
        self.regions.contains(&region)
            || self
                .prefixes
                .iter()
                .filter_map(|prefix| region.strip_prefix(prefix)?.split_once('-'))
                .any(|(place, number)| {
                    let is_word = |c: char| c.is_alphanumeric() || c == '_';
                    !place.is_empty()
                        && place.chars().all(is_word)
                        && !number.is_empty()
                        && number.chars().all(|c| c.is_ascii_digit())
                })
    }
}
