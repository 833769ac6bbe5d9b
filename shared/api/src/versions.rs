//! Publishing versions, and the routes of aliases, as the operations about them share it.

use crate::Call;
use crate::arn::MachineArn;
use crate::constraints::{DESCRIPTION, LONG_ARN, ROUTES_MAX, VERSIONS_MAX, WEIGHT_MAX};
use crate::error::Error;
use crate::members::Members;
use crate::wire::Answer;
use ports::{Alias, Machine, Route, Version};
use serde_json::Value;
use std::sync::Arc;

/// The publication that CreateStateMachine and UpdateStateMachine are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Publication {
    pub(crate) description: Option<String>,
}

/// Reads `publish` and `versionDescription`; `None` when nothing is to be published.
pub(crate) fn publication(members: &mut Members) -> Result<Option<Publication>, Error> {
    let description = members.text("versionDescription", &DESCRIPTION)?;
    if members.boolean("publish")? == Some(true) {
        return Ok(Some(Publication { description }));
    }
    match description {
        Some(_) => Err(Error::validation(
            "Version description can only be set when publish is true",
        )),
        None => Ok(None),
    }
}

/// Publishes a state machine's current revision, unless it is published already.
pub(crate) fn publish(
    call: &Call<'_>,
    machine: &mut Machine,
    description: Option<String>,
) -> Result<Version, Error> {
    let revision = machine.revision.id.clone();
    if let Some(version) = machine.published.of_revision(&revision) {
        return Ok(version.clone());
    }
    if machine.published.versions.len() >= VERSIONS_MAX {
        return Err(Error::too_many("versions", &machine.arn, VERSIONS_MAX));
    }
    let now = call.driver.ports().clock.now();
    Ok(Arc::make_mut(&mut machine.published).publish(&revision, description, now))
}

/// Where an alias is to lead, as a request says it: versions of one state machine.
#[derive(Clone, Debug)]
pub(crate) struct Routing {
    /// The first version's ARN; it names the state machine.
    pub(crate) arn: MachineArn,
    pub(crate) routes: Vec<Route>,
}

/// One entry of `routingConfiguration`, as it was read.
type RoutingEntry = (String, u64);

/// Reads `routingConfiguration`.
pub(crate) fn routing_entries(members: &mut Members) -> Result<Option<Vec<RoutingEntry>>, Error> {
    members.structures_within("routingConfiguration", (1, ROUTES_MAX), |entry| {
        Ok((
            entry.required_text("stateMachineVersionArn", &LONG_ARN)?,
            entry.required_integer("weight", 0, WEIGHT_MAX)?,
        ))
    })
}

impl Routing {
    /// Checks what can be said of a routing configuration without looking at the versions.
    pub(crate) fn parse(entries: &[RoutingEntry]) -> Result<Routing, Error> {
        let mut arns = Vec::with_capacity(entries.len());
        let mut routes: Vec<Route> = Vec::with_capacity(entries.len());
        for (arn, weight) in entries {
            let (parsed, version) = MachineArn::parse_version(arn)?;
            if routes.iter().any(|route| route.version == version) {
                return Err(Error::invalid_routing(format!(
                    "The versions of a routing configuration must differ, but '{arn}' is there twice"
                )));
            }
            arns.push(parsed);
            routes.push(Route {
                version,
                weight: *weight,
            });
        }
        let mut arns = arns.into_iter();
        // Constraints have been checked: there is one at least.
        let first = arns
            .next()
            .ok_or_else(|| Error::invalid_routing("The routing configuration is empty"))?;
        if let Some(stranger) = arns.find(|arn| arn.key() != first.key()) {
            return Err(Error::invalid_routing(format!(
                "The versions of a routing configuration must belong to one state machine, but '{}' and '{}' do not",
                first.text, stranger.text
            )));
        }
        let sum: u64 = routes.iter().map(|route| route.weight).sum();
        if sum != WEIGHT_MAX {
            return Err(Error::invalid_routing(format!(
                "The weights of a routing configuration must add up to {WEIGHT_MAX}, but they add up to {sum}"
            )));
        }
        Ok(Routing { arn: first, routes })
    }

