//! The catalogue of integrations: what a Task state's Resource means; data and pure mappings, no calls.
//!
//! [`Resource::parse`] turns the text of a `Resource` field into what it names. [`request`] makes the call that the
//! service receives, [`response`] makes the task's result of the service's answer, and [`failure`] names a service's
//! error as Step Functions does.
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
mod effect;
mod exchange;
pub mod iam;
mod integration;
pub mod jobs;
mod resource;
mod services;

pub use arn::{ActivityArn, FunctionArn};
pub use effect::EffectClass;
pub use exchange::{
    Failure, ServiceAnswer, ServiceError, ServiceRequest, failure, function_failure, function_request,
    function_response, not_sent, request, response,
};
pub use integration::{Integration, Pattern};
pub use resource::{Resource, ResourceError};
