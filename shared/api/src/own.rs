//! The API's answers to tasks of the executions that it is the API of.

use crate::{Api, Request};
use async_trait::async_trait;
use ports::{OwnAnswer, OwnApi, Owner};
use std::sync::Arc;

impl Api {
    /// Has the `aws-sdk:sfn` tasks of the driver's executions answered by this API, in this process: no network and no
    /// credentials are between, and the executions that they are about are here, not in AWS's Step Functions.
    pub fn answer_tasks(&self) {
        let services = &self.driver.ports().services;
        services.take_own_api(Arc::new(self.clone()));
    }
}

#[async_trait]
impl OwnApi for Api {
    async fn answer(&self, owner: Owner, target: Option<String>, body: Vec<u8>) -> OwnAnswer {
        let request = Request {
            target,
            body,
            ..Request::default()
        };
        let response = self.handle_for(owner, request).await;
        OwnAnswer {
            status: response.status,
            request_id: response.request_id,
            body: response.body,
        }
    }
}
