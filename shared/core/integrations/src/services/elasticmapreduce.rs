//! Clusters of Amazon EMR; the actions are not named and shaped as the API's operations are.

use super::metadata::with_metadata;
use super::{Action, Effect, Naming, RR, RR_SYNC, Reshaped, Service, as_given};
use crate::jobs::{Ask, Job, JobEvent, Origin, Reading, Statuses, list, member};
use serde_json::{Map, Value};

pub(crate) const SERVICE: Service = Service {
    name: "elasticmapreduce",
    client: None,
    naming: Naming {
        prefix: "ElasticMapReduce",
        fallback: "AmazonElasticMapReduceException",
        service: "AmazonElasticMapReduce",
    },
    actions: &[
        Action::new("createCluster", RR_SYNC, Effect::Once)
            .of(EMR)
            .with_job(&CREATION)
            .reshaped(&CREATE_CLUSTER),
        Action::new("terminateCluster", RR_SYNC, Effect::Repeatable)
            .of(EMR)
            .with_job(&TERMINATION)
            .reshaped(&TERMINATE_CLUSTER),
        Action::new("addStep", RR_SYNC, Effect::Once)
            .of(EMR)
            .with_job(&STEP)
            .reshaped(&ADD_STEP),
        Action::new("cancelStep", RR, Effect::Repeatable)
            .of(EMR)
            .reshaped(&CANCEL_STEP),
        Action::new("setClusterTerminationProtection", RR, Effect::Repeatable)
            .of(EMR)
            .reshaped(&SET_TERMINATION_PROTECTION),
        // These two would have to look for the instances by their name first.
        Action::new("modifyInstanceFleetByName", RR, Effect::Once),
        Action::new("modifyInstanceGroupByName", RR, Effect::Once),
    ],
    prepare: as_given,
    render: with_metadata,
};

const EMR: &str = "emr";

static CREATE_CLUSTER: Reshaped = Reshaped {
    operation: "RunJobFlow",
    prepare: as_given,
    render: |members| rename(members, "JobFlowId", "ClusterId"),
};

static TERMINATE_CLUSTER: Reshaped = Reshaped {
    operation: "TerminateJobFlows",
    prepare: |members| into_list(members, "ClusterId", "JobFlowIds"),
    render: as_given,
};

static ADD_STEP: Reshaped = Reshaped {
    operation: "AddJobFlowSteps",
    prepare: |members| {
        rename(members, "ClusterId", "JobFlowId");
        into_list(members, "Step", "Steps");
    },
    render: |members| {
        let steps = members.remove("StepIds");
        if let Some(step) = steps.as_ref().and_then(|steps| steps.get(0)) {
            members.insert("StepId".to_owned(), step.clone());
        }
    },
};

static CANCEL_STEP: Reshaped = Reshaped {
    operation: "CancelSteps",
    prepare: |members| into_list(members, "StepId", "StepIds"),
    render: |members| {
        let steps = members.remove("CancelStepsInfoList");
        if let Some(step) = steps.as_ref().and_then(|steps| steps.get(0)) {
            members.insert("CancelStepsInfo".to_owned(), step.clone());
        }
    },
};

static SET_TERMINATION_PROTECTION: Reshaped = Reshaped {
    operation: "SetTerminationProtection",
    prepare: |members| into_list(members, "ClusterId", "JobFlowIds"),
    render: as_given,
};

/// Step Functions leaves a cluster as it is when the execution is stopped (AWS developer guide: Amazon EMR).
static CREATION: Job = Job {
    describe: Ask {
        operation: "DescribeCluster",
        members: &[member("ClusterId", Origin::Submission("/ClusterId"))],
    },
    reading: Reading::Status(Statuses {
        besides: &["ClusterArn", "ClusterId"],
        ..Statuses::new(
            "/Cluster/Status/State",
            &["WAITING"],
            &["TERMINATED", "TERMINATED_WITH_ERRORS"],
        )
    }),
    cancel: None,
    event: Some(&JobEvent {
        source: "aws.emr",
        detail_type: "EMR Cluster State Change",
        id: Origin::Submission("/ClusterId"),
        id_field: "clusterId",
        status_field: "state",
        ended: CLUSTER_ENDED,
    }),
};

static TERMINATION: Job = Job {
    describe: Ask {
        operation: "DescribeCluster",
        members: &[member("ClusterId", Origin::Parameter("ClusterId"))],
    },
    reading: Reading::Status(Statuses::new(
        "/Cluster/Status/State",
        &["TERMINATED", "TERMINATED_WITH_ERRORS"],
        &[],
    )),
    cancel: None,
    event: Some(&JobEvent {
        source: "aws.emr",
        detail_type: "EMR Cluster State Change",
        id: Origin::Parameter("ClusterId"),
        id_field: "clusterId",
        status_field: "state",
        ended: CLUSTER_ENDED,
    }),
};

const CLUSTER_ENDED: &[&str] = &["WAITING", "TERMINATED", "TERMINATED_WITH_ERRORS"];

static STEP: Job = Job {
    describe: Ask {
        operation: "DescribeStep",
        members: &[
            member("ClusterId", Origin::Parameter("ClusterId")),
            member("StepId", Origin::Submission("/StepId")),
        ],
    },
    reading: Reading::Status(Statuses {
        besides: &["StepId"],
        ..Statuses::new(
            "/Step/Status/State",
            &["COMPLETED"],
            &["CANCELLED", "FAILED", "INTERRUPTED"],
        )
    }),
    cancel: Some(Ask {
        operation: "CancelSteps",
        members: &[
            member("ClusterId", Origin::Parameter("ClusterId")),
            list("StepIds", Origin::Submission("/StepId")),
        ],
    }),
    event: Some(&JobEvent {
        source: "aws.emr",
        detail_type: "EMR Step Status Change",
        id: Origin::Submission("/StepId"),
        id_field: "stepId",
        status_field: "state",
        ended: &["COMPLETED", "CANCELLED", "FAILED"],
    }),
};

fn rename(members: &mut Map<String, Value>, from: &str, to: &str) {
    if let Some(value) = members.remove(from) {
        members.insert(to.to_owned(), value);
    }
}

fn into_list(members: &mut Map<String, Value>, from: &str, to: &str) {
    if let Some(value) = members.remove(from) {
        members.insert(to.to_owned(), Value::Array(vec![value]));
    }
}
