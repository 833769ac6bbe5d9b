//! Whether an execution can be redriven.

use crate::Call;
use crate::error::Error;
use engine::{NotRedrivable, Standing};
use ports::{Head, MachineStatus};

/// Returns why RedriveExecution would refuse an execution now; `None` when it would not.
pub(crate) async fn refusal(call: &Call<'_>, head: &Head) -> Result<Option<NotRedrivable>, Error> {
    let ports = call.driver.ports();
    let mut standing = Standing {
        execution_type: head.identity.execution_type,
        status: head.status,
        started: head.identity.started,
        stopped: head.stopped,
        redrive_count: head.redrive_count,
        events: 0,
        events_max: call.driver.limits().history_events,
        is_part: head.identity.map.is_some(),
    };
    let now = ports.clock.now();
    // Most are refused without a look at their history.
    if let Some(refusal) = standing.refusal(now) {
        return Ok(Some(refusal));
    }
    let last = ports
        .journal
        .history(&head.identity.key, u64::MAX, 1, true)
        .await?;
    standing.events = last.events.first().map_or(0, |event| event.id);
    match standing.refusal(now) {
        Some(refusal) => Ok(Some(refusal)),
        None => machine_refusal(call, head).await,
    }
}

/// Refuses the executions of a state machine that is gone.
pub(crate) async fn machine_refusal(call: &Call<'_>, head: &Head) -> Result<Option<NotRedrivable>, Error> {
    let identity = &head.identity;
    // `REGION:ACCOUNT:NAME`.
    let mut parts = identity.key.machine.splitn(3, ':');
    let owner = ports::Owner {
        region: parts.next().unwrap_or_default().into(),
        account: parts.next().unwrap_or_default().into(),
    };
    let registry = &call.driver.ports().registry;
    let machine = registry.machine(&owner, &identity.machine_name).await?;
    let is_there = machine.is_some_and(|machine| machine.status == MachineStatus::Active);
    Ok((!is_there).then_some(NotRedrivable::MachineDeleted))
}
