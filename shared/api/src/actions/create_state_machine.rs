//! CreateStateMachine.

use crate::configurations::{Configurations, is_configured_alike};
use crate::constraints::{self, ARN, DEFINITION, NAME};
use crate::error::{Error, Exception};
use crate::members::{self, Members};
use crate::tags::{self, Tags};
use crate::versions::{Publication, publication, publish};
use crate::wire::Answer;
use crate::{Call, arn, definitions, machines};
use engine::ExecutionType;
use ports::{Machine, MachineStatus, Revision};
use std::sync::Arc;

struct Create {
    name: String,
    definition: String,
    role_arn: String,
    machine_type: ExecutionType,
    configurations: Configurations,
    tags: Tags,
    publication: Option<Publication>,
}

fn read(members: &mut Members) -> Result<Create, Error> {
    Ok(Create {
        name: members.required_text("name", &NAME)?,
        definition: members.required_text("definition", &DEFINITION)?,
        role_arn: members.required_text("roleArn", &ARN)?,
        machine_type: members
            .one_of("type", &definitions::MACHINE_TYPES)?
            .unwrap_or(ExecutionType::Standard),
        configurations: Configurations::read(members)?,
        tags: tags::read(members)?.unwrap_or_default(),
        publication: publication(members)?,
    })
}

pub(crate) async fn answer(call: &Call<'_>) -> Result<Answer, Error> {
    let create = members::read(call.body, read)?;
    constraints::check_name(&create.name)?;
    arn::check_role(&create.role_arn)?;
    create.configurations.check()?;
    let arn = arn::of_machine(&call.owner, &create.name);
    tags::check(&create.tags, &arn)?;
    definitions::check(&create.definition, create.machine_type)?;
    let publication = create.publication.clone();
    let mut machine = machine(call, create, arn);
    if let Some(publication) = &publication {
        publish(call, &mut machine, publication.description.clone())?;
    }
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
        Some(existing) if is_same(&existing, &machine, publication.as_ref()) => existing,
        Some(existing) => {
            let message = format!("State Machine Already Exists: '{}'", existing.arn);
            return Err(Error::new(Exception::StateMachineAlreadyExists, message));
        }
    };
    let version = created.published.of_revision(&created.revision.id);
    let version = version.filter(|_| publication.is_some());
    let version_arn = version.map(|version| created.qualified_arn(version.number));
    Ok(Answer::default()
        .with("stateMachineArn", created.arn)
        .with_time("creationDate", created.created)
        .with_some("stateMachineVersionArn", version_arn))
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
        published: Arc::default(),
        edits: 0,
    }
}

/// Tells whether a request repeats the one that made the state machine. AWS leaves role and tags out of it.
fn is_same(existing: &Machine, asked: &Machine, publication: Option<&Publication>) -> bool {
    let (one, other) = (&existing.revision, &asked.revision);
    let version = existing.published.of_revision(&one.id);
    let same_publication = match publication {
        Some(publication) => version.is_some_and(|version| version.description == publication.description),
        // A version that was published later does not come from the request that made the state machine.
        None => version.is_none_or(|version| version.created != existing.created),
    };
    existing.machine_type == asked.machine_type
        && same_publication
        && one.definition == other.definition
        && is_configured_alike(one, other)
}
