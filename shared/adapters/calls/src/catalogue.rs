//! The catalogue of service models, embedded, and read a service at a time.

mod model;
mod schema;

pub(crate) use model::{Member, Model, Operation, Protocol, Shape};
pub(crate) use schema::Schemas;

use model::IndexEntry;
use std::sync::{LazyLock, OnceLock};

/// One service's model, ready for calls.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) model: &'static Model,
    pub(crate) schemas: Schemas,
}

/// Finds a service by the name that the SDKs or the models give it; `None` when the catalogue does not have it.
pub(crate) fn service(name: &str) -> Option<&'static Service> {
    let (entry, slot) = CATALOGUE
        .services
        .iter()
        .find(|(entry, _)| entry.names.iter().any(|known| known == name))?;
    // A service stays for the life of the process, so its schemas may borrow from it.
    Some(*slot.get_or_init(|| {
        let model: &'static Model = Box::leak(Box::new(CATALOGUE.read(entry)));
        Box::leak(Box::new(Service {
            model,
            schemas: Schemas::of(model),
        }))
    }))
}

/// The names of every service in the catalogue, for messages.
pub(crate) fn service_names() -> Vec<&'static str> {
    CATALOGUE
        .services
        .iter()
        .filter_map(|(entry, _)| entry.names.first())
        .map(String::as_str)
        .collect()
}

/// The service id of a service, such as `DynamoDB`, without reading its model.
pub(crate) fn service_id(name: &str) -> Option<&'static str> {
    entry(name).map(|entry| entry.id.as_str())
}

/// Every name of a service.
pub(crate) fn names(name: &str) -> &'static [String] {
    entry(name)
        .map(|entry| entry.names.as_slice())
        .unwrap_or_default()
}

fn entry(name: &str) -> Option<&'static IndexEntry> {
    CATALOGUE
        .services
        .iter()
        .map(|(entry, _)| entry)
        .find(|entry| entry.names.iter().any(|known| known == name))
}

struct Catalogue {
    services: Vec<(IndexEntry, OnceLock<&'static Service>)>,
    bodies: &'static [u8],
}

// catalogue/generate.py says how it is laid out and how to make it again.
static FILE: &[u8] = include_bytes!("../catalogue/services.bin");

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
    let (length, rest) = FILE
        .split_first_chunk::<4>()
        .expect("the catalogue begins with its index's length");
    let (index, bodies) = rest.split_at(u32::from_le_bytes(*length) as usize);
    let index: Vec<IndexEntry> = unpacked(index);
    Catalogue {
        services: index.into_iter().map(|entry| (entry, OnceLock::new())).collect(),
        bodies,
    }
});

impl Catalogue {
    fn read(&self, entry: &IndexEntry) -> Model {
        unpacked(&self.bodies[entry.offset..entry.offset + entry.length])
    }
}

/// The file is a part of the program: if it cannot be read the program was built wrongly, which the tests would show.
fn unpacked<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> T {
    let json = zstd::decode_all(bytes).expect("the catalogue is compressed with zstd");
    serde_json::from_slice(&json).expect("the catalogue is as generate.py writes it")
}

#[cfg(test)]
mod tests;
