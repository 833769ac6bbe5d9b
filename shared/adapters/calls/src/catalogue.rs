//! The catalogue of service models, embedded, and read a service at a time.

mod model;
mod schema;

pub(crate) use model::{Member, Model, Operation, Protocol, Shape};
pub(crate) use schema::{Schemas, Side};

use crate::endpoint::{Partition, RuleSet};
use model::{Head, IndexEntry};
use std::collections::BTreeMap;
use std::sync::{LazyLock, OnceLock};

/// One service's model, ready for calls.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) model: &'static Model,
    pub(crate) schemas: Schemas,
    entry: &'static IndexEntry,
    rules: OnceLock<RuleSet>,
}

impl Service {
    /// The rules that say where the service is reached, read when they are first needed.
    pub(crate) fn rules(&self) -> &RuleSet {
        self.rules.get_or_init(|| {
            let at = self.entry.at + self.entry.model;
            read(CATALOGUE.body(at, self.entry.rules))
        })
    }
}

/// Finds a service by the name that the SDKs or the models give it; `None` when the catalogue does not have it.
pub(crate) fn service(name: &str) -> Option<&'static Service> {
    let catalogue: &'static Catalogue = &CATALOGUE;
    let number = *catalogue.names.get(name)?;
    let (entry, slot) = &catalogue.services[number];
    // A service stays for the life of the process, so what reads from it may borrow.
    Some(slot.get_or_init(|| {
        let model: &'static Model = Box::leak(Box::new(read(catalogue.body(entry.at, entry.model))));
        Service {
            model,
            schemas: Schemas::of(model),
            entry,
            rules: OnceLock::new(),
        }
    }))
}

/// The names of every service in the catalogue, as the SDKs write them.
pub(crate) fn service_names() -> impl Iterator<Item = &'static str> {
    CATALOGUE.services.iter().map(|(entry, _)| entry.names[0])
}

/// The service id of a service, such as `DynamoDB`, without reading its model.
pub(crate) fn service_id(name: &str) -> Option<&'static str> {
    entry(name).map(|entry| entry.id)
}

/// Every name of a service.
pub(crate) fn names(name: &str) -> &'static [&'static str] {
    entry(name).map(|entry| &*entry.names).unwrap_or_default()
}

/// The partitions of AWS.
pub(crate) fn partitions() -> &'static [Partition] {
    &CATALOGUE.partitions
}

/// How many bytes of the program the catalogue is.
#[cfg(test)]
pub(crate) fn bytes() -> usize {
    FILE.len()
}

fn entry(name: &str) -> Option<&'static IndexEntry> {
    let number = *CATALOGUE.names.get(name)?;
    CATALOGUE.services.get(number).map(|(entry, _)| entry)
}

struct Catalogue {
    services: Vec<(IndexEntry, OnceLock<Service>)>,
    names: BTreeMap<&'static str, usize>,
    partitions: Vec<Partition>,
    /// What the services have in common, which their compression refers to.
    dictionary: Vec<u8>,
    bodies: &'static [u8],
}

// catalogue/generate.py says how it is laid out and how to make it again.
static FILE: &[u8] = include_bytes!("../catalogue/services.bin");

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
    let length = |at: usize| {
        let bytes = FILE[at..].first_chunk::<4>();
        u32::from_le_bytes(*bytes.expect("the catalogue begins with two lengths")) as usize
    };
    let (head, rest) = FILE[8..].split_at(length(0));
    let (dictionary, bodies) = rest.split_at(length(4));
    let head: Head = read(unpacked(head, &[]));
    let names = head.services.iter().enumerate().flat_map(|(number, entry)| {
        let names = entry.names.iter();
        names.map(move |name| (*name, number))
    });
    Catalogue {
        names: names.collect(),
        services: head
            .services
            .into_iter()
            .map(|entry| (entry, OnceLock::new()))
            .collect(),
        partitions: head.partitions,
        dictionary: unpacked(dictionary, &[]),
        bodies,
    }
});

impl Catalogue {
    fn body(&self, at: usize, length: usize) -> Vec<u8> {
        unpacked(&self.bodies[at..at + length], &self.dictionary)
    }
}

// The file is a part of the program: if it cannot be read the program was built wrongly, which the tests would show.

fn unpacked(bytes: &[u8], dictionary: &[u8]) -> Vec<u8> {
    let broken = "the catalogue is compressed with zstd";
    let length = zstd::zstd_safe::get_frame_content_size(bytes).ok().flatten();
    let length = usize::try_from(length.expect(broken)).expect(broken);
    let mut reader = zstd::bulk::Decompressor::with_dictionary(dictionary).expect(broken);
    reader.decompress(bytes, length).expect(broken)
}

/// Names are not copied: they stay in the text, which stays for the life of the process.
fn read<T: serde::Deserialize<'static>>(json: Vec<u8>) -> T {
    let json: &'static [u8] = json.leak();
    serde_json::from_slice(json).expect("the catalogue is as generate.py writes it")
}

#[cfg(test)]
mod tests;
