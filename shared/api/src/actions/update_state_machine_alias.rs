//! UpdateStateMachineAlias.

use crate::arn::MachineArn;
use crate::constraints::{ARN, DESCRIPTION};
use crate::error::Error;
use crate::versions::{Routing, routing_entries};
use crate::wire::Answer;
use crate::{Call, machines, members};
use std::sync::Arc;

/// Changes description or routes; an update that changes neither leaves the alias as it is.
pub(crate) async fn answer(call: &Call<'_>) -> Result<Answer, Error> {
    let (arn, description, entries) = members::read(call.body, |members| {
        Ok((
            members.required_text("stateMachineAliasArn", &ARN)?,
            members.text("description", &DESCRIPTION)?,
            routing_entries(members)?,
        ))
    })?;
    let (arn, name) = MachineArn::parse_alias(&arn)?;
    if description.is_none() && entries.is_none() {
        return Err(Error::missing_parameter(
            "Either the description or the routingConfiguration must be specified",
        ));
    }
    let routing = entries.as_deref().map(Routing::parse).transpose()?;
    if let Some(routing) = &routing
        && routing.arn.key() != arn.key()
    {
        return Err(Error::invalid_routing(format!(
            "'{}' is not a version of the state machine of '{}'",
            routing.arn.text, arn.text
        )));
    }
    machines::change(call, &arn, Error::no_resource, |machine| {
        machines::check_active(machine, &arn)?;
        let aliases = &machine.published.aliases;
        let place = aliases.iter().position(|alias| alias.name == name);
        let place = place.ok_or_else(|| Error::no_resource(&arn.text))?;
        if let Some(routing) = &routing {
            routing.check(machine)?;
        }
        let mut alias = machine.published.aliases[place].clone();
        alias.description = description.clone().or(alias.description);
        if let Some(routing) = &routing {
            alias.routes.clone_from(&routing.routes);
        }
        if alias != machine.published.aliases[place] {
            alias.updated = call.driver.ports().clock.now();
            Arc::make_mut(&mut machine.published).aliases[place] = alias.clone();
        }
        Ok(Answer::default().with_time("updateDate", alias.updated))
    })
    .await
}
