//! Calls that take several requests, each made of the answers before.

use crate::exchange::{self, Failure, ServiceAnswer, ServiceError, ServiceRequest};
use crate::integration::Integration;
use crate::services::sdk;
use crate::services::{bedrock::Model, elasticmapreduce::Instances};
use serde_json::Value;

/// A call that takes several requests, at one of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Conversation {
    integration: Integration,
    step: Step,
}

/// Where a conversation is.
#[derive(Clone, Debug, PartialEq)]
enum Step {
    Instances(Instances),
    Model(Model),
}

/// What follows an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// Another request.
    Ask(Box<Conversation>),
    /// The end: the task's result.
    Done(Value),
}

impl Conversation {
    /// Begins a conversation; `None` where one request does it all.
    pub(crate) fn begin(
        integration: &Integration,
        parameters: &Value,
    ) -> Result<Option<Conversation>, Failure> {
        let step = match (integration.service(), integration.action()) {
            ("elasticmapreduce", "modifyInstanceFleetByName" | "modifyInstanceGroupByName") => {
                Some(Instances::begin(integration.action(), parameters).map(Step::Instances)?)
            }
            ("bedrock", "invokeModel") => Model::begin(parameters)?.map(Step::Model),
            _ => None,
        };
        Ok(step.map(|step| Conversation {
            integration: integration.clone(),
            step,
        }))
    }

    /// The request that is to be sent now.
    pub fn request(&self) -> ServiceRequest {
        match &self.step {
            Step::Instances(instances) => instances.request(),
            Step::Model(model) => model.request(),
        }
    }

    /// Whether nothing has happened yet when the answer to this request is lost.
    pub fn only_reads(&self) -> bool {
        match &self.step {
            Step::Instances(instances) => instances.only_reads(),
            Step::Model(model) => model.only_reads(),
        }
    }

    /// Says what follows the answer to [`request`](Conversation::request).
    ///
    /// # Errors
    ///
    /// With the failure that the task ends with.
    pub fn next(self, answer: ServiceAnswer) -> Result<Next, Failure> {
        let Conversation { integration, step } = self;
        let next = match step {
            Step::Instances(instances) => instances.next(answer)?.map(Step::Instances),
            Step::Model(model) => model.next(answer)?.map(Step::Model),
        };
        match next {
            Further::Ask(step) => Ok(Next::Ask(Box::new(Conversation { integration, step }))),
            Further::Done(answer) => exchange::response(&integration, answer).map(Next::Done),
        }
    }

    /// Names the error of the service that was asked.
    pub fn failure(&self, error: ServiceError) -> Failure {
        match self.request().service.as_str() {
            // The objects that a model reads and writes are no part of the integration's service.
            "s3" => sdk::failure("s3", error),
            _ => exchange::failure(&self.integration, error),
        }
    }
}

/// What follows an answer, as the services' files say it: another step, or the answer that is shown as the result.
#[derive(Debug)]
pub(crate) enum Further<T> {
    Ask(T),
    Done(ServiceAnswer),
}

impl<T> Further<T> {
    fn map<U>(self, change: impl FnOnce(T) -> U) -> Further<U> {
        match self {
            Further::Ask(step) => Further::Ask(change(step)),
            Further::Done(answer) => Further::Done(answer),
        }
    }
}

#[cfg(test)]
mod tests;