    /// Refuses routes to versions that are not there.
    pub(crate) fn check(&self, machine: &Machine) -> Result<(), Error> {
        let missing = |route: &&Route| machine.published.version(route.version).is_none();
        match self.routes.iter().find(missing) {
            Some(route) => Err(Error::no_resource(&machine.qualified_arn(route.version))),
            None => Ok(()),
        }
    }
}

/// Returns an alias's routing configuration as it is shown.
pub(crate) fn shown_routes(machine: &Machine, alias: &Alias) -> Value {
    let route = |route: &Route| -> Value {
        Answer::default()
            .with("stateMachineVersionArn", machine.qualified_arn(route.version))
            .with("weight", route.weight)
            .into()
    };
    alias.routes.iter().map(route).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::members;
    use serde_json::json;

    fn routing(entries: &[(&str, u64)]) -> Result<Routing, Error> {
        let arn = |rest: &str| format!("arn:aws:states:us-east-1:123456789012:stateMachine:{rest}");
        let entries: Vec<RoutingEntry> = entries
            .iter()
            .map(|(rest, weight)| (arn(rest), *weight))
            .collect();
        Routing::parse(&entries)
    }

    #[test]
    fn routes_lead_to_versions_of_one_state_machine() {
        let read = routing(&[("orders:3", 30), ("orders:1", 70)]).unwrap();
        assert_eq!(read.arn.name, "orders");
        let routes = read.routes.iter().map(|route| (route.version, route.weight));
        assert_eq!(routes.collect::<Vec<_>>(), [(3, 30), (1, 70)]);
        for entries in [
            &[("orders:1", 50), ("other:2", 50)][..],
            &[("orders:1", 50), ("orders:1", 50)],
            &[("orders:1", 99)],
            &[("orders:1", 100), ("orders:2", 1)],
            &[],
        ] {
            let reason = routing(entries).unwrap_err().reason;
            assert_eq!(reason, Some("INVALID_ROUTING_CONFIGURATION"), "{entries:?}");
        }
        for arn in ["orders", "orders:live", "orders:01", "orders/label:1"] {
            let exception = routing(&[(arn, 100)]).unwrap_err().exception;
            assert_eq!(exception.name(), "InvalidArn", "{arn}");
        }
    }

    #[test]
    fn a_routing_configuration_has_one_or_two_entries_with_weights() {
        let refused = |value: Value| {
            let body = json!({ "routingConfiguration": value }).to_string();
            members::read(body.as_bytes(), routing_entries)
                .unwrap_err()
                .message
        };
        let entry = json!({ "stateMachineVersionArn": "a", "weight": 1 });
        assert_eq!(
            refused(json!([entry, entry, entry])),
            "1 validation error detected: Value at 'routingConfiguration' failed to satisfy constraint: \
             Member must have length less than or equal to 2"
        );
        assert!(refused(json!([])).ends_with("Member must have length greater than or equal to 1"));
        assert_eq!(
            refused(json!([{ "weight": 101 }])),
            "2 validation errors detected: Value null at 'routingConfiguration.1.member.stateMachineVersionArn' failed \
             to satisfy constraint: Member must not be null; Value '101' at 'routingConfiguration.1.member.weight' \
             failed to satisfy constraint: Member must have value less than or equal to 100"
        );
    }

    #[test]
    fn a_description_needs_a_publication() {
        let read = |body: &[u8]| members::read(body, publication);
        assert_eq!(read(b"{}"), Ok(None));
        let published = read(br#"{"publish":true,"versionDescription":"first"}"#).unwrap();
        assert_eq!(published.unwrap().description.as_deref(), Some("first"));
        assert!(read(br#"{"publish":false,"versionDescription":"first"}"#).is_err());
    }
}
