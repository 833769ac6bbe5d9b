//! UpdateStateMachine.

use crate::arn::{self, MachineArn};
use crate::configurations::{Configurations, is_configured_alike};
use crate::constraints::{ARN, DEFINITION};
use crate::error::{Error, Exception};
use crate::members::{self, Members};
use crate::versions::{Publication, publication, publish};
use crate::wire::Answer;
use crate::{Call, definitions, ids, machines};
use ports::{Machine, Revision};
use std::sync::Arc;

struct Update {
    arn: String,
    definition: Option<Arc<str>>,
    role_arn: Option<Arc<str>>,
    configurations: Configurations,
    publication: Option<Publication>,
}

fn read(members: &mut Members) -> Result<Update, Error> {
    Ok(Update {
        arn: members.required_text("stateMachineArn", &ARN)?,
        definition: members.text("definition", &DEFINITION)?.map(Arc::from),
        role_arn: members.text("roleArn", &ARN)?.map(Arc::from),
        configurations: Configurations::read(members)?,
        publication: publication(members)?,
    })
}

pub(crate) async fn answer(call: &Call<'_>) -> Result<Answer, Error> {
    let update = members::read(call.body, read)?;
    let arn = MachineArn::parse(&update.arn)?;
    check(&update)?;
    machines::check_plain(&arn, "UpdateStateMachine")?;
    machines::change(call, &arn, Error::no_machine, |machine| {
        machines::check_active(machine, &arn)?;
        if let Some(definition) = &update.definition {
            definitions::check(definition, machine.machine_type)?;
        }
        change(call, machine, &update);
        let version = match &update.publication {
            Some(publication) => Some(publish(call, machine, publication.description.clone())?),
            None => None,
        };
        let version_arn = version.map(|version| machine.qualified_arn(version.number));
        Ok(Answer::default()
            .with_time("updateDate", machine.updated)
            .with_some("revisionId", machines::shown_revision_id(&machine.revision))
            .with_some("stateMachineVersionArn", version_arn))
    })
    .await
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

/// Gives a state machine a new revision, unless the update says what it has already.
fn change(call: &Call<'_>, machine: &mut Machine, update: &Update) {
    let ports = call.driver.ports();
    let now = ports.clock.now();
    let before = &machine.revision;
    let given = update.configurations.clone();
    let revision = Revision {
        id: ids::uuid(ports),
        definition: update.definition.as_ref().unwrap_or(&before.definition).clone(),
        role_arn: update.role_arn.as_ref().unwrap_or(&before.role_arn).clone(),
        logging: given.logging.or_else(|| before.logging.clone()),
        tracing: given.tracing.or_else(|| before.tracing.clone()),
        encryption: given.encryption.or_else(|| before.encryption.clone()),
        created: now,
    };
    let is_same = revision.definition == before.definition
        && revision.role_arn == before.role_arn
        && is_configured_alike(&revision, before);
    if !is_same {
        machine.revision = revision;
    }
    machine.updated = now;
}
