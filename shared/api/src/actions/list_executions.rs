//! ListExecutions.

use crate::arn::{MachineArn, MapRunArn};
use crate::constraints::{ARN, LIST_EXECUTIONS_PAGE_TOKEN, LONG_ARN, PAGE_ROWS_MAX};
use crate::error::Error;
use crate::executions::STATUSES;
use crate::members::Members;
use crate::pages::{Listing, PAGE_ROWS_DEFAULT};
use crate::wire::Answer;
use crate::{Call, machines, map_runs, members};
use engine::{ExecutionType, Status};
use ports::{Filter, Head, Machine, version_number};
use serde_json::Value;

struct List {
    machine_arn: Option<String>,
    map_run_arn: Option<String>,
    /// The status asked for; `Some(None)` is one that executions of a state machine never have.
    status: Option<Option<Status>>,
    /// Only those that were redriven, or only those that were not.
    redriven: Option<bool>,
    limit: usize,
    token: Option<String>,
}

fn read(members: &mut Members) -> Result<List, Error> {
    Ok(List {
        machine_arn: members.text("stateMachineArn", &ARN)?,
        map_run_arn: members.text("mapRunArn", &LONG_ARN)?,
        status: members.one_of("statusFilter", &STATUSES)?,
        redriven: members.one_of("redriveFilter", &[("REDRIVEN", true), ("NOT_REDRIVEN", false)])?,
        limit: members.max_results(PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX)?,
        token: members.text("nextToken", &LIST_EXECUTIONS_PAGE_TOKEN)?,
    })
}

pub(crate) async fn answer(call: &Call<'_>) -> Result<Answer, Error> {
    let list = members::read(call.body, read)?;
    if let (None, Some(arn)) = (&list.machine_arn, &list.map_run_arn) {
        let arn = MapRunArn::parse(arn)?;
        return children(call, &list, &arn).await;
    }
    let arn = MachineArn::parse(machine_arn(&list)?)?;
    let status = match list.status {
        Some(None) => {
            return Err(Error::validation(
                "The statusFilter PENDING_REDRIVE needs a mapRunArn",
            ));
        }
        Some(status) => status,
        None => None,
    };
    let machine = find(call, &arn).await?;
    if machine.machine_type == ExecutionType::Express {
        return Err(Error::wrong_machine_type());
    }
    let key = arn.key();
    let qualifier = arn.qualifier.as_deref().unwrap_or_default();
    let listing = Listing::new(
        "ListExecutions",
        &[&key, status.map_or("", Status::name), qualifier],
    );
    let after = listing.after(list.token.as_deref())?;
    let filter = Filter {
        machine: key,
        status,
        qualified_arn: arn.qualifier.map(|qualifier| machine.qualified_arn(qualifier)),
        after,
        limit: list.limit,
    };
    let page = call.driver.ports().journal.list(filter).await?;
    let rows: Vec<Value> = page.rows.iter().map(row).collect();
    Ok(Answer::default()
        .with("executions", rows)
        .with_some("nextToken", page.next.map(|next| listing.token(&next))))
}

/// Lists the child executions of a Map Run.
async fn children(call: &Call<'_>, list: &List, arn: &MapRunArn) -> Result<Answer, Error> {
    let run = map_runs::find(call, arn).await?;
    let machine = arn.children().ok_or_else(|| Error::invalid_arn(&arn.text))?;
    // No child waits to be redriven, and none was.
    let nobody = list.status == Some(None) || list.redriven == Some(true);
    let status = list.status.flatten();
    let listing = Listing::new(
        "ListExecutions",
        &[
            &arn.text,
            &run.identity.incarnation,
            status.map_or("", Status::name),
        ],
    );
    let after = listing.after(list.token.as_deref())?;
    if nobody {
        return Ok(Answer::default().with("executions", Vec::<Value>::new()));
    }
    let filter = Filter {
        machine,
        status,
        qualified_arn: None,
        after,
        limit: list.limit,
    };
    let page = call.driver.ports().journal.list(filter).await?;
    let is_batched = call
        .driver
        .map_run(&arn.key)
        .await?
        .is_some_and(|run| run.is_batched);
    let mut rows: Vec<Value> = Vec::new();
    for child in page.rows.iter().filter(|child| map_runs::belongs_to(child, arn)) {
        let items = map_runs::items_of(call, is_batched, child).await?;
        let part = shown(child)
            .with("mapRunArn", arn.text.as_str())
            .with("itemCount", items);
        rows.push(part.into());
    }
    Ok(Answer::default()
        .with("executions", rows)
        .with_some("nextToken", page.next.map(|next| listing.token(&next))))
}

/// Finds the state machine, and makes sure that the version or the alias is there if one is named.
async fn find(call: &Call<'_>, arn: &MachineArn) -> Result<Machine, Error> {
    machines::check_unlabelled(arn, "ListExecutions")?;
    let machine = machines::find_base(call, arn).await?;
    let named = machine.filter(|machine| match arn.qualifier.as_deref() {
        Some(qualifier) => match version_number(qualifier) {
            Some(number) => machine.published.version(number).is_some(),
            None => machine.published.alias(qualifier).is_some(),
        },
        None => true,
    });
    named.ok_or_else(|| Error::no_machine(&arn.text))
}

fn machine_arn(list: &List) -> Result<&str, Error> {
    match (&list.machine_arn, &list.map_run_arn) {
        (Some(_), Some(_)) => Err(Error::validation(
            "Either stateMachineArn or mapRunArn may be given, not both",
        )),
        (None, None) => Err(Error::missing_parameter(
            "Either stateMachineArn or mapRunArn must be given",
        )),
        // Dealt with before.
        (None, Some(arn)) => Ok(arn),
        (Some(_), None) if list.redriven.is_some() => {
            Err(Error::validation("The redriveFilter needs a mapRunArn"))
        }
        (Some(arn), None) => Ok(arn),
    }
}

fn row(head: &Head) -> Value {
    shown(head).into()
}

fn shown(head: &Head) -> Answer {
    let identity = &head.identity;
    Answer::default()
        .with("executionArn", &*identity.arn)
        .with("stateMachineArn", &*identity.machine_arn)
        .with("name", &*identity.name)
        .with("status", head.status.name())
        .with_time("startDate", identity.started)
        .with_some_time("stopDate", head.stopped)
        .with_some("stateMachineVersionArn", identity.version_arn.as_deref())
        .with_some("stateMachineAliasArn", identity.alias_arn.as_deref())
        .with("redriveCount", head.redrive_count)
        .with_some_time("redriveDate", head.redriven)
}
