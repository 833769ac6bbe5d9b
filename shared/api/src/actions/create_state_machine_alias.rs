//! CreateStateMachineAlias.

use crate::constraints::{ALIAS_NAME, ALIASES_MAX, DESCRIPTION};
use crate::error::{Error, Exception};
use crate::versions::{Routing, routing_entries};
use crate::wire::Answer;
use crate::{Call, machines, members};
use ports::{Alias, Machine};
use std::sync::Arc;

/// Creates an alias; a request that says again what an alias of the name is returns that one.
pub(crate) async fn answer(call: &Call<'_>) -> Result<Answer, Error> {
    let (name, description, entries) = members::read(call.body, |members| {
        let name = members.required_text("name", &ALIAS_NAME)?;
        let description = members.text("description", &DESCRIPTION)?;
        if !members.has("routingConfiguration") {
            members.miss("routingConfiguration");
        }
        Ok((name, description, routing_entries(members)?.unwrap_or_default()))
    })?;
    let routing = Routing::parse(&entries)?;
    let arn = &routing.arn;
    machines::change(call, arn, Error::no_resource, |machine| {
        machines::check_active(machine, arn)?;
        if let Some(alias) = machine.published.alias(&name) {
            if alias.description == description && alias.routes == routing.routes {
                return Ok(shown(machine, alias));
            }
            let alias_arn = machine.qualified_arn(&name);
            let message =
                format!("The alias '{alias_arn}' exists with another description or routing configuration");
            return Err(Error::new(Exception::ConflictException, message));
        }
        routing.check(machine)?;
        if machine.published.aliases.len() >= ALIASES_MAX {
            return Err(Error::too_many("aliases", &machine.arn, ALIASES_MAX));
        }
        let now = call.driver.ports().clock.now();
        let alias = Alias {
            name: name.clone(),
            description: description.clone(),
            routes: routing.routes.clone(),
            created: now,
            updated: now,
        };
        let answer = shown(machine, &alias);
        Arc::make_mut(&mut machine.published).aliases.push(alias);
        Ok(answer)
    })
    .await
}

fn shown(machine: &Machine, alias: &Alias) -> Answer {
    Answer::default()
        .with("stateMachineAliasArn", machine.qualified_arn(&alias.name))
        .with_time("creationDate", alias.created)
}
