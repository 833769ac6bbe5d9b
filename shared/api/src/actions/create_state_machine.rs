//! CreateStateMachine.

use crate::configurations::{Configurations, shown_encryption, shown_logging, shown_tracing};
use crate::constraints::{self, ARN, DEFINITION, NAME, VERSION_DESCRIPTION};
use crate::error::{Error, Exception};
use crate::members::{self, Members};
use crate::tags::{self, Tags};
use crate::wire::Answer;
use crate::{Call, arn, definitions, machines};
use engine::ExecutionType;
use ports::{Machine, MachineStatus, Revision};

struct Create {
    name: String,
    definition: String,
    role_arn: String,
    machine_type: ExecutionType,
    configurations: Configurations,
    tags: Tags,
}

fn read(members: &mut Members) -> Result<Create, Error> {
    let create = Create {
        name: members.required_text("name", &NAME)?,
        definition: members.required_text("definition", &DEFINITION)?,
        role_arn: members.required_text("roleArn", &ARN)?,
        machine_type: members
            .one_of("type", &definitions::MACHINE_TYPES)?
            .unwrap_or(ExecutionType::Standard),
        configurations: Configurations::read(members)?,
        tags: tags::read(members)?.unwrap_or_default(),
    };
    refuse_publish(members)?;
    Ok(create)
}

/// Refuses to publish a version: there are none yet. UpdateStateMachine refuses so too.
pub(super) fn refuse_publish(members: &mut Members) -> Result<(), Error> {
    let description = members.text("versionDescription", &VERSION_DESCRIPTION)?;
    if members.boolean("publish")? == Some(true) {
        return Err(Error::not_implemented(
            "the parameter `publish` (versions of state machines)",
        ));
    }
    match description {
        Some(_) => Err(Error::validation(
            "Version description can only be set when publish is true",
        )),
        None => Ok(()),
    }
}

pub(crate) async fn answer(call: &Call<'_>) -> Result<Answer, Error> {
    let create = members::read(call.body, read)?;
    constraints::check_name(&create.name)?;
    arn::check_role(&create.role_arn)?;
    create.configurations.check()?;
    let arn = arn::of_machine(&call.owner, &create.name);
    tags::check(&create.tags, &arn)?;
    definitions::check(&create.definition, create.machine_type)?;
    let machine = machine(call, create, arn);
    let created = match call
        .driver
        .ports()
        .registry
        .insert_machine(machine.clone())
        .await?
    {
        None => machine,
        Some(existing) if existing.status == MachineStatus::Deleting => {
            return Err(Error::machine_deleting(&existing.arn));
        }
        Some(existing) if is_same(&existing, &machine) => existing,
        Some(existing) => {
            let message = format!("State Machine Already Exists: '{}'", existing.arn);
            return Err(Error::new(Exception::StateMachineAlreadyExists, message));
        }
    };
    Ok(Answer::default()
        .with("stateMachineArn", created.arn)
        .with_time("creationDate", created.created))
}

fn machine(call: &Call<'_>, create: Create, arn: String) -> Machine {
    let now = call.driver.ports().clock.now();
    Machine {
        owner: call.owner.clone(),
        name: create.name,
        arn,
        machine_type: create.machine_type,
        status: MachineStatus::Active,
        created: now,
        updated: now,
        revision: Revision {
            id: machines::first_revision_id(call),
            definition: create.definition.into(),
            role_arn: create.role_arn.into(),
            logging: create.configurations.logging,
            tracing: create.configurations.tracing,
            encryption: create.configurations.encryption,
            created: now,
        },
        tags: create.tags,
    }
}

/// Tells whether a request repeats the one that made the state machine. AWS leaves role and tags out of it.
fn is_same(existing: &Machine, asked: &Machine) -> bool {
    let (one, other) = (&existing.revision, &asked.revision);
    existing.machine_type == asked.machine_type
        && one.definition == other.definition
        && shown_logging(one.logging.as_ref()) == shown_logging(other.logging.as_ref())
        && shown_tracing(one.tracing.as_ref()) == shown_tracing(other.tracing.as_ref())
        && shown_encryption(one.encryption.as_ref()) == shown_encryption(other.encryption.as_ref())
}
