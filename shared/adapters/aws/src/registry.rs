//! State machines and activities in DynamoDB.
//!
//! A revision is written before the state machine that has it, so that whoever reads the machine finds it. When the
//! machine is refused then, a revision stays behind that nobody names. Registry items never expire.
//!
//! Versions and aliases stand in the state machine's item, so that publishing, routing and deleting them are one
//! conditional write each.

use crate::item::Item;
use crate::store::{Expression, Query, Store, StoreError, Written};
use async_trait::async_trait;
use ports::{Activity, Machine, Owner, Page, Registry, RegistryError, Revision, machine_key};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The registry in DynamoDB.
#[derive(Clone, Debug)]
pub struct AwsRegistry {
    store: Store,
}

impl AwsRegistry {
    /// Returns the registry of a table.
    pub fn new(store: Store) -> AwsRegistry {
        AwsRegistry { store }
    }

    /// Writes a state machine's revision; writing it again changes nothing.
    async fn put_revision(&self, machine: &Machine) -> Result<(), StoreError> {
        let key = machine_key(&machine.owner, &machine.name);
        let item = Item::at(revisions(&key), &machine.revision.id).packed(DOCUMENT, &machine.revision)?;
        self.store.put(item, None).await?;
        Ok(())
    }

    /// Adds a document under a name, or returns the one that has it.
    async fn insert<T: Serialize + DeserializeOwned + PartialEq>(
        &self,
        item: Item,
        document: &T,
    ) -> Result<Option<T>, StoreError> {
        let item = item.packed(DOCUMENT, document)?;
        match self
            .store
            .put(item, Some(Expression::new("attribute_not_exists(PK)")))
            .await?
        {
            Written::Done => Ok(None),
            Written::Refused(Some(there)) => {
                let there: T = there.get_packed(DOCUMENT)?;
                // Equal to the last millisecond and revision: the answer to an attempt before this one was lost.
                Ok(Some(there).filter(|there| there != document))
            }
            Written::Refused(None) => Err(hidden()),
        }
    }

    /// Replaces a document when the condition holds.
    async fn replace<T: Serialize + DeserializeOwned + PartialEq>(
        &self,
        item: Item,
        document: &T,
        condition: Expression,
    ) -> Result<bool, StoreError> {
        let item = item.packed(DOCUMENT, document)?;
        match self.store.put(item, Some(condition)).await? {
            Written::Done => Ok(true),
            // An attempt before this one may have been made, and its answer lost.
            Written::Refused(Some(there)) => Ok(there.get_packed::<T>(DOCUMENT)? == *document),
            Written::Refused(None) => Ok(false),
        }
    }

    async fn read<T: DeserializeOwned>(&self, partition: &str, name: &str) -> Result<Option<T>, StoreError> {
        let item = self.store.get(partition, name, None).await?;
        item.map(|item| item.get_packed(DOCUMENT)).transpose()
    }

    async fn list<T: DeserializeOwned>(
        &self,
        partition: String,
        after: Option<String>,
        limit: usize,
    ) -> Result<Page<T>, StoreError> {
        let limit = limit.max(1);
        let keys = match after {
            Some(after) => Expression::new("PK = :pk AND SK > :after").text(":after", after),
            None => Expression::new("PK = :pk"),
        };
        let query = Query {
            limit: Some(limit.saturating_add(1)),
            ..Query::of(keys.text(":pk", partition))
        };
        let mut items = self.store.query(&query, limit.saturating_add(1)).await?;
        let further = items.len() > limit;
        items.truncate(limit);
        let last = items.last().filter(|_| further);
        let next = last
            .map(|item| item.get_text("SK").map(str::to_owned))
            .transpose()?;
        let rows = items
            .iter()
            .map(|item| item.get_packed(DOCUMENT))
            .collect::<Result<Vec<T>, StoreError>>()?;
        Ok(Page { rows, next })
    }
}

/// The attribute that holds the whole of it.
const DOCUMENT: &str = "doc";
/// The attribute that holds a state machine's edition, for conditions.
const EDITION: &str = "rev";

fn machines(owner: &Owner) -> String {
    format!("MACHINES#{}:{}", owner.region, owner.account)
}

fn activities(owner: &Owner) -> String {
    format!("ACTIVITIES#{}:{}", owner.region, owner.account)
}

fn revisions(machine: &str) -> String {
    format!("REVISION#{machine}")
}

fn machine_item(machine: &Machine) -> Item {
    Item::at(machines(&machine.owner), &machine.name).text(EDITION, machine.edition())
}

fn activity_item(activity: &Activity) -> Item {
    Item::at(activities(&activity.owner), &activity.name)
}

fn hidden() -> StoreError {
    StoreError::Failed("DynamoDB refused a write and does not show what is in its place".to_owned())
}

#[async_trait]
impl Registry for AwsRegistry {
    async fn insert_machine(&self, machine: Machine) -> Result<Option<Machine>, RegistryError> {
        self.put_revision(&machine).await?;
        Ok(self.insert(machine_item(&machine), &machine).await?)
    }

    async fn replace_machine(&self, machine: Machine, if_edition: &str) -> Result<bool, RegistryError> {
        self.put_revision(&machine).await?;
        let condition = Expression::new("rev = :rev").text(":rev", if_edition);
        Ok(self.replace(machine_item(&machine), &machine, condition).await?)
    }

    async fn remove_machine(&self, owner: &Owner, name: &str) -> Result<bool, RegistryError> {
        Ok(self.store.delete(&machines(owner), name).await?.is_some())
    }

    async fn machine(&self, owner: &Owner, name: &str) -> Result<Option<Machine>, RegistryError> {
        Ok(self.read(&machines(owner), name).await?)
    }

    async fn machines(
        &self,
        owner: &Owner,
        after: Option<String>,
        limit: usize,
    ) -> Result<Page<Machine>, RegistryError> {
        Ok(self.list(machines(owner), after, limit).await?)
    }

    async fn revision(&self, machine: &str, revision: &str) -> Result<Option<Revision>, RegistryError> {
        Ok(self.read(&revisions(machine), revision).await?)
    }

    async fn insert_activity(&self, activity: Activity) -> Result<Option<Activity>, RegistryError> {
        Ok(self.insert(activity_item(&activity), &activity).await?)
    }

    async fn replace_activity(&self, activity: Activity) -> Result<bool, RegistryError> {
        let condition = Expression::new("attribute_exists(PK)");
        Ok(self
            .replace(activity_item(&activity), &activity, condition)
            .await?)
    }

    async fn remove_activity(&self, owner: &Owner, name: &str) -> Result<bool, RegistryError> {
        Ok(self.store.delete(&activities(owner), name).await?.is_some())
    }

    async fn activity(&self, owner: &Owner, name: &str) -> Result<Option<Activity>, RegistryError> {
        Ok(self.read(&activities(owner), name).await?)
    }

    async fn activities(
        &self,
        owner: &Owner,
        after: Option<String>,
        limit: usize,
    ) -> Result<Page<Activity>, RegistryError> {
        Ok(self.list(activities(owner), after, limit).await?)
    }
}

impl From<StoreError> for RegistryError {
    fn from(error: StoreError) -> RegistryError {
        RegistryError(error.to_string())
    }
}
