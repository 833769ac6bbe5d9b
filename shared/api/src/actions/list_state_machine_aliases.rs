//! ListStateMachineAliases.

use crate::arn::MachineArn;
use crate::constraints::{ARN, PAGE_ROWS_MAX, PAGE_TOKEN};
use crate::error::Error;
use crate::pages::{Listing, PAGE_ROWS_DEFAULT};
use crate::wire::Answer;
use crate::{Call, machines, members};
use ports::{Alias, Machine, version_number};
use serde_json::Value;

/// Lists newest first: all of a state machine, or those that lead to a version.
pub(crate) async fn answer(call: &Call<'_>) -> Result<Answer, Error> {
    let (arn, limit, token) = members::read(call.body, |members| {
        Ok((
            members.required_text("stateMachineArn", &ARN)?,
            members.max_results(PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX)?,
            members.text("nextToken", &PAGE_TOKEN)?,
        ))
    })?;
    let arn = MachineArn::parse(&arn)?;
    machines::check_unlabelled(&arn, "ListStateMachineAliases")?;
    let machine = machines::find_base(call, &arn).await?;
    let machine = machine.ok_or_else(|| Error::no_machine(&arn.text))?;
    let version = version(&machine, &arn)?;
    let qualifier = arn.qualifier.as_deref().unwrap_or_default();
    let listing = Listing::new("ListStateMachineAliases", &[&arn.key(), qualifier]);
    let after = listing.after(token.as_deref())?;
    let after = after.as_deref().map(Position::parse).transpose()?;

    let mut newest_first: Vec<&Alias> = machine.published.aliases.iter().collect();
    newest_first.sort_by_key(|alias| std::cmp::Reverse(Position::of(alias)));
    let leads = |alias: &&Alias| {
        version.is_none_or(|version| alias.routes.iter().any(|route| route.version == version))
    };
    let is_behind = |alias: &&Alias| after.is_none_or(|after| Position::of(alias) < after);
    let mut behind = newest_first
        .into_iter()
        .filter(leads)
        .filter(is_behind)
        .peekable();
    let page: Vec<&Alias> = behind.by_ref().take(limit).collect();
    let last = page.last().filter(|_| behind.peek().is_some());
    let next = last.map(|alias| listing.token(&Position::of(alias).text()));
    let rows: Vec<Value> = page.iter().map(|alias| row(&machine, alias)).collect();
    Ok(Answer::default()
        .with("stateMachineAliases", rows)
        .with_some("nextToken", next))
}

/// Returns the version that an ARN names, if it names one.
fn version(machine: &Machine, arn: &MachineArn) -> Result<Option<u64>, Error> {
    let Some(qualifier) = &arn.qualifier else {
        return Ok(None);
    };
    let number = version_number(qualifier).ok_or_else(|| Error::invalid_arn(&arn.text))?;
    match machine.published.version(number) {
        Some(_) => Ok(Some(number)),
        None => Err(Error::no_resource(&arn.text)),
    }
}

fn row(machine: &Machine, alias: &Alias) -> Value {
    Answer::default()
        .with("stateMachineAliasArn", machine.qualified_arn(&alias.name))
        .with_time("creationDate", alias.created)
        .into()
}

/// Where an alias stands in the list; the page behind it is found also when it is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Position<'a> {
    created: i64,
    name: &'a str,
}

impl<'a> Position<'a> {
    fn of(alias: &'a Alias) -> Position<'a> {
        Position {
            created: alias.created.millis(),
            name: &alias.name,
        }
    }

    fn parse(text: &'a str) -> Result<Position<'a>, Error> {
        let parse = || {
            let (created, name) = text.split_once(' ')?;
            Some(Position {
                created: created.parse().ok()?,
                name,
            })
        };
        parse().ok_or_else(Error::invalid_token)
    }

    fn text(self) -> String {
        format!("{} {}", self.created, self.name)
    }
}
