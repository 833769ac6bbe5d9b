//! Queries of Amazon Athena.

use super::metadata::with_metadata;
use super::{Action, Effect, Naming, RR, RR_SYNC, Service, TOKEN_WINDOW_SECONDS, as_given};
use crate::jobs::{Ask, Job, JobEvent, Member, Origin, Reading, Statuses, member};

pub(crate) const SERVICE: Service = Service {
    name: "athena",
    client: Some("athena"),
    naming: Naming {
        prefix: "Athena",
        fallback: "AmazonAthenaException",
        service: "AmazonAthena",
    },
    actions: &[
        Action::new(
            "startQueryExecution",
            RR_SYNC,
            Effect::Token {
                member: "ClientRequestToken",
                window_seconds: TOKEN_WINDOW_SECONDS,
            },
        )
        .with_job(&QUERY),
        Action::new("stopQueryExecution", RR, Effect::Repeatable),
        Action::new("getQueryExecution", RR, Effect::Repeatable),
        Action::new("getQueryResults", RR, Effect::Repeatable),
    ],
    prepare: as_given,
    render: with_metadata,
};

static QUERY: Job = Job {
    describe: Ask {
        operation: "GetQueryExecution",
        members: ID,
    },
    reading: Reading::Status(Statuses::new(
        "/QueryExecution/Status/State",
        &["SUCCEEDED"],
        &["FAILED", "CANCELLED"],
    )),
    cancel: Some(Ask {
        operation: "StopQueryExecution",
        members: ID,
    }),
    event: Some(&JobEvent {
        source: "aws.athena",
        detail_type: "Athena Query State Change",
        id: Origin::Submission("/QueryExecutionId"),
        id_field: "queryExecutionId",
        status_field: "currentState",
        ended: &["SUCCEEDED", "FAILED", "CANCELLED"],
    }),
};

const ID: &[Member] = &[member(
    "QueryExecutionId",
    Origin::Submission("/QueryExecutionId"),
)];
