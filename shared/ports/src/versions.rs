//! Versions of state machines, and the aliases that point to them.

use crate::registry::{Machine, Registry, RegistryError, machine_key};
use engine::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What of a state machine was published. It goes with the state machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// The number of the latest version, also when that is gone: no number is given twice.
    pub last: u64,
    /// The versions, oldest first.
    pub versions: Vec<Version>,
    /// The aliases, oldest first.
    pub aliases: Vec<Alias>,
}

/// A revision that stays, under a number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// Its number; the first one is 1.
    pub number: u64,
    /// The id of the revision.
    pub revision: String,
    /// What its publisher says about it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub description: Option<String>,
    /// When it was published.
    pub created: Timestamp,
}

/// A name that stands for one or two versions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alias {
    /// Its name.
    pub name: String,
    /// What its maker says about it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub description: Option<String>,
    /// Where its executions go.
    pub routes: Vec<Route>,
    /// When it was created.
    pub created: Timestamp,
    /// When it was last updated.
    pub updated: Timestamp,
}

/// How many of an alias's executions go to a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// The version's number.
    pub version: u64,
    /// Its share, in percent; those of an alias add up to 100.
    pub weight: u64,
}

impl Published {
    /// Returns the version with a number.
    pub fn version(&self, number: u64) -> Option<&Version> {
        self.versions.iter().find(|version| version.number == number)
    }

    /// Returns the version of a revision: there is one at most.
    pub fn of_revision(&self, revision: &str) -> Option<&Version> {
        self.versions.iter().find(|version| version.revision == revision)
    }

    /// Returns the alias with a name.
    pub fn alias(&self, name: &str) -> Option<&Alias> {
        self.aliases.iter().find(|alias| alias.name == name)
    }

    /// Returns the names of the aliases that point to a version.
    pub fn aliases_of(&self, number: u64) -> impl Iterator<Item = &str> {
        let points = move |alias: &&Alias| alias.routes.iter().any(|route| route.version == number);
        self.aliases
            .iter()
            .filter(points)
            .map(|alias| alias.name.as_str())
    }

    /// Publishes a revision under the next number; one that is published already stays as it is.
    pub fn publish(&mut self, revision: &str, description: Option<String>, now: Timestamp) -> Version {
        if let Some(version) = self.of_revision(revision) {
            return version.clone();
        }
        self.last += 1;
        let version = Version {
            number: self.last,
            revision: revision.to_owned(),
            description,
            created: now,
        };
        self.versions.push(version.clone());
        version
    }
}

impl Alias {
    /// Draws the version that an execution runs; `random` decides.
    pub fn draw(&self, random: &[u8; 32]) -> Option<u64> {
        let mut number = [0; 8];
        number.copy_from_slice(&random[..8]);
        let mut drawn =
            u64::from_be_bytes(number) % self.routes.iter().map(|route| route.weight).sum::<u64>().max(1);
        for route in &self.routes {
            if drawn < route.weight {
                return Some(route.version);
            }
            drawn -= route.weight;
        }
        None
    }

    /// Returns the version that most executions go to; of two alike, the one that is named first.
    pub fn foremost(&self) -> Option<u64> {
        let first_of_most =
            |most: Route, route: &Route| if route.weight > most.weight { *route } else { most };
        let mut routes = self.routes.iter();
        let first = *routes.next()?;
        Some(routes.fold(first, first_of_most).version)
    }
}

/// A state machine as a version or an alias of it names it.
#[derive(Clone, Debug, PartialEq)]
pub struct Qualified {
    /// The state machine, with the version's revision.
    pub machine: Machine,
    /// The version.
    pub version: Version,
    /// The version's ARN.
    pub version_arn: Arc<str>,
    /// The alias's ARN, if an alias was named.
    pub alias_arn: Option<Arc<str>>,
}

