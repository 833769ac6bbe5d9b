//! What the operations about Map Runs share.

use crate::Call;
use crate::arn::MapRunArn;
use crate::error::{Error, Exception};
use engine::Status;
use ports::{Filter, Head};
use serde_json::Value;

/// How many children are read at once.
const PAGE: usize = 1_000;

/// Finds the Map Run that an ARN names.
pub(crate) async fn find(call: &Call<'_>, arn: &MapRunArn) -> Result<Head, Error> {
    let head = call.driver.ports().journal.head(&arn.key).await?;
    head.filter(|head| head.identity.is_map_run())
        .ok_or_else(|| missing(arn))
}

fn missing(arn: &MapRunArn) -> Error {
    let message = format!("Resource not found: '{}'", arn.text);
    let mut error = Error::new(Exception::ResourceNotFound, message);
    error.resource = Some(arn.text.clone());
    error
}

/// Returns the ARN of the execution that a Map Run belongs to.
pub(crate) async fn execution_arn(call: &Call<'_>, run: &Head) -> Result<Option<String>, Error> {
    let Some(parent) = &run.identity.parent else {
        return Ok(None);
    };
    let head = call.driver.ports().journal.head(&parent.key).await?;
    Ok(head.map(|head| head.identity.arn.to_string()))
}

/// Returns how many items a child has: those of its batch, or one.
pub(crate) async fn items_of(call: &Call<'_>, is_batched: bool, child: &Head) -> Result<u64, Error> {
    if !is_batched {
        return Ok(1);
    }
    let input: Value = serde_json::from_str(&call.driver.text(&child.input).await?).unwrap_or_default();
    let items = input.get("Items").and_then(Value::as_array);
    Ok(items.map_or(1, |items| items.len() as u64))
}

/// How many there are of each status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) running: u64,
    pub(crate) succeeded: u64,
    pub(crate) failed: u64,
    pub(crate) timed_out: u64,
    pub(crate) aborted: u64,
}

impl Counts {
    fn add(&mut self, status: Status, count: u64) {
        *match status {
            Status::Running => &mut self.running,
            Status::Succeeded => &mut self.succeeded,
            Status::Failed => &mut self.failed,
            Status::TimedOut => &mut self.timed_out,
            Status::Aborted => &mut self.aborted,
        } += count;
    }

    /// Returns how many there are in all.
    pub(crate) fn begun(&self) -> u64 {
        self.running + self.succeeded + self.failed + self.timed_out + self.aborted
    }
}

/// Counts the children of a Map Run, and their items.
pub(crate) async fn count(
    call: &Call<'_>,
    arn: &MapRunArn,
    is_batched: bool,
) -> Result<(Counts, Counts), Error> {
    let (mut children, mut items) = (Counts::default(), Counts::default());
    let machine = arn.children().ok_or_else(|| missing(arn))?;
    let mut after = None;
    loop {
        let filter = Filter {
            machine: machine.clone(),
            after,
            limit: PAGE,
            ..Filter::default()
        };
        let page = call.driver.ports().journal.list(filter).await?;
        for child in page.rows.iter().filter(|child| belongs_to(child, arn)) {
            children.add(child.status, 1);
            items.add(child.status, items_of(call, is_batched, child).await?);
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok((children, items)),
        }
    }
}

/// Returns whether an execution is a child of this Map Run.
pub(crate) fn belongs_to(child: &Head, arn: &MapRunArn) -> bool {
    child
        .identity
        .map
        .as_ref()
        .is_some_and(|part| *part.run_arn == *arn.text)
}
