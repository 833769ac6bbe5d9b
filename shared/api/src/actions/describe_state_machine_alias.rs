//! DescribeStateMachineAlias.

use crate::arn::MachineArn;
use crate::constraints::ARN;
use crate::error::Error;
use crate::versions::shown_routes;
use crate::wire::Answer;
use crate::{Call, machines, members};

pub(crate) async fn answer(call: &Call<'_>) -> Result<Answer, Error> {
    let arn = members::read(call.body, |members| {
        members.required_text("stateMachineAliasArn", &ARN)
    })?;
    let (arn, name) = MachineArn::parse_alias(&arn)?;
    let missing = || Error::no_resource(&arn.text);
    let machine = machines::find_base(call, &arn).await?.ok_or_else(missing)?;
    let alias = machine.published.alias(&name).ok_or_else(missing)?;
    Ok(Answer::default()
        .with("stateMachineAliasArn", machine.qualified_arn(&name))
        .with("name", name)
        .with_some("description", alias.description.as_deref())
        .with("routingConfiguration", shown_routes(&machine, alias))
        .with_time("creationDate", alias.created)
        .with_time("updateDate", alias.updated))
}
