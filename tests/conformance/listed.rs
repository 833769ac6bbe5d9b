//! Recorded cases that differ or cannot be run, each with its reason. One that begins to pass must leave this list.

/// Reasons, and the names of the cases that differ for each.
pub(crate) type Listed = &'static [(&'static str, &'static [&'static str])];

/// Recorded executions that differ.
pub(crate) const EXECUTIONS: Listed = &[
    (
        "recorded before November 2024: since then the exit of a distributed Map hangs onto MapRunStarted",
        &[
            "scenarios_base_scenarios-TestBaseScenarios_map_item_reader_base_csv_headers_first_line",
            "scenarios_base_scenarios-TestBaseScenarios_map_item_reader_base_json_max_items",
            "scenarios_base_scenarios-TestBaseScenarios_map_item_reader_base_list_objects_v2",
            "scenarios_base_scenarios-TestBaseScenarios_map_item_reader_csv_headers_decl_extra_fields",
            "scenarios_base_scenarios-TestBaseScenarios_map_state_config_distributed_item_selector",
            "scenarios_base_scenarios-TestBaseScenarios_map_state_config_distributed_reentrant",
            "scenarios_base_scenarios-TestBaseScenarios_map_state_config_inline_item_selector",
            "scenarios_base_scenarios-TestBaseScenarios_map_state_legacy_config_distributed",
            "scenarios_base_scenarios-TestBaseScenarios_map_state_legacy_config_distributed_item_selector",
            "scenarios_base_scenarios-TestBaseScenarios_map_state_tolerated_failure_values_count_literal",
            "scenarios_base_scenarios-TestBaseScenarios_map_state_tolerated_failure_values_percentage_literal",
        ],
    ),
    (
        "what the function answers that a child of the Map Run calls is not recorded",
        &[
            "local_mocking_base_scenarios-TestBaseScenarios_map_state_lambda",
            "scenarios_base_scenarios-TestBaseScenarios_map_state_config_distributed_reentrant_lambda",
        ],
    ),
    (
        "the recording has lost its dates",
        &[
            "choice_operators_timestamp_operators-TestTimestamps_timestamp_equals-16",
            "choice_operators_timestamp_operators-TestTimestamps_timestamp_equals-17",
            "choice_operators_timestamp_operators-TestTimestamps_timestamp_equals_path-2",
            "choice_operators_timestamp_operators-TestTimestamps_timestamp_equals_path-3",
            "choice_operators_timestamp_operators-TestTimestamps_timestamp_greater_than-3",
            "choice_operators_timestamp_operators-TestTimestamps_timestamp_greater_than_equals-2",
            "choice_operators_timestamp_operators-TestTimestamps_timestamp_greater_than_equals_path",
            "choice_operators_timestamp_operators-TestTimestamps_timestamp_less_than_equals_path",
        ],
    ),
];

/// Recorded operations whose answers differ.
pub(crate) const OPERATIONS: Listed = &[
    (
        "the recording does not have the call that was refused",
        &[
            "sfn_api-TestSnfApi_describe_nonexistent_sm",
            "sfn_api_activities-TestSnfApiActivities_describe_deleted_activity",
            "sfn_api_activities-TestSnfApiActivities_get_activity_task_deleted",
        ],
    ),
    (
        "the client refused it before it was sent",
        &[
            "state_state_machine_scenarios-TestStateMachineScenarios_base_state_name_validation_failures_empty",
        ],
    ),
    (
        "the catalogue does not have the values that an enumeration may take",
        &[
            "state_field_validation_mode_present-TestFieldValidationModePresent_present_mode_aws_sdk_s3_task_non_existent_enum_value",
        ],
    ),
    (
        "names that the server made up stand within an ARN, and cannot be told from those of the request",
        &["state_state_scenarios-TestStateCaseScenarios_state_with_variables_base_expressions"],
    ),
];

/// Tells whether a case is known to differ.
pub(crate) fn is_in(listed: Listed, name: &str) -> bool {
    listed.iter().any(|(_, names)| names.contains(&name))
}
