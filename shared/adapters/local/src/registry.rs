//! State machines and activities in the embedded store.

use crate::json;
use crate::store::{Store, StoreError};
use async_trait::async_trait;
use ports::{Activity, Machine, Owner, Page, Registry, RegistryError, Revision, machine_key};
use rusqlite::{Connection, OptionalExtension as _, params};
use serde::de::DeserializeOwned;

/// The registry in the embedded store.
#[derive(Clone, Debug)]
pub struct LocalRegistry {
    store: Store,
}

impl LocalRegistry {
    /// Returns the registry of a store.
    pub fn new(store: Store) -> LocalRegistry {
        LocalRegistry { store }
    }

    async fn read<T: DeserializeOwned + Send + 'static>(
        &self,
        table: Table,
        owner: &Owner,
        name: &str,
    ) -> Result<Option<T>, RegistryError> {
        let (owner, name) = (owner.clone(), name.to_owned());
        Ok(self
            .store
            .read(move |connection| select(connection, table, &owner, &name))
            .await?)
    }

    /// Makes a change of state machines. It goes on when the caller has gone, for what is kept in memory to follow.
    async fn change<T, F>(&self, work: F) -> Result<T, RegistryError>
    where
        T: Send + 'static,
        F: Fn(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let store = self.store.clone();
        let changing = tokio::spawn(async move {
            let changed = store.write(work).await;
            store.machines().forget();
            changed
        });
        let changed = changing
            .await
            .unwrap_or_else(|error| Err(StoreError::Failed(error.to_string())));
        Ok(changed?)
    }

    async fn page<T: DeserializeOwned + Send + 'static>(
        &self,
        table: Table,
        owner: &Owner,
        after: Option<String>,
        limit: usize,
    ) -> Result<Page<T>, RegistryError> {
        let owner = owner.clone();
        Ok(self
            .store
            .read(move |connection| list(connection, table, &owner, after.as_deref(), limit))
            .await?)
    }
}

#[async_trait]
impl Registry for LocalRegistry {
    async fn insert_machine(&self, machine: Machine) -> Result<Option<Machine>, RegistryError> {
        let document = json::encode(&machine)?;
        let revision = json::encode(&machine.revision)?;
        let insert = move |connection: &Connection| {
            let there = select(connection, Table::Machine, &machine.owner, &machine.name)?;
            if there.is_none() {
                put_machine(connection, &machine, &document, &revision)?;
            }
            Ok(there)
        };
        self.change(insert).await
    }

    async fn replace_machine(&self, machine: Machine, if_edition: &str) -> Result<bool, RegistryError> {
        let document = json::encode(&machine)?;
        let revision = json::encode(&machine.revision)?;
        let if_edition = if_edition.to_owned();
        let replace = move |connection: &Connection| {
            let Owner { region, account } = &machine.owner;
            let found: Option<String> = connection
                .prepare_cached(
                    "SELECT revision FROM machine WHERE region = ?1 AND account = ?2 AND name = ?3",
                )?
                .query_row(params![region, account, machine.name], |row| row.get(0))
                .optional()?;
            let replaced = found.is_some_and(|found| found == if_edition);
            if replaced {
                put_machine(connection, &machine, &document, &revision)?;
            }
            Ok(replaced)
        };
        self.change(replace).await
    }

    async fn remove_machine(&self, owner: &Owner, name: &str) -> Result<bool, RegistryError> {
        let (owner, name) = (owner.clone(), name.to_owned());
        self.change(move |connection| delete(connection, Table::Machine, &owner, &name))
            .await
    }

    async fn machine(&self, owner: &Owner, name: &str) -> Result<Option<Machine>, RegistryError> {
        let key = machine_key(owner, name);
        let moment = match self.store.machines().get(&key) {
            Ok(machine) => return Ok(Some(machine)),
            Err(moment) => moment,
        };
        let machine: Option<Machine> = self.read(Table::Machine, owner, name).await?;
        if let Some(machine) = &machine {
            self.store.machines().keep(key, machine.clone(), moment);
        }
        Ok(machine)
    }

    async fn machines(
        &self,
        owner: &Owner,
        after: Option<String>,
        limit: usize,
    ) -> Result<Page<Machine>, RegistryError> {
        self.page(Table::Machine, owner, after, limit).await
    }

    async fn revision(&self, machine: &str, revision: &str) -> Result<Option<Revision>, RegistryError> {
        let (machine, revision) = (machine.to_owned(), revision.to_owned());
        let read = move |connection: &Connection| {
            let found: Option<String> = connection
                .prepare_cached("SELECT document FROM revision WHERE machine = ?1 AND id = ?2")?
                .query_row([&machine, &revision], |row| row.get(0))
                .optional()?;
            found.map(|text| json::decode(&text)).transpose()
        };
        Ok(self.store.read(read).await?)
    }

