//! Clusters of Amazon EMR; the actions are not named and shaped as the API's operations are.

use super::metadata::with_metadata;
use super::{Action, Effect, Naming, RR, RR_SYNC, Reshaped, Service, as_given};
use crate::conversation::Further;
use crate::exchange::{Failure, ServiceAnswer, ServiceRequest};
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
        // These two look for the instances by their name first: see `Instances`.
        Action::new("modifyInstanceFleetByName", RR, Effect::Once),
        Action::new("modifyInstanceGroupByName", RR, Effect::Once),
    ],
    prepare: as_given,
    render: with_metadata,
};

const EMR: &str = "emr";

/// Instances that are modified by their name: lists them until the name is found, then modifies them by their id.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Instances {
    kind: &'static Kind,
    cluster: Value,
    name: String,
    change: Map<String, Value>,
    step: Step,
}

/// Fleets or groups.
#[derive(Debug, PartialEq)]
struct Kind {
    name: &'static str,
    change: &'static str,
    list: &'static str,
    listed: &'static str,
    id: &'static str,
    modify: &'static str,
    modified: &'static str,
    is_list: bool,
}

#[derive(Clone, Debug, PartialEq)]
enum Step {
    /// A page of the list, from where the page before ended.
    List(Option<Value>),
    /// The instances with this id.
    Modify(Value),
}

static FLEET: Kind = Kind {
    name: "InstanceFleetName",
    change: "InstanceFleet",
    list: "ListInstanceFleets",
    listed: "InstanceFleets",
    id: "InstanceFleetId",
    modify: "ModifyInstanceFleet",
    modified: "InstanceFleet",
    is_list: false,
};

static GROUP: Kind = Kind {
    name: "InstanceGroupName",
    change: "InstanceGroup",
    list: "ListInstanceGroups",
    listed: "InstanceGroups",
    id: "InstanceGroupId",
    modify: "ModifyInstanceGroups",
    modified: "InstanceGroups",
    is_list: true,
};

impl Instances {
    pub(crate) fn begin(action: &str, parameters: &Value) -> Result<Instances, Failure> {
        let kind = if action == "modifyInstanceGroupByName" {
            &GROUP
        } else {
            &FLEET
        };
        let needed = |name: &str| {
            parameters.get(name).ok_or_else(|| {
                Failure::runtime(format!(
                    "`elasticmapreduce:{action}` needs the parameter `{name}`"
                ))
            })
        };
        let name = needed(kind.name)?.as_str().unwrap_or_default().to_owned();
        let Value::Object(change) = needed(kind.change)?.clone() else {
            return Err(Failure::runtime(format!(
                "the `{}` of `elasticmapreduce:{action}` must be an object",
                kind.change
            )));
        };
        if change.contains_key(kind.id) {
            return Err(Failure::runtime(format!(
                "`{}` is not allowed in the `{}` of `elasticmapreduce:{action}`",
                kind.id, kind.change
            )));
        }
        Ok(Instances {
            kind,
            cluster: needed("ClusterId")?.clone(),
            name,
            change,
            step: Step::List(None),
        })
    }

    pub(crate) fn request(&self) -> ServiceRequest {
        let mut members = Map::new();
        members.insert("ClusterId".to_owned(), self.cluster.clone());
        let operation = match &self.step {
            Step::List(marker) => {
                if let Some(marker) = marker {
                    members.insert("Marker".to_owned(), marker.clone());
                }
                self.kind.list
            }
            Step::Modify(id) => {
                let mut change = self.change.clone();
                change.insert(self.kind.id.to_owned(), id.clone());
                let change = Value::Object(change);
                let change = if self.kind.is_list {
                    Value::Array(vec![change])
                } else {
                    change
                };
                members.insert(self.kind.modified.to_owned(), change);
                self.kind.modify
            }
        };
        ServiceRequest {
            service: EMR.to_owned(),
            operation: operation.to_owned(),
            members: Value::Object(members),
        }
    }

    pub(crate) fn only_reads(&self) -> bool {
        matches!(self.step, Step::List(_))
    }

    pub(crate) fn next(mut self, answer: ServiceAnswer) -> Result<Further<Instances>, Failure> {
        if !self.only_reads() {
            return Ok(Further::Done(answer));
        }
        let listed = answer.members.get(self.kind.listed).and_then(Value::as_array);
        let found = listed
            .into_iter()
            .flatten()
            .find(|instances| instances.get("Name").and_then(Value::as_str) == Some(&self.name))
            .and_then(|instances| instances.get("Id"));
        self.step = match (found, answer.members.get("Marker")) {
            (Some(id), _) => Step::Modify(id.clone()),
            (None, Some(marker)) if !marker.is_null() => Step::List(Some(marker.clone())),
            (None, _) => {
                return Err(Failure {
                    error: format!("{}.{}", SERVICE.naming.prefix, SERVICE.naming.fallback),
                    cause: Some(format!(
                        "the cluster {} has no `{}` `{}`",
                        self.cluster, self.kind.name, self.name
                    )),
                });
            }
        };
        Ok(Further::Ask(self))
    }
}

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
