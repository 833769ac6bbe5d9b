//! The catalogue of integrations: what a Task state's Resource means; data and pure mappings, no calls.
//!
//! [`Resource::parse`] turns the text of a `Resource` field into what it names. [`plan`] says what is to be sent: mostly
//! the [`request`] that a service receives; [`response`] makes the task's result of the service's answer, and [`failure`]
//! names a service's error as Step Functions does.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::todo,
        clippy::unreachable
    )
)]

mod arn;
mod conversation;
mod effect;
mod exchange;
pub mod iam;
mod integration;
pub mod jobs;
mod plan;
mod resource;
mod services;
pub mod web;

pub use arn::{ActivityArn, FunctionArn};
pub use conversation::{Conversation, Next};
pub use effect::EffectClass;
pub use exchange::{
    Failure, ServiceAnswer, ServiceError, ServiceRequest, failure, function_failure, function_request,
    function_response, not_sent, request, response,
};
pub use integration::{Integration, Pattern};
pub use plan::{Plan, plan};
pub use resource::{Resource, ResourceError};
pub use services::bedrockagentcore::HarnessReply;
