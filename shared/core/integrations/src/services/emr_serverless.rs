//! Applications and jobs of Amazon EMR Serverless.

use super::metadata::with_metadata;
use super::{Action, Effect, Naming, RR_SYNC, Service, TOKEN_WINDOW_SECONDS, as_given};
use crate::jobs::{Ask, Job, JobEvent, Member, Origin, Reading, Statuses, member};

pub(crate) const SERVICE: Service = Service {
    name: "emr-serverless",
    client: Some("emrserverless"),
    naming: Naming {
        prefix: "EMRServerless",
        fallback: "AWSEMRServerlessException",
        service: "AWSEMRServerless",
    },
    actions: &[
        Action::new("createApplication", RR_SYNC, TOKEN).with_job(&CREATION),
        Action::new("startJobRun", RR_SYNC, TOKEN).with_job(&JOB_RUN),
        Action::new("startApplication", RR_SYNC, Effect::Once).with_job(&START),
        Action::new("stopApplication", RR_SYNC, Effect::Once).with_job(&STOP),
        Action::new("deleteApplication", RR_SYNC, Effect::Once).with_job(&DELETION),
        Action::new("cancelJobRun", RR_SYNC, Effect::Once).with_job(&CANCELLATION),
    ],
    prepare: as_given,
    render: with_metadata,
};

const TOKEN: Effect = Effect::Token {
    member: "ClientToken",
    window_seconds: TOKEN_WINDOW_SECONDS,
};

static JOB_RUN: Job = Job {
    describe: Ask {
        operation: "GetJobRun",
        members: IDS,
    },
    reading: Reading::Status(Statuses {
        shown: "/JobRun",
        ..Statuses::new("/State", &["SUCCESS"], &["FAILED", "CANCELLED"])
    }),
    cancel: Some(Ask {
        operation: "CancelJobRun",
        members: IDS,
    }),
    event: Some(&JOB_RUN_EVENT),
};

static CANCELLATION: Job = Job {
    describe: Ask {
        operation: "GetJobRun",
        members: IDS,
    },
    reading: Reading::Status(Statuses {
        shown: "/JobRun",
        ..Statuses::new("/State", &["CANCELLED"], &["SUCCESS", "FAILED"])
    }),
    cancel: None,
    event: Some(&JOB_RUN_EVENT),
};

const IDS: &[Member] = &[
    member("ApplicationId", Origin::Submission("/ApplicationId")),
    member("JobRunId", Origin::Submission("/JobRunId")),
];

static JOB_RUN_EVENT: JobEvent = JobEvent {
    source: "aws.emr-serverless",
    detail_type: "EMR Serverless Job Run State Change",
    id: Origin::Submission("/JobRunId"),
    id_field: "jobRunId",
    status_field: "state",
    ended: &["SUCCESS", "FAILED", "CANCELLED"],
};

static CREATION: Job = Job {
    describe: Ask {
        operation: "GetApplication",
        members: &[member("ApplicationId", Origin::Submission("/ApplicationId"))],
    },
    reading: Reading::Status(Statuses {
        shown: "/Application",
        ..Statuses::new("/State", &["CREATED", "STARTED"], &["TERMINATED"])
    }),
    cancel: None,
    event: None,
};

static START: Job = Job {
    describe: Ask {
        operation: "GetApplication",
        members: &[member("ApplicationId", Origin::Parameter("ApplicationId"))],
    },
    reading: Reading::Status(Statuses {
        shown: "/Application",
        ..Statuses::new("/State", &["STARTED"], &["STOPPED", "TERMINATED"])
    }),
    cancel: None,
    event: None,
};

static STOP: Job = Job {
    describe: Ask {
        operation: "GetApplication",
        members: &[member("ApplicationId", Origin::Parameter("ApplicationId"))],
    },
    reading: Reading::Status(Statuses {
        shown: "/Application",
        ..Statuses::new("/State", &["STOPPED"], &["TERMINATED"])
    }),
    cancel: None,
    event: None,
};

static DELETION: Job = Job {
    describe: Ask {
        operation: "GetApplication",
        members: &[member("ApplicationId", Origin::Parameter("ApplicationId"))],
    },
    reading: Reading::Status(Statuses {
        shown: "/Application",
        gone: Some("ResourceNotFoundException"),
        ..Statuses::new("/State", &["TERMINATED"], &[])
    }),
    cancel: None,
    event: None,
};