/// Finds what a qualifier of a state machine's ARN names: a version by its number, or one that its alias draws.
///
/// `None` when there is no such version or alias.
///
/// # Errors
///
/// When the registry fails.
pub async fn qualified(
    registry: &dyn Registry,
    machine: Machine,
    qualifier: &str,
    random: &[u8; 32],
) -> Result<Option<Qualified>, RegistryError> {
    let published = Arc::clone(&machine.published);
    let (number, alias) = match version_number(qualifier) {
        Some(number) => (Some(number), None),
        None => {
            let alias = published.alias(qualifier);
            (alias.and_then(|alias| alias.draw(random)), alias)
        }
    };
    let Some(version) = number.and_then(|number| published.version(number)) else {
        return Ok(None);
    };
    let revision = if version.revision == machine.revision.id {
        machine.revision.clone()
    } else {
        let key = machine_key(&machine.owner, &machine.name);
        let revision = registry.revision(&key, &version.revision).await?;
        revision.ok_or_else(|| {
            RegistryError(format!(
                "the revision of version {} of `{}` is gone",
                version.number, machine.arn
            ))
        })?
    };
    Ok(Some(Qualified {
        version_arn: machine.qualified_arn(version.number).into(),
        alias_arn: alias.map(|alias| machine.qualified_arn(&alias.name).into()),
        version: version.clone(),
        machine: Machine { revision, ..machine },
    }))
}

/// Returns the number that a qualifier is, if it names a version: an alias has more in its name than digits.
pub fn version_number(qualifier: &str) -> Option<u64> {
    let number: u64 = qualifier.parse().ok()?;
    // There is one way to write a number; `+1` and `01` name nothing.
    (number.to_string() == qualifier).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alias(weights: &[u64]) -> Alias {
        let routes = weights.iter().zip(1..);
        Alias {
            name: "live".to_owned(),
            description: None,
            routes: routes
                .map(|(weight, version)| Route {
                    version,
                    weight: *weight,
                })
                .collect(),
            created: Timestamp(0),
            updated: Timestamp(0),
        }
    }

    fn random(number: u64) -> [u8; 32] {
        let mut bytes = [0xff; 32];
        bytes[..8].copy_from_slice(&number.to_be_bytes());
        bytes
    }

    #[test]
    fn an_alias_draws_its_versions_by_their_weights() {
        for (weights, first) in [
            (&[100][..], 100),
            (&[20, 80], 20),
            (&[0, 100], 0),
            (&[100, 0], 100),
        ] {
            let alias = alias(weights);
            let drawn = (0..100)
                .filter(|number| alias.draw(&random(*number)) == Some(1))
                .count();
            assert_eq!(drawn, first, "{weights:?}");
            assert!((0..100).all(|number| alias.draw(&random(number)).is_some()));
        }
        assert_eq!(alias(&[20, 80]).draw(&random(519)), Some(1));
        assert_eq!(alias(&[20, 80]).draw(&random(520)), Some(2));
        assert_eq!(alias(&[]).draw(&random(0)), None);
    }

    #[test]
    fn the_foremost_version_has_the_greatest_weight() {
        let foremost = |weights: &[u64]| alias(weights).foremost();
        assert_eq!(
            [
                foremost(&[100]),
                foremost(&[20, 80]),
                foremost(&[50, 50]),
                foremost(&[])
            ],
            [Some(1), Some(2), Some(1), None]
        );
    }

    #[test]
    fn a_revision_is_published_once_and_no_number_is_given_twice() {
        let mut published = Published::default();
        let first = published.publish("r1", Some("a".to_owned()), Timestamp(1));
        assert_eq!((first.number, first.created), (1, Timestamp(1)));
        assert_eq!(published.publish("r1", None, Timestamp(2)), first);
        assert_eq!(published.publish("r2", None, Timestamp(3)).number, 2);
        published.versions.pop();
        assert_eq!(published.publish("r2", None, Timestamp(4)).number, 3);
        assert_eq!(published.version(1), Some(&first));
        assert_eq!(published.version(2), None);
    }

    #[test]
    fn versions_are_named_by_plain_numbers() {
        assert_eq!(version_number("12"), Some(12));
        for other in ["", "0012", "+1", "-1", "1a", "live", "99999999999999999999"] {
            assert_eq!(version_number(other), None, "{other}");
        }
    }

    #[test]
    fn a_state_machine_that_was_stored_before_there_were_versions_has_none() {
        let stored = r#"{"owner":{"region":"us-east-1","account":"123456789012"},"name":"m","arn":"arn:m",
            "machine_type":"Standard","status":"ACTIVE","created":1,"updated":2,"tags":{},"revision":{"id":"r7",
            "definition":"{}","role_arn":"r","logging":null,"tracing":null,"encryption":null,"created":2}}"#;
        let mut machine: Machine = serde_json::from_str(stored).unwrap();
        assert_eq!(*machine.published, Published::default());
        assert_eq!(machine.edition(), "r7", "what stands beside the document");
        machine.edits = 1;
        assert_eq!(machine.edition(), "r7#1");
    }
}
