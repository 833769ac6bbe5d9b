//! DescribeStateMachine.

use crate::arn::MachineArn;
use crate::configurations::{shown_encryption, shown_logging, shown_tracing};
use crate::constraints::ARN;
use crate::error::Error;
use crate::executions::{IncludedData, included_data};
use crate::machines::{self, Choice, Named};
use crate::wire::Answer;
use crate::{Call, definitions, members};
use ports::{Revision, machine_key};
use serde_json::json;

pub(crate) async fn answer(call: &Call<'_>) -> Result<Answer, Error> {
    let (arn, included) = members::read(call.body, |members| {
        Ok((
            members.required_text("stateMachineArn", &ARN)?,
            included_data(members)?,
        ))
    })?;
    let arn = MachineArn::parse(&arn)?;
    // An alias is shown as the version that most of its executions run.
    let named = machines::find(call, &arn, "DescribeStateMachine", Choice::Foremost).await?;
    let machine = named.machine();
    let answer = match &named {
        Named::Plain(machine) => Answer::default()
            .with("stateMachineArn", machine.arn.as_str())
            .with_time("creationDate", machine.created),
        Named::Qualified(found) => Answer::default()
            .with("stateMachineArn", &*found.version_arn)
            .with_time("creationDate", found.version.created)
            .with_some("description", found.version.description.as_deref()),
    };
    let answer = answer
        .with("name", machine.name.as_str())
        .with("status", machines::status_name(machine.status))
        .with("type", definitions::type_name(machine.machine_type));
    with_revision(
        call,
        answer,
        &machine_key(&machine.owner, &machine.name),
        &machine.revision,
        included,
    )
}

/// Adds what is shown of a revision; DescribeStateMachineForExecution shows the same.
pub(super) fn with_revision(
    call: &Call<'_>,
    answer: Answer,
    machine: &str,
    revision: &Revision,
    included: IncludedData,
) -> Result<Answer, Error> {
    let answer = answer
        .with("roleArn", &*revision.role_arn)
        .with("loggingConfiguration", shown_logging(revision.logging.as_ref()))
        .with("tracingConfiguration", shown_tracing(revision.tracing.as_ref()))
        .with(
            "encryptionConfiguration",
            shown_encryption(revision.encryption.as_ref()),
        )
        .with_some("revisionId", machines::shown_revision_id(revision));
    match included {
        // AWS: "If called with includedData = METADATA_ONLY, the returned definition will be {}".
        IncludedData::MetadataOnly => Ok(answer.with("definition", "{}")),
        IncludedData::All => {
            let program = call.driver.program(machine, revision)?;
            let references = definitions::variable_references(&program);
            Ok(answer
                .with("definition", &*revision.definition)
                .with("variableReferences", json!(references)))
        }
    }
}