    async fn insert_activity(&self, activity: Activity) -> Result<Option<Activity>, RegistryError> {
        let document = json::encode(&activity)?;
        let insert = move |connection: &Connection| {
            let there = select(connection, Table::Activity, &activity.owner, &activity.name)?;
            if there.is_none() {
                let Owner { region, account } = &activity.owner;
                connection
                    .prepare_cached(
                        "INSERT INTO activity (region, account, name, document) VALUES (?1, ?2, ?3, ?4)",
                    )?
                    .execute(params![region, account, activity.name, document])?;
            }
            Ok(there)
        };
        Ok(self.store.write(insert).await?)
    }

    async fn replace_activity(&self, activity: Activity) -> Result<bool, RegistryError> {
        let document = json::encode(&activity)?;
        let replace = move |connection: &Connection| {
            let Owner { region, account } = &activity.owner;
            let changed = connection
                .prepare_cached(
                    "UPDATE activity SET document = ?4 WHERE region = ?1 AND account = ?2 AND name = ?3",
                )?
                .execute(params![region, account, activity.name, document])?;
            Ok(changed == 1)
        };
        Ok(self.store.write(replace).await?)
    }

    async fn remove_activity(&self, owner: &Owner, name: &str) -> Result<bool, RegistryError> {
        let (owner, name) = (owner.clone(), name.to_owned());
        Ok(self
            .store
            .write(move |connection| delete(connection, Table::Activity, &owner, &name))
            .await?)
    }

    async fn activity(&self, owner: &Owner, name: &str) -> Result<Option<Activity>, RegistryError> {
        self.read(Table::Activity, owner, name).await
    }

    async fn activities(
        &self,
        owner: &Owner,
        after: Option<String>,
        limit: usize,
    ) -> Result<Page<Activity>, RegistryError> {
        self.page(Table::Activity, owner, after, limit).await
    }
}

/// The tables whose rows are found by owner and name.
#[derive(Clone, Copy)]
enum Table {
    Machine,
    Activity,
}

impl Table {
    fn name(self) -> &'static str {
        match self {
            Table::Machine => "machine",
            Table::Activity => "activity",
        }
    }
}

fn select<T: DeserializeOwned>(
    connection: &Connection,
    table: Table,
    owner: &Owner,
    name: &str,
) -> Result<Option<T>, StoreError> {
    let sql = format!(
        "SELECT document FROM {} WHERE region = ?1 AND account = ?2 AND name = ?3",
        table.name()
    );
    let found: Option<String> = connection
        .prepare_cached(&sql)?
        .query_row(params![owner.region, owner.account, name], |row| row.get(0))
        .optional()?;
    found.map(|text| json::decode(&text)).transpose()
}

fn list<T: DeserializeOwned>(
    connection: &Connection,
    table: Table,
    owner: &Owner,
    after: Option<&str>,
    limit: usize,
) -> Result<Page<T>, StoreError> {
    // Names are never empty, so that everything comes after the empty one.
    let sql = format!(
        "SELECT name, document FROM {} WHERE region = ?1 AND account = ?2 AND name > ?3 ORDER BY name LIMIT ?4",
        table.name()
    );
    let limit = limit.max(1);
    let one_more = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let mut select = connection.prepare_cached(&sql)?;
    let rows = select.query_map(
        params![owner.region, owner.account, after.unwrap_or_default(), one_more],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let mut rows = rows.collect::<rusqlite::Result<Vec<(String, String)>>>()?;
    let further = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| further).map(|(name, _)| name.clone());
    let rows = rows
        .iter()
        .map(|(_, text)| json::decode(text))
        .collect::<Result<Vec<T>, StoreError>>()?;
    Ok(Page { rows, next })
}

fn delete(connection: &Connection, table: Table, owner: &Owner, name: &str) -> Result<bool, StoreError> {
    let sql = format!(
        "DELETE FROM {} WHERE region = ?1 AND account = ?2 AND name = ?3",
        table.name()
    );
    Ok(connection
        .prepare_cached(&sql)?
        .execute(params![owner.region, owner.account, name])?
        == 1)
}

/// Writes a machine, and its revision where executions find it for as long as they run.
fn put_machine(
    connection: &Connection,
    machine: &Machine,
    document: &str,
    revision: &str,
) -> Result<(), StoreError> {
    let Owner { region, account } = &machine.owner;
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO machine (region, account, name, revision, document) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![region, account, machine.name, machine.edition(), document])?;
    connection
        .prepare_cached("INSERT OR REPLACE INTO revision (machine, id, document) VALUES (?1, ?2, ?3)")?
        .execute(params![
            machine_key(&machine.owner, &machine.name),
            machine.revision.id,
            revision
        ])?;
    Ok(())
}

impl From<StoreError> for RegistryError {
    fn from(error: StoreError) -> RegistryError {
        RegistryError(error.to_string())
    }
}
