//! UpdateStateMachine.

use super::create_state_machine::refuse_publish;
use crate::arn::{self, MachineArn};
use crate::configurations::Configurations;
use crate::constraints::{ARN, DEFINITION};
use crate::error::{Error, Exception};
use crate::members::{self, Members};
use crate::wire::Answer;
use crate::{Call, definitions, ids, machines};
use ports::{Machine, Revision};
use std::sync::Arc;

struct Update {
    arn: String,
    definition: Option<Arc<str>>,
    role_arn: Option<Arc<str>>,
    configurations: Configurations,
}

fn read(members: &mut Members) -> Result<Update, Error> {
    let update = Update {
        arn: members.required_text("stateMachineArn", &ARN)?,
        definition: members.text("definition", &DEFINITION)?.map(Arc::from),
        role_arn: members.text("roleArn", &ARN)?.map(Arc::from),
        configurations: Configurations::read(members)?,
    };
    refuse_publish(members)?;
    Ok(update)
}

pub(crate) async fn answer(call: &Call<'_>) -> Result<Answer, Error> {
    let update = members::read(call.body, read)?;
    let arn = MachineArn::parse(&update.arn)?;
    check(&update)?;
    let registry = &call.driver.ports().registry;
    for _ in 0..machines::ATTEMPTS {
        let before = machines::find_active(call, &arn, "UpdateStateMachine").await?;
        if let Some(definition) = &update.definition {
            definitions::check(definition, before.machine_type)?;
        }
        let replaced = before.revision.id.clone();
        let after = updated(call, before, &update);
        if registry.replace_machine(after.clone(), &replaced).await? {
            let answer = Answer::default().with_time("updateDate", after.updated);
            return Ok(answer.with("revisionId", after.revision.id));
        }
    }
    Err(Error::conflict(&arn.text))
}

fn check(update: &Update) -> Result<(), Error> {
    let Configurations {
        logging,
        tracing,
        encryption,
    } = &update.configurations;
    let configured = logging.is_some() || tracing.is_some() || encryption.is_some();
    if update.definition.is_none() && update.role_arn.is_none() && !configured {
        return Err(Error::new(
            Exception::MissingRequiredParameter,
            "Either the definition, the role ARN, the LoggingConfiguration, the TracingConfiguration, or the \
             EncryptionConfiguration must be specified",
        ));
    }
    if let Some(role) = &update.role_arn {
        arn::check_role(role)?;
    }
    update.configurations.check()
}

fn updated(call: &Call<'_>, before: Machine, update: &Update) -> Machine {
    let ports = call.driver.ports();
    let now = ports.clock.now();
    let given = update.configurations.clone();
    let revision = Revision {
        id: ids::uuid(ports),
        definition: update.definition.clone().unwrap_or(before.revision.definition),
        role_arn: update.role_arn.clone().unwrap_or(before.revision.role_arn),
        logging: given.logging.or(before.revision.logging),
        tracing: given.tracing.or(before.revision.tracing),
        encryption: given.encryption.or(before.revision.encryption),
        created: now,
    };
    Machine {
        updated: now,
        revision,
        ..before
    }
}
