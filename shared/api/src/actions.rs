//! The operations, one file each.

mod create_activity;
mod create_state_machine;
mod create_state_machine_alias;
mod delete_activity;
mod delete_state_machine;
mod delete_state_machine_alias;
mod delete_state_machine_version;
mod describe_activity;
mod describe_execution;
mod describe_map_run;
mod describe_state_machine;
mod describe_state_machine_alias;
mod describe_state_machine_for_execution;
mod get_activity_task;
mod get_execution_history;
mod list_activities;
mod list_executions;
mod list_map_runs;
mod list_state_machine_aliases;
mod list_state_machine_versions;
mod list_state_machines;
mod list_tags_for_resource;
mod publish_state_machine_version;
mod redrive_execution;
mod send_task_failure;
mod send_task_heartbeat;
mod send_task_success;
mod start_execution;
mod start_sync_execution;
mod stop_execution;
mod tag_resource;
mod test_state;
mod untag_resource;
mod update_map_run;
mod update_state_machine;
mod update_state_machine_alias;
mod validate_state_machine_definition;

use crate::Call;
use crate::error::{Error, Exception};
use serde_json::Value;

/// Performs an operation.
///
/// # Errors
///
/// What the operation refuses; an operation that is missing, or that AWS does not have either.
pub(crate) async fn answer(operation: &str, call: &Call<'_>) -> Result<Value, Error> {
    let answer = match operation {
        "CreateActivity" => create_activity::answer(call).await,
        "CreateStateMachine" => create_state_machine::answer(call).await,
        "CreateStateMachineAlias" => create_state_machine_alias::answer(call).await,
        "DeleteActivity" => delete_activity::answer(call).await,
        "DeleteStateMachine" => delete_state_machine::answer(call).await,
        "DeleteStateMachineAlias" => delete_state_machine_alias::answer(call).await,
        "DeleteStateMachineVersion" => delete_state_machine_version::answer(call).await,
        "DescribeActivity" => describe_activity::answer(call).await,
        "DescribeExecution" => describe_execution::answer(call).await,
        "DescribeMapRun" => describe_map_run::answer(call).await,
        "DescribeStateMachine" => describe_state_machine::answer(call).await,
        "DescribeStateMachineAlias" => describe_state_machine_alias::answer(call).await,
        "DescribeStateMachineForExecution" => describe_state_machine_for_execution::answer(call).await,
        "GetActivityTask" => get_activity_task::answer(call).await,
        "GetExecutionHistory" => get_execution_history::answer(call).await,
        "ListActivities" => list_activities::answer(call).await,
        "ListExecutions" => list_executions::answer(call).await,
        "ListMapRuns" => list_map_runs::answer(call).await,
        "ListStateMachineAliases" => list_state_machine_aliases::answer(call).await,
        "ListStateMachineVersions" => list_state_machine_versions::answer(call).await,
        "ListStateMachines" => list_state_machines::answer(call).await,
        "ListTagsForResource" => list_tags_for_resource::answer(call).await,
        "PublishStateMachineVersion" => publish_state_machine_version::answer(call).await,
        "RedriveExecution" => redrive_execution::answer(call).await,
        "SendTaskFailure" => send_task_failure::answer(call).await,
        "SendTaskHeartbeat" => send_task_heartbeat::answer(call).await,
        "SendTaskSuccess" => send_task_success::answer(call).await,
        "StartExecution" => start_execution::answer(call).await,
        "StartSyncExecution" => start_sync_execution::answer(call).await,
        "StopExecution" => stop_execution::answer(call).await,
        "TagResource" => tag_resource::answer(call).await,
        "TestState" => test_state::answer(call).await,
        "UntagResource" => untag_resource::answer(call).await,
        "UpdateMapRun" => update_map_run::answer(call).await,
        "UpdateStateMachine" => update_state_machine::answer(call).await,
        "UpdateStateMachineAlias" => update_state_machine_alias::answer(call).await,
        "ValidateStateMachineDefinition" => validate_state_machine_definition::answer(call).await,
        unknown => {
            let message = format!("the operation `{unknown}` is unknown");
            Err(Error::new(Exception::UnknownOperationException, message))
        }
    };
    answer.map(Value::from)
}
