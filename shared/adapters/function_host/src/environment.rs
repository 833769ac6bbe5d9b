use std::net::SocketAddr;

use crate::identifier;
use crate::settings::Launch;

/// Where functions are told that they run.
#[derive(Clone, Debug)]
pub(crate) struct Location {
    pub(crate) region: String,
    pub(crate) account: String,
}

impl Location {
    /// Gives the ARN of a function of this host.
    pub(crate) fn arn(&self, name: &str, qualifier: Option<&str>) -> String {
        let arn = format!("arn:aws:lambda:{}:{}:function:{name}", self.region, self.account);
        match qualifier {
            Some(qualifier) => format!("{arn}:{qualifier}"),
            None => arn,
        }
    }
}

/// The variables that a function's settings may not set. // Lambda refuses them as reserved keys
///
/// Not among them are the credentials, which Lambda reserves too: there is no role here to take them from, so a
/// function may be given its own.
pub(crate) const RESERVED: [&str; 16] = [
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_MAX_CONCURRENCY",
    "AWS_LAMBDA_METADATA_API",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
];

pub(crate) fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name)
}

/// Lists the variables that are set over those of the host, the function's own last.
pub(crate) fn variables(
    name: &str,
    launch: &Launch,
    api: SocketAddr,
    location: &Location,
) -> Vec<(String, String)> {
    let root = launch.working_directory.display().to_string();
    let own = [
        ("_HANDLER", launch.handler.clone()),
        ("AWS_DEFAULT_REGION", location.region.clone()),
        ("AWS_REGION", location.region.clone()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", launch.memory_mb.to_string()),
        ("AWS_LAMBDA_FUNCTION_NAME", name.to_owned()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{name}")),
        ("AWS_LAMBDA_LOG_STREAM_NAME", identifier::log_stream()),
        ("AWS_LAMBDA_RUNTIME_API", api.to_string()),
        ("LAMBDA_RUNTIME_DIR", root.clone()),
        ("LAMBDA_TASK_ROOT", root),
        ("TZ", ":UTC".to_owned()),
    ];
    let own = own.into_iter().map(|(name, value)| (name.to_owned(), value));
    own.chain(launch.environment.clone()).collect()
}
