//! From an operation and its members to a request that only wants a signature.

use crate::catalogue::{self, Operation, Service};
use crate::checksum;
use crate::endpoint::{Choice, Target};
use crate::special;
use crate::texts::with_texts;
use crate::wire::{self, Naming};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// Whether the catalogue has an operation of a service, so that it can be called.
pub fn knows(service: &str, operation: &str) -> bool {
    Called::find(service, operation).is_ok()
}

/// Looks at the names of a call before it is made: of its service, its operation and its members.
///
/// # Errors
///
/// The first name that the catalogue does not know, with those that it has.
pub fn check<'a>(
    service: &str,
    operation: &str,
    members: impl IntoIterator<Item = &'a str>,
) -> Result<(), String> {
    let Called {
        service,
        name,
        operation,
    } = Called::find(service, operation)?;
    let shape = operation.input.map(|number| &service.model.shapes[number]);
    wire::unknown_member(name, shape, members).map_or(Ok(()), Err)
}

/// An operation of a service, found by its name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Called {
    pub(crate) service: &'static Service,
    pub(crate) name: &'static str,
    pub(crate) operation: &'static Operation,
}

/// Where a request is to go.
#[derive(Debug)]
pub(crate) enum Place<'a> {
    /// To an endpoint that somebody has set, with the Region that is configured.
    Set(&'a str, Option<&'a str>),
    /// To AWS.
    Aws(&'a Choice),
    /// To an endpoint that the service itself has named.
    Told(&'a str, &'a Choice),
}

impl Called {
    /// Finds an operation; its name may begin with a small letter.
    pub(crate) fn find(service_name: &str, operation_name: &str) -> Result<Called, String> {
        let service = catalogue::service(service_name).ok_or_else(|| {
            let near = nearest(service_name, catalogue::service_names());
            format!("the service `{service_name}` is not in the catalogue{near}")
        })?;
        let operations = &service.model.operations;
        let found = operations.get_key_value(operation_name).or_else(|| {
            // The SDKs write `DescribeDBInstances` as `describeDbInstances` in some places.
            operations
                .iter()
                .find(|(known, _)| known.eq_ignore_ascii_case(operation_name))
        });
        let (name, operation) = found.ok_or_else(|| {
            let near = nearest(operation_name, operations.keys().copied());
            format!("`{service_name}` has no operation `{operation_name}`{near}")
        })?;
        Ok(Called {
            service,
            name,
            operation,
        })
    }

    /// The members of a call, which may have none, as a caller gives them who names members so.
    pub(crate) fn members<'a>(
        &self,
        members: &'a Value,
        naming: Naming,
    ) -> Result<Cow<'a, Map<String, Value>>, String> {
        let shape = self.operation.input.filter(|_| naming == Naming::Sdk);
        let texts = shape.and_then(|shape| with_texts(self.service.model, shape, members));
        if let Some(Value::Object(members)) = texts {
            return Ok(Cow::Owned(members));
        }
        match members {
            Value::Object(members) => Ok(Cow::Borrowed(members)),
            Value::Null => Ok(Cow::default()),
            other => Err(format!(
                "the members of `{}:{}` must be an object, got {other}",
                self.service.model.id, self.name
            )),
        }
    }

    /// Writes the request, with the endpoint before its path.
    pub(crate) fn request(
        &self,
        members: &Map<String, Value>,
        place: &Place<'_>,
    ) -> Result<(HttpRequest, Target), String> {
        let Called {
            service,
            name,
            operation,
        } = *self;
        let changed = special::members(service.model.id, members)?;
        let members = changed.as_ref().unwrap_or(members);
        let mut request = wire::request(service, name, operation, members)?;
        let mut target = match place {
            Place::Set(url, region) => Target::set(service, url, *region),
            Place::Aws(choice) => Target::of_aws(service, operation, members, choice)?,
            Place::Told(url, choice) => Target {
                url: (*url).to_owned(),
                ..Target::of_aws(service, operation, members, choice)?
            },
        };
        if let (Place::Aws(_), Some(url)) = (place, special::url(service.model.id, name, members)) {
            target.url = url;
        }
        if let Some(signature) = service.model.signature.filter(|_| !operation.unsigned) {
            return Err(format!(
                "`{}` wants requests with the signature `{signature}`, which is not implemented",
                service.model.id
            ));
        }
        let mut path = request.uri();
        if target.has_bucket && operation.uri.starts_with("/{Bucket}") {
            let end = path.get(1..).and_then(|path| path.find(['/', '?']));
            path = end.and_then(|end| path.get(1 + end..)).unwrap_or_default();
        }
        let slash = if path.starts_with('/') { "" } else { "/" };
        let uri = format!("{}{slash}{path}", target.url);
        request
            .set_uri(uri.as_str())
            .map_err(|error| format!("the endpoint `{}` is not a URL: {error}", target.url))?;
        for (name, value) in &target.headers {
            request.headers_mut().insert(name.clone(), value.clone());
        }
        special::headers(service.model.id, &mut request);
        checksum::add(&mut request, operation, members)?;
        Ok((request, target))
    }
}

/// Says which names are near to one that is not known.
fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let wanted = name.to_ascii_lowercase();
    let mut near: Vec<(usize, &str)> = known
        .map(|known| (distance(&wanted, &known.to_ascii_lowercase()), known))
        .filter(|(distance, known)| *distance <= 1 + known.len() / 4)
        .collect();
    near.sort_unstable();
    let near: Vec<String> = near
        .iter()
        .take(3)
        .map(|(_, known)| format!("`{known}`"))
        .collect();
    match near.as_slice() {
        [] => String::new(),
        near => format!("; the nearest are {}", near.join(", ")),
    }
}

/// How many letters have to be changed, added or left out to make one text of the other.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let changed = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
