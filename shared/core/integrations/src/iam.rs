//! What an IAM role has to be allowed for a call.
//!
//! Everything follows from what the definition says; what is chosen when it runs is allowed for every resource, with the
//! reason. The names of actions and resources are data: `iam/actions.txt` and `iam/resources.txt`, and the prefixes in
//! `services/sdk/services.txt`.

mod actions;
mod maps;
mod optimized;
mod parameters;
mod particular;
mod resources;
mod roles;
mod storage;

use crate::arn::FunctionArn;
use crate::integration::Integration;
use serde_json::Value;

pub use maps::of_distributed_map;

/// Something that a role has to be allowed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Permission {
    /// The action, such as `lambda:InvokeFunction`.
    pub action: String,
    /// The ARNs of what it is done to, with `*` in the place of what is not known; never empty.
    pub resources: Vec<String>,
    /// What restricts it further.
    pub conditions: Vec<Condition>,
    /// Why the resources are more than the call needs, where they are.
    pub wide: Option<String>,
}

/// A condition of a [`Permission`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Condition {
    /// How the values are compared, such as `StringEquals`.
    pub operator: &'static str,
    /// What is compared, such as `iam:PassedToService`.
    pub key: &'static str,
    /// The values, one of which has to match.
    pub values: Vec<String>,
}

/// Where the resources are whose ARNs a definition does not write out; `*` for anywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The partition, such as `aws`.
    pub partition: String,
    /// The Region.
    pub region: String,
    /// The account.
    pub account: String,
    /// The name of the state machine itself.
    pub state_machine: String,
}

impl Place {
    /// Returns anywhere in AWS's commercial partition.
    pub fn anywhere() -> Place {
        Place {
            partition: "aws".to_owned(),
            region: "*".to_owned(),
            account: "*".to_owned(),
            state_machine: "*".to_owned(),
        }
    }

    /// Returns the same place in the partition that an ARN names.
    fn in_partition_of(&self, arn: &str) -> Place {
        let partition = arn.split(':').nth(1).unwrap_or(&self.partition);
        Place {
            partition: partition.to_owned(),
            ..self.clone()
        }
    }

    /// Writes the ARN of a resource of a service.
    fn arn(&self, prefix: &str, resource: &str) -> String {
        format!(
            "arn:{}:{prefix}:{}:{}:{resource}",
            self.partition, self.region, self.account
        )
    }
}

impl Permission {
    fn new(action: impl Into<String>, resources: Vec<String>) -> Permission {
        Permission {
            action: action.into(),
            resources,
            conditions: Vec::new(),
            wide: None,
        }
    }

    /// Returns what is allowed for every resource, and why.
    fn wide(action: impl Into<String>, why: impl Into<String>) -> Permission {
        Permission {
            wide: Some(why.into()),
            ..Permission::new(action, vec!["*".to_owned()])
        }
    }

    fn only_if(mut self, operator: &'static str, key: &'static str, values: Vec<String>) -> Permission {
        self.conditions.push(Condition {
            operator,
            key,
            values,
        });
        self
    }
}

/// An operation of an AWS service, with what is known of its parameters.
#[derive(Clone, Copy, Debug)]
struct Operation<'a> {
    /// The service as the AWS SDKs name it.
    client: &'a str,
    name: &'a str,
    /// `null` stands for what is chosen when it runs.
    parameters: &'a Value,
    place: &'a Place,
}

/// Returns what an integration needs, patterns such as `.sync` included, in the order of the calls that it makes.
///
/// `parameters` are those of the definition, with `null` in the place of each value that is chosen when it runs.
pub fn of_integration(integration: &Integration, parameters: &Value, place: &Place) -> Vec<Permission> {
    let place = &place.in_partition_of(integration.text());
    match integration.optimized {
        Some((service, action)) => optimized::of(integration, service, action, parameters, place),
        None => of_operation(&Operation {
            client: &integration.service,
            name: &crate::services::capitalized(&integration.action),
            parameters,
            place,
        }),
    }
}

/// Returns what the call of a function needs that a Task state names by its ARN.
pub fn of_function(function: &FunctionArn) -> Permission {
    // Deployment tools put the ARN in the place of `${Name}`, which has neither Region nor account.
    let is_placeholder = function.region().is_empty() && parameters::is_placeholder(function.name());
    let arn = if is_placeholder {
        function.name()
    } else {
        function.text()
    };
    let mut resources = vec![arn.to_owned()];
    if function.qualifier().is_none() {
        resources.push(format!("{arn}:*"));
    }
    Permission::new("lambda:InvokeFunction", resources)
}

/// Returns what it needs to call under the role of `Credentials.RoleArn`; `None` for a role that is chosen when it runs.
pub fn of_role(role: Option<&str>) -> Permission {
    match role {
        Some(arn) => Permission::new("sts:AssumeRole", vec![arn.to_owned()]),
        None => Permission::wide("sts:AssumeRole", "the role is chosen when it runs"),
    }
}

/// Returns what an operation needs: its own actions, and those that follow from its parameters.
fn of_operation(operation: &Operation<'_>) -> Vec<Permission> {
    let mut needed = called(operation);
    needed.extend(roles::passed(operation));
    needed
}

/// Returns what the call itself needs, without the roles that it hands over.
fn called(operation: &Operation<'_>) -> Vec<Permission> {
    particular::of(operation).unwrap_or_else(|| own(operation))
}

/// Returns the actions of an operation, on what its parameters name.
fn own(operation: &Operation<'_>) -> Vec<Permission> {
    let named = resources::of(operation);
    let actions = actions::of(operation.client, operation.name);
    let permission = |action: String| Permission {
        action,
        resources: named.arns.clone(),
        conditions: named.conditions.clone(),
        wide: named.wide.clone(),
    };
    actions.into_iter().map(permission).collect()
}

#[cfg(test)]
mod tests;
