//! Reads the text of a Task state's `Resource` field.

use crate::arn::{ActivityArn, FunctionArn};
use crate::integration::{Integration, Pattern};
use crate::services;
use serde::{Deserialize, Serialize};

/// Names what a Task state runs; serialized as the text that it was read from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Resource {
    /// A Lambda function, named by its ARN.
    Function(FunctionArn),
    /// An activity, whose workers fetch the task.
    Activity(ActivityArn),
    /// A service integration.
    Service(Integration),
}

/// Says why a Resource names nothing that can be run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResourceError {
    /// The text is no ARN of a function, an activity or an integration.
    #[error(
        "`{text}` is not a Resource: expected the ARN of a Lambda function, of an activity or of an integration, such as `arn:aws:states:::lambda:invoke`"
    )]
    Malformed {
        /// The Resource as it was written.
        text: String,
    },
    /// There is no optimized integration of this name.
    #[error("unknown service `{service}` in Resource `{text}`{}", hint(nearest))]
    UnknownService {
        /// The Resource as it was written.
        text: String,
        /// The name that is not known.
        service: String,
        /// Known names that are much like it.
        nearest: Vec<String>,
    },
    /// The service has no such action.
    #[error(
        "unknown action `{action}` of `{service}` in Resource `{text}`{}",
        hint(nearest)
    )]
    UnknownAction {
        /// The Resource as it was written.
        text: String,
        /// The service, as in the history's `resourceType`.
        service: String,
        /// The name that is not known.
        action: String,
        /// Known names that are much like it.
        nearest: Vec<String>,
    },
    /// The text behind the action is no pattern, or not one that the action supports.
    #[error(
        "`{service}:{action}` does not support the pattern `{pattern}`, only {}",
        list(supported)
    )]
    UnknownPattern {
        /// The service, as in the history's `resourceType`.
        service: String,
        /// The action.
        action: String,
        /// What stands behind the action.
        pattern: String,
        /// The patterns that the action supports.
        supported: Vec<String>,
    },
}

impl Resource {
    /// Reads the text of a `Resource` field; it must be a whole ARN, without expressions in it.
    pub fn parse(text: &str) -> Result<Resource, ResourceError> {
        if let Some(arn) = FunctionArn::parse(text) {
            return Ok(Resource::Function(arn));
        }
        if let Some(arn) = ActivityArn::parse(text) {
            return Ok(Resource::Activity(arn));
        }
        let malformed = || ResourceError::Malformed {
            text: text.to_owned(),
        };
        let mut parts = text.splitn(6, ':');
        // Region and account are mostly empty; real definitions that name their own are accepted too.
        let (Some("arn"), Some(_partition), Some("states"), Some(_region), Some(_account), Some(name)) = (
            parts.next(),
            parts.next(),
            parts.next(),
            parts.next(),
            parts.next(),
            parts.next(),
        ) else {
            return Err(malformed());
        };
        match name.split_once(':').ok_or_else(malformed)? {
            ("aws-sdk", name) => {
                let (service, call) = name.split_once(':').ok_or_else(malformed)?;
                sdk(text, service, call)
            }
            (service, call) => optimized(text, service, call),
        }
        .map(Resource::Service)
    }

    /// The Resource as it was written.
    pub fn text(&self) -> &str {
        match self {
            Resource::Function(arn) => arn.text(),
            Resource::Activity(arn) => arn.text(),
            Resource::Service(integration) => integration.text(),
        }
    }
}

impl TryFrom<String> for Resource {
    type Error = ResourceError;

    fn try_from(text: String) -> Result<Resource, ResourceError> {
        Resource::parse(&text)
    }
}

impl From<Resource> for String {
    fn from(resource: Resource) -> String {
        resource.text().to_owned()
    }
}

impl std::fmt::Display for Resource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.text())
    }
}

fn optimized(text: &str, name: &str, call: &str) -> Result<Integration, ResourceError> {
    let service = services::find(name).ok_or_else(|| ResourceError::UnknownService {
        text: text.to_owned(),
        service: name.to_owned(),
        nearest: services::nearest(name, services::ALL.iter().map(|service| service.name)),
    })?;
    let (action_name, suffix) = split_pattern(call);
    let action = service
        .actions
        .iter()
        .find(|action| action.name == action_name)
        .ok_or_else(|| ResourceError::UnknownAction {
            text: text.to_owned(),
            service: name.to_owned(),
            action: action_name.to_owned(),
            nearest: services::nearest(action_name, service.actions.iter().map(|action| action.name)),
        })?;
    let pattern = pattern(name, action_name, suffix, action.patterns)?;
    Ok(Integration {
        text: text.to_owned(),
        service: name.to_owned(),
        action: action_name.to_owned(),
        pattern,
        resource_type: name.to_owned(),
        resource: call.to_owned(),
        optimized: Some((service, action)),
    })
}

fn sdk(text: &str, service: &str, call: &str) -> Result<Integration, ResourceError> {
    let (action, suffix) = split_pattern(call);
    let well_formed = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric());
    // AWS writes actions in camel case and refuses `SendMessage`.
    if !well_formed(service) || !well_formed(action) || !action.starts_with(|c: char| c.is_ascii_lowercase())
    {
        return Err(ResourceError::Malformed {
            text: text.to_owned(),
        });
    }
    let resource_type = format!("aws-sdk:{service}");
    let Some(known) = services::sdk::find(service) else {
        return Err(ResourceError::UnknownService {
            text: text.to_owned(),
            service: resource_type,
            nearest: services::nearest(service, services::sdk::all().map(|service| service.name)),
        });
    };
    if !known.has(action) {
        return Err(ResourceError::UnknownAction {
            text: text.to_owned(),
            service: resource_type,
            action: action.to_owned(),
            nearest: known.nearest(action),
        });
    }
    // AWS offers `.sync` for optimized integrations alone.
    let pattern = pattern(
        &resource_type,
        action,
        suffix,
        &[Pattern::RequestResponse, Pattern::WaitForTaskToken],
    )?;
    Ok(Integration {
        text: text.to_owned(),
        service: service.to_owned(),
        action: action.to_owned(),
        pattern,
        resource_type,
        resource: call.to_owned(),
        optimized: None,
    })
}

fn split_pattern(call: &str) -> (&str, &str) {
    call.find('.').map_or((call, ""), |dot| call.split_at(dot))
}

fn pattern(
    service: &str,
    action: &str,
    suffix: &str,
    supported: &[Pattern],
) -> Result<Pattern, ResourceError> {
    supported
        .iter()
        .copied()
        .find(|pattern| pattern.suffix() == suffix)
        .ok_or_else(|| ResourceError::UnknownPattern {
            service: service.to_owned(),
            action: action.to_owned(),
            pattern: if suffix.is_empty() {
                "request-response".to_owned()
            } else {
                suffix.to_owned()
            },
            supported: supported
                .iter()
                .map(|pattern| match pattern {
                    Pattern::RequestResponse => "request-response".to_owned(),
                    Pattern::Sync | Pattern::Sync2 | Pattern::WaitForTaskToken => pattern.suffix().to_owned(),
                })
                .collect(),
        })
}

fn hint(nearest: &[String]) -> String {
    if nearest.is_empty() {
        String::new()
    } else {
        format!("; did you mean {}?", list(nearest))
    }
}

fn list(names: &[String]) -> String {
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests;
