//! ListStateMachineVersions.

use crate::arn::MachineArn;
use crate::constraints::{ARN, PAGE_ROWS_MAX, PAGE_TOKEN};
use crate::error::Error;
use crate::pages::{Listing, PAGE_ROWS_DEFAULT};
use crate::wire::Answer;
use crate::{Call, machines, members};
use serde_json::Value;

/// Lists newest first. The service model has no exception for a state machine that is not there: it has no versions.
pub(crate) async fn answer(call: &Call<'_>) -> Result<Answer, Error> {
    let (arn, limit, token) = members::read(call.body, |members| {
        Ok((
            members.required_text("stateMachineArn", &ARN)?,
            members.max_results(PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX)?,
            members.text("nextToken", &PAGE_TOKEN)?,
        ))
    })?;
    let arn = MachineArn::parse(&arn)?;
    machines::check_unlabelled(&arn, "ListStateMachineVersions")?;
    if !arn.is_plain() {
        return Err(Error::invalid_arn(&arn.text));
    }
    let listing = Listing::new("ListStateMachineVersions", &[&arn.key()]);
    let after = match listing.after(token.as_deref())? {
        Some(position) => position.parse().map_err(|_| Error::invalid_token())?,
        None => u64::MAX,
    };
    let Some(machine) = machines::find_base(call, &arn).await? else {
        return Ok(Answer::default().with("stateMachineVersions", Vec::<Value>::new()));
    };
    let newest_first = machine.published.versions.iter().rev();
    let mut behind = newest_first.filter(|version| version.number < after).peekable();
    let mut last = None;
    let mut rows = Vec::new();
    while rows.len() < limit
        && let Some(version) = behind.next()
    {
        last = Some(version.number);
        let row = Answer::default()
            .with("stateMachineVersionArn", machine.qualified_arn(version.number))
            .with_time("creationDate", version.created);
        rows.push(Value::from(row));
    }
    let next = last.filter(|_| behind.peek().is_some());
    Ok(Answer::default()
        .with("stateMachineVersions", rows)
        .with_some("nextToken", next.map(|last| listing.token(&last.to_string()))))
}
