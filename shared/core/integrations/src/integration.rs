//! An integration: the service, action and pattern that a Resource names.

use crate::effect::EffectClass;
use crate::services::{self, Action, Service};
use serde_json::Value;
use std::fmt;

/// Names how a Task state waits for what it started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pattern {
    /// The service's answer is the result.
    RequestResponse,
    /// `.sync`: the result is what the started job ends with.
    Sync,
    /// `.sync:2`: as `.sync`, with the job's output as JSON instead of text.
    Sync2,
    /// `.waitForTaskToken`: the result is what somebody sends with the task's token.
    WaitForTaskToken,
}

impl Pattern {
    /// The text that the pattern adds to a Resource.
    pub fn suffix(self) -> &'static str {
        match self {
            Pattern::RequestResponse => "",
            Pattern::Sync => ".sync",
            Pattern::Sync2 => ".sync:2",
            Pattern::WaitForTaskToken => ".waitForTaskToken",
        }
    }
}

/// Names a service, one of its actions, and how the task waits for it.
#[derive(Clone, Debug)]
pub struct Integration {
    pub(crate) text: String,
    pub(crate) service: String,
    pub(crate) action: String,
    pub(crate) pattern: Pattern,
    pub(crate) resource_type: String,
    pub(crate) resource: String,
    /// `None` for `aws-sdk`.
    pub(crate) optimized: Option<(&'static Service, &'static Action)>,
}

impl PartialEq for Integration {
    fn eq(&self, other: &Integration) -> bool {
        self.text == other.text
    }
}

impl Eq for Integration {}

impl fmt::Display for Integration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Integration {
    /// The Resource as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The service, such as `sqs`; without `aws-sdk:`.
    pub fn service(&self) -> &str {
        &self.service
    }

    /// The action, such as `sendMessage`; without the pattern.
    pub fn action(&self) -> &str {
        &self.action
    }

    /// How the task waits.
    pub fn pattern(&self) -> Pattern {
        self.pattern
    }

    /// Whether the Resource names an `aws-sdk` integration.
    pub fn is_sdk(&self) -> bool {
        self.optimized.is_none()
    }

    /// Whether it starts another execution, which is no foreign service's affair.
    pub fn starts_execution(&self) -> bool {
        !self.is_sdk() && self.service == "states" && self.action == "startExecution"
    }

    /// The history's `resourceType`, such as `sqs` or `aws-sdk:sqs`.
    pub fn resource_type(&self) -> &str {
        &self.resource_type
    }

    /// The history's `resource`, such as `sendMessage.waitForTaskToken`.
    pub fn resource(&self) -> &str {
        &self.resource
    }

    /// After how many seconds the task times out, whatever the state's `TimeoutSeconds` says; `None` for most.
    pub fn seconds_max(&self) -> Option<u64> {
        match self.optimized {
            Some((_, action)) => action.seconds_max,
            None => services::sdk::seconds_max(&self.service, &self.action),
        }
    }

    /// What may be done when the call's outcome is unknown, whatever its parameters are.
    ///
    /// [`Integration::effect_class_of`] looks at the parameters and is often less strict.
    pub fn effect_class(&self) -> EffectClass {
        services::effect_class(self, None)
    }

    /// What may be done when the outcome of the call with these parameters is unknown.
    pub fn effect_class_of(&self, parameters: &Value) -> EffectClass {
        services::effect_class(self, Some(parameters))
    }
}
