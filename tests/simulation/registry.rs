//! State machines and activities.

use crate::process::Process;
use crate::world::locked;
use async_trait::async_trait;
use ports::{Activity, Machine, Owner, Page, Registry, RegistryError, Revision, machine_key};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is registered.
#[derive(Default)]
pub(crate) struct Registered {
    pub(crate) machines: BTreeMap<(Owner, String), Machine>,
    revisions: BTreeMap<(String, String), Revision>,
    activities: BTreeMap<(Owner, String), Activity>,
}

impl Registered {
    pub(crate) fn enter_activity(&mut self, activity: Activity) {
        let name = (activity.owner.clone(), activity.name.clone());
        self.activities.insert(name, activity);
    }

    /// Enters a state machine with its revision.
    pub(crate) fn enter(&mut self, machine: Machine) {
        let key = machine_key(&machine.owner, &machine.name);
        let revision = machine.revision.clone();
        self.revisions.insert((key, revision.id.clone()), revision);
        self.machines
            .insert((machine.owner.clone(), machine.name.clone()), machine);
    }
}

pub(crate) struct SimRegistry(pub(crate) Arc<Process>);

impl SimRegistry {
    async fn with<T: Send + 'static>(
        &self,
        what: &'static str,
        apply: impl FnOnce(&mut Registered) -> T + Send + 'static,
    ) -> Result<T, RegistryError> {
        let world = Arc::clone(&self.0.world);
        let apply = move || apply(&mut locked(&world.registered));
        self.0.request(what, apply).await.map_err(RegistryError)
    }
}

#[async_trait]
impl Registry for SimRegistry {
    async fn insert_machine(&self, machine: Machine) -> Result<Option<Machine>, RegistryError> {
        let insert = move |registered: &mut Registered| {
            let name = (machine.owner.clone(), machine.name.clone());
            let there = registered.machines.get(&name).cloned();
            if there.is_none() {
                registered.enter(machine);
            }
            there
        };
        self.with("registry.insert", insert).await
    }

    async fn replace_machine(&self, machine: Machine, if_edition: &str) -> Result<bool, RegistryError> {
        let edition = if_edition.to_owned();
        let replace = move |registered: &mut Registered| {
            let name = (machine.owner.clone(), machine.name.clone());
            let matches = registered
                .machines
                .get(&name)
                .is_some_and(|there| there.edition() == edition);
            if matches {
                registered.enter(machine);
            }
            matches
        };
        self.with("registry.replace", replace).await
    }

    async fn remove_machine(&self, owner: &Owner, name: &str) -> Result<bool, RegistryError> {
        let name = (owner.clone(), name.to_owned());
        let remove = move |registered: &mut Registered| registered.machines.remove(&name).is_some();
        self.with("registry.remove", remove).await
    }

    async fn machine(&self, owner: &Owner, name: &str) -> Result<Option<Machine>, RegistryError> {
        let name = (owner.clone(), name.to_owned());
        let read = move |registered: &mut Registered| registered.machines.get(&name).cloned();
        self.with("registry.machine", read).await
    }

    async fn machines(
        &self,
        owner: &Owner,
        after: Option<String>,
        limit: usize,
    ) -> Result<Page<Machine>, RegistryError> {
        let owner = owner.clone();
        let list =
            move |registered: &mut Registered| page(&registered.machines, &owner, after.as_deref(), limit);
        self.with("registry.machines", list).await
    }

    async fn revision(&self, machine: &str, revision: &str) -> Result<Option<Revision>, RegistryError> {
        let name = (machine.to_owned(), revision.to_owned());
        let read = move |registered: &mut Registered| registered.revisions.get(&name).cloned();
        self.with("registry.revision", read).await
    }

    async fn insert_activity(&self, activity: Activity) -> Result<Option<Activity>, RegistryError> {
        let insert = move |registered: &mut Registered| {
            let name = (activity.owner.clone(), activity.name.clone());
            let there = registered.activities.get(&name).cloned();
            if there.is_none() {
                registered.activities.insert(name, activity);
            }
            there
        };
        self.with("registry.insert", insert).await
    }

    async fn replace_activity(&self, activity: Activity) -> Result<bool, RegistryError> {
        let replace = move |registered: &mut Registered| {
            let name = (activity.owner.clone(), activity.name.clone());
            let there = registered.activities.contains_key(&name);
            if there {
                registered.activities.insert(name, activity);
            }
            there
        };
        self.with("registry.replace", replace).await
    }

    async fn remove_activity(&self, owner: &Owner, name: &str) -> Result<bool, RegistryError> {
        let name = (owner.clone(), name.to_owned());
        let remove = move |registered: &mut Registered| registered.activities.remove(&name).is_some();
        self.with("registry.remove", remove).await
    }

    async fn activity(&self, owner: &Owner, name: &str) -> Result<Option<Activity>, RegistryError> {
        let name = (owner.clone(), name.to_owned());
        let read = move |registered: &mut Registered| registered.activities.get(&name).cloned();
        self.with("registry.activity", read).await
    }

    async fn activities(
        &self,
        owner: &Owner,
        after: Option<String>,
        limit: usize,
    ) -> Result<Page<Activity>, RegistryError> {
        let owner = owner.clone();
        let list =
            move |registered: &mut Registered| page(&registered.activities, &owner, after.as_deref(), limit);
        self.with("registry.activities", list).await
    }
}

fn page<T: Clone>(
    all: &BTreeMap<(Owner, String), T>,
    owner: &Owner,
    after: Option<&str>,
    limit: usize,
) -> Page<T> {
    let mut found = all
        .iter()
        .filter(|((of, name), _)| of == owner && after.is_none_or(|after| name.as_str() > after));
    let rows: Vec<(&String, &T)> = found
        .by_ref()
        .take(limit)
        .map(|((_, name), row)| (name, row))
        .collect();
    let next = found
        .next()
        .and_then(|_| rows.last().map(|(name, _)| (*name).clone()));
    Page {
        rows: rows.into_iter().map(|(_, row)| row.clone()).collect(),
        next,
    }
}
