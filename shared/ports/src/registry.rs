//! State machines and activities.

use crate::journal::Page;
use crate::versions::Published;
use async_trait::async_trait;
use engine::{ExecutionType, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Whose resources: listings never mix owners.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Owner {
    /// The region.
    pub region: Arc<str>,
    /// The 12-digit account id.
    pub account: Arc<str>,
}

/// Returns the key of a state machine in the journal and the registry: `REGION:ACCOUNT:NAME`.
pub fn machine_key(owner: &Owner, name: &str) -> String {
    format!("{}:{}:{name}", owner.region, owner.account)
}

/// Whether a state machine can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the names are AWS's")]
pub enum MachineStatus {
    Active,
    Deleting,
}

/// A state machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    /// Whose it is.
    pub owner: Owner,
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// Standard or Express.
    pub machine_type: ExecutionType,
    /// Whether it can be used.
    pub status: MachineStatus,
    /// When it was created.
    pub created: Timestamp,
    /// When it was last updated.
    pub updated: Timestamp,
    /// What it runs now.
    pub revision: Revision,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Its versions and aliases.
    #[serde(default)]
    pub published: Arc<Published>,
    /// How often it was changed.
    #[serde(default)]
    pub edits: u64,
}

impl Machine {
    /// Returns what tells this state of it from every other one: for [`Registry::replace_machine`].
    pub fn edition(&self) -> String {
        match self.edits {
            // What was stored before edits were counted is known by its revision.
            0 => self.revision.id.clone(),
            edits => format!("{}#{edits}", self.revision.id),
        }
    }

    /// Returns the ARN of a version, by its number, or of an alias, by its name.
    pub fn qualified_arn(&self, qualifier: impl std::fmt::Display) -> String {
        format!("{}:{qualifier}", self.arn)
    }
}

/// What a state machine runs: replaced by each update; running executions keep theirs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Revision {
    /// Names the revision: a UUID; the first one is shown as `INITIAL` where AWS does.
    pub id: String,
    /// The definition's text.
    pub definition: Arc<str>,
    /// The role.
    pub role_arn: Arc<str>,
    /// CreateStateMachine's `loggingConfiguration`, as given.
    pub logging: Option<Value>,
    /// CreateStateMachine's `tracingConfiguration`, as given.
    pub tracing: Option<Value>,
    /// CreateStateMachine's `encryptionConfiguration`, as given.
    pub encryption: Option<Value>,
    /// When it came to be.
    pub created: Timestamp,
}

/// An activity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Activity {
    /// Whose it is.
    pub owner: Owner,
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// When it was created.
    pub created: Timestamp,
    /// CreateActivity's `encryptionConfiguration`, as given.
    pub encryption: Option<Value>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// Why the registry did not answer.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the registry's store failed: {0}")]
pub struct RegistryError(pub String);

/// The registry. Every acknowledged change is durable.
#[async_trait]
pub trait Registry: Send + Sync {
    /// Adds a state machine, or returns the one that has the name.
    async fn insert_machine(&self, machine: Machine) -> Result<Option<Machine>, RegistryError>;

    /// Replaces a state machine whose [`Machine::edition`] is `if_edition`; `false` when it is gone or has another one.
    ///
    /// The replaced revision stays readable for versions and for the executions that run it.
    async fn replace_machine(&self, machine: Machine, if_edition: &str) -> Result<bool, RegistryError>;

    /// Removes a state machine with its versions and aliases; its revisions stay readable for the executions that run them.
    async fn remove_machine(&self, owner: &Owner, name: &str) -> Result<bool, RegistryError>;

    /// Reads a state machine.
    async fn machine(&self, owner: &Owner, name: &str) -> Result<Option<Machine>, RegistryError>;

    /// Lists state machines by name; `after` is what the page before returned.
    async fn machines(
        &self,
        owner: &Owner,
        after: Option<String>,
        limit: usize,
    ) -> Result<Page<Machine>, RegistryError>;

    /// Reads a revision that a state machine has or had; `machine` is [`machine_key`].
    async fn revision(&self, machine: &str, revision: &str) -> Result<Option<Revision>, RegistryError>;

    /// Adds an activity, or returns the one that has the name.
    async fn insert_activity(&self, activity: Activity) -> Result<Option<Activity>, RegistryError>;

    /// Replaces an activity's record (its tags); `false` when it is gone.
    async fn replace_activity(&self, activity: Activity) -> Result<bool, RegistryError>;

    /// Removes an activity.
    async fn remove_activity(&self, owner: &Owner, name: &str) -> Result<bool, RegistryError>;

    /// Reads an activity.
    async fn activity(&self, owner: &Owner, name: &str) -> Result<Option<Activity>, RegistryError>;

    /// Lists activities by name; `after` is what the page before returned.
    async fn activities(
        &self,
        owner: &Owner,
        after: Option<String>,
        limit: usize,
    ) -> Result<Page<Activity>, RegistryError>;
}
